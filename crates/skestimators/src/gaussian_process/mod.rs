//! `sklearn.gaussian_process`.

mod batch;
mod gpc;
mod gpr;
mod kernels;
mod kriging;

pub(crate) use gpc::{load as load_classifier, load_binary};
pub(crate) use gpr::load as load_regressor;
pub(crate) use kriging::load as load_kriging;
