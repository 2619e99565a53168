//! A large batch passes through a pipeline in parts, and is answered as if it did not.
#![allow(clippy::unwrap_used)]

#[path = "conformance/inputs.rs"]
#[allow(dead_code)]
mod inputs;

use std::{fs, path::Path};

use ndarray::{Array2, Axis, Slice};
use serde_json::Value as Json;
use skestimators::{ErrorKind, Method, Model, Output, Samples, Value};

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
fn samples_of_every_kind_pass_in_parts() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/pipeline");
    for case in ["Pipeline-frame", "Pipeline-encoder", "Pipeline-records", "Pipeline-sparse", "Pipeline-text"] {
        let expected = fs::read_to_string(testdata.join(case).join("expected.json")).unwrap();
        let expected: Json = serde_json::from_str(&expected).unwrap();
        let file = expected["versions"]["1.9.1"]["file"].as_str().unwrap();
        let model = Model::from_path(testdata.join(case).join(file)).unwrap();
        let x = inputs::cycled(&expected["inputs"]["X"], 1_300).unwrap();
        let method = if model.has(Method::Predict) { Method::Predict } else { Method::Transform };
        let values = |x: &Samples| -> Vec<Value> {
            let answer = match model.call(method, x).unwrap() {
                Output::Samples(Samples::Sparse(x)) => x.to_dense().into(),
                answer => answer.into_array().unwrap(),
            };
            (0..answer.len()).filter_map(|i| answer.value(i)).collect()
        };
        let apart: Vec<Value> =
            (0..1_300).step_by(100).flat_map(|start| values(&x.part(start..start + 100).unwrap())).collect();
        assert_eq!(values(&x), apart, "{case}");
        assert_eq!((x.part(1_300..1_300).map(|x| x.rows()), x.part(1_200..1_301)), (Some(0), None), "{case}");
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
