//! `sklearn.gaussian_process`.

mod gpc;
mod gpr;
mod kernels;

pub(crate) use gpc::{load as load_classifier, load_binary};
pub(crate) use gpr::load as load_regressor;
