//! `sklearn.preprocessing`.

pub(crate) mod categories;
pub(crate) mod data;
pub(crate) mod function_transformer;
pub(crate) mod normalizer;
pub(crate) mod ordinal_encoder;
