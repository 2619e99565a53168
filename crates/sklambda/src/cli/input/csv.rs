//! CSV, as pandas would read it, in blocks of rows. Cells go straight from the line into typed columns.

use std::{
    io::{BufRead, BufReader, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use csv::StringRecord;
use ndarray::Array2;
use skestimators::{Array, Column, ColumnData, Run, Samples, Table};

use super::{
    BLOCK_BYTES, BLOCK_ROWS, Block, Options, Source, Wanted,
    columns::{self, Selection},
    typed::{self, Builder, Kind},
};

/// Bytes of the first line at most.
const LINE: u64 = 64 << 20;

/// What becomes of the columns.
enum Form {
    /// A table, by name.
    Table,
    /// A matrix, or rows of values: there are no names.
    Rows,
    /// One column of documents.
    Text,
    /// One column of labels.
    Labels,
}

struct Csv {
    reader: csv::Reader<Counting>,
    counts: Arc<Counts>,
    record: StringRecord,
    /// Rows that were read to learn the types.
    first: std::vec::IntoIter<StringRecord>,
    /// Cells of a line.
    width: usize,
    features: Vec<(String, usize, Builder)>,
    kept: Vec<(String, usize, Builder)>,
    form: Form,
    row: u64,
    last: Last,
    total: Option<u64>,
    notes: Vec<String>,
    rows: usize,
    bytes: usize,
}

/// The line that was read last, and whether its end may be the end of a quote that was never closed.
#[derive(Default)]
struct Last {
    line: u64,
    open: bool,
}

/// Bytes and quotes that have been read.
#[derive(Default)]
struct Counts {
    bytes: AtomicU64,
    quotes: AtomicU64,
}

struct Counting {
    source: Box<dyn Read + Send>,
    counts: Arc<Counts>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.source.read(buffer)?;
        let quotes = buffer[..n].iter().filter(|&&b| b == b'"').count();
        self.counts.bytes.fetch_add(n as u64, Ordering::Relaxed);
        self.counts.quotes.fetch_add(quotes as u64, Ordering::Relaxed);
        Ok(n)
    }
}

pub(super) fn open(
    source: Box<dyn Read + Send>,
    total: Option<u64>,
    tab: Option<u8>,
    options: &Options,
    wanted: &Wanted<'_>,
) -> Result<Box<dyn Source>, String> {
    let mut source = BufReader::with_capacity(256 << 10, source);
    let mut line = Vec::new();
    (&mut source).take(LINE).read_until(b'\n', &mut line).map_err(|e| format!("cannot read the CSV file: {e}"))?;
    if line.starts_with(b"\xef\xbb\xbf") {
        line.drain(..3);
    }
    let delimiter = options.delimiter.or(tab).unwrap_or_else(|| sniff(&line));
    let counts = Arc::new(Counts::default());
    let source = Counting { source: Box::new(std::io::Cursor::new(line).chain(source)), counts: counts.clone() };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(256 << 10)
        .from_reader(source);
    let mut last = Last::default();
    let mut top = StringRecord::new();
    if !read(&mut reader, &mut top, &mut last, &counts)? {
        return Err("the CSV file is empty; it should begin with a line of column names".into());
    }
    let width = top.len();
    let header: Vec<String> = top.iter().map(str::to_owned).collect();
    let has_header = options.header.unwrap_or_else(|| {
        wanted.are_named_by(&header)
            || top.iter().any(|cell| typed::infer(&std::iter::once(cell)) != Kind::Int && cell.parse::<f64>().is_err())
    });
    let Selection { features, kept, mut notes } =
        if has_header { columns::select(&header, options, wanted)? } else { nameless(width, options, wanted)? };
    let mut first = Vec::new();
    let mut bytes = 0;
    if !has_header {
        bytes += top.as_slice().len();
        first.push(top);
    }
    while first.len() < BLOCK_ROWS && bytes < BLOCK_BYTES {
        let mut record = StringRecord::new();
        if !read(&mut reader, &mut record, &mut last, &counts)? {
            break;
        }
        bytes += record.as_slice().len();
        first.push(record);
    }
    if first.is_empty() {
        return Err("the CSV file has a line of column names and no rows".into());
    }
    let form = match options.rows.as_deref() {
        Some("text") => Form::Text,
        Some("labels") => Form::Labels,
        Some("frame") => Form::Table,
        Some("dense" | "rows") => Form::Rows,
        Some(other) => return Err(format!("a CSV file cannot hold an input of kind {other}")),
        None if wanted.takes_text() => Form::Text,
        None if wanted.is_label_encoder() => Form::Labels,
        None if has_header || wanted.names().is_some() => Form::Table,
        None => Form::Rows,
    };
    if matches!(form, Form::Text | Form::Labels) && features.len() != 1 {
        return Err(format!(
            "the model takes one column of {}, and the input has {}: name it with --columns",
            if matches!(form, Form::Text) { "text" } else { "labels" },
            features.len()
        ));
    }
    if matches!(form, Form::Table) && !has_header && features.iter().any(|(name, _)| name.is_empty()) {
        return Err("a table needs a line of column names".into());
    }
    if has_header {
        // The words about columns are for files that name them.
        notes.truncate(8);
    }
    if matches!(form, Form::Text) && has_header && options.header.is_none() {
        let name = skpickle::printable(&header.join(","));
        notes.push(format!("the first line, '{name}', is taken for a name; --header no reads it as a row"));
    }
    let kind_of = |name: &str, place: usize, column: usize| {
        let told = options.types.iter().find(|(told, _)| told == name).map(|(_, kind)| *kind);
        let cells = first.iter().map(move |record| record.get(place).unwrap_or_default());
        let text = options.untyped || matches!(form, Form::Text) || wanted.knows_text(name, column);
        told.unwrap_or_else(|| if text { Kind::Text } else { typed::infer(&cells) })
    };
    let features = features.into_iter().enumerate().map(|(column, (name, place))| {
        let kind = kind_of(&name, place, column);
        (name, place, Builder::new(kind))
    });
    let features = features.collect();
    let kept = kept.into_iter().map(|(name, place)| {
        // What goes through is text, whatever it looks like, unless its type is told.
        let told = options.types.iter().find(|(told, _)| *told == name).map(|(_, kind)| *kind);
        (name, place, Builder::new(told.unwrap_or(Kind::Text)))
    });
    let kept = kept.collect();
    Ok(Box::new(Csv {
        reader,
        counts,
        record: StringRecord::new(),
        first: first.into_iter(),
        width,
        features,
        kept,
        form,
        row: 0,
        last,
        total,
        notes,
        rows: if options.whole { usize::MAX } else { BLOCK_ROWS },
        bytes: if options.whole { usize::MAX } else { BLOCK_BYTES },
    }))
}

/// All columns by their places; the model's names where there are as many.
fn nameless(width: usize, options: &Options, wanted: &Wanted<'_>) -> Result<Selection, String> {
    if options.columns.is_some() || !options.keep.is_empty() || !options.types.is_empty() {
        return Err("--columns, --keep and --type name columns, and the file has no line of names (--header yes says \
                    that its first line is one)"
            .into());
    }
    let names = wanted.names().filter(|names| names.len() == width);
    let name = |place: usize| names.map_or(String::new(), |names| names[place].clone());
    Ok(Selection { features: (0..width).map(|place| (name(place), place)).collect(), kept: vec![], notes: vec![] })
}

/// The comma where the first line has one, else what it has most of.
fn sniff(line: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for &byte in line {
        quoted ^= byte == b'"';
        if let Some(count) = counts.iter_mut().find(|(delimiter, _)| *delimiter == byte && !quoted) {
            count.1 += 1;
        }
    }
    if counts[0].1 > 0 {
        return b',';
    }
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| *delimiter)
}

