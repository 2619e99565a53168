//! Answers as Parquet: a row group for some ten thousand rows.

use std::sync::Arc;

use parquet::{
    basic::{Compression, LogicalType, Repetition, Type as Physical},
    column::writer::ColumnWriter,
    data_type::ByteArray,
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::types::Type,
};
use skestimators::{Column, Method, Output};

use super::{
    Sink,
    columns::{Cell, Columns, Names},
    file::File,
};
use crate::cli::Failure;

/// Rows of a group, at least.
const GROUP: usize = 65_536;

pub(super) struct Parquet {
    names: Names,
    /// The file before its schema is known, then its writer.
    file: Option<File>,
    writer: Option<SerializedFileWriter<File>>,
    types: Vec<Physical>,
    pending: Vec<Columns>,
    rows: usize,
}

fn failed(e: impl std::fmt::Display) -> Failure {
    Failure::other(format!("cannot write the answer: {e}"))
}

impl Parquet {
    pub(super) fn new(file: File, names: Names) -> Parquet {
        Parquet { names, file: Some(file), writer: None, types: Vec::new(), pending: Vec::new(), rows: 0 }
    }

    /// The schema, by the cells of the rows that are there.
    fn begin(&mut self) -> Result<(), Failure> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let mut fields = Vec::new();
        if let Some(first) = self.pending.first() {
            for (i, name) in first.names().enumerate() {
                let physical = physical(self.pending.iter().flat_map(|columns| columns.column(i)));
                let field = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
                let text = (physical == Physical::BYTE_ARRAY).then_some(LogicalType::String);
                fields.push(Arc::new(field.with_logical_type(text).build().map_err(failed)?));
                self.types.push(physical);
            }
        }
        let schema = Type::group_type_builder("schema").with_fields(fields).build().map_err(failed)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties));
        self.writer = Some(writer.map_err(failed)?);
        Ok(())
    }

    fn group(&mut self) -> Result<(), Failure> {
        self.begin()?;
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let pending = std::mem::take(&mut self.pending);
        self.rows = 0;
        let mut group = writer.next_row_group().map_err(failed)?;
        let mut at = 0;
        while let Some(mut column) = group.next_column().map_err(failed)? {
            write(column.untyped(), &pending, at)?;
            column.close().map_err(failed)?;
            at += 1;
        }
        group.close().map_err(failed)?;
        Ok(())
    }
}

impl Sink for Parquet {
    fn block(&mut self, kept: Vec<Column>, answers: Vec<(Method, Output)>) -> Result<(), Failure> {
        let columns = self.names.columns(kept, answers).map_err(Failure::input)?;
        self.rows += columns.rows;
        self.pending.push(columns);
        if self.rows >= GROUP { self.group() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        if self.rows > 0 || self.writer.is_none() {
            self.group()?;
        }
        match self.writer.take() {
            Some(writer) => writer.into_inner().map_err(failed)?.finish(),
            None => Ok(()),
        }
    }
}

/// The type of a column: that of its cells, text where they differ.
fn physical<'a>(cells: impl Iterator<Item = Cell<'a>>) -> Physical {
    let mut found = None;
    for cell in cells {
        let this = match cell {
            Cell::Missing => continue,
            Cell::Bool(_) => Physical::BOOLEAN,
            Cell::Int(_) => Physical::INT64,
            Cell::Float(_) => Physical::DOUBLE,
            Cell::Float32(_) => Physical::FLOAT,
            Cell::Text(_) => return Physical::BYTE_ARRAY,
        };
        match found {
            None => found = Some(this),
            Some(before) if before == this => {}
            Some(Physical::INT64 | Physical::DOUBLE) if matches!(this, Physical::INT64 | Physical::DOUBLE) => {
                found = Some(Physical::DOUBLE);
            }
            Some(_) => return Physical::BYTE_ARRAY,
        }
    }
    found.unwrap_or(Physical::DOUBLE)
}

fn write(writer: &mut ColumnWriter<'_>, pending: &[Columns], at: usize) -> Result<(), Failure> {
    let cells = || pending.iter().flat_map(|columns| columns.column(at));
    let levels: Vec<i16> = cells().map(|cell| i16::from(cell != Cell::Missing)).collect();
    let present = || cells().filter(|cell| *cell != Cell::Missing);
    let other = || Failure::input("a later row has a value of another type than the first rows: write .csv");
    macro_rules! batch {
        ($writer:expr, $($cell:pat => $value:expr),+) => {{
            let values = present().map(|cell| match cell { $($cell => Some($value),)+ _ => None });
            let values = values.collect::<Option<Vec<_>>>().ok_or_else(other)?;
            $writer.write_batch(&values, Some(&levels), None).map_err(failed)?;
        }};
    }
    let spelled = |cell: Cell<'_>| {
        let mut out = Vec::new();
        super::csv::write_plain(&mut out, cell);
        ByteArray::from(out)
    };
    match writer {
        ColumnWriter::BoolColumnWriter(writer) => batch!(writer, Cell::Bool(b) => b),
        ColumnWriter::Int64ColumnWriter(writer) => batch!(writer, Cell::Int(n) => n),
        ColumnWriter::FloatColumnWriter(writer) => batch!(writer, Cell::Float32(x) => x),
        ColumnWriter::DoubleColumnWriter(writer) => {
            batch!(writer, Cell::Float(x) => x, Cell::Float32(x) => x.into(), Cell::Int(n) => n as f64);
        }
        ColumnWriter::ByteArrayColumnWriter(writer) => {
            let values: Vec<ByteArray> = present()
                .map(|cell| match cell {
                    Cell::Text(text) => ByteArray::from(text),
                    other => spelled(other),
                })
                .collect();
            writer.write_batch(&values, Some(&levels), None).map_err(failed)?;
        }
        _ => return Err(other()),
    }
    Ok(())
}
