//! Answers as JSON.

use skestimators::{Csr, Output, Samples, Value};

use crate::{
    json::Json,
    lists::{self, decoded, nested},
};

/// The answer as nested lists; a sparse matrix as `{"csr": …}`.
pub(crate) fn to_json(output: &Output) -> Result<Json, String> {
    Ok(match output {
        Output::Array(array) => lists::of(array, &decoded),
        Output::Arrays(arrays) => Json::Array(arrays.iter().map(|array| lists::of(array, &decoded)).collect()),
        Output::Names(names) => Json::Array(names.iter().map(|name| Json::str(name.as_str())).collect()),
        Output::Samples(samples) => match samples {
            Samples::Dense(x) => nested(&x.view().into_dyn(), &|x| Json::Float(*x)),
            Samples::Dense32(x) => nested(&x.view().into_dyn(), &|x| Json::Float((*x).into())),
            Samples::Array(array) => lists::of(array, &decoded),
            Samples::Sparse(csr) => csr_json(csr),
            Samples::Rows(rows) => rows_json(rows.iter().map(|row| row.iter().map(cell).collect())),
            Samples::Table(table) => rows_json(
                (0..table.rows())
                    .map(|row| table.columns().iter().map(|column| cell(&column.data.value(row))).collect()),
            ),
            Samples::Text(texts) => Json::Array(texts.iter().map(|text| Json::str(text.as_str())).collect()),
            Samples::Records(records) => Json::Array(records.iter().map(|record| record_json(record)).collect()),
            _ => return Err("an answer of a form that has no JSON text".into()),
        },
        _ => return Err("an answer of a form that has no JSON text".into()),
    })
}

fn rows_json(rows: impl Iterator<Item = Vec<Json>>) -> Json {
    Json::Array(rows.map(Json::Array).collect())
}

/// A dict where all keys are text, else its pairs.
fn record_json(record: &[(Value, Value)]) -> Json {
    let entries: Option<Vec<_>> = record
        .iter()
        .map(|(key, value)| match key {
            Value::Str(key) => Some((key.as_ref().into(), cell(value))),
            _ => None,
        })
        .collect();
    entries.map(Json::Object).unwrap_or_else(|| {
        Json::Array(record.iter().map(|(key, value)| Json::Array(vec![cell(key), cell(value)])).collect())
    })
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

fn cell(value: &Value) -> Json {
    lists::value(value, &decoded)
}
