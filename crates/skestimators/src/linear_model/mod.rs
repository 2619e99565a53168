//! `sklearn.linear_model`.

pub(crate) mod base;
pub(crate) mod bayes;
pub(crate) mod classifier;
pub(crate) mod glm;
pub(crate) mod logistic;
pub(crate) mod predictor;
pub(crate) mod ransac;
pub(crate) mod ridge;
mod selection;
pub(crate) mod stochastic_gradient;
