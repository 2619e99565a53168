//! `sklearn.frozen.FrozenEstimator`: an estimator that another fit does not change. It answers as the one inside.

use crate::{
    data::{Array, Output, Samples},
    error::Result,
    estimator::{Classes, Estimator, Fitted},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct Frozen(Fitted);

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    Ok(Box::new(Frozen(s.estimator("estimator")?)))
}

impl Estimator for Frozen {
    fn methods(&self) -> Methods {
        self.0.estimator.methods()
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn follow(&mut self) {
        self.0.follow();
    }

    fn n_features_in(&self) -> Option<usize> {
        self.0.n_features_in
    }

    fn feature_names_in(&self) -> Option<&[String]> {
        self.0.feature_names_in.as_deref()
    }

    fn classes(&self) -> Classes<'_> {
        self.0.estimator.classes()
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        self.0.require(method).err().map(|error| error.message().to_owned())
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        self.0.predict(x)
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        self.0.predict_proba(x)
    }

    fn predict_log_proba(&self, x: &Samples) -> Result<Output> {
        self.0.call(Method::PredictLogProba, x)
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        self.0.decision_function(x)
    }

    fn score_samples(&self, x: &Samples) -> Result<Array> {
        self.0.score_samples(x)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        self.0.transform(x)
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        self.0.inverse_transform(x)
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        self.0.call(method, x)
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        self.0.feature_names_out(Some(input))
    }
}
