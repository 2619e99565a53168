//! `sklearn.feature_extraction`: features of text, of records and of images.

pub(crate) mod dict_vectorizer;
pub(crate) mod hashing;
pub(crate) mod image;
pub(crate) mod text;
