//! The pseudo-inverse of a symmetric matrix, for covariances that were saved without their inverse.

use crate::math::Matrix;

/// Matrices of more rows are not inverted: the work grows with the cube.
pub(super) const LARGEST: usize = 200;

/// Rounds of rotations after which the matrix counts as diagonal; it takes about eight.
const ROUNDS: usize = 15;

/// `scipy.linalg.pinvh`, by Jacobi's rotations.
pub(super) fn pseudo_inverse(matrix: &Matrix) -> Matrix {
    let n = matrix.rows;
    // scipy reads the lower triangle.
    let mut a: Vec<f64> = (0..n * n).map(|at| matrix.row((at / n).max(at % n))[(at / n).min(at % n)]).collect();
    let mut vectors = vec![0.0; n * n];
    (0..n).for_each(|i| vectors[i * n + i] = 1.0);
    for _ in 0..ROUNDS {
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                rotated |= rotate(&mut a, &mut vectors, n, p, q);
            }
        }
        if !rotated {
            break;
        }
    }
    let values: Vec<f64> = (0..n).map(|i| a[i * n + i]).collect();
    let largest = values.iter().fold(0.0f64, |max, v| max.max(v.abs()));
    let cutoff = largest * n as f64 * f64::EPSILON;
    let inverted: Vec<f64> = values.iter().map(|&v| if v.abs() > cutoff { 1.0 / v } else { 0.0 }).collect();
    let mut out = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            out[i * n + j] = (0..n).map(|k| vectors[i * n + k] * inverted[k] * vectors[j * n + k]).sum();
        }
    }
    Matrix::new(out, n, n)
}

/// Turns the axes `p` and `q` until the element between them is zero; whether that was needed.
fn rotate(a: &mut [f64], vectors: &mut [f64], n: usize, p: usize, q: usize) -> bool {
    let (off, app, aqq) = (a[p * n + q], a[p * n + p], a[q * n + q]);
    // Where numbers have overflowed there is nothing left to find.
    if off == 0.0 || !off.is_finite() || off.abs() <= f64::EPSILON * 1e-2 * (app.abs() * aqq.abs()).sqrt() {
        return false;
    }
    let theta = (aqq - app) / (2.0 * off);
    let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    for k in 0..n {
        let (x, y) = (a[k * n + p], a[k * n + q]);
        a[k * n + p] = c * x - s * y;
        a[k * n + q] = s * x + c * y;
    }
    for k in 0..n {
        let (x, y) = (a[p * n + k], a[q * n + k]);
        a[p * n + k] = c * x - s * y;
        a[q * n + k] = s * x + c * y;
    }
    for k in 0..n {
        let (x, y) = (vectors[k * n + p], vectors[k * n + q]);
        vectors[k * n + p] = c * x - s * y;
        vectors[k * n + q] = s * x + c * y;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverses_of_regular_and_singular_matrices() {
        let inverse = pseudo_inverse(&Matrix::new(vec![4.0, 1.0, 0.5, 1.0, 3.0, 0.2, 0.5, 0.2, 2.0], 3, 3));
        let product: f64 = 4.0 * inverse.row(0)[0] + 1.0 * inverse.row(1)[0] + 0.5 * inverse.row(2)[0];
        assert!((product - 1.0).abs() < 1e-14);
        let singular = pseudo_inverse(&Matrix::new(vec![1.0, 1.0, 1.0, 1.0], 2, 2));
        assert!(singular.data.iter().all(|v| (v - 0.25).abs() < 1e-15));
        assert!(pseudo_inverse(&Matrix::new(vec![0.0; 4], 2, 2)).data.iter().all(|v| *v == 0.0));
    }
}
