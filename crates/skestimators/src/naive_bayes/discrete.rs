//! `MultinomialNB`, `ComplementNB` and `BernoulliNB`: a linear function of counts or of their signs.

use std::borrow::Cow;

use ndarray::Array2;

use super::{Likelihood, NaiveBayes, per_class};
use crate::{
    data::Samples,
    error::{Error, Result},
    estimator::Estimator,
    math::{Matrix, affine},
    state::State,
    validation::Door,
};

struct Discrete {
    weights: Matrix,
    offset: Vec<f64>,
    /// `binarize`: larger values count as 1, all others as 0.
    threshold: Option<f64>,
}

/// `feature_log_prob_`, one row a class; before 1.0 a single class had a second one beside it, without samples.
fn weights(s: &State<'_, '_>, classes: usize) -> Result<Matrix> {
    let weights: Matrix = s.get("feature_log_prob_")?;
    let beside = s.version() < (1, 0) && (classes, weights.rows) == (1, 2);
    s.require(
        weights.rows == classes || beside,
        format_args!("feature_log_prob_ has {} rows for {classes} classes", weights.rows),
    )?;
    Ok(weights)
}

/// `class_log_prior_`, for as many classes as there are rows of weights; one value stands for both rows of a single class.
fn prior(s: &State<'_, '_>, classes: usize, rows: usize) -> Result<Vec<f64>> {
    let prior: skpickle::Shared<f64> = s.get("class_log_prior_")?;
    if classes == 1 && prior.len() == 1 {
        return Ok(vec![prior[0]; rows]);
    }
    per_class(s, "class_log_prior_", rows)
}

pub(crate) fn load_multinomial(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    let weights = weights(s, classes.len())?;
    let offset = prior(s, classes.len(), weights.rows)?;
    Ok(NaiveBayes::boxed(s, classes, Discrete { weights, offset, threshold: None }))
}

pub(crate) fn load_complement(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    let weights = weights(s, classes.len())?;
    // The prior only counts when there is nothing to choose.
    let single = classes.len() == 1;
    let offset = if single { prior(s, 1, weights.rows)? } else { vec![0.0; weights.rows] };
    Ok(NaiveBayes::boxed(s, classes, Discrete { weights, offset, threshold: None }))
}

pub(crate) fn load_bernoulli(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    let log_prob = weights(s, classes.len())?;
    let mut offset = prior(s, classes.len(), log_prob.rows)?;
    let absent = |p: f64| (1.0 - p.exp()).ln();
    for (class, offset) in offset.iter_mut().enumerate() {
        *offset += log_prob.row(class).iter().map(|&p| absent(p)).sum::<f64>();
    }
    s.obj().charge(8 * log_prob.data.len() as u64)?;
    let data = log_prob.data.iter().map(|&p| p - absent(p)).collect();
    let weights = Matrix::new(data, log_prob.rows, log_prob.columns);
    let threshold = s.opt::<f64>("binarize")?;
    Ok(NaiveBayes::boxed(s, classes, Discrete { weights, offset, threshold }))
}

impl Likelihood for Discrete {
    const DOOR: Door = Door::NUMERIC.sparse().keep32();

    fn features(&self) -> usize {
        self.weights.columns
    }

    fn joint(&self, x: &Samples) -> Result<Array2<f64>> {
        let x = match self.threshold {
            Some(threshold) => Cow::Owned(binarize(x, threshold)?),
            None => Cow::Borrowed(x),
        };
        affine(&x, &self.weights, &self.offset)
    }
}

/// `sklearn.preprocessing.binarize`.
fn binarize(x: &Samples, threshold: f64) -> Result<Samples> {
    let above = |on: bool| f64::from(u8::from(on));
    Ok(match x {
        Samples::Sparse(_) if threshold < 0.0 => {
            return Err(Error::input("Cannot binarize a sparse matrix with threshold < 0"));
        }
        Samples::Sparse(x) => {
            let mut x = x.canonical();
            x.data_mut().iter_mut().for_each(|v| *v = above(*v > threshold));
            Samples::Sparse(x)
        }
        // numpy compares in 32 bits.
        Samples::Dense32(x) => Samples::Dense(x.mapv(|v| above(v > threshold as f32))),
        x => Samples::Dense(x.dense()?.mapv(|v| above(v > threshold))),
    })
}
