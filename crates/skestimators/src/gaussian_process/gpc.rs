//! `sklearn.gaussian_process._gpc`: `GaussianProcessClassifier`, and the binary classifier of which it is made.

use std::f64::consts::PI;

use ndarray::Array2;
use skpickle::Shared;
use spec_math::cephes64::erf;

use super::{batch, gpr::factor, kernels::Kernel};
use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    estimator::{Classes, Estimator, Fitted},
    math::{Matrix, dot, linalg::solve_lower},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// The logistic function as a sum of error functions: their widths, and their weights (Williams and Barber, 1998).
const TERMS: [(f64, f64); 5] =
    [(0.41, -1854.8214151), (0.4, 3516.89893646), (0.37, 221.29346712), (0.44, 128.12323805), (0.39, -2010.49422654)];

/// `_BinaryGaussianProcessClassifierLaplace`.
struct Binary {
    kernel: Kernel,
    x_train: Matrix,
    /// `y_train_ - pi_`.
    residual: Vec<f64>,
    w_sr: Vec<f64>,
    lower: Matrix,
    classes: Array,
}

pub(crate) fn load_binary(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let x_train: Matrix = s.get("X_train_")?;
    s.require(x_train.rows > 0 && x_train.columns > 0, "X_train_ is empty")?;
    let n = x_train.rows;
    let kernel = Kernel::load(s, "kernel_", x_train.columns)?;
    let vector = |name: &str| -> Result<Shared<f64>> {
        let values: Shared<f64> = s.get(name)?;
        s.require(values.len() == n, format_args!("{name} has {} values, X_train_ has {n} rows", values.len()))?;
        s.require(values.iter().all(|v| v.is_finite()), format_args!("{name} is not finite"))?;
        Ok(values)
    };
    let (y, pi, w_sr) = (vector("y_train_")?, vector("pi_")?, vector("W_sr_")?);
    let classes = s.classes()?;
    s.require(classes.len() == 2, format_args!("classes_ has {} labels, expected 2", classes.len()))?;
    Ok(Box::new(Binary {
        kernel,
        residual: y.iter().zip(pi.iter()).map(|(y, pi)| y - pi).collect(),
        w_sr: w_sr.to_vec(),
        lower: factor(s, n)?,
        x_train,
        classes,
    }))
}

impl Binary {
    fn with_training(&self, row: &[f64]) -> Vec<f64> {
        (0..self.x_train.rows).map(|k| self.kernel.value(self.x_train.row(k), row, false)).collect()
    }

    /// The probability of the second class, averaged over the latent function.
    fn probability(&self, row: &[f64]) -> f64 {
        let mut covariances = self.with_training(row);
        let mean = dot(&covariances, &self.residual);
        covariances.iter_mut().zip(&self.w_sr).for_each(|(c, w)| *c *= w);
        solve_lower(&self.lower, &mut covariances);
        self.squashed(row, mean, dot(&covariances, &covariances))
    }

    /// The probability from the mean and what is explained of the variance.
    fn squashed(&self, row: &[f64], mean: f64, explained: f64) -> f64 {
        let variance = self.kernel.value(row, row, true) - explained;
        let alpha = 1.0 / (2.0 * variance);
        let mut sum = 0.0;
        let mut weights = 0.0;
        for (lambda, weight) in TERMS {
            let integral = (PI / alpha).sqrt() * erf(lambda * mean * (alpha / (alpha + lambda * lambda)).sqrt())
                / (2.0 * (variance * 2.0 * PI).sqrt());
            sum += weight * integral;
            weights += weight;
        }
        sum + 0.5 * weights
    }
}

impl Estimator for Binary {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::PredictProba])
    }

    /// The classifier around it has checked the input.
    fn door(&self, _: Method) -> Door {
        Door::NUMERIC
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.x_train.columns)
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        if x.rows() >= batch::MANY {
            let x = self.kernel.samples(x)?;
            let mut indices = Vec::with_capacity(x.nrows());
            batch::each_block(&self.kernel, &x.view(), &self.x_train, &mut |block| {
                let means = batch::weigh(block.covariances, &self.residual);
                indices.extend(means.into_iter().take(block.count).map(|mean| usize::from(mean > 0.0)));
            });
            return Ok(self.classes.take_each(indices.into_iter()));
        }
        let rows = self.kernel.rows(x)?;
        let class = |row: &Vec<f64>| usize::from(dot(&self.with_training(row), &self.residual) > 0.0);
        Ok(self.classes.take_each(rows.iter().map(class)))
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        let rows = self.kernel.rows(x)?;
        let mut out = Array2::zeros((rows.len(), 2));
        if rows.len() >= batch::MANY {
            let x = self.kernel.samples(x)?;
            batch::each_block(&self.kernel, &x.view(), &self.x_train, &mut |block| {
                let means = batch::weigh(block.covariances, &self.residual);
                for (values, w) in block.covariances.iter_mut().zip(&self.w_sr) {
                    values.iter_mut().for_each(|value| *value *= w);
                }
                let explained = batch::solve(&self.lower, block.covariances);
                for (i, (mean, explained)) in means.into_iter().zip(explained).take(block.count).enumerate() {
                    let p = self.squashed(&rows[block.start + i], mean, explained);
                    (out[[block.start + i, 0]], out[[block.start + i, 1]]) = (1.0 - p, p);
                }
            });
            return Ok(out.into());
        }
        for (row, mut out) in rows.iter().zip(out.rows_mut()) {
            let p = self.probability(row);
            (out[0], out[1]) = (1.0 - p, p);
        }
        Ok(out.into())
    }
}

/// `GaussianProcessClassifier`: a binary one, or one against the rest, or one against one.
struct GaussianProcessClassifier {
    base: Fitted,
    classes: Array,
    one_vs_one: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let base = s.estimator("base_estimator_")?;
    let classes = s.classes()?;
    let one_vs_one = s.choice("multi_class", None, &[("one_vs_rest", false), ("one_vs_one", true)])?;
    let known = matches!(
        base.key,
        "gaussian_process._BinaryGaussianProcessClassifierLaplace"
            | "multiclass.OneVsRestClassifier"
            | "multiclass.OneVsOneClassifier"
    );
    s.require(known, format_args!("base_estimator_ is a {}, which the class never makes", base.key))?;
    let inside = match base.estimator.classes() {
        Classes::One(inside) => inside.len(),
        _ => 0,
    };
    s.require(
        inside == classes.len(),
        format_args!("classes_ has {} labels, base_estimator_ knows {inside}", classes.len()),
    )?;
    Ok(Box::new(GaussianProcessClassifier { base, one_vs_one: one_vs_one && classes.len() > 2, classes }))
}

impl Estimator for GaussianProcessClassifier {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::PredictProba])
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC
    }

    fn n_features_in(&self) -> Option<usize> {
        self.base.n_features_in
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        self.base.predict(x)
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        if self.one_vs_one {
            return Err(Error::input(
                "one_vs_one multi-class mode does not support predicting probability estimates. Use one_vs_rest mode instead.",
            ));
        }
        self.base.predict_proba(x)
    }
}
