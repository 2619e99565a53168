//! `sklearn.svm._classes`: `SVR`, `NuSVR`.

use super::base::{self, Machine};
use crate::{
    data::{Array, Samples},
    error::Result,
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct Svr {
    machine: Machine,
    /// Whether there is a `decision_function` too (to 0.18).
    decides: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    Ok(Box::new(Svr { machine: base::load(s, None)?, decides: s.version() < (0, 19) }))
}

impl Estimator for Svr {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict]).with_if(self.decides, Method::DecisionFunction)
    }

    fn door(&self, _: Method) -> Door {
        self.machine.door()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.machine.n_features())
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        Ok(self.machine.values(x)?.into())
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        self.machine.column(x)
    }
}
