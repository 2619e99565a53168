//! The model of a command: `--model`, and the member of a bundle.

use std::io::Write;

use clap::Arg;
use skestimators::{ErrorKind, Method, Model};

use super::{Failure, input};

/// The arguments that name a model.
pub(super) fn arguments() -> [Arg; 2] {
    [
        Arg::new("model")
            .long("model")
            .value_name("FILE")
            .required(true)
            .help("File of joblib.dump or pickle.dump")
            .value_hint(clap::ValueHint::FilePath),
        Arg::new("member")
            .long("member")
            .value_name("PATH")
            .help("Member of a dict, list or tuple, such as '[\"model\"]' or '[0]'"),
    ]
}

/// A refusal of the model, or of what it is asked.
pub(super) fn refused(e: &skestimators::Error) -> Failure {
    match e.kind() {
        // With the class of Python's exception, since scikit-learn's users know both.
        ErrorKind::Method | ErrorKind::Input => Failure::input(format!("{e} ({})", e.exception())),
        _ => Failure::model(e.to_string()),
    }
}

/// Loads a model, or a member of a bundle: the one that is named, or the only one that there is, which is said.
pub(super) fn load(path: &str, member: Option<&str>) -> Result<Model, Failure> {
    let graph = skpickle::load_path(path, &skpickle::Limits::default()).map_err(|e| Failure::model(e.to_string()))?;
    let model = Model::from_graph(&graph, member).map_err(|e| match member {
        None if Model::members(&graph).len() > 1 => Failure::model(format!("{e}; name it with --member")),
        _ => Failure::model(e.to_string()),
    })?;
    if let (Some(path), None) = (model.member(), member) {
        let what = graph.root().describe();
        let path = skpickle::printable(path);
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
    [Method::Predict, Method::Transform, Method::ScoreSamples]
        .into_iter()
        .find(|&method| model.has(method))
        .unwrap_or(Method::Predict)
}
