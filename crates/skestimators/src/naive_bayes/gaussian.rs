//! `GaussianNB`: features are normally distributed in each class.

use std::f64::consts::PI;

use ndarray::Array2;

use super::{Likelihood, NaiveBayes, per_class};
use crate::{data::Samples, error::Result, estimator::Estimator, math::Matrix, state::State, validation::Door};

struct Gaussian {
    theta: Matrix,
    var: Matrix,
    /// `log(class_prior_) - sum(log(2 pi var_)) / 2`, one for each class.
    offset: Vec<f64>,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    let theta: Matrix = s.get("theta_")?;
    // since 1.0
    let var: Matrix = s.renamed(&["var_", "sigma_"])?;
    s.require(theta.rows == classes.len(), format!("theta_ has {} rows for {} classes", theta.rows, classes.len()))?;
    s.require((var.rows, var.columns) == (theta.rows, theta.columns), "theta_ and var_ differ in shape")?;
    let prior = per_class(s, "class_prior_", classes.len())?;
    let offset = prior.iter().enumerate().map(|(class, prior)| {
        let spread: f64 = var.row(class).iter().map(|v| (2.0 * PI * v).ln()).sum();
        prior.ln() - 0.5 * spread
    });
    let offset = offset.collect();
    Ok(NaiveBayes::boxed(s, classes, Gaussian { theta, var, offset }))
}

impl Likelihood for Gaussian {
    const DOOR: Door = Door::NUMERIC;

    fn features(&self) -> usize {
        self.theta.columns
    }

    fn joint(&self, x: &Samples) -> Result<Array2<f64>> {
        let x = x.dense()?;
        let mut out = Array2::zeros((x.nrows(), self.theta.rows));
        for (row, mut out) in x.rows().into_iter().zip(out.rows_mut()) {
            for (class, out) in out.iter_mut().enumerate() {
                let parameters = self.theta.row(class).iter().zip(self.var.row(class));
                let distance: f64 = row.iter().zip(parameters).map(|(x, (theta, var))| (x - theta).powi(2) / var).sum();
                *out = self.offset[class] - 0.5 * distance;
            }
        }
        Ok(out)
    }
}
