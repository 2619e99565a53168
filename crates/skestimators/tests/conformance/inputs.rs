//! Recorded inputs as samples.

use ndarray::{Array2, ArrayD};
use serde_json::Value as Json;
use skestimators::{Array, Column, ColumnData, Csr, Record, Samples, Table, Value};

/// A number; NaN and infinities are words, null is NaN.
pub(crate) fn number(value: &Json) -> Result<f64, String> {
    match value {
        Json::Null => Ok(f64::NAN),
        Json::Bool(b) => Ok(f64::from(u8::from(*b))),
        Json::String(word) if word == "NaN" => Ok(f64::NAN),
        Json::String(word) if word == "Infinity" => Ok(f64::INFINITY),
        Json::String(word) if word == "-Infinity" => Ok(f64::NEG_INFINITY),
        value => value.as_f64().ok_or_else(|| format!("{value} is no number")),
    }
}

fn list(value: &Json) -> Result<&[Json], String> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| format!("{value} is no list"))
}

fn counts(value: &Json) -> Result<Vec<usize>, String> {
    let count = |n: &Json| n.as_u64().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| format!("{n} is no count"));
    list(value)?.iter().map(count).collect()
}

/// A sparse matrix in its recorded form.
pub(crate) fn csr(value: &Json) -> Result<Csr, String> {
    let shape = counts(&value["shape"])?;
    let &[rows, columns] = shape.as_slice() else { return Err("a sparse matrix has two extents".into()) };
    let data = list(&value["data"])?.iter().map(number).collect::<Result<_, _>>()?;
    Csr::new(rows, columns, counts(&value["indptr"])?, counts(&value["indices"])?, data).map_err(|e| e.to_string())
}

/// A value whose type matters; `{"$float": "NaN"}` is a float that JSON has no number for.
fn value(cell: &Json) -> Result<Value, String> {
    Ok(match cell {
        Json::Null => Value::None,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => match n.as_i64() {
            Some(n) => Value::Int(n),
            None => Value::Float(number(cell)?),
        },
        Json::String(text) => Value::Str(text.as_str().into()),
        Json::Object(object) if object.contains_key("$float") => Value::Float(number(&cell["$float"])?),
        other => return Err(format!("{other} is no plain value")),
    })
}

fn values(cells: &Json) -> Result<Vec<Value>, String> {
    list(cells)?.iter().map(value).collect()
}

/// An entry of `inputs`.
pub(crate) fn samples(input: &Json) -> Result<Samples, String> {
    let rows = || list(&input["rows"]);
    match input["kind"].as_str() {
        Some("dense") => dense(input),
        Some("sparse") => csr(input).map(Samples::Sparse),
        Some("frame") => frame(input).map(Samples::Table),
        Some("rows") => rows()?.iter().map(values).collect::<Result<_, _>>().map(Samples::Rows),
        Some("records") => rows()?.iter().map(record).collect::<Result<_, _>>().map(Samples::Records),
        Some("labels") => labels(input).map(Samples::Array),
        Some("text") => {
            let text = |row: &Json| row.as_str().map(str::to_owned).ok_or_else(|| format!("{row} is no text"));
            rows()?.iter().map(text).collect::<Result<_, _>>().map(Samples::Text)
        }
        _ => Err("no such input".into()),
    }
}

/// The samples of an entry of `inputs`, over and over: so many of them.
#[allow(dead_code)]
pub(crate) fn cycled(input: &Json, count: usize) -> Result<Samples, String> {
    let over = |rows: &[Json]| rows.iter().cycle().take(count).cloned().collect::<Vec<_>>();
    match samples(input)? {
        few if few.rows() == 0 => Err("there are no samples".into()),
        Samples::Dense(x) => Ok(Array2::from_shape_fn((count, x.ncols()), |(i, j)| x[[i % x.nrows(), j]]).into()),
        Samples::Dense32(x) => {
            Ok(Samples::Dense32(Array2::from_shape_fn((count, x.ncols()), |(i, j)| x[[i % x.nrows(), j]])))
        }
        Samples::Sparse(x) => {
            let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
            for (columns, values) in (0..count).map(|i| x.row(i % x.rows())) {
                indices.extend_from_slice(columns);
                data.extend_from_slice(values);
                indptr.push(data.len());
            }
            Csr::new(count, x.columns(), indptr, indices, data).map(Samples::Sparse).map_err(|e| e.to_string())
        }
        _ => {
            let mut input = input.clone();
            input["rows"] = over(list(&input["rows"])?).into();
            samples(&input)
        }
    }
}

