//! A request's way through the handler: JSON in, JSON out.
#![allow(clippy::unwrap_used)]

use divan::{Bencher, counter::ItemsCount};
use sklambda::Handler;

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 1000])]
fn event(bencher: Bencher<'_, '_>, rows: usize) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/kernels/logistic.joblib");
    let handler = Handler::new(move || sklambda::load(Some(path)));
    let row: Vec<f64> = (0..20).map(|i| f64::from(i) / 7.0 - 1.0).collect();
    let body = serde_json::json!({"input": vec![row; rows], "return_probabilities": true}).to_string();
    let event = serde_json::json!({"httpMethod": "POST", "path": "/", "body": body}).to_string();
    assert_eq!(handler.handle(event.as_bytes()).status, 200);
    bencher.counter(ItemsCount::new(rows)).bench(|| handler.handle(divan::black_box(event.as_bytes())).to_envelope());
}
