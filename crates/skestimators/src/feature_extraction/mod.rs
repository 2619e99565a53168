//! `sklearn.feature_extraction`: features of text, of records and of images.

pub(crate) mod hashing;
pub(crate) mod text;
