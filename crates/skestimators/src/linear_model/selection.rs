//! `_LearntSelectorMixin` of `sklearn.feature_selection.from_model`: up to 0.18 some linear models could `transform`, which
//! keeps the features with the larger coefficients.

use crate::{
    compose::columns::take_columns,
    data::{Csr, Samples},
    error::{Error, Result},
    math::Matrix,
    state::State,
};

/// The classes that had it.
const CLASSES: &[&str] =
    &["LinearSVC", "LogisticRegression", "LogisticRegressionCV", "Perceptron", "SGDClassifier", "SGDRegressor"];

/// Positions of the features that are kept, in order.
pub(crate) struct Selection(Vec<usize>);

impl Selection {
    /// The features whose coefficients, absolute and summed over the classes, reach their mean, or 1e-5 if they were fitted
    /// with the l1 penalty. `None` for the versions and classes that cannot `transform`.
    pub(crate) fn load(s: &State<'_, '_>) -> Result<Option<Self>> {
        if s.version() >= (0, 19) || !CLASSES.contains(&s.class()) || s.raw("coef_")?.is_sparse() {
            return Ok(None);
        }
        let coef: Matrix = s.get("coef_")?;
        let importances: Vec<f64> =
            (0..coef.columns).map(|j| (0..coef.rows).map(|i| coef.row(i)[j].abs()).sum()).collect();
        let threshold = match s.opt::<String>("penalty")?.as_deref() {
            Some("l1") => 1e-5,
            _ => importances.iter().sum::<f64>() / importances.len() as f64,
        };
        let kept = (0..coef.columns).filter(|&j| importances[j] >= threshold).collect();
        Ok(Some(Selection(kept)))
    }

    pub(crate) fn transform(&self, x: &Samples) -> Result<Samples> {
        if self.0.is_empty() {
            return Err(Error::input("Invalid threshold: all features are discarded."));
        }
        Ok(match x {
            Samples::Dense(x) => Samples::Dense(take_columns(&x.view(), &self.0)),
            Samples::Dense32(x) => Samples::Dense32(take_columns(&x.view(), &self.0)),
            other => {
                let x = other.csr()?;
                let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
                for i in 0..x.rows() {
                    let (columns, values) = x.row(i);
                    for (column, &value) in columns.iter().zip(values) {
                        if let Ok(at) = self.0.binary_search(column) {
                            indices.push(at);
                            data.push(value);
                        }
                    }
                    indptr.push(indices.len());
                }
                Samples::Sparse(Csr::new(x.rows(), self.0.len(), indptr, indices, data)?)
            }
        })
    }
}
