//! Parquet, in blocks of rows: flat columns of numbers, bools and text, as pandas, Polars and Spark write a table.

use std::sync::Arc;

use parquet::{
    basic::{LogicalType, Type as Physical},
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::{ByteArray, DataType},
    file::reader::{ChunkReader, FileReader, SerializedFileReader},
    schema::types::ColumnDescriptor,
};
use skestimators::{Column, ColumnData, Samples, Table, Value};

use super::{BLOCK_ROWS, Block, Options, Source, Wanted, columns, csv};

/// Cells of a block at most.
const CELLS: usize = 1 << 19;

struct Parquet<R: ChunkReader + 'static> {
    reader: SerializedFileReader<R>,
    features: Vec<(String, usize)>,
    kept: Vec<(String, usize)>,
    text: bool,
    labels: bool,
    notes: Vec<String>,
    group: usize,
    /// Readers of the columns of the group that is being read: features first, then what is kept.
    open: Vec<ColumnReader>,
    left: usize,
    row: u64,
    block: usize,
}

fn failed(e: impl std::fmt::Display) -> String {
    format!("cannot read the Parquet file: {e}")
}

pub(super) fn open<R: ChunkReader + 'static>(
    source: R,
    options: &Options,
    wanted: &Wanted<'_>,
) -> Result<Box<dyn Source>, String> {
    if !options.types.is_empty() {
        return Err("--type is for CSV; columns of Parquet have types of their own".into());
    }
    let reader = SerializedFileReader::new(source).map_err(failed)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let names: Vec<String> = schema.columns().iter().map(|column| column.path().string()).collect();
    let mut selection = columns::select(&names, options, wanted)?;
    if options.columns.is_none() && wanted.names().is_none() {
        // pandas' index is a column of the file, and none of the table.
        selection.features.retain(|(name, _)| !(name.starts_with("__index_level_") && name.ends_with("__")));
    }
    let columns::Selection { features, kept, notes } = selection;
    for (name, place) in features.iter().chain(&kept) {
        supported(&schema.column(*place)).map_err(|e| format!("column '{}': {e}", skpickle::printable(name)))?;
    }
    let text = options.rows.as_deref() == Some("text") || (options.rows.is_none() && wanted.takes_text());
    let labels = options.rows.as_deref() == Some("labels") || (options.rows.is_none() && wanted.is_label_encoder());
    if (text || labels) && features.len() != 1 {
        return Err(format!(
            "the model takes one column, and the input has {}: name it with --columns",
            features.len()
        ));
    }
    let block = if options.whole { usize::MAX } else { (CELLS / (features.len() + kept.len())).clamp(1, BLOCK_ROWS) };
    Ok(Box::new(Parquet {
        reader,
        features,
        kept,
        text,
        labels,
        notes,
        group: 0,
        open: Vec::new(),
        left: 0,
        row: 0,
        block,
    }))
}

fn supported(column: &ColumnDescriptor) -> Result<(), String> {
    if column.max_rep_level() > 0 || column.max_def_level() > 1 {
        return Err("lists and structures are not read; a flat column is expected".into());
    }
    match (column.physical_type(), column.logical_type_ref()) {
        (Physical::BOOLEAN | Physical::FLOAT | Physical::DOUBLE, None) => Ok(()),
        (Physical::INT32 | Physical::INT64, None | Some(LogicalType::Integer(_))) => Ok(()),
        (Physical::BYTE_ARRAY, None | Some(LogicalType::String | LogicalType::Enum | LogicalType::Json)) => Ok(()),
        (physical, None) => {
            Err(format!("a column of type {physical} is not read; numbers, bools or text are expected"))
        }
        (_, Some(logical)) => {
            Err(format!("a column of type {logical:?} is not read; numbers, bools or text are expected"))
        }
    }
}

