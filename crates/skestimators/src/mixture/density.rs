//! Densities of normal distributions, from the Cholesky factors of their precisions.

use std::f64::consts::PI;

use ndarray::Array2;

use crate::{
    data::Samples,
    error::Result,
    math::{Matrix, contiguous, dot},
    state::State,
};

/// `precisions_cholesky_`, by `covariance_type`.
enum Precisions {
    /// One factor a component, each with the product of the component's mean and the factor. Factors are kept transposed.
    Full(Vec<(Matrix, Vec<f64>)>),
    /// One factor for all, and the products.
    Tied(Matrix, Vec<Vec<f64>>),
    /// The precisions themselves (squares of the factors), one row a component.
    Diag(Matrix),
    /// One precision a component.
    Spherical(Vec<f64>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Full,
    Tied,
    Diag,
    Spherical,
}

pub(super) struct Density {
    means: Matrix,
    precisions: Precisions,
    /// Logarithm of the determinant of each factor.
    log_det: Vec<f64>,
}

/// `mean @ factor`, of a factor that is transposed.
fn product(factor: &Matrix, mean: &[f64]) -> Vec<f64> {
    (0..factor.rows).map(|j| dot(factor.row(j), mean)).collect()
}

fn log_diagonal(factor: &Matrix) -> f64 {
    (0..factor.rows).map(|j| factor.row(j)[j].ln()).sum()
}

impl Density {
    pub(super) fn load(s: &State<'_, '_>) -> Result<Self> {
        let means: Matrix = s.get("means_")?;
        let (k, p) = (means.rows, means.columns);
        s.require(k > 0 && p > 0, "means_ is empty")?;
        let kind = s.choice(
            "covariance_type",
            None,
            &[("full", Kind::Full), ("tied", Kind::Tied), ("diag", Kind::Diag), ("spherical", Kind::Spherical)],
        )?;
        let field = s.raw("precisions_cholesky_")?;
        let array = field.array()?;
        let expected: &[usize] = match kind {
            Kind::Full => &[k, p, p],
            Kind::Tied => &[p, p],
            Kind::Diag => &[k, p],
            Kind::Spherical => &[k],
        };
        if array.shape() != expected {
            return Err(field.expected(&format!("an array of shape {expected:?}")).into());
        }
        let factors = array.f64s()?;
        let diagonal_is_positive = match kind {
            Kind::Full | Kind::Tied => factors.chunks(p * p).all(|f| f.iter().step_by(p + 1).all(|d| *d > 0.0)),
            Kind::Diag | Kind::Spherical => factors.iter().all(|d| *d > 0.0),
        };
        s.require(
            factors.iter().all(|v| v.is_finite()) && diagonal_is_positive,
            "precisions_cholesky_ has values that are not finite, or not positive on a diagonal",
        )?;
        field.charge(16 * factors.len() as u64)?;
        let square = |v: &f64| v * v;
        let (precisions, log_det) = match kind {
            Kind::Full => {
                let factors: Vec<Matrix> =
                    factors.chunks(p * p).map(|f| Matrix::new(f.to_vec(), p, p).transposed()).collect();
                let log_det = factors.iter().map(log_diagonal).collect();
                let with_product = |(i, f): (usize, Matrix)| {
                    let product = product(&f, means.row(i));
                    (f, product)
                };
                (Precisions::Full(factors.into_iter().enumerate().map(with_product).collect()), log_det)
            }
            Kind::Tied => {
                let factor = Matrix::new(factors.to_vec(), p, p).transposed();
                let products = (0..k).map(|i| product(&factor, means.row(i))).collect();
                let log_det = vec![log_diagonal(&factor); k];
                (Precisions::Tied(factor, products), log_det)
            }
            Kind::Diag => {
                let log_det = factors.chunks(p).map(|f| f.iter().map(|v| v.ln()).sum()).collect();
                (Precisions::Diag(Matrix::new(factors.iter().map(square).collect(), k, p)), log_det)
            }
            Kind::Spherical => {
                let log_det = factors.iter().map(|f| p as f64 * f.ln()).collect();
                (Precisions::Spherical(factors.iter().map(square).collect()), log_det)
            }
        };
        Ok(Density { means, precisions, log_det })
    }

    pub(super) fn components(&self) -> usize {
        self.means.rows
    }

    pub(super) fn features(&self) -> usize {
        self.means.columns
    }

    /// Squared distance of a sample from the mean of a component, measured by the component's precision.
    fn distance(&self, x: &[f64], k: usize) -> f64 {
        let from = |factor: &Matrix, product: &[f64]| -> f64 {
            (0..factor.rows).map(|j| (dot(x, factor.row(j)) - product[j]).powi(2)).sum()
        };
        let mean = self.means.row(k);
        match &self.precisions {
            Precisions::Full(factors) => from(&factors[k].0, &factors[k].1),
            Precisions::Tied(factor, products) => from(factor, &products[k]),
            Precisions::Diag(precisions) => {
                let (mut of_mean, mut mixed, mut of_sample) = (0.0, 0.0, 0.0);
                for ((x, m), p) in x.iter().zip(mean).zip(precisions.row(k)) {
                    of_mean += m * m * p;
                    mixed += x * (m * p);
                    of_sample += x * x * p;
                }
                of_mean - 2.0 * mixed + of_sample
            }
            Precisions::Spherical(precisions) => {
                let p = precisions[k];
                dot(mean, mean) * p - 2.0 * (dot(x, mean) * p) + dot(x, x) * p
            }
        }
    }

    /// Logarithm of the density of each component, one row a sample.
    pub(super) fn log_densities(&self, x: &Samples) -> Result<Array2<f64>> {
        let x = x.dense()?;
        let constant = self.features() as f64 * (2.0 * PI).ln();
        let mut out = Array2::zeros((x.nrows(), self.components()));
        for (row, mut out) in x.rows().into_iter().zip(out.rows_mut()) {
            let row = contiguous(&row);
            for (k, out) in out.iter_mut().enumerate() {
                *out = -0.5 * (constant + self.distance(&row, k)) + self.log_det[k];
            }
        }
        Ok(out)
    }
}
