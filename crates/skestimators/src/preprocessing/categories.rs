//! Finding values among the categories of a column.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::{
    data::{Array, ColumnData, Samples, Value},
    error::{Error, Result},
    math::sort_numbered,
};

/// The categories of one column, found by value: numbers and bools by what they count, text by its letters, all NaN alike.
pub(crate) struct Categories {
    values: Array,
    numbers: Vec<(f64, usize)>,
    texts: HashMap<Arc<str>, usize>,
    nan: Option<usize>,
    none: Option<usize>,
}

impl Categories {
    pub(crate) fn new(values: Array) -> Self {
        let (mut numbers, mut texts) = (Vec::new(), HashMap::new());
        let (mut nan, mut none) = (None, None);
        for (i, value) in self::values(&values).enumerate() {
            match value {
                Value::Float(x) if x.is_nan() => nan = nan.or(Some(i)),
                Value::None => none = none.or(Some(i)),
                Value::Str(text) => {
                    texts.entry(text).or_insert(i);
                }
                Value::Bytes(bytes) => {
                    texts.entry(String::from_utf8_lossy(&bytes).into()).or_insert(i);
                }
                Value::Float(x) => numbers.push((x, i)),
                Value::Int(n) => numbers.push((n as f64, i)),
                Value::Bool(b) => numbers.push((f64::from(u8::from(b)), i)),
            }
        }
        sort_numbered(&mut numbers);
        Categories { values, numbers, texts, nan, none }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The category with this number.
    pub(crate) fn value(&self, index: usize) -> Option<Value> {
        self.values.value(index)
    }

    /// Number of the category that a value is.
    pub(crate) fn find(&self, value: &Value) -> Option<usize> {
        match value {
            Value::Float(x) => self.find_number(*x),
            Value::Int(n) => self.find_number(*n as f64),
            Value::Bool(b) => self.find_number(f64::from(u8::from(*b))),
            Value::Str(text) => self.texts.get(text).copied(),
            Value::Bytes(bytes) => self.texts.get(String::from_utf8_lossy(bytes).as_ref()).copied(),
            Value::None => self.none,
        }
    }

    /// Number of the category that the value of a cell is.
    pub(crate) fn find_cell(&self, x: &Samples, row: usize, column: usize) -> Option<usize> {
        match x {
            Samples::Rows(rows) => rows[row].get(column).map_or(self.none, |value| self.find(value)),
            Samples::Table(table) => match &table.columns()[column].data {
                ColumnData::Str(texts) if texts[row].is_some() => {
                    texts[row].as_ref().and_then(|text| self.texts.get(text).copied())
                }
                data => self.find(&data.value(row)),
            },
            x => self.find(&cell(x, row, column)),
        }
    }

    /// A value of these samples as Python would write it. Integers in rows of numbers are floats here: where the categories are integers
    /// too, they are taken for what they were.
    fn repr_in(&self, x: &Samples, column: usize, value: &Value, numpy2: bool) -> String {
        let whole = |x: &f64| matches!(self.values, Array::I64(_)) && x.fract() == 0.0 && x.abs() < 9e15;
        let (kind, text) = match (x, value) {
            (Samples::Dense(_), Value::Float(x)) if whole(x) => ("int64", format!("{x:.0}")),
            (Samples::Dense32(_), Value::Float(x)) => ("float32", repr(&Value::Float(*x))),
            (Samples::Dense(_), value) => ("float64", repr(value)),
            (Samples::Table(table), value) => match &table.columns()[column].data {
                ColumnData::F64(_) => ("float64", repr(value)),
                ColumnData::F32(_) => ("float32", repr(value)),
                ColumnData::I64(_) => ("int64", repr(value)),
                ColumnData::Bool(_) => return if numpy2 { format!("np.{}_", repr(value)) } else { repr(value) },
                // Categories that are integers.
                ColumnData::Mixed(values) if values.iter().all(|value| matches!(value, Value::Int(_))) => {
                    ("int64", repr(value))
                }
                ColumnData::Str(_) | ColumnData::Mixed(_) => return repr(value),
            },
            _ => return repr(value),
        };
        if numpy2 { format!("np.{kind}({text})") } else { text }
    }

    /// Refuses a column of numbers where the categories are text, as scikit-learn does: none of them would be found.
    pub(crate) fn check_column(&self, x: &Samples, column: usize) -> Result<()> {
        if self.texts.is_empty() || !self.numbers.is_empty() {
            return Ok(());
        }
        // Categories that numpy keeps as text, rather than as objects, are compared with bools.
        let objects = matches!(self.values, Array::Object(_));
        // A column of missing values alone has no kind here.
        let numbers = match x {
            Samples::Dense(x) => x.column(column).iter().any(|x| !x.is_nan()),
            Samples::Dense32(x) => x.column(column).iter().any(|x| !x.is_nan()),
            Samples::Table(table) => match &table.columns()[column].data {
                ColumnData::F64(values) => values.iter().any(|x| !x.is_nan()),
                ColumnData::F32(values) => values.iter().any(|x| !x.is_nan()),
                ColumnData::I64(values) => !values.is_empty(),
                ColumnData::Bool(values) => objects && !values.is_empty(),
                ColumnData::Str(_) | ColumnData::Mixed(_) => false,
            },
            // Lists are an array of numbers if there is nothing else in any of them.
            Samples::Rows(rows) => {
                let is = |kind: fn(&Value) -> bool| rows.iter().flatten().all(kind);
                is(|value| matches!(value, Value::Int(_) | Value::Float(_) | Value::Bool(_)))
                    && (objects || !is(|value| matches!(value, Value::Bool(_))))
                    && rows.iter().any(|row| !matches!(row.get(column), Some(Value::Float(x)) if x.is_nan()))
            }
            _ => false,
        };
        if !numbers {
            return Ok(());
        }
        Err(Error::input_type(format_args!(
            "ufunc 'isnan' not supported for the input types, and the inputs could not be safely coerced to any supported types \
             according to the casting rule ''safe''\nColumn {column} holds numbers, but its categories are text: give them as text."
        )))
    }

    fn find_number(&self, x: f64) -> Option<usize> {
        if x.is_nan() {
            return self.nan;
        }
        // Minus zero equals zero.
        let x = x + 0.0;
        let place = self.numbers.partition_point(|&(y, _)| y < x);
        self.numbers.get(place).filter(|&&(y, _)| y == x).map(|&(_, i)| i)
    }
}

/// The elements of an array in C order, one by one.
pub(crate) fn values(values: &Array) -> Box<dyn Iterator<Item = Value> + '_> {
    match values {
        Array::F64(a) => Box::new(a.iter().map(|&x| Value::Float(x))),
        Array::F32(a) => Box::new(a.iter().map(|&x| Value::Float(x.into()))),
        Array::I64(a) => Box::new(a.iter().map(|&n| Value::Int(n))),
        Array::Bool(a) => Box::new(a.iter().map(|&b| Value::Bool(b))),
        Array::Str(a) => Box::new(a.iter().map(|s| Value::Str(s.as_str().into()))),
        Array::Bytes(a) => Box::new(a.iter().map(|b| Value::Bytes(b.as_slice().into()))),
        Array::Object(a) => Box::new(a.iter().cloned()),
    }
}

