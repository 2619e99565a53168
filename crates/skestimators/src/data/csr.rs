//! Sparse samples in compressed rows.

use ndarray::Array2;
use skpickle::{FromObj, Obj, Sparse};

use crate::error::{Error, Result};

/// A sparse matrix in compressed rows, as `scipy.sparse.csr_matrix`.
///
/// Column indices need not be sorted; duplicates add up.
///
/// ```
/// let x = skestimators::Csr::new(2, 3, vec![0, 1, 2], vec![0, 2], vec![1.5, 2.5])?;
/// assert_eq!(x.row(1), (&[2][..], &[2.5][..]));
/// # Ok::<(), skestimators::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Csr {
    rows: usize,
    columns: usize,
    indptr: Vec<usize>,
    indices: Vec<usize>,
    data: Vec<f64>,
}

impl Csr {
    /// Checks and makes a matrix.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when `indptr` does not grow from 0 to the number of entries in
    /// `rows` steps, or an index is not below `columns`.
    pub fn new(rows: usize, columns: usize, indptr: Vec<usize>, indices: Vec<usize>, data: Vec<f64>) -> Result<Self> {
        let grows =
            indptr.first() == Some(&0) && indptr.windows(2).all(|w| w[0] <= w[1]) && indptr.last() == Some(&data.len());
        if indptr.len() != rows.saturating_add(1) || !grows || indices.len() != data.len() {
            return Err(Error::input(format!(
                "sparse input: indptr must grow from 0 to the {} entries in {rows} steps",
                data.len()
            )));
        }
        if let Some(index) = indices.iter().find(|&&index| index >= columns) {
            return Err(Error::input(format!("sparse input: column index {index} in a matrix of {columns} columns")));
        }
        Ok(Csr { rows, columns, indptr, indices, data })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Where each row starts in [`Csr::indices`]; one more than there are rows.
    pub fn indptr(&self) -> &[usize] {
        &self.indptr
    }

    /// Column of each entry.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// Value of each entry.
    pub fn data(&self) -> &[f64] {
        &self.data
    }

    /// Values for change in place; the pattern stays.
    pub(crate) fn data_mut(&mut self) -> &mut [f64] {
        &mut self.data
    }

    /// Columns and values of the entries of a row.
    pub fn row(&self, row: usize) -> (&[usize], &[f64]) {
        let range = self.indptr[row]..self.indptr[row + 1];
        (&self.indices[range.clone()], &self.data[range])
    }

    /// As a dense matrix.
    pub fn to_dense(&self) -> Array2<f64> {
        let mut dense = Array2::zeros((self.rows, self.columns));
        for row in 0..self.rows {
            let (indices, data) = self.row(row);
            for (&column, &value) in indices.iter().zip(data) {
                dense[[row, column]] += value;
            }
        }
        dense
    }

    /// The same matrix with the columns of each row in order and duplicates added up.
    pub(crate) fn canonical(&self) -> Csr {
        let mut out = Csr { rows: self.rows, columns: self.columns, indptr: vec![0], indices: vec![], data: vec![] };
        let mut entries: Vec<(usize, f64)> = Vec::new();
        for row in 0..self.rows {
            let (indices, data) = self.row(row);
            entries.clear();
            entries.extend(indices.iter().copied().zip(data.iter().copied()));
            entries.sort_by_key(|&(column, _)| column);
            for &(column, value) in &entries {
                if out.indices.len() > out.indptr[row] && out.indices.last() == Some(&column) {
                    if let Some(last) = out.data.last_mut() {
                        *last += value;
                    }
                } else {
                    out.indices.push(column);
                    out.data.push(value);
                }
            }
            out.indptr.push(out.indices.len());
        }
        out
    }

    /// The non-zero elements of a dense matrix.
    pub(crate) fn from_dense(dense: &Array2<f64>) -> Csr {
        let (rows, columns) = dense.dim();
        let mut out = Csr { rows, columns, indptr: vec![0], indices: vec![], data: vec![] };
        for row in dense.rows() {
            for (column, &value) in row.iter().enumerate() {
                if value != 0.0 {
                    out.indices.push(column);
                    out.data.push(value);
                }
            }
            out.indptr.push(out.indices.len());
        }
        out
    }
}

impl From<Sparse> for Csr {
    fn from(sparse: Sparse) -> Self {
        let Sparse { rows, columns, indptr, indices, data } = sparse;
        Csr { rows, columns, indptr, indices, data }
    }
}

impl<'g> FromObj<'g> for Csr {
    fn from_obj(obj: &Obj<'g>) -> skpickle::Result<Self> {
        obj.get::<Sparse>().map(Csr::from)
    }
}
