//! Input files in all their forms, as blocks of rows: what is read is bounded by the block, not by the file.

#[cfg(any(fuzzing, test))]
pub(super) mod any;
mod columns;
mod csv;
mod json;
mod lines;
mod npy;
mod npz;
#[cfg(feature = "parquet")]
mod parquet;
mod sniff;
mod typed;
mod zip;

use std::io::{BufReader, Read};

use skestimators::{Column, Method, Model, Record, Samples, Value};

use super::Failure;
use crate::{metadata::Known, samples};

pub(super) use columns::nearest;
pub(super) use sniff::Format;
pub(super) use typed::Kind;

/// What `--input-kind` may be beside the formats: what the rows are.
pub(super) const ROWS: [&str; 7] = ["dense", "sparse", "frame", "rows", "text", "records", "labels"];

/// Bytes of an input that is read whole, at most.
const INPUT: u64 = 4 << 30;

/// Rows and bytes of a block: small enough to stay in the caches, large enough that a call costs nothing beside it.
const BLOCK_ROWS: usize = 8_192;
const BLOCK_BYTES: usize = 4 << 20;

/// What the command line says about the input.
#[derive(Default)]
pub(super) struct Options {
    /// Columns that go through to the answer.
    pub(super) keep: Vec<String>,
    /// Columns that the model is given, in this order.
    pub(super) columns: Option<Vec<String>>,
    pub(super) delimiter: Option<u8>,
    /// Whether a CSV file begins with a line of names.
    pub(super) header: Option<bool>,
    /// Types of columns, by name.
    pub(super) types: Vec<(String, Kind)>,
    /// What the rows are.
    pub(super) rows: Option<String>,
    pub(super) format: Option<Format>,
    /// Cells of CSV are text, whatever they look like.
    pub(super) untyped: bool,
    /// The method is one that sees all rows at once.
    pub(super) whole: bool,
}

/// What the model says about the input.
pub(super) struct Wanted<'m> {
    asked: Option<(&'m Model, Method)>,
    known: Option<&'m Known>,
}

impl<'m> Wanted<'m> {
    pub(super) fn new(model: &'m Model, method: Method, known: &'m Known) -> Self {
        Wanted { asked: Some((model, method)), known: Some(known) }
    }

    /// Rows for no model.
    pub(super) fn nothing() -> Self {
        Wanted { asked: None, known: None }
    }

    fn names(&self) -> Option<&'m [String]> {
        self.asked.and_then(|(model, _)| model.feature_names_in())
    }

    fn is_label_encoder(&self) -> bool {
        let keys = ["preprocessing.LabelEncoder", "preprocessing.LabelBinarizer"];
        self.asked.is_some_and(|(model, _)| keys.contains(&model.key()))
    }

    /// Whether a line names all columns that the model was fitted on.
    fn are_named_by(&self, cells: &[String]) -> bool {
        self.asked.is_some_and(|(model, _)| samples::names_columns(model, cells.iter().map(String::as_str)))
    }

    /// Whether the model knows a column as one of text, by its name or, where it knows no names, by its number.
    fn knows_text(&self, name: &str, column: usize) -> bool {
        let (Some((model, _)), Some(known)) = (self.asked, self.known) else { return false };
        match model.feature_names_in() {
            Some(_) => known.is_text_by_name(model, name),
            None => known.is_text(column),
        }
    }

    /// Whether the model takes this, which has no names: the surest way to know is to ask it.
    fn takes(&self, x: &Samples) -> bool {
        self.asked.is_some_and(|(model, method)| model.feature_names_in().is_none() && model.call(method, x).is_ok())
    }

    /// Whether the model takes documents.
    fn takes_text(&self) -> bool {
        self.asked.is_some_and(|(model, method)| samples::takes_text(model, method))
    }

    /// Whether the model takes dicts as they are, rather than as rows of a table.
    fn takes_records(&self) -> bool {
        let record: Record = vec![(Value::Str("a".into()), Value::Float(1.0))];
        self.takes(&Samples::Records(vec![record].into()))
    }
}

/// Rows, and where they stand.
pub(super) struct Block {
    pub(super) samples: Samples,
    /// Columns that go through to the answer.
    pub(super) kept: Vec<Column>,
    /// Number of the first row in the input, from 0.
    pub(super) first: u64,
    /// The line of each row, from 1, where the input has lines.
    pub(super) lines: Vec<u64>,
    /// How much of [`Source::total`] has been read.
    pub(super) done: u64,
}

