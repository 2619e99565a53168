//! Answers as JSON.

use ndarray::{ArrayViewD, Axis};
use skestimators::{Array, Csr, Output, Samples, Value};

use crate::json::Json;

/// The answer as nested lists; a sparse matrix as `{"csr": …}`.
pub(crate) fn to_json(output: &Output) -> Result<Json, String> {
    Ok(match output {
        Output::Array(array) => array_json(array),
        Output::Arrays(arrays) => Json::Array(arrays.iter().map(array_json).collect()),
        Output::Names(names) => Json::Array(names.iter().map(|name| Json::str(name.as_str())).collect()),
        Output::Samples(samples) => match samples {
            Samples::Dense(x) => nested(x.view().into_dyn(), &|x| Json::Float(*x)),
            Samples::Dense32(x) => nested(x.view().into_dyn(), &|x| Json::Float((*x).into())),
            Samples::Array(array) => array_json(array),
            Samples::Sparse(csr) => csr_json(csr),
            Samples::Rows(rows) => rows_json(rows.iter().map(|row| row.iter().map(value_json).collect())),
            Samples::Table(table) => rows_json(
                (0..table.rows())
                    .map(|row| table.columns().iter().map(|column| value_json(&column.data.value(row))).collect()),
            ),
            Samples::Text(texts) => Json::Array(texts.iter().map(|text| Json::str(text.as_str())).collect()),
            Samples::Records(records) => rows_json(records.iter().map(|record| {
                record.iter().map(|(key, value)| Json::Array(vec![value_json(key), value_json(value)])).collect()
            })),
            _ => return Err("an answer of a form that has no JSON text".into()),
        },
        _ => return Err("an answer of a form that has no JSON text".into()),
    })
}

fn rows_json(rows: impl Iterator<Item = Vec<Json>>) -> Json {
    Json::Array(rows.map(Json::Array).collect())
}

fn csr_json(csr: &Csr) -> Json {
    let counts = |values: &[usize]| Json::Array(values.iter().map(|&n| Json::Int(n as i64)).collect());
    let csr = vec![
        ("shape".into(), counts(&[csr.rows(), csr.columns()])),
        ("indptr".into(), counts(csr.indptr())),
        ("indices".into(), counts(csr.indices())),
        ("data".into(), Json::Array(csr.data().iter().map(|&x| Json::Float(x)).collect())),
    ];
    Json::Object(vec![("csr".into(), Json::Object(csr))])
}

fn array_json(array: &Array) -> Json {
    match array {
        Array::F64(a) => nested(a.view(), &|x| Json::Float(*x)),
        Array::F32(a) => nested(a.view(), &|x| Json::Float((*x).into())),
        Array::I64(a) => nested(a.view(), &|n| Json::Int(*n)),
        Array::Bool(a) => nested(a.view(), &|b| Json::Bool(*b)),
        Array::Str(a) => nested(a.view(), &|s| Json::str(s.as_str())),
        Array::Bytes(a) => nested(a.view(), &|b| Json::str(String::from_utf8_lossy(b).as_ref())),
        Array::Object(a) => nested(a.view(), &value_json),
        _ => Json::Null,
    }
}

fn value_json(value: &Value) -> Json {
    match value {
        Value::None => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(n) => Json::Int(*n),
        Value::Float(x) => Json::Float(*x),
        Value::Str(text) => Json::str(&**text),
        Value::Bytes(bytes) => Json::str(String::from_utf8_lossy(bytes).as_ref()),
    }
}

/// `array.tolist()`; the ranks of answers are few.
fn nested<T>(array: ArrayViewD<'_, T>, element: &dyn Fn(&T) -> Json) -> Json {
    match array.ndim() {
        0 => array.iter().next().map_or(Json::Null, element),
        1 => Json::Array(array.iter().map(element).collect()),
        _ => Json::Array(array.axis_iter(Axis(0)).map(|row| nested(row, element)).collect()),
    }
}
