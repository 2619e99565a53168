//! `sklearn.kernel_ridge`: `KernelRidge`.

use ndarray::Array2;

use crate::{
    data::{Array, Samples},
    decomposition::kernel_parameters,
    error::Result,
    estimator::Estimator,
    math::{Matrix, contiguous, dot, kernels::Kernel},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// `K(X, X_fit_) @ dual_coef_`.
struct KernelRidge {
    kernel: Kernel,
    x_fit: Matrix,
    /// One row a target.
    dual_coef: Matrix,
    /// Whether the targets were 1-d.
    flat: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let x_fit: Matrix = s.get("X_fit_")?;
    s.require(x_fit.rows > 0 && x_fit.columns > 0, "X_fit_ is empty")?;
    let kernel = Kernel::load(s, "kernel", kernel_parameters(s)?, x_fit.columns)?;
    let field = s.raw("dual_coef_")?;
    let flat = field.array()?.shape().len() == 1;
    let stored: Matrix = field.get()?;
    let dual_coef = if flat { stored } else { stored.transposed() };
    s.require(
        dual_coef.columns == x_fit.rows,
        format_args!("dual_coef_ is for {} samples, X_fit_ has {}", dual_coef.columns, x_fit.rows),
    )?;
    Ok(Box::new(KernelRidge { kernel, x_fit, dual_coef, flat }))
}

impl Estimator for KernelRidge {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict])
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC.sparse()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(if self.kernel == Kernel::Precomputed { self.x_fit.rows } else { self.x_fit.columns })
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let kernel = self.kernel.matrix(x, &self.x_fit)?;
        let mut out = Array2::zeros((x.rows(), self.dual_coef.rows));
        for (row, mut out) in kernel.rows().into_iter().zip(out.rows_mut()) {
            let row = contiguous(&row);
            out.iter_mut().enumerate().for_each(|(k, out)| *out = dot(&row, self.dual_coef.row(k)));
        }
        Ok(if self.flat { out.into_raw_vec_and_offset().0.into() } else { out.into() })
    }
}
