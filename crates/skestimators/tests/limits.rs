//! What a row may cost is bounded when a model is loaded, whatever decides it: parameters, or one array that is referred to often.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use skestimators::{ErrorKind, Model, Samples};
use skpickle::Limits;

fn load(bytes: Vec<u8>, limits: &Limits) -> Result<Model, String> {
    let graph = skpickle::load(bytes, limits).map_err(|e| e.to_string())?;
    Model::from_graph(&graph, None).map_err(|e| e.to_string())
}

/// A file of the newest version that a case has.
fn fixture(case: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(case);
    let files = std::fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path());
    let newest = files.filter(|path| path.extension().is_some_and(|end| end != "json")).max();
    std::fs::read(newest.unwrap()).unwrap()
}

#[test]
fn the_numbers_of_a_model_are_the_least_that_its_rows_cost() {
    let bytes = fixture("linear_model/LogisticRegressionCV-binary");
    let model = load(bytes.clone(), &Limits::default()).unwrap();
    let cost = model.row_cost();
    assert!(cost.steps >= model.n_features_in().unwrap() as u64 && cost.bytes == 0, "{cost:?}");
    let error = load(bytes, &Limits { row_cost: 1, ..Limits::default() }).unwrap_err();
    assert!(error.contains("one row would cost") && error.contains("limit row_cost"), "{error}");
}

#[test]
fn one_array_that_many_estimators_share_is_counted_for_each() {
    // A VotingRegressor of so many references to one regressor of 1,000 outputs.
    let cost = |references: usize| {
        let mut stream =
            b"\x80\x03csklearn.ensemble._voting\nVotingRegressor\n)\x81}(X\x0b\0\0\0estimators_](".to_vec();
        stream.extend(b"csklearn.linear_model._base\nLinearRegression\n)\x81}(X\x05\0\0\0coef_");
        stream.extend(b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01M\xe8\x03\x85cnumpy\ndtype\n");
        stream.extend(
            b"X\x02\0\0\0f8\x89\x88\x87R(K\x03X\x01\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89B\x40\x1f\0\0",
        );
        stream.extend([0; 8000]);
        stream.extend(b"tbX\x0a\0\0\0intercept_G\0\0\0\0\0\0\0\0X\x10\0\0\0_sklearn_versionX\x05\0\0\x001.5.2ubq\x01");
        stream.extend(b"h\x01".repeat(references - 1));
        stream.extend(b"eX\x0a\0\0\0estimators](");
        for _ in 0..references {
            stream.extend(b"X\x01\0\0\0ah\x01\x86");
        }
        stream.extend(b"eX\x07\0\0\0weightsNX\x10\0\0\0_sklearn_versionX\x05\0\0\x001.5.2ub.");
        load(stream, &Limits::default()).unwrap().row_cost().steps
    };
    let (few, many) = (cost(2), cost(20));
    assert!(few >= 2_000 && many >= 20_000, "{few}, {many}");
}

/// An `AdditiveChi2Sampler`, which makes `2 * sample_steps - 1` columns of each of its features.
fn sampler(steps: u16, features: u32) -> Vec<u8> {
    let mut stream =
        b"\x80\x02csklearn.kernel_approximation\nAdditiveChi2Sampler\n)\x81}(X\x0c\0\0\0sample_stepsM".to_vec();
    stream.extend(steps.to_le_bytes());
    stream.extend(b"X\x0f\0\0\0sample_intervalG?\xe0\0\0\0\0\0\0X\x0e\0\0\0n_features_in_J");
    stream.extend(features.to_le_bytes());
    stream.extend(b"ub.");
    stream
}

#[test]
fn a_parameter_cannot_ask_for_more_memory_than_a_row_may_have() {
    let error = load(sampler(u16::MAX, 1 << 10), &Limits::default()).unwrap_err();
    assert!(error.contains("AdditiveChi2Sampler") && error.contains("limit row_bytes"), "{error}");
    let error = load(sampler(u16::MAX, 1 << 8), &Limits { row_cost: 1 << 20, ..Limits::default() }).unwrap_err();
    assert!(error.contains("limit row_cost"), "{error}");
}

#[test]
fn more_rows_than_there_is_memory_for_are_refused() {
    let model = load(sampler(3, 2), &Limits { call_bytes: 4_000, ..Limits::default() }).unwrap();
    let rows = |n| Samples::from(ndarray::Array2::from_elem((n, 2), 0.5));
    assert!(model.transform(&rows(10)).is_ok());
    let error = model.transform(&rows(1_000)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("limit call_bytes"), "{error}");
}
