//! scikit-learn's estimators for inference, loaded straight from the files that `joblib.dump` and `pickle.dump` write.
//!
//! ```
//! use skestimators::{Model, Samples};
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/examples/iris_logistic.joblib");
//! let model = Model::from_path(path)?;
//! let y = model.predict(&Samples::from(ndarray::array![[5.1, 3.5, 1.4, 0.2]]))?;
//! assert_eq!(y.shape(), [1]);
//! # Ok::<(), skestimators::Error>(())
//! ```
//!
//! Nothing in a file is executed, whatever it holds: names are looked up in a closed table, and what is not in it is refused.

mod calibration;
mod cluster;
mod compose;
mod covariance;
mod cross_decomposition;
mod data;
mod decomposition;
mod discriminant_analysis;
mod dummy;
mod ensemble;
mod error;
mod estimator;
mod feature_extraction;
mod feature_selection;
mod frozen;
mod gaussian_process;
mod impute;
mod isotonic;
mod kernel_approximation;
mod kernel_ridge;
mod linear_model;
mod manifold;
mod math;
mod member;
mod method;
mod mixture;
mod model;
mod model_selection;
mod multiclass;
mod multioutput;
mod naive_bayes;
mod neighbors;
mod neural_network;
mod parts;
mod pipeline;
mod preprocessing;
mod random_projection;
mod registry;
mod semi_supervised;
mod state;
mod svm;
#[cfg(feature = "threads")]
mod threads;
mod transductive;
mod tree;
mod validation;
mod wording;

/// The README's example is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

pub use data::{Array, Column, ColumnData, Csr, Output, Record, Run, Samples, Table, Value};
pub use error::{Error, ErrorKind, Result};
pub use member::Member;
pub use method::Method;
pub use model::{Model, supported};
pub use state::RowCost;
