//! `sklearn.gaussian_process._gpr`: `GaussianProcessRegressor`.

use ndarray::{Array2, ArrayD, IxDyn};

use super::{batch, kernels::Kernel};
use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    estimator::Estimator,
    math::{Matrix, dot, linalg::solve_lower},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// Elements of the largest answer that `predict_cov` gives.
const LARGEST_COVARIANCE: usize = 1 << 27;

struct GaussianProcessRegressor {
    kernel: Kernel,
    x_train: Matrix,
    /// One row a target.
    alpha: Matrix,
    /// Cholesky factor of the covariance of the training samples.
    lower: Matrix,
    /// Of the targets, one value each or one for all.
    mean: Vec<f64>,
    std: Vec<f64>,
    /// Whether predictions are 1-d.
    flat: bool,
    /// Deviations have one column a target (since 1.0); before, they were multiplied as they were.
    by_target: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    if !s.has("X_train_") {
        return prior(s);
    }
    let x_train: Matrix = s.get("X_train_")?;
    s.require(x_train.rows > 0 && x_train.columns > 0, "X_train_ is empty")?;
    let n = x_train.rows;
    let kernel = Kernel::load(s, "kernel_", x_train.columns)?;
    let field = s.raw("alpha_")?;
    let flat = field.array()?.shape().len() == 1;
    let stored: Matrix = field.get()?;
    let alpha = if flat { stored } else { stored.transposed() };
    s.require(
        alpha.columns == n && alpha.rows > 0,
        format_args!("alpha_ is for {} samples, X_train_ has {n}", alpha.columns),
    )?;
    let lower = factor(s, n)?;
    let targets = alpha.rows;
    let mean = per_target(s, &["_y_train_mean", "y_train_mean"], targets)?;
    let std = if s.version() >= (0, 23) { per_target(s, &["_y_train_std"], targets)? } else { vec![1.0] };
    // A single target in a column is answered 1-d since 1.1.
    let flat = flat || targets == 1 && s.version() >= (1, 1);
    let by_target = s.version() >= (1, 0);
    Ok(Box::new(GaussianProcessRegressor { kernel, x_train, alpha, lower, mean, std, flat, by_target }))
}

/// What is predicted before the fit: no training samples, and zero with the deviation of the kernel.
fn prior(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let kernel = if s.has("kernel") { Kernel::load(s, "kernel", 1)? } else { Kernel::standard() };
    // since 1.3
    let targets = s.opt::<usize>("n_targets")?.unwrap_or(1).max(1);
    s.obj().charge(8 * targets as u64)?;
    Ok(Box::new(GaussianProcessRegressor {
        kernel,
        x_train: Matrix::new(Vec::new(), 0, 0),
        alpha: Matrix::new(Vec::new(), targets, 0),
        lower: Matrix::new(Vec::new(), 0, 0),
        mean: vec![0.0],
        std: vec![1.0; targets],
        flat: targets == 1,
        by_target: true,
    }))
}

/// `L_`, with a diagonal that can be divided by.
pub(super) fn factor(s: &State<'_, '_>, n: usize) -> Result<Matrix> {
    let lower: Matrix = s.get("L_")?;
    s.require(
        (lower.rows, lower.columns) == (n, n),
        format_args!("L_ is of shape ({}, {}), expected ({n}, {n})", lower.rows, lower.columns),
    )?;
    let regular = (0..n).all(|i| lower.row(i)[i] != 0.0);
    s.require(regular && lower.data.iter().all(|v| v.is_finite()), "L_ is singular or not finite")?;
    Ok(lower)
}

/// A number, or an array of one for each target.
fn per_target(s: &State<'_, '_>, names: &[&str], targets: usize) -> Result<Vec<f64>> {
    let field: skpickle::Obj<'_> = s.renamed(names)?;
    let values = match field.get::<f64>() {
        Ok(value) => vec![value],
        Err(_) => field.get::<skpickle::Shared<f64>>()?.to_vec(),
    };
    s.require(
        values.len() == 1 || values.len() == targets,
        format_args!("{} has {} values for {targets} targets", names[0], values.len()),
    )?;
    s.require(values.iter().all(|v| v.is_finite()), format_args!("{} is not finite", names[0]))?;
    Ok(values)
}

/// The value of a target among one for each, or one for all.
fn of(values: &[f64], target: usize) -> f64 {
    values.get(target).or(values.first()).copied().unwrap_or(0.0)
}

impl GaussianProcessRegressor {
    /// Covariances of a sample with the training samples.
    fn with_training(&self, row: &[f64]) -> Vec<f64> {
        (0..self.x_train.rows).map(|k| self.kernel.value(row, self.x_train.row(k), false)).collect()
    }

