//! Small dense linear algebra: what a few models solve or factor when they are loaded, or for each batch of samples.

use super::{Matrix, dot, dots};

/// Lower Cholesky factor of a symmetric positive definite matrix, of which the lower triangle is read.
#[derive(Debug, Clone)]
pub(crate) struct Cholesky {
    lower: Matrix,
}

impl Cholesky {
    /// `None` when the matrix is not positive definite, or not finite.
    pub(crate) fn of(matrix: &Matrix) -> Option<Self> {
        let n = matrix.rows;
        let mut lower = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let rest = matrix.row(i)[j] - dot(&lower[i * n..i * n + j], &lower[j * n..j * n + j]);
                if i == j {
                    if rest.is_nan() || rest <= 0.0 || rest.is_infinite() {
                        return None;
                    }
                    lower[i * n + i] = rest.sqrt();
                } else {
                    lower[i * n + j] = rest / lower[j * n + j];
                }
            }
        }
        Some(Cholesky { lower: Matrix::new(lower, n, n) })
    }

    /// The factor itself.
    pub(crate) fn lower(&self) -> &Matrix {
        &self.lower
    }

    /// Logarithm of the determinant of the matrix.
    pub(crate) fn log_det(&self) -> f64 {
        2.0 * (0..self.lower.rows).map(|i| self.lower.row(i)[i].ln()).sum::<f64>()
    }

    /// Solves for one right-hand side in place.
    pub(crate) fn solve(&self, b: &mut [f64]) {
        solve_lower(&self.lower, b);
        for i in (0..self.lower.rows).rev() {
            b[i] /= self.lower.row(i)[i];
            let (before, at) = b.split_at_mut(i);
            before.iter_mut().zip(self.lower.row(i)).for_each(|(b, l)| *b -= l * at[0]);
        }
    }

    /// Solves for every column of a matrix.
    pub(crate) fn solve_columns(&self, b: &Matrix) -> Matrix {
        let mut columns = b.transposed().data.to_vec();
        columns.chunks_mut(b.rows.max(1)).for_each(|column| self.solve(column));
        Matrix::new(columns, b.columns, b.rows).transposed()
    }
}

/// Solves `L x = b` in place by the lower triangle of a square matrix.
pub(crate) fn solve_lower(lower: &Matrix, b: &mut [f64]) {
    for i in 0..lower.rows {
        let row = lower.row(i);
        b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
    }
}

/// `a @ b.T`.
pub(crate) fn times_transposed(a: &Matrix, b: &Matrix) -> Matrix {
    let mut out = vec![0.0; a.rows * b.rows];
    for (i, out) in out.chunks_exact_mut(b.rows.max(1)).enumerate() {
        dots(a.row(i), b, out);
    }
    Matrix::new(out, a.rows, b.rows)
}

/// Sweeps of rotations after which the rows count as orthogonal; it takes about ten.
const SWEEPS: usize = 60;

/// The Moore-Penrose pseudo-inverse as `scipy.linalg.pinv`, transposed: of the shape of the matrix. By Jacobi's one-sided rotations
/// of the rows, so that a matrix with few rows is quick.
pub(crate) fn pinv_transposed(matrix: &Matrix) -> Matrix {
    if matrix.rows > matrix.columns {
        return pinv_transposed(&matrix.transposed()).transposed();
    }
    let (n, m) = (matrix.rows, matrix.columns);
    let mut rows: Vec<Vec<f64>> = (0..n).map(|i| matrix.row(i).to_vec()).collect();
    // The rotations: `turned = turns @ matrix`, and `turns` is orthogonal.
    let mut turns: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for _ in 0..SWEEPS {
        let mut turned = false;
        for p in 0..n {
            for q in p + 1..n {
                let (pp, qq, pq) = (dot(&rows[p], &rows[p]), dot(&rows[q], &rows[q]), dot(&rows[p], &rows[q]));
                if pq == 0.0 || pq.abs() <= f64::EPSILON * (pp * qq).sqrt() {
                    continue;
                }
                turned = true;
                let zeta = (qq - pp) / (2.0 * pq);
                let t = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let c = 1.0 / t.hypot(1.0);
                let s = c * t;
                for of in [&mut rows, &mut turns] {
                    let (head, tail) = of.split_at_mut(q);
                    for (x, y) in head[p].iter_mut().zip(&mut tail[0]) {
                        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                    }
                }
            }
        }
        if !turned {
            break;
        }
    }
    let singular: Vec<f64> = rows.iter().map(|row| dot(row, row).sqrt()).collect();
    let largest = singular.iter().copied().fold(0.0, f64::max);
    let cutoff = largest * n.max(m) as f64 * f64::EPSILON;
    let mut out = vec![0.0; n * m];
    for ((row, turn), value) in rows.iter().zip(&turns).zip(&singular) {
        if *value <= cutoff {
            continue;
        }
        for (i, out) in out.chunks_mut(m).enumerate() {
            let factor = turn[i] / (value * value);
            out.iter_mut().zip(row).for_each(|(o, r)| *o += factor * r);
        }
    }
    Matrix::new(out, n, m)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cholesky_solves_and_refuses() {
        let matrix = Matrix::new(vec![4.0, 2.0, 0.6, 2.0, 3.0, 0.4, 0.6, 0.4, 2.0], 3, 3);
        let factor = Cholesky::of(&matrix).expect("positive definite");
        let x = factor.solve_columns(&Matrix::new(vec![1.0, 2.0, 3.0], 3, 1));
        for (i, b) in [1.0, 2.0, 3.0].iter().enumerate() {
            assert!((dot(matrix.row(i), &x.data) - b).abs() < 1e-14);
        }
        let determinant: f64 = 4.0 * (6.0 - 0.16) - 2.0 * (4.0 - 0.24) + 0.6 * (0.8 - 1.8);
        assert!((factor.log_det() - determinant.ln()).abs() < 1e-14);
        assert!(Cholesky::of(&Matrix::new(vec![1.0, 2.0, 2.0, 1.0], 2, 2)).is_none());
        assert!(Cholesky::of(&Matrix::new(vec![f64::NAN], 1, 1)).is_none());
    }

    #[test]
    fn pseudo_inverses_of_full_and_lower_rank() {
        let matrix = Matrix::new(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.5], 2, 3);
        let inverse = pinv_transposed(&matrix);
        for i in 0..2 {
            for j in 0..2 {
                let identity = if i == j { 1.0 } else { 0.0 };
                assert!((dot(matrix.row(i), inverse.row(j)) - identity).abs() < 1e-13);
            }
        }
        let flat = pinv_transposed(&Matrix::new(vec![1.0, 1.0, 0.0, 0.0, 1.0, 1.0], 3, 2));
        for (value, expected) in flat.data.iter().zip([0.25, 0.25, 0.0, 0.0, 0.25, 0.25]) {
            assert!((value - expected).abs() < 1e-15);
        }
    }
}
