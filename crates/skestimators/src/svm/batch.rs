//! Kernel values and decisions of many samples at once, each in a lane of its own.

use super::kernel::Kernel;
use crate::math::{
    Matrix,
    wide::{Wide, exp, map, multiply_add},
};

/// Samples at once.
pub(super) const LANES: usize = 16;

/// Writes the kernel's value for each vector into `values`; `x` has the samples by columns.
pub(super) struct KernelValues<'a> {
    pub(super) kernel: Kernel,
    pub(super) x: &'a [[f64; LANES]],
    pub(super) vectors: &'a Matrix,
    pub(super) values: &'a mut [[f64; LANES]],
}

impl Wide for KernelValues<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSES: bool>(self) {
        if let Kernel::Rbf { .. } = self.kernel { self.all::<FUSES, true>() } else { self.all::<FUSES, false>() }
    }
}

impl KernelValues<'_> {
    /// From squared distances or from inner products.
    #[inline(always)]
    fn all<const FUSES: bool, const SQUARED: bool>(self) {
        let KernelValues { kernel, x, vectors: Matrix { data, columns, .. }, values } = self;
        // Two sums abreast, since a sum waits for each of its steps.
        let (pairs, last) = values.as_chunks_mut::<2>();
        for (values, vectors) in pairs.iter_mut().zip(data.chunks_exact(2 * columns)) {
            let (first, second) = vectors.split_at(*columns);
            let mut sums = [[0.0; LANES]; 2];
            for ((x, &v), &w) in x.iter().zip(first).zip(second) {
                sums = [add_term::<FUSES, SQUARED>(sums[0], x, v), add_term::<FUSES, SQUARED>(sums[1], x, w)];
            }
            for (value, sum) in values.iter_mut().zip(sums) {
                *value = finish::<FUSES>(kernel, sum);
            }
        }
        if let ([value], Some(vector)) = (last, data.chunks_exact(*columns).next_back()) {
            let mut sum = [0.0; LANES];
            for (x, &v) in x.iter().zip(vector) {
                sum = add_term::<FUSES, SQUARED>(sum, x, v);
            }
            *value = finish::<FUSES>(kernel, sum);
        }
    }
}

/// Adds what a column contributes.
#[inline(always)]
fn add_term<const FUSES: bool, const SQUARED: bool>(mut sum: [f64; LANES], x: &[f64; LANES], v: f64) -> [f64; LANES] {
    for lane in 0..LANES {
        let (a, b) = if SQUARED { (x[lane] - v, x[lane] - v) } else { (x[lane], v) };
        sum[lane] = multiply_add::<FUSES>(a, b, sum[lane]);
    }
    sum
}

/// The kernel's values from sums.
#[inline(always)]
fn finish<const FUSES: bool>(kernel: Kernel, sum: [f64; LANES]) -> [f64; LANES] {
    match kernel {
        Kernel::Rbf { gamma } => exp::<FUSES, LANES>(map(sum, |sum| -gamma * sum)),
        _ => sum.map(|sum| kernel.finish(sum)),
    }
}

/// Adds the products of kernel values and coefficients to a sum, one after the other.
#[inline(always)]
pub(super) fn add<const L: usize>(mut sum: [f64; L], coef: &[f64], values: &[[f64; L]]) -> [f64; L] {
    for (coef, value) in coef.iter().zip(values) {
        for lane in 0..L {
            sum[lane] += coef * value[lane];
        }
    }
    sum
}

/// The same for several sums with coefficients of their own.
#[inline(always)]
pub(super) fn add_abreast<const L: usize, const ABREAST: usize>(
    mut sums: [[f64; L]; ABREAST],
    coefs: [&[f64]; ABREAST],
    values: &[[f64; L]],
) -> [[f64; L]; ABREAST] {
    let coefs = coefs.map(|coef| &coef[..values.len()]);
    for (i, value) in values.iter().enumerate() {
        for (sum, coef) in sums.iter_mut().zip(coefs) {
            for lane in 0..L {
                sum[lane] += coef[i] * value[lane];
            }
        }
    }
    sums
}
