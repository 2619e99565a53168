//! HTTP, Lambda and command line around skestimators.
//!
//! [`Handler`] is the whole contract in one pure function: the bytes of a Lambda event in, status and body out.

#[cfg(feature = "cli")]
pub mod cli;
mod event;
mod handler;
mod json;
mod lists;
mod numpy;
mod python;
mod samples;
mod seed;
mod source;

pub use handler::{Handler, Loaded, Response};
pub use source::load;
