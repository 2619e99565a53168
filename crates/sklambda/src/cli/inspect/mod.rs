//! `sklambda inspect`: what a file holds, without running any of it.

mod tree;

use std::io::{Read, Write};

use anstyle::{AnsiColor, Style};
use clap::{Arg, ArgAction, ArgMatches, Command};
use skestimators::{Member, Model};
use skpickle::{Graph, Kind, printable};

use super::{Failure, model};
use crate::{json::Json, numpy, repr};

/// Lines of the tree, and entries of a list, that are printed.
const LINES: usize = 400;

/// The same with `--json`.
const JSON_LINES: usize = 4_000;

/// What stands for a name, a good and a bad verdict, and a name in the tree. The output strips them where no terminal
/// shows them.
const NAME: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const PART: Style = AnsiColor::Cyan.on_default();

/// Characters of a plain value.
const VALUE: usize = 2_000;

pub(super) fn command() -> Command {
    Command::new("inspect")
        .about("Says what a model file holds, and whether it can be run")
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .required(true)
                .value_hint(clap::ValueHint::FilePath)
                .help("File of joblib.dump or pickle.dump"),
        )
        .arg(model::sha256())
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON"))
        .arg(
            Arg::new("opcodes")
                .long("opcodes")
                .action(ArgAction::SetTrue)
                .help("List the opcodes of the stream instead"),
        )
        .arg(
            Arg::new("strict").long("strict").action(ArgAction::SetTrue).help(
                "Refuse whatever is no supported model, names what is not scikit-learn's, or goes on after its end",
            ),
        )
        .after_help(
            "Examples:\n  sklambda inspect model.joblib\n  sklambda inspect model.joblib --json | jq .supported\n\n\
             Exit status: 0 the file can be decoded (even if it is no model), 3 it cannot, or --strict refuses it",
        )
}

/// Everything that is said about a file.
struct Report {
    /// Name and value, in the order of printing; an absent value is left out.
    facts: Vec<(&'static str, Json)>,
    lines: Vec<tree::Line>,
    cut: bool,
    /// Why `--strict` refuses the file.
    objections: Vec<String>,
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let path = matches.get_one::<String>("file").map(String::as_str).unwrap_or_default();
    let limits = crate::limits::current().map_err(Failure::usage)?;
    let refused = |e: skpickle::Error| Failure::model(e.to_string());
    let text = if matches.get_flag("opcodes") {
        let mut bytes = Vec::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(limits.input_bytes).read_to_end(&mut bytes));
        read.map_err(|e| Failure::model(format!("cannot read '{}': {e}", printable(path))))?;
        skpickle::disassemble(bytes, &limits).map_err(refused)?
    } else {
        let graph = model::graph(path, matches)?;
        let json = matches.get_flag("json");
        let report = Report::new(path, &graph, if json { JSON_LINES } else { LINES });
        if matches.get_flag("strict") && !report.objections.is_empty() {
            return Err(Failure::model(report.objections.join("; ")));
        }
        if json { report.json() } else { report.text() }
    };
    // Colours are for terminals, and for those who want them: NO_COLOR, CLICOLOR and TERM are respected.
    let written = anstream::AutoStream::auto(std::io::stdout().lock()).write_all(text.as_bytes());
    written.map_err(|e| Failure::output(&e))
}

fn strings<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> Json {
    Json::Array(values.into_iter().take(JSON_LINES).map(|value| Json::str(value.as_ref())).collect())
}

