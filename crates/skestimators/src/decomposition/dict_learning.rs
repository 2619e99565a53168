//! `sklearn.decomposition._dict_learning`: `DictionaryLearning`, `MiniBatchDictionaryLearning` and `SparseCoder`, which write a sample as a sparse
//! combination of a dictionary's rows.

use ndarray::Array2;

use super::{
    nmf::MOST_ROUNDS,
    projection::{back, in_width, is_single},
    sparse_encode::{Descent, Lars, omp},
};
use crate::{
    data::Samples,
    error::{Error, Result},
    estimator::Estimator,
    math::{Matrix, contiguous, dot, linalg::times_transposed},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// `transform_algorithm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Omp,
    Lars,
    LassoLars,
    LassoCd,
    Threshold,
}

struct SparseCoding {
    class: String,
    dictionary: Matrix,
    /// One row a feature.
    back: Matrix,
    gram: Matrix,
    algorithm: Algorithm,
    /// How many rows a code has (`omp`, `lars`).
    count: usize,
    alpha: f64,
    max_iter: usize,
    positive: bool,
    split_sign: bool,
    /// Fitted in 32 bits.
    single: bool,
    /// The lasso by coordinate descent is solved to 1e-8, and leaves out rows by the duality gap (since 1.8).
    exact: bool,
    /// `omp` takes all rows as of length 1 (up to 0.19).
    unit: bool,
    /// The number of features is checked by the product with the dictionary, which has its own words.
    own_width: bool,
    inverse: bool,
    names: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let name = if s.class() == "SparseCoder" && s.has("dictionary") { "dictionary" } else { "components_" };
    let dictionary: Matrix = s.get(name)?;
    let (rows, features) = (dictionary.rows, dictionary.columns);
    s.require(rows > 0 && features > 0, format_args!("{name} is empty"))?;
    s.require(dictionary.data.iter().all(|v| v.is_finite()), format_args!("{name} is not finite"))?;
    let algorithm = s.choice(
        "transform_algorithm",
        Some("omp"),
        &[
            ("omp", Algorithm::Omp),
            ("lars", Algorithm::Lars),
            ("lasso_lars", Algorithm::LassoLars),
            ("lasso_cd", Algorithm::LassoCd),
            ("threshold", Algorithm::Threshold),
        ],
    )?;
    let count = s.opt::<usize>("transform_n_nonzero_coefs")?.unwrap_or((features / 10).max(1).min(rows));
    let mut alpha = s.opt::<f64>("transform_alpha")?;
    if alpha.is_none() && s.version() >= (1, 2) && s.class() != "SparseCoder" {
        alpha = s.opt("alpha")?;
    }
    let alpha = alpha.unwrap_or(1.0);
    s.require(alpha.is_finite() && alpha >= 0.0, "transform_alpha is negative or not finite")?;
    // Before 0.22 each solver had its own.
    let of_old = if algorithm == Algorithm::LassoLars { 500 } else { 1000 };
    let max_iter = s.opt::<usize>("transform_max_iter")?.unwrap_or(of_old);
    s.require(max_iter <= MOST_ROUNDS, format_args!("transform_max_iter is {max_iter}, more than {MOST_ROUNDS}"))?;
    s.obj().charge(8 * (rows as u64).saturating_mul(rows as u64))?;
    Ok(Box::new(SparseCoding {
        class: s.class().to_owned(),
        back: dictionary.transposed(),
        gram: times_transposed(&dictionary, &dictionary),
        algorithm,
        count,
        alpha,
        max_iter,
        positive: s.opt("positive_code")?.unwrap_or(false),
        split_sign: s.opt("split_sign")?.unwrap_or(false),
        single: is_single(s, name)?,
        exact: s.version() >= (1, 8),
        unit: s.version() < (0, 20),
        own_width: s.version() < (0, 24),
        inverse: s.version() >= (1, 7),
        names: s.version() >= (1, 1),
        dictionary,
    }))
}

