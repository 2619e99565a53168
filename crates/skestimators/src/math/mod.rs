//! Shared kernels.

mod aligned;
pub(crate) mod euclidean;
pub(crate) mod float32;
pub(crate) mod kernels;
pub(crate) mod linalg;
mod matrix;
pub(crate) mod normal;
pub(crate) mod norms;
pub(crate) mod panels;
mod product;
pub(crate) mod random;
pub(crate) mod scratch;
mod sort;
pub(crate) mod special;
pub(crate) mod sum;
pub(crate) mod votes;
pub(crate) mod wide;

pub(crate) use matrix::Matrix;
pub(crate) use product::{
    Row, Weights, affine, affine_many, affine_sparse, contiguous, dot, dots, rows, squared_distances, zeros,
};
pub(crate) use sort::{sort_indices, sort_numbered};
