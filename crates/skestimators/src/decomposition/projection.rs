//! Decompositions that transform by one linear map: `PCA`, `IncrementalPCA`, `TruncatedSVD`, `FactorAnalysis`, `FastICA`, `SparsePCA`.

use ndarray::{Array2, ArrayView2};
use skpickle::Shared;

use super::density::Density;
use crate::{
    data::{Array, Samples},
    error::{Error, Result},
    estimator::Estimator,
    math::{
        Matrix, affine, contiguous, dot, dots,
        linalg::{Cholesky, times_transposed},
        scratch,
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// `(x - mean) @ map.T`, and the way back.
struct Projection {
    prefix: String,
    mean: Option<Vec<f64>>,
    /// `-mean @ map.T`, where samples are centred after the product: `PCA` and `IncrementalPCA` from 1.5 on.
    offsets: Option<Vec<f64>>,
    /// One row a component.
    map: Matrix,
    /// What each component is divided by.
    scale: Option<Vec<f64>>,
    /// One row a feature; the mean is added.
    back: Option<Matrix>,
    density: Option<Density>,
    /// Each component is divided by its length over all samples of the batch (`SparsePCA` before 0.22).
    by_batch: bool,
    sparse: bool,
    /// Fitted in 32 bits: samples of 32 bits give answers of 32 bits.
    single: bool,
    /// Whether the way back checks its input.
    back_checks: bool,
    /// Numbers that are spelled as text are read.
    floats: bool,
    names: bool,
}

/// `components_`, which is not empty and holds finite numbers.
pub(super) fn components(s: &State<'_, '_>) -> Result<Matrix> {
    let matrix: Matrix = s.get("components_")?;
    s.require(matrix.rows > 0 && matrix.columns > 0, "components_ is empty")?;
    s.require(matrix.data.iter().all(|v| v.is_finite()), "components_ is not finite")?;
    Ok(matrix)
}

/// An attribute with one finite number for each of `count` things.
pub(super) fn vector(s: &State<'_, '_>, name: &str, count: usize) -> Result<Vec<f64>> {
    let values: Shared<f64> = s.get(name)?;
    s.require(values.len() == count, format_args!("{name} has {} values, expected {count}", values.len()))?;
    s.require(values.iter().all(|v| v.is_finite()), format_args!("{name} is not finite"))?;
    Ok(values.to_vec())
}

/// Whether the array, or sparse matrix, is of 32 bits.
pub(crate) fn is_single(s: &State<'_, '_>, name: &str) -> Result<bool> {
    Ok(match s.raw(name)?.array() {
        Ok(array) => array.dtype().is_f32(),
        Err(_) => s.raw(name)?.field("data").and_then(|data| data.array()).is_ok_and(|data| data.dtype().is_f32()),
    })
}

impl Projection {
    fn new(s: &State<'_, '_>, map: Matrix) -> Result<Self> {
        Ok(Projection {
            prefix: s.class().to_lowercase(),
            mean: None,
            offsets: None,
            map,
            scale: None,
            back: None,
            density: None,
            by_batch: false,
            sparse: false,
            single: is_single(s, "components_")?,
            back_checks: true,
            floats: matches!(s.class(), "PCA" | "IncrementalPCA" | "FastICA"),
            names: s.version() >= (1, 1),
        })
    }

    fn project(&self, x: &Samples) -> Result<Array2<f64>> {
        let mut out = match (&self.mean, &self.offsets, x) {
            (_, Some(offsets), Samples::Dense32(_)) => {
                affine(&Samples::Dense(x.dense()?.into_owned()), &self.map, offsets)?
            }
            (_, Some(offsets), _) => affine(x, &self.map, offsets)?,
            // Centring would fill the samples: the products are centred instead.
            (Some(mean), None, Samples::Sparse(_)) => affine(x, &self.map, &centring(mean, &self.map))?,
            (Some(mean), None, _) => {
                let x = x.dense()?;
                let mut centred = scratch::matrix(x.nrows(), x.ncols());
                for (row, mut centred) in x.rows().into_iter().zip(centred.rows_mut()) {
                    let row = contiguous(&row);
                    if let Some(centred) = centred.as_slice_mut() {
                        centred.iter_mut().zip(row.iter().zip(mean)).for_each(|(c, (x, mean))| *c = x - mean);
                    }
                }
                let centred = Samples::Dense(centred);
                let out = affine(&centred, &self.map, &[0.0])?;
                if let Samples::Dense(centred) = centred {
                    scratch::give_matrix(centred);
                }
                out
            }
            (None, None, _) => affine(x, &self.map, &[0.0])?,
        };
        if let Some(scale) = &self.scale {
            out.rows_mut().into_iter().for_each(|mut row| row.iter_mut().zip(scale).for_each(|(v, s)| *v /= s));
        }
        if self.by_batch {
            for mut column in out.columns_mut() {
                let length = column.iter().map(|v| v * v).sum::<f64>().sqrt();
                if length != 0.0 {
                    column.iter_mut().for_each(|v| *v /= length);
                }
            }
        }
        Ok(out)
    }
}

/// What centring the samples adds to their products.
fn centring(mean: &[f64], map: &Matrix) -> Vec<f64> {
    (0..map.rows).map(|k| -dot(mean, map.row(k))).collect()
}

/// Keeps answers in the width of the samples where the model is of that width too.
pub(crate) fn in_width(values: Array2<f64>, x: &Samples) -> Samples {
    match x {
        Samples::Dense32(_) => Samples::Dense32(values.mapv(|v| v as f32)),
        _ => Samples::Dense(values),
    }
}

/// Refuses samples that a matrix of this many rows cannot be multiplied with.
pub(crate) fn require_width(x: &Samples, width: usize) -> Result<()> {
    match x.columns() {
        Some(columns) if columns != width => Err(Error::input(format_args!(
            "matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature (n?,k),(k,m?)->(n?,m?) \
             (size {width} is different from {columns}): inverse_transform takes rows of {width} components"
        ))),
        _ => Ok(()),
    }
}

/// `x @ map.T + mean`, where the mean is added if there is one.
pub(crate) fn back(x: &ArrayView2<'_, f64>, map: &Matrix, mean: Option<&[f64]>) -> Array2<f64> {
    let mut out = Array2::zeros((x.nrows(), map.rows));
    for (row, mut out) in x.rows().into_iter().zip(out.rows_mut()) {
        let Some(out) = out.as_slice_mut() else { continue };
        dots(&contiguous(&row), map, out);
        if let Some(mean) = mean {
            out.iter_mut().zip(mean).for_each(|(out, mean)| *out += mean);
        }
    }
    out
}

impl Estimator for Projection {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform])
            .with_if(self.back.is_some(), Method::InverseTransform)
            .with_if(self.density.is_some(), Method::ScoreSamples)
            .with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, method: Method) -> Door {
        let door = Door { keep32: self.single, floats: self.floats, ..Door::NUMERIC };
        match method {
            Method::InverseTransform if self.back_checks => door.any_width(),
            Method::InverseTransform => door.any_width().any_value(),
            Method::Transform | Method::FeatureNamesOut if self.sparse => door.sparse(),
            _ => door,
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.map.columns)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        Ok(in_width(self.project(x)?, x))
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let Some(map) = &self.back else { return Err(Error::method("no inverse_transform")) };
        require_width(x, map.columns)?;
        Ok(in_width(back(&x.dense()?.view(), map, self.mean.as_deref()), x))
    }

    fn score_samples(&self, x: &Samples) -> Result<Array> {
        match &self.density {
            Some(density) => Ok(density.log_densities(&x.dense()?.view())?.into()),
            None => Err(Error::method("no score_samples")),
        }
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok((0..self.map.rows).map(|k| format!("{}{k}", self.prefix)).collect())
    }
}

