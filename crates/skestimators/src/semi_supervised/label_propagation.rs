//! `sklearn.semi_supervised._label_propagation`: `LabelPropagation`, `LabelSpreading`. Labels spread from the fitted samples nearby.

use ndarray::Array2;

use skpickle::Kind;

use crate::{
    data::{Array, Output, Samples},
    error::Result,
    estimator::{Classes, Estimator},
    math::{Matrix, contiguous, special},
    method::{Method, Methods},
    neighbors::base::Neighbors,
    state::State,
    validation::Door,
};

struct LabelPropagation {
    classes: Array,
    /// Shares of the classes in each fitted sample.
    labels: Matrix,
    fitted: Matrix,
    kernel: Kernel,
}

enum Kernel {
    Rbf { gamma: f64 },
    Nearest { neighbors: Box<Neighbors>, k: usize },
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    let labels: Matrix = s.get("label_distributions_")?;
    let fitted: Matrix = s.get("X_")?;
    s.require(
        labels.rows == fitted.rows && labels.columns == classes.len(),
        format_args!(
            "label_distributions_ is {} x {}, expected {} samples and {} classes",
            labels.rows,
            labels.columns,
            fitted.rows,
            classes.len()
        ),
    )?;
    let field = s.raw_opt("kernel");
    if let Some(field) = field.filter(|field| field.kind() != Kind::Str) {
        let name = field.global().map_or_else(|| field.describe(), |name| format!("{}.{}", name.module, name.name));
        let name = skpickle::printable(&name);
        return Err(s.unsupported(format_args!("kernel is the function {name}, whose code is not in the file")));
    }
    let kernel = match s.choice("kernel", Some("rbf"), &[("rbf", true), ("knn", false)])? {
        true => Kernel::Rbf { gamma: s.get("gamma")? },
        false => {
            let child = s.child("nn_fit")?;
            let neighbors = Neighbors::load(&child)?;
            s.require(
                neighbors.fitted() == fitted.rows && neighbors.width() == Some(fitted.columns),
                "nn_fit does not search in the samples of X_",
            )?;
            Kernel::Nearest { k: neighbors.need_k(&child)?, neighbors: Box::new(neighbors) }
        }
    };
    Ok(Box::new(LabelPropagation { classes, labels, fitted, kernel }))
}

impl LabelPropagation {
    fn shares(&self, x: &Samples) -> Result<Array2<f64>> {
        let mut out = Array2::zeros((x.rows(), self.labels.columns));
        match &self.kernel {
            Kernel::Rbf { gamma } => {
                for (row, mut out) in x.dense()?.rows().into_iter().zip(out.rows_mut()) {
                    let row = contiguous(&row);
                    for i in 0..self.fitted.rows {
                        let squared: f64 = row.iter().zip(self.fitted.row(i)).map(|(a, b)| (a - b) * (a - b)).sum();
                        let weight = (-gamma * squared).exp();
                        out.iter_mut().zip(self.labels.row(i)).for_each(|(out, label)| *out += weight * label);
                    }
                }
            }
            Kernel::Nearest { neighbors, k } => {
                for ((_, found), mut out) in neighbors.kneighbors(x, *k)?.into_iter().zip(out.rows_mut()) {
                    for i in found {
                        out.iter_mut().zip(self.labels.row(i)).for_each(|(out, label)| *out += label);
                    }
                }
            }
        }
        for mut row in out.rows_mut() {
            let total = row.sum();
            row.mapv_inplace(|share| share / total);
        }
        Ok(out)
    }
}

impl Estimator for LabelPropagation {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::PredictProba])
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC.sparse()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.fitted.columns)
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let shares = self.shares(x)?;
        Ok(self.classes.take_each(shares.rows().into_iter().map(|row| special::argmax(row.iter().copied()))))
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        Ok(self.shares(x)?.into())
    }
}