/// Reads a line into `record`; false at the end.
fn read(
    reader: &mut csv::Reader<Counting>,
    record: &mut StringRecord,
    last: &mut Last,
    counts: &Counts,
) -> Result<bool, String> {
    match reader.read_record(record) {
        Ok(true) => {
            last.line = record.position().map_or(0, csv::Position::line);
            last.open = record.iter().next_back().is_some_and(|cell| cell.contains(['\n', '\r']));
            Ok(true)
        }
        // The end came inside a cell, with a quote too many before it: the cell swallowed the rest of the file.
        Ok(false) if last.open && counts.quotes.load(Ordering::Relaxed) % 2 == 1 => {
            Err(format!("CSV line {}: a quote is opened and not closed", last.line))
        }
        Ok(false) => Ok(false),
        Err(e) => Err(match e.kind() {
            csv::ErrorKind::Utf8 { pos, .. } => {
                format!("the CSV file is not UTF-8: line {}", pos.as_ref().map_or(last.line + 1, csv::Position::line))
            }
            _ => format!("cannot read the CSV file after line {}: {e}", last.line),
        }),
    }
}

impl Source for Csv {
    fn next(&mut self) -> Result<Option<Block>, String> {
        let mut lines = Vec::new();
        let (first, mut bytes) = (self.row, 0);
        while lines.len() < self.rows && bytes < self.bytes {
            match self.first.next() {
                Some(record) => self.record = record,
                None => {
                    if !read(&mut self.reader, &mut self.record, &mut self.last, &self.counts)? {
                        break;
                    }
                }
            }
            let line = self.record.position().map_or(0, csv::Position::line);
            if self.record.len() != self.width {
                return Err(format!(
                    "CSV line {line} has {} values, the first line has {}",
                    self.record.len(),
                    self.width
                ));
            }
            for (name, place, builder) in self.features.iter_mut().chain(&mut self.kept) {
                let cell = self.record.get(*place).unwrap_or_default();
                if !builder.push(cell) {
                    return Err(misfit(cell, name, *place, self.row, line));
                }
            }
            bytes += self.record.as_slice().len();
            lines.push(line);
            self.row += 1;
        }
        if lines.is_empty() {
            return Ok(None);
        }
        let samples = self.samples(lines.len())?;
        let kept = self.kept.iter_mut().map(|(name, _, builder)| Column { name: name.clone(), data: builder.take() });
        let done = self.counts.bytes.load(Ordering::Relaxed);
        Ok(Some(Block { samples, kept: kept.collect(), first, lines, done }))
    }

