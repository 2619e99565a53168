//! `sklearn.compose`.

pub(crate) mod column_transformer;
pub(crate) mod columns;
pub(crate) mod target;
