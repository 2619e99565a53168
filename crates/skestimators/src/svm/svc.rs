//! `sklearn.svm._classes`: `SVC`, `NuSVC`.

use ndarray::Array2;

use super::{
    base::{self, Machine},
    coupling::Coupling,
};
use crate::math::scratch;
use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    estimator::{Classes, Estimator},
    math::{
        special::argmax,
        votes::{Spread, ovr_decision_function},
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// `decision_function_shape`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    OneVsRest,
    OneVsOne,
}

struct Svc {
    machine: Machine,
    classes: Array,
    /// How many of the classes libsvm knows: fewer where the samples of others weighed nothing. It counts them from the first one.
    known: usize,
    shape: Shape,
    spread: Spread,
    break_ties: bool,
    /// Whether the object has `predict_proba`.
    probability: bool,
    /// Platt's parameters for each pair of classes; none when they were not fitted.
    prob_a: Vec<f64>,
    prob_b: Vec<f64>,
    /// What is said when `predict_proba` is missing.
    no_probability: String,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    s.require(classes.len() >= 2, "classes_ has one class, expected at least two")?;
    let known = s.renamed::<skpickle::Shared<i64>>(&["_n_support", "n_support_"])?.len().clamp(2, classes.len());
    let machine = base::load(s, Some(known))?;
    // None was 'ovo' with a warning (0.17, 0.18).
    let shape =
        s.choice("decision_function_shape", Some("ovo"), &[("ovr", Shape::OneVsRest), ("ovo", Shape::OneVsOne)])?;
    let spread = if s.version() < (0, 21) { Spread::Batch } else { Spread::Monotonic };
    let platt = |names| -> Result<Vec<f64>> {
        let values: skpickle::Shared<f64> = s.renamed(names)?;
        let fits = values.is_empty() || base::pairs(known) == Some(values.len());
        s.require(fits, format_args!("{} has {} values for {known} classes", names[0], values.len()))?;
        base::finite(s, names[0], &values)?;
        Ok(values.to_vec())
    };
    // Properties of that name since 0.23.
    let (prob_a, prob_b) = (platt(&["_probA", "probA_"])?, platt(&["_probB", "probB_"])?);
    Ok(Box::new(Svc {
        machine,
        known,
        shape,
        spread,
        break_ties: s.opt("break_ties")?.unwrap_or(false), // since 0.22
        probability: probability(s)?,
        prob_a,
        prob_b,
        no_probability: match s.version() {
            (0, _) | (1, 0..=2) => "predict_proba is not available when  probability=False".to_owned(),
            (1, 3) => "predict_proba is not available when probability=False".to_owned(),
            _ => format!("This '{}' has no attribute 'predict_proba'", s.class()),
        },
        classes,
    }))
}

/// `probability`: False, True, or 'deprecated' (1.9), which is False.
fn probability(s: &State<'_, '_>) -> Result<bool> {
    match s.raw("probability")?.get::<bool>() {
        Ok(value) => Ok(value),
        Err(_) => s.choice("probability", None, &[("deprecated", false)]),
    }
}

impl Svc {
    /// libsvm's decisions, one column for each pair of classes.
    fn decisions(&self, x: &Samples) -> Result<Array2<f64>> {
        let pairs = self.known * (self.known - 1) / 2;
        let mut out = Array2::zeros((x.rows(), pairs));
        self.machine.each_row(x, &mut |i, row| out.row_mut(i).iter_mut().zip(row).for_each(|(out, &d)| *out = d))?;
        Ok(out)
    }

    /// Why there is no answer that has a number for each class.
    fn weightless(&self) -> String {
        format!(
            "the fit gave weight to the samples of {} of {} classes; fit it with some of each, or ask predict",
            self.known,
            self.classes.len()
        )
    }

    fn one_vs_rest(&self, x: &Samples) -> Result<Array2<f64>> {
        let decisions = self.decisions(x)?;
        if self.known < self.classes.len() {
            let pairs = decisions.ncols();
            return Err(Error::input(format_args!(
                "index {pairs} is out of bounds for axis 1 with size {pairs}: {}",
                self.weightless()
            )));
        }
        let predictions = decisions.mapv(|d| d < 0.0);
        Ok(ovr_decision_function(&predictions, &-decisions, self.classes.len(), self.spread))
    }
}

/// The class with most votes, the first of equal ones.
fn most_votes(decisions: &[f64], votes: &mut [usize]) -> usize {
    votes.fill(0);
    let mut decisions = decisions.iter();
    for i in 0..votes.len() {
        for j in i + 1..votes.len() {
            let first = decisions.next().is_some_and(|&d| d > 0.0);
            votes[if first { i } else { j }] += 1;
        }
    }
    (1..votes.len()).fold(0, |best, i| if votes[i] > votes[best] { i } else { best })
}

impl Estimator for Svc {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::DecisionFunction])
            .with_if(self.probability, Method::PredictProba)
            .with_if(self.probability, Method::PredictLogProba)
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        match method {
            Method::PredictProba => Some(self.no_probability.clone()),
            Method::PredictLogProba => Some(self.no_probability.replace("'predict_proba'", "'predict_log_proba'")),
            _ => None,
        }
    }

    fn door(&self, _: Method) -> Door {
        self.machine.door()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.machine.n_features())
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let mut indices = scratch::empty();
        if self.break_ties && self.shape == Shape::OneVsOne {
            return Err(Error::input("break_ties must be False when decision_function_shape is 'ovo'"));
        }
        if self.break_ties && self.classes.len() > 2 {
            indices.extend(self.one_vs_rest(x)?.rows().into_iter().map(|row| argmax(row.iter().copied())));
        } else {
            let mut votes = scratch::zeros(self.known);
            self.machine.each_row(x, &mut |_, decisions| indices.push(most_votes(decisions, &mut votes)))?;
            scratch::give(votes);
        }
        let labels = self.classes.take_each(indices.iter().copied());
        scratch::give(indices);
        Ok(labels)
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        if self.classes.len() == 2 {
            // libsvm decides for the first class, scikit-learn for the second.
            return Ok(Array::from((-self.decisions(x)?).into_raw_vec_and_offset().0));
        }
        Ok(match self.shape {
            Shape::OneVsRest => self.one_vs_rest(x)?.into(),
            Shape::OneVsOne => self.decisions(x)?.into(),
        })
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        if self.prob_a.is_empty() || self.prob_b.is_empty() {
            return Err(Error::input("predict_proba is not available when fitted with probability=False"));
        }
        let classes = self.classes.len();
        if self.known < classes {
            return Err(Error::input(self.weightless()));
        }
        let mut p = Array2::zeros((x.rows(), classes));
        let (a, b, out) = (&self.prob_a[..], &self.prob_b[..], p.as_slice_mut().unwrap_or_default());
        let mut coupling = Coupling { classes, a, b, out, scratch: scratch::empty() };
        self.machine.each_group(x, &mut coupling)?;
        scratch::give(coupling.scratch);
        Ok(p.into())
    }
}
