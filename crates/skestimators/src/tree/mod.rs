//! `sklearn.tree`.

pub(crate) mod bits;
pub(crate) mod classes;
pub(crate) mod nodes;
pub(crate) mod rows;
pub(crate) mod structure;
pub(crate) mod targets;
pub(crate) mod trees;