impl Report {
    fn new(path: &str, graph: &Graph, limit: usize) -> Report {
        let root = graph.root();
        let mut facts = vec![("file", Json::str(path))];
        let mut objections = Vec::new();
        file_facts(path, graph, &mut facts);
        if graph.trailing_bytes() > 0 {
            objections.push(format!("{} bytes follow the end of the pickle", graph.trailing_bytes()));
        }
        match Model::from_graph(graph, None) {
            Ok(model) => model_facts(&model, &mut facts),
            Err(e) => {
                let message = e.to_string();
                facts.push(("supported", Json::Bool(false)));
                facts.push(("refusal", Json::str(message.as_str())));
                objections.push(message);
            }
        }
        let members = Model::members(graph);
        if !members.is_empty() {
            let describe = |member: &Member| {
                let verdict = match Model::from_graph(graph, Some(&member.path)) {
                    Ok(_) => "supported".to_owned(),
                    Err(e) => e.to_string(),
                };
                format!("{} {}: {verdict}", member.path, member.class)
            };
            facts.push(("members", strings(members.iter().take(LINES).map(describe))));
        }
        if root.kind() != Kind::Object && root.array().is_err() {
            facts.push(("value", Json::str(repr::repr(&root, VALUE))));
        }
        let foreign: Vec<String> =
            graph.names().filter(|name| !is_known(name.module, name.name)).map(|name| name.to_string()).collect();
        if !foreign.is_empty() {
            objections
                .push(format!("the file names {}", foreign.iter().take(5).cloned().collect::<Vec<_>>().join(", ")));
            facts.push(("foreign_names", strings(&foreign)));
        }
        let bounds = graph.limits().entries().into_iter();
        facts.push(("limits", strings(bounds.filter_map(|(name, value)| Some(format!("{name}={}", value?))))));
        let (lines, cut) = tree::lines(&root, limit);
        Report { facts, lines, cut, objections }
    }

    fn json(&self) -> String {
        let line = |line: &tree::Line| {
            let entry = |name: &str, value: &str| (name.into(), Json::str(value));
            Json::Object(vec![
                entry("path", &line.path),
                entry("name", &line.name),
                entry("what", &line.what),
                ("depth".into(), Json::Int(line.depth as i64)),
            ])
        };
        let mut entries: Vec<_> = self.facts.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
        entries.push(("tree".into(), Json::Array(self.lines.iter().map(line).collect())));
        entries.push(("tree_cut".into(), Json::Bool(self.cut)));
        Json::Object(entries).dumps(false) + "\n"
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for (name, value) in &self.facts {
            let name = match *name {
                "n_features_in" => "features".to_owned(),
                "feature_names_in" => "feature names".to_owned(),
                "sklearn_version" => "scikit-learn".to_owned(),
                other => other.replace('_', " "),
            };
            let style = |good: bool| if good { GOOD } else { BAD };
            let plain = |value: &Json| plain(&name, value);
            let mut fact = |text: &str, style: Style| {
                out.push_str(&format!("{NAME}{name:<17}{NAME:#}{style}{text}{style:#}\n"));
            };
            match value {
                Json::Array(items) if name == "members" => {
                    for item in items.iter().map(plain) {
                        fact(&item, style(item.ends_with(": supported")));
                    }
                }
                Json::Array(items) => {
                    let shown: Vec<String> = items.iter().take(40).map(plain).collect();
                    let more = if items.len() > 40 { format!(" and {} more", items.len() - 40) } else { String::new() };
                    fact(&format!("{}{more}", shown.join(", ")), Style::new());
                }
                Json::Bool(good) => fact(&plain(value), style(*good)),
                value if name == "refusal" => fact(&plain(value), BAD),
                value => fact(&plain(value), Style::new()),
            }
        }
        out.push('\n');
        for line in &self.lines {
            let indent = "  ".repeat(line.depth);
            let name = match line.name.as_str() {
                "" => String::new(),
                "..." => "... ".to_owned(),
                name => format!("{PART}{name}{PART:#} = "),
            };
            out.push_str(&format!("{indent}{name}{}\n", line.what));
        }
        if self.cut {
            out.push_str(&format!("... cut after {} lines; --json prints more\n", self.lines.len()));
        }
        out
    }
}

/// A value as text for terminals; those that are sentences are not cut.
fn plain(name: &str, value: &Json) -> String {
    match value {
        Json::Bool(true) => "yes".into(),
        Json::Bool(false) => "no".into(),
        Json::Str(text) if matches!(name, "refusal" | "members") => {
            text.as_str().unwrap_or_default().split_inclusive(' ').map(printable).collect()
        }
        // Python's spelling, which escapes what cannot be printed.
        Json::Str(text) if name == "value" => text.as_str().unwrap_or_default().to_owned(),
        Json::Str(text) => printable(text.as_str().unwrap_or_default()),
        other => other.dumps(false),
    }
}

