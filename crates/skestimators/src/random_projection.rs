//! `sklearn.random_projection`: `GaussianRandomProjection` and `SparseRandomProjection`.

use std::sync::OnceLock;

use ndarray::Array2;

use crate::{
    data::{Csr, Samples},
    decomposition::{back, in_width, is_single, require_width},
    error::Result,
    estimator::Estimator,
    math::{Matrix, Weights, linalg::pinv_transposed, rows},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// Elements of the largest matrix that is inverted at a call; the work grows with this and its smaller side.
const LARGEST_INVERSE: usize = 1 << 20;

/// `X @ components_.T`.
struct RandomProjection {
    prefix: String,
    components: Weights,
    /// Sparse samples give sparse answers.
    sparse_out: bool,
    /// There is an `inverse_transform` (since 1.1), by this matrix: one row a feature. It is computed at the first call unless it was stored.
    inverse: OnceLock<Matrix>,
    invertible: bool,
    /// Samples of 32 bits give answers of 32 bits, where the fit was of such (since 1.1).
    keep32: bool,
    names: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let field = s.raw("components_")?;
    let components: Weights = field.get()?;
    let (count, features) = (components.rows(), components.columns());
    s.require(count > 0 && features > 0, "components_ is empty")?;
    // A dense product is sparse in no case; a product of sparse matrices is, unless `dense_output`.
    let sparse_out = matches!(components, Weights::Sparse(_)) && !s.opt::<bool>("dense_output")?.unwrap_or(false);
    let since_1_1 = s.version() >= (1, 1);
    let inverse = OnceLock::new();
    if since_1_1 && s.get::<bool>("compute_inverse_components")? {
        let stored: Matrix = s.get("inverse_components_")?;
        s.require(
            (stored.rows, stored.columns) == (features, count),
            format_args!(
                "inverse_components_ is of shape ({}, {}), expected ({features}, {count})",
                stored.rows, stored.columns
            ),
        )?;
        let _ = inverse.set(stored);
    }
    Ok(Box::new(RandomProjection {
        prefix: s.class().to_lowercase(),
        components,
        sparse_out,
        inverse,
        invertible: since_1_1,
        keep32: since_1_1 && is_single(s, "components_")?,
        names: since_1_1,
    }))
}

impl RandomProjection {
    fn inverse(&self) -> Result<&Matrix> {
        if let Some(inverse) = self.inverse.get() {
            return Ok(inverse);
        }
        let cells = self.components.rows().saturating_mul(self.components.columns());
        if cells > LARGEST_INVERSE {
            return Err(crate::error::Error::input(format_args!(
                "inverse_transform would invert a matrix of {cells} elements at this call; fit with compute_inverse_components=True, \
                 which keeps the inverse in the file"
            )));
        }
        Ok(self.inverse.get_or_init(|| {
            let dense = match &self.components {
                Weights::Dense(components) => components.clone(),
                Weights::Sparse(components) => {
                    let dense = components.to_dense();
                    let (rows, columns) = dense.dim();
                    Matrix::new(dense.into_raw_vec_and_offset().0, rows, columns)
                }
            };
            pinv_transposed(&dense).transposed()
        }))
    }
}

impl Estimator for RandomProjection {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform])
            .with_if(self.invertible, Method::InverseTransform)
            .with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, method: Method) -> Door {
        let door = if self.keep32 { Door::NUMERIC.sparse().keep32() } else { Door::NUMERIC.sparse() };
        if method == Method::InverseTransform { door.any_width() } else { door }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.components.columns())
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let mut out = Array2::zeros((x.rows(), self.components.rows()));
        for (row, mut out) in rows(x)?.zip(out.rows_mut()) {
            out.iter_mut().enumerate().for_each(|(k, out)| *out = self.components.dot(k, &row));
        }
        Ok(match x {
            Samples::Sparse(_) if self.sparse_out => Samples::Sparse(Csr::from_dense(&out)),
            _ => in_width(out, x),
        })
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        require_width(x, self.components.rows())?;
        // The answer is the inverse of the transposed matrix: one row a feature.
        let inverse = self.inverse()?;
        Ok(in_width(back(&x.dense()?.view(), inverse, None), x))
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok((0..self.components.rows()).map(|k| format!("{}{k}", self.prefix)).collect())
    }
}
