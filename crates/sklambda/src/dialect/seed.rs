//! The Python toolkit's own dialect: its checks in their order, its words, its conversions.

use skestimators::{Array, Method, Model, Output, Samples};

use crate::{
    handler::{Loaded, Service},
    http::Response,
    json::{Json, Text},
    lists, numpy, python, samples,
};

/// Characters of a request that are echoed at most.
const ECHO: usize = 512;

/// The refusal of a body that is no JSON, with the message of Python's exception.
pub(crate) fn unreadable(message: &str) -> Response {
    Response::error(400, format!("Failed to parse request body as JSON: {message}"))
}

/// Answers a request.
pub(crate) fn answer(service: &Service, request: &Json) -> Response {
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
    let most = service.settings.most_rows;
    if let Json::Array(rows) = input
        && rows.len() > most
        && !service.settings.strict
    {
        return Response::error(413, format!("{} rows are more than the {most} that are taken at a time", rows.len()));
    }
    let mut entries = Vec::new();
    let mut x = None;
    if prediction {
        match predict(service, input, &mut x) {
            Ok(value) => entries.push((Text::from("prediction"), value)),
            Err(e) => return Response::error(500, format!("Failed to get model prediction: {e}")),
        }
    }
    if probabilities {
        match predict_proba(service, input, &mut x) {
            Ok(value) => entries.push((Text::from("probabilities"), value)),
            Err(e) => return Response::error(500, format!("Failed to get model probabilities: {e}")),
        }
    }
    let rows = x.as_ref().map_or(0, Samples::rows);
    Response::bare(200, Json::Object(entries).dumps(true)).of_rows(rows)
}

/// The model, if it is one that has the method.
fn model(loaded: &Loaded, method: Method) -> Result<&Model, String> {
    let lacks = |class: &str| Err(format!("'{class}' object has no attribute '{}'", method.name()));
    match loaded {
        Loaded::Model(model, _) => model.require(method).map(|()| model).map_err(|e| e.to_string()),
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

fn predict(service: &Service, input: &Json, x: &mut Option<Samples>) -> Result<Json, String> {
    let model = model(&service.loaded, Method::Predict)?;
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

fn predict_proba(service: &Service, input: &Json, x: &mut Option<Samples>) -> Result<Json, String> {
    let model = model(&service.loaded, Method::PredictProba)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Handler, load};

    fn ask(body: &str) -> Response {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/examples/iris_logistic.joblib");
        let event = Json::Object(vec![("body".into(), Json::str(body))]).dumps(false);
        Handler::new(move || load(Some(path))).handle(event.as_bytes())
    }

    #[test]
    fn an_answer() {
        let answer = ask(r#"{"input": [[5.1, 3.5, 1.4, 0.2]]}"#);
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"prediction": [0]}"#));
        let answer =
            ask(r#"{"input": [[5.1, 3.5, 1.4, 0.2]], "return_prediction": false, "return_probabilities": "no"}"#);
        assert!(answer.body.starts_with(r#"{"probabilities": [{"0": 0.9"#), "{}", answer.body);
    }

    #[test]
    fn the_checks_in_their_order() {
        let error = |body: &str| {
            let answer = ask(body);
            let body = crate::json::parse(&answer.body.as_str().into()).unwrap();
            let Some(Json::Str(text)) = body.get("error") else { panic!("no error") };
            (answer.status, text.as_str().unwrap().to_owned())
        };
        for (body, status, message) in [
            (
                "{",
                400,
                "Failed to parse request body as JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
            ),
            ("5", 400, "Failed to find an 'input' key in request body: 5"),
            ("[\"input\"]", 400, "Failed to find an 'input' key in request body: ['input']"),
            (
                r#"{"input": [], "return_prediction": 0}"#,
                400,
                "Must either specify return_prediction: True or return_probabilities: True",
            ),
            (
                r#"{"input": [[1, 2]]}"#,
                500,
                "Failed to get model prediction: X has 2 features, but LogisticRegression is expecting 4 features as input.",
            ),
            (
                r#"{"input": [1, 2.5]}"#,
                500,
                "Failed to get model prediction: Expected 2D array, got 1D array instead:\narray=[1.  2.5].\nReshape your data either \
                 using array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1) if it contains a single sample.",
            ),
            (
                r#"{"input": [[1, 2], [3]]}"#,
                500,
                "Failed to get model prediction: setting an array element with a sequence. The requested array has an inhomogeneous \
                 shape after 1 dimensions. The detected shape was (2,) + inhomogeneous part.",
            ),
        ] {
            assert_eq!(error(body), (status, message.to_owned()), "{body}");
        }
        let (status, message) = error(&format!("{{\"x\": \"{}\"}}", "é".repeat(1000)));
        assert_eq!((status, message.chars().count()), (400, 47 + ECHO + 3));
    }

    #[test]
    fn of_equal_keys_the_last_counts() {
        let row =
            zip(&["1".into(), "0".into(), "1".into(), "2".into()], vec![Json::Int(1), Json::Int(2), Json::Int(3)]);
        assert_eq!(row.dumps(true), r#"{"0": 2, "1": 3}"#);
    }

    #[test]
    fn one_array_an_output_is_printed_row_by_row() {
        let array = Array::from(ndarray::array![[0.25, 0.75], [1.0, 0.0]]);
        assert_eq!(Json::Array(printed_rows(&array)).dumps(true), r#"["[0.25 0.75]", "[1. 0.]"]"#);
    }
}
