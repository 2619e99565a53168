//! `sklearn.linear_model._base`: regressors `X @ coef_.T + intercept_`.

use crate::{
    data::{Array, Samples},
    error::Result,
    estimator::Estimator,
    math::{Matrix, affine},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// A linear function of the samples, with one output or several.
pub(crate) struct LinearRegression {
    coef: Matrix,
    intercept: Vec<f64>,
    /// Whether the answer has one row a sample (2-d `coef_`).
    many: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let field = s.raw("coef_")?;
    let many = field.is_sparse() || field.array()?.shape().len() == 2;
    let coef: Matrix = field.get()?;
    let intercept = intercept(s, coef.rows)?;
    Ok(Box::new(LinearRegression { coef, intercept, many }))
}

/// `intercept_`: an array with one value for each output, or one number for all (0.0 where none was fitted).
pub(crate) fn intercept(s: &State<'_, '_>, outputs: usize) -> Result<Vec<f64>> {
    let field = s.raw("intercept_")?;
    let values = match field.get::<f64>() {
        Ok(value) => vec![value],
        Err(_) => field.array()?.f64s()?.to_vec(),
    };
    s.require(
        values.len() == outputs || values.len() == 1,
        format!("intercept_ has {} values for {outputs} outputs", values.len()),
    )?;
    Ok(values)
}

impl Estimator for LinearRegression {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict])
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.coef.columns)
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC.sparse()
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let y = affine(x, &self.coef, &self.intercept)?;
        Ok(if self.many { y.into() } else { Array::from(y.into_raw_vec_and_offset().0) })
    }
}
