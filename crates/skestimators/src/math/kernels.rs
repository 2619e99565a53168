//! `sklearn.metrics.pairwise.pairwise_kernels` between samples and the rows of a stored matrix.

use ndarray::Array2;
use skpickle::{ErrorKind, Obj};

use super::{Matrix, Row, dot, rows};
use crate::{
    data::Samples,
    error::{Error, Result},
    state::State,
    wording::SPARSE,
};

/// A kernel function with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kernel {
    /// `<x, y>`.
    Linear,
    /// `(gamma <x, y> + coef0) ** degree`.
    Poly { gamma: f64, coef0: f64, degree: f64 },
    /// `exp(-gamma |x - y|²)`.
    Rbf { gamma: f64 },
    /// `tanh(gamma <x, y> + coef0)`.
    Sigmoid { gamma: f64, coef0: f64 },
    /// `exp(-gamma |x - y|₁)`.
    Laplacian { gamma: f64 },
    /// `<x, y> / (|x| |y|)`.
    Cosine,
    /// `exp(gamma k)` of the additive kernel.
    Chi2 { gamma: f64 },
    /// `-sum((x - y)² / (x + y))`.
    AdditiveChi2,
    /// The samples are kernel values already.
    Precomputed,
}

/// Parameters as they are stored: what is absent or None takes the kernel's own default.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Parameters {
    pub(crate) gamma: Option<f64>,
    pub(crate) degree: Option<f64>,
    pub(crate) coef0: Option<f64>,
}

impl Parameters {
    /// Takes parameters from a dict of keyword arguments; they come before those that are there.
    pub(crate) fn with(mut self, given: &Obj<'_>) -> Result<Parameters> {
        for (key, value) in given.entries()? {
            let place = match key.get::<String>()?.as_str() {
                "gamma" => &mut self.gamma,
                "degree" => &mut self.degree,
                "coef0" => &mut self.coef0,
                other => {
                    let message = format!("the kernel's parameter '{}' is not known", skpickle::printable(other));
                    return Err(given.error(ErrorKind::Value, message).into());
                }
            };
            *place = Some(value.get::<f64>()?);
        }
        Ok(self)
    }
}

impl Kernel {
    /// Whether samples must not be negative.
    pub(crate) fn refuses_negative(self) -> bool {
        matches!(self, Kernel::Chi2 { .. } | Kernel::AdditiveChi2)
    }

    /// The kernel of this name for samples of `features` columns; `None` for a name that is not known.
    pub(crate) fn named(name: &str, parameters: Parameters, features: usize) -> Option<Kernel> {
        let gamma = parameters.gamma.unwrap_or(1.0 / features as f64);
        let coef0 = parameters.coef0.unwrap_or(1.0);
        Some(match name {
            "linear" => Kernel::Linear,
            "poly" | "polynomial" => Kernel::Poly { gamma, coef0, degree: parameters.degree.unwrap_or(3.0) },
            "rbf" => Kernel::Rbf { gamma },
            "sigmoid" => Kernel::Sigmoid { gamma, coef0 },
            "laplacian" => Kernel::Laplacian { gamma },
            "cosine" => Kernel::Cosine,
            "chi2" => Kernel::Chi2 { gamma: parameters.gamma.unwrap_or(1.0) },
            "additive_chi2" => Kernel::AdditiveChi2,
            "precomputed" => Kernel::Precomputed,
            _ => return None,
        })
    }

    /// The kernel in the attribute `name` of a model, with the parameters beside it. Functions of the user's are refused.
    pub(crate) fn load(s: &State<'_, '_>, name: &str, parameters: Parameters, features: usize) -> Result<Kernel> {
        let field = s.raw(name)?;
        let Ok(text) = field.get::<String>() else { return Err(callable(&field, name)) };
        // Up to 0.18 the kernel of this name was not given its gamma.
        let unscaled = text == "chi2" && s.version() < (0, 19);
        let parameters = if unscaled { Parameters { gamma: None, ..parameters } } else { parameters };
        Kernel::named(&text, parameters, features).ok_or_else(|| {
            let message = format!("{name}='{}' is not a kernel of scikit-learn's", skpickle::printable(&text));
            field.error(ErrorKind::Value, message).into()
        })
    }

