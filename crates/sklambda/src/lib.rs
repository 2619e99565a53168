//! HTTP, Lambda and command line around skestimators.
//!
//! [`Handler`] is the whole contract in one pure function: the bytes of a Lambda event in, status and body out.

#[cfg(feature = "cli")]
pub mod cli;
mod event;
mod handler;
mod json;
#[cfg(feature = "lambda")]
pub mod lambda;
mod limits;
mod lists;
mod numpy;
mod python;
#[cfg(feature = "s3")]
mod s3;
mod samples;
mod seed;
#[cfg(feature = "serve")]
pub mod serve;
mod source;

pub use handler::{Handler, Loaded, Response};
pub use source::load;