/// Values of a column that are none of its categories, as the refusal lists them.
#[derive(Default)]
pub(crate) struct Strange(Vec<Value>);

impl Strange {
    /// Values that a message lists at most.
    const LISTED: usize = 20;

    pub(crate) fn add(&mut self, value: Value) {
        if self.0.len() < Self::LISTED && !self.0.iter().any(|known| repr(known) == repr(&value)) {
            self.0.push(value);
        }
    }

    /// The refusal, where there are any. NumPy 2 names the types of its numbers.
    pub(crate) fn refuse(mut self, categories: &Categories, x: &Samples, column: usize, numpy2: bool) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let number = |value: &Value| match value {
            Value::Bool(b) => Some(f64::from(u8::from(*b))),
            Value::Int(n) => Some(*n as f64),
            Value::Float(x) => Some(*x),
            _ => None,
        };
        self.0.sort_by(|a, b| match (number(a), number(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => repr(a).cmp(&repr(b)),
        });
        let list: Vec<String> = self.0.iter().map(|value| categories.repr_in(x, column, value, numpy2)).collect();
        Err(Error::input(format_args!(
            "Found unknown categories [{}] in column {column} during transform",
            list.join(", ")
        )))
    }
}

/// The value of one cell of samples that have columns.
pub(crate) fn cell(x: &Samples, row: usize, column: usize) -> Value {
    match x {
        Samples::Dense(x) => Value::Float(x[[row, column]]),
        Samples::Dense32(x) => Value::Float(x[[row, column]].into()),
        Samples::Table(x) => x.columns()[column].data.value(row),
        Samples::Rows(rows) => rows[row].get(column).cloned().unwrap_or(Value::None),
        Samples::Array(array) if array.shape().len() == 2 => {
            array.value(row * array.shape()[1] + column).unwrap_or(Value::None)
        }
        _ => Value::None,
    }
}

