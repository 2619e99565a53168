//! Recorded inputs as samples.

use ndarray::Array2;
use serde_json::Value as Json;
use skestimators::{Column, ColumnData, Csr, Samples, Table, Value};

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

/// An entry of `inputs`.
pub(crate) fn samples(input: &Json) -> Result<Samples, String> {
    match input["kind"].as_str() {
        Some("dense") => dense(input),
        Some("sparse") => csr(input).map(Samples::Sparse),
        Some("frame") => frame(input).map(Samples::Table),
        _ => Err("no such input".into()),
    }
}

fn dense(input: &Json) -> Result<Samples, String> {
    let rows = list(&input["rows"])?;
    if rows.first().is_some_and(|row| !row.is_array()) {
        let values: Vec<f64> = rows.iter().map(number).collect::<Result<_, _>>()?;
        return Ok(Samples::Array(values.into()));
    }
    let width = rows.first().map(list).transpose()?.map_or(0, <[Json]>::len);
    let mut values = Vec::new();
    for row in rows {
        for value in list(row)? {
            values.push(number(value)?);
        }
    }
    let values = Array2::from_shape_vec((rows.len(), width), values).map_err(|e| e.to_string())?;
    match input["dtype"].as_str() {
        Some("float32") => Ok(Samples::Dense32(values.mapv(|x| x as f32))),
        Some("float64" | "int64") => Ok(Samples::Dense(values)),
        other => Err(format!("unknown dtype {other:?}")),
    }
}

fn frame(input: &Json) -> Result<Table, String> {
    let rows = list(&input["rows"])?;
    let mut columns = Vec::new();
    for (j, column) in list(&input["columns"])?.iter().enumerate() {
        let name = column["name"].as_str().ok_or("a column without name")?.to_owned();
        let cells = rows.iter().map(|row| &row[j]);
        let data = match column["dtype"].as_str() {
            Some("float64") => ColumnData::F64(cells.map(number).collect::<Result<_, _>>()?),
            Some("category") if column["categories"][0].is_string() => {
                ColumnData::Str(cells.map(|cell| cell.as_str().map(Box::from)).collect())
            }
            Some("category") => {
                let value = |cell: &Json| cell.as_i64().map_or(Value::Float(f64::NAN), Value::Int);
                ColumnData::Mixed(cells.map(value).collect())
            }
            other => return Err(format!("unknown dtype {other:?} of column {name}")),
        };
        columns.push(Column { name, data });
    }
    Table::new(columns).map_err(|e| e.to_string())
}
