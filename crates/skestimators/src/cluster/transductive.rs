//! Clusterings that label the samples of their fit and no others: they load, and refuse to predict.

use crate::{
    error::Result,
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct Transductive {
    class: String,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    Ok(Box::new(Transductive { class: s.class().to_owned() }))
}

impl Estimator for Transductive {
    fn methods(&self) -> Methods {
        Methods::default()
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        Some(format!(
            "'{}' object has no attribute '{}': it labels the samples of its fit, and cannot say anything about new ones",
            self.class,
            method.attribute()
        ))
    }
}