/// What `PCA` and `IncrementalPCA` share.
fn principal(s: &State<'_, '_>) -> Result<Projection> {
    let mut p = Projection::new(s, components(s)?)?;
    let (count, features) = (p.map.rows, p.map.columns);
    // A mean of zeros may be None.
    if s.has("mean_") {
        let mean = vector(s, "mean_", features)?;
        p.offsets = (s.version() >= (1, 5)).then(|| centring(&mean, &p.map));
        p.mean = Some(mean);
    }
    p.back_checks = s.version() >= (1, 8);
    if s.get("whiten")? {
        let variance = vector(s, "explained_variance_", count)?;
        s.require(variance.iter().all(|v| *v >= 0.0), "explained_variance_ has negative values")?;
        let mut scale: Vec<f64> = variance.iter().map(|v| v.sqrt()).collect();
        p.back = Some(scaled_columns(&p.map.transposed(), &scale));
        if s.version() >= (1, 5) {
            let smallest = if is_single(s, "explained_variance_")? { f64::from(f32::EPSILON) } else { f64::EPSILON };
            scale.iter_mut().for_each(|v| *v = v.max(smallest));
        }
        p.scale = Some(scale);
    } else {
        p.back = Some(p.map.transposed());
    }
    Ok(p)
}

/// The matrix with each column multiplied by its factor.
fn scaled_columns(matrix: &Matrix, factors: &[f64]) -> Matrix {
    let mut data = matrix.data.to_vec();
    data.chunks_mut(factors.len().max(1)).for_each(|row| row.iter_mut().zip(factors).for_each(|(v, f)| *v *= f));
    Matrix::new(data, matrix.rows, matrix.columns)
}

