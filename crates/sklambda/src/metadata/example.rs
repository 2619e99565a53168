//! A request that the model answers, made of its own names, categories and middles.

use std::panic::AssertUnwindSafe;

use skestimators::{Column, ColumnData, Method, Model, Samples, Table, Value};

use super::{
    features::{Feature, Features},
    object,
};
use crate::{
    json::{Json, Text},
    samples,
};

/// Values of an example row at most; the rows of wider models are left to their users.
const CELLS: usize = 16_384;

/// Widths that are tried where the file does not tell it.
const WIDTHS: std::ops::RangeInclusive<usize> = 1..=6;

/// The form that samples take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Rows of numbers.
    Numbers,
    /// Rows of numbers and text, by position.
    Rows,
    /// Columns with names.
    Table,
    /// Documents.
    Text,
    /// Dicts.
    Records,
    /// Labels, one a sample.
    Labels,
}

impl Form {
    /// The word for it in the description.
    pub(super) fn name(self) -> &'static str {
        match self {
            Form::Numbers => "numbers",
            Form::Rows => "rows",
            Form::Table => "table",
            Form::Text => "text",
            Form::Records => "records",
            Form::Labels => "labels",
        }
    }
}

/// A sample in its form.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Example {
    pub(super) form: Form,
    /// One sample, as it stands in a list of samples: `[5.8, 3.1]`, `{"age": 31, "city": "Bern"}`, `"some text"`.
    pub(super) sample: Json,
    /// Whether the model was seen to answer it.
    pub(super) answered: bool,
}

/// What a model is asked for the sake of an example: the first of these that it has.
pub(crate) const ASKED: [Method; 10] = [
    Method::Predict,
    Method::Transform,
    Method::PredictProba,
    Method::DecisionFunction,
    Method::ScoreSamples,
    Method::Kneighbors,
    Method::Mahalanobis,
    Method::Labels,
    Method::RowLabels,
    Method::Embedding,
];

impl Example {
    pub(super) fn json(&self) -> Json {
        object([
            ("form", Json::str(self.form.name())),
            ("sample", self.sample.clone()),
            ("answered", Json::Bool(self.answered)),
        ])
    }

    /// The samples that a list of one such sample is.
    fn samples(&self) -> Option<Samples> {
        match (self.form, &self.sample) {
            (Form::Table, Json::Object(entries)) => table(entries),
            (_, sample) => samples::from_json(&Json::Array(vec![sample.clone()])).ok(),
        }
    }

    /// Whether the model answers it.
    fn is_answered(&self, model: &Model) -> bool {
        let Some(method) = ASKED.into_iter().find(|method| model.has(*method)) else { return false };
        let ask = AssertUnwindSafe(|| self.samples().is_some_and(|x| model.call(method, &x).is_ok()));
        std::panic::catch_unwind(ask).unwrap_or(false)
    }
}

/// A table of one row.
fn table(entries: &[(Text, Json)]) -> Option<Samples> {
    let column = |(name, value): &(Text, Json)| {
        let data = match value {
            Json::Bool(b) => ColumnData::Bool(vec![*b]),
            Json::Int(n) => ColumnData::I64(vec![*n]),
            Json::Float(x) => ColumnData::F64(vec![*x]),
            Json::Str(text) => ColumnData::Str(vec![Some(text.as_str()?.into())].into()),
            Json::Null => ColumnData::Mixed(vec![Value::None].into()),
            _ => return None,
        };
        Some(Column { name: name.as_str()?.to_owned(), data })
    };
    let columns: Option<Vec<Column>> = entries.iter().map(column).collect();
    Table::new(columns?).ok().map(Samples::Table)
}

/// The first of a few that the model answers.
pub(super) fn of(model: &Model, features: &Features) -> Example {
    let mut candidates = candidates(features);
    if candidates.is_empty() {
        let known = model.n_features_in().filter(|width| *width <= CELLS);
        let widths = known.map_or(WIDTHS, |width| width..=width);
        candidates.extend(widths.flat_map(|width| [equal(width, 0), equal(width, 1)]));
        candidates.push((Form::Text, Json::str("some text")));
        candidates.extend(WIDTHS.map(|width| (Form::Rows, Json::Array(vec![Json::str("a"); width]))));
    }
    let mut examples: Vec<Example> =
        candidates.into_iter().map(|(form, sample)| Example { form, sample, answered: false }).collect();
    let answered = examples.iter().position(|example| example.is_answered(model));
    let mut example = examples.swap_remove(answered.unwrap_or(0));
    example.answered = answered.is_some();
    example
}

/// A row of equal numbers.
fn equal(width: usize, value: i64) -> (Form, Json) {
    (Form::Numbers, Json::Array(vec![Json::Int(value); width]))
}

fn candidates(features: &Features) -> Vec<(Form, Json)> {
    let record = |features: &[Feature]| {
        let entry = |feature: &Feature| Some((Text::from(feature.name.as_deref()?), feature.value()));
        features.iter().map(entry).collect::<Option<Vec<_>>>().map(Json::Object)
    };
    if let Some(labels) = &features.labels {
        return labels.first().map(|label| (Form::Labels, label.clone())).into_iter().collect();
    }
    if let Some(entries) = &features.records {
        return record(entries).map(|sample| (Form::Records, sample)).into_iter().collect();
    }
    if features.text {
        let text = if features.words.is_empty() { "some text".into() } else { features.words.join(" ") };
        return vec![(Form::Text, Json::str(text))];
    }
    let list = &features.list;
    if list.is_empty() || list.len() > CELLS {
        return Vec::new();
    }
    let row = Json::Array(list.iter().map(Feature::value).collect());
    let numbers = list.iter().all(|feature| matches!(feature.value(), Json::Int(_) | Json::Float(_)));
    let table = record(list).map(|sample| (Form::Table, sample));
    let by_position = (if numbers { Form::Numbers } else { Form::Rows }, row);
    // Where columns are asked for by name, or are not all numbers, a table tells them best.
    let mut all: Vec<(Form, Json)> = if features.by_name || !numbers {
        table.into_iter().chain([by_position]).collect()
    } else {
        [by_position].into_iter().chain(table).collect()
    };
    // Some take no zeros.
    all.extend([equal(list.len(), 0), equal(list.len(), 1)]);
    all
}
