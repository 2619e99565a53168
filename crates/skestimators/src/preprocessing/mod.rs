//! `sklearn.preprocessing`.

pub(crate) mod data;
pub(crate) mod normalizer;