    fn total(&self) -> Option<u64> {
        self.total
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl Csv {
    fn samples(&mut self, rows: usize) -> Result<Samples, String> {
        let columns: Vec<Column> =
            self.features.iter_mut().map(|(name, _, b)| Column { name: name.clone(), data: b.take() }).collect();
        samples(&self.form, rows, columns)
    }
}

fn samples(form: &Form, rows: usize, mut columns: Vec<Column>) -> Result<Samples, String> {
    match form {
        Form::Table => Table::new(columns).map(Samples::Table).map_err(|e| e.to_string()),
        Form::Text => documents(columns.pop()),
        Form::Labels => Ok(labels(columns.pop().map(|column| column.data))),
        Form::Rows if columns.iter().all(|column| column.data.is_numeric()) => {
            let mut x = Array2::zeros((rows, columns.len()));
            for (column, mut out) in columns.iter().zip(x.columns_mut()) {
                match &column.data {
                    ColumnData::F64(values) => out.iter_mut().zip(values).for_each(|(o, &v)| *o = v),
                    ColumnData::I64(values) => out.iter_mut().zip(values).for_each(|(o, &v)| *o = v as f64),
                    ColumnData::Bool(values) => {
                        out.iter_mut().zip(values).for_each(|(o, &v)| *o = f64::from(u8::from(v)));
                    }
                    _ => {}
                }
            }
            Ok(Samples::Dense(x))
        }
        Form::Rows => Ok(Samples::Rows(
            (0..rows).map(|row| columns.iter().map(|column| column.data.value(row)).collect()).collect(),
        )),
    }
}

/// A column as documents; a missing one is empty.
pub(super) fn documents(column: Option<Column>) -> Result<Samples, String> {
    match column {
        Some(Column { data: ColumnData::Str(texts), .. }) => Ok(crate::samples::documents(&texts)),
        Some(Column { name, .. }) => {
            Err(format!("column '{}' holds no text, which the model takes", skpickle::printable(&name)))
        }
        None => Ok(Samples::Text(Run::default())),
    }
}

/// A column as labels.
pub(super) fn labels(data: Option<ColumnData>) -> Samples {
    Samples::Array(match data {
        Some(ColumnData::F64(values)) => Array::from(values),
        Some(ColumnData::I64(values)) => Array::from(values),
        Some(ColumnData::Bool(values)) => Array::from(values),
        Some(ColumnData::Str(texts)) if texts.iter().all(Option::is_some) => {
            Array::from(texts.into_iter().flatten().map(|text| text.to_string()).collect::<Vec<String>>())
        }
        Some(other) => Array::from((0..other.len()).map(|row| other.value(row)).collect::<Vec<_>>()),
        None => Array::from(Vec::<f64>::new()),
    })
}

#[cold]
fn misfit(cell: &str, name: &str, place: usize, row: u64, line: u64) -> String {
    let column = if name.is_empty() { place.to_string() } else { format!("'{}'", skpickle::printable(name)) };
    let hint = if name.is_empty() {
        String::new()
    } else {
        format!("; the column's first rows are no text: --type '{}=text' reads it as text", skpickle::printable(name))
    };
    let cut: String = cell.chars().take(60).collect();
    let cell = skpickle::printable(&cut);
    format!("could not convert string to float: '{cell}': row {row} (line {line}), column {column}{hint}")
}
