//! `sklearn.cluster`.

mod agglomeration;
mod bisecting;
mod centres;

pub(crate) use agglomeration::load as load_agglomeration;
pub(crate) use bisecting::load as load_bisecting;
pub(crate) use centres::{load_affinity_propagation, load_birch, load_k_means, load_mean_shift};
