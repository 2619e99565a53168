//! Batches in several threads are answered as in one.
#![allow(clippy::unwrap_used)]

use ndarray::Array2;
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
