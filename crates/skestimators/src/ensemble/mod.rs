//! `sklearn.ensemble`.

pub(crate) mod forest;
