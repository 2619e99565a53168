//! `sklearn.ensemble._gb_losses` and, since 1.4, `sklearn._loss`: what raw predictions of gradient boosting mean.

use ndarray::{Array2, ArrayViewMut1};

use crate::math::scratch;
use crate::{
    error::Result,
    math::special::{argmax, expit, logsumexp, softmax_rows},
    state::State,
};

/// A loss of a classifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Logistic, with one tree a stage for two classes.
    Binomial,
    /// Softmax, with one tree a stage for each class.
    Multinomial,
    /// Logistic of twice the raw prediction.
    Exponential,
}

/// A loss with the ways of its version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Classification {
    pub(crate) loss: Loss,
    /// `sklearn._loss`: links with geometric means, decisions by raw predictions. Before, decisions were by probabilities.
    by_links: bool,
    /// Probabilities that raw predictions begin with keep this distance from 0 and 1.
    eps: f64,
}

impl Classification {
    /// Reads the loss that a classifier was fitted with.
    pub(crate) fn read(s: &State<'_, '_>) -> Result<Self> {
        let (loss, by_links) = match class(s)?.as_str() {
            "BinomialDeviance" => (Loss::Binomial, false),
            "MultinomialDeviance" => (Loss::Multinomial, false),
            "HalfBinomialLoss" => (Loss::Binomial, true),
            "HalfMultinomialLoss" => (Loss::Multinomial, true),
            // The class kept its name when it moved.
            "ExponentialLoss" => (Loss::Exponential, s.version() >= (1, 4)),
            other => return Err(unknown(s, other, "a loss of GradientBoostingClassifier")),
        };
        let eps = if s.version() >= (1, 8) { f64::EPSILON } else { f64::from(f32::EPSILON) };
        Ok(Classification { loss, by_links, eps })
    }

    /// Turns probabilities into the raw predictions that boosting begins with. One column of them stands for two classes.
    pub(crate) fn link(&self, mut row: ArrayViewMut1<'_, f64>) {
        row.mapv_inplace(|p| p.clamp(self.eps, 1.0 - self.eps));
        match self.loss {
            Loss::Binomial => row.mapv_inplace(|p| (p / (1.0 - p)).ln()),
            Loss::Exponential => row.mapv_inplace(|p| 0.5 * (p / (1.0 - p)).ln()),
            Loss::Multinomial => {
                let mean = if self.by_links { (row.mapv(f64::ln).sum() / row.len() as f64).exp() } else { 1.0 };
                row.mapv_inplace(|p| (p / mean).ln());
            }
        }
    }

    /// Probabilities of all classes.
    pub(crate) fn probabilities(&self, mut raw: Array2<f64>) -> Array2<f64> {
        let scale = if self.loss == Loss::Exponential { 2.0 } else { 1.0 };
        match self.loss {
            Loss::Binomial | Loss::Exponential => {
                let p = Array2::from_shape_fn((raw.nrows(), 2), |(i, j)| {
                    let p = expit(scale * raw[[i, 0]]);
                    if j == 1 { p } else { 1.0 - p }
                });
                scratch::give_matrix(raw);
                p
            }
            Loss::Multinomial if self.by_links => {
                softmax_rows(&mut raw);
                raw
            }
            Loss::Multinomial => {
                for mut row in raw.rows_mut() {
                    let sum = logsumexp(row.to_vec().iter());
                    // `nan_to_num`.
                    row.mapv_inplace(|x| Some((x - sum).exp()).filter(|p| !p.is_nan()).unwrap_or(0.0));
                }
                raw
            }
        }
    }

    /// Index of the class that is predicted for each sample.
    pub(crate) fn decisions(&self, raw: &Array2<f64>) -> Vec<usize> {
        let mut indices = scratch::empty();
        match self.loss {
            // At 0.5 the first of two equal probabilities used to win.
            Loss::Binomial if !self.by_links => {
                indices.extend(raw.iter().map(|&x| expit(x)).map(|p| usize::from(p > 1.0 - p)));
            }
            Loss::Binomial | Loss::Exponential => indices.extend(raw.iter().map(|&x| usize::from(x >= 0.0))),
            Loss::Multinomial if self.by_links => {
                indices.extend(raw.rows().into_iter().map(|row| argmax(row.iter().copied())));
            }
            Loss::Multinomial => {
                let p = self.probabilities(raw.clone());
                indices.extend(p.rows().into_iter().map(|row| argmax(row.iter().copied())));
            }
        }
        indices
    }
}

/// Checks the loss that a regressor was fitted with: the raw predictions of all of them are the values.
pub(crate) fn regression(s: &State<'_, '_>) -> Result<()> {
    match class(s)?.as_str() {
        "LeastSquaresError"
        | "LeastAbsoluteError"
        | "HuberLossFunction"
        | "QuantileLossFunction"
        | "HalfSquaredError"
        | "AbsoluteError"
        | "HuberLoss"
        | "PinballLoss" => Ok(()),
        other => Err(unknown(s, other, "a loss of GradientBoostingRegressor")),
    }
}

/// Class name of the fitted loss.
fn class(s: &State<'_, '_>) -> Result<String> {
    let name = if s.has("_loss") { "_loss" } else { "loss_" };
    let loss = s.raw(name)?;
    let class = loss.class().filter(|class| class.module.starts_with("sklearn."));
    Ok(class.ok_or_else(|| loss.expected("a loss of scikit-learn"))?.name.to_owned())
}

fn unknown(s: &State<'_, '_>, found: &str, expected: &str) -> crate::error::Error {
    s.unsupported(format_args!("_loss is a {}, expected {expected}", skpickle::printable(found)))
}
