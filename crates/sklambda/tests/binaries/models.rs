//! The example models, and what scikit-learn says about them.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A request for the models fitted on iris.
pub(crate) const REQUEST: &str = r#"{"input": [[5.1, 3.5, 1.4, 0.2]], "return_probabilities": true}"#;

/// A model of the repository that the README and the examples use.
pub(crate) fn example(name: &str) -> PathBuf {
    testdata("examples", name)
}

/// A dict or list with estimators in it.
pub(crate) fn bundle(name: &str) -> PathBuf {
    testdata("bundles", name)
}

/// A model of the kinds that the page has forms for.
pub(crate) fn page(name: &str) -> PathBuf {
    testdata("page", name)
}

fn testdata(folder: &str, name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(folder).join(name);
    assert!(path.is_file(), "{} is missing", path.display());
    path
}

/// The model that most tests serve.
pub(crate) fn iris() -> PathBuf {
    example("iris_logistic.joblib")
}

/// Asserts that a body is what scikit-learn answers [`REQUEST`] with.
#[track_caller]
pub(crate) fn assert_answered(body: &str) {
    let answer: Value = serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {body}"));
    let expected: Value = serde_json::from_slice(&std::fs::read(example("expected.json")).unwrap()).unwrap();
    let model = &expected["models"]["iris_logistic.joblib"];
    assert_eq!(answer["prediction"], serde_json::json!([model["predict"][0]]), "{body}");
    for (class, wanted) in model["predict_proba"][0].as_array().unwrap().iter().enumerate() {
        let (got, wanted) = (answer["probabilities"][0][class.to_string()].as_f64(), wanted.as_f64().unwrap());
        assert!(got.is_some_and(|got| (got - wanted).abs() <= 1e-9 * wanted), "{body}");
    }
}

/// The text of a body's `error`.
#[track_caller]
pub(crate) fn error(body: &str) -> String {
    let answer: Value = serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {body}"));
    answer["error"].as_str().unwrap_or_else(|| panic!("no error: {body}")).to_owned()
}

/// Asserts that two JSON values are equal but for the last digits of floats.
#[track_caller]
pub(crate) fn assert_same(got: &Value, wanted: &Value, what: &str) {
    assert!(same(got, wanted), "{what}\n     got {got}\nexpected {wanted}");
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            a.is_finite() && (a - b).abs() <= 1e-9 * b.abs()
        }
        _ => a == b,
    }
}
