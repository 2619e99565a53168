//! `sklearn.ensemble`.

pub(crate) mod bagging;
pub(crate) mod embedding;
pub(crate) mod forest;
pub(crate) mod gb;
mod gb_losses;
pub(crate) mod hist_gradient_boosting;
pub(crate) mod iforest;
mod members;
pub(crate) mod stacking;
pub(crate) mod voting;
pub(crate) mod weight_boosting;
