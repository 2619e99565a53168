//! `sklearn.neural_network`.

pub(crate) mod multilayer_perceptron;
mod network;
pub(crate) mod rbm;
