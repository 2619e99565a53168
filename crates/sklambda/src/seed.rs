//! The Python toolkit's own dialect: its checks in their order, its words, its conversions.

use skestimators::{Array, Method, Model, Output, Samples};

use crate::{
    handler::{Loaded, Response},
    json::{Json, Text},
    lists, numpy, python, samples,
};

/// Characters of a request that are echoed at most.
const ECHO: usize = 512;

/// Answers a request.
pub(crate) fn answer(loaded: &Loaded, request: &Json) -> Response {
    let Some(input) = request.get("input") else {
        let mut message = Text::from("Failed to find an 'input' key in request body: ");
        message.push_bytes(python::str(request).cut(ECHO).bytes());
        return Response::error(400, message);
    };
    let flag = |name: &str, default: bool| request.get(name).map_or(default, Json::truthy);
    let (prediction, probabilities) = (flag("return_prediction", true), flag("return_probabilities", false));
    if !prediction && !probabilities {
        return Response::error(400, "Must either specify return_prediction: True or return_probabilities: True");
    }
    let mut entries = Vec::new();
    let mut x = None;
    if prediction {
        match predict(loaded, input, &mut x) {
            Ok(value) => entries.push((Text::from("prediction"), value)),
            Err(e) => return Response::error(500, format!("Failed to get model prediction: {e}")),
        }
    }
    if probabilities {
        match predict_proba(loaded, input, &mut x) {
            Ok(value) => entries.push((Text::from("probabilities"), value)),
            Err(e) => return Response::error(500, format!("Failed to get model probabilities: {e}")),
        }
    }
    Response { status: 200, body: Json::Object(entries).dumps(true) }
}

/// The model, if it is one that has the method.
fn model(loaded: &Loaded, method: Method) -> Result<&Model, String> {
    let lacks = |class: &str| Err(format!("'{class}' object has no attribute '{}'", method.name()));
    match loaded {
        Loaded::Model(model) => model.require(method).map(|()| model).map_err(|e| e.to_string()),
        Loaded::Nothing => lacks("NoneType"),
        Loaded::Other(class) => lacks(class),
    }
}

/// The input as samples, made once for both methods.
fn enter<'x>(input: &Json, x: &'x mut Option<Samples>) -> Result<&'x Samples, String> {
    if x.is_none() {
        *x = Some(samples::from_json(input)?);
    }
    x.as_ref().ok_or_else(String::new)
}

/// The refusal of an input, with the array printed as numpy prints it.
fn refusal(error: &skestimators::Error, input: &Json) -> String {
    let text = error.to_string();
    let Some((before, after)) = text.split_once("\narray of ") else { return text };
    match after.split_once(" values.") {
        Some((_, after)) if before.starts_with("Expected 2D array") => {
            format!("{before}\narray={}.{after}", numpy::print_input(input))
        }
        _ => text,
    }
}

fn predict(loaded: &Loaded, input: &Json, x: &mut Option<Samples>) -> Result<Json, String> {
    let model = model(loaded, Method::Predict)?;
    let prediction = model.predict(enter(input, x)?).map_err(|e| refusal(&e, input))?;
    to_list(&prediction)
}

/// `prediction.tolist()`, bytes decoded before; those among objects are left, and become text as Python prints them.
fn to_list(array: &Array) -> Result<Json, String> {
    if let Array::Bytes(labels) = array {
        for label in labels {
            if let Some(at) = label.iter().position(|b| !b.is_ascii()) {
                let byte = label[at];
                return Err(format!(
                    "'ascii' codec can't decode byte 0x{byte:02x} in position {at}: ordinal not in range(128)"
                ));
            }
        }
        return Ok(lists::of(array, &lists::decoded));
    }
    Ok(lists::of(array, &|bytes| Json::Str(python::repr_bytes(bytes).into())))
}

fn predict_proba(loaded: &Loaded, input: &Json, x: &mut Option<Samples>) -> Result<Json, String> {
    let model = model(loaded, Method::PredictProba)?;
    let probabilities = model.predict_proba(enter(input, x)?).map_err(|e| refusal(&e, input))?;
    // `map(str, classes_)`: of several outputs, `classes_` is a list of arrays.
    let keys: Vec<String> = match model.classes() {
        [] => return Err(format!("'{}' object has no attribute 'classes_'", model.class())),
        [classes] if !model.is_multi_output() => numpy::labels(classes),
        many => many.iter().map(numpy::print).collect(),
    };
    let rows = match &probabilities {
        Output::Array(array) => rows(array),
        // One array an output, where the toolkit expects one row a sample: its rows are then printed as text.
        Output::Arrays(arrays) => arrays.iter().map(printed_rows).collect(),
        _ => return Err("probabilities of a form that has no JSON text".into()),
    };
    Ok(Json::Array(rows.into_iter().map(|row| zip(&keys, row)).collect()))
}

/// `dict(zip(keys, row))`: as long as the shorter one; of equal keys the last counts.
fn zip(keys: &[String], row: Vec<Json>) -> Json {
    let mut entries: Vec<(Text, Json)> = keys.iter().map(|key| Text::from(key.as_str())).zip(row).collect();
    // The writer sorts by key, and the sort is stable: of equal keys the last one is kept.
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries.reverse();
    entries.dedup_by(|later, earlier| later.0 == earlier.0);
    Json::Object(entries)
}

/// Rows of probabilities. Those that are no Python floats become text, as `default=str` makes them.
fn rows(array: &Array) -> Vec<Vec<Json>> {
    match array {
        Array::F64(a) => a.outer_iter().map(|row| row.iter().map(|&p| Json::Float(p)).collect()).collect(),
        Array::F32(a) => {
            a.outer_iter().map(|row| row.iter().map(|&p| Json::Str(numpy::float32(p).into())).collect()).collect()
        }
        other => {
            let text = |i| other.value(i).map_or(Json::Null, |value| Json::Str(numpy::str(&value).into()));
            let width = other.shape().get(1).copied().unwrap_or(1).max(1);
            let cells: Vec<usize> = (0..other.len()).collect();
            cells.chunks(width).map(|row| row.iter().map(|&i| text(i)).collect()).collect()
        }
    }
}

/// `str(row)` of every row.
fn printed_rows(array: &Array) -> Vec<Json> {
    let text = |row: Array| Json::Str(numpy::print(&row).into());
    match array {
        Array::F64(a) => a.outer_iter().map(|row| text(Array::F64(row.to_owned()))).collect(),
        Array::F32(a) => a.outer_iter().map(|row| text(Array::F32(row.to_owned()))).collect(),
        _ => Vec::new(),
    }
}
