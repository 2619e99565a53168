//! `sklearn.linear_model`.

pub(crate) mod base;
pub(crate) mod classifier;
pub(crate) mod logistic;
pub(crate) mod predictor;
