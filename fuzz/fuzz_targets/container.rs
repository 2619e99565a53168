//! Compression and other programs' formats: any bytes are opened within the limits, or refused.
#![no_main]

use skpickle::Limits;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let limits = Limits { decompressed_bytes: 16 << 20, window_bytes: 16 << 20, ..Limits::default() };
    let opened = skpickle::open_container(data.to_vec(), &limits);
    assert!(opened.map_or(true, |stream| stream.len() <= 16 << 20));
});
