//! Stored matrices: rows that stand one after the other, in the loaded file where possible.

use ndarray::ArrayView2;
use skpickle::{FromObj, Obj, Shared};

use crate::data::Csr;

/// A matrix of a model, row-major.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Matrix {
    pub(crate) data: Shared<f64>,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Matrix {
    pub(crate) fn new(data: Vec<f64>, rows: usize, columns: usize) -> Self {
        debug_assert_eq!(data.len(), rows * columns);
        Matrix { data: data.into(), rows, columns }
    }

    pub(crate) fn row(&self, row: usize) -> &[f64] {
        &self.data[row * self.columns..(row + 1) * self.columns]
    }

    pub(crate) fn view(&self) -> ArrayView2<'_, f64> {
        // The extents were proven when the matrix was made.
        ArrayView2::from_shape((self.rows, self.columns), &self.data)
            .unwrap_or_else(|_| ArrayView2::from_shape((0, 0), &[]).unwrap_or_else(|_| unreachable!("an empty view")))
    }

    /// The transposed matrix.
    pub(crate) fn transposed(&self) -> Matrix {
        let mut data = Vec::with_capacity(self.data.len());
        for column in 0..self.columns {
            data.extend((0..self.rows).map(|row| self.data[row * self.columns + column]));
        }
        Matrix::new(data, self.columns, self.rows)
    }
}

impl<'g> FromObj<'g> for Matrix {
    /// A 2-d array; a 1-d array counts as one row, a sparse matrix is made dense.
    fn from_obj(obj: &Obj<'g>) -> skpickle::Result<Self> {
        if obj.is_sparse() {
            let sparse: Csr = obj.get()?;
            let cells = (sparse.rows() as u64).saturating_mul(sparse.columns() as u64);
            obj.charge(cells.saturating_mul(8))?;
            let dense = sparse.to_dense();
            let (rows, columns) = dense.dim();
            return Ok(Matrix::new(dense.into_raw_vec_and_offset().0, rows, columns));
        }
        let array = obj.array()?;
        let (rows, columns) = match *array.shape() {
            [columns] => (1, columns),
            [rows, columns] => (rows, columns),
            _ => return Err(obj.expected("a 2-d array of numbers")),
        };
        // Fitted coefficients are never objects, whatever the objects are.
        if array.dtype().is_object() {
            return Err(obj.expected("an array of numbers, not of objects"));
        }
        Ok(Matrix { data: array.f64s()?, rows, columns })
    }
}
