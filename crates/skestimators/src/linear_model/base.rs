//! `sklearn.linear_model._base`: regressors `X @ coef_.T + intercept_`.

use crate::{
    data::{Array, Samples},
    error::{Error, Result},
    estimator::Estimator,
    linear_model::{predictor::LinearPredictor, selection::Selection},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// A linear function of the samples. Ridge, Lasso, Lars and most others differ from it only in how they are fitted.
pub(crate) struct LinearRegression {
    linear: LinearPredictor,
    /// Whether the answer is 1-d whatever the rank of `coef_` (the regressors fitted by stochastic gradient descent).
    flat: bool,
    /// Up to 0.18 regressors had a `decision_function`, the same as `predict`.
    decision_function: bool,
    selection: Option<Selection>,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    Ok(Box::new(LinearRegression {
        linear: LinearPredictor::load(s)?,
        flat: false,
        decision_function: s.version() < (0, 19),
        selection: None,
    }))
}

/// `SGDRegressor` and `PassiveAggressiveRegressor`: one output, whose coefficients `sparsify()` makes 2-d.
pub(crate) fn load_flat(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let linear = LinearPredictor::load(s)?;
    s.require(linear.outputs() == 1, format_args!("coef_ has {} rows, expected one", linear.outputs()))?;
    let selection = Selection::load(s)?;
    Ok(Box::new(LinearRegression { linear, flat: true, decision_function: s.version() < (0, 19), selection }))
}

impl Estimator for LinearRegression {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict])
            .with_if(self.decision_function, Method::DecisionFunction)
            .with_if(self.selection.is_some(), Method::Transform)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.linear.features())
    }

    fn door(&self, _: Method) -> Door {
        LinearPredictor::DOOR
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        if self.flat { self.linear.single(x).map(Array::from) } else { self.linear.predict(x) }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        match &self.selection {
            Some(selection) => selection.transform(x),
            None => Err(Error::method("no transform")),
        }
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        self.predict(x)
    }
}
