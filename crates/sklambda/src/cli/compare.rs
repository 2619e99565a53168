//! `sklambda compare`: how equal the answers are to those that Python gave.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use skestimators::{Array, Column, ColumnData, Method, Model, Samples};

use super::{
    Failure, blocks,
    input::{self, Source, Wanted},
    model,
    output::columns::{Cell, Columns, Names},
    predict,
    progress::Progress,
};

/// Rows that differ and are shown.
const SHOWN: usize = 5;

/// What writes the file of expected answers.
const PYTHON: &str = r#"import joblib, pandas as pd
model, x = joblib.load("model.joblib"), pd.read_csv("rows.csv", float_precision="round_trip")
x = x[list(getattr(model, "feature_names_in_", x.columns))]
y = {"predict": model.predict(x)}
if hasattr(model, "predict_proba"):
    y |= {f"predict_proba_{c}": p for c, p in zip(model.classes_, model.predict_proba(x).T)}
pd.DataFrame(y).to_csv("expected.csv", index=False)
"#;

pub(super) fn command() -> Command {
    let tolerance = |id: &'static str, help: &'static str, default: &'static str| {
        Arg::new(id).long(id).value_name("X").value_parser(value_parser!(f64)).default_value(default).help(help)
    };
    let free = |arg: Arg| arg.required(false).required_unless_present("print-python");
    Command::new("compare")
        .about("Says how equal a model's answers are to expected ones, row by row")
        .args(model::arguments())
        .args(predict::input_arguments())
        .mut_arg("model", free)
        .mut_arg("input", free)
        .arg(
            Arg::new("expected")
                .long("expected")
                .value_name("FILE")
                .required_unless_present("print-python")
                .value_hint(clap::ValueHint::FilePath)
                .help("Answers of Python: .csv, .jsonl or .parquet with columns named as predict names them, or .npy or .json of one method"),
        )
        .arg(
            Arg::new("method")
                .long("method")
                .value_name("METHOD,...")
                .value_delimiter(',')
                .action(ArgAction::Append)
                .help("Methods to compare [default: those that the expected columns name, else the usual one]"),
        )
        .arg(tolerance("rtol", "Relative difference that counts as equal", "1e-9"))
        .arg(tolerance("atol", "Absolute difference that counts as equal", "1e-12"))
        .arg(
            Arg::new("print-python")
                .long("print-python")
                .action(ArgAction::SetTrue)
                .help("Print the Python lines that write the file of expected answers"),
        )
        .arg(Arg::new("stats").long("stats").action(ArgAction::SetTrue).help("Say how fast it went"))
        .after_help(format!(
            "The expected answers, in Python (--print-python):\n\n{}\n\
             Example:\n  sklambda compare --model model.joblib --input rows.csv --expected expected.csv\n\n\
             Exit status: 0 equal within the tolerance, 1 not equal, 2 usage, 3 model refused, 4 input refused",
            PYTHON.lines().map(|line| format!("  {line}\n")).collect::<String>()
        ))
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    if matches.get_flag("print-python") {
        return std::io::stdout()
            .lock()
            .write_all(PYTHON.as_bytes())
            .map_err(|e| Failure::other(format!("cannot write: {e}")));
    }
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let number = |name: &str| matches.get_one::<f64>(name).copied().unwrap_or(0.0);
    let (model, known) = model::load(matches)?;
    let mut expected = Expected::open(text("expected").unwrap_or_default())?;
    let names = matches.get_many::<String>("method").into_iter().flatten();
    let mut methods = names.map(|name| model::method(name)).collect::<Result<Vec<Method>, _>>()?;
    if methods.is_empty() {
        methods = expected.methods(&model);
    }
    for &method in &methods {
        model.require(method).map_err(|e| model::refused(&e))?;
        if !blocks::is_row_wise(method) {
            return Err(Failure::usage(format!("{} does not answer row by row, and is not compared", method.name())));
        }
    }
    let options = predict::input_options(matches)?;
    let source = input::open(text("input").unwrap_or_default(), &options, &Wanted::new(&model, methods[0], &known))?;
    for note in source.notes() {
        let _ = writeln!(std::io::stderr(), "note: {note}");
    }
    let names = Names::of(&model);
    let mut comparison = Comparison {
        rtol: number("rtol"),
        atol: number("atol"),
        pairs: Vec::new(),
        rows: 0,
        differing: 0,
        shown: Vec::new(),
    };
    let mut progress = Progress::new(source.total(), matches.get_flag("stats"));
    let compared = blocks::each_block(&model, &methods, source, &mut progress, |_, answers| {
        comparison.block(&names.columns(Vec::new(), answers).map_err(Failure::input)?, &mut expected)
    });
    progress.clear();
    compared?;
    if expected.more()? {
        return Err(Failure::input(format!(
            "the expected answers go on after row {}, where the input ends",
            comparison.rows
        )));
    }
    progress.finish();
    let report = comparison.report();
    std::io::stdout().lock().write_all(report.as_bytes()).map_err(|e| Failure::output(&e))?;
    match comparison.differing {
        0 => Ok(()),
        n => Err(Failure::other(format!("{n} of {} rows differ", comparison.rows))),
    }
}

