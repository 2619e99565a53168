//! What AWS Lambda starts: the custom runtime `provided.al2023` runs a program of this name.
//!
//! `SKLEARN_MODEL_PATH` names the model: a file, or `s3://bucket/key`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

fn main() -> ExitCode {
    let path = std::env::var_os("SKLEARN_MODEL_PATH").map(|p| p.to_string_lossy().into_owned());
    let strict = std::env::var_os("STRICT_SEED").is_some_and(|value| value == "1");
    let handler = sklambda::Handler::new(move || sklambda::load(path.as_deref())).strict(strict);
    // Whatever is written here goes to the function's log.
    let log = |line: &str| drop(writeln!(io::stderr(), "{}", line.replace(['\n', '\r'], " ")));
    match sklambda::lambda::run(handler, log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            log(&e);
            ExitCode::FAILURE
        }
    }
}