/// A dict, a list of pairs, or a list of names that count once each; a list in a dict is of names that count once each too.
fn record(row: &Json) -> Result<Record, String> {
    let mut record = Record::new();
    match row {
        Json::Object(entries) => {
            for (key, cell) in entries {
                match cell {
                    Json::Array(texts) => {
                        for text in texts {
                            let text = text.as_str().ok_or_else(|| format!("{text} is no text"))?;
                            record.push((Value::Str(key.as_str().into()), Value::Str(text.into())));
                        }
                    }
                    cell => record.push((Value::Str(key.as_str().into()), value(cell)?)),
                }
            }
        }
        row => {
            for item in list(row)? {
                record.push(match item.as_array().map(Vec::as_slice) {
                    Some([key, cell]) => (value(key)?, value(cell)?),
                    _ => (value(item)?, Value::Int(1)),
                });
            }
        }
    }
    Ok(record)
}

/// One label a sample, of numpy's dtype.
fn labels(input: &Json) -> Result<Array, String> {
    let rows = list(&input["rows"])?;
    let wrong = |row: &Json| format!("{row} is no label of this dtype");
    macro_rules! all {
        ($as:expr) => {
            rows.iter()
                .map(|row| $as(row).ok_or_else(|| wrong(row)))
                .collect::<Result<Vec<_>, String>>()
                .map(Array::from)
        };
    }
    match input["dtype"].as_str().and_then(|dtype| dtype.chars().nth(1)) {
        Some('i' | 'u') => all!(Json::as_i64),
        Some('b') => all!(Json::as_bool),
        Some('U') => all!(|row: &Json| row.as_str().map(str::to_owned)),
        Some('O') => rows.iter().map(value).collect::<Result<Vec<Value>, _>>().map(Array::from),
        _ => Err("unknown dtype of labels".into()),
    }
}

/// Extents of nested lists.
fn shape(mut rows: &Json) -> Vec<usize> {
    let mut shape = Vec::new();
    while let Json::Array(list) = rows {
        shape.push(list.len());
        rows = list.first().unwrap_or(&Json::Null);
    }
    shape
}

fn numbers(rows: &Json, out: &mut Vec<f64>) -> Result<(), String> {
    match rows {
        Json::Array(list) => list.iter().try_for_each(|row| numbers(row, out)),
        cell => number(cell).map(|x| out.push(x)),
    }
}

fn dense(input: &Json) -> Result<Samples, String> {
    let shape = shape(&input["rows"]);
    let mut values = Vec::new();
    numbers(&input["rows"], &mut values)?;
    let &[rows, columns] = shape.as_slice() else {
        if shape == [0] {
            return Ok(Samples::Dense(Array2::zeros((0, columns(input)))));
        }
        return ArrayD::from_shape_vec(shape, values).map(|a| Samples::Array(Array::F64(a))).map_err(|e| e.to_string());
    };
    let values = Array2::from_shape_vec((rows, columns), values).map_err(|e| e.to_string())?;
    match input["dtype"].as_str() {
        Some("float32") => Ok(Samples::Dense32(values.mapv(|x| x as f32))),
        Some("float64" | "bool" | "int64" | "int32" | "int16" | "int8" | "uint8") => Ok(Samples::Dense(values)),
        other => Err(format!("unknown dtype {other:?}")),
    }
}

/// Number of columns of a matrix without rows.
fn columns(input: &Json) -> usize {
    input["columns"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
}

fn frame(input: &Json) -> Result<Table, String> {
    let rows = list(&input["rows"])?;
    let mut columns = Vec::new();
    for (j, column) in list(&input["columns"])?.iter().enumerate() {
        let name = column["name"].as_str().ok_or("a column without name")?.to_owned();
        let cells = rows.iter().map(|row| &row[j]);
        let missing = |cell: &Json| if cell.is_null() { Ok(Value::Float(f64::NAN)) } else { value(cell) };
        let data = match column["dtype"].as_str() {
            Some("float64") => ColumnData::F64(cells.map(number).collect::<Result<_, _>>()?),
            Some("int64") => {
                ColumnData::I64(cells.map(|cell| cell.as_i64().ok_or("no integer")).collect::<Result<_, _>>()?)
            }
            Some("bool") => {
                ColumnData::Bool(cells.map(|cell| cell.as_bool().ok_or("no bool")).collect::<Result<_, _>>()?)
            }
            Some("category" | "object") if cells.clone().all(|cell| cell.is_string() || cell.is_null()) => {
                ColumnData::Str(cells.map(|cell| cell.as_str().map(std::sync::Arc::from)).collect())
            }
            Some("category" | "object") => ColumnData::Mixed(cells.map(missing).collect::<Result<_, _>>()?),
            other => return Err(format!("unknown dtype {other:?} of column {name}")),
        };
        columns.push(Column { name, data });
    }
    Table::new(columns).map_err(|e| e.to_string())
}
