//! What goes in and what comes out.

mod array;
mod csr;
mod dtype;
mod run;
mod samples;
mod table;

pub use array::{Array, Value};
pub use csr::Csr;
pub(crate) use csr::{RowSum, RowSums};
pub(crate) use dtype::Dtype;
pub use run::Run;
pub use samples::{Output, Record, Samples};
pub use table::{Column, ColumnData, Table};
