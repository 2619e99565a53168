//! What goes in and what comes out.

mod array;
mod csr;
mod samples;
mod table;

pub use array::{Array, Value};
pub use csr::Csr;
pub(crate) use csr::{RowSum, RowSums};
pub use samples::{Output, Record, Samples};
pub use table::{Column, ColumnData, Table};
