//! A whole file: container, opcodes, numpy and joblib arrays; any bytes are a graph or a refusal, and the same when they are read in pieces, or
//! while they come.
#![no_main]

use skpickle::Limits;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let limits = Limits { decompressed_bytes: 16 << 20, window_bytes: 16 << 20, ..Limits::default() };
    let whole = skpickle::load(data.to_vec(), &limits);
    if data.first() == Some(&0x80) {
        if let Some(came) = skpickle::load_coming(data, &limits) {
            assert!(whole.as_ref().is_ok_and(|whole| whole.dump() == came.dump()));
        }
        let pieces = skpickle::load_in_pieces(data.to_vec(), &limits);
        match (whole, pieces) {
            (Ok(whole), Ok(pieces)) => assert!(whole.dump() == pieces.dump()),
            (whole, pieces) => assert_eq!(whole.err().map(|e| e.to_string()), pieces.err().map(|e| e.to_string())),
        }
    }
});
