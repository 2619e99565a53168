//! A valid model with some bytes changed, asked every method on a few rows: input that is nearly right reaches what random bytes never do.
//!
//! The first two bytes choose one of the models in `testdata/`, the rest are edits: place (two bytes) and new byte.
#![no_main]

use std::{fs, path::Path, sync::OnceLock};

use ndarray::Array2;
use skestimators::{Model, Samples};
use skpickle::Limits;

/// Small models that are not compressed, so that an edit means something.
fn models() -> &'static [Vec<u8>] {
    static MODELS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    MODELS.get_or_init(|| {
        let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata");
        let folders = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut files: Vec<_> = folders(&testdata).flat_map(|p| folders(&p).collect::<Vec<_>>()).collect();
        files = files.iter().flat_map(|case| folders(case).collect::<Vec<_>>()).collect();
        files.sort();
        let plain = |bytes: &Vec<u8>| bytes.first() == Some(&0x80) && bytes.len() < 8_192;
        let models: Vec<_> = files.iter().filter_map(|file| fs::read(file).ok()).filter(plain).collect();
        assert!(models.len() > 50, "testdata/ has few models");
        models
    })
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&[low, high], edits)) = data.split_first_chunk() else { return };
    let mut stream = models()[usize::from(u16::from_le_bytes([low, high])) % models().len()].clone();
    for edit in edits.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % stream.len();
        stream[at] = edit[2];
    }
    // What the usual limits allow takes seconds here.
    let limits = Limits { row_cost: 5_000_000, row_bytes: 4 << 20, ..Limits::default() };
    let Ok(graph) = skpickle::load(stream, &limits) else { return };
    let Ok(model) = Model::from_graph(&graph, None) else { return };
    let width = model.n_features_in().unwrap_or(4).min(1000);
    let values = [0.0, -1.5, 1e300, 3.0];
    let rows = Samples::from(Array2::from_shape_fn((3, width), |(row, column)| values[(row + column) % 4]));
    let text = Samples::Text(vec!["the quick brown fox".to_owned(), String::new()].into());
    for method in model.methods() {
        let _ = model.call(method, &rows);
        let _ = model.call(method, &text);
    }
});
