//! Kernel values and decisions of many samples at once: each in a lane of its own, with its sums in libsvm's order.

use super::kernel::Kernel;
use crate::math::{
    Matrix,
    wide::{Wide, exp, map},
};

/// Samples at once.
pub(super) const LANES: usize = 16;

/// Sums that [`add_abreast`] adds to.
pub(super) const ABREAST: usize = 8;

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
    fn run(self) {
        let KernelValues { kernel, x, vectors, values } = self;
        for (value, vector) in values.iter_mut().zip(vectors.data.chunks_exact(vectors.columns)) {
            let mut sum = [0.0; LANES];
            if let Kernel::Rbf { gamma } = kernel {
                for (x, v) in x.iter().zip(vector) {
                    for lane in 0..LANES {
                        let d = x[lane] - v;
                        sum[lane] += d * d;
                    }
                }
                *value = exp(map(sum, |sum| -gamma * sum));
            } else {
                for (x, v) in x.iter().zip(vector) {
                    for lane in 0..LANES {
                        sum[lane] += x[lane] * v;
                    }
                }
                *value = sum.map(|sum| kernel.finish(sum));
            }
        }
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
pub(super) fn add_abreast<const L: usize>(
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
