//! `sklearn.preprocessing._data.PowerTransformer`: each column made more normal by a power.

use skpickle::Shared;

use crate::{
    data::Samples,
    error::{Error, Result},
    estimator::{Estimator, Fitted},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct PowerTransformer {
    lambdas: Shared<f64>,
    /// Box and Cox's powers, of positive numbers; Yeo and Johnson's otherwise.
    box_cox: bool,
    scaler: Option<Fitted>,
    names: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let lambdas: Shared<f64> = s.get("lambdas_")?;
    let box_cox = s.choice("method", None, &[("box-cox", true), ("yeo-johnson", false)])?;
    let scaler = if s.get("standardize")? { Some(s.estimator("_scaler")?) } else { None };
    if let Some(scaler) = &scaler {
        s.require(
            scaler.key == "preprocessing.StandardScaler" && scaler.n_features_in.is_none_or(|n| n == lambdas.len()),
            "_scaler is not a StandardScaler of the same columns",
        )?;
    }
    Ok(Box::new(PowerTransformer { lambdas, box_cox, scaler, names: s.version() >= (1, 0) }))
}

/// `(exp(power * log1p(x)) - 1) / power`, which is `log1p(x)` at zero; `log` is that logarithm.
fn raise(log: f64, power: f64) -> f64 {
    if power.abs() < f64::EPSILON { log } else { (power * log).exp_m1() / power }
}

fn yeo_johnson(x: f64, lambda: f64) -> f64 {
    if x >= 0.0 { raise(x.ln_1p(), lambda) } else { -raise((-x).ln_1p(), 2.0 - lambda) }
}

fn yeo_johnson_back(x: f64, lambda: f64) -> f64 {
    if x >= 0.0 {
        if lambda.abs() < f64::EPSILON { x.exp() - 1.0 } else { (x * lambda + 1.0).powf(1.0 / lambda) - 1.0 }
    } else if (lambda - 2.0).abs() > f64::EPSILON {
        1.0 - (-(2.0 - lambda) * x + 1.0).powf(1.0 / (2.0 - lambda))
    } else {
        1.0 - (-x).exp()
    }
}

fn box_cox(x: f64, lambda: f64) -> f64 {
    if lambda.abs() < 1e-19 { x.ln() } else { (lambda * x.ln()).exp_m1() / lambda }
}

fn box_cox_back(x: f64, lambda: f64) -> f64 {
    if lambda == 0.0 { x.exp() } else { ((lambda * x).ln_1p() / lambda).exp() }
}

impl PowerTransformer {
    fn each(&self, x: &Samples, function: fn(f64, f64) -> f64) -> Result<Samples> {
        Ok(match x {
            Samples::Dense32(x) => {
                let mut x = x.clone();
                x.indexed_iter_mut().for_each(|((_, j), v)| *v = function(f64::from(*v), self.lambdas[j]) as f32);
                Samples::Dense32(x)
            }
            x => {
                let mut x = x.dense()?.into_owned();
                x.indexed_iter_mut().for_each(|((_, j), v)| *v = function(*v, self.lambdas[j]));
                Samples::Dense(x)
            }
        })
    }
}

impl Estimator for PowerTransformer {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform, Method::InverseTransform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.lambdas.len())
    }

    fn door(&self, method: Method) -> Door {
        let door = Door::NUMERIC.keep32().allow_nan().floats();
        if method == Method::InverseTransform { door.any_width() } else { door }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        if self.box_cox && x.dense()?.iter().any(|&v| v <= 0.0) {
            return Err(Error::input("The Box-Cox transformation can only be applied to strictly positive data"));
        }
        let x = self.each(x, if self.box_cox { box_cox } else { yeo_johnson })?;
        match &self.scaler {
            // The powers may have come out infinite, which the scaler's own check refuses.
            Some(scaler) => scaler.transform(&x),
            None => Ok(x),
        }
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let found = x.columns().unwrap_or(0);
        if found != self.lambdas.len() {
            return Err(Error::input(format_args!(
                "X has {found} features, but PowerTransformer is expecting {} features as input.",
                self.lambdas.len()
            )));
        }
        let back = if self.box_cox { box_cox_back } else { yeo_johnson_back };
        match &self.scaler {
            Some(scaler) => self.each(&scaler.inverse_transform(x)?, back),
            None => self.each(x, back),
        }
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        Ok(input.to_vec())
    }
}
