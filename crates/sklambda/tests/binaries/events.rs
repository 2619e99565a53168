//! Golden events, each with the answer that its sender expects.

use std::path::Path;

use serde_json::Value;
use sklambda::{Handler, Settings};

use crate::models::{assert_same, iris};

/// Compares an answer with a golden one; a body that is JSON text is compared as JSON.
#[track_caller]
pub(crate) fn assert_golden(got: &Value, wanted: &Value, name: &str) {
    let open = |answer: &Value| {
        let mut answer = answer.clone();
        let body = answer.get("body").and_then(Value::as_str).and_then(|text| serde_json::from_str(text).ok());
        if let Some(body) = body {
            answer["body"] = body;
        }
        answer
    };
    assert_same(&open(got), &open(wanted), name);
}

#[test]
fn every_event_is_answered_in_its_senders_form() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/events");
    let model = iris();
    let settings = || Settings { name: "iris_logistic".into(), ..Settings::default() };
    let handler = {
        let model = model.clone();
        Handler::new(move || sklambda::load(model.to_str())).with(settings())
    };
    let strict = Handler::new(move || sklambda::load(model.to_str())).with(settings()).strict(true);
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let golden: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let event = golden["event"].to_string();
        let answer: Value = serde_json::from_str(&handler.handle(event.as_bytes()).to_envelope()).unwrap();
        assert_golden(&answer, &golden["answer"], name);
        // With the toolkit's own rules an event is its body or nothing, whatever is around it.
        let strict: Value = serde_json::from_str(&strict.handle(event.as_bytes()).to_envelope()).unwrap();
        let keys: Vec<&str> = strict.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["body", "isBase64Encoded", "statusCode"], "{name}");
        let plain = golden["event"]["body"].as_str().is_some_and(|body| body.contains("\"input\": [["));
        assert_eq!(strict["statusCode"] == 200, plain, "{name}: {strict}");
        count += 1;
    }
    assert!(count >= 38, "only {count} events");
}

/// Events written to do harm, and inputs of the fuzzer's targets `request` and `event` that once did.
#[test]
fn what_was_found_by_fuzzing_stays_mended() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/regressions");
    let model = iris();
    let handler = Handler::new(move || sklambda::load(model.to_str()));
    let mut files = 0;
    for target in ["request", "event"] {
        let Ok(folder) = std::fs::read_dir(root.join(target)) else { continue };
        for file in folder.flatten() {
            let bytes = std::fs::read(file.path()).unwrap();
            for answer in [handler.handle(&bytes), handler.handle_body(&bytes)] {
                assert!(!answer.body.contains("internal error"), "{}: {}", file.path().display(), answer.body);
                let envelope: Value = serde_json::from_str(&answer.to_envelope()).unwrap();
                assert!(!envelope.is_null(), "{}", file.path().display());
            }
            files += 1;
        }
    }
    assert!(files > 4, "only {files} events");
}
