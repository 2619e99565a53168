//! `sklearn.semi_supervised`.

mod label_propagation;
mod self_training;

pub(crate) use label_propagation::load as load_label_propagation;
pub(crate) use self_training::load as load_self_training;
