//! `sklearn.linear_model._bayes`: `BayesianRidge`, `ARDRegression`, with the standard deviation of the prediction.

use skpickle::{Scalar, Shared};

use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    estimator::Estimator,
    linear_model::predictor::{LinearPredictor, round_to},
    math::{Matrix, dot},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct BayesianRidge {
    linear: LinearPredictor,
    /// Up to 0.18 there was a `decision_function`, the same as `predict`.
    decision_function: bool,
    /// Or scikit-learn's words about why there is none.
    spread: std::result::Result<Spread, &'static str>,
}

/// `sqrt(sum((X @ sigma_) * X, axis=1) + 1 / alpha_)`.
struct Spread {
    /// The features that take part, with what is taken off each and what it is then divided by.
    features: Vec<(usize, f64, f64)>,
    sigma: Matrix,
    /// `1 / alpha_`.
    noise: f64,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let linear = LinearPredictor::load(s)?;
    s.require(linear.outputs() == 1, format_args!("coef_ has {} rows, expected one", linear.outputs()))?;
    let keep = vec![true; linear.features()];
    let spread = spread(s, &keep)?;
    Ok(Box::new(BayesianRidge { linear, decision_function: s.version() < (0, 19), spread }))
}

/// `ARDRegression`: features whose precision reached the threshold are left out of the spread.
pub(crate) fn load_ard(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let linear = LinearPredictor::load(s)?;
    s.require(linear.outputs() == 1, format_args!("coef_ has {} rows, expected one", linear.outputs()))?;
    let lambda: Shared<f64> = s.get("lambda_")?;
    s.require(
        lambda.len() == linear.features(),
        format_args!("lambda_ has {} values for {} features", lambda.len(), linear.features()),
    )?;
    let threshold: f64 = s.get("threshold_lambda")?;
    let keep: Vec<bool> = lambda.iter().map(|&precision| precision < threshold).collect();
    let spread = spread(s, &keep)?;
    Ok(Box::new(BayesianRidge { linear, decision_function: s.version() < (0, 19), spread }))
}

fn spread(s: &State<'_, '_>, keep: &[bool]) -> Result<std::result::Result<Spread, &'static str>> {
    if s.version() < (0, 19) {
        return Ok(Err("predict() got an unexpected keyword argument 'return_std'"));
    }
    // The spread is taken around the mean of the training data from 1.9 on. Before, the samples are scaled if they were so
    // in the fit, and else left where they are.
    let normalize = s.version() < (1, 2)
        && match s.opt::<bool>("_normalize")? {
            Some(normalize) => normalize,
            None => s.get("normalize")?,
        };
    if normalize && !s.has("X_offset_") && s.class() == "ARDRegression" {
        // Up to 0.23 it forgot to keep what its own method needs.
        return Ok(Err("'ARDRegression' object has no attribute 'X_offset_'"));
    }
    let vector = |name: &str| -> Result<Shared<f64>> {
        let values: Shared<f64> = s.get(name)?;
        s.require(
            values.len() == keep.len(),
            format_args!("{name} has {} values for {} features", values.len(), keep.len()),
        )?;
        Ok(values)
    };
    let offset = if normalize || s.version() >= (1, 9) { Some(vector("X_offset_")?) } else { None };
    let scale = if normalize { Some(vector("X_scale_")?) } else { None };
    let at = |values: &Option<Shared<f64>>, i: usize, default| values.as_ref().map_or(default, |values| values[i]);
    let features: Vec<_> =
        (0..keep.len()).filter(|&i| keep[i]).map(|i| (i, at(&offset, i, 0.0), at(&scale, i, 1.0))).collect();
    let sigma: Matrix = s.get("sigma_")?;
    s.require(
        sigma.rows == features.len() && sigma.columns == features.len(),
        format_args!("sigma_ is {} by {} for {} features", sigma.rows, sigma.columns, features.len()),
    )?;
    let alpha = s.raw("alpha_")?;
    let noise = match alpha.get()? {
        // numpy 2 divides a 32-bit number in 32 bits, numpy 1 did so in 64.
        Scalar::Float32(alpha32) if alpha.class().is_some_and(|class| class.module.starts_with("numpy._core.")) => {
            f64::from(1.0 / alpha32)
        }
        _ => 1.0 / alpha.get::<f64>()?,
    };
    Ok(Ok(Spread { features, sigma, noise }))
}

impl Spread {
    fn std(&self, x: &Samples, in32: bool) -> Result<Vec<f64>> {
        // Sparse ones are multiplied as matrices where each value was meant.
        if matches!(x, Samples::Sparse(_)) {
            return Err(Error::input(
                "dimension mismatch: the spread of sparse samples cannot be told; give them dense",
            ));
        }
        let x = x.dense()?;
        let mut sample = Vec::with_capacity(self.features.len());
        let std = x.rows().into_iter().map(|row| {
            sample.clear();
            sample.extend(self.features.iter().map(|&(i, offset, scale)| (row[i] - offset) / scale));
            let spread: f64 = sample.iter().enumerate().map(|(i, v)| v * dot(self.sigma.row(i), &sample)).sum();
            round_to(in32, (spread + self.noise).sqrt())
        });
        Ok(std.collect())
    }
}

impl Estimator for BayesianRidge {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict])
            .with_if(self.spread.is_ok(), Method::PredictStd)
            .with_if(self.decision_function, Method::DecisionFunction)
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        let words = self.spread.as_ref().err().filter(|_| method == Method::PredictStd)?;
        Some((*words).to_owned())
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.linear.features())
    }

    fn door(&self, _: Method) -> Door {
        LinearPredictor::DOOR
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        self.linear.predict(x)
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        self.linear.predict(x)
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        match (method, &self.spread) {
            (Method::PredictStd, Ok(spread)) => Ok(Array::from(spread.std(x, self.linear.in32(x))?).into()),
            _ => Err(Error::method(format_args!("no method {}", method.name()))),
        }
    }
}
