//! What the file of a model tells of the columns that it takes, kept when the file itself is let go.

use skestimators::Model;
use skpickle::Obj;

use super::features::{self, FeatureKind};
use crate::json::Json;

/// A value for each column of which the file knows some: its first category, or words where it holds documents.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known(Vec<Option<Json>>);

impl Known {
    /// Looks at the object that a model was made of.
    pub(crate) fn of(object: &Obj<'_>, model: &Model) -> Known {
        let value = |feature: features::Feature| match &feature.kind {
            FeatureKind::Number => None,
            // Of mixed categories none stands for the others.
            FeatureKind::Category(values) if values.iter().any(is_text) && !values.iter().all(is_text_or_null) => None,
            _ => Some(feature.value()),
        };
        Known(features::kinds(object, model).into_iter().map(value).collect())
    }

    /// A value that the column at this place takes.
    pub(crate) fn value(&self, column: usize) -> Option<&Json> {
        self.0.get(column)?.as_ref()
    }

    /// Whether a column holds text, be it text that looks like numbers.
    pub(crate) fn is_text(&self, column: usize) -> bool {
        self.value(column).is_some_and(is_text)
    }

    /// The same for a column by its name.
    pub(crate) fn is_text_by_name(&self, model: &Model, name: &str) -> bool {
        let mut names = model.feature_names_in().unwrap_or_default().iter().zip(&self.0);
        names.any(|(other, value)| value.as_ref().is_some_and(is_text) && other == name)
    }
}

fn is_text(value: &Json) -> bool {
    matches!(value, Json::Str(_))
}

fn is_text_or_null(value: &Json) -> bool {
    is_text(value) || *value == Json::Null
}
