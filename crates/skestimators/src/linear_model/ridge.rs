//! `sklearn.linear_model._ridge`: `RidgeClassifier`, `RidgeClassifierCV`.

use ndarray::Array2;

use crate::{
    data::{Array, Samples},
    error::Result,
    estimator::{Classes, Estimator},
    linear_model::{
        classifier::{LinearClassifier, Probability},
        predictor::LinearPredictor,
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// `RidgeClassifier`: regression on labels that its binarizer wrote as -1 and 1.
pub(crate) fn load_classifier(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let binarizer = s.child("_label_binarizer")?;
    // Up to 1.8 `classes_` is a property that asks the binarizer.
    let classes = if s.has("classes_") { s.classes()? } else { binarizer.classes()? };
    let multilabel = binarizer.choice(
        "y_type_",
        None,
        &[("binary", false), ("multiclass", false), ("multilabel-indicator", true)],
    )?;
    // Up to 0.24 `predict` knows nothing of several labels, and gives the one with the best score.
    if !multilabel || s.version() < (1, 0) {
        return Ok(Box::new(LinearClassifier::new(s, classes, Probability::None)?));
    }
    let labels: (i64, i64) = (binarizer.get("neg_label")?, binarizer.get("pos_label")?);
    binarizer.require(labels == (-1, 1), format_args!("labels {labels:?}, expected (-1, 1)"))?;
    let linear = LinearPredictor::load(s)?;
    s.require(
        linear.outputs() == classes.len() && classes.len() > 1,
        format_args!("coef_ has {} rows for {} labels", linear.outputs(), classes.len()),
    )?;
    Ok(Box::new(Multilabel { linear, classes }))
}

/// One yes or no for each label.
struct Multilabel {
    linear: LinearPredictor,
    classes: Array,
}

impl Estimator for Multilabel {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::DecisionFunction])
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
        let labels: Array2<i64> = self.linear.scores(x)?.mapv(|score| i64::from(score > 0.0));
        Ok(labels.into())
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        Ok(self.linear.scores(x)?.into())
    }
}
