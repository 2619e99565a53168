//! What the terminal is told about the model that is served.

use skestimators::{Method, Model};

use crate::handler::{Loaded, Service};

/// Longer lists of names help nobody on a terminal.
const MOST_NAMES: usize = 30;

/// The lines for the terminal.
pub(super) struct Told {
    /// One line about the model.
    pub(super) model: String,
    /// A body that this very model answers.
    body: Option<String>,
}

/// What is told about the model.
pub(super) fn text(service: &Service) -> Told {
    let Loaded::Model(model) = &service.loaded else { return Told { model: String::new(), body: None } };
    let probabilities = if model.has(Method::PredictProba) { ", \"return_probabilities\": true" } else { "" };
    let body = service.example().map(|example| format!("{{\"input\": {}{probabilities}}}", example.rows()));
    Told { model: about(model), body }
}

impl Told {
    /// The command that sends the body.
    pub(super) fn curl(&self, url: &str) -> String {
        let body = self.body.as_deref().unwrap_or("{\"input\": [[…]]}").replace('\'', "'\\''");
        format!("curl -s {url}/predict -H 'Content-Type: application/json' -d '{body}'")
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
