//! Answers of a model as standard JSON: lists, or flat data with shape and type.

use skestimators::{Array, Csr, Output, Samples};

use super::refusal::Refusal;
use crate::{json::Json, numpy, output};

/// Cells that a sparse answer is written out to at most.
const CELLS: usize = 32 << 20;

/// Nested lists, one item a row. What JSON has no number for is null.
pub(super) fn lists(answer: Output) -> Result<Json, Refusal> {
    let json = output::to_json(&dense(answer)?).map_err(|e| Refusal::new(500, e))?;
    Ok(standard(json))
}

/// A sparse answer written out, since a caller of these dialects has no form for it.
fn dense(answer: Output) -> Result<Output, Refusal> {
    match answer {
        Output::Samples(Samples::Sparse(csr)) => {
            if csr.rows().saturating_mul(csr.columns()) > CELLS {
                let text = format!("the answer has {} rows of {} columns; send fewer rows", csr.rows(), csr.columns());
                return Err(Refusal::new(413, text));
            }
            Ok(Output::Samples(Samples::Dense(written_out(&csr))))
        }
        other => Ok(other),
    }
}

fn written_out(csr: &Csr) -> ndarray::Array2<f64> {
    let mut out = ndarray::Array2::zeros((csr.rows(), csr.columns()));
    for (i, mut row) in out.rows_mut().into_iter().enumerate() {
        let (columns, values) = csr.row(i);
        columns.iter().zip(values).for_each(|(&j, &value)| row[j] += value);
    }
    out
}

/// The same without NaN and infinities. Answers are a few levels deep.
fn standard(json: Json) -> Json {
    match json {
        Json::Float(x) if !x.is_finite() => Json::Null,
        Json::Array(items) => Json::Array(items.into_iter().map(standard).collect()),
        Json::Object(entries) => Json::Object(entries.into_iter().map(|(key, value)| (key, standard(value))).collect()),
        other => other,
    }
}

/// Flat data, row by row.
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) datatype: &'static str,
    pub(super) data: Vec<Json>,
}

/// The tensors that an answer is: one, one for each output of a model of several, or one for each column of a table.
pub(super) fn tensors(name: &str, answer: Output) -> Result<Vec<Tensor>, Refusal> {
    let unfit = || Refusal::new(400, format_args!("the answer of {name} has no tensor form; use another way to ask"));
    Ok(match dense(answer)? {
        Output::Array(array) | Output::Samples(Samples::Array(array)) => vec![tensor(name.into(), &array)],
        Output::Arrays(arrays) => {
            arrays.iter().enumerate().map(|(i, array)| tensor(format!("{name}_{i}"), array)).collect()
        }
        Output::Names(names) => vec![tensor(name.into(), &Array::from(names))],
        Output::Samples(Samples::Dense(x)) => vec![tensor(name.into(), &Array::F64(x.into_dyn()))],
        Output::Samples(Samples::Dense32(x)) => vec![tensor(name.into(), &Array::F32(x.into_dyn()))],
        Output::Samples(Samples::Text(texts)) => vec![tensor(name.into(), &Array::from(texts.into_vec()))],
        Output::Samples(Samples::Table(table)) => {
            let column = |column: &skestimators::Column| {
                let values: Vec<_> = (0..table.rows()).map(|row| column.data.value(row)).collect();
                tensor(column.name.clone(), &Array::from(values))
            };
            table.columns().iter().map(column).collect()
        }
        Output::Samples(Samples::Rows(rows)) => {
            let width = rows.first().map_or(0, Vec::len);
            let mut tensor = tensor(name.into(), &Array::from(rows.concat()));
            tensor.shape = vec![rows.len(), width];
            vec![tensor]
        }
        _ => return Err(unfit()),
    })
}

fn tensor(name: String, array: &Array) -> Tensor {
    let float = |x: f64| if x.is_finite() { Json::Float(x) } else { Json::Null };
    let (datatype, data) = match array {
        Array::F64(a) => ("FP64", a.iter().map(|&x| float(x)).collect()),
        Array::F32(a) => ("FP32", a.iter().map(|&x| float(x.into())).collect()),
        Array::I64(a) => ("INT64", a.iter().map(|&n| Json::Int(n)).collect()),
        Array::Bool(a) => ("BOOL", a.iter().map(|&b| Json::Bool(b)).collect()),
        Array::Str(a) => ("BYTES", a.iter().map(|text| Json::str(text.as_str())).collect()),
        Array::Bytes(a) => ("BYTES", a.iter().map(|b| Json::str(String::from_utf8_lossy(b).as_ref())).collect()),
        other => {
            let text = |i| other.value(i).map_or(Json::Null, |value| Json::Str(numpy::str(&value).into()));
            ("BYTES", (0..other.len()).map(text).collect())
        }
    };
    Tensor { name, shape: array.shape().to_vec(), datatype, data }
}
