//! `sklearn.gaussian_process.gaussian_process` (up to 0.19): `GaussianProcess`, a regression with correlated errors.

use ndarray::{ArrayD, IxDyn};
use skpickle::{Obj, Shared};

use crate::{
    data::{Array, Samples},
    error::{Error, Result},
    estimator::Estimator,
    math::{Matrix, dot, kernels::callable},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// `sklearn.gaussian_process.regression_models`.
#[derive(Debug, Clone, Copy)]
enum Trend {
    Constant,
    Linear,
    Quadratic,
}

/// `sklearn.gaussian_process.correlation_models`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Correlation {
    AbsoluteExponential,
    SquaredExponential,
    GeneralizedExponential,
    PureNugget,
    Cubic,
    Linear,
}

struct GaussianProcess {
    trend: Trend,
    correlation: Correlation,
    /// One for all features or one for each; the power of the generalized exponential comes last.
    theta: Vec<f64>,
    /// The samples of the fit, scaled.
    x_train: Matrix,
    x_mean: Vec<f64>,
    x_std: Vec<f64>,
    /// One row a target.
    beta: Matrix,
    gamma: Matrix,
    y_mean: Vec<f64>,
    y_std: Vec<f64>,
    flat: bool,
}

/// The function of a module that an attribute holds, by a closed list.
fn function<T: Copy>(s: &State<'_, '_>, name: &str, module: &str, values: &[(&str, T)]) -> Result<T> {
    let field: Obj<'_> = s.raw(name)?;
    let known = field.global().filter(|global| global.module == module);
    known
        .and_then(|global| values.iter().find(|(value, _)| *value == global.name))
        .map(|&(_, value)| value)
        .ok_or_else(|| callable(&field, name))
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let x_train: Matrix = s.get("X")?;
    let (samples, features) = (x_train.rows, x_train.columns);
    s.require(samples > 0 && features > 0, "X is empty")?;
    let trend = function(
        s,
        "regr",
        "sklearn.gaussian_process.regression_models",
        &[("constant", Trend::Constant), ("linear", Trend::Linear), ("quadratic", Trend::Quadratic)],
    )?;
    let correlation = function(
        s,
        "corr",
        "sklearn.gaussian_process.correlation_models",
        &[
            ("absolute_exponential", Correlation::AbsoluteExponential),
            ("squared_exponential", Correlation::SquaredExponential),
            ("generalized_exponential", Correlation::GeneralizedExponential),
            ("pure_nugget", Correlation::PureNugget),
            ("cubic", Correlation::Cubic),
            ("linear", Correlation::Linear),
        ],
    )?;
    let mut theta = s.get::<Matrix>("theta_")?.data.to_vec();
    let with_power = correlation == Correlation::GeneralizedExponential;
    if let ([scale, power], true) = (theta.as_slice(), with_power) {
        // One scale for all features.
        theta = [vec![*scale; features], vec![*power]].concat();
    }
    s.require(
        theta.len() == features + usize::from(with_power) || theta.len() == 1 && !with_power,
        format_args!("theta_ has {} values for {features} features", theta.len()),
    )?;
    let column = |name: &str| -> Result<Matrix> { Ok(s.get::<Matrix>(name)?.transposed()) };
    let (beta, gamma) = (column("beta")?, column("gamma")?);
    let terms = trend.terms(&vec![0.0; features]).len();
    s.require(
        beta.columns == terms && gamma.columns == samples && beta.rows == gamma.rows && beta.rows > 0,
        format_args!("beta and gamma are not for {terms} terms and {samples} samples"),
    )?;
    let numbers = |name: &str, count: usize| -> Result<Vec<f64>> {
        let field = s.raw(name)?;
        let values = match field.get::<f64>() {
            Ok(value) => vec![value],
            Err(_) => field.get::<Shared<f64>>()?.to_vec(),
        };
        s.require(values.len() == 1 || values.len() == count, format_args!("{name} has {} values", values.len()))?;
        Ok(if values.len() == count { values } else { vec![values[0]; count] })
    };
    let targets = beta.rows;
    Ok(Box::new(GaussianProcess {
        trend,
        correlation,
        theta,
        x_mean: numbers("X_mean", features)?,
        x_std: numbers("X_std", features)?,
        x_train,
        beta,
        gamma,
        y_mean: numbers("y_mean", targets)?,
        y_std: numbers("y_std", targets)?,
        flat: s.get::<usize>("y_ndim_")? == 1,
    }))
}

impl Trend {
    /// The terms of the regression.
    fn terms(self, x: &[f64]) -> Vec<f64> {
        let mut terms = vec![1.0];
        if !matches!(self, Trend::Constant) {
            terms.extend(x);
        }
        if matches!(self, Trend::Quadratic) {
            for (k, a) in x.iter().enumerate() {
                terms.extend(x[k..].iter().map(|b| a * b));
            }
        }
        terms
    }
}

impl GaussianProcess {
    /// The correlation of a sample with one of the fit.
    fn correlation(&self, x: &[f64], y: &[f64]) -> f64 {
        let theta = |j: usize| self.theta.get(j).copied().unwrap_or(self.theta[0]);
        let apart = x.iter().zip(y).map(|(x, y)| (x - y).abs()).enumerate();
        match self.correlation {
            Correlation::AbsoluteExponential => (-apart.map(|(j, d)| theta(j) * d).sum::<f64>()).exp(),
            Correlation::SquaredExponential => (-apart.map(|(j, d)| theta(j) * (d * d)).sum::<f64>()).exp(),
            Correlation::GeneralizedExponential => {
                let power = self.theta[self.theta.len() - 1];
                (-apart.map(|(j, d)| theta(j) * d.powf(power)).sum::<f64>()).exp()
            }
            Correlation::PureNugget => f64::from(u8::from(apart.fold(0.0, |sum, (_, d)| sum + d) == 0.0)),
            Correlation::Cubic => apart
                .map(|(j, d)| {
                    let t = (d * theta(j)).min(1.0);
                    1.0 - t * t * (3.0 - 2.0 * t)
                })
                .product(),
            Correlation::Linear => apart.map(|(j, d)| 1.0 - (d * theta(j)).min(1.0)).product(),
        }
    }
}

impl Estimator for GaussianProcess {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict])
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC.any_width()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.x_train.columns)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let (features, targets) = (self.x_train.columns, self.beta.rows);
        let columns = x.columns().unwrap_or(0);
        if columns != features {
            return Err(Error::input(format_args!(
                "The number of features in X (X.shape[1] = {columns}) should match the number of features used for fit() which \
                 is {features}."
            )));
        }
        let mut out = Vec::with_capacity(x.rows() * targets);
        for row in x.dense()?.rows() {
            let scaled: Vec<f64> =
                row.iter().zip(&self.x_mean).zip(&self.x_std).map(|((x, mean), std)| (x - mean) / std).collect();
            let terms = self.trend.terms(&scaled);
            let near: Vec<f64> =
                (0..self.x_train.rows).map(|i| self.correlation(&scaled, self.x_train.row(i))).collect();
            out.extend((0..targets).map(|t| {
                self.y_mean[t] + self.y_std[t] * (dot(&terms, self.beta.row(t)) + dot(&near, self.gamma.row(t)))
            }));
        }
        if self.flat {
            return Ok(out.into());
        }
        let array = ArrayD::from_shape_vec(IxDyn(&[x.rows(), targets]), out);
        array.map(Array::F64).map_err(|_| Error::input("the answer has no rows"))
    }
}
