//! The command line.

mod blocks;
mod compare;
mod input;
mod inspect;
mod invoke;
mod model;
mod output;
mod package;
mod predict;
mod progress;
mod serve;
mod shell;

use std::{ffi::OsString, io::Write, process::ExitCode};

use clap::{Arg, ArgAction, Command};

/// The readers of input files alone, for the fuzzer.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn answer_rows(data: &[u8], models: &[skestimators::Model]) {
    input::any::answer(data, models);
}

/// Why a command ends without an answer: the exit status, and one line for standard error.
#[derive(Debug)]
pub(crate) struct Failure {
    status: u8,
    message: String,
}

impl Failure {
    /// The command line or the files named there are wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure { status: 2, message: message.into() }
    }

    /// The model is refused.
    pub(crate) fn model(message: impl Into<String>) -> Failure {
        Failure { status: 3, message: message.into() }
    }

    /// The input is refused, or the model does not have the method.
    pub(crate) fn input(message: impl Into<String>) -> Failure {
        Failure { status: 4, message: message.into() }
    }

    /// Standard output does not take the answer. Who closed the pipe has read enough, and needs no message.
    pub(crate) fn output(error: &std::io::Error) -> Failure {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Failure::other(""),
            _ => Failure::other(format!("cannot write the answer: {error}")),
        }
    }

    /// Anything else.
    pub(crate) fn other(message: impl Into<String>) -> Failure {
        Failure { status: 1, message: message.into() }
    }
}

/// The whole command line.
fn command() -> Command {
    Command::new("sklambda")
        .about("Runs scikit-learn models without Python")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(
            Arg::new("limit")
                .long("limit")
                .global(true)
                .action(ArgAction::Append)
                .value_name("NAME=NUMBER")
                .help("Sets a bound on what a model file may cost; `inspect` prints them"),
        )
        .subcommand(compare::command())
        .subcommand(shell::completions())
        .subcommand(inspect::command())
        .subcommand(invoke::command())
        .subcommand(package::command())
        .subcommand(shell::man())
        .subcommand(predict::command())
        .subcommand(serve::command())
        .after_help(
            "Examples:
  sklambda inspect model.joblib
  sklambda predict --model model.joblib --input rows.csv --output answers.csv
  sklambda serve --model model.joblib

Exit status: 0 answered, 2 usage, 3 model refused, 4 input refused or no such method, 1 anything else",
        )
}

/// Runs the command that the arguments (the program's own name first) spell, and gives its exit status:
/// 0 answered, 2 usage, 3 model refused, 4 input refused or no such method, 1 anything else.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let matches = match command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(e) => {
            // A closed pipe is no reason to fail.
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { 2 } else { 0 });
        }
    };
    let limits = matches.get_many::<String>("limit").into_iter().flatten();
    let result = crate::limits::set(limits).map_err(Failure::usage).and_then(|()| match matches.subcommand() {
        Some(("compare", matches)) => compare::run(matches),
        Some(("completions", matches)) => shell::run_completions(matches, command()),
        Some(("inspect", matches)) => inspect::run(matches),
        Some(("invoke", matches)) => invoke::run(matches),
        Some(("package", matches)) => package::run(matches),
        Some(("man", matches)) => shell::run_man(matches, command()),
        Some(("predict", matches)) => predict::run(matches),
        Some(("serve", matches)) => serve::run(matches),
        _ => Err(Failure::usage("no such command")),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let line: String = failure.message.replace(['\n', '\r'], " ");
            if !line.is_empty() {
                let _ = writeln!(std::io::stderr(), "{line}");
            }
            ExitCode::from(failure.status)
        }
    }
}
