//! Answers as one `.npy` array of numbers. Its length is known at the end only, and stands at the start.

use std::io::Write;

use skestimators::{Column, Method, Output};

use super::{
    Sink,
    columns::{Cell, Names},
    file::File,
};
use crate::cli::Failure;

/// Bytes of the header, magic and padding with it.
const HEADER: usize = 128;

pub(super) struct Npy {
    file: File,
    names: Names,
    rows: u64,
    /// Columns; `None` for an array of one dimension.
    width: Option<usize>,
    /// The dtype that the first row has.
    dtype: Option<&'static str>,
}

impl Npy {
    pub(super) fn new(mut file: File, names: Names) -> Result<Npy, Failure> {
        if !file.can_seek() {
            return Err(Failure::usage("an .npy answer needs a file: name it with --output"));
        }
        file.write_all(&[b' '; HEADER]).map_err(|e| file.failed(&e))?;
        Ok(Npy { file, names, rows: 0, width: None, dtype: None })
    }

    fn header(&self) -> Vec<u8> {
        let shape = match self.width {
            Some(width) => format!("({}, {width})", self.rows),
            None => format!("({},)", self.rows),
        };
        let dtype = self.dtype.unwrap_or("<f8");
        let text = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend_from_slice(&(HEADER as u16 - 10).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
        bytes.resize(HEADER - 1, b' ');
        bytes.push(b'\n');
        bytes
    }
}

impl Sink for Npy {
    fn block(&mut self, kept: Vec<Column>, answers: Vec<(Method, Output)>) -> Result<(), Failure> {
        let columns = self.names.columns(kept, answers).map_err(Failure::input)?;
        let flat = matches!(columns.groups.as_slice(), [only] if only.flat);
        self.width = (!flat).then(|| columns.names().count());
        let kind = |cell: &Cell<'_>| match cell {
            Cell::Int(_) => Some("<i8"),
            Cell::Bool(_) => Some("|b1"),
            Cell::Float32(_) => Some("<f4"),
            Cell::Float(_) | Cell::Missing => Some("<f8"),
            Cell::Text(_) => None,
        };
        let mut bytes = Vec::new();
        for row in 0..columns.rows {
            let dtype = match self.dtype {
                Some(dtype) => dtype,
                None => {
                    let mut kinds: Vec<_> = columns.cells(0).map(|cell| kind(&cell)).collect();
                    kinds.dedup();
                    let text = || {
                        Failure::input("an .npy answer holds numbers, and this one has text: write .csv or .parquet")
                    };
                    *self.dtype.insert(match kinds.as_slice() {
                        [only] => only.ok_or_else(text)?,
                        many if many.contains(&None) => return Err(text()),
                        _ => "<f8",
                    })
                }
            };
            for cell in columns.cells(row) {
                match (dtype, cell) {
                    ("<i8", Cell::Int(n)) => bytes.extend_from_slice(&n.to_le_bytes()),
                    ("|b1", Cell::Bool(b)) => bytes.push(b.into()),
                    ("<f4", Cell::Float32(x)) => bytes.extend_from_slice(&x.to_le_bytes()),
                    ("<f4", Cell::Missing) => bytes.extend_from_slice(&f32::NAN.to_le_bytes()),
                    ("<f8", Cell::Float(x)) => bytes.extend_from_slice(&x.to_le_bytes()),
                    ("<f8", Cell::Float32(x)) => bytes.extend_from_slice(&f64::from(x).to_le_bytes()),
                    ("<f8", Cell::Missing) => bytes.extend_from_slice(&f64::NAN.to_le_bytes()),
                    ("<f8", Cell::Int(n)) => bytes.extend_from_slice(&(n as f64).to_le_bytes()),
                    ("<f8", Cell::Bool(b)) => bytes.extend_from_slice(&f64::from(u8::from(b)).to_le_bytes()),
                    _ => {
                        let row = self.rows + row as u64;
                        return Err(Failure::input(format!(
                            "row {row} has values of another type than row 0: write .csv"
                        )));
                    }
                }
            }
        }
        self.rows += columns.rows as u64;
        self.file.write_all(&bytes).map_err(|e| self.file.failed(&e))
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        let header = self.header();
        self.file.overwrite(&header).map_err(|e| self.file.failed(&e))?;
        self.file.finish()
    }
}
