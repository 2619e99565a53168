//! Files of one row a line: JSON values, or documents.

use std::io::{BufRead, BufReader, Read};

use skestimators::Samples;

use super::{BLOCK_BYTES, BLOCK_ROWS, Block, Options, Source, Wanted, json};
use crate::json::Json;

/// Bytes of a line at most.
const LINE: u64 = 256 << 20;

struct Lines {
    source: BufReader<Box<dyn Read + Send>>,
    line: u64,
    done: u64,
    text: Vec<u8>,
}

impl Lines {
    fn new(source: Box<dyn Read + Send>) -> Lines {
        Lines { source: BufReader::with_capacity(256 << 10, source), line: 0, done: 0, text: Vec::new() }
    }

    /// The next line without its end.
    fn next(&mut self) -> Result<Option<&[u8]>, String> {
        self.text.clear();
        let read = (&mut self.source).take(LINE).read_until(b'\n', &mut self.text);
        let n = read.map_err(|e| format!("cannot read after line {}: {e}", self.line))? as u64;
        if n == 0 {
            return Ok(None);
        }
        self.line += 1;
        self.done += n;
        if n == LINE && !self.text.ends_with(b"\n") {
            return Err(format!("line {} is longer than {LINE} bytes", self.line));
        }
        let line = self.text.strip_suffix(b"\n").unwrap_or(&self.text);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Ok(Some(if self.line == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line }))
    }
}

/// Where a block ends.
struct Limit {
    rows: usize,
    bytes: u64,
}

impl Limit {
    fn new(options: &Options) -> Limit {
        match options.whole {
            true => Limit { rows: usize::MAX, bytes: u64::MAX },
            false => Limit { rows: BLOCK_ROWS, bytes: BLOCK_BYTES as u64 },
        }
    }
}

struct Texts {
    lines: Lines,
    limit: Limit,
    total: Option<u64>,
    row: u64,
}

/// One document a line; an empty line is an empty document.
pub(super) fn texts(source: Box<dyn Read + Send>, total: Option<u64>, options: &Options) -> Box<dyn Source> {
    Box::new(Texts { lines: Lines::new(source), limit: Limit::new(options), total, row: 0 })
}

impl Source for Texts {
    fn next(&mut self) -> Result<Option<Block>, String> {
        let (first, start) = (self.row, self.lines.done);
        let (mut texts, mut numbers) = (Vec::new(), Vec::new());
        while texts.len() < self.limit.rows && self.lines.done - start < self.limit.bytes {
            let number = self.lines.line + 1;
            let Some(line) = self.lines.next()? else { break };
            texts.push(String::from_utf8(line.to_vec()).map_err(|_| format!("line {number} is not UTF-8"))?);
            numbers.push(number);
            self.row += 1;
        }
        let block = |texts: Vec<String>| Block {
            lines: numbers,
            first,
            done: self.lines.done,
            ..Block::whole(Samples::Text(texts.into()))
        };
        Ok((!texts.is_empty()).then(|| block(texts)))
    }

    fn total(&self) -> Option<u64> {
        self.total
    }
}

struct Jsonl {
    lines: Lines,
    limit: Limit,
    total: Option<u64>,
    row: u64,
    reader: json::Rows,
    /// The first block, which told what the rows are.
    ahead: Option<(Vec<Json>, Vec<u64>)>,
}

/// One JSON value a line: an array, an object or a text.
pub(super) fn jsonl(
    source: Box<dyn Read + Send>,
    total: Option<u64>,
    options: &Options,
    wanted: &Wanted<'_>,
) -> Result<Box<dyn Source>, String> {
    let mut lines = Lines::new(source);
    let limit = Limit::new(options);
    let first = values(&mut lines, &limit)?;
    let reader = json::Rows::new(&first.0, options, wanted)?;
    Ok(Box::new(Jsonl { lines, limit, total, row: 0, reader, ahead: Some(first) }))
}

/// The values of the next lines, and where they stand; lines with nothing on them are passed over.
fn values(lines: &mut Lines, limit: &Limit) -> Result<(Vec<Json>, Vec<u64>), String> {
    let start = lines.done;
    let (mut values, mut numbers) = (Vec::new(), Vec::new());
    while values.len() < limit.rows && lines.done - start < limit.bytes {
        let number = lines.line + 1;
        let Some(line) = lines.next()? else { break };
        if line.trim_ascii().is_empty() {
            continue;
        }
        values.push(crate::json::parse_bytes(line).map_err(|e| format!("line {number} is no JSON: {e}"))?);
        numbers.push(number);
    }
    Ok((values, numbers))
}

impl Source for Jsonl {
    fn next(&mut self) -> Result<Option<Block>, String> {
        let (values, lines) = match self.ahead.take() {
            Some(first) => first,
            None => values(&mut self.lines, &self.limit)?,
        };
        if values.is_empty() {
            return Ok(None);
        }
        let first = self.row;
        self.row += values.len() as u64;
        let place = |row: usize| format!("row {} (line {})", first + row as u64, lines.get(row).copied().unwrap_or(0));
        let (samples, kept) = self.reader.read(&values, &place)?;
        Ok(Some(Block { samples, kept, first, done: self.lines.done, lines }))
    }

    fn total(&self) -> Option<u64> {
        self.total
    }

    fn notes(&self) -> &[String] {
        self.reader.notes()
    }
}
