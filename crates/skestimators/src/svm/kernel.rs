//! Kernel functions between samples and support vectors, as libsvm computes them.

use std::borrow::Cow;

use crate::{
    data::{Csr, Samples},
    error::{Error, Result},
    math::{
        Matrix, contiguous, dot,
        wide::{Wide, exp, map, wide},
    },
};

/// `kernel` with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kernel {
    /// `<x, v>`.
    Linear,
    /// `(gamma <x, v> + coef0) ** degree`.
    Poly { gamma: f64, coef0: f64, degree: u32 },
    /// `exp(-gamma |x - v|²)`.
    Rbf { gamma: f64 },
    /// `tanh(gamma <x, v> + coef0)`.
    Sigmoid { gamma: f64, coef0: f64 },
    /// The samples are kernel values already.
    Precomputed,
}

impl Kernel {
    /// The kernel's value from the inner product, or from the squared distance for `Rbf`.
    pub(super) fn finish(self, x: f64) -> f64 {
        match self {
            Kernel::Linear | Kernel::Precomputed => x,
            Kernel::Poly { gamma, coef0, degree } => power(gamma * x + coef0, degree),
            Kernel::Rbf { gamma } => (-gamma * x).exp(),
            Kernel::Sigmoid { gamma, coef0 } => (gamma * x + coef0).tanh(),
        }
    }
}

/// Power by repeated squaring: 32 steps whatever the degree, and libsvm's own rounding.
fn power(base: f64, degree: u32) -> f64 {
    let (mut square, mut result, mut rest) = (base, 1.0, degree);
    while rest > 0 {
        if rest % 2 == 1 {
            result *= square;
        }
        square *= square;
        rest /= 2;
    }
    result
}

/// The support vectors.
pub(crate) enum Vectors {
    /// Of a fit on dense samples.
    Dense(Matrix),
    /// Of a fit on sparse samples; the columns of each row are in order.
    Sparse(Csr),
    /// Columns of a precomputed kernel.
    Columns(Vec<usize>),
}

impl Vectors {
    pub(crate) fn len(&self) -> usize {
        match self {
            Vectors::Dense(vectors) => vectors.rows,
            Vectors::Sparse(vectors) => vectors.rows(),
            Vectors::Columns(columns) => columns.len(),
        }
    }

    /// Calls `visit` with the number of each sample and its kernel values, which are written into `values`.
    pub(crate) fn each_row(
        &self,
        kernel: Kernel,
        class: &str,
        x: &Samples,
        values: &mut Vec<f64>,
        mut visit: impl FnMut(usize, &[f64]),
    ) -> Result<()> {
        if let Vectors::Sparse(vectors) = self {
            let x = in_order(x.csr()?);
            for i in 0..x.rows() {
                values.clear();
                values.extend((0..vectors.rows()).map(|v| sparse(kernel, x.row(i), vectors.row(v))));
                visit(i, values);
            }
            return Ok(());
        }
        if matches!(x, Samples::Sparse(_)) {
            return Err(Error::input(format!("cannot use sparse input in '{class}' trained on dense data")));
        }
        for (i, row) in x.dense()?.rows().into_iter().enumerate() {
            let row = contiguous(&row);
            values.clear();
            match (self, kernel) {
                (Vectors::Dense(vectors), Kernel::Rbf { gamma }) if vectors.columns > 0 => {
                    values.resize(vectors.rows, 0.0);
                    wide(RowValues { gamma, x: &row, vectors, values });
                }
                (Vectors::Dense(vectors), _) => {
                    values.extend((0..vectors.rows).map(|v| dense(kernel, &row, vectors.row(v))));
                }
                (Vectors::Columns(columns), _) => values.extend(columns.iter().map(|&column| row[column])),
                (Vectors::Sparse(_), _) => {}
            }
            visit(i, values);
        }
        Ok(())
    }
}

/// [`Kernel::Rbf`] of one sample with all vectors.
struct RowValues<'a> {
    gamma: f64,
    x: &'a [f64],
    vectors: &'a Matrix,
    values: &'a mut [f64],
}

impl Wide for RowValues<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let RowValues { gamma, x, vectors, values } = self;
        for (value, vector) in values.iter_mut().zip(vectors.data.chunks_exact(vectors.columns)) {
            *value = squared_distance(x, vector);
        }
        let (eights, rest) = values.as_chunks_mut::<8>();
        eights.iter_mut().for_each(|eight| *eight = exp(map(*eight, |squared| -gamma * squared)));
        rest.iter_mut().for_each(|value| [*value] = exp([-gamma * *value]));
    }
}

fn dense(kernel: Kernel, x: &[f64], v: &[f64]) -> f64 {
    kernel.finish(if matches!(kernel, Kernel::Rbf { .. }) { squared_distance(x, v) } else { dot(x, v) })
}

/// Sum of squared differences, in eight partial sums that the compiler keeps in vector registers.
#[inline(always)]
fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    for (x, y) in a8.iter().zip(b8) {
        for i in 0..8 {
            let d = x[i] - y[i];
            sums[i] += d * d;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| (x - y) * (x - y)).sum();
    ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) + rest
}

fn sparse(kernel: Kernel, x: (&[usize], &[f64]), v: (&[usize], &[f64])) -> f64 {
    let rbf = matches!(kernel, Kernel::Rbf { .. });
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while i < x.0.len() && j < v.0.len() {
        match x.0[i].cmp(&v.0[j]) {
            std::cmp::Ordering::Equal => {
                let d = x.1[i] - v.1[j];
                sum += if rbf { d * d } else { x.1[i] * v.1[j] };
                (i, j) = (i + 1, j + 1);
            }
            std::cmp::Ordering::Less => {
                if rbf {
                    sum += x.1[i] * x.1[i];
                }
                i += 1;
            }
            std::cmp::Ordering::Greater => {
                if rbf {
                    sum += v.1[j] * v.1[j];
                }
                j += 1;
            }
        }
    }
    if rbf {
        sum = x.1[i..].iter().chain(&v.1[j..]).fold(sum, |sum, y| sum + y * y);
    }
    kernel.finish(sum)
}

/// The same matrix with the columns of each row in order and without duplicates.
pub(crate) fn in_order(x: Cow<'_, Csr>) -> Cow<'_, Csr> {
    let ordered = (0..x.rows()).all(|i| x.row(i).0.windows(2).all(|pair| pair[0] < pair[1]));
    if ordered { x } else { Cow::Owned(x.canonical()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_huge_degree_takes_few_steps() {
        assert_eq!(power(1.0, i32::MAX as u32), 1.0);
        assert_eq!(power(0.5, i32::MAX as u32), 0.0);
        assert_eq!(power(-2.0, 3), -8.0);
        assert_eq!(power(0.0, 0), 1.0);
    }

    #[test]
    fn sparse_rows_count_the_columns_of_either() {
        let (x, v) = ((&[0, 2, 5][..], &[1.0, 2.0, 3.0][..]), (&[2, 3][..], &[4.0, 5.0][..]));
        assert_eq!(sparse(Kernel::Linear, x, v), 8.0);
        let squared: f64 = 1.0 + 4.0 + 25.0 + 9.0;
        assert_eq!(sparse(Kernel::Rbf { gamma: 0.5 }, x, v), (-0.5 * squared).exp());
        assert_eq!(sparse(Kernel::Rbf { gamma: 0.5 }, v, x), (-0.5 * squared).exp());
    }
}