pub(crate) fn load_pca(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let mut p = principal(s)?;
    p.sparse = s.version() >= (1, 4);
    let variance = vector(s, "explained_variance_", p.map.rows)?;
    let noise: f64 = s.get("noise_variance_")?;
    s.require(noise.is_finite() && noise >= 0.0, "noise_variance_ is negative or not finite")?;
    // Its precision, not its covariance, left the whitening out in 0.17.
    let whiten = s.get("whiten")? && (s.version() >= (0, 18) || p.map.rows == p.map.columns);
    let factor = |&v: &f64| (v - noise).max(0.0).sqrt() * if whiten { v.sqrt() } else { 1.0 };
    let factors: Vec<f64> = variance.iter().map(factor).collect();
    s.obj().charge(24 * p.map.data.len() as u64)?;
    let loadings = scaled_columns(&p.map.transposed(), &factors).transposed();
    let features = p.map.columns;
    let mean = p.mean.clone().unwrap_or_else(|| vec![0.0; features]);
    // A component that does not rise above the noise leaves infinity in the precision.
    let drowned = noise > 0.0 && p.map.rows < features && variance.iter().any(|&v| v <= noise);
    p.density =
        Some(if drowned { Density::drowned(mean) } else { Density::new(mean, &loadings, vec![noise; features]) });
    Ok(Box::new(p))
}

pub(crate) fn load_incremental_pca(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let mut p = principal(s)?;
    // Sparse samples are made dense batch by batch.
    p.sparse = s.version() >= (0, 22);
    Ok(Box::new(p))
}

/// `RandomizedPCA` (up to 0.19), whose components are whitened already.
pub(crate) fn load_randomized_pca(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let mut p = Projection::new(s, components(s)?)?;
    if s.has("mean_") {
        p.mean = Some(vector(s, "mean_", p.map.columns)?);
    }
    p.back = Some(p.map.transposed());
    p.back_checks = false;
    Ok(Box::new(p))
}

pub(crate) fn load_truncated_svd(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let mut p = Projection::new(s, components(s)?)?;
    p.back = Some(p.map.transposed());
    p.sparse = true;
    Ok(Box::new(p))
}

pub(crate) fn load_fast_ica(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let mut p = Projection::new(s, components(s)?)?;
    let (count, features) = (p.map.rows, p.map.columns);
    let mixing: Matrix = s.get("mixing_")?;
    s.require(
        (mixing.rows, mixing.columns) == (features, count),
        format_args!("mixing_ is of shape ({}, {}), expected ({features}, {count})", mixing.rows, mixing.columns),
    )?;
    p.back = Some(mixing);
    // False, True, or the way of whitening.
    let whiten = s.raw("whiten")?;
    if whiten.get::<bool>().unwrap_or(true) {
        p.mean = Some(vector(s, "mean_", features)?);
    }
    Ok(Box::new(p))
}

pub(crate) fn load_factor_analysis(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let loadings = components(s)?;
    let features = loadings.columns;
    let mean = vector(s, "mean_", features)?;
    let noise = vector(s, "noise_variance_", features)?;
    s.require(noise.iter().all(|v| *v > 0.0), "noise_variance_ has values that are not positive")?;
    let inverse: Vec<f64> = noise.iter().map(|v| 1.0 / v).collect();
    let scaled = scaled_columns(&loadings, &inverse);
    let map = regression(s, &scaled, &loadings, &scaled, 1.0)?;
    let mut p = Projection::new(s, map)?;
    p.density = Some(Density::new(mean.clone(), &loadings, noise));
    p.mean = Some(mean);
    p.single = false;
    Ok(Box::new(p))
}

/// `inv(a @ b.T + alpha I) @ c`.
fn regression(s: &State<'_, '_>, a: &Matrix, b: &Matrix, c: &Matrix, alpha: f64) -> Result<Matrix> {
    s.obj().charge(8 * (a.rows as u64).saturating_mul(a.rows as u64))?;
    let mut gram = times_transposed(a, b).data.to_vec();
    gram.iter_mut().step_by(a.rows + 1).for_each(|v| *v += alpha);
    match Cholesky::of(&Matrix::new(gram, a.rows, a.rows)) {
        Some(factor) => Ok(factor.solve_columns(c)),
        None => Err(s.error(
            "components_ do not determine the transformed samples: their products form no positive definite matrix",
        )),
    }
}

/// `SparsePCA` and `MiniBatchSparsePCA`: a ridge regression on the components.
pub(crate) fn load_sparse_pca(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let parts = components(s)?;
    let alpha: f64 = s.get("ridge_alpha")?;
    s.require(alpha.is_finite() && alpha >= 0.0, "ridge_alpha is negative or not finite")?;
    let mut p = Projection::new(s, regression(s, &parts, &parts, &parts, alpha)?)?;
    p.single = false;
    let centred = match s.version() {
        (0, ..20) => false,
        (0, 20 | 21) => s.get("normalize_components")?,
        _ => true,
    };
    p.by_batch = !centred;
    if p.by_batch {
        s.answers_whole_batches();
    }
    if centred {
        p.mean = Some(vector(s, "mean_", parts.columns)?);
    }
    if s.version() >= (1, 2) {
        p.back = Some(parts.transposed());
    }
    Ok(Box::new(p))
}
