//! Embeddings of the samples of their fit and of no others: they load, and refuse to transform.

use crate::{
    error::Result,
    estimator::Estimator,
    math::Matrix,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct Transductive {
    class: String,
    /// Number of names of columns (`TSNE`, since 1.3).
    names: Option<usize>,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let names = match s.class() {
        "TSNE" if s.version() >= (1, 3) => Some(s.get::<Matrix>("embedding_")?.columns),
        _ => None,
    };
    Ok(Box::new(Transductive { class: s.class().to_owned(), names }))
}

impl Estimator for Transductive {
    fn methods(&self) -> Methods {
        Methods::default().with_if(self.names.is_some(), Method::FeatureNamesOut)
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        Some(format!(
            "'{}' object has no attribute '{}': it embeds the samples of its fit, and cannot say anything about new ones",
            self.class,
            method.attribute()
        ))
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        let prefix = self.class.to_lowercase();
        Ok((0..self.names.unwrap_or(0)).map(|i| format!("{prefix}{i}")).collect())
    }
}
