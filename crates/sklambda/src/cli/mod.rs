//! The command line.

mod csv;
mod input;
mod inspect;
mod invoke;
mod npy;
mod package;
mod predict;
mod serve;
mod zip;

use std::{ffi::OsString, io::Write, process::ExitCode};

use clap::{Arg, ArgMatches, Command};
use skestimators::Model;
use skpickle::Graph;

use crate::Source;

/// `--sha256`: pins the file of the model.
pub(crate) fn sha256() -> Arg {
    Arg::new("sha256")
        .long("sha256")
        .value_name("HEX")
        .help("Refuse the model's file, before it is decoded, unless it has this SHA-256")
}

/// `--member`: the estimator inside a bundle.
pub(crate) fn member() -> Arg {
    Arg::new("member")
        .long("member")
        .value_name("PATH")
        .help("Member of a dict, list or tuple, such as '[\"model\"]' or '[0]'")
}

/// The model at a path, as the variables and `--sha256` qualify it.
pub(crate) fn source(path: Option<&str>, matches: &ArgMatches) -> Source {
    let source = Source::at(path);
    let pin = matches.get_one::<String>("sha256").cloned();
    Source { sha256: pin.or(source.sha256), ..source }
}

/// The decoded file at a path, if it is the one that `--sha256` names.
pub(crate) fn graph(path: &str, matches: &ArgMatches) -> Result<Graph, Failure> {
    let sha256 = matches.get_one::<String>("sha256").cloned();
    Source { path: Some(path.to_owned()), member: None, sha256 }.graph().map_err(Failure::model)
}

/// The model of a decoded file: the file's own, the member of a bundle that is named, or its only estimator, which is said.
pub(crate) fn model(graph: &Graph, member: Option<&str>) -> Result<Model, Failure> {
    let model = Model::from_graph(graph, member).map_err(|e| match member {
        None if Model::members(graph).len() > 1 => Failure::model(format!("{e}; name it with --member")),
        _ => Failure::model(e.to_string()),
    })?;
    if let (Some(path), None) = (model.member(), member) {
        let (what, path) = (graph.root().describe(), skpickle::printable(path));
        // Whoever does not read this gets the answer all the same.
        let _ = writeln!(std::io::stderr(), "note: the file holds {what}; its only estimator {path} is asked");
    }
    Ok(model)
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

    /// Anything else.
    pub(crate) fn other(message: impl Into<String>) -> Failure {
        Failure { status: 1, message: message.into() }
    }
}

/// Runs the command that the arguments (the program's own name first) spell, and gives its exit status:
/// 0 answered, 2 usage, 3 model refused, 4 input refused or no such method, 1 anything else.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = Command::new("sklambda")
        .about("Runs scikit-learn models without Python")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(inspect::command())
        .subcommand(invoke::command())
        .subcommand(package::command())
        .subcommand(predict::command())
        .subcommand(serve::command());
    let matches = match cli.try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(e) => {
            // A closed pipe is no reason to fail.
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { 2 } else { 0 });
        }
    };
    let result = match matches.subcommand() {
        Some(("inspect", matches)) => inspect::run(matches),
        Some(("invoke", matches)) => invoke::run(matches),
        Some(("package", matches)) => package::run(matches),
        Some(("predict", matches)) => predict::run(matches),
        Some(("serve", matches)) => serve::run(matches),
        _ => Err(Failure::usage("no such command")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let line: String = failure.message.replace(['\n', '\r'], " ");
            let _ = writeln!(std::io::stderr(), "{line}");
            ExitCode::from(failure.status)
        }
    }
}