/// The expected answers, row by row.
struct Expected {
    source: Box<dyn Source>,
    columns: Vec<Column>,
    /// Rows of the block, and the next of them.
    rows: usize,
    at: usize,
}

impl Expected {
    fn open(path: &str) -> Result<Expected, Failure> {
        // Text is compared as text, and read as a number where the answer is one.
        let options = input::Options { untyped: true, ..Default::default() };
        let source = input::open(path, &options, &Wanted::nothing())?;
        let mut expected = Expected { source, columns: Vec::new(), rows: 0, at: 0 };
        if !expected.more()? {
            return Err(Failure::input("there are no expected answers"));
        }
        Ok(expected)
    }

    /// Whether there is another row; reads on where a block is at its end.
    fn more(&mut self) -> Result<bool, Failure> {
        while self.at == self.rows {
            let next = self.source.next().map_err(|e| Failure::input(format!("expected answers: {e}")))?;
            let Some(block) = next else { return Ok(false) };
            self.rows = block.samples.rows();
            self.at = 0;
            self.columns = columns_of(block.samples);
        }
        Ok(true)
    }

    /// The methods that the names of the columns begin with.
    fn methods(&self, model: &Model) -> Vec<Method> {
        let of = |name: &str| {
            let begins = |method: &Method| {
                let rest = name.strip_prefix(method.name());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
            };
            model.methods().filter(begins).max_by_key(|method| method.name().len())
        };
        let mut methods: Vec<Method> = self.columns.iter().filter_map(|column| of(&column.name)).collect();
        methods.sort_unstable();
        methods.dedup();
        if methods.is_empty() {
            methods.push(model::usual_method(model));
        }
        methods
    }
}

/// Samples as columns; those without names have empty ones.
fn columns_of(samples: Samples) -> Vec<Column> {
    let column = |data| Column { name: String::new(), data };
    match samples {
        Samples::Table(table) => table.columns().to_vec(),
        Samples::Dense(x) => x.columns().into_iter().map(|values| column(ColumnData::F64(values.to_vec()))).collect(),
        Samples::Dense32(x) => x.columns().into_iter().map(|values| column(ColumnData::F32(values.to_vec()))).collect(),
        Samples::Text(texts) => {
            vec![column(ColumnData::Str(texts.iter().map(|text| Some(text.as_str().into())).collect()))]
        }
        Samples::Rows(rows) => {
            let width = rows.iter().map(Vec::len).min().unwrap_or(0);
            (0..width).map(|i| column(ColumnData::Mixed(rows.iter().map(|row| row[i].clone()).collect()))).collect()
        }
        Samples::Array(array) if array.shape().len() == 1 => vec![column(match array {
            Array::F64(a) => ColumnData::F64(a.into_iter().collect()),
            Array::F32(a) => ColumnData::F32(a.into_iter().collect()),
            Array::I64(a) => ColumnData::I64(a.into_iter().collect()),
            Array::Bool(a) => ColumnData::Bool(a.into_iter().collect()),
            Array::Str(a) => ColumnData::Str(a.into_iter().map(|text| Some(text.into())).collect()),
            Array::Object(a) => ColumnData::Mixed(a.into_iter().collect()),
            _ => return Vec::new(),
        })],
        _ => Vec::new(),
    }
}

/// A column of the answers beside the expected one.
struct Pair {
    name: String,
    answer: usize,
    expected: usize,
    equal: u64,
    exact: u64,
    /// The largest differences of numbers, and their rows.
    absolute: (f64, u64),
    relative: (f64, u64),
}

struct Comparison {
    rtol: f64,
    atol: f64,
    pairs: Vec<Pair>,
    rows: u64,
    differing: u64,
    shown: Vec<String>,
}

impl Comparison {
    /// Decides which columns are compared: by their names, else by their places.
    fn begin(&mut self, answers: &Columns, expected: &[Column]) -> Result<(), Failure> {
        let pair = |name: &str, answer, expected| Pair {
            name: name.to_owned(),
            answer,
            expected,
            equal: 0,
            exact: 0,
            absolute: (0.0, 0),
            relative: (0.0, 0),
        };
        for (i, name) in answers.names().enumerate() {
            if let Some(at) = expected.iter().position(|column| column.name == name) {
                self.pairs.push(pair(name, i, at));
            }
        }
        let names: Vec<&str> = answers.names().collect();
        if self.pairs.is_empty() && names.len() == expected.len() {
            self.pairs = names.iter().enumerate().map(|(i, name)| pair(name, i, i)).collect();
        }
        if self.pairs.is_empty() {
            let found: Vec<String> = expected.iter().take(8).map(|column| skpickle::printable(&column.name)).collect();
            return Err(Failure::input(format!(
                "the expected answers have {} columns ({}), and the model answers {}: {}",
                expected.len(),
                found.join(", "),
                names.len(),
                names.iter().take(8).copied().collect::<Vec<_>>().join(", ")
            )));
        }
        for column in expected.iter().enumerate().filter(|(i, _)| self.pairs.iter().all(|pair| pair.expected != *i)) {
            let _ = writeln!(
                std::io::stderr(),
                "note: expected column '{}' is not compared",
                skpickle::printable(&column.1.name)
            );
        }
        Ok(())
    }

