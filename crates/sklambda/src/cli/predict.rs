//! `sklambda predict`: methods of a model on the rows of a file.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches, Command};
use skestimators::Method;

use super::{Failure, blocks, input, model, output, progress::Progress};

/// The arguments that say how an input is read; `compare` has them too.
pub(super) fn input_arguments() -> Vec<Arg> {
    let words = input::ROWS.into_iter().chain(input::Format::NAMES.map(|(name, _)| name));
    let list = |id: &'static str| Arg::new(id).long(id).value_delimiter(',').action(ArgAction::Append);
    vec![
        Arg::new("input")
            .long("input")
            .value_name("FILE")
            .required(true)
            .value_hint(clap::ValueHint::FilePath)
            .help("Rows: .csv, .tsv, .json, .jsonl, .txt (a text a line), .npy, .npz (scipy.sparse), .parquet; - is standard input"),
        list("input-kind")
            .value_name("KIND")
            .value_parser(clap::builder::PossibleValuesParser::new(words))
            .hide_possible_values(true)
            .help("The format (csv, tsv, json, jsonl, lines, npy, npz, parquet), or what the rows are (dense, sparse, \
                   frame, rows, text, records, labels) [default: by the name, the first bytes and the model]"),
        list("columns").value_name("NAME,...").help("Columns that the model is given, in this order [default: by the model's names]"),
        Arg::new("type")
            .long("type")
            .value_name("NAME=TYPE")
            .action(ArgAction::Append)
            .help("Type of a CSV column: int, float, bool or text [default: by the first rows]"),
        Arg::new("delimiter")
            .long("delimiter")
            .value_name("CHAR")
            .help("What separates the cells of a CSV file; 'tab' is a word for it [default: by the first line]"),
        Arg::new("header")
            .long("header")
            .value_name("yes|no")
            .value_parser(["yes", "no"])
            .hide_possible_values(true)
            .help("Whether a CSV file begins with a line of names [default: no if its first line is all numbers]"),
    ]
}

/// What the command line says about the input.
pub(super) fn input_options(matches: &ArgMatches) -> Result<input::Options, Failure> {
    let list = |id: &str| matches.get_many::<String>(id).map(|words| words.cloned().collect::<Vec<String>>());
    let mut options = input::Options { columns: list("columns"), ..Default::default() };
    for word in list("input-kind").unwrap_or_default() {
        match input::Format::of_word(&word) {
            Some(format) => options.format = Some(format),
            None => options.rows = Some(word),
        }
    }
    options.header = matches.get_one::<String>("header").map(|word| word == "yes");
    if let Some(word) = matches.get_one::<String>("delimiter") {
        options.delimiter = Some(match word.as_bytes() {
            [byte] if byte.is_ascii() => *byte,
            b"tab" | b"\\t" => b'\t',
            _ => return Err(Failure::usage("--delimiter takes one ASCII character, or the word tab")),
        });
    }
    for word in list("type").unwrap_or_default() {
        let named = word.rsplit_once('=').and_then(|(name, kind)| Some((name.to_owned(), input::Kind::of_word(kind)?)));
        let kinds = input::Kind::NAMES.map(|(name, _)| name).join(", ");
        let wrong = || {
            Failure::usage(format!(
                "--type takes NAME=TYPE with a type of {kinds}; found '{}'",
                skpickle::printable(&word)
            ))
        };
        options.types.push(named.ok_or_else(wrong)?);
    }
    Ok(options)
}

pub(super) fn command() -> Command {
    let formats = output::Format::NAMES.map(|(name, _)| name);
    Command::new("predict")
        .about("Asks methods of a model, with the rows of a file")
        .args(model::arguments())
        .args(input_arguments())
        .arg(
            Arg::new("method")
                .long("method")
                .value_name("METHOD,...")
                .value_delimiter(',')
                .action(ArgAction::Append)
                .help("Methods to ask [default: predict, else transform, else score_samples]"),
        )
        .arg(
            Arg::new("keep")
                .long("keep")
                .value_name("NAME,...")
                .value_delimiter(',')
                .action(ArgAction::Append)
                .help("Columns of the input that go through to the answer, such as an id"),
        )
        .arg(
            Arg::new("output")
                .long("output")
                .value_name("FILE")
                .value_hint(clap::ValueHint::FilePath)
                .help("File for the answer: .json, .csv, .tsv, .jsonl, .npy, .parquet [default: standard output]"),
        )
        .arg(
            Arg::new("output-format")
                .long("output-format")
                .value_name("FORMAT")
                .value_parser(formats)
                .hide_possible_values(true)
                .help("json, csv, tsv, jsonl, npy or parquet [default: by the name of the file; else json, or csv with \
                       --keep or several methods]"),
        )
        .arg(
            Arg::new("stats")
                .long("stats")
                .action(ArgAction::SetTrue)
                .help("Say on standard error how many rows were answered, how fast, in how much memory"),
        )
        .after_help(
            "Examples:
  sklambda predict --model model.joblib --input rows.csv --output answers.csv
  sklambda predict --model model.joblib --input rows.parquet --keep id --method predict,predict_proba --output answers.parquet
  echo '[[5.1, 3.5, 1.4, 0.2]]' | sklambda predict --model model.joblib --input -
  sklambda predict --model spam.joblib --input mails.txt --output-format jsonl

Rows are counted from 0, lines from 1. Memory is bounded by blocks of rows, however long the file is.
Exit status: 0 answered, 2 usage, 3 model refused, 4 input refused or no such method, 1 anything else",
        )
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let names = matches.get_many::<String>("method").into_iter().flatten();
    let mut methods = names.map(|name| model::method(name)).collect::<Result<Vec<Method>, _>>()?;
    let mut options = input_options(matches)?;
    options.keep = matches.get_many::<String>("keep").into_iter().flatten().cloned().collect();
    let path = text("output").unwrap_or("-");
    let format = match text("output-format") {
        Some(word) => output::Format::of_word(word),
        None if output::is_foreign(path) => {
            return Err(Failure::usage(format!(
                "'{}' is of a kind that is not written; .json, .csv, .tsv, .jsonl, .npy and .parquet are, or say --output-format",
                skpickle::printable(path)
            )));
        }
        None => output::Format::of_name(path).filter(|_| path != "-"),
    };
    let format = format.unwrap_or(match options.keep.is_empty() && methods.len() < 2 {
        true => output::Format::Json,
        false => output::Format::Csv,
    });
    if format == output::Format::Json && !options.keep.is_empty() {
        return Err(Failure::usage("--keep is for answers in columns: .csv, .tsv, .jsonl or .parquet"));
    }
    let (model, known) = model::load(matches)?;
    if methods.is_empty() {
        methods.push(model::usual_method(&model));
    }
    for &method in &methods {
        model.require(method).map_err(|e| model::refused(&e))?;
    }
    options.whole = !model.is_row_wise() || !methods.iter().all(|&method| blocks::is_row_wise(method));
    let wanted = input::Wanted::new(&model, methods[0], &known);
    let source = input::open(text("input").unwrap_or_default(), &options, &wanted)?;
    for note in source.notes() {
        let _ = writeln!(std::io::stderr(), "note: {note}");
    }
    let mut sink = output::create(path, format, output::columns::Names::of(&model))?;
    let mut progress = Progress::new(source.total(), matches.get_flag("stats"));
    let answered =
        blocks::each_block(&model, &methods, source, &mut progress, |kept, answers| sink.block(kept, answers));
    if let Err(failure) = answered.and_then(|()| sink.finish()) {
        progress.clear();
        return Err(failure);
    }
    progress.finish();
    Ok(())
}
