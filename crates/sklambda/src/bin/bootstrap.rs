//! What AWS Lambda starts: the custom runtime `provided.al2023` runs a program of this name.
//!
//! `SKLEARN_MODEL_PATH` names the model: a file, or `s3://bucket/key`. `LOG_REQUESTS=0` leaves out the line for each
//! event; `EMF_NAMESPACE` asks for metrics in CloudWatch's embedded format.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use sklambda::{Handler, Settings, lambda::Logging};

fn main() -> ExitCode {
    let path = std::env::var_os("SKLEARN_MODEL_PATH").map(|p| p.to_string_lossy().into_owned());
    // Whatever is written here goes to the function's log.
    let log = |line: &str| drop(writeln!(io::stderr(), "{}", line.replace(['\n', '\r'], " ")));
    let settings = match Settings::from_env(path.as_deref()) {
        Ok(settings) => settings,
        Err(e) => {
            log(&e);
            return ExitCode::FAILURE;
        }
    };
    let namespace = std::env::var("EMF_NAMESPACE").ok().filter(|namespace| !namespace.is_empty());
    let logging = Logging {
        quiet: std::env::var_os("LOG_REQUESTS").is_some_and(|value| value == "0"),
        metrics: namespace.map(|namespace| (namespace, settings.name.clone())),
    };
    let handler = Handler::new(move || sklambda::load(path.as_deref())).with(settings);
    match sklambda::lambda::run(handler, logging, log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            log(&e);
            ExitCode::FAILURE
        }
    }
}
