//! `sklearn.mixture`: samples drawn from one of several normal distributions.

mod density;
mod variational;

use ndarray::Array2;

use crate::{
    data::{Array, Output, Samples},
    error::Result,
    estimator::Estimator,
    math::special::{argmax, digamma, logsumexp},
    method::{Method, Methods},
    state::State,
    validation::Door,
};
use density::Density;
pub(crate) use variational::load as load_variational;

/// `GaussianMixture` and `BayesianGaussianMixture`, which differ in what is added to the densities.
struct Mixture {
    density: Density,
    /// What is added to the log density of each component: the logarithm of its weight, or of what is expected of it.
    offset: Vec<f64>,
    /// Whether there is `score_samples`.
    scores: bool,
}

pub(crate) fn load_gaussian(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    with_weights(s, Density::load(s)?, true)
}

/// `GMM`, the class before 0.18, which keeps covariances. Its `score_samples` gave a pair and is not offered.
pub(crate) fn load_gmm(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    with_weights(s, Density::from_covariances(s)?, false)
}

fn with_weights(s: &State<'_, '_>, density: Density, scores: bool) -> Result<Box<dyn Estimator>> {
    let weights = s.get::<skpickle::Shared<f64>>("weights_")?;
    let k = density.components();
    s.require(weights.len() == k, format_args!("weights_ has {} values for {k} components", weights.len()))?;
    let offset = weights.iter().map(|w| w.ln()).collect();
    Ok(Box::new(Mixture { density, offset, scores }))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prior {
    Process,
    Distribution,
}

pub(crate) fn load_bayesian(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let density = Density::load(s)?;
    let (k, features) = (density.components(), density.features());
    let mut offset = log_weights(s, k)?;
    let numbers = |name: &str| -> Result<Vec<f64>> {
        let field = s.raw(name)?;
        // One number for all components where they share their covariance.
        let values = match field.get::<f64>() {
            Ok(value) => vec![value; k],
            Err(_) => field.get::<skpickle::Shared<f64>>()?.to_vec(),
        };
        let values = if values.len() == 1 { vec![values[0]; k] } else { values };
        s.require(
            values.len() == k && values.iter().all(|v| v.is_finite() && *v > 0.0),
            format_args!("{name} has not one positive value for each of {k} components"),
        )?;
        Ok(values)
    };
    let (freedom, precision) = (numbers("degrees_of_freedom_")?, numbers("mean_precision_")?);
    let p = features as f64;
    for (k, offset) in offset.iter_mut().enumerate() {
        s.require(freedom[k] > p - 1.0, "degrees_of_freedom_ must exceed the number of features less one")?;
        let log_lambda = p * 2f64.ln() + (0..features).map(|i| digamma(0.5 * (freedom[k] - i as f64))).sum::<f64>();
        *offset += -0.5 * p * freedom[k].ln() + 0.5 * (log_lambda - p / precision[k]);
    }
    Ok(Box::new(Mixture { density, offset, scores: true }))
}

/// What is expected of the logarithm of each weight.
fn log_weights(s: &State<'_, '_>, k: usize) -> Result<Vec<f64>> {
    let prior = s.choice(
        "weight_concentration_prior_type",
        None,
        &[("dirichlet_process", Prior::Process), ("dirichlet_distribution", Prior::Distribution)],
    )?;
    let field = s.raw("weight_concentration_")?;
    let check = |values: &[f64]| {
        s.require(
            values.len() == k && values.iter().all(|v| v.is_finite() && *v > 0.0),
            format_args!("weight_concentration_ has not one positive value for each of {k} components"),
        )
    };
    if prior == Prior::Distribution {
        let a = field.get::<skpickle::Shared<f64>>()?;
        check(&a)?;
        let total = digamma(a.iter().sum());
        return Ok(a.iter().map(|&a| digamma(a) - total).collect());
    }
    let pair = s.objects("weight_concentration_")?;
    let [a, b] = pair.as_slice() else { return Err(field.expected("a pair of arrays").into()) };
    let (a, b) = (a.get::<skpickle::Shared<f64>>()?, b.get::<skpickle::Shared<f64>>()?);
    check(&a)?;
    check(&b)?;
    // What the components before this one leave.
    let mut left = 0.0;
    let weight = |(&a, &b): (&f64, &f64)| {
        let sum = digamma(a + b);
        let weight = digamma(a) - sum + left;
        left += digamma(b) - sum;
        weight
    };
    Ok(a.iter().zip(b.iter()).map(weight).collect())
}

impl Mixture {
    /// Logarithm of each component's part of the density.
    fn weighted(&self, x: &Samples) -> Result<Array2<f64>> {
        let mut out = self.density.log_densities(x)?;
        for mut row in out.rows_mut() {
            row.iter_mut().zip(&self.offset).for_each(|(out, offset)| *out += offset);
        }
        Ok(out)
    }
}

impl Estimator for Mixture {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::PredictProba]).with_if(self.scores, Method::ScoreSamples)
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.density.features())
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let weighted = self.weighted(x)?;
        Ok(weighted.rows().into_iter().map(|row| argmax(row.iter().copied()) as i64).collect::<Vec<i64>>().into())
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        let mut weighted = self.weighted(x)?;
        for mut row in weighted.rows_mut() {
            let norm = logsumexp(row.iter());
            row.mapv_inplace(|v| (v - norm).exp());
        }
        Ok(weighted.into())
    }

    fn score_samples(&self, x: &Samples) -> Result<Array> {
        let weighted = self.weighted(x)?;
        Ok(weighted.rows().into_iter().map(|row| logsumexp(row.iter())).collect::<Vec<f64>>().into())
    }
}