impl Block {
    /// A block that is the whole input.
    fn whole(samples: Samples) -> Block {
        Block { samples, kept: Vec::new(), first: 0, lines: Vec::new(), done: 0 }
    }
}

/// An input, block by block.
pub(super) trait Source: Send {
    /// The next rows; `None` at the end.
    fn next(&mut self) -> Result<Option<Block>, String>;

    /// The size of the input in the unit of [`Block::done`], where it is known.
    fn total(&self) -> Option<u64> {
        None
    }

    /// What a person should know about how the input is read.
    fn notes(&self) -> &[String] {
        &[]
    }
}

/// An input that came whole.
struct Once {
    block: Option<Block>,
    notes: Vec<String>,
}

impl Once {
    fn new(samples: Samples) -> Once {
        Once { block: Some(Block::whole(samples)), notes: Vec::new() }
    }
}

impl Source for Once {
    fn next(&mut self) -> Result<Option<Block>, String> {
        Ok(self.block.take())
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// Opens an input; `-` is standard input.
pub(super) fn open(path: &str, options: &Options, wanted: &Wanted<'_>) -> Result<Box<dyn Source>, Failure> {
    let unreadable =
        |e: std::io::Error| Failure::usage(format!("cannot read the input '{}': {e}", skpickle::printable(path)));
    let (source, size): (Box<dyn Read + Send>, _) = if path == "-" {
        (Box::new(std::io::stdin()), None)
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let meta = file.metadata().map_err(unreadable)?;
        if meta.is_dir() {
            return Err(Failure::usage(format!("the input '{}' is a folder", skpickle::printable(path))));
        }
        (Box::new(file), meta.is_file().then_some(meta.len()))
    };
    let mut source = BufReader::with_capacity(256 << 10, source);
    let head = sniff::head(&mut source).map_err(unreadable)?;
    if let Some(advice) = sniff::foreign(&head) {
        return Err(Failure::input(format!("the input '{}' {advice}", skpickle::printable(path))));
    }
    let format = match options.format.or_else(|| Format::of_name(path)) {
        Some(format) => format,
        None => sniff::format(&head),
    };
    // What was looked at is read again.
    let source = std::io::Cursor::new(head).chain(source);
    #[cfg(feature = "parquet")]
    if format == Format::Parquet && path != "-" {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        return parquet::open(file, options, wanted).map_err(Failure::input);
    }
    read(format, Box::new(source), size, options, wanted)
}

/// Reads an input of a format, from wherever it comes.
fn read(
    format: Format,
    mut source: Box<dyn Read + Send>,
    size: Option<u64>,
    options: &Options,
    wanted: &Wanted<'_>,
) -> Result<Box<dyn Source>, Failure> {
    let mut bytes = || {
        let mut bytes = Vec::new();
        let read = (&mut source).take(INPUT).read_to_end(&mut bytes);
        read.map_err(|e| Failure::usage(format!("cannot read the input: {e}"))).map(|_| bytes)
    };
    let unsupported = |what: &str| {
        let asked = options.keep.first().map(|_| "--keep").or(options.columns.as_ref().map(|_| "--columns"));
        match asked {
            Some(option) => Err(Failure::usage(format!("{option} names columns, and {what} has none with names"))),
            None => Ok(()),
        }
    };
    let opened: Result<Box<dyn Source>, String> = match format {
        Format::Csv | Format::Tsv => {
            let tab = (format == Format::Tsv).then_some(b'\t');
            csv::open(source, size, tab, options, wanted)
        }
        Format::Jsonl => lines::jsonl(source, size, options, wanted),
        Format::Lines => {
            unsupported("a file of texts")?;
            Ok(lines::texts(source, size, options))
        }
        Format::Npy => {
            unsupported("an .npy file")?;
            npy::open(source, options)
        }
        Format::Npz => {
            unsupported("an .npz file")?;
            npz::sparse(&bytes()?).map(|x| Box::new(Once::new(x)) as Box<dyn Source>)
        }
        Format::Json => json::parse(&bytes()?, options, wanted)
            .map(|(block, notes)| Box::new(Once { block: Some(block), notes }) as Box<dyn Source>),
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::open(::bytes::Bytes::from(bytes()?), options, wanted),
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => {
            return Err(Failure::usage(
                "this program was built without Parquet; build it with --features parquet, or save the rows as .csv",
            ));
        }
    };
    opened.map_err(Failure::input)
}