/// A value as Python would write it, for messages.
pub(crate) fn repr(value: &Value) -> String {
    match value {
        Value::None => "None".into(),
        Value::Bool(b) => if *b { "True" } else { "False" }.into(),
        Value::Int(n) => n.to_string(),
        Value::Float(x) if x.is_nan() => "nan".into(),
        Value::Float(x) => format!("{x:?}"),
        Value::Str(text) => format!("'{}'", skpickle::printable(text)),
        Value::Bytes(bytes) => format!("b'{}'", skpickle::printable(&String::from_utf8_lossy(bytes))),
    }
}

/// A value as Python's `str` writes it, for names of columns.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_string(),
        Value::Float(x) if x.is_infinite() => if *x > 0.0 { "inf" } else { "-inf" }.into(),
        Value::Float(x) if *x != 0.0 && !(1e-4..1e16).contains(&x.abs()) && !x.is_nan() => scientific(format!("{x:e}")),
        other => repr(other),
    }
}

/// The categories of an array as Python's `str` writes them.
pub(crate) fn texts(array: &Array) -> Vec<String> {
    match array {
        // The digits that 32 bits need are fewer.
        Array::F32(a) => a
            .iter()
            .map(|&x| {
                if x == 0.0 || (1e-4..1e16).contains(&x.abs()) {
                    format!("{x:?}")
                } else {
                    text(&Value::Float(x.into()))
                }
            })
            .collect(),
        other => values(other).map(|value| text(&value)).collect(),
    }
}

/// Python gives an exponent a sign and at least two digits.
fn scientific(number: String) -> String {
    match number.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => number,
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::data::{Column, Table};

    #[test]
    fn unknown_values_are_listed_as_python_lists_them() -> Result<()> {
        let say = |categories: Array, x: &Samples, numpy2| {
            let categories = Categories::new(categories);
            let mut strange = Strange::default();
            (0..x.rows()).for_each(|i| strange.add(cell(x, i, 0)));
            strange.refuse(&categories, x, 0, numpy2).map_err(|e| e.to_string()).unwrap_err()
        };
        let list = |list: &str| format!("Found unknown categories [{list}] in column 0 during transform");
        let floats = || Array::from(vec![1.0, 2.5]);
        let x = Samples::from(array![[9.0], [-1.0], [9.0], [f64::NAN]]);
        assert_eq!(say(floats(), &x, true), list("np.float64(-1.0), np.float64(9.0), np.float64(nan)"));
        assert_eq!(say(floats(), &x, false), list("-1.0, 9.0, nan"));
        let whole = Samples::from(array![[9.0], [-1.0]]);
        assert_eq!(say(Array::from(vec![1i64, 2]), &whole, true), list("np.int64(-1), np.int64(9)"));
        assert_eq!(say(Array::from(vec![1i64, 2]), &whole, false), list("-1, 9"));
        let column = |data| Table::new(vec![Column { name: "a".into(), data }]).map(Samples::Table);
        let texts = column(ColumnData::Str(vec![Some("b".into()), Some("a".into())].into()))?;
        assert_eq!(say(floats(), &texts, true), list("'a', 'b'"));
        assert_eq!(say(floats(), &column(ColumnData::Bool(vec![true]))?, true), list("np.True_"));
        assert_eq!(say(floats(), &column(ColumnData::Mixed(vec![Value::Int(77)].into()))?, true), list("np.int64(77)"));
        Ok(())
    }
}
