//! `sklambda invoke`: one Lambda event through the handler.

use std::io::{Read, Write};

use clap::{Arg, ArgMatches, Command};

use super::{Failure, model};
use crate::Handler;

/// Bytes of an event at most; Lambda itself stops at 6 MB.
const EVENT: u64 = 256 << 20;

pub(super) fn command() -> Command {
    Command::new("invoke")
        .about("Answers one Lambda event from standard input, as the Lambda function would")
        .arg(
            Arg::new("model")
                .long("model")
                .value_name("FILE")
                .help("File of joblib.dump or pickle.dump [default: the variable SKLEARN_MODEL_PATH]"),
        )
        .arg(model::member())
        .arg(model::sha256())
        .after_help(
            "Example:\n  echo '{\"body\": \"{\\\"input\\\": [[5.1, 3.5, 1.4, 0.2]]}\"}' | sklambda invoke --model model.joblib\n\n\
             STRICT_SEED=1 takes nothing that the Python toolkit does not take.",
        )
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let path = matches.get_one::<String>("model").cloned().or_else(|| std::env::var("SKLEARN_MODEL_PATH").ok());
    let source = model::source(path.as_deref(), matches);
    let mut event = Vec::new();
    let read = std::io::stdin().take(EVENT).read_to_end(&mut event);
    read.map_err(|e| Failure::other(format!("cannot read the event: {e}")))?;
    let settings = crate::Settings::from_env(path.as_deref()).map_err(Failure::usage)?;
    let handler = Handler::new(move || source.load()).with(settings);
    let mut answer = handler.handle(&event).to_envelope();
    answer.push('\n');
    let written = std::io::stdout().lock().write_all(answer.as_bytes());
    written.map_err(|e| Failure::output(&e))
}
