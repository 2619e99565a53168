//! `sklearn.manifold`.

mod isomap;
mod locally_linear;
mod transductive;

pub(crate) use isomap::load as load_isomap;
pub(crate) use locally_linear::load as load_locally_linear;
pub(crate) use transductive::load as load_transductive;
