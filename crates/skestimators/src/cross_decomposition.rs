//! `sklearn.cross_decomposition`: `PLSRegression`, `PLSCanonical`, `CCA` and `PLSSVD`.

use ndarray::Array2;

use crate::{
    data::{Array, Samples},
    decomposition::{in_width, require_width},
    error::{Error, Result},
    estimator::Estimator,
    math::{Matrix, contiguous, dot},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// Samples that are centred and scaled before they are multiplied.
struct PartialLeastSquares {
    prefix: String,
    mean: Vec<f64>,
    std: Vec<f64>,
    /// One row a component.
    rotations: Matrix,
    /// Features by components, for the way back (since 0.21).
    loadings: Option<Matrix>,
    regression: Option<Regression>,
    names: bool,
}

/// From the samples to the targets.
struct Regression {
    /// One row a target.
    coef: Matrix,
    intercept: Vec<f64>,
    /// Samples are scaled too, not only centred (before 1.5).
    scaled: bool,
    /// The targets were 1-d (since 1.3).
    flat: bool,
}

fn values(s: &State<'_, '_>, names: &[&str], count: usize) -> Result<Vec<f64>> {
    let values: skpickle::Shared<f64> = s.renamed(names)?;
    s.require(values.len() == count, format_args!("{} has {} values, expected {count}", names[0], values.len()))?;
    s.require(values.iter().all(|v| v.is_finite()), format_args!("{} is not finite", names[0]))?;
    Ok(values.to_vec())
}

fn load_as(s: &State<'_, '_>, weights: &str) -> Result<PartialLeastSquares> {
    let rotations: Matrix = s.get(weights)?;
    let features = rotations.rows;
    s.require(features > 0 && rotations.columns > 0, format_args!("{weights} is empty"))?;
    let mean = values(s, &["_x_mean", "x_mean_"], features)?;
    let std = values(s, &["_x_std", "x_std_"], features)?;
    Ok(PartialLeastSquares {
        prefix: s.class().to_lowercase(),
        mean,
        std,
        rotations: rotations.transposed(),
        loadings: None,
        regression: None,
        names: s.version() >= (1, 1),
    })
}

/// `PLSSVD`, which only transforms.
pub(crate) fn load_svd(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    Ok(Box::new(load_as(s, "x_weights_")?))
}

/// The others.
pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let mut pls = load_as(s, "x_rotations_")?;
    let (count, features) = (pls.rotations.rows, pls.rotations.columns);
    let loadings: Matrix = s.get("x_loadings_")?;
    s.require(
        (loadings.rows, loadings.columns) == (features, count),
        format_args!(
            "x_loadings_ is of shape ({}, {}), expected ({features}, {count})",
            loadings.rows, loadings.columns
        ),
    )?;
    if s.version() >= (0, 22) {
        pls.loadings = Some(loadings);
    }
    // Features by targets until 1.0; transposed since, in 1.1 and 1.2 under another name.
    let coef: Matrix = match s.version() {
        (0, _) | (1, 0) => s.get::<Matrix>("coef_")?.transposed(),
        (1, 1 | 2) => s.get("_coef_")?,
        _ => s.get("coef_")?,
    };
    s.require(
        coef.columns == features && coef.rows > 0,
        format_args!("the coefficients are for {} features, x_rotations_ has {features}", coef.columns),
    )?;
    let intercept = if s.version() >= (1, 1) {
        values(s, &["intercept_"], coef.rows)?
    } else {
        values(s, &["_y_mean", "y_mean_"], coef.rows)?
    };
    let flat = s.version() >= (1, 3) && s.get("_predict_1d")?;
    s.require(!flat || coef.rows == 1, format_args!("_predict_1d with {} targets", coef.rows))?;
    pls.regression = Some(Regression { coef, intercept, scaled: s.version() < (1, 5), flat });
    Ok(Box::new(pls))
}

impl PartialLeastSquares {
    /// Products of the samples, centred and if `scaled` divided by their spread, with the rows of `map`.
    fn products(&self, x: &Samples, map: &Matrix, scaled: bool) -> Result<Array2<f64>> {
        let mut out = Array2::zeros((x.rows(), map.rows));
        let mut row_of = vec![0.0; self.mean.len()];
        for (row, mut out) in x.dense()?.rows().into_iter().zip(out.rows_mut()) {
            for (j, (value, x)) in row_of.iter_mut().zip(row).enumerate() {
                let centred = x - self.mean[j];
                *value = if scaled { centred / self.std[j] } else { centred };
            }
            out.iter_mut().enumerate().for_each(|(k, out)| *out = dot(&row_of, map.row(k)));
        }
        Ok(out)
    }
}

impl Estimator for PartialLeastSquares {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform])
            .with_if(self.loadings.is_some(), Method::InverseTransform)
            .with_if(self.regression.is_some(), Method::Predict)
            .with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, method: Method) -> Door {
        if method == Method::InverseTransform { Door::NUMERIC.any_width() } else { Door::NUMERIC.floats() }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.mean.len())
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let Some(regression) = &self.regression else { return Err(Error::method("no predict")) };
        let mut out = self.products(x, &regression.coef, regression.scaled)?;
        for mut row in out.rows_mut() {
            row.iter_mut().zip(&regression.intercept).for_each(|(v, intercept)| *v += intercept);
        }
        Ok(if regression.flat { out.into_raw_vec_and_offset().0.into() } else { out.into() })
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        Ok(in_width(self.products(x, &self.rotations, true)?, x))
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let Some(loadings) = &self.loadings else { return Err(Error::method("no inverse_transform")) };
        require_width(x, loadings.columns)?;
        let mut out = Array2::zeros((x.rows(), loadings.rows));
        for (row, mut out) in x.dense()?.rows().into_iter().zip(out.rows_mut()) {
            let row = contiguous(&row);
            for (j, out) in out.iter_mut().enumerate() {
                *out = dot(&row, loadings.row(j)) * self.std[j] + self.mean[j];
            }
        }
        Ok(out.into())
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok((0..self.rotations.rows).map(|k| format!("{}{k}", self.prefix)).collect())
    }
}
