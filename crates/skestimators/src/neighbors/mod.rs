//! `sklearn.neighbors`.

mod approximate;
pub(crate) mod base;
mod classification;
mod kde;
mod lof;
mod metric;
mod nca;
mod nearest_centroid;
pub(crate) mod order;
mod regression;
mod tree;
mod unsupervised;

pub(crate) use approximate::load as load_lsh_forest;
pub(crate) use base::MERGED;
pub(crate) use classification::{load_k as load_k_classifier, load_radius as load_radius_classifier};
pub(crate) use kde::load as load_kernel_density;
pub(crate) use lof::load as load_local_outlier_factor;
pub(crate) use nca::load as load_nca;
pub(crate) use nearest_centroid::load as load_nearest_centroid;
pub(crate) use regression::{load_k as load_k_regressor, load_radius as load_radius_regressor};
pub(crate) use unsupervised::{load as load_nearest, load_k_transformer, load_radius_transformer};
