//! `sklearn.mixture.dpgmm` (up to 0.19): `DPGMM` and `VBGMM`, the mixtures before `BayesianGaussianMixture`.

use std::borrow::Cow;

use ndarray::Array2;
use skpickle::Shared;

use crate::{
    data::{Array, Output, Samples},
    error::Result,
    estimator::Estimator,
    math::{
        Matrix, contiguous, dot,
        special::{argmax, digamma, logsumexp},
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// Added to probabilities and to the arguments of digamma.
const EPSILON: f64 = f32::EPSILON as f64;

/// Precision of each component.
enum Precisions {
    /// One value a feature, one row a component.
    Diagonal(Matrix),
    /// A matrix for each component, or one for all.
    Full(Vec<Matrix>),
}

struct Variational {
    means: Matrix,
    precisions: Precisions,
    /// Bound on the log density of each component at its mean.
    bound: Vec<f64>,
    /// What is expected of the logarithm of each weight.
    log_weights: Vec<f64>,
    /// Densities are normalized over all samples of the batch (0.19).
    by_batch: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let means: Matrix = s.get("means_")?;
    let (count, features) = (means.rows, means.columns);
    s.require(count > 0 && features > 0, "means_ is empty")?;
    let gamma: Matrix = s.get("gamma_")?;
    s.require(gamma.data.iter().all(|v| v.is_finite()), "gamma_ is not finite")?;
    let log_weights = if s.class() == "VBGMM" {
        s.require(gamma.data.len() == count, format_args!("gamma_ has not one value for each of {count} components"))?;
        let total = digamma(gamma.data.iter().sum::<f64>() + EPSILON);
        gamma.data.iter().map(|g| digamma(g + EPSILON) - total).collect()
    } else {
        s.require(
            (gamma.rows, gamma.columns) == (count, 3),
            format_args!("gamma_ is of shape ({}, {}), expected ({count}, 3)", gamma.rows, gamma.columns),
        )?;
        stick(&gamma)
    };
    let precisions = match s.choice(
        "covariance_type",
        Some("diag"),
        &[("diag", 'd'), ("spherical", 'd'), ("full", 'f'), ("tied", 't')],
    )? {
        'd' => Precisions::Diagonal(s.get("precs_")?),
        'f' => Precisions::Full(s.objects("precs_")?.iter().map(|m| Ok(m.get()?)).collect::<Result<_>>()?),
        _ => Precisions::Full(vec![s.get("precs_")?]),
    };
    let fits = match &precisions {
        Precisions::Diagonal(m) => (m.rows, m.columns) == (count, features),
        Precisions::Full(all) => {
            (all.len() == count || all.len() == 1) && all.iter().all(|m| (m.rows, m.columns) == (features, features))
        }
    };
    s.require(fits, format_args!("precs_ is not for {count} components of {features} features"))?;
    let start: f64 = s.get("_initial_bound")?;
    let bound = match s.raw("bound_prec_")?.get::<f64>() {
        Ok(shared) => vec![start + shared; count],
        Err(_) => s.get::<Shared<f64>>("bound_prec_")?.iter().map(|b| start + b).collect(),
    };
    s.require(bound.len() == count, format_args!("bound_prec_ has not one value for each of {count} components"))?;
    let by_batch = s.version() >= (0, 19);
    Ok(Box::new(Variational { means, precisions, bound, log_weights, by_batch }))
}

/// Expected logarithms of the weights that are broken off a stick.
fn stick(gamma: &Matrix) -> Vec<f64> {
    let sum = |k: usize| digamma(gamma.row(k)[1] + gamma.row(k)[2] + EPSILON);
    let mut left = digamma(gamma.row(0)[2] + EPSILON) - sum(0);
    (0..gamma.rows)
        .map(|k| {
            if k > 0 {
                left += digamma(gamma.row(k - 1)[2] + EPSILON) - sum(k - 1);
            }
            digamma(gamma.row(k)[1] + EPSILON) - sum(k) + left
        })
        .collect()
}

impl Variational {
    /// Bound on the log density of a sample in each component.
    fn bounds(&self, x: &[f64]) -> Vec<f64> {
        let one = |k: usize| {
            let apart: Vec<f64> = x.iter().zip(self.means.row(k)).map(|(x, mean)| x - mean).collect();
            let distance = match &self.precisions {
                Precisions::Diagonal(m) => apart.iter().zip(m.row(k)).map(|(d, p)| d * d * p).sum::<f64>(),
                Precisions::Full(all) => {
                    let m = all.get(k).unwrap_or(&all[0]);
                    (0..m.rows).map(|i| apart[i] * dot(m.row(i), &apart)).sum::<f64>()
                }
            };
            self.bound[k] - 0.5 * distance
        };
        (0..self.bound.len()).map(one).collect()
    }

    /// Responsibilities of the components for each sample.
    fn responsibilities(&self, x: &Samples) -> Result<Array2<f64>> {
        let mut out = Array2::zeros((x.rows(), self.bound.len()));
        for (row, mut out) in x.dense()?.rows().into_iter().zip(out.rows_mut()) {
            let row: Cow<'_, [f64]> = contiguous(&row);
            out.iter_mut().zip(self.bounds(&row)).zip(&self.log_weights).for_each(|((out, b), w)| *out = b + w);
            let largest = out.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            out.mapv_inplace(|v| v - largest);
        }
        let of_all = self.by_batch.then(|| logsumexp(out.iter()));
        for mut out in out.rows_mut() {
            let norm = of_all.unwrap_or_else(|| logsumexp(out.iter()));
            out.mapv_inplace(|v| (v - norm).exp() + EPSILON);
            let total = out.sum();
            out.mapv_inplace(|v| v / total);
        }
        Ok(out)
    }
}

impl Estimator for Variational {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::PredictProba])
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.means.columns)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let parts = self.responsibilities(x)?;
        Ok(parts.rows().into_iter().map(|row| argmax(row.iter().copied()) as i64).collect::<Vec<i64>>().into())
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        Ok(self.responsibilities(x)?.into())
    }
}
