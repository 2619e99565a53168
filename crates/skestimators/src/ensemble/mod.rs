//! `sklearn.ensemble`.

pub(crate) mod embedding;
pub(crate) mod forest;
pub(crate) mod gb;
mod gb_losses;
pub(crate) mod hist_gradient_boosting;
pub(crate) mod iforest;
