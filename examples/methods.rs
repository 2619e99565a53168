//! What a model file holds and can be asked.
//!
//!     cargo run -p skestimators --example methods -- testdata/examples/iris_pipeline.pkl
#![allow(clippy::print_stdout)]

use skestimators::Model;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "testdata/examples/iris_pipeline.pkl".into());
    let model = Model::from_path(path)?;
    println!("{} of scikit-learn {}", model.key(), model.sklearn_version().unwrap_or("unknown"));
    println!("features: {:?} {:?}", model.n_features_in(), model.feature_names_in());
    println!("classes: {:?}", model.classes());
    let methods: Vec<&str> = model.methods().map(skestimators::Method::name).collect();
    println!("methods: {}", methods.join(", "));
    Ok(())
}
