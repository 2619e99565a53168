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

/// Cholesky factors of precisions (transposed where they are matrices), before they are taken apart.
enum Factors {
    Many(Vec<Matrix>),
    One(Matrix),
    Diagonal(Matrix),
    Scalar(Vec<f64>),
}

/// Covariances of more features are not inverted: the work grows with the cube.
const LARGEST: usize = 512;

/// `means_` and `covariance_type`.
fn means_and_kind(s: &State<'_, '_>) -> Result<(Matrix, Kind)> {
    let means: Matrix = s.get("means_")?;
    s.require(means.rows > 0 && means.columns > 0, "means_ is empty")?;
    let kind = s.choice(
        "covariance_type",
        None,
        &[("full", Kind::Full), ("tied", Kind::Tied), ("diag", Kind::Diag), ("spherical", Kind::Spherical)],
    )?;
    Ok((means, kind))
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

/// The inverse of the lower Cholesky factor of a covariance, which is the transposed factor of its precision; `None` when
/// the covariance is not positive definite.
fn inverse_factor(covariance: &[f64], p: usize) -> Option<Vec<f64>> {
    let mut factor = vec![0.0; p * p];
    for i in 0..p {
        for j in 0..=i {
            let sum = covariance[i * p + j] - dot(&factor[i * p..i * p + j], &factor[j * p..j * p + j]);
            factor[i * p + j] = if i > j {
                sum / factor[j * p + j]
            } else if sum > 0.0 {
                sum.sqrt()
            } else {
                return None;
            };
        }
    }
    let mut inverse = vec![0.0; p * p];
    for column in 0..p {
        for i in column..p {
            let known: f64 = (column..i).map(|k| factor[i * p + k] * inverse[k * p + column]).sum();
            let unit = if i == column { 1.0 } else { 0.0 };
            inverse[i * p + column] = (unit - known) / factor[i * p + i];
        }
    }
    Some(inverse)
}

impl Density {
    pub(super) fn load(s: &State<'_, '_>) -> Result<Self> {
        let (means, kind) = means_and_kind(s)?;
        let (k, p) = (means.rows, means.columns);
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
        let stored = array.f64s()?;
        field.charge(16 * stored.len() as u64)?;
        let transposed = |f: &[f64]| Matrix::new(f.to_vec(), p, p).transposed();
        let factors = match kind {
            Kind::Full => Factors::Many(stored.chunks(p * p).map(transposed).collect()),
            Kind::Tied => Factors::One(transposed(&stored)),
            Kind::Diag => Factors::Diagonal(Matrix::new(stored.to_vec(), k, p)),
            Kind::Spherical => Factors::Scalar(stored.to_vec()),
        };
        Density::new(s, "precisions_cholesky_", means, factors)
    }

    /// From the covariances that `GMM` kept instead.
    pub(super) fn from_covariances(s: &State<'_, '_>) -> Result<Self> {
        let (means, kind) = means_and_kind(s)?;
        let (k, p) = (means.rows, means.columns);
        let field = s.raw("covars_")?;
        let array = field.array()?;
        let fits = match kind {
            Kind::Full => array.shape() == [k, p, p],
            Kind::Tied => array.shape() == [p, p],
            Kind::Diag => array.shape() == [k, p],
            // One number for each component, or the same one for each feature.
            Kind::Spherical => [&[k][..], &[k, 1], &[k, p]].contains(&array.shape()),
        };
        if !fits {
            return Err(field.expected("covariances of the shape that covariance_type says").into());
        }
        if matches!(kind, Kind::Full | Kind::Tied) && p > LARGEST {
            return Err(
                s.unsupported(format_args!("covariances of {p} features; at most {LARGEST} are inverted at load"))
            );
        }
        let stored = array.f64s()?;
        field.charge(32 * stored.len() as u64)?;
        let inverse = |covariance: &[f64]| {
            let factor = inverse_factor(covariance, p).or_else(|| {
                // As scikit-learn does with a component that is all but flat.
                let lifted = |(i, v): (usize, &f64)| if i % (p + 1) == 0 { v + 1e-7 } else { *v };
                inverse_factor(&covariance.iter().enumerate().map(lifted).collect::<Vec<f64>>(), p)
            });
            let factor = factor.ok_or_else(|| s.error("'covars' must be symmetric, positive-definite"))?;
            Ok(Matrix::new(factor, p, p))
        };
        let root = |v: &f64| 1.0 / v.sqrt();
        let factors = match kind {
            Kind::Full => Factors::Many(stored.chunks(p * p).map(inverse).collect::<Result<_>>()?),
            Kind::Tied => Factors::One(inverse(&stored)?),
            Kind::Spherical if stored.len() == k => Factors::Scalar(stored.iter().map(root).collect()),
            Kind::Diag | Kind::Spherical => Factors::Diagonal(Matrix::new(stored.iter().map(root).collect(), k, p)),
        };
        Density::new(s, "covars_", means, factors)
    }

    fn new(s: &State<'_, '_>, name: &str, means: Matrix, factors: Factors) -> Result<Self> {
        let (k, p) = (means.rows, means.columns);
        let finite = |values: &[f64]| values.iter().all(|v| v.is_finite());
        let regular = |f: &Matrix| finite(&f.data) && f.data.iter().step_by(p + 1).all(|d| *d > 0.0);
        let positive = |values: &[f64]| finite(values) && values.iter().all(|v| *v > 0.0);
        let sound = match &factors {
            Factors::Many(factors) => factors.iter().all(regular),
            Factors::One(factor) => regular(factor),
            Factors::Diagonal(factors) => positive(&factors.data),
            Factors::Scalar(factors) => positive(factors),
        };
        s.require(sound, format_args!("{name} has values that are not finite, or not positive on a diagonal"))?;
        let square = |v: &f64| v * v;
        let (precisions, log_det) = match factors {
            Factors::Many(factors) => {
                let log_det = factors.iter().map(log_diagonal).collect();
                let with_product = |(i, f): (usize, Matrix)| {
                    let product = product(&f, means.row(i));
                    (f, product)
                };
                (Precisions::Full(factors.into_iter().enumerate().map(with_product).collect()), log_det)
            }
            Factors::One(factor) => {
                let products = (0..k).map(|i| product(&factor, means.row(i))).collect();
                let log_det = vec![log_diagonal(&factor); k];
                (Precisions::Tied(factor, products), log_det)
            }
            Factors::Diagonal(factors) => {
                let log_det = (0..k).map(|i| factors.row(i).iter().map(|v| v.ln()).sum()).collect();
                (Precisions::Diag(Matrix::new(factors.data.iter().map(square).collect(), k, p)), log_det)
            }
            Factors::Scalar(factors) => {
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
