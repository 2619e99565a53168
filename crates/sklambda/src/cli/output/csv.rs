//! Answers as CSV: a line of names, then one line a row.

use std::io::Write;

use skestimators::{Column, Method, Output};

use super::{
    Sink,
    columns::{Cell, Names},
    file::File,
};
use crate::{cli::Failure, json::float_repr};

pub(super) struct Csv {
    writer: csv::Writer<File>,
    names: Names,
    begun: bool,
    text: Vec<u8>,
}

impl Csv {
    pub(super) fn new(file: File, delimiter: u8, names: Names) -> Csv {
        let writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(file);
        Csv { writer, names, begun: false, text: Vec::new() }
    }
}

impl Sink for Csv {
    fn block(&mut self, kept: Vec<Column>, answers: Vec<(Method, Output)>) -> Result<(), Failure> {
        let columns = self.names.columns(kept, answers).map_err(Failure::input)?;
        let failed = |e: csv::Error| Failure::output(&e.into());
        if !self.begun {
            self.writer.write_record(columns.names()).map_err(failed)?;
            self.begun = true;
        }
        for row in 0..columns.rows {
            for cell in columns.cells(row) {
                self.text.clear();
                let field = match cell {
                    Cell::Text(text) => text.as_bytes(),
                    other => {
                        write_plain(&mut self.text, other);
                        &self.text
                    }
                };
                self.writer.write_field(field).map_err(failed)?;
            }
            self.writer.write_record(None::<&[u8]>).map_err(failed)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), Failure> {
        let file =
            self.writer.into_inner().map_err(|e| Failure::other(format!("cannot write the answer: {}", e.error())))?;
        file.finish()
    }
}

/// A cell that is no text, as Python spells it; what is missing is empty.
pub(super) fn write_plain(out: &mut Vec<u8>, cell: Cell<'_>) {
    // Writing to a vector does not fail.
    let _ = match cell {
        Cell::Missing | Cell::Text(_) => Ok(()),
        Cell::Bool(b) => out.write_all(if b { b"True" } else { b"False" }),
        Cell::Int(n) => write!(out, "{n}"),
        Cell::Float(x) => write_float(out, x),
        Cell::Float32(x) => out.write_all(crate::numpy::float32(x).as_bytes()),
    };
}

/// `repr` of Python without an allocation for the common sizes.
fn write_float(out: &mut Vec<u8>, x: f64) -> std::io::Result<()> {
    if x != 0.0 && !(1e-4..1e16).contains(&x.abs()) {
        return out.write_all(float_repr(x).as_bytes());
    }
    let start = out.len();
    write!(out, "{x}")?;
    if !out[start..].contains(&b'.') {
        out.extend_from_slice(b".0");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_spelled_as_python_spells_them() {
        for x in [0.0, -0.0, 1.0, -2.5, 0.1, 1e-4, 9.9e-5, 1e15, 1e16, 1e22, 5e-324, f64::INFINITY, f64::NEG_INFINITY] {
            let mut out = Vec::new();
            write_float(&mut out, x).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), float_repr(x));
        }
    }
}
