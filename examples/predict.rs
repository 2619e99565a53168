//! Labels and probabilities for two rows.
//!
//!     cargo run -p skestimators --example predict -- testdata/examples/iris_logistic.joblib
#![allow(clippy::print_stdout)]

use skestimators::{Model, Samples};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "testdata/examples/iris_logistic.joblib".into());
    let model = Model::from_path(path)?;
    let x = Samples::from(ndarray::array![[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]);
    println!("{:?}", model.predict(&x)?);
    println!("{:?}", model.predict_proba(&x)?);
    Ok(())
}