    fn block(&mut self, answers: &Columns, expected: &mut Expected) -> Result<(), Failure> {
        if self.pairs.is_empty() {
            self.begin(answers, &expected.columns)?;
        }
        for row in 0..answers.rows {
            if !expected.more()? {
                return Err(Failure::input(format!(
                    "the expected answers end after row {}, the input goes on",
                    self.rows
                )));
            }
            let cells: Vec<Cell<'_>> = answers.cells(row).collect();
            let (mut differences, mut equal) = (Vec::new(), true);
            for pair in &mut self.pairs {
                let Some(column) = expected.columns.get(pair.expected) else {
                    return Err(Failure::input("the expected answers change their columns"));
                };
                let wanted = Cell::of(&column.data, expected.at);
                let got = cells[pair.answer];
                if !pair.compare(got, wanted, self.rows, self.rtol, self.atol) {
                    equal = false;
                    if self.shown.len() < SHOWN {
                        differences.push(format!("{} {} (expected {})", pair.name, spelled(got), spelled(wanted)));
                    }
                }
            }
            if !differences.is_empty() {
                self.shown.push(format!("row {}: {}", self.rows, differences.join(", ")));
            }
            self.differing += u64::from(!equal);
            self.rows += 1;
            expected.at += 1;
        }
        Ok(())
    }

    fn report(&self) -> String {
        let mut out = String::new();
        let width = self.pairs.iter().map(|pair| pair.name.chars().count()).max().unwrap_or(0);
        for pair in &self.pairs {
            out.push_str(&format!("{:width$}  {} of {} equal", pair.name, pair.equal, self.rows));
            if pair.exact < pair.equal {
                out.push_str(&format!(", {} of them to the last bit", pair.exact));
            }
            if pair.absolute.0 > 0.0 {
                let ((absolute, a), (relative, r)) = (pair.absolute, pair.relative);
                out.push_str(&format!(
                    "; largest difference {absolute:.1e} (row {a}), relative {relative:.1e} (row {r})"
                ));
            }
            out.push('\n');
        }
        for line in &self.shown {
            out.push_str(line);
            out.push('\n');
        }
        let verdict = if self.differing == 0 { "equal" } else { "NOT equal" };
        out.push_str(&format!("{verdict} within rtol {:e}, atol {:e}: {} rows\n", self.rtol, self.atol, self.rows));
        out
    }
}

impl Pair {
    /// Counts one row; whether it is equal.
    fn compare(&mut self, got: Cell<'_>, wanted: Cell<'_>, row: u64, rtol: f64, atol: f64) -> bool {
        let exact = match (got, wanted) {
            (Cell::Text(got), Cell::Text(wanted)) => got == wanted,
            (Cell::Missing, Cell::Missing) => true,
            // A label that pandas writes as it writes a missing value.
            (Cell::Text(got), Cell::Missing) => {
                matches!(got, "" | "NA" | "nan" | "NaN" | "None" | "null" | "NULL" | "N/A")
            }
            _ => match (number(got), number(wanted)) {
                (Some(got), Some(wanted)) if got.to_bits() == wanted.to_bits() || got == wanted => true,
                (Some(got), Some(wanted)) => {
                    let difference = (got - wanted).abs();
                    let relative = difference / wanted.abs();
                    if difference > self.absolute.0 || self.absolute.0 == 0.0 {
                        self.absolute = (difference, row);
                    }
                    if relative > self.relative.0 {
                        self.relative = (relative, row);
                    }
                    let equal = difference <= atol + rtol * wanted.abs();
                    self.equal += u64::from(equal);
                    return equal;
                }
                _ => false,
            },
        };
        self.equal += u64::from(exact);
        self.exact += u64::from(exact);
        exact
    }
}

fn number(cell: Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Bool(b) => Some(f64::from(u8::from(b))),
        Cell::Int(n) => Some(n as f64),
        Cell::Float(x) => Some(x),
        Cell::Float32(x) => Some(x.into()),
        Cell::Text("True" | "true" | "TRUE") => Some(1.0),
        Cell::Text("False" | "false" | "FALSE") => Some(0.0),
        Cell::Text(text) => text.trim().parse().ok(),
        Cell::Missing => None,
    }
}

fn spelled(cell: Cell<'_>) -> String {
    match cell {
        Cell::Missing => "nothing".into(),
        Cell::Text(text) => format!("'{}'", skpickle::printable(text)),
        Cell::Bool(b) => if b { "True" } else { "False" }.into(),
        Cell::Int(n) => n.to_string(),
        Cell::Float(x) => crate::json::float_repr(x),
        Cell::Float32(x) => crate::numpy::float32(x),
    }
}
