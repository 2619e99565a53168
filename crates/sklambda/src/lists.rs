//! Arrays as nested lists, as numpy's `tolist` gives them.

use ndarray::{ArrayViewD, Axis};
use skestimators::{Array, Model, Value};

use crate::{json::Json, python};

/// The elements in nested lists; `bytes` says what becomes of bytes, for which JSON has no type.
pub(crate) fn of(array: &Array, bytes: &dyn Fn(&[u8]) -> Json) -> Json {
    match array {
        Array::F64(a) => nested(&a.view(), &|x| Json::Float(*x)),
        Array::F32(a) => nested(&a.view(), &|x| Json::Float((*x).into())),
        Array::I64(a) => nested(&a.view(), &|n| Json::Int(*n)),
        Array::Bool(a) => nested(&a.view(), &|b| Json::Bool(*b)),
        Array::Str(a) => nested(&a.view(), &|text| Json::str(text.as_str())),
        Array::Bytes(a) => nested(&a.view(), &|b| bytes(b)),
        Array::Object(a) => nested(&a.view(), &|v| value(v, bytes)),
        // Every type that there is stands above.
        _ => Json::Null,
    }
}

/// One value.
pub(crate) fn value(value: &Value, bytes: &dyn Fn(&[u8]) -> Json) -> Json {
    match value {
        Value::None => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(n) => Json::Int(*n),
        Value::Float(x) => Json::Float(*x),
        Value::Str(text) => Json::str(&**text),
        Value::Bytes(b) => bytes(b),
    }
}

/// Labels of one output, or a list of them for each of several outputs; null where there are none.
pub(crate) fn classes(model: &Model) -> Json {
    let finite = |label| match label {
        Json::Float(x) if !x.is_finite() => Json::Null,
        label => label,
    };
    let bytes = |bytes: &[u8]| Json::Str(python::repr_bytes(bytes).into());
    let labels = |array: &Array| match of(array, &bytes) {
        Json::Array(items) => Json::Array(items.into_iter().map(finite).collect()),
        other => other,
    };
    match model.classes() {
        [] => Json::Null,
        [classes] if !model.is_multi_output() => labels(classes),
        many => Json::Array(many.iter().map(labels).collect()),
    }
}

/// Bytes as the text that they spell.
pub(crate) fn decoded(bytes: &[u8]) -> Json {
    Json::str(String::from_utf8_lossy(bytes).as_ref())
}

/// Numbers, rows or more; the ranks of answers are few.
pub(crate) fn nested<T>(array: &ArrayViewD<'_, T>, element: &dyn Fn(&T) -> Json) -> Json {
    match array.ndim() {
        0 => array.iter().next().map_or(Json::Null, element),
        1 => Json::Array(array.iter().map(element).collect()),
        _ => Json::Array(array.axis_iter(Axis(0)).map(|row| nested(&row, element)).collect()),
    }
}
