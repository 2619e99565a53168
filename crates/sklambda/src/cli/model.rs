//! The model of a command: `--model`, and the member of a bundle.

use std::io::Write;

use clap::{Arg, ArgMatches};
use skestimators::{ErrorKind, Method, Model};
use skpickle::Graph;

use super::{Failure, input};
use crate::{
    metadata::Known,
    source::{self, Source},
};

/// The arguments that name a model.
pub(super) fn arguments() -> [Arg; 3] {
    let model = Arg::new("model")
        .long("model")
        .value_name("FILE")
        .required(true)
        .help("File of joblib.dump or pickle.dump")
        .value_hint(clap::ValueHint::FilePath);
    [model, member(), sha256()]
}

/// `--member`: the estimator inside a bundle.
pub(super) fn member() -> Arg {
    Arg::new("member")
        .long("member")
        .value_name("PATH")
        .help("Member of a dict, list or tuple, such as '[\"model\"]' or '[0]'")
}

/// `--sha256`: pins the file of the model.
pub(super) fn sha256() -> Arg {
    Arg::new("sha256")
        .long("sha256")
        .value_name("HEX")
        .help("Refuse the model's file, before it is decoded, unless it has this SHA-256")
}

/// The model at a path, as the variables, `--member` and `--sha256` qualify it.
pub(super) fn source(path: Option<&str>, matches: &ArgMatches) -> Source {
    let source = Source::at(path);
    let told = |name: &str| matches.get_one::<String>(name).cloned();
    Source { member: told("member").or(source.member), sha256: told("sha256").or(source.sha256), ..source }
}

/// The decoded file at a path, if it is the one that `--sha256` names.
pub(super) fn graph(path: &str, matches: &ArgMatches) -> Result<Graph, Failure> {
    let sha256 = matches.get_one::<String>("sha256").cloned();
    Source { path: Some(path.to_owned()), member: None, sha256 }.graph().map_err(Failure::model)
}

/// A refusal of the model, or of what it is asked.
pub(super) fn refused(e: &skestimators::Error) -> Failure {
    match e.kind() {
        // With the class of Python's exception, since scikit-learn's users know both.
        ErrorKind::Method | ErrorKind::Input => Failure::input(format!("{e} ({})", e.exception())),
        _ => Failure::model(e.to_string()),
    }
}

/// Loads the model that the command line names, and what its file tells of its columns.
pub(super) fn load(matches: &ArgMatches) -> Result<(Model, Known), Failure> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let graph = graph(text("model").unwrap_or_default(), matches)?;
    let model = of(&graph, text("member"))?;
    let known = model.object(&graph).map(|object| Known::of(&object, &model));
    Ok((model, known.map_err(|e| refused(&e))?))
}

/// The model of a decoded file: the file's own, the member of a bundle that is named, or its only estimator, which is said.
pub(super) fn of(graph: &Graph, member: Option<&str>) -> Result<Model, Failure> {
    let model = source::model(graph, member).map_err(|e| match member {
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

/// The method of this name.
pub(super) fn method(name: &str) -> Result<Method, Failure> {
    Method::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Method::ALL.iter().map(|method| method.name()).collect();
        let meant = input::nearest(name, known.iter().copied());
        let meant = meant.map_or(String::new(), |near| format!(" (did you mean '{near}'?)"));
        Failure::usage(format!("no method '{}'{meant}; known are {}", skpickle::printable(name), known.join(", ")))
    })
}

/// The method that a model is asked when none is named.
pub(super) fn usual_method(model: &Model) -> Method {
    crate::dialect::usual(model).unwrap_or(Method::Predict)
}
