//! A model inside WebAssembly, where there are no files: its bytes come from outside, and so could the rows.
//!
//!     rustup target add wasm32-wasip1
//!     cargo build -p skestimators --no-default-features --target wasm32-wasip1 --example wasm
//!     node examples/wasm.mjs target/wasm32-wasip1/debug/examples/wasm.wasm testdata/examples/iris_logistic.joblib
//!
//! A page in a browser does the same on `wasm32-unknown-unknown`, with `Model::from_bytes`.
#![allow(clippy::print_stdout)]

use skestimators::{Model, Samples};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = Model::from_reader(std::io::stdin().lock())?;
    let x = Samples::from(ndarray::array![[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]);
    let labels = model.predict(&x)?.to_f64().ok_or("the labels are no numbers")?;
    println!("{:?}", labels.iter().collect::<Vec<_>>());
    Ok(())
}
