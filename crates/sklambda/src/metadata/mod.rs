//! What a model is, in one JSON object: its tree of classes, its features and classes, and a request that it answers.
//!
//! Made on demand from the decoded file and the loaded model; nothing of it is on the way from a request to its answer.

mod columns;
mod defaults;
mod example;
mod features;
mod known;
mod tree;

pub(crate) use example::ASKED;
pub use known::Known;
use skestimators::{Method, Model};
use skpickle::{Obj, printable};

use crate::{
    json::{Json, Text},
    lists,
};

/// Features that are described one by one; models that are wider are described by their width.
const FEATURES: usize = 4_096;

/// The file that a model came from.
#[derive(Debug, Clone, Default)]
pub(crate) struct File {
    /// Its name, without the folder.
    pub(crate) name: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub(crate) sha256: String,
}

/// An object of these entries.
fn object<const N: usize>(entries: [(&str, Json); N]) -> Json {
    Json::Object(entries.into_iter().map(|(name, value)| (Text::from(name), value)).collect())
}

/// A number, where JSON has one for it.
fn finite(x: f64) -> Json {
    if x.is_finite() { Json::Float(x) } else { Json::Null }
}

/// Describes the model that was made of this object of a file. Strings are those of the file, as they are.
pub(crate) fn describe(object_of: &Obj<'_>, model: &Model, file: &File) -> Json {
    let features = features::of(object_of, model);
    let example = example::of(model, &features);
    let strings = |texts: &mut dyn Iterator<Item = &str>| Json::Array(texts.map(Json::str).collect());
    let width = model.n_features_in().or_else(|| (!features.list.is_empty()).then_some(features.list.len()));
    let number = |n: Option<usize>| n.map_or(Json::Null, |n| Json::Int(n as i64));
    let described = if features.list.len() > FEATURES { &[] } else { features.list.as_slice() };
    object([
        ("class", Json::str(model.class())),
        ("key", Json::str(model.key())),
        ("sklearn_version", model.sklearn_version().map_or(Json::Null, |v| Json::str(printable(v)))),
        (
            "file",
            object([
                ("name", Json::str(file.name.as_str())),
                ("bytes", Json::Int(file.bytes as i64)),
                ("sha256", Json::str(file.sha256.as_str())),
                ("member", model.member().map_or(Json::Null, Json::str)),
            ]),
        ),
        ("methods", strings(&mut model.methods().map(Method::name))),
        ("n_features_in", number(model.n_features_in())),
        (
            "feature_names_in",
            model.feature_names_in().map_or(Json::Null, |names| strings(&mut names.iter().map(String::as_str))),
        ),
        ("classes", lists::classes(model)),
        (
            "input",
            object([
                ("form", Json::str(example.form.name())),
                ("width", number(width)),
                ("features", Json::Array(described.iter().map(features::Feature::json).collect())),
            ]),
        ),
        ("example", example.json()),
        ("tree", tree::of(object_of, model)),
    ])
}

#[cfg(test)]
mod tests;
