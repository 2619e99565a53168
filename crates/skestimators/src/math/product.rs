//! Products of samples with stored matrices.

use ndarray::{Array2, ArrayView1};

use super::Matrix;
use crate::{data::Samples, error::Result};

/// Inner product, in eight partial sums that the compiler keeps in vector registers.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    for (x, y) in a8.iter().zip(b8) {
        for i in 0..8 {
            sums[i] += x[i] * y[i];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) + rest
}

/// `X @ coef.T + intercept`, one column for each row of `coef`; `intercept` holds one value for each, or one for all.
pub(crate) fn affine(x: &Samples, coef: &Matrix, intercept: &[f64]) -> Result<Array2<f64>> {
    let offset = |k: usize| intercept.get(k).or_else(|| intercept.first()).copied().unwrap_or(0.0);
    let mut out = Array2::zeros((x.rows(), coef.rows));
    if let Samples::Sparse(x) = x {
        for (i, mut out) in out.rows_mut().into_iter().enumerate() {
            let (indices, values) = x.row(i);
            for (k, out) in out.iter_mut().enumerate() {
                let weights = coef.row(k);
                let sum: f64 = indices.iter().zip(values).map(|(&j, &value)| value * weights[j]).sum();
                *out = sum + offset(k);
            }
        }
        return Ok(out);
    }
    let x = x.dense()?;
    for (row, mut out) in x.rows().into_iter().zip(out.rows_mut()) {
        let row = contiguous(&row);
        for (k, out) in out.iter_mut().enumerate() {
            *out = dot(&row, coef.row(k)) + offset(k);
        }
    }
    Ok(out)
}

/// The elements of a row side by side.
pub(crate) fn contiguous<'a>(row: &'a ArrayView1<'_, f64>) -> std::borrow::Cow<'a, [f64]> {
    match row.as_slice() {
        Some(slice) => slice.into(),
        None => row.to_vec().into(),
    }
}
