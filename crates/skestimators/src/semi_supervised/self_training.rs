//! `sklearn.semi_supervised._self_training.SelfTrainingClassifier`: it answers as the classifier that it trained.

use crate::{
    data::{Array, Output, Samples},
    error::Result,
    estimator::{Classes, Estimator, Fitted},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

const PASSED_ON: [Method; 4] =
    [Method::Predict, Method::PredictProba, Method::PredictLogProba, Method::DecisionFunction];

struct SelfTraining {
    inner: Fitted,
    classes: Option<Array>,
    /// Whether the input is checked here (since 0.24; not where the inner classifier has no width).
    width: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    // Up to 1.0 `base_estimator_`.
    let name = if s.has("estimator_") { "estimator_" } else { "base_estimator_" };
    let inner = s.estimator(name)?;
    s.require(inner.has(Method::Predict), format_args!("{name} cannot predict"))?;
    let classes = if s.has("classes_") { Some(s.classes()?) } else { None };
    Ok(Box::new(SelfTraining { width: inner.n_features_in.is_some(), inner, classes }))
}

impl Estimator for SelfTraining {
    fn methods(&self) -> Methods {
        PASSED_ON.iter().fold(Methods::default(), |methods, &method| methods.with_if(self.inner.has(method), method))
    }

    fn door(&self, _: Method) -> Door {
        let door = Door::NUMERIC.sparse().any_value().keep32();
        if self.width { door } else { door.any_width() }
    }

    fn n_features_in(&self) -> Option<usize> {
        self.inner.n_features_in
    }

    fn classes(&self) -> Classes<'_> {
        self.classes.as_ref().map_or_else(|| self.inner.estimator.classes(), Classes::One)
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        self.inner.require(method).err().map(|error| error.message().to_owned())
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        self.inner.predict(x)
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        self.inner.predict_proba(x)
    }

    fn predict_log_proba(&self, x: &Samples) -> Result<Output> {
        self.inner.call(Method::PredictLogProba, x)
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        self.inner.decision_function(x)
    }
}
