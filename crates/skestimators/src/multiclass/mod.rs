//! `sklearn.multiclass`: classifiers made of binary ones, one for each class, each pair of classes, or each bit of a code.

mod member;
mod one_vs_one;
mod one_vs_rest;
mod output_code;

pub(crate) use member::{column, matrix, no_column, numbers, stack};
pub(crate) use one_vs_one::load as load_one_vs_one;
pub(crate) use one_vs_rest::load as load_one_vs_rest;
pub(crate) use output_code::load as load_output_code;
