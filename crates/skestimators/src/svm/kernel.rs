//! Kernel functions between samples and support vectors, as libsvm computes them.

use std::borrow::Cow;

use crate::{
    data::{Csr, Samples},
    error::{Error, Result},
    math::{Matrix, contiguous, dots, special::exp_each, squared_distances},
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
            return Err(Error::input(format_args!("cannot use sparse input in '{class}' trained on dense data")));
        }
        for (i, row) in x.dense()?.rows().into_iter().enumerate() {
            let row = contiguous(&row);
            values.clear();
            match (self, kernel) {
                (Vectors::Dense(vectors), Kernel::Rbf { gamma }) => {
                    values.resize(vectors.rows, 0.0);
                    squared_distances(&row, vectors, values);
                    values.iter_mut().for_each(|squared| *squared *= -gamma);
                    exp_each(values);
                }
                (Vectors::Dense(vectors), _) => {
                    values.resize(vectors.rows, 0.0);
                    dots(&row, vectors, values);
                    values.iter_mut().for_each(|value| *value = kernel.finish(*value));
                }
                (Vectors::Columns(columns), _) => values.extend(columns.iter().map(|&column| row[column])),
                (Vectors::Sparse(_), _) => {}
            }
            visit(i, values);
        }
        Ok(())
    }
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
