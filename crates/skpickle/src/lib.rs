//! Reader of the pickle and joblib streams that scikit-learn models are kept in.
//!
//! Nothing in a stream is ever called: a `GLOBAL` is a name, a `REDUCE` is a node. What comes out is a graph of
//! plain data in which whatever is not numpy, joblib, scipy, pandas or a plain Python container stays an *opaque* node with
//! its name, arguments and state.

mod container;
mod error;
mod limits;

pub use error::{Error, ErrorKind, Result, printable};
pub use limits::Limits;

/// (being built)
pub fn load(bytes: Vec<u8>, limits: &Limits) -> Result<Vec<u8>> {
    container::open(bytes, limits)
}
