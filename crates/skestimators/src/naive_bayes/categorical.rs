//! `CategoricalNB`: features are categories, given as integers from 0.

use ndarray::Array2;

use super::{Likelihood, NaiveBayes, per_class};
use crate::{
    data::Samples,
    error::{Error, Result},
    estimator::Estimator,
    math::Matrix,
    state::State,
    validation::Door,
};

struct Categorical {
    /// For each feature the log probabilities of its categories, one row a class.
    log_prob: Vec<Matrix>,
    prior: Vec<f64>,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    let prior = per_class(s, "class_log_prior_", classes.len())?;
    let log_prob: Vec<Matrix> =
        s.objects("feature_log_prob_")?.iter().map(|m| m.get()).collect::<skpickle::Result<_>>()?;
    s.require(!log_prob.is_empty(), "feature_log_prob_ is empty")?;
    for (feature, matrix) in log_prob.iter().enumerate() {
        s.require(
            matrix.rows == classes.len(),
            format_args!("feature_log_prob_[{feature}] has {} rows for {} classes", matrix.rows, classes.len()),
        )?;
    }
    Ok(NaiveBayes::boxed(s, classes, Categorical { log_prob, prior }))
}

impl Likelihood for Categorical {
    const DOOR: Door = Door::NUMERIC;

    fn features(&self) -> usize {
        self.log_prob.len()
    }

    fn joint(&self, x: &Samples) -> Result<Array2<f64>> {
        let x = x.dense()?;
        // Values are cut to integers first, so that -0.5 is category 0.
        if x.iter().any(|v| v.trunc() < 0.0) {
            return Err(Error::input("Negative values in data passed to CategoricalNB (input X)."));
        }
        let mut out = Array2::zeros((x.nrows(), self.prior.len()));
        for (i, (row, mut out)) in x.rows().into_iter().zip(out.rows_mut()).enumerate() {
            for (feature, (value, log_prob)) in row.iter().zip(&self.log_prob).enumerate() {
                let category = *value as usize;
                if category >= log_prob.columns {
                    return Err(Error::input(format_args!(
                        "index {category} is out of bounds for axis 1 with size {}: row {i}, column {feature} holds a \
                         category that was not seen in fit (see min_categories)",
                        log_prob.columns
                    )));
                }
                for (class, out) in out.iter_mut().enumerate() {
                    *out += log_prob.row(class)[category];
                }
            }
            for (out, prior) in out.iter_mut().zip(&self.prior) {
                *out += prior;
            }
        }
        Ok(out)
    }
}