    /// Kernel values, one row a sample, one column for each row of `y`. Samples have the width of `y`, or for
    /// a precomputed kernel one column for each of its rows.
    pub(crate) fn matrix(self, x: &Samples, y: &Matrix) -> Result<Array2<f64>> {
        if self == Kernel::Precomputed {
            return Ok(x.dense()?.into_owned());
        }
        if self.refuses_negative() {
            if matches!(x, Samples::Sparse(_)) {
                return Err(Error::input_type(SPARSE));
            }
            if x.dense()?.iter().any(|&v| v < 0.0) {
                return Err(Error::input("X contains negative values."));
            }
            if y.data.iter().any(|&v| v < 0.0) {
                return Err(Error::input("Y contains negative values."));
            }
        }
        let norms: Vec<f64> = match self {
            Kernel::Cosine => (0..y.rows).map(|k| norm(y.row(k))).collect(),
            _ => Vec::new(),
        };
        let mut out = Array2::zeros((x.rows(), y.rows));
        let mut dense = vec![0.0; y.columns];
        for (row, mut out) in rows(x)?.zip(out.rows_mut()) {
            match row {
                Row::F64(values) => dense.copy_from_slice(&values),
                Row::F32(values) => dense.iter_mut().zip(values.iter()).for_each(|(d, &v)| *d = v.into()),
                Row::Sparse(columns, values) => {
                    dense.fill(0.0);
                    columns.iter().zip(values).for_each(|(&j, v)| dense[j] += v);
                }
            }
            let length = if self == Kernel::Cosine { norm(&dense) } else { 1.0 };
            for (k, out) in out.iter_mut().enumerate() {
                *out = match self {
                    Kernel::Cosine => dot(&dense, y.row(k)) / (length * norms[k]),
                    other => other.value(&dense, y.row(k)),
                };
            }
        }
        Ok(out)
    }

    /// The value for one pair of rows.
    pub(crate) fn value(self, x: &[f64], y: &[f64]) -> f64 {
        match self {
            Kernel::Linear | Kernel::Precomputed => dot(x, y),
            Kernel::Cosine => dot(x, y) / (norm(x) * norm(y)),
            Kernel::Poly { gamma, coef0, degree } => {
                let base = dot(x, y) * gamma + coef0;
                if degree == 2.0 { base * base } else { base.powf(degree) }
            }
            Kernel::Rbf { gamma } => (-gamma * squared_distance(x, y)).exp(),
            Kernel::Sigmoid { gamma, coef0 } => (dot(x, y) * gamma + coef0).tanh(),
            Kernel::Laplacian { gamma } => (-gamma * x.iter().zip(y).map(|(x, y)| (x - y).abs()).sum::<f64>()).exp(),
            Kernel::Chi2 { gamma } => (additive_chi2(x, y) * gamma).exp(),
            Kernel::AdditiveChi2 => additive_chi2(x, y),
        }
    }
}

/// The refusal of a kernel that is a function of the user's.
pub(crate) fn callable(field: &Obj<'_>, name: &str) -> Error {
    Error::unsupported(field.error(
        ErrorKind::Unsupported,
        format_args!(
            "{name} is {}, whose code is not in the file; kernels of scikit-learn's are run by name",
            field.describe()
        ),
    ))
}

/// `|x - y|²`.
pub(crate) fn squared_distance(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum()
}

/// Length of a row; 1 for a row of zeros, which `normalize` leaves alone.
fn norm(row: &[f64]) -> f64 {
    let norm = dot(row, row).sqrt();
    if norm == 0.0 { 1.0 } else { norm }
}

fn additive_chi2(x: &[f64], y: &[f64]) -> f64 {
    let term = |(x, y): (&f64, &f64)| if x + y == 0.0 { 0.0 } else { (x - y) * (x - y) / (x + y) };
    -x.iter().zip(y).map(term).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_of_two_rows() {
        let (x, y) = ([1.0, 0.0, 2.0], [0.5, 0.0, 1.0]);
        let parameters = Parameters { gamma: Some(0.5), degree: Some(3.0), coef0: Some(1.0) };
        let value = |name: &str| Kernel::named(name, parameters, 3).expect("a kernel").value(&x, &y);
        assert_eq!(value("linear"), 2.5);
        assert_eq!(value("poly"), 2.25f64.powi(3));
        assert_eq!(value("rbf"), (-0.625f64).exp());
        assert_eq!(value("laplacian"), (-0.75f64).exp());
        assert!((value("additive_chi2") + 0.5).abs() < 1e-15);
        assert!(Kernel::named("other", parameters, 3).is_none());
    }
}
