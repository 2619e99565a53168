//! Input files in all their forms.

use std::io::Read;

use ndarray::{Array2, Ix2};
use skestimators::{Array, Column, ColumnData, Csr, Model, Record, Samples, Table, Value};

use super::{Failure, csv, npy, zip};
use crate::json::{self, Json};

/// What `--input-kind` may be.
pub(super) const KINDS: [&str; 7] = ["dense", "sparse", "frame", "rows", "text", "records", "labels"];

/// Bytes of an input file at most.
const INPUT: u64 = 4 << 30;

/// Reads the input of a model; `-` is JSON on standard input.
pub(super) fn read(path: &str, kind: Option<&str>, model: &Model) -> Result<Samples, Failure> {
    let mut bytes = Vec::new();
    let opened: std::io::Result<Box<dyn Read>> = match path {
        "-" => Ok(Box::new(std::io::stdin())),
        path => std::fs::File::open(path).map(|file| Box::new(file) as Box<dyn Read>),
    };
    let read = opened.and_then(|source| source.take(INPUT).read_to_end(&mut bytes));
    read.map_err(|e| Failure::usage(format!("cannot read the input '{}': {e}", skpickle::printable(path))))?;
    let lower = path.to_ascii_lowercase();
    let samples = if lower.ends_with(".csv") {
        let text = std::str::from_utf8(&bytes).map_err(|e| format!("the CSV file is not UTF-8: {e}"));
        text.and_then(csv::read).map(Samples::Table)
    } else if bytes.starts_with(b"\x93NUMPY") {
        npy::read(&bytes).and_then(|array| of_array(array, kind))
    } else if bytes.starts_with(b"PK\x03\x04") {
        sparse(&bytes)
    } else if lower.ends_with(".npy") || lower.ends_with(".npz") {
        Err("the content of the input file is not what its name says".into())
    } else {
        json::parse_bytes(&bytes)
            .map_err(|e| format!("the input is no JSON: {e}"))
            .and_then(|x| of_json(&x, kind, model))
    };
    samples.map_err(Failure::input)
}

/// A dense array: numbers in rows, or whatever its rank and type make of it.
fn of_array(array: Array, kind: Option<&str>) -> Result<Samples, String> {
    if kind == Some("labels") || array.shape().len() != 2 {
        return Ok(Samples::Array(array));
    }
    Ok(match array {
        Array::F32(values) => match values.into_dimensionality::<Ix2>() {
            Ok(values) => Samples::Dense32(values),
            Err(e) => return Err(e.to_string()),
        },
        Array::Str(_) | Array::Bytes(_) | Array::Object(_) => {
            let columns = array.shape()[1];
            let values = (0..array.len()).map(|i| array.value(i).unwrap_or(Value::None)).collect::<Vec<_>>();
            if columns == 0 {
                return Ok(Samples::Rows(vec![Vec::new(); array.shape()[0]]));
            }
            Samples::Rows(values.chunks(columns).map(<[Value]>::to_vec).collect())
        }
        numbers => {
            let numbers = numbers.to_f64().and_then(|values| values.into_dimensionality::<Ix2>().ok());
            Samples::Dense(numbers.ok_or("numbers in rows are expected")?)
        }
    })
}

