//! `sklearn.decomposition`.

mod density;
mod kernel_pca;
mod projection;

pub(crate) use kernel_pca::{load as load_kernel_pca, parameters as kernel_parameters};
pub(crate) use projection::{
    back, in_width, is_single, load_factor_analysis, load_fast_ica, load_incremental_pca, load_pca,
    load_randomized_pca, load_sparse_pca, load_truncated_svd, require_width,
};
