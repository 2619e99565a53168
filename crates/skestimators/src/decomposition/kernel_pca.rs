//! `sklearn.decomposition._kernel_pca`: `KernelPCA`.

use ndarray::Array2;

use super::projection::vector;
use crate::{
    data::Samples,
    error::{Error, Result},
    estimator::Estimator,
    math::{
        Matrix, contiguous, dots,
        kernels::{Kernel, Parameters},
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct KernelPca {
    kernel: Kernel,
    x_fit: Matrix,
    /// Mean of each column of the kernel matrix at fit.
    centre: Vec<f64>,
    /// Mean of the whole kernel matrix at fit.
    centre_all: f64,
    /// One row a component.
    map: Matrix,
    inverse: Option<Inverse>,
    /// The parameter `fit_inverse_transform` decides whether the method works, not whether there is one.
    names: bool,
}

/// A kernel ridge regression from the components to the features.
struct Inverse {
    kernel: Kernel,
    x_fit: Matrix,
    /// One row a feature.
    dual_coef: Matrix,
    /// What 0.23 adds to each element that lies on the diagonal when rows are counted through.
    alpha: Option<f64>,
}

/// `gamma`, `degree` and `coef0` beside a kernel.
pub(crate) fn parameters(s: &State<'_, '_>) -> Result<Parameters> {
    let parameters = Parameters {
        // Since 1.3 what None stood for at fit is kept.
        gamma: s.opt::<f64>("gamma_")?.or(s.opt("gamma")?),
        degree: s.opt("degree")?,
        coef0: s.opt("coef0")?,
    };
    let given = [parameters.gamma, parameters.degree, parameters.coef0];
    s.require(given.into_iter().flatten().all(f64::is_finite), "gamma, degree or coef0 is not finite")?;
    Ok(parameters)
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let x_fit: Matrix = s.get("X_fit_")?;
    s.require(x_fit.rows > 0 && x_fit.columns > 0, "X_fit_ is empty")?;
    let kernel = Kernel::load(s, "kernel", parameters(s)?, x_fit.columns)?;
    let n = x_fit.rows;
    let centerer = s.child("_centerer")?;
    let centre = vector(&centerer, "K_fit_rows_", n)?;
    let centre_all: f64 = centerer.get("K_fit_all_")?;
    let values: skpickle::Shared<f64> = s.renamed(&["eigenvalues_", "lambdas_"])?;
    let vectors: Matrix = s.renamed(&["eigenvectors_", "alphas_"])?;
    s.require(
        (vectors.rows, vectors.columns) == (n, values.len()),
        format_args!(
            "eigenvectors of shape ({}, {}) for {} eigenvalues and {n} samples",
            vectors.rows,
            vectors.columns,
            values.len()
        ),
    )?;
    // Before 0.21 components of no variance were divided by zero.
    let skip_zero = s.version() >= (0, 21);
    let mut map = vectors.transposed().data.to_vec();
    for (row, value) in map.chunks_mut(n).zip(values.iter()) {
        let factor = if *value == 0.0 && skip_zero { f64::INFINITY } else { value.sqrt() };
        row.iter_mut().for_each(|v| *v /= factor);
    }
    let map = Matrix::new(map, values.len(), n);
    let inverse = if s.opt::<bool>("fit_inverse_transform")?.unwrap_or(false) {
        let x_fit: Matrix = s.get("X_transformed_fit_")?;
        let dual_coef: Matrix = s.get("dual_coef_")?;
        s.require(
            x_fit.columns > 0 && x_fit.rows > 0 && dual_coef.rows == x_fit.rows,
            format_args!("dual_coef_ has {} rows, X_transformed_fit_ has {}", dual_coef.rows, x_fit.rows),
        )?;
        // The kernel's default gamma goes by the width of what is transformed back, unless it was kept.
        let kernel = Kernel::load(s, "kernel", parameters(s)?, x_fit.columns)?;
        let alpha = if s.version() == (0, 23) { Some(s.get("alpha")?) } else { None };
        Some(Inverse { kernel, x_fit, dual_coef: dual_coef.transposed(), alpha })
    } else {
        None
    };
    Ok(Box::new(KernelPca { kernel, x_fit, centre, centre_all, map, inverse, names: s.version() >= (1, 1) }))
}

impl Estimator for KernelPca {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform, Method::InverseTransform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, method: Method) -> Door {
        match method {
            Method::InverseTransform => Door::NUMERIC.any_width(),
            _ => Door::NUMERIC.sparse(),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(if self.kernel == Kernel::Precomputed { self.x_fit.rows } else { self.x_fit.columns })
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let kernel = self.kernel.matrix(x, &self.x_fit)?;
        let mut out = Array2::zeros((x.rows(), self.map.rows));
        for (row, mut out) in kernel.rows().into_iter().zip(out.rows_mut()) {
            let mean = row.sum() / self.centre.len() as f64;
            let centred: Vec<f64> =
                row.iter().zip(&self.centre).map(|(k, centre)| k - centre - mean + self.centre_all).collect();
            out.as_slice_mut().into_iter().for_each(|out| dots(&centred, &self.map, out));
        }
        Ok(out.into())
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let Some(inverse) = &self.inverse else {
            return Err(Error::input(
                "The fit_inverse_transform parameter was not set to True when instantiating and hence the inverse transform \
                 is not available.",
            ));
        };
        let expected = inverse.x_fit.columns;
        if x.columns().is_some_and(|columns| columns != expected) {
            return Err(Error::input(format_args!(
                "Incompatible dimension for X and Y matrices: X.shape[1] == {} while Y.shape[1] == {expected}",
                x.columns().unwrap_or(0)
            )));
        }
        let mut kernel = inverse.kernel.matrix(x, &inverse.x_fit)?;
        if let Some(alpha) = inverse.alpha {
            kernel.iter_mut().step_by(inverse.x_fit.rows + 1).for_each(|k| *k += alpha);
        }
        let mut out = Array2::zeros((x.rows(), inverse.dual_coef.rows));
        for (row, mut out) in kernel.rows().into_iter().zip(out.rows_mut()) {
            let row = contiguous(&row);
            out.as_slice_mut().into_iter().for_each(|out| dots(&row, &inverse.dual_coef, out));
        }
        Ok(out.into())
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok((0..self.map.rows).map(|k| format!("kernelpca{k}")).collect())
    }
}
