//! `sklearn.svm._classes`: `OneClassSVM`.

use super::base::{self, Machine};
use crate::{
    data::{Array, Samples},
    error::Result,
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct OneClassSVM {
    machine: Machine,
    /// `offset_` (since 0.20); without it there is no `score_samples`, and the decisions are a column.
    offset: Option<f64>,
    /// Whether `predict` answers with integers (since 0.19).
    integers: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let machine = base::load(s, None)?;
    let offset = match s.raw_opt("offset_") {
        None => None,
        Some(field) => {
            // A number in an array of one.
            let values = field.array()?.f64s()?;
            s.require(values.len() == 1, format_args!("offset_ has {} values, expected one", values.len()))?;
            base::finite(s, "offset_", &values)?;
            values.first().copied()
        }
    };
    s.require(offset.is_some() || s.version() < (0, 20), "offset_ is missing")?;
    Ok(Box::new(OneClassSVM { machine, offset, integers: s.version() >= (0, 19) }))
}

impl Estimator for OneClassSVM {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::DecisionFunction]).with_if(self.offset.is_some(), Method::ScoreSamples)
    }

    fn door(&self, _: Method) -> Door {
        self.machine.door()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.machine.n_features())
    }

    /// 1 for inliers, -1 for outliers.
    fn predict(&self, x: &Samples) -> Result<Array> {
        let values = self.machine.values(x)?;
        let inlier = values.iter().map(|&d| d > 0.0);
        Ok(if self.integers {
            Array::from(inlier.map(|inlier| if inlier { 1 } else { -1 }).collect::<Vec<i64>>())
        } else {
            Array::from(inlier.map(|inlier| if inlier { 1.0 } else { -1.0 }).collect::<Vec<f64>>())
        })
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        if self.offset.is_none() {
            return self.machine.column(x);
        }
        Ok(self.machine.values(x)?.into())
    }

    fn score_samples(&self, x: &Samples) -> Result<Array> {
        let offset = self.offset.unwrap_or_default();
        Ok(self.machine.values(x)?.into_iter().map(|d| d + offset).collect::<Vec<f64>>().into())
    }
}