/// A matrix of `scipy.sparse.save_npz`: csr, csc or coo.
fn sparse(bytes: &[u8]) -> Result<Samples, String> {
    let array = |name: &str| -> Result<Option<Array>, String> {
        zip::entry(bytes, &format!("{name}.npy"))?.map(|content| npy::read(&content)).transpose()
    };
    let need =
        |name: &str| array(name)?.ok_or_else(|| format!("the .npz file has no array '{name}', as save_npz writes it"));
    let counts = |name: &str| -> Result<Vec<usize>, String> {
        let bad = || format!("the array '{name}' of the .npz file does not hold counts");
        match need(name)? {
            Array::I64(values) => values.iter().map(|&n| usize::try_from(n).map_err(|_| bad())).collect(),
            _ => Err(bad()),
        }
    };
    let format = match need("format")? {
        Array::Bytes(text) => text.iter().next().map(|text| String::from_utf8_lossy(text).into_owned()),
        Array::Str(text) => text.iter().next().cloned(),
        _ => None,
    };
    let shape = counts("shape")?;
    let &[rows, columns] = shape.as_slice() else { return Err("a sparse input that is no matrix".into()) };
    let data =
        need("data")?.to_f64().ok_or("a sparse input that holds no numbers")?.iter().copied().collect::<Vec<f64>>();
    let csr = match format.as_deref() {
        Some("csr") => Csr::new(rows, columns, counts("indptr")?, counts("indices")?, data),
        Some("csc") => {
            // The columns are the rows of the transposed matrix: checked as such, then turned.
            let turned =
                Csr::new(columns, rows, counts("indptr")?, counts("indices")?, data).map_err(|e| e.to_string())?;
            let entries = (0..columns).flat_map(|column| {
                let (rows, values) = turned.row(column);
                rows.iter().zip(values).map(move |(&row, &value)| (row, column, value))
            });
            from_entries(rows, columns, entries.collect())
        }
        Some("coo") => {
            let (row, col) = (counts("row")?, counts("col")?);
            if row.len() != data.len() || col.len() != data.len() || row.iter().any(|&r| r >= rows) {
                return Err("a sparse input whose entries do not fit its shape".into());
            }
            from_entries(rows, columns, row.into_iter().zip(col).zip(data).map(|((r, c), v)| (r, c, v)).collect())
        }
        _ => return Err("a sparse input that is not csr, csc or coo".into()),
    };
    csr.map(Samples::Sparse).map_err(|e| e.to_string())
}

fn from_entries(rows: usize, columns: usize, mut entries: Vec<(usize, usize, f64)>) -> skestimators::Result<Csr> {
    entries.sort_by_key(|&(row, column, _)| (row, column));
    let mut indptr = vec![0];
    let mut at = 0;
    for row in 0..rows {
        at += entries[at..].iter().take_while(|entry| entry.0 == row).count();
        indptr.push(at);
    }
    let (indices, data) = entries.into_iter().map(|(_, column, value)| (column, value)).unzip();
    Csr::new(rows, columns, indptr, indices, data)
}

fn of_json(document: &Json, kind: Option<&str>, model: &Model) -> Result<Samples, String> {
    if document.get("columns").is_some() && kind.is_none_or(|kind| kind == "frame") {
        return frame(document);
    }
    // `{"input": …}` is a request of the HTTP server.
    let rows = document.get("rows").or_else(|| document.get("input")).unwrap_or(document);
    let Json::Array(rows) = rows else {
        return Err("a list of rows is expected, or an object with \"rows\" or \"input\"".into());
    };
    let kind = kind.unwrap_or_else(|| guess(rows, model));
    match kind {
        "dense" => dense(rows),
        "rows" => rows.iter().map(row_of).collect::<Result<_, _>>().map(Samples::Rows),
        "text" => rows.iter().map(text).collect::<Result<_, _>>().map(Samples::Text),
        "records" => rows.iter().map(record).collect::<Result<_, _>>().map(Samples::Records),
        "labels" => labels(rows),
        "frame" => Err("a frame needs \"columns\" with name and dtype, and \"rows\"".into()),
        _ => Err(format!("JSON cannot hold an input of kind {kind}")),
    }
}

/// What a bare list is, by its first elements and the model.
fn guess(rows: &[Json], model: &Model) -> &'static str {
    let all = |f: fn(&Json) -> bool| !rows.is_empty() && rows.iter().all(f);
    if model.key() == "preprocessing.LabelEncoder" || model.key() == "preprocessing.LabelBinarizer" {
        "labels"
    } else if all(|row| matches!(row, Json::Object(_))) {
        "records"
    } else if all(|row| matches!(row, Json::Str(_))) {
        "text"
    } else if rows.iter().all(is_numeric) {
        "dense"
    } else {
        "rows"
    }
}

fn is_numeric(row: &Json) -> bool {
    match row {
        Json::Array(values) => values.iter().all(|value| number(value).is_some()),
        value => number(value).is_some(),
    }
}

fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Null => Some(f64::NAN),
        other => match scalar(other)? {
            Value::Bool(b) => Some(f64::from(u8::from(b))),
            Value::Int(n) => Some(n as f64),
            Value::Float(x) => Some(x),
            _ => None,
        },
    }
}

/// One value; `{"$float": "NaN"}` is a float that JSON has no number for.
fn scalar(value: &Json) -> Option<Value> {
    Some(match value {
        Json::Null => Value::None,
        Json::Bool(b) => Value::Bool(*b),
        Json::Int(n) => Value::Int(*n),
        Json::Big(digits) => Value::Float(digits.parse().ok()?),
        Json::Float(x) => Value::Float(*x),
        Json::Str(text) => Value::Str(text.as_str()?.into()),
        Json::Object(_) => match value.get("$float") {
            Some(Json::Str(word)) => Value::Float(match word.as_str()? {
                "NaN" | "nan" => f64::NAN,
                "Infinity" | "inf" => f64::INFINITY,
                "-Infinity" | "-inf" => f64::NEG_INFINITY,
                _ => return None,
            }),
            _ => return None,
        },
        Json::Array(_) => return None,
    })
}

fn plain(value: &Json) -> Result<Value, String> {
    scalar(value).ok_or_else(|| format!("a plain value is expected, found a {}", value.type_name()))
}

fn dense(rows: &[Json]) -> Result<Samples, String> {
    if !rows.iter().any(|row| matches!(row, Json::Array(_))) {
        return labels(rows);
    }
    let mut width = None;
    let mut values = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let Json::Array(row) = row else {
            return Err(format!("setting an array element with a sequence. Row {i} is no list"));
        };
        if *width.get_or_insert(row.len()) != row.len() {
            return Err(format!(
                "setting an array element with a sequence. Row {i} has {} values, row 0 has {}",
                row.len(),
                width.unwrap_or(0)
            ));
        }
        for (j, value) in row.iter().enumerate() {
            values.push(number(value).ok_or_else(|| format!("row {i}, column {j}: a number is expected"))?);
        }
    }
    let x = Array2::from_shape_vec((rows.len(), width.unwrap_or(0)), values).map_err(|e| e.to_string())?;
    Ok(Samples::Dense(x))
}

fn row_of(row: &Json) -> Result<Vec<Value>, String> {
    match row {
        Json::Array(values) => values.iter().map(plain).collect(),
        other => Err(format!("a row is expected to be a list, found a {}", other.type_name())),
    }
}

fn text(value: &Json) -> Result<String, String> {
    match value {
        Json::Str(text) => text.as_str().map(str::to_owned).ok_or_else(|| "text with a lone surrogate".into()),
        other => Err(format!("'{}' object has no attribute 'lower': text is expected", other.type_name())),
    }
}

/// A dict, a list of pairs, or a list of names that count once each.
fn record(value: &Json) -> Result<Record, String> {
    match value {
        Json::Object(entries) => {
            let mut record = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                let key = key.as_str().ok_or("a key with a lone surrogate")?;
                match value {
                    Json::Array(texts) => crate::samples::several(&mut record, key, texts)?,
                    value => record.push((Value::Str(key.into()), plain(value)?)),
                }
            }
            Ok(record)
        }
        Json::Array(items) => {
            let item = |item: &Json| match item {
                Json::Array(pair) if pair.len() == 2 => Ok((plain(&pair[0])?, plain(&pair[1])?)),
                other => Ok((plain(other)?, Value::Int(1))),
            };
            items.iter().map(item).collect()
        }
        other => Err(format!("a record is expected to be a dict or list, found a {}", other.type_name())),
    }
}

/// What `np.asarray` makes of a flat list.
fn labels(rows: &[Json]) -> Result<Samples, String> {
    if rows.iter().any(|row| matches!(row, Json::Array(_))) {
        return dense(rows);
    }
    let values = rows.iter().map(plain).collect::<Result<Vec<Value>, String>>()?;
    Ok(Samples::Array(flat(values)))
}