impl SparseCoding {
    fn check(&self, x: &Samples) -> Result<()> {
        let (rows, features) = (self.dictionary.rows, self.dictionary.columns);
        let columns = x.columns().unwrap_or(0);
        if columns != features {
            return Err(Error::input(format_args!(
                "shapes ({rows},{features}) and ({columns},{}) not aligned: {features} (dim 1) != {columns} (dim 0)",
                x.rows()
            )));
        }
        if self.positive && matches!(self.algorithm, Algorithm::Omp | Algorithm::Lars) {
            let name = if self.algorithm == Algorithm::Omp { "omp" } else { "lars" };
            return Err(Error::input(format_args!("Positive constraint not supported for '{name}' coding method.")));
        }
        match self.algorithm {
            Algorithm::Omp if self.count == 0 => Err(Error::input("The number of atoms must be positive")),
            Algorithm::Omp if self.count > rows => {
                Err(Error::input("The number of atoms cannot be more than the number of features"))
            }
            _ => Ok(()),
        }
    }

    fn encode(&self, x: &[f64]) -> Vec<f64> {
        let features = self.dictionary.columns;
        let mut cov: Vec<f64> = (0..self.dictionary.rows).map(|k| dot(self.dictionary.row(k), x)).collect();
        match self.algorithm {
            Algorithm::Omp => omp(&self.gram, &cov, self.count, self.unit),
            Algorithm::Lars => Lars { alpha: 0.0, max_iter: self.count, lasso: false, positive: false }
                .encode(&self.gram, &cov, features),
            Algorithm::LassoLars => {
                let alpha = self.alpha / features as f64;
                Lars { alpha, max_iter: self.max_iter, lasso: true, positive: self.positive }
                    .encode(&self.gram, &cov, features)
            }
            Algorithm::LassoCd => Descent {
                // As scikit-learn scales it, and back.
                alpha: self.alpha / features as f64 * features as f64,
                max_iter: self.max_iter,
                positive: self.positive,
                tol: if self.exact { 1e-8 } else { 1e-4 },
                screen: self.exact,
            }
            .encode(&self.gram, &cov, dot(x, x)),
            Algorithm::Threshold => {
                for v in &mut cov {
                    *v = v.signum() * (v.abs() - self.alpha).max(0.0);
                    if self.positive {
                        *v = v.max(0.0);
                    }
                }
                cov
            }
        }
    }
}

impl Estimator for SparseCoding {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform])
            .with_if(self.inverse, Method::InverseTransform)
            .with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, method: Method) -> Door {
        let door = if self.single { Door::NUMERIC.keep32() } else { Door::NUMERIC };
        if self.own_width || method == Method::InverseTransform { door.any_width() } else { door }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.dictionary.columns)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        self.check(x)?;
        let rows = self.dictionary.rows;
        let mut out = Array2::zeros((x.rows(), if self.split_sign { 2 * rows } else { rows }));
        for (row, mut out) in x.dense()?.rows().into_iter().zip(out.rows_mut()) {
            for (k, code) in self.encode(&contiguous(&row)).into_iter().enumerate() {
                if self.split_sign {
                    out[k] = code.max(0.0);
                    out[rows + k] = -code.min(0.0);
                } else {
                    out[k] = code;
                }
            }
        }
        Ok(in_width(out, x))
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let rows = self.dictionary.rows;
        let expected = if self.split_sign { 2 * rows } else { rows };
        let columns = x.columns().unwrap_or(0);
        if columns != expected {
            return Err(Error::input(format_args!(
                "The number of components in the code is different from the number of components in the dictionary.\
                 Expected {expected}, got {columns}."
            )));
        }
        let mut code = x.dense()?.into_owned();
        if self.split_sign {
            code = Array2::from_shape_fn((code.nrows(), rows), |(i, k)| code[[i, k]] - code[[i, rows + k]]);
        }
        Ok(in_width(back(&code.view(), &self.back, None), x))
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        let prefix = self.class.to_lowercase();
        Ok((0..self.dictionary.rows).map(|k| format!("{prefix}{k}")).collect())
    }
}
