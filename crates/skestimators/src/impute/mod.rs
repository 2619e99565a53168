//! `sklearn.impute`: missing values replaced or marked.

pub(crate) mod missing;
pub(crate) mod simple;
