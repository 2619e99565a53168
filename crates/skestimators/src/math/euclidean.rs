//! Euclidean distances between samples and the rows of a stored matrix, as `sklearn.metrics.pairwise` computes them.

use ndarray::Array2;

use super::{Matrix, Row, dot, rows};
use crate::{data::Samples, error::Result};

/// `row_norms(y, squared=True)`.
fn squared_norms(y: &Matrix) -> Vec<f64> {
    (0..y.rows).map(|k| dot(y.row(k), y.row(k))).collect()
}

fn squared_norm(row: &Row<'_>) -> f64 {
    match row {
        Row::F64(x) => dot(x, x),
        Row::F32(x) => x.iter().map(|&v| f64::from(v) * f64::from(v)).sum(),
        Row::Sparse(_, values) => dot(values, values),
    }
}

/// `euclidean_distances(x, y)`: one row a sample, one column for each row of `y`, which has the samples' width.
pub(crate) fn euclidean_distances(x: &Samples, y: &Matrix) -> Result<Array2<f64>> {
    let norms = squared_norms(y);
    let mut out = Array2::zeros((x.rows(), y.rows));
    for (row, mut out) in rows(x)?.zip(out.rows_mut()) {
        let norm = squared_norm(&row);
        for (k, out) in out.iter_mut().enumerate() {
            // The square is cancelled out of larger numbers and may come out below zero; a NaN stays.
            let squared = -2.0 * row.dot(y.row(k)) + norm + norms[k];
            *out = if squared < 0.0 { 0.0 } else { squared.sqrt() };
        }
    }
    Ok(out)
}

/// Index of the nearest row of `y` for each sample, the first of equally near ones.
pub(crate) fn nearest(x: &Samples, y: &Matrix) -> Result<Vec<usize>> {
    let norms = squared_norms(y);
    let mut out = Vec::with_capacity(x.rows());
    for row in rows(x)? {
        let mut best = (0, f64::INFINITY);
        for (k, norm) in norms.iter().enumerate() {
            let distance = norm - 2.0 * row.dot(y.row(k));
            if distance < best.1 {
                best = (k, distance);
            }
        }
        out.push(best.0);
    }
    Ok(out)
}
