//! `sklearn.linear_model._ransac`: the estimator that was fitted on the inliers answers.

use crate::{
    data::{Array, Samples},
    error::Result,
    estimator::{Estimator, Fitted},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct RansacRegressor {
    estimator: Fitted,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let estimator = s.estimator("estimator_")?;
    s.require(
        estimator.has(Method::Predict),
        format_args!("estimator_ is a {}, which cannot predict", estimator.class),
    )?;
    Ok(Box::new(RansacRegressor { estimator }))
}

impl Estimator for RansacRegressor {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict])
    }

    fn n_features_in(&self) -> Option<usize> {
        self.estimator.n_features_in
    }

    /// What values are taken is the inner estimator's matter.
    fn door(&self, _: Method) -> Door {
        Door::NUMERIC.sparse().any_value().keep32()
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        self.estimator.predict(x)
    }
}
