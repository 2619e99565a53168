//! What answers for the samples of its fit and for no others: clusterings and embeddings that load, give the result that they
//! stored, and refuse to predict or transform.

use crate::{
    data::{Array, Output, Samples},
    error::Result,
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct Transductive {
    class: String,
    /// The attributes that hold the result.
    stored: Vec<(Method, Array)>,
    /// Number of names of columns (`TSNE`, since 1.3).
    names: Option<usize>,
}

/// Labels of samples; of rows and columns where both are clustered.
pub(crate) fn load_clustering(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    match s.class() {
        "SpectralBiclustering" | "SpectralCoclustering" => load(s, &[Method::RowLabels, Method::ColumnLabels]),
        _ => load(s, &[Method::Labels]),
    }
}

/// Places of samples.
pub(crate) fn load_embedding(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    load(s, &[Method::Embedding])
}

fn load(s: &State<'_, '_>, attributes: &[Method]) -> Result<Box<dyn Estimator>> {
    let mut stored = Vec::new();
    for &attribute in attributes {
        stored.push((attribute, s.get::<Array>(attribute.name())?));
    }
    let named = s.class() == "TSNE" && s.version() >= (1, 3);
    let names = stored.first().filter(|_| named).and_then(|(_, array)| array.shape().get(1).copied());
    Ok(Box::new(Transductive { class: s.class().to_owned(), stored, names }))
}

impl Estimator for Transductive {
    fn methods(&self) -> Methods {
        let attributes =
            self.stored.iter().fold(Methods::default(), |methods, (attribute, _)| methods.with(*attribute));
        attributes.with_if(self.names.is_some(), Method::FeatureNamesOut)
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        let stored: Vec<&str> = self.stored.iter().map(|(attribute, _)| attribute.name()).collect();
        Some(format!(
            "'{}' object has no attribute '{}': it knows the samples of its fit alone, and cannot say anything about new ones; \
             ask for {} to have what it stored",
            self.class,
            method.attribute(),
            stored.join(" or ")
        ))
    }

    fn other(&self, method: Method, _: &Samples) -> Result<Output> {
        let found = self.stored.iter().find(|(attribute, _)| *attribute == method);
        found
            .map(|(_, array)| array.clone().into())
            .ok_or_else(|| crate::error::Error::method(self.missing_method(method).unwrap_or_default()))
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        let prefix = self.class.to_lowercase();
        Ok((0..self.names.unwrap_or(0)).map(|i| format!("{prefix}{i}")).collect())
    }
}
