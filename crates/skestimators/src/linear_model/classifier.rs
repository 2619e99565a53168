//! `LinearClassifierMixin` of `sklearn.linear_model._base`: scores, the label of the best one, and its kinds of probabilities.

use ndarray::Array2;

use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    estimator::{Classes, Estimator},
    linear_model::{
        predictor::{LinearPredictor, round_to},
        selection::Selection,
    },
    math::{Row, float32, rows, scratch, special},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// How scores become probabilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Probability {
    /// The class has no `predict_proba`.
    None,
    /// This object has none: scikit-learn's words about it, where `{}` stands for the method.
    Unavailable(String),
    /// Softmax over the classes, over `[-d, d]` with two.
    Softmax,
    /// One logistic function a class, divided by their sum. If all are zero they count as equal, or (up to 1.8) the quotients are NaN.
    OneVsRest {
        /// Whether they count as equal.
        uniform: bool,
    },
    /// `(clip(d, -1, 1) + 1) / 2`, divided by their sum; if all are zero they count as equal.
    ModifiedHuber,
}

/// A classifier by the largest of some linear functions, or by the sign of one.
pub(crate) struct LinearClassifier {
    linear: LinearPredictor,
    classes: Array,
    probability: Probability,
    selection: Option<Selection>,
}

/// A classifier that has no probabilities: `LinearSVC`, `Perceptron`, `PassiveAggressiveClassifier`.
pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    Ok(Box::new(LinearClassifier::load(s, Probability::None)?))
}

/// `classes_`, which liblinear's models kept in a `LabelEncoder` up to 0.15.
pub(crate) fn classes(s: &State<'_, '_>) -> Result<Array> {
    if !s.has("classes_") && s.has("_enc") {
        return s.child("_enc")?.classes();
    }
    s.classes()
}

impl LinearClassifier {
    /// Reads `coef_`, `intercept_` and `classes_`.
    pub(crate) fn load(s: &State<'_, '_>, probability: Probability) -> Result<Self> {
        Self::new(s, classes(s)?, probability)
    }

    /// Reads `coef_` and `intercept_`; the classes were found elsewhere.
    pub(crate) fn new(s: &State<'_, '_>, classes: Array, probability: Probability) -> Result<Self> {
        let linear = LinearPredictor::load(s)?;
        let expected = if classes.len() <= 2 { 1 } else { classes.len() };
        // One score a class for two classes is another way to say the same, but for this link.
        let pair = linear.outputs() == classes.len() && probability != Probability::ModifiedHuber;
        s.require(
            linear.outputs() == expected || pair,
            format_args!("coef_ has {} rows for {} classes, expected {expected}", linear.outputs(), classes.len()),
        )?;
        Ok(LinearClassifier { linear, classes, probability, selection: Selection::load(s)? })
    }

    /// Position of the label of one sample. No scores are stored on the way.
    fn decide(&self, sample: &Row<'_>) -> usize {
        match self.linear.outputs() {
            1 => usize::from(self.linear.score(sample, 0) > 0.0),
            n => special::argmax((0..n).map(|k| self.linear.score(sample, k))),
        }
    }

    fn probabilities(&self, x: &Samples) -> Result<Array2<f64>> {
        let in32 = self.linear.in32(x);
        let round = |value| round_to(in32, value);
        let softmax = if in32 { special::softmax32 } else { special::softmax };
        if self.linear.outputs() == 1 && !in32 && matches!(self.probability, Probability::OneVsRest { .. }) {
            let mut p = scratch::empty();
            p.extend(rows(x)?.map(|sample| self.linear.score(&sample, 0)));
            special::expit_each(&mut p);
            return Ok(special::pairs(p));
        }
        if self.linear.outputs() == 1 {
            let mut out = Array2::zeros((x.rows(), 2));
            for (sample, mut out) in rows(x)?.zip(out.rows_mut()) {
                let d = self.linear.score(&sample, 0);
                match self.probability {
                    Probability::Softmax => {
                        (out[0], out[1]) = (-d, d);
                        softmax(out.view_mut());
                    }
                    // The second column is computed, and the first is what it leaves.
                    Probability::ModifiedHuber => out[1] = (clip(d) + 1.0) / 2.0,
                    _ => out[1] = special::expit_in(in32, d),
                }
                if self.probability != Probability::Softmax {
                    out[0] = 1.0 - out[1];
                }
                out.mapv_inplace(round);
            }
            return Ok(out);
        }
        let mut out = self.linear.scores(x)?;
        if self.probability == Probability::Softmax && !in32 {
            special::softmax_rows(&mut out);
            return Ok(out);
        }
        for mut row in out.rows_mut() {
            let uniform = match self.probability {
                Probability::Softmax => {
                    softmax(row.view_mut());
                    continue;
                }
                Probability::ModifiedHuber => {
                    row.mapv_inplace(|d| (clip(d) + 1.0) / 2.0);
                    true
                }
                Probability::OneVsRest { uniform } => {
                    row.mapv_inplace(|d| special::expit_in(in32, d));
                    uniform
                }
                Probability::None | Probability::Unavailable(_) => false,
            };
            let mut sum = row.sum();
            if uniform && sum == 0.0 {
                row.fill(1.0);
                sum = row.len() as f64;
            }
            row.mapv_inplace(|p| round(p / sum));
        }
        Ok(out)
    }
}

/// `np.clip(d, -1, 1)`; NaN stays.
fn clip(d: f64) -> f64 {
    d.clamp(-1.0, 1.0)
}

impl Estimator for LinearClassifier {
    fn methods(&self) -> Methods {
        let probable = !matches!(self.probability, Probability::None | Probability::Unavailable(_));
        Methods::of(&[Method::Predict, Method::DecisionFunction])
            .with_if(probable, Method::PredictProba)
            .with_if(probable, Method::PredictLogProba)
            .with_if(self.selection.is_some(), Method::Transform)
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        match (&self.probability, method) {
            (Probability::Unavailable(words), Method::PredictProba | Method::PredictLogProba) => {
                Some(words.replace("{}", method.name()))
            }
            _ => None,
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.linear.features())
    }

    fn door(&self, _: Method) -> Door {
        LinearPredictor::DOOR
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let mut outside = None;
        let indices = rows(x)?.enumerate().map(|(i, sample)| {
            let index = self.decide(&sample);
            if index < self.classes.len() {
                return index;
            }
            outside.get_or_insert(i);
            0
        });
        let labels = self.classes.take_each(indices);
        match outside {
            // Only a classifier that was fitted on a single class comes here.
            Some(row) => Err(Error::input(format_args!(
                "index 1 is out of bounds for axis 0 with size 1: the score of row {row} is positive, but there is one class"
            ))),
            None => Ok(labels),
        }
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        Ok(if self.linear.outputs() == 1 { self.linear.single(x)?.into() } else { self.linear.scores(x)?.into() })
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        self.probabilities(x).map(Output::from)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        match &self.selection {
            Some(selection) => selection.transform(x),
            None => Err(Error::method("no transform")),
        }
    }

    fn predict_log_proba(&self, x: &Samples) -> Result<Output> {
        let in32 = self.linear.in32(x);
        let mut p = self.probabilities(x)?;
        p.mapv_inplace(|p| if in32 { float32::ln(p as f32).into() } else { p.ln() });
        Ok(p.into())
    }
}
