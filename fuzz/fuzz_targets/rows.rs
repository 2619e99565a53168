//! The readers of `sklambda predict`: CSV, TSV, JSON, JSON lines, texts, .npy and .npz, and a model asked with what they read.
#![no_main]

use std::{path::Path, sync::OnceLock};

use skestimators::Model;

fn models() -> &'static [Model] {
    static MODELS: OnceLock<Vec<Model>> = OnceLock::new();
    MODELS.get_or_init(|| {
        let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata");
        let model = |path| Model::from_path(testdata.join(path)).expect("a model of testdata/");
        include_str!("../rows.models").lines().map(model).collect()
    })
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    sklambda::cli::answer_rows(data, models());
});
