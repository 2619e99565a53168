//! Answers as files: one JSON document, or columns in CSV, JSON lines, `.npy` and Parquet.

pub(super) mod columns;
mod csv;
mod file;
mod json;
mod jsonl;
mod npy;
#[cfg(feature = "parquet")]
mod parquet;

use skestimators::{Column, Method, Output};

use super::Failure;

/// The form of an answer file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Csv,
    Tsv,
    Jsonl,
    Npy,
    Parquet,
}

impl Format {
    /// The words of `--output-format`, which are extensions of file names too.
    pub(super) const NAMES: [(&'static str, Format); 6] = [
        ("json", Format::Json),
        ("csv", Format::Csv),
        ("tsv", Format::Tsv),
        ("jsonl", Format::Jsonl),
        ("npy", Format::Npy),
        ("parquet", Format::Parquet),
    ];

    pub(super) fn of_word(word: &str) -> Option<Format> {
        Format::NAMES.iter().find(|(name, _)| *name == word).map(|(_, format)| *format)
    }

    /// By the extension of a file's name.
    pub(super) fn of_name(path: &str) -> Option<Format> {
        let extension = std::path::Path::new(path).extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "ndjson" => Some(Format::Jsonl),
            "pq" => Some(Format::Parquet),
            other => Format::of_word(other),
        }
    }
}

/// Extensions of files that are not written here: an answer in another form under such a name would mislead.
const FOREIGN: [&str; 17] = [
    "arrow", "avro", "db", "feather", "gz", "html", "joblib", "npz", "ods", "orc", "pickle", "pkl", "sqlite", "xls",
    "xlsx", "xml", "zip",
];

/// Whether the extension of a name promises a form that is not written here.
pub(super) fn is_foreign(path: &str) -> bool {
    let extension = std::path::Path::new(path).extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| FOREIGN.contains(&extension.to_ascii_lowercase().as_str()))
}

/// Where answers go, block by block.
pub(super) trait Sink {
    /// The answers to one block of rows, and the columns that go through beside them.
    fn block(&mut self, kept: Vec<Column>, answers: Vec<(Method, Output)>) -> Result<(), Failure>;

    /// Completes the file: until then, nothing stands under its name.
    fn finish(self: Box<Self>) -> Result<(), Failure>;
}

/// Opens a file for answers; `-` is standard output.
pub(super) fn create(path: &str, format: Format, names: columns::Names) -> Result<Box<dyn Sink>, Failure> {
    let file = file::File::create(path)?;
    Ok(match format {
        Format::Json => Box::new(json::Document::new(file)),
        Format::Csv => Box::new(csv::Csv::new(file, b',', names)),
        Format::Tsv => Box::new(csv::Csv::new(file, b'\t', names)),
        Format::Jsonl => Box::new(jsonl::Jsonl::new(file, names)),
        Format::Npy => Box::new(npy::Npy::new(file, names)?),
        #[cfg(feature = "parquet")]
        Format::Parquet => Box::new(parquet::Parquet::new(file, names)),
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => {
            return Err(Failure::usage(
                "this program was built without Parquet; build it with --features parquet, or write .csv",
            ));
        }
    })
}
