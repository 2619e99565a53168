//! `sklearn.preprocessing._data`: `Binarizer` and `KernelCenterer`.

use ndarray::Array2;
use skpickle::Shared;

use crate::{
    data::{Csr, Samples},
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// One for values above a threshold, zero for the others.
pub(super) struct Binarizer {
    threshold: f64,
    /// The width of the input is checked (since 0.24).
    width: bool,
    names: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    Ok(Box::new(Binarizer::of(s.get("threshold")?, s.version())))
}

impl Binarizer {
    pub(super) fn of(threshold: f64, version: (u32, u32)) -> Self {
        Binarizer { threshold, width: version >= (0, 24), names: version >= (1, 1) }
    }
}

impl Estimator for Binarizer {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, _: Method) -> Door {
        let door = Door::NUMERIC.sparse().keep32();
        if self.width { door } else { door.any_width() }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        Ok(match x {
            Samples::Sparse(x) => {
                if self.threshold < 0.0 {
                    return Err(Error::input("Cannot binarize a sparse matrix with threshold < 0"));
                }
                let (mut indptr, mut indices) = (vec![0], Vec::new());
                let x = x.canonical();
                for i in 0..x.rows() {
                    let (columns, values) = x.row(i);
                    indices.extend(columns.iter().zip(values).filter(|(_, v)| **v > self.threshold).map(|(&j, _)| j));
                    indptr.push(indices.len());
                }
                let data = vec![1.0; indices.len()];
                Samples::Sparse(Csr::new(x.rows(), x.columns(), indptr, indices, data)?)
            }
            Samples::Dense32(x) => {
                let threshold = self.threshold as f32;
                Samples::Dense32(x.mapv(|v| f32::from(u8::from(v > threshold))))
            }
            x => Samples::Dense(x.dense()?.mapv(|v| f64::from(u8::from(v > self.threshold)))),
        })
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        Ok(input.to_vec())
    }
}

/// A kernel matrix as if the samples had been centered in the space behind the kernel.
struct KernelCenterer {
    rows: Shared<f64>,
    all: f64,
    names: bool,
}

pub(crate) fn load_kernel_centerer(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let rows: Shared<f64> = s.get("K_fit_rows_")?;
    s.require(!rows.is_empty(), "K_fit_rows_ is empty")?;
    Ok(Box::new(KernelCenterer { rows, all: s.get("K_fit_all_")?, names: s.version() >= (1, 1) }))
}

impl Estimator for KernelCenterer {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.rows.len())
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC.keep32()
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let narrow = matches!(x, Samples::Dense32(_));
        let mut x: Array2<f64> = x.dense()?.into_owned();
        for mut row in x.rows_mut() {
            let mean = row.sum() / self.rows.len() as f64;
            row.iter_mut().zip(self.rows.iter()).for_each(|(v, fit)| *v = *v - fit - mean + self.all);
        }
        Ok(if narrow { Samples::Dense32(x.mapv(|v| v as f32)) } else { Samples::Dense(x) })
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok((0..self.rows.len()).map(|i| format!("kernelcenterer{i}")).collect())
    }
}