/// One element type for all values where they allow it.
fn flat(values: Vec<Value>) -> Array {
    macro_rules! all {
        ($pattern:pat => $value:expr) => {
            values
                .iter()
                .map(|v| match v {
                    $pattern => Some($value),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()
        };
    }
    if let Some(values) = all!(Value::Bool(b) => *b) {
        return Array::from(values);
    }
    if let Some(values) = all!(Value::Int(n) => *n) {
        return Array::from(values);
    }
    if let Some(values) = all!(Value::Str(s) => s.to_string()) {
        return Array::from(values);
    }
    let float = |v: &Value| match v {
        Value::Int(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        _ => None,
    };
    match values.iter().map(float).collect::<Option<Vec<f64>>>() {
        Some(values) => Array::from(values),
        None => Array::from(values),
    }
}

/// A DataFrame: `{"columns": [{"name", "dtype"}], "rows": [[…]]}`.
fn frame(document: &Json) -> Result<Samples, String> {
    let (Some(Json::Array(columns)), Some(Json::Array(rows))) = (document.get("columns"), document.get("rows")) else {
        return Err("a frame needs \"columns\" with name and dtype, and \"rows\"".into());
    };
    let rows = rows.iter().map(row_of).collect::<Result<Vec<_>, _>>()?;
    if let Some((i, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != columns.len()) {
        return Err(format!("row {i} of the frame has {} values for {} columns", row.len(), columns.len()));
    }
    let mut out = Vec::with_capacity(columns.len());
    for (j, column) in columns.iter().enumerate() {
        let (Some(Json::Str(name)), Some(Json::Str(dtype))) = (column.get("name"), column.get("dtype")) else {
            return Err(format!("column {j} of the frame needs a name and a dtype"));
        };
        let name = name.as_str().unwrap_or_default().to_owned();
        let values: Vec<Value> = rows.iter().map(|row| row[j].clone()).collect();
        let data = typed(values, dtype.as_str().unwrap_or_default()).map_err(|e| format!("column '{name}': {e}"))?;
        out.push(Column { name, data });
    }
    Table::new(out).map(Samples::Table).map_err(|e| e.to_string())
}

/// The values of a column of this pandas dtype.
fn typed(values: Vec<Value>, dtype: &str) -> Result<ColumnData, String> {
    let float = |v: &Value| match v {
        Value::None => Some(f64::NAN),
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::Int(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        Value::Str(_) | Value::Bytes(_) => None,
    };
    let int = |v: &Value| match v {
        Value::Bool(b) => Some(i64::from(*b)),
        Value::Int(n) => Some(*n),
        _ => None,
    };
    let truth = |v: &Value| match v {
        Value::Bool(b) => Some(*b),
        _ => None,
    };
    let text = |v: &Value| match v {
        Value::Str(s) => Some(Some(s.clone())),
        Value::None => Some(None),
        Value::Float(x) if x.is_nan() => Some(None),
        _ => None,
    };
    let wrong = || format!("the values are not of dtype {dtype}");
    match dtype {
        "float64" => values.iter().map(float).collect::<Option<_>>().map(ColumnData::F64).ok_or_else(wrong),
        "float32" => {
            let values: Option<Vec<f64>> = values.iter().map(float).collect();
            Ok(ColumnData::F32(values.ok_or_else(wrong)?.into_iter().map(|x| x as f32).collect()))
        }
        "int64" | "int32" | "int16" | "int8" | "uint8" | "uint16" | "uint32" => {
            values.iter().map(int).collect::<Option<_>>().map(ColumnData::I64).ok_or_else(wrong)
        }
        "bool" => values.iter().map(truth).collect::<Option<_>>().map(ColumnData::Bool).ok_or_else(wrong),
        "str" | "string" | "category" | "object" => Ok(match values.iter().map(text).collect::<Option<_>>() {
            Some(texts) => ColumnData::Str(texts),
            None => ColumnData::Mixed(
                values.into_iter().map(|v| if v == Value::None { Value::Float(f64::NAN) } else { v }).collect(),
            ),
        }),
        other => Err(format!("dtype '{}' is not known", skpickle::printable(other))),
    }
}
