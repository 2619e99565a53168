//! Answers as JSON lines: one object a row.

use std::io::Write;

use skestimators::{Column, Method, Output};

use super::{
    Sink,
    columns::{Cell, Names},
    csv::write_plain,
    file::File,
};
use crate::{cli::Failure, json::Json};

pub(super) struct Jsonl {
    file: File,
    names: Names,
    keys: Vec<String>,
}

impl Jsonl {
    pub(super) fn new(file: File, names: Names) -> Jsonl {
        Jsonl { file, names, keys: Vec::new() }
    }
}

impl Sink for Jsonl {
    fn block(&mut self, kept: Vec<Column>, answers: Vec<(Method, Output)>) -> Result<(), Failure> {
        let columns = self.names.columns(kept, answers).map_err(Failure::input)?;
        if self.keys.is_empty() {
            self.keys = columns.names().map(|name| Json::str(name).dumps(false)).collect();
        }
        let mut line = Vec::new();
        for row in 0..columns.rows {
            line.clear();
            line.push(b'{');
            for (i, (key, cell)) in self.keys.iter().zip(columns.cells(row)).enumerate() {
                if i > 0 {
                    line.extend_from_slice(b", ");
                }
                line.extend_from_slice(key.as_bytes());
                line.extend_from_slice(b": ");
                match cell {
                    Cell::Missing => line.extend_from_slice(b"null"),
                    Cell::Bool(b) => line.extend_from_slice(if b { b"true" } else { b"false" }),
                    Cell::Text(text) => line.extend_from_slice(Json::str(text).dumps(false).as_bytes()),
                    // JSON has no number for an infinity; Python writes and reads these words.
                    Cell::Float(x) if x.is_infinite() => line.extend_from_slice(Json::Float(x).dumps(false).as_bytes()),
                    Cell::Float32(x) => line.extend_from_slice(Json::Float(x.into()).dumps(false).as_bytes()),
                    number => write_plain(&mut line, number),
                }
            }
            line.extend_from_slice(b"}\n");
            self.file.write_all(&line).map_err(|e| self.file.failed(&e))?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), Failure> {
        self.file.finish()
    }
}
