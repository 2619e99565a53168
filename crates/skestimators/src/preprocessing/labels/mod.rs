//! `sklearn.preprocessing._label`: labels become numbers or columns, and come back.

mod binarizer;
mod encoder;
mod multilabel;

use ndarray::Array2;

use crate::{
    data::{Array, Csr, Samples, Value},
    error::{Error, Result},
    estimator::{Classes, Estimator},
    method::{Method, Methods},
    preprocessing::categories::{Categories, cell, values},
    state::State,
    validation::Door,
};

pub(crate) use binarizer::load as load_binarizer;
pub(crate) use encoder::load as load_encoder;
pub(crate) use multilabel::load as load_multilabel;

/// The labels of the fit, in order.
struct Labels {
    known: Categories,
    classes: Array,
}

/// How labels are written, and read again.
trait Code: Send + Sync {
    fn encode(&self, labels: &Labels, x: &Samples) -> Result<Samples>;
    fn decode(&self, labels: &Labels, x: &Samples) -> Result<Samples>;
}

/// Every transformer of labels: its labels and its code.
struct Coder<C> {
    labels: Labels,
    code: C,
}

fn coder<C: Code + 'static>(s: &State<'_, '_>, code: C) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    // A hash table of labels, beside the labels.
    s.obj().charge((classes.len() as u64).saturating_mul(96))?;
    Ok(Box::new(Coder { labels: Labels { known: Categories::new(classes.clone()), classes }, code }))
}

impl<C: Code> Estimator for Coder<C> {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform, Method::InverseTransform])
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.labels.classes)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        self.code.encode(&self.labels, x)
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        self.code.decode(&self.labels, x)
    }
}

/// The labels as a flat list, of one column at most.
fn flat(x: &Samples) -> Result<Vec<Value>> {
    match x {
        Samples::Text(texts) => Ok(texts.iter().map(|text| Value::Str(text.as_str().into())).collect()),
        Samples::Array(array) if array.shape().len() == 1 => Ok(values(array).collect()),
        x if x.columns() == Some(1) => Ok((0..x.rows()).map(|i| cell(x, i, 0)).collect()),
        x => {
            let shape = match x {
                Samples::Array(array) => format!("{:?}", array.shape()),
                x => format!("({}, {})", x.rows(), x.columns().unwrap_or(0)),
            };
            Err(Error::input(format_args!("y should be a 1d array, got an array of shape {shape} instead.")))
        }
    }
}

/// Columns of `low`, but `high` where a row names them; sparse for a `low` of 0 only.
struct Marks {
    low: i64,
    high: i64,
    sparse: bool,
}

impl Marks {
    /// A row may name a column more than once.
    fn matrix(&self, mut rows: Vec<Vec<usize>>, columns: usize) -> Result<Samples> {
        if self.sparse {
            let (mut indptr, mut indices) = (vec![0], Vec::new());
            for row in &mut rows {
                row.sort_unstable();
                row.dedup();
                indices.extend_from_slice(row);
                indptr.push(indices.len());
            }
            let data = vec![self.high as f64; indices.len()];
            return Ok(Samples::Sparse(Csr::new(rows.len(), columns, indptr, indices, data)?));
        }
        let mut out = Array2::from_elem((rows.len(), columns), self.low);
        for (mut out, row) in out.rows_mut().into_iter().zip(&rows) {
            row.iter().for_each(|&j| out[j] = self.high);
        }
        Ok(Samples::Array(out.into()))
    }
}
