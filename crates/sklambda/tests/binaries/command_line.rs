//! Exit status and output of `invoke` and `predict`.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::models::{REQUEST, assert_answered, error, example, iris};

/// Runs the program with a text on its standard input.
fn run(arguments: &[&str], input: &str, model: Option<&Path>) -> Output {
    let path = model.and_then(Path::to_str).map(|path| ("SKLEARN_MODEL_PATH", path));
    run_with(arguments, input, path.as_slice())
}

/// The same with more of the environment.
fn run_with(arguments: &[&str], input: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sklambda"));
    command
        .args(arguments)
        .env_remove("SKLEARN_MODEL_PATH")
        .env_remove("STRICT_SEED")
        .envs(environment.iter().copied());
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that refuses its arguments does not read.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    process.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Status and body of an envelope on standard output.
fn envelope(output: &Output) -> (u64, String) {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    (answer["statusCode"].as_u64().unwrap(), answer["body"].as_str().unwrap().to_owned())
}

#[test]
fn invoke_answers_an_event() {
    let event = json!({ "body": REQUEST }).to_string();
    let by_argument = run(&["invoke", "--model", iris().to_str().unwrap()], &event, None);
    let by_variable = run(&["invoke"], &event, Some(&iris()));
    assert_eq!(by_argument.stdout, by_variable.stdout);
    let (status, body) = envelope(&by_argument);
    assert_eq!(status, 200);
    assert_answered(&body);
}

#[test]
fn invoke_answers_errors_too_and_succeeds() {
    let (status, body) = envelope(&run(&["invoke"], "{\"body\": \"{\"}", Some(&iris())));
    assert_eq!(status, 400);
    assert!(error(&body).starts_with("Failed to parse request body as JSON: "));
    let (status, body) = envelope(&run(&["invoke"], "{}", None));
    assert_eq!((status, error(&body).as_str()), (500, "Failed to load model: 'SKLEARN_MODEL_PATH'"));
    let (status, body) = envelope(&run(&["invoke"], "{}", Some(Path::new("/nowhere/model.pkl"))));
    assert_eq!(status, 500);
    assert!(error(&body).contains("[Errno 2] No such file or directory: '/nowhere/model.pkl'"));
}

#[test]
fn predict_answers_with_full_precision() {
    let model = iris();
    let arguments = ["predict", "--model", model.to_str().unwrap(), "--input", "-", "--method", "predict_proba"];
    let output = run(&arguments, "[[5.1, 3.5, 1.4, 0.2]]", None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected: Value = serde_json::from_slice(&std::fs::read(example("expected.json")).unwrap()).unwrap();
    let wanted = expected["models"]["iris_logistic.joblib"]["predict_proba"][0].as_array().unwrap().iter();
    for (got, wanted) in answer["output"][0].as_array().unwrap().iter().zip(wanted) {
        let (got, wanted) = (got.as_f64().unwrap(), wanted.as_f64().unwrap());
        assert!((got - wanted).abs() <= 1e-9 * wanted, "{got} {wanted}");
    }
}

#[test]
fn the_exit_status_tells_whose_fault_it_is() {
    let model = iris();
    let model = model.to_str().unwrap();
    let expected = example("expected.json");
    let rows = "[[5.1, 3.5, 1.4, 0.2]]";
    for (status, arguments, input, message) in [
        (0, vec!["predict", "--model", model, "--input", "-"], rows, ""),
        (2, vec!["predict", "--model", model], rows, "--input"),
        (2, vec!["predict", "--model", model, "--input", "-", "--method", "guess"], rows, "guess"),
        (2, vec!["conjecture"], rows, "conjecture"),
        (3, vec!["predict", "--model", expected.to_str().unwrap(), "--input", "-"], rows, ""),
        (4, vec!["predict", "--model", model, "--input", "-"], "[[1, 2, 3]]", "X has 3 features"),
        (4, vec!["predict", "--model", model, "--input", "-", "--method", "transform"], rows, "transform"),
        (4, vec!["predict", "--model", model, "--input", "-"], "[[1, 2", ""),
    ] {
        let output = run(&arguments, input, None);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?} {error}");
        assert!(error.contains(message), "{arguments:?} {error}");
        assert_eq!(error.is_empty(), status == 0, "{arguments:?} {error}");
        if matches!(status, 3 | 4) {
            assert_eq!(error.lines().count(), 1, "{arguments:?} {error}");
        }
    }
}

#[test]
fn the_only_estimator_of_a_bundle_is_taken_and_the_fact_is_said() {
    let model = example("bundle_of_one.joblib");
    let model = model.to_str().unwrap();
    let rows = "[[0.1, 0.2, 0.3, 0.4]]";
    let by_default = run(&["predict", "--model", model, "--input", "-"], rows, None);
    assert_eq!(by_default.status.code(), Some(0));
    let note = "note: the file holds a dict of 2; its only estimator [\"model\"] is asked\n";
    assert_eq!(text(&by_default.stderr), note);
    let named = run(&["predict", "--model", model, "--member", "[\"model\"]", "--input", "-"], rows, None);
    assert_eq!((named.stdout, text(&named.stderr)), (by_default.stdout, ""));
    let event = json!({ "body": r#"{"input": [[0.1, 0.2, 0.3, 0.4]]}"# }).to_string();
    assert_eq!(envelope(&run(&["invoke", "--model", model], &event, None)).0, 200);
}

#[test]
fn of_several_estimators_in_a_bundle_one_must_be_named() {
    let model = example("bundle_of_two.joblib");
    let model = model.to_str().unwrap();
    let refused = run(&["predict", "--model", model, "--input", "-"], "[[0, 0, 0, 0]]", None);
    assert_eq!(refused.status.code(), Some(3));
    let message = text(&refused.stderr);
    for part in [
        "2 estimators",
        "'[0][\"scaler\"]' (sklearn.preprocessing._data.StandardScaler)",
        "'[0][\"model\"]'",
        "--member",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let missing =
        run(&["predict", "--model", model, "--member", "[0][\"clf\"]", "--input", "-"], "[[0, 0, 0, 0]]", None);
    assert_eq!(missing.status.code(), Some(3));
    let event = json!({ "body": r#"{"input": [[0, 0, 0, 0]]}"# }).to_string();
    let (status, body) = envelope(&run(&["invoke", "--model", model], &event, None));
    assert_eq!(status, 500);
    assert!(error(&body).contains("SKLEARN_MODEL_MEMBER"), "{body}");
    let (status, _) =
        envelope(&run_with(&["invoke", "--model", model], &event, &[("SKLEARN_MODEL_MEMBER", "[0]['model']")]));
    assert_eq!(status, 200);
}
