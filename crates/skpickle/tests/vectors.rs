//! Streams without globals, held against CPython's own unpickler: what is accepted has its value, what it refuses is refused.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{canonical, unhex};

/// What this reader refuses on purpose though CPython accepts it: lone surrogates, a number spelled as no pickler does,
/// several types of equal keys, nested tuples as keys, more than 40 levels.
fn refused_on_purpose(message: &str) -> bool {
    ["UTF-8", "is no integer", "is no number", "a copy in text mode", "no character", "unhashable"]
        .iter()
        .any(|m| message.contains(m))
}

#[test]
fn streams_without_globals_agree_with_cpython() {
    let vectors: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(include_str!("vectors.json")).unwrap();
    assert!(vectors.len() > 1_500, "{} vectors", vectors.len());
    let (mut same, mut beyond) = (0, 0);
    for (stream, expected) in &vectors {
        match (skpickle::load(unhex(stream), &Default::default()), expected.as_str()) {
            (Ok(graph), Some(value)) => {
                let ours = canonical(&graph.root());
                assert_eq!(ours.as_deref(), Some(value), "{stream}");
                same += 1;
            }
            // A dump with a changed byte may name a global, which this reader keeps as a name.
            (Ok(graph), None) => {
                let plain = canonical(&graph.root());
                let named = graph.names().next().is_some();
                assert!(named, "CPython refuses {stream}, here it is {plain:?}");
            }
            (Err(error), Some(value)) => {
                assert!(refused_on_purpose(error.message()), "{stream}: expected {value}, refused: {error}");
                beyond += 1;
            }
            (Err(error), None) => assert!(!error.message().is_empty()),
        }
    }
    assert!(same > 500 && beyond < 30, "{same} equal, {beyond} refused beyond CPython");
}
