//! Functions of one variable, and along rows.

use ndarray::{Array2, ArrayViewMut1};

/// The logistic function, as `scipy.special.expit`.
pub(crate) fn expit(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Softmax of each row in place, as `sklearn.utils.extmath.softmax`: the row's maximum is taken off first.
pub(crate) fn softmax_rows(x: &mut Array2<f64>) {
    for row in x.rows_mut() {
        softmax(row);
    }
}

/// Softmax of a row in place.
pub(crate) fn softmax(mut row: ArrayViewMut1<'_, f64>) {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for x in &mut row {
        *x = (*x - max).exp();
        sum += *x;
    }
    for x in &mut row {
        *x /= sum;
    }
}

/// Index of the largest element, the first of equal ones; a NaN counts as largest, as in `numpy.argmax`.
pub(crate) fn argmax(values: impl IntoIterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (i, x) in values.into_iter().enumerate() {
        if x.is_nan() {
            return i;
        }
        if i == 0 || x > best.1 {
            best = (i, x);
        }
    }
    best.0
}
