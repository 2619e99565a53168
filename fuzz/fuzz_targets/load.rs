//! A whole file: container, opcodes, numpy and joblib arrays; any bytes are a graph or a refusal.
#![no_main]

use skpickle::Limits;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let limits = Limits { decompressed_bytes: 16 << 20, window_bytes: 16 << 20, ..Limits::default() };
    let _ = skpickle::load(data.to_vec(), &limits);
});
