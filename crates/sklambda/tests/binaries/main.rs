//! The programs as their users meet them: over HTTP, in Lambda, with models from S3, on the command line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a fault in the surroundings is a failed test

mod bucket;
mod command_line;
mod dialects;
mod events;
mod http;
mod lambda;
mod models;
mod peer;
mod s3;
