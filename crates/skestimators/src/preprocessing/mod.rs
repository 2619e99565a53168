//! `sklearn.preprocessing`.

pub(crate) mod binarizer;
pub(crate) mod categories;
pub(crate) mod data;
pub(crate) mod discretization;
pub(crate) mod function;
pub(crate) mod function_transformer;
pub(crate) mod labels;
pub(crate) mod normalizer;
pub(crate) mod one_hot_encoder;
pub(crate) mod one_hot_legacy;
pub(crate) mod ordinal_encoder;
pub(crate) mod polynomial;
pub(crate) mod power;
pub(crate) mod quantile;
pub(crate) mod spline;
pub(crate) mod target_encoder;