impl<R: ChunkReader + 'static> Source for Parquet<R> {
    fn next(&mut self) -> Result<Option<Block>, String> {
        while self.left == 0 {
            if self.group == self.reader.num_row_groups() {
                return Ok(None);
            }
            let group = self.reader.get_row_group(self.group).map_err(failed)?;
            self.left = usize::try_from(group.metadata().num_rows()).map_err(failed)?;
            let places = self.features.iter().chain(&self.kept).map(|(_, place)| *place);
            self.open = places.map(|place| group.get_column_reader(place).map_err(failed)).collect::<Result<_, _>>()?;
            self.group += 1;
        }
        let rows = self.left.min(self.block);
        let schema = self.reader.metadata().file_metadata().schema_descr_ptr();
        let mut columns = Vec::with_capacity(self.open.len());
        for ((name, place), reader) in self.features.iter().chain(&self.kept).zip(&mut self.open) {
            let data = read(reader, &schema.column(*place), rows)
                .map_err(|e| format!("{e}: column '{}' after row {}", skpickle::printable(name), self.row))?;
            columns.push(Column { name: name.clone(), data });
        }
        let first = self.row;
        self.row += rows as u64;
        self.left -= rows;
        let kept = columns.split_off(self.features.len());
        let samples = if self.text {
            csv::documents(columns.pop())?
        } else if self.labels {
            csv::labels(columns.pop().map(|column| column.data))
        } else {
            Table::new(columns).map(Samples::Table).map_err(|e| e.to_string())?
        };
        Ok(Some(Block { samples, kept, first, lines: Vec::new(), done: self.row }))
    }

    fn total(&self) -> Option<u64> {
        u64::try_from(self.reader.metadata().file_metadata().num_rows()).ok()
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// Values that are there, and for each row whether one is.
fn values<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    optional: bool,
    rows: usize,
) -> Result<(Vec<T::T>, Vec<bool>), String> {
    let (mut values, mut levels) = (Vec::with_capacity(rows), Vec::new());
    let mut read = 0;
    while read < rows {
        let levels = optional.then_some(&mut levels);
        let (records, ..) = reader.read_records(rows - read, levels, None, &mut values).map_err(failed)?;
        if records == 0 {
            return Err(failed("a column ends before the others"));
        }
        read += records;
    }
    let there = if optional { levels.into_iter().map(|level| level > 0).collect() } else { vec![true; rows] };
    Ok((values, there))
}

/// Values with what stands for a missing one between them.
fn spread<T, U>(values: Vec<T>, there: &[bool], missing: U, value: impl Fn(T) -> U) -> Vec<U>
where
    U: Clone,
{
    let mut values = values.into_iter();
    let next = |there: &bool| if *there { values.next().map(&value) } else { None };
    there.iter().map(next).map(|cell| cell.unwrap_or_else(|| missing.clone())).collect()
}

fn read(reader: &mut ColumnReader, column: &ColumnDescriptor, rows: usize) -> Result<ColumnData, String> {
    let optional = column.max_def_level() > 0;
    let unsigned = matches!(column.logical_type_ref(), Some(LogicalType::Integer(int)) if !int.is_signed);
    let whole = |there: &[bool]| there.iter().all(|&there| there);
    let ints = |values: Vec<i64>, there: Vec<bool>| match whole(&there) {
        true => ColumnData::I64(values),
        false => ColumnData::F64(spread(values, &there, f64::NAN, |n| n as f64)),
    };
    Ok(match reader {
        ColumnReader::BoolColumnReader(reader) => {
            let (values, there) = values(reader, optional, rows)?;
            match whole(&there) {
                true => ColumnData::Bool(values),
                false => ColumnData::Mixed(spread(values, &there, Value::Float(f64::NAN), Value::Bool).into()),
            }
        }
        ColumnReader::Int32ColumnReader(reader) => {
            let (values, there) = values(reader, optional, rows)?;
            let wide = |n: i32| if unsigned { i64::from(n as u32) } else { i64::from(n) };
            ints(values.into_iter().map(wide).collect(), there)
        }
        ColumnReader::Int64ColumnReader(reader) => {
            let (values, there) = values(reader, optional, rows)?;
            if unsigned && values.iter().any(|&n| n < 0) {
                return Err("an integer beyond 63 bits".into());
            }
            ints(values, there)
        }
        ColumnReader::FloatColumnReader(reader) => {
            let (values, there) = values(reader, optional, rows)?;
            ColumnData::F32(spread(values, &there, f32::NAN, |x| x))
        }
        ColumnReader::DoubleColumnReader(reader) => {
            let (values, there) = values(reader, optional, rows)?;
            ColumnData::F64(spread(values, &there, f64::NAN, |x| x))
        }
        ColumnReader::ByteArrayColumnReader(reader) => {
            let (values, there) = values(reader, optional, rows)?;
            let text = |bytes: &ByteArray| bytes.as_utf8().map(Arc::<str>::from).map_err(|_| "text that is not UTF-8");
            let values = values.iter().map(text).collect::<Result<Vec<_>, _>>()?;
            ColumnData::Str(spread(values, &there, None, Some).into())
        }
        _ => return Err("numbers, bools or text are expected".into()),
    })
}
