//! `sklambda predict`: one method of a model on one input file.

use std::io::Write;

use clap::{Arg, ArgMatches, Command};
use skestimators::{ErrorKind, Method, Model};

use super::{Failure, input};
use crate::{json::Json, output};

pub(super) fn command() -> Command {
    let method = Arg::new("method").long("method").value_name("METHOD");
    let member = Arg::new("member").long("member").value_name("PATH");
    Command::new("predict")
        .about("Asks a method of a model, with the rows of a file")
        .arg(
            Arg::new("model")
                .long("model")
                .value_name("FILE")
                .required(true)
                .help("File of joblib.dump or pickle.dump"),
        )
        .arg(
            Arg::new("input")
                .long("input")
                .value_name("FILE")
                .required(true)
                .help(".npy, .npz (scipy.sparse), .csv or .json; - reads JSON from standard input"),
        )
        .arg(
            Arg::new("input-kind")
                .long("input-kind")
                .value_name("KIND")
                .value_parser(input::KINDS)
                .help("What the input is [default: by its name and form]"),
        )
        .arg(method.help("Method to ask [default: predict, else transform, else score_samples]"))
        .arg(member.help("Member of a dict, list or tuple, such as '[\"model\"]' or '[0]'"))
        .arg(
            Arg::new("output").long("output").value_name("FILE").help("File for the answer [default: standard output]"),
        )
        .after_help(
            "Exit status: 0 answered, 2 usage, 3 model refused, 4 input refused or no such method, 1 anything else",
        )
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let method = text("method").map(|name| {
        Method::from_name(name).ok_or_else(|| {
            let known: Vec<&str> = Method::ALL.iter().map(|method| method.name()).collect();
            Failure::usage(format!("no method '{}'; known are {}", skpickle::printable(name), known.join(", ")))
        })
    });
    let method = method.transpose()?;
    let model = load(text("model").unwrap_or_default(), text("member"))?;
    let refused = |e: skestimators::Error| match e.kind() {
        // With the class of Python's exception, since scikit-learn's users know both.
        ErrorKind::Method | ErrorKind::Input => Failure::input(format!("{e} ({})", e.exception())),
        _ => Failure::model(e.to_string()),
    };
    let method = match method {
        Some(method) => method,
        None => [Method::Predict, Method::Transform, Method::ScoreSamples]
            .into_iter()
            .find(|&method| model.has(method))
            .unwrap_or(Method::Predict),
    };
    model.require(method).map_err(refused)?;
    let x = input::read(text("input").unwrap_or_default(), text("input-kind"), &model)?;
    let answer = model.call(method, &x).map_err(refused)?;
    let answer = output::to_json(&answer).map_err(Failure::other)?;
    let mut line = Json::Object(vec![("output".into(), answer)]).dumps(false);
    line.push('\n');
    let written = match text("output") {
        Some(path) => std::fs::write(path, line).map_err(|e| format!("cannot write '{path}': {e}")),
        None => {
            std::io::stdout().lock().write_all(line.as_bytes()).map_err(|e| format!("cannot write the answer: {e}"))
        }
    };
    written.map_err(Failure::other)
}

/// Loads a model, or a member of a bundle: the one that is named, or the only one that there is, which is said.
fn load(path: &str, member: Option<&str>) -> Result<Model, Failure> {
    let limits = crate::limits::current().map_err(Failure::usage)?;
    let graph = skpickle::load_path(path, &limits).map_err(|e| Failure::model(e.to_string()))?;
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