fn file_facts(path: &str, graph: &Graph, facts: &mut Vec<(&'static str, Json)>) {
    let size = std::fs::metadata(path).map(|meta| meta.len()).unwrap_or(0);
    let mut head = Vec::new();
    // The file was read a moment ago; if it is gone, its container is not told.
    let _ = std::fs::File::open(path).and_then(|file| file.take(16).read_to_end(&mut head));
    facts.push(("bytes", Json::Int(size as i64)));
    facts.push(("container", Json::str(container(&head))));
    facts.push(("stream_bytes", Json::Int(graph.stream_len() as i64)));
    facts.push(("protocol", Json::Int(graph.protocol().into())));
    if graph.trailing_bytes() > 0 {
        facts.push(("trailing_bytes", Json::Int(graph.trailing_bytes() as i64)));
    }
    let root = graph.root();
    let class = match root.class() {
        Some(name) if root.kind() == Kind::Object => name.to_string(),
        _ => root.describe(),
    };
    facts.push(("object", Json::str(class)));
    if let Ok(version) = root.field("_sklearn_version").and_then(|version| version.get::<String>()) {
        facts.push(("sklearn_version", Json::str(version)));
    }
}

fn container(head: &[u8]) -> &'static str {
    match head {
        [0x1f, 0x8b, ..] => "gzip",
        [b'B', b'Z', b'h', ..] => "bz2",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "xz",
        [0x5d, 0, 0, ..] => "lzma",
        [0x04, 0x22, 0x4d, 0x18, ..] => "lz4",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd",
        [b'Z', b'F', b'0', b'x', ..] => "joblib ZF",
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => "zlib",
        _ => "none",
    }
}

fn model_facts(model: &Model, facts: &mut Vec<(&'static str, Json)>) {
    facts.push(("supported", Json::Bool(true)));
    if let Some(member) = model.member() {
        facts.push(("member", Json::str(member)));
    }
    facts.push(("class", Json::str(model.key())));
    facts.push(("methods", strings(model.methods().map(|method| method.name()))));
    if let Some(width) = model.n_features_in() {
        facts.push(("n_features_in", Json::Int(width as i64)));
    }
    if let Some(names) = model.feature_names_in() {
        facts.push(("feature_names_in", strings(names)));
    }
    let cost = model.row_cost();
    facts.push(("row_cost", Json::Int(i64::try_from(cost.steps).unwrap_or(i64::MAX))));
    facts.push(("row_bytes", Json::Int(i64::try_from(cost.bytes).unwrap_or(i64::MAX))));
    match model.classes() {
        [] => {}
        [classes] => facts.push(("classes", strings(numpy::labels(classes)))),
        many => facts.push(("classes", strings(many.iter().map(numpy::print)))),
    }
    if !model.unread().is_empty() {
        facts.push(("not_read", strings(model.unread())));
    }
}

/// Whether a name belongs to scikit-learn, to what it is made of, or to Python's plain types.
fn is_known(module: &str, name: &str) -> bool {
    const PACKAGES: [&str; 5] = ["sklearn", "numpy", "scipy", "joblib", "pandas"];
    const TYPES: [&str; 16] = [
        "object",
        "set",
        "frozenset",
        "list",
        "tuple",
        "dict",
        "bytes",
        "bytearray",
        "str",
        "unicode",
        "int",
        "long",
        "float",
        "bool",
        "complex",
        "slice",
    ];
    match module {
        "builtins" | "__builtin__" => TYPES.contains(&name),
        "copyreg" | "copy_reg" => name == "_reconstructor",
        "_codecs" => name == "encode",
        "collections" => matches!(name, "OrderedDict" | "defaultdict" | "Counter" | "deque"),
        "functools" => name == "partial",
        "datetime" => true,
        _ => PACKAGES.contains(&module.split('.').next().unwrap_or_default()),
    }
}
