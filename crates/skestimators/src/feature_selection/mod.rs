//! `sklearn.feature_selection`: transformers that keep some of the columns.

pub(crate) mod importances;
mod rules;
pub(crate) mod selectors;
mod tags;
