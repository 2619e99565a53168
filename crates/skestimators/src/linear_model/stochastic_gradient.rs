//! `sklearn.linear_model._stochastic_gradient`: `SGDClassifier`, `SGDOneClassSVM`.

use crate::{
    data::{Array, Samples},
    error::Result,
    estimator::Estimator,
    linear_model::{
        classifier::{LinearClassifier, Probability},
        predictor::{LinearPredictor, round_to},
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// `SGDClassifier`: two of its losses give probabilities.
pub(crate) fn load_classifier(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let one_vs_rest = Some(Probability::OneVsRest { uniform: s.version() >= (1, 9) });
    let kinds = [one_vs_rest, Some(Probability::ModifiedHuber), None];
    let kind = s.choice(
        "loss",
        None,
        &[
            ("log_loss", 0),
            ("log", 0),
            ("modified_huber", 1),
            ("hinge", 2),
            ("squared_hinge", 2),
            ("perceptron", 2),
            ("squared_error", 2),
            ("squared_loss", 2),
            ("huber", 2),
            ("epsilon_insensitive", 2),
            ("squared_epsilon_insensitive", 2),
        ],
    )?;
    let probability = match kinds[kind].clone() {
        Some(probability) => probability,
        None if s.version() >= (1, 4) => {
            Probability::Unavailable(format!("This '{}' has no attribute '{{}}'", s.class()))
        }
        None => {
            let loss: String = s.get("loss")?;
            Probability::Unavailable(format!("probability estimates are not available for loss='{loss}'"))
        }
    };
    Ok(Box::new(LinearClassifier::load(s, probability)?))
}

/// `SGDOneClassSVM`: 1 where `X @ coef_ - offset_` is not negative, -1 elsewhere.
struct SgdOneClassSvm {
    /// With zero for an intercept: the offset is taken off, and put back for `score_samples`.
    products: LinearPredictor,
    offset: f64,
}

pub(crate) fn load_one_class(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let offset: f64 = s.get("offset_")?;
    let products = LinearPredictor::with_intercept(s, "offset_")?.without_intercept();
    s.require(products.outputs() == 1, format_args!("coef_ has {} rows, expected one", products.outputs()))?;
    Ok(Box::new(SgdOneClassSvm { products, offset }))
}

impl SgdOneClassSvm {
    fn decisions(&self, x: &Samples) -> Result<Vec<f64>> {
        let in32 = self.products.in32(x);
        let mut d = self.products.single(x)?;
        d.iter_mut().for_each(|d| *d = round_to(in32, *d - round_to(in32, self.offset)));
        Ok(d)
    }
}

impl Estimator for SgdOneClassSvm {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::DecisionFunction, Method::ScoreSamples])
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.products.features())
    }

    fn door(&self, _: Method) -> Door {
        LinearPredictor::DOOR
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let labels: Vec<i64> = self.decisions(x)?.iter().map(|&d| if d >= 0.0 { 1 } else { -1 }).collect();
        Ok(labels.into())
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        self.decisions(x).map(Array::from)
    }

    fn score_samples(&self, x: &Samples) -> Result<Array> {
        let in32 = self.products.in32(x);
        let mut scores = self.decisions(x)?;
        scores.iter_mut().for_each(|d| *d = round_to(in32, *d + round_to(in32, self.offset)));
        Ok(scores.into())
    }
}
