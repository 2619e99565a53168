//! `GaussianNB`: features are normally distributed in each class.

use std::f64::consts::PI;

use ndarray::Array2;

use super::{Likelihood, NaiveBayes, per_class};
use crate::{
    data::Samples,
    error::Result,
    estimator::Estimator,
    math::{Matrix, float32, sum::pairwise},
    state::State,
    validation::Door,
};

struct Gaussian {
    theta: Matrix,
    var: Matrix,
    /// `-sum(log(2 pi var_)) / 2`, one for each class.
    spread: Vec<f64>,
    /// `log(class_prior_)`.
    log_prior: Vec<f64>,
    /// Whether the model was fitted in 32 bits: what depends on it alone was then computed so, and so is the rest where the
    /// samples have 32 bits too.
    fitted32: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    let theta: Matrix = s.get("theta_")?;
    let is32 = |name: &str| -> Result<bool> { Ok(s.raw(name)?.array()?.dtype().is_f32()) };
    let fitted32 = is32("theta_")?;
    // since 1.0
    let var: Matrix = s.renamed(&["var_", "sigma_"])?;
    s.require(
        theta.rows == classes.len(),
        format_args!("theta_ has {} rows for {} classes", theta.rows, classes.len()),
    )?;
    s.require((var.rows, var.columns) == (theta.rows, theta.columns), "theta_ and var_ differ in shape")?;
    let prior32 = is32("class_prior_")?;
    let prior = per_class(s, "class_prior_", classes.len())?;
    let log_prior = prior.iter().map(|&p| if prior32 { f64::from(float32::ln(p as f32)) } else { p.ln() }).collect();
    let spread = (0..classes.len()).map(|class| {
        let row = var.row(class);
        if fitted32 {
            let logs: Vec<f32> = row.iter().map(|&v| float32::ln((2.0 * PI) as f32 * v as f32)).collect();
            return -0.5 * f64::from(pairwise(&logs));
        }
        -0.5 * row.iter().map(|v| (2.0 * PI * v).ln()).sum::<f64>()
    });
    let spread = spread.collect();
    Ok(NaiveBayes::boxed(s, classes, Gaussian { theta, var, spread, log_prior, fitted32 }))
}

impl Likelihood for Gaussian {
    const DOOR: Door = Door::NUMERIC.keep32();

    fn features(&self) -> usize {
        self.theta.columns
    }

    fn in_32_bits(&self, x: &Samples) -> bool {
        self.fitted32 && matches!(x, Samples::Dense32(_))
    }

    fn joint(&self, x: &Samples) -> Result<Array2<f64>> {
        if let (Samples::Dense32(x), true) = (x, self.fitted32) {
            return Ok(self.joint32(x));
        }
        let x = x.dense()?;
        let mut out = Array2::zeros((x.nrows(), self.theta.rows));
        for (row, mut out) in x.rows().into_iter().zip(out.rows_mut()) {
            for (class, out) in out.iter_mut().enumerate() {
                let parameters = self.theta.row(class).iter().zip(self.var.row(class));
                let distance: f64 = row.iter().zip(parameters).map(|(x, (theta, var))| (x - theta).powi(2) / var).sum();
                *out = self.log_prior[class] + (self.spread[class] - 0.5 * distance);
            }
        }
        Ok(out)
    }
}

impl Gaussian {
    /// The same in 32 bits, rounded where numpy rounds.
    fn joint32(&self, x: &Array2<f32>) -> Array2<f64> {
        let mut out = Array2::zeros((x.nrows(), self.theta.rows));
        let mut terms = vec![0f32; x.ncols()];
        for (row, mut out) in x.rows().into_iter().zip(out.rows_mut()) {
            for (class, out) in out.iter_mut().enumerate() {
                let parameters = self.theta.row(class).iter().zip(self.var.row(class));
                for ((term, x), (&theta, &var)) in terms.iter_mut().zip(row).zip(parameters) {
                    let difference = x - theta as f32;
                    *term = difference * difference / var as f32;
                }
                let likelihood = self.spread[class] as f32 - 0.5 * pairwise(&terms);
                *out = f64::from(self.log_prior[class] as f32 + likelihood);
            }
        }
        out
    }
}
