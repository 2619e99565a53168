//! `sklearn.neural_network._multilayer_perceptron`: `MLPClassifier`, `MLPRegressor`.

use ndarray::Array2;

use super::network::{self, Activation, Network};
use crate::math::scratch;
use crate::{
    data::{Array, Output, Samples},
    error::Result,
    estimator::{Classes, Estimator},
    math::special::argmax,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

const DOOR: Door = Door::NUMERIC.sparse().keep32();

struct MLPRegressor {
    network: Network,
}

pub(crate) fn load_regressor(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    // 'exp' belongs to the Poisson loss (1.7).
    let network = network::load(s, &[("identity", Activation::Identity), ("exp", Activation::Exp)])?;
    Ok(Box::new(MLPRegressor { network }))
}

impl Estimator for MLPRegressor {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict])
    }

    fn door(&self, _: Method) -> Door {
        DOOR
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.network.inputs())
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let y = self.network.forward(x)?;
        Ok(if y.ncols() == 1 { Array::from(y.into_raw_vec_and_offset().0) } else { y.into() })
    }
}

/// What `_label_binarizer` makes of the units of the last layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Binary,
    Multiclass,
    Multilabel,
}

struct MLPClassifier {
    network: Network,
    classes: Array,
    target: Target,
    /// Half way between the binarizer's two values.
    threshold: f64,
}

pub(crate) fn load_classifier(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let network = network::load(s, &[("logistic", Activation::Logistic), ("softmax", Activation::Softmax)])?;
    let classes = s.classes()?;
    let binarizer = s.child("_label_binarizer")?;
    let target = binarizer.choice(
        "y_type_",
        None,
        &[("binary", Target::Binary), ("multiclass", Target::Multiclass), ("multilabel-indicator", Target::Multilabel)],
    )?;
    let threshold = (binarizer.get::<f64>("pos_label")? + binarizer.get::<f64>("neg_label")?) / 2.0;
    binarizer.require(threshold.is_finite(), "pos_label and neg_label have no finite middle")?;
    let known = binarizer.classes()?;
    binarizer.require(known == classes, "classes_ differs from the network's classes_")?;
    let (outputs, n_classes) = (network.outputs(), classes.len());
    s.require(
        s.get::<usize>("n_outputs_")? == outputs,
        format_args!("n_outputs_ is not the {outputs} units of coefs_"),
    )?;
    let fits = match target {
        Target::Binary => outputs == 1 && n_classes <= 2,
        Target::Multiclass => outputs == n_classes && outputs > 1,
        Target::Multilabel => outputs == n_classes && outputs > 1,
    };
    s.require(fits, format_args!("coefs_ ends in {outputs} units for {n_classes} classes_"))?;
    Ok(Box::new(MLPClassifier { network, classes, target, threshold }))
}

impl Estimator for MLPClassifier {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::PredictProba, Method::PredictLogProba])
    }

    fn door(&self, _: Method) -> Door {
        DOOR
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.network.inputs())
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        if self.target == Target::Multilabel {
            let y = self.network.forward(x)?;
            return Ok(y.mapv(|y| i64::from(y > self.threshold)).into());
        }
        let mut indices = scratch::empty();
        let last = self.classes.len() - 1;
        self.network.each_row(x, &mut |_, row| {
            indices.push(match row {
                // With one class there is nothing to choose.
                [y] => usize::from(*y > self.threshold).min(last),
                row => argmax(row.iter().copied()),
            });
        })?;
        let labels = self.classes.take_each(indices.iter().copied());
        scratch::give(indices);
        Ok(labels)
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        if self.network.outputs() > 1 {
            return Ok(self.network.forward(x)?.into());
        }
        let single = self.network.answers32(x);
        let mut p = Array2::zeros((x.rows(), 2));
        self.network.each_row(x, &mut |i, row| {
            let y = row.first().copied().unwrap_or_default();
            p[[i, 0]] = if single { f64::from(1.0 - y as f32) } else { 1.0 - y };
            p[[i, 1]] = y;
        })?;
        Ok(p.into())
    }
}
