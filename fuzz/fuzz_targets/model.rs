//! A whole file made a model, and every method that it says it has asked on a few rows.
#![no_main]

use ndarray::Array2;
use skestimators::{Model, Samples};
use skpickle::Limits;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let limits = Limits {
        decompressed_bytes: 16 << 20,
        window_bytes: 16 << 20,
        // What the usual limits allow takes seconds here.
        row_cost: 5_000_000,
        row_bytes: 4 << 20,
        ..Limits::default()
    };
    let Ok(graph) = skpickle::load(data.to_vec(), &limits) else { return };
    let Ok(model) = Model::from_graph(&graph, None) else { return };
    let width = model.n_features_in().unwrap_or(4).min(1000);
    let values = [0.0, -1.5, 1e300, 3.0];
    let rows = Samples::from(Array2::from_shape_fn((3, width), |(row, column)| values[(row + column) % 4]));
    for method in model.methods() {
        let _ = model.call(method, &rows);
    }
});
