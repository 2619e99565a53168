//! `sklearn.compose.TransformedTargetRegressor`: a regressor of a transformed target, whose answers are transformed back.

use ndarray::{Array2, Axis, Ix1, Ix2};

use crate::{
    data::{Array, Samples},
    error::{Error, Result},
    estimator::{Estimator, Fitted},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct TransformedTargetRegressor {
    regressor: Fitted,
    transformer: Fitted,
    /// The target of the fit had one dimension.
    flat: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let (regressor, transformer) = (s.estimator("regressor_")?, s.estimator("transformer_")?);
    s.require(regressor.has(Method::Predict), format_args!("'{}' has no predict", regressor.class))?;
    s.require(
        transformer.has(Method::InverseTransform),
        format_args!("'{}' has no inverse_transform", transformer.class),
    )?;
    let dimensions: usize = s.get("_training_dim")?;
    Ok(Box::new(TransformedTargetRegressor { regressor, transformer, flat: dimensions == 1 }))
}

impl Estimator for TransformedTargetRegressor {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict])
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn n_features_in(&self) -> Option<usize> {
        self.regressor.n_features_in
    }

    fn feature_names_in(&self) -> Option<&[String]> {
        self.regressor.feature_names_in.as_deref()
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let numbers =
            |array: Array| array.to_f64().ok_or_else(|| Error::input("the regressor's answers are no numbers"));
        let target = numbers(self.regressor.predict(x)?)?;
        let target: Array2<f64> = match target.ndim() {
            1 => target.into_dimensionality::<Ix1>().map(|t| t.insert_axis(Axis(1))),
            _ => target.into_dimensionality::<Ix2>(),
        }
        .map_err(Error::input)?;
        let back = match self.transformer.inverse_transform(&Samples::Dense(target))? {
            Samples::Array(array) => numbers(array)?,
            Samples::Rows(rows) => crate::validation::rows_to_numbers(&rows, false)?.into_dyn(),
            other => other.dense()?.into_owned().into_dyn(),
        };
        Ok(Array::F64(if self.flat && back.ndim() == 2 && back.shape()[1] == 1 {
            back.index_axis_move(Axis(1), 0)
        } else {
            back
        }))
    }
}
