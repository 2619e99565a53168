//! `sklearn.neural_network`.

pub(crate) mod multilayer_perceptron;
mod network;
