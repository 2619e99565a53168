//! `sklearn.manifold`.

mod isomap;
mod locally_linear;

pub(crate) use isomap::load as load_isomap;
pub(crate) use locally_linear::load as load_locally_linear;
