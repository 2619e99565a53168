//! Batches in several threads are answered as in one.
//!
//! `cargo test` takes some models. All of `testdata/`, in an optimised build:
//!
//! ```sh
//! cargo test --profile fastrel -p skestimators --test threads -- --ignored --nocapture
//! ```
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "conformance/inputs.rs"]
mod inputs;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use ndarray::Array2;
use serde_json::Value as Json;
use skestimators::{ErrorKind, Method, Model, Samples};

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/examples/iris_mlp.joblib");

fn rows(count: usize) -> Array2<f64> {
    Array2::from_shape_fn((count, 4), |(i, j)| ((i * 7 + j * 13) % 80) as f64 / 10.0)
}

#[test]
fn several_threads_answer_as_one() {
    let one = Model::from_path(MODEL).unwrap();
    let four = one.clone().with_threads(4);
    for count in [1, 4_000, 30_001] {
        let x = Samples::from(rows(count));
        assert_eq!(one.predict(&x), four.predict(&x));
        for method in [Method::PredictProba, Method::PredictLogProba] {
            assert_eq!(one.call(method, &x), four.call(method, &x), "{method:?} of {count} rows");
        }
    }
}

#[test]
fn a_refusal_names_the_row_of_the_whole_batch() {
    let model = Model::from_path(MODEL).unwrap().with_threads(4);
    let mut x = rows(30_000);
    x[[29_000, 2]] = f64::INFINITY;
    let error = model.predict(&Samples::from(x)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("row 29000, column 2"), "{error}");
}

#[test]
fn documents_are_answered_in_several_threads_too() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/pipeline/Pipeline-text/1.9.1.joblib");
    let one = Model::from_path(path).unwrap();
    let three = one.clone().with_threads(3);
    let document = |i: usize| format!("{} good bad {} film the {}", i % 7, "a an and".repeat(i % 3), i % 11);
    let x = Samples::Text((0..9_000).map(document).collect());
    for method in one.methods() {
        assert_eq!(one.call(method, &x), three.call(method, &x), "{method:?}");
    }
}

/// Every model, with the samples that it was recorded with, over and over.
#[test]
#[ignore = "takes minutes"]
fn all_models_answer_as_in_one_thread() {
    const ROWS: usize = 9_500;
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    let (mut models, mut answers) = (0, 0);
    let mut other = Vec::new();
    for family in fs::read_dir(testdata).unwrap().flatten() {
        for case in fs::read_dir(family.path()).into_iter().flatten().flatten() {
            let Ok(text) = fs::read_to_string(case.path().join("expected.json")) else { continue };
            let expected: Json = serde_json::from_str(&text).unwrap();
            let (Some(input), Some(versions)) = (expected["inputs"].get("X"), expected["versions"].as_object()) else {
                continue;
            };
            let (Ok(rows), Some(entry)) = (inputs::cycled(input, ROWS), versions.values().next_back()) else {
                continue;
            };
            let (Ok(one), Some(few)) =
                (Model::from_path(case.path().join(entry["file"].as_str().unwrap())), rows.part(0..10))
            else {
                continue;
            };
            let three = one.clone().with_threads(3);
            models += 1;
            for method in one.methods().filter(|_| one.is_row_wise()) {
                // Some answers cost seconds.
                let begin = Instant::now();
                let _ = one.call(method, &few);
                if begin.elapsed() > Duration::from_micros(20) * few.rows() as u32 {
                    continue;
                }
                answers += 1;
                let (one, three) = (one.call(method, &rows), three.call(method, &rows));
                // NaN is equal to itself only in writing.
                if one != three && format!("{one:?}") != format!("{three:?}") {
                    other.push(format!("{} {method:?}", case.path().display()));
                }
            }
        }
    }
    println!("{models} models, {answers} answers");
    assert!(models > 700 && other.is_empty(), "{models} models; {other:#?}");
}
