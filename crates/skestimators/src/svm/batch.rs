//! Kernel values and decisions of many samples at once: each in a lane of its own, with its sums in libsvm's order.

use super::kernel::Kernel;
use crate::math::{
    Matrix,
    wide::{Fused, exp_fused, multiply_add},
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

impl Fused for KernelValues<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSES: bool>(self) {
        let KernelValues { kernel, x, vectors, values } = self;
        let (pairs, last) = values.as_chunks_mut::<2>();
        let rest = vectors.data.chunks_exact(vectors.columns).skip(2 * pairs.len());
        for (values, vectors) in pairs.iter_mut().zip(vectors.data.chunks_exact(2 * vectors.columns)) {
            let (first, second) = vectors.split_at(vectors.len() / 2);
            let mut sums = [[0.0; LANES]; 2];
            // Two sums abreast, since a sum waits for each of its steps.
            if let Kernel::Rbf { .. } = kernel {
                for ((x, &v), &w) in x.iter().zip(first).zip(second) {
                    sums = [add_square::<FUSES>(sums[0], x, v), add_square::<FUSES>(sums[1], x, w)];
                }
            } else {
                for ((x, &v), &w) in x.iter().zip(first).zip(second) {
                    sums = [add_product::<FUSES>(sums[0], x, v), add_product::<FUSES>(sums[1], x, w)];
                }
            }
            for (value, sum) in values.iter_mut().zip(sums) {
                *value = finish::<FUSES>(kernel, sum);
            }
        }
        for (value, vector) in last.iter_mut().zip(rest) {
            let mut sum = [0.0; LANES];
            for (x, &v) in x.iter().zip(vector) {
                sum = match kernel {
                    Kernel::Rbf { .. } => add_square::<FUSES>(sum, x, v),
                    _ => add_product::<FUSES>(sum, x, v),
                };
            }
            *value = finish::<FUSES>(kernel, sum);
        }
    }
}

#[inline(always)]
fn add_square<const FUSES: bool>(mut sum: [f64; LANES], x: &[f64; LANES], v: f64) -> [f64; LANES] {
    for lane in 0..LANES {
        let d = x[lane] - v;
        sum[lane] = multiply_add::<FUSES>(d, d, sum[lane]);
    }
    sum
}

#[inline(always)]
fn add_product<const FUSES: bool>(mut sum: [f64; LANES], x: &[f64; LANES], v: f64) -> [f64; LANES] {
    for lane in 0..LANES {
        sum[lane] = multiply_add::<FUSES>(x[lane], v, sum[lane]);
    }
    sum
}

#[inline(always)]
fn finish<const FUSES: bool>(kernel: Kernel, mut sum: [f64; LANES]) -> [f64; LANES] {
    if let Kernel::Rbf { gamma } = kernel {
        for sum in &mut sum {
            *sum *= -gamma;
        }
        return exp_fused::<FUSES, LANES>(sum);
    }
    sum.map(|sum| kernel.finish(sum))
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