    /// Those covariances for each sample, with the factor taken out.
    fn explained(&self, rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let solve = |row: &Vec<f64>| {
            let mut values = self.with_training(row);
            solve_lower(&self.lower, &mut values);
            values
        };
        rows.iter().map(solve).collect()
    }

    /// Variances or covariances, `values`, of `rows` samples, multiplied by the squared deviation of each target.
    fn in_units(&self, values: Vec<f64>, shape: &[usize]) -> Result<Array> {
        let squared: Vec<f64> = self.std.iter().map(|std| std * std).collect();
        let last = shape.last().copied().unwrap_or(1).max(1);
        let (mut shape, targets) = (shape.to_vec(), squared.len());
        let scaled: Vec<f64> = if targets == 1 {
            values.into_iter().map(|v| v * squared[0]).collect()
        } else if self.by_target {
            shape.push(targets);
            values.iter().flat_map(|v| squared.iter().map(move |s| v * s)).collect()
        } else if last == targets {
            values.iter().enumerate().map(|(i, v)| v * squared[i % last]).collect()
        } else {
            return Err(Error::input(format_args!(
                "operands could not be broadcast together with shapes {shape:?} ({targets},): deviations of several \
                 normalized targets are given by models of scikit-learn 1.0 and newer"
            )));
        };
        ArrayD::from_shape_vec(IxDyn(&shape), scaled)
            .map(Array::F64)
            .map_err(|e| Error::input(format_args!("predict: {e}")))
    }

    fn std(&self, x: &Samples) -> Result<Array> {
        let rows = self.kernel.rows(x)?;
        let explained = self.explained(&rows);
        let variance = |(row, v): (&Vec<f64>, &Vec<f64>)| {
            let variance = self.kernel.value(row, row, true) - dot(v, v);
            // Rounding; a NaN stays.
            if variance < 0.0 { 0.0 } else { variance }
        };
        let variances = rows.iter().zip(&explained).map(variance).collect();
        Ok(match self.in_units(variances, &[rows.len()])? {
            Array::F64(values) => Array::F64(values.mapv_into(f64::sqrt)),
            other => other,
        })
    }

    fn cov(&self, x: &Samples) -> Result<Array> {
        let n = x.rows();
        let cells = n.checked_mul(n).and_then(|cells| cells.checked_mul(self.std.len()));
        if cells.is_none_or(|cells| cells > LARGEST_COVARIANCE) {
            return Err(Error::input(format_args!(
                "predict_cov of {n} samples has more than {LARGEST_COVARIANCE} values; ask for fewer samples at a time, or for predict_std"
            )));
        }
        let rows = self.kernel.rows(x)?;
        let explained = self.explained(&rows);
        let mut values = Vec::with_capacity(n * n);
        for i in 0..n {
            for j in 0..n {
                values.push(self.kernel.value(&rows[i], &rows[j], i == j) - dot(&explained[i], &explained[j]));
            }
        }
        self.in_units(values, &[n, n])
    }
}

impl Estimator for GaussianProcessRegressor {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::PredictStd, Method::PredictCov])
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC
    }

    fn n_features_in(&self) -> Option<usize> {
        (self.x_train.rows > 0).then_some(self.x_train.columns)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let mut out = Array2::zeros((x.rows(), self.alpha.rows));
        if x.rows() >= batch::MANY && self.x_train.rows > 0 {
            let x = self.kernel.samples(x)?;
            batch::each_block(&self.kernel, &x.view(), &self.x_train, &mut |block| {
                for k in 0..self.alpha.rows {
                    let sums = batch::weigh(block.covariances, self.alpha.row(k));
                    for (i, sum) in sums.into_iter().take(block.count).enumerate() {
                        out[[block.start + i, k]] = of(&self.std, k) * sum + of(&self.mean, k);
                    }
                }
            });
            return Ok(if self.flat { out.into_raw_vec_and_offset().0.into() } else { out.into() });
        }
        let rows = self.kernel.rows(x)?;
        for (row, mut out) in rows.iter().zip(out.rows_mut()) {
            let covariances = self.with_training(row);
            for (k, out) in out.iter_mut().enumerate() {
                *out = of(&self.std, k) * dot(&covariances, self.alpha.row(k)) + of(&self.mean, k);
            }
        }
        Ok(if self.flat { out.into_raw_vec_and_offset().0.into() } else { out.into() })
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        Ok(if method == Method::PredictCov { self.cov(x)? } else { self.std(x)? }.into())
    }
}
