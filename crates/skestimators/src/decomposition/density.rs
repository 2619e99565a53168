//! The normal distribution that `PCA` and `FactorAnalysis` describe: a few loadings, and noise in every feature.

use std::f64::consts::PI;

use ndarray::ArrayView2;

use crate::{
    error::{Error, Result},
    math::{
        Matrix, dot,
        linalg::{Cholesky, solve_lower, times_transposed},
    },
};

/// The precision `inv(loadings.T @ loadings + diag(noise))`, in a form of the loadings' size.
enum Precision {
    /// Noise everywhere: by Woodbury's identity `diag(1 / noise) - within.T @ within`.
    Noisy { noise: Vec<f64>, within: Matrix },
    /// No noise: the factor of the covariance itself.
    Exact(Cholesky),
    /// The covariance has no inverse: why.
    Singular(&'static str),
}

const NO_INVERSE: &str = "singular matrix: the covariance has no inverse";

/// Density of the samples.
pub(super) struct Density {
    mean: Vec<f64>,
    precision: Precision,
    log_det: f64,
}

impl Density {
    /// `loadings` has one row a component, `noise` one value a feature: all zero, or none.
    pub(super) fn new(mean: Vec<f64>, loadings: &Matrix, noise: Vec<f64>) -> Self {
        if noise.contains(&0.0) {
            // Fewer components than features leave a covariance that has no inverse, however large.
            let factor = if loadings.rows < loadings.columns {
                None
            } else {
                let columns = loadings.transposed();
                Cholesky::of(&times_transposed(&columns, &columns))
            };
            return match factor {
                Some(factor) => Density { mean, log_det: -factor.log_det(), precision: Precision::Exact(factor) },
                None => Density { mean, log_det: f64::NAN, precision: Precision::Singular(NO_INVERSE) },
            };
        }
        let mut scaled = loadings.data.to_vec();
        for row in scaled.chunks_mut(noise.len().max(1)) {
            row.iter_mut().zip(&noise).for_each(|(v, noise)| *v /= noise);
        }
        let scaled = Matrix::new(scaled, loadings.rows, loadings.columns);
        let mut inner = times_transposed(&scaled, loadings).data.to_vec();
        inner.iter_mut().step_by(loadings.rows + 1).for_each(|v| *v += 1.0);
        let Some(factor) = Cholesky::of(&Matrix::new(inner, loadings.rows, loadings.rows)) else {
            return Density { mean, log_det: f64::NAN, precision: Precision::Singular(NO_INVERSE) };
        };
        let mut columns = scaled.transposed().data.to_vec();
        columns.chunks_mut(loadings.rows.max(1)).for_each(|column| solve_lower(factor.lower(), column));
        let within = Matrix::new(columns, loadings.columns, loadings.rows).transposed();
        let log_det = -(noise.iter().map(|v| v.ln()).sum::<f64>() + factor.log_det());
        Density { mean, precision: Precision::Noisy { noise, within }, log_det }
    }

    /// The density of a model whose noise is above a component's variance.
    pub(super) fn drowned(mean: Vec<f64>) -> Self {
        let why = "array must not contain infs or NaNs: a component explains no more variance than the noise has";
        Density { mean, log_det: f64::NAN, precision: Precision::Singular(why) }
    }

    /// Logarithm of the density of each sample.
    pub(super) fn log_densities(&self, x: &ArrayView2<'_, f64>) -> Result<Vec<f64>> {
        let constant = 0.5 * (self.mean.len() as f64 * (2.0 * PI).ln() - self.log_det);
        let mut centred = vec![0.0; self.mean.len()];
        let mut out = Vec::with_capacity(x.nrows());
        for row in x.rows() {
            centred.iter_mut().zip(row.iter().zip(&self.mean)).for_each(|(c, (x, mean))| *c = x - mean);
            let distance = match &self.precision {
                Precision::Noisy { noise, within } => {
                    let outer: f64 = centred.iter().zip(noise).map(|(c, noise)| c * c / noise).sum();
                    outer - (0..within.rows).map(|k| dot(within.row(k), &centred).powi(2)).sum::<f64>()
                }
                Precision::Exact(factor) => {
                    solve_lower(factor.lower(), &mut centred);
                    dot(&centred, &centred)
                }
                Precision::Singular(why) => return Err(Error::input(*why)),
            };
            out.push(-0.5 * distance - constant);
        }
        Ok(out)
    }
}
