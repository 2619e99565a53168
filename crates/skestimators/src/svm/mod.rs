//! `sklearn.svm`.

mod base;
mod batch;
mod coupling;
mod kernel;
pub(crate) mod one_class;
pub(crate) mod svc;
pub(crate) mod svr;
