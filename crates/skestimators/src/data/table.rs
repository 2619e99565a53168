//! Named, typed columns, as a pandas DataFrame has them.

use std::{ops::Range, sync::Arc};

use super::{Run, Value};

/// Columns of equal length, each with a name and a type.
///
/// ```
/// use skestimators::{Column, ColumnData, Table};
/// let table = Table::new(vec![
///     Column { name: "age".into(), data: ColumnData::F64(vec![31.0, 47.0]) },
///     Column { name: "city".into(), data: ColumnData::Str(vec![Some("Bern".into()), None].into()) },
/// ])?;
/// assert_eq!(table.rows(), 2);
/// # Ok::<(), skestimators::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    rows: usize,
    columns: Vec<Column>,
}

/// A column of a [`Table`].
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its values.
    pub data: ColumnData,
}

/// The values of a [`Column`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ColumnData {
    /// Floats; NaN where a value is missing.
    F64(Vec<f64>),
    /// Floats of 32 bits.
    F32(Vec<f32>),
    /// Integers.
    I64(Vec<i64>),
    /// Bools.
    Bool(Vec<bool>),
    /// Text; `None` where a value is missing (NaN in pandas).
    Str(Run<Option<Arc<str>>>),
    /// Anything else, value by value.
    Mixed(Run<Value>),
}

impl ColumnData {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            ColumnData::F64(v) => v.len(),
            ColumnData::F32(v) => v.len(),
            ColumnData::I64(v) => v.len(),
            ColumnData::Bool(v) => v.len(),
            ColumnData::Str(v) => v.len(),
            ColumnData::Mixed(v) => v.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether every value is a number or a bool by its type.
    pub fn is_numeric(&self) -> bool {
        !matches!(self, ColumnData::Str(_) | ColumnData::Mixed(_))
    }

    /// Some of the values, which are there.
    fn part(&self, range: Range<usize>) -> Self {
        match self {
            ColumnData::F64(v) => ColumnData::F64(v[range].to_vec()),
            ColumnData::F32(v) => ColumnData::F32(v[range].to_vec()),
            ColumnData::I64(v) => ColumnData::I64(v[range].to_vec()),
            ColumnData::Bool(v) => ColumnData::Bool(v[range].to_vec()),
            ColumnData::Str(v) => ColumnData::Str(v.part(range)),
            ColumnData::Mixed(v) => ColumnData::Mixed(v.part(range)),
        }
    }

    /// One value.
    pub fn value(&self, row: usize) -> Value {
        match self {
            ColumnData::F64(v) => Value::Float(v[row]),
            ColumnData::F32(v) => Value::Float(v[row].into()),
            ColumnData::I64(v) => Value::Int(v[row]),
            ColumnData::Bool(v) => Value::Bool(v[row]),
            ColumnData::Str(v) => v[row].clone().map_or(Value::Float(f64::NAN), Value::Str),
            ColumnData::Mixed(v) => v[row].clone(),
        }
    }
}

impl Table {
    /// Checks and makes a table.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when the columns differ in length.
    pub fn new(columns: Vec<Column>) -> crate::Result<Self> {
        let rows = columns.first().map_or(0, |column| column.data.len());
        if let Some(other) = columns.iter().find(|column| column.data.len() != rows) {
            return Err(crate::Error::input(format_args!(
                "column '{}' has {} values, column '{}' has {rows}",
                skpickle::printable(&other.name),
                other.data.len(),
                skpickle::printable(&columns[0].name),
            )));
        }
        Ok(Table { rows, columns })
    }

    /// Some of the rows, which are there.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        let part = |column: &Column| Column { name: column.name.clone(), data: column.data.part(range.clone()) };
        Table { rows: range.len(), columns: self.columns.iter().map(part).collect() }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Names of the columns, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }
}
