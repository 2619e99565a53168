//! HTTP, Lambda and command line around skestimators.
//!
//! [`handle`] is the whole contract in one pure function: a request in, an answer out. [`Handler`] loads the model for it
//! once, and takes Lambda events too.

#[cfg(feature = "cli")]
pub mod cli;
mod dialect;
mod event;
mod handler;
mod http;
mod json;
#[cfg(feature = "lambda")]
pub mod lambda;
mod limits;
mod lists;
#[cfg(any(feature = "lambda", feature = "serve"))]
mod log;
// Without the server, only what is known of columns is used of it.
#[cfg_attr(not(feature = "serve"), allow(dead_code))]
mod metadata;
mod numpy;
mod output;
#[cfg(feature = "serve")]
mod page;
mod python;
#[cfg_attr(not(feature = "serve"), allow(dead_code))]
mod repr;
#[cfg(feature = "s3")]
mod s3;
mod samples;
#[cfg(feature = "serve")]
pub mod serve;
mod source;

pub use handler::{Handler, Loaded, Service, Settings, handle};
pub use http::{Request, Response};
pub use metadata::Known;
pub use source::{Source, load};
