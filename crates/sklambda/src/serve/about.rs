//! What the terminal is told about the model that is served.

use skestimators::{Method, Model};

use crate::{
    dialect::Example,
    handler::{Loaded, Service},
};

/// Longer lists of names help nobody on a terminal.
const MOST_NAMES: usize = 30;

/// The lines for the terminal.
pub(super) struct Told {
    /// One line about the model.
    pub(super) model: String,
    /// A body that this very model answers.
    body: Option<String>,
    /// The method that must be named beside it.
    method: Option<&'static str>,
}

/// What is told about the model.
pub(super) fn text(service: &Service) -> Told {
    let Loaded::Model(model, _) = &service.loaded else {
        return Told { model: String::new(), body: None, method: None };
    };
    let probabilities = if model.has(Method::PredictProba) { ", \"return_probabilities\": true" } else { "" };
    let body = service.example().map(|example| {
        let plain = example.plain();
        // The toolkit's request may ask for probabilities as well.
        match plain.strip_suffix('}') {
            Some(start) if plain.starts_with('{') => format!("{start}{probabilities}}}"),
            _ => plain,
        }
    });
    Told { model: about(model), body, method: service.example().and_then(Example::method) }
}

impl Told {
    /// The command that sends the body.
    pub(super) fn curl(&self, url: &str) -> String {
        let body = self.body.as_deref().unwrap_or("{\"input\": [[…]]}").replace('\'', "'\\''");
        let query = self.method.map_or(String::new(), |method| format!("?method={method}"));
        format!("curl -s {url}/predict{query} -H 'Content-Type: application/json' -d '{body}'")
    }
}

/// One line about a model.
fn about(model: &Model) -> String {
    let mut text = format!("Model: {}", model.class());
    if let Some(version) = model.sklearn_version() {
        text.push_str(&format!(", scikit-learn {}", skpickle::printable(version)));
    }
    if let Some(n) = model.n_features_in() {
        text.push_str(&format!(", {n} {}", if n == 1 { "feature" } else { "features" }));
    }
    if let Some(names) = model.feature_names_in() {
        let shown: Vec<_> = names.iter().take(MOST_NAMES).map(|n| skpickle::printable(n)).collect();
        let more = if names.len() > MOST_NAMES { ", …" } else { "" };
        text.push_str(&format!(": {}{more}", shown.join(", ")));
    }
    text
}
