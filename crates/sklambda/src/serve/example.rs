//! An example request for the model that is served.

use skestimators::{Method, Model};

use crate::handler::Handler;

/// Longer lists of names help nobody on a terminal.
const MOST_NAMES: usize = 30;

/// A body that this very model answers, if one of a few can be found.
pub(super) fn of(handler: &Handler, model: &Model) -> String {
    let probabilities = if model.has(Method::PredictProba) { ", \"return_probabilities\": true" } else { "" };
    let widths = model.n_features_in().map_or_else(|| 1..=4, |n| n..=n);
    let row = |item: &str, n: usize| format!("[{}]", vec![item; n].join(", "));
    let mut candidates: Vec<String> = widths.clone().rev().map(|n| row("0", n)).collect();
    candidates.push("\"some text\"".into());
    candidates.extend(widths.rev().map(|n| row("\"a\"", n)));
    let bodies = candidates.iter().map(|x| format!("{{\"input\": [{x}]{probabilities}}}"));
    let mut bodies = bodies.collect::<Vec<_>>();
    // Whether a body is answered is found out by asking.
    let answered = bodies.iter().position(|body| {
        let ask = std::panic::AssertUnwindSafe(|| handler.handle_body(body.as_bytes()).status == 200);
        std::panic::catch_unwind(ask).unwrap_or(false)
    });
    bodies.swap_remove(answered.unwrap_or(0))
}

/// One line about the model.
pub(super) fn about(model: &Model) -> String {
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

/// The command that sends a body.
pub(super) fn curl(url: &str, body: &str) -> String {
    format!("curl -s {url}/predict -H 'Content-Type: application/json' -d '{body}'")
}
