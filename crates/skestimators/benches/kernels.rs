//! One small model for each kernel (`testdata/kernels`): a row, and a batch.
#![allow(clippy::unwrap_used)]

use divan::{Bencher, counter::ItemsCount};
use ndarray::Array2;
use skestimators::{Model, Samples};

fn main() {
    divan::main();
}

/// Trees, GEMV and GEMM, the RBF kernel, neighbours, the tokeniser.
const MODELS: [&str; 9] =
    ["logistic", "mlp", "forest", "boosting", "histogram_boosting", "svc", "knn_brute", "knn_kd", "tfidf"];

fn path(name: &str) -> String {
    format!("{}/../../testdata/kernels/{name}.joblib", env!("CARGO_MANIFEST_DIR"))
}

/// Made-up numbers, or documents of made-up words.
fn rows(model: &Model, count: usize) -> Samples {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let Some(columns) = model.n_features_in() else {
        let syllables = ["ka", "lo", "mi", "ter", "an", "ve", "su", "ron"];
        let mut word = || (0..2).map(|_| syllables[next() as usize % syllables.len()]).collect();
        return Samples::Text((0..count).map(|_| (0..50).map(|_| word()).collect::<Vec<String>>().join(" ")).collect());
    };
    Array2::from_shape_simple_fn((count, columns), || next() as f64 / f64::from(1 << 29) - 2.0).into()
}

fn predict(bencher: Bencher<'_, '_>, name: &str, count: usize) {
    let model = Model::from_path(path(name)).unwrap();
    let x = rows(&model, count);
    bencher.counter(ItemsCount::new(count)).bench(|| model.predict(divan::black_box(&x)).unwrap());
}

#[divan::bench(args = MODELS)]
fn one_row(bencher: Bencher<'_, '_>, name: &str) {
    predict(bencher, name, 1);
}

#[divan::bench(args = MODELS)]
fn batch_of_1000(bencher: Bencher<'_, '_>, name: &str) {
    predict(bencher, name, 1000);
}

#[divan::bench(args = MODELS)]
fn load(bencher: Bencher<'_, '_>, name: &str) {
    let bytes = std::fs::read(path(name)).unwrap();
    bencher.with_inputs(|| bytes.clone()).bench_values(|bytes| Model::from_bytes(bytes).unwrap());
}
