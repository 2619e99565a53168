//! Sparse samples in compressed rows.

use std::ops::Range;

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
            return Err(Error::input(format_args!(
                "sparse input: indptr must grow from 0 to the {} entries in {rows} steps",
                data.len()
            )));
        }
        if let Some(index) = indices.iter().find(|&&index| index >= columns) {
            return Err(Error::input(format_args!(
                "sparse input: column index {index} in a matrix of {columns} columns"
            )));
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

    /// Columns of all entries, and their values for change in place.
    pub(crate) fn entries_mut(&mut self) -> (&[usize], &mut [f64]) {
        (&self.indices, &mut self.data)
    }

    /// Columns and values of the entries of a row.
    pub fn row(&self, row: usize) -> (&[usize], &[f64]) {
        let range = self.indptr[row]..self.indptr[row + 1];
        (&self.indices[range.clone()], &self.data[range])
    }

    /// Some of the rows, which are there.
    pub(crate) fn part(&self, rows: Range<usize>) -> Csr {
        let ends = &self.indptr[rows.start..=rows.end];
        let entries = ends[0]..ends[rows.len()];
        Csr {
            rows: rows.len(),
            columns: self.columns,
            indptr: ends.iter().map(|end| end - entries.start).collect(),
            indices: self.indices[entries.clone()].to_vec(),
            data: self.data[entries].to_vec(),
        }
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
            entries.sort_by_key(column_of);
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
        let entries = dense.iter().filter(|&&value| value != 0.0).count();
        let (indices, data) = (Vec::with_capacity(entries), Vec::with_capacity(entries));
        let mut out = Csr { rows, columns, indptr: Vec::with_capacity(rows + 1), indices, data };
        out.indptr.push(0);
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

/// Entries of a row above which those of the same column are added up at once: a long row costs no more than its columns.
const MANY: usize = 1 << 16;

/// The values of one row, which add up where they are of one column.
#[derive(Debug, Default)]
pub(crate) struct RowSum {
    entries: Vec<(usize, f64)>,
    /// Entries that are there after they were added up.
    kept: usize,
}

impl RowSum {
    pub(crate) fn add(&mut self, column: usize, value: f64) {
        self.entries.push((column, value));
        if self.entries.len() - self.kept >= MANY.max(self.kept) {
            self.join();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes out one entry a column, in order.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (usize, f64)> {
        self.join();
        self.kept = 0;
        self.entries.drain(..)
    }

    /// One entry a column, in order; values are added in the order in which they came.
    fn join(&mut self) {
        self.entries.sort_by_key(column_of);
        self.entries.dedup_by(|next, first| {
            let same = next.0 == first.0;
            if same {
                first.1 += next.1;
            }
            same
        });
        self.kept = self.entries.len();
    }
}

/// A matrix that is made row by row.
#[derive(Debug)]
pub(crate) struct RowSums {
    indptr: Vec<usize>,
    indices: Vec<usize>,
    data: Vec<f64>,
}

impl Default for RowSums {
    fn default() -> Self {
        RowSums { indptr: vec![0], indices: Vec::new(), data: Vec::new() }
    }
}

impl RowSums {
    /// Makes the next row of sums, which are empty afterwards.
    pub(crate) fn push(&mut self, row: &mut RowSum) {
        self.extend(row.drain());
    }

    /// Makes the next row of entries, one a column, in order.
    pub(crate) fn extend(&mut self, entries: impl Iterator<Item = (usize, f64)>) {
        for (column, value) in entries {
            self.indices.push(column);
            self.data.push(value);
        }
        self.indptr.push(self.indices.len());
    }

    /// Number of rows so far.
    pub(crate) fn rows(&self) -> usize {
        self.indptr.len() - 1
    }

    /// The matrix.
    pub(crate) fn finish(self, columns: usize) -> Result<Csr> {
        Csr::new(self.rows(), columns, self.indptr, self.indices, self.data)
    }
}

impl From<Sparse> for Csr {
    fn from(sparse: Sparse) -> Self {
        let Sparse { rows, columns, indptr, indices, data } = sparse;
        Csr { rows, columns, indptr, indices, data }
    }
}

/// What entries are sorted by.
fn column_of(&(column, _): &(usize, f64)) -> usize {
    column
}

impl<'g> FromObj<'g> for Csr {
    fn from_obj(obj: &Obj<'g>) -> skpickle::Result<Self> {
        obj.get::<Sparse>().map(Csr::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_sums_are_in_order_however_long() {
        let (mut row, mut sums) = (RowSum::default(), RowSums::default());
        for i in 0..3 * MANY {
            row.add(i * 7 % 5, 1.0);
        }
        assert!(row.entries.len() <= 2 * MANY);
        sums.push(&mut row);
        assert!(row.is_empty());
        sums.push(&mut row);
        [(4, 1.0), (2, 0.5), (4, -1.0)].into_iter().for_each(|(column, value)| row.add(column, value));
        sums.push(&mut row);
        let x = sums.finish(5).expect("a matrix");
        let (columns, values) = x.row(0);
        assert_eq!((columns, values.iter().sum::<f64>()), (&[0, 1, 2, 3, 4][..], (3 * MANY) as f64));
        assert_eq!((x.row(1), x.row(2)), ((&[][..], &[][..]), (&[2, 4][..], &[0.5, 0.0][..])));
    }
}
