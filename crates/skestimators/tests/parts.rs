//! A large batch passes through a pipeline in parts, and is answered as if it did not.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, Axis, Slice};
use skestimators::{ErrorKind, Method, Model, Samples};

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/pipeline/Pipeline-logistic/1.9.1.joblib");

fn rows(model: &Model, count: usize) -> Array2<f64> {
    let columns = model.n_features_in().unwrap();
    Array2::from_shape_fn((count, columns), |(i, j)| ((i * 7 + j * 13) % 80) as f64 / 10.0)
}

fn numbers(model: &Model, method: Method, x: Array2<f64>) -> Vec<f64> {
    let answer = model.call(method, &Samples::from(x)).unwrap();
    answer.into_array().unwrap().to_f64().unwrap().into_iter().collect()
}

#[test]
fn parts_are_answered_as_the_whole() {
    let model = Model::from_path(MODEL).unwrap();
    for count in [271, 272, 1_300] {
        let x = rows(&model, count);
        for method in [Method::PredictProba, Method::DecisionFunction] {
            let whole = numbers(&model, method, x.clone());
            let mut apart = Vec::new();
            for start in (0..count).step_by(100) {
                let part = x.slice_axis(Axis(0), Slice::from(start..count.min(start + 100)));
                apart.extend(numbers(&model, method, part.to_owned()));
            }
            assert_eq!(whole.len(), apart.len(), "{method:?}");
            let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * a.abs().max(1.0);
            assert!(whole.iter().zip(&apart).all(near), "{method:?} of {count} rows");
        }
    }
}

#[test]
fn a_refusal_names_the_row_of_the_whole_batch() {
    let model = Model::from_path(MODEL).unwrap();
    let mut x = rows(&model, 1_300);
    x[[1_111, 1]] = f64::NAN;
    let error = model.predict(&Samples::from(x)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("row 1111, column 1"), "{error}");
}
