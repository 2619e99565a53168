//! `sklearn.impute`: missing values replaced or marked.

pub(crate) mod iterative;
pub(crate) mod knn;
pub(crate) mod missing;
pub(crate) mod simple;
