//! `sklearn.decomposition`.

mod density;
mod dict_learning;
mod factorization;
mod kernel_pca;
mod lda;
mod nmf;
mod projection;
mod sparse_encode;

pub(crate) use dict_learning::load as load_sparse_coding;
pub(crate) use kernel_pca::{load as load_kernel_pca, parameters as kernel_parameters};
pub(crate) use lda::load as load_lda;
pub(crate) use nmf::load as load_nmf;
pub(crate) use projection::{
    back, in_width, is_single, load_factor_analysis, load_fast_ica, load_incremental_pca, load_pca,
    load_randomized_pca, load_sparse_pca, load_truncated_svd, require_width,
};
