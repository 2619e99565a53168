//! `sklambda serve`: a model over HTTP.

use std::{
    io::{self, Write},
    time::Duration,
};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::{Failure, model};
use crate::{
    Handler,
    serve::{ServeError, Settings, serve},
};

pub(super) fn command() -> Command {
    let fixed = Settings::default();
    let number = |id: &'static str, help: &str, default: u64| {
        let help = format!("{help} [default: {default}]");
        Arg::new(id).long(id).help(help).value_name("N").value_parser(value_parser!(u64).range(1..))
    };
    Command::new("serve")
        .about("Serves a model over HTTP: POST /predict with {\"input\": [[...]]}, GET /health")
        .arg(
            Arg::new("model")
                .long("model")
                .value_name("FILE|s3://BUCKET/KEY")
                .help("The model [default: the environment variable SKLEARN_MODEL_PATH]"),
        )
        .arg(model::member())
        .arg(model::sha256())
        .arg(Arg::new("host").long("host").help(format!("Interface to listen on [default: {}]", fixed.host)))
        .arg(
            Arg::new("port")
                .long("port")
                .help(format!("Port to listen on; 0 takes a free one [default: {}]", fixed.port))
                .value_parser(value_parser!(u16)),
        )
        .arg(number("max-body", "Largest body of a request, in bytes", fixed.body_limit as u64).alias("body-limit"))
        .arg(number("max-rows", "Most rows of one request", crate::Settings::default().most_rows as u64))
        .arg(number("header-timeout", "Seconds for the head of a request to arrive", fixed.header_timeout.as_secs()))
        .arg(number("body-timeout", "Seconds that a body may pause", fixed.body_timeout.as_secs()))
        .arg(number("keep-alive", "Seconds that a connection may rest between requests", fixed.keep_alive.as_secs()))
        .arg(number("connections", "Connections at one time", fixed.connections as u64))
        .arg(Arg::new("quiet").long("quiet").action(ArgAction::SetTrue).help("No line on standard error for each request"))
        .after_help(
            "The model's name in paths is that of its file, or SKLEARN_MODEL_NAME. CORS_ORIGINS lists the origins whose \
             pages may ask, such as https://example.org, or *.",
        )
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let fixed = Settings::default();
    let number = |id: &str, default: u64| matches.get_one::<u64>(id).copied().unwrap_or(default);
    let size = |id: &str, default: usize| usize::try_from(number(id, default as u64)).unwrap_or(usize::MAX);
    let seconds = |id: &str, default: Duration| Duration::from_secs(number(id, default.as_secs()));
    let path = matches.get_one::<String>("model").cloned();
    let path = path.or_else(|| std::env::var_os("SKLEARN_MODEL_PATH").map(|p| p.to_string_lossy().into_owned()));
    if path.is_none() {
        return Err(Failure::usage("name the model with --model, or in the environment variable SKLEARN_MODEL_PATH"));
    }
    let settings = Settings {
        host: matches.get_one::<String>("host").cloned().unwrap_or(fixed.host),
        port: matches.get_one::<u16>("port").copied().unwrap_or(fixed.port),
        body_limit: size("max-body", fixed.body_limit),
        header_timeout: seconds("header-timeout", fixed.header_timeout),
        body_timeout: seconds("body-timeout", fixed.body_timeout),
        keep_alive: seconds("keep-alive", fixed.keep_alive),
        connections: size("connections", fixed.connections),
        quiet: matches.get_flag("quiet"),
        model: path.clone(),
    };
    let mut answers = crate::Settings::from_env(path.as_deref()).map_err(Failure::usage)?;
    answers.most_rows = size("max-rows", answers.most_rows);
    let source = model::source(path.as_deref(), matches);
    let handler = Handler::new(move || source.load()).with(answers);
    let announce = |text: &str| {
        let mut out = io::stdout().lock();
        // Nobody may be reading; the server serves all the same.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    };
    let log = |line: &str| drop(writeln!(io::stderr(), "{line}"));
    serve(handler, settings, announce, log).map_err(|e| match e {
        ServeError::Model(_) => Failure::model(e.to_string()),
        ServeError::System(text) => Failure::other(text),
    })
}
