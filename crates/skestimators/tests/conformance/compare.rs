//! Answers against what scikit-learn answered.

use ndarray::{ArrayViewD, Axis};
use serde_json::{Value as Json, json};
use skestimators::{Array, Csr, Model, Output, Samples, Value};

use super::inputs;

/// How close numbers must be.
struct Bounds {
    rtol: f64,
    atol: f64,
}

/// Compares an answer with the recorded one; says where they part first.
pub(crate) fn output(want: &Json, got: &Output) -> Result<(), String> {
    let bounds = match (want["exact"].as_bool(), want["rtol"].as_f64(), want["atol"].as_f64()) {
        (Some(true), _, _) => Bounds { rtol: 0.0, atol: 0.0 },
        (_, Some(rtol), Some(atol)) => Bounds { rtol, atol },
        _ => return Err("the fixture does not say how close the numbers must be".into()),
    };
    if want["list"] == true && !matches!(got, Output::Arrays(_)) {
        return Err("a list of arrays is expected".into());
    }
    if want["list"] != true && matches!(got, Output::Arrays(_)) {
        return Err("one array is expected, not a list".into());
    }
    if let (Some(dtype), Output::Array(array)) = (want["dtype"].as_str(), got) {
        element_type(dtype, array)?;
    }
    let csr = &want["output"]["csr"];
    let want = if csr.is_null() { want["output"].clone() } else { dense(&inputs::csr(csr)?) };
    same(&want, &plain(got)?, &bounds, &mut Vec::new())
}

/// Compares `classes_`. Nothing recorded means that this version of the class did not show them.
pub(crate) fn classes(want: &Json, model: &Model) -> Result<(), String> {
    if want.is_null() {
        return Ok(());
    }
    let got: Vec<Json> = model.classes().iter().map(nested).collect();
    let got = match (got.len(), model.is_multi_output()) {
        (0, _) => Json::Null,
        (_, true) => Json::Array(got),
        (_, false) => got.into_iter().next().unwrap_or(Json::Null),
    };
    same(want, &got, &Bounds { rtol: 0.0, atol: 0.0 }, &mut Vec::new())
}

/// Whether an array holds elements of numpy's `dtype`, by kind.
fn element_type(dtype: &str, array: &Array) -> Result<(), String> {
    let kind = dtype.trim_start_matches(['<', '>', '|', '=']).chars().next().unwrap_or('?');
    let fits = match array {
        Array::F64(_) | Array::F32(_) => kind == 'f',
        Array::I64(_) => "iu".contains(kind),
        Array::Bool(_) => kind == 'b',
        // Python 2 kept text as bytes, and object arrays may be known to hold text alone.
        Array::Str(_) => "USO".contains(kind),
        Array::Bytes(_) => "SO".contains(kind),
        Array::Object(_) => kind == 'O',
        _ => false,
    };
    if fits { Ok(()) } else { Err(format!("elements of dtype {dtype} are expected, found {}", nested(array))) }
}

fn dense(csr: &Csr) -> Json {
    rows(&csr.to_dense().view().into_dyn(), &|x| float(*x))
}

/// A number as the fixtures have it.
fn float(x: f64) -> Json {
    match x {
        x if x.is_nan() => json!("NaN"),
        f64::INFINITY => json!("Infinity"),
        f64::NEG_INFINITY => json!("-Infinity"),
        x => json!(x),
    }
}

fn rows<T>(array: &ArrayViewD<'_, T>, element: &dyn Fn(&T) -> Json) -> Json {
    match array.ndim() {
        0 => array.iter().next().map_or(Json::Null, element),
        1 => array.iter().map(element).collect(),
        _ => array.axis_iter(Axis(0)).map(|part| rows(&part.into_dyn(), element)).collect(),
    }
}

fn latin(bytes: &[u8]) -> Json {
    Json::String(bytes.iter().map(|&b| char::from(b)).collect())
}

fn cell(value: &Value) -> Json {
    match value {
        Value::None => Json::Null,
        Value::Bool(b) => json!(b),
        Value::Int(n) => json!(n),
        Value::Float(x) => float(*x),
        Value::Str(text) => json!(**text),
        Value::Bytes(bytes) => latin(bytes),
    }
}

/// An entry of a record; keys are text.
fn entry((key, value): &(Value, Value)) -> (String, Json) {
    match key {
        Value::Str(text) => (text.to_string(), cell(value)),
        other => (cell(other).to_string(), cell(value)),
    }
}

fn nested(array: &Array) -> Json {
    match array {
        Array::F64(a) => rows(&a.view(), &|x| float(*x)),
        Array::F32(a) => rows(&a.view(), &|x| float((*x).into())),
        Array::I64(a) => rows(&a.view(), &|x| json!(x)),
        Array::Bool(a) => rows(&a.view(), &|x| json!(x)),
        Array::Str(a) => rows(&a.view(), &|x| json!(x)),
        Array::Bytes(a) => rows(&a.view(), &|x| latin(x)),
        Array::Object(a) => rows(&a.view(), &cell),
        _ => Json::Null,
    }
}

fn plain(output: &Output) -> Result<Json, String> {
    Ok(match output {
        Output::Array(array) | Output::Samples(Samples::Array(array)) => nested(array),
        Output::Arrays(arrays) => arrays.iter().map(nested).collect(),
        Output::Names(names) => json!(names),
        Output::Samples(Samples::Dense(x)) => rows(&x.view().into_dyn(), &|x| float(*x)),
        Output::Samples(Samples::Dense32(x)) => rows(&x.view().into_dyn(), &|x| float((*x).into())),
        Output::Samples(Samples::Sparse(x)) => dense(x),
        Output::Samples(Samples::Records(x)) => {
            x.iter().map(|record| record.iter().map(entry).collect::<Json>()).collect()
        }
        Output::Samples(Samples::Table(x)) => {
            let row = |i| x.columns().iter().map(|column| cell(&column.data.value(i))).collect::<Json>();
            (0..x.rows()).map(row).collect()
        }
        Output::Samples(Samples::Rows(x)) => x.iter().map(|row| row.iter().map(cell).collect::<Json>()).collect(),
        _ => return Err("an answer of a form that no fixture has".into()),
    })
}

fn same(want: &Json, got: &Json, bounds: &Bounds, at: &mut Vec<usize>) -> Result<(), String> {
    let differ = |want: &Json, got: &Json, at: &[usize]| Err(format!("{got} instead of {want} at {at:?}"));
    match (want, got) {
        (Json::Array(w), Json::Array(g)) => {
            if w.len() != g.len() {
                return Err(format!("{} elements instead of {} at {at:?}", g.len(), w.len()));
            }
            for (i, (w, g)) in w.iter().zip(g).enumerate() {
                at.push(i);
                same(w, g, bounds, at)?;
                at.pop();
            }
            Ok(())
        }
        (Json::Object(w), Json::Object(g)) if w.len() == g.len() => {
            for (key, w) in w {
                same(w, g.get(key).unwrap_or(&Json::Null), bounds, at)?;
            }
            Ok(())
        }
        (Json::Number(w), Json::Number(g)) => {
            let (w, g) = (w.as_f64().unwrap_or(f64::NAN), g.as_f64().unwrap_or(f64::NAN));
            let near = w == g || (w - g).abs() <= bounds.atol + bounds.rtol * w.abs();
            if near { Ok(()) } else { differ(want, got, at) }
        }
        _ if want == got => Ok(()),
        _ => differ(want, got, at),
    }
}
