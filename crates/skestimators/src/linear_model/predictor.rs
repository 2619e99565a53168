//! `X @ coef_.T + intercept_`, the sum behind every linear model.

use ndarray::Array2;
use skpickle::{Kind, Obj, Scalar};

use crate::{
    data::{Array, Samples},
    error::Result,
    math::{Row, Weights, affine_many, affine_sparse, dots, rows, zeros},
    state::State,
    validation::Door,
};

/// A linear function of the samples, with one output or several.
pub(crate) struct LinearPredictor {
    coef: Weights,
    /// One value for each output.
    intercept: Vec<f64>,
    /// Whether `coef_` is 2-d: then a regressor answers with one row a sample.
    many: bool,
    /// Whether the coefficients are of 32 bits: then products with samples of 32 bits are so too.
    coef32: bool,
    /// Whether the sum of such a product and the intercept is still of 32 bits.
    sum32: bool,
    /// Whether products of 32 bits are added up as in the time of scikit-learn 0.22 and numpy 1.18.
    old_blas: bool,
}

impl LinearPredictor {
    /// Linear models take sparse samples too, and compute in 32 bits where everything is of 32 bits.
    pub(crate) const DOOR: Door = Door::NUMERIC.sparse().keep32();

    /// Reads `coef_` and `intercept_`.
    pub(crate) fn load(s: &State<'_, '_>) -> Result<Self> {
        Self::with_intercept(s, "intercept_")
    }

    /// Reads `coef_`, and the intercept from another attribute.
    pub(crate) fn with_intercept(s: &State<'_, '_>, name: &str) -> Result<Self> {
        let field = s.raw("coef_")?;
        let coef: Weights = field.get()?;
        let values = if field.is_sparse() { field.field("data")? } else { field.clone() };
        let many = field.is_sparse() || field.array()?.shape().len() == 2;
        s.require(coef.rows() > 0 && coef.columns() > 0, "coef_ is empty")?;
        let (intercept, intercept32) = intercept(s, name, coef.rows())?;
        let coef32 = values.array()?.dtype().is_f32();
        let old_blas = s.version() < (0, 23);
        Ok(LinearPredictor { coef, intercept, many, coef32, sum32: coef32 && intercept32, old_blas })
    }

    /// The products alone.
    pub(crate) fn without_intercept(mut self) -> Self {
        self.intercept.fill(0.0);
        self
    }

    /// Number of outputs.
    pub(crate) fn outputs(&self) -> usize {
        self.coef.rows()
    }

    /// Number of features.
    pub(crate) fn features(&self) -> usize {
        self.coef.columns()
    }

    /// Value of one output for one sample.
    pub(crate) fn score(&self, sample: &Row<'_>, output: usize) -> f64 {
        let intercept = self.intercept[output];
        match sample {
            Row::F32(_) if self.sum32 => f64::from(self.coef.dot32(output, sample, self.old_blas) + intercept as f32),
            Row::F32(_) if self.coef32 => f64::from(self.coef.dot32(output, sample, self.old_blas)) + intercept,
            _ => self.coef.dot(output, sample) + intercept,
        }
    }

    /// Whether the answers for these samples are of 32 bits.
    pub(crate) fn in32(&self, x: &Samples) -> bool {
        self.sum32 && matches!(x, Samples::Dense32(_))
    }

    /// Values of all outputs, one row a sample.
    pub(crate) fn scores(&self, x: &Samples) -> Result<Array2<f64>> {
        if let Weights::Dense(coef) = &self.coef
            && let Some(scores) = affine_many(x, coef, &self.intercept)
        {
            return Ok(scores);
        }
        if let (Weights::Dense(coef), Samples::Sparse(x)) = (&self.coef, x) {
            return Ok(affine_sparse(x, coef, &self.intercept));
        }
        let mut out = zeros(x.rows(), self.outputs());
        for (sample, mut out) in rows(x)?.zip(out.rows_mut()) {
            match (&sample, &self.coef, out.as_slice_mut()) {
                (Row::F64(x), Weights::Dense(coef), Some(out)) => {
                    dots(x, coef, out);
                    out.iter_mut().zip(&self.intercept).for_each(|(out, intercept)| *out += intercept);
                }
                _ => out.iter_mut().enumerate().for_each(|(k, out)| *out = self.score(&sample, k)),
            }
        }
        Ok(out)
    }

    /// Values of a function with one output, one a sample.
    pub(crate) fn single(&self, x: &Samples) -> Result<Vec<f64>> {
        Ok(rows(x)?.map(|sample| self.score(&sample, 0)).collect())
    }

    /// What a regressor answers: 1-d if `coef_` is, one row a sample otherwise.
    pub(crate) fn predict(&self, x: &Samples) -> Result<Array> {
        Ok(if self.many { self.scores(x)?.into() } else { self.single(x)?.into() })
    }
}

/// A number that was computed in 32 bits, or in 64.
pub(crate) fn round_to(in32: bool, value: f64) -> f64 {
    if in32 { f64::from(value as f32) } else { value }
}

/// An intercept: an array with one value for each output, or one number for all (0.0 where none was fitted). And whether a
/// sum of 32 bits stays so when it is added.
fn intercept(s: &State<'_, '_>, name: &str, outputs: usize) -> Result<(Vec<f64>, bool)> {
    let field = s.raw(name)?;
    let (values, float32) = match field.array() {
        Ok(array) => {
            s.require(array.shape().len() <= 1, format_args!("{name} is an array of rank {}", array.shape().len()))?;
            (array.f64s()?.to_vec(), field.array()?.dtype().is_f32())
        }
        Err(_) => (vec![field.get::<f64>()?], scalar_keeps_32(&field)),
    };
    s.require(
        values.len() == outputs || values.len() == 1,
        format_args!("{name} has {} values for {outputs} outputs", values.len()),
    )?;
    let values = if values.len() == outputs { values } else { vec![values[0]; outputs] };
    Ok((values, float32))
}

/// Whether `float32 array + scalar` is of 32 bits: for numbers of Python's always, for numpy's double only before numpy 2.
fn scalar_keeps_32(field: &Obj<'_>) -> bool {
    field.kind() != Kind::Object
        || matches!(field.get(), Ok(Scalar::Float32(_)))
        || field.class().is_some_and(|class| class.module.starts_with("numpy.core."))
}
