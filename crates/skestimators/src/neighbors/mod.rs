//! `sklearn.neighbors`.

mod base;
mod classification;
mod metric;
mod order;
mod regression;
mod tree;
mod unsupervised;

pub(crate) use classification::{load_k as load_k_classifier, load_radius as load_radius_classifier};
pub(crate) use regression::{load_k as load_k_regressor, load_radius as load_radius_regressor};
pub(crate) use unsupervised::{load as load_nearest, load_k_transformer, load_radius_transformer};
