//! `sklearn.linear_model`.

pub(crate) mod base;
pub(crate) mod logistic;
