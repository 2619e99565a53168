//! CPython's own test vectors, where the folder beside the project that holds them is there.

#![allow(clippy::print_stderr)]

use std::path::Path;

#[test]
fn what_cpython_must_refuse_is_refused() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/hostile/cpython_vectors.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: no shared/hostile/cpython_vectors.json beside the project");
        return;
    };
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let vectors = document["vectors"].as_array().unwrap();
    let mut refused = 0;
    for vector in vectors {
        let hex = vector["hex"].as_str().unwrap();
        let bytes: Vec<u8> =
            (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect();
        let loaded = skpickle::load(bytes, &Default::default());
        if vector["kind"] == "must raise" {
            assert!(loaded.is_err(), "{} decodes {hex}", vector["test"]);
            refused += 1;
        }
    }
    assert!(refused >= 200, "{refused} vectors that must be refused");
}
