//! numpy's arrays, scalars and dtypes as they stand in a stream, under the module names of numpy 1 and 2.

mod array;
mod dtype;
pub(crate) mod npy;
mod scalar;
mod shared;

pub use array::{Array, Column};
pub(crate) use array::{
    ArrayData, Data, check_shape as array_check_shape, decode_scalar, from_obj as array_from_obj,
    len_of as array_len_of, shape as array_shape,
};
pub use dtype::{Dtype, Field};
pub use scalar::Scalar;
pub(crate) use scalar::from_obj as scalar_from_obj;
pub use shared::Shared;

use crate::graph::Name;

/// Whether `found` is `name` in one of the modules that numpy 1 and numpy 2 keep their array machinery in.
pub(crate) fn is_multiarray(found: Name<'_>, name: &str) -> bool {
    found.name == name
        && matches!(found.module, "numpy.core.multiarray" | "numpy._core.multiarray" | "numpy.multiarray")
}
