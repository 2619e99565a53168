//! A right request for the very model that is served.

use skestimators::{Method, Model, Samples};

use super::input;
use crate::{
    json::{Json, Text},
    metadata::{self, Known},
};

/// Wider rows are no help in a message.
const WIDEST: usize = 64;

/// One row that a model answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Example {
    /// A list of cells, or a text.
    row: Json,
    names: Option<Vec<String>>,
    /// The method that must be named, where the model has none of those that it is asked without a word.
    method: Option<Method>,
    /// Whether the Python toolkit's request, which asks for predictions, is one for this model.
    predicts: bool,
}

impl Example {
    /// A row that this very model answers, if one of a few can be found.
    pub(crate) fn of(model: &Model, known: &Known) -> Option<Example> {
        let names = model.feature_names_in().map(<[String]>::to_vec);
        let widths = match (model.n_features_in(), &names) {
            (Some(n), _) => n..=n,
            (None, Some(names)) => names.len()..=names.len(),
            (None, None) => 1..=4,
        };
        if *widths.end() > WIDEST {
            return None;
        }
        let row = |cell: &Json, n: usize| {
            Json::Array((0..n).map(|column| known.value(column).unwrap_or(cell).clone()).collect())
        };
        let (zero, a) = (Json::Int(0), Json::str("a"));
        let mut candidates: Vec<Json> = widths.clone().rev().map(|n| row(&zero, n)).collect();
        candidates.push(Json::str("some text"));
        candidates.extend(widths.rev().map(|n| row(&a, n)));
        // Whether a row is answered is found out by asking.
        let row = candidates.into_iter().find(|row| {
            let ask = std::panic::AssertUnwindSafe(|| answers(model, row));
            std::panic::catch_unwind(ask).unwrap_or(false)
        })?;
        let names = names.filter(|_| matches!(row, Json::Array(_)));
        Some(Example::new(model, row, names))
    }

    fn new(model: &Model, row: Json, names: Option<Vec<String>>) -> Example {
        let method = if super::usual(model).is_some() { None } else { asked(model) };
        Example { row, names, method, predicts: model.has(Method::Predict) }
    }

    /// The example in a description of the model, if the model was seen to answer it as these dialects ask.
    #[cfg(feature = "serve")]
    pub(crate) fn described(model: &Model, metadata: &Json) -> Option<Example> {
        let example = metadata.get("example")?;
        let form = if let Some(Json::Str(form)) = example.get("form") { form.as_str()? } else { return None };
        let sample = example.get("sample").filter(|_| example.get("answered") == Some(&Json::Bool(true)))?;
        match (form, sample) {
            ("table", Json::Object(entries)) if entries.len() <= WIDEST => {
                let names: Option<Vec<String>> =
                    entries.iter().map(|(name, _)| Some(name.as_str()?.to_owned())).collect();
                let row = Json::Array(entries.iter().map(|(_, cell)| cell.clone()).collect());
                Some(Example::new(model, row, Some(names?)))
            }
            ("numbers" | "rows", Json::Array(cells)) if cells.len() <= WIDEST => {
                let names = match metadata.get("feature_names_in") {
                    Some(Json::Array(names)) if names.len() == cells.len() => {
                        let name = |name: &Json| {
                            if let Json::Str(name) = name { name.as_str().map(str::to_owned) } else { None }
                        };
                        names.iter().map(name).collect()
                    }
                    _ => None,
                };
                Some(Example::new(model, sample.clone(), names))
            }
            ("text", Json::Str(_)) | ("records", Json::Object(_)) => Some(Example::new(model, sample.clone(), None)),
            _ => None,
        }
    }

    /// Rows of cells: `[[0, 0]]`.
    pub(crate) fn rows(&self) -> String {
        Json::Array(vec![self.row.clone()]).dumps(false)
    }

    /// The names of the columns as a list, if there are any.
    pub(crate) fn names(&self) -> Option<String> {
        let names = self.names.as_ref()?;
        Some(Json::Array(names.iter().map(|name| Json::str(name.as_str())).collect()).dumps(false))
    }

    /// The datatypes of the columns, as the Open Inference Protocol calls them.
    pub(crate) fn datatypes(&self) -> Vec<&'static str> {
        let cells = if let Json::Array(cells) = &self.row { cells.as_slice() } else { std::slice::from_ref(&self.row) };
        let datatype = |cell: &Json| match cell {
            Json::Str(_) => "BYTES",
            Json::Bool(_) => "BOOL",
            _ => "FP64",
        };
        cells.iter().map(datatype).collect()
    }

    /// Records where there are names, rows elsewhere.
    pub(crate) fn records(&self) -> String {
        let (Some(names), Json::Array(cells)) = (&self.names, &self.row) else { return self.rows() };
        let entries = names.iter().zip(cells).map(|(name, cell)| (Text::from(name.as_str()), cell.clone()));
        Json::Array(vec![Json::Object(entries.collect())]).dumps(false)
    }

    /// One line of CSV, with a line of names where there are names.
    pub(crate) fn csv(&self) -> String {
        let text = |cell: &Json| match cell {
            Json::Str(text) => text.as_str().unwrap_or_default().to_owned(),
            cell => cell.dumps(false),
        };
        let cells = if let Json::Array(cells) = &self.row { cells.as_slice() } else { std::slice::from_ref(&self.row) };
        let row = cells.iter().map(text).collect::<Vec<_>>().join(",");
        self.names.as_ref().map_or(row.clone(), |names| format!("{}\n{row}", names.join(",")))
    }

    /// What may be sent to `/predict`: records where columns have names, which the Python toolkit's request cannot tell,
    /// and rows where that request cannot ask for what the model does.
    pub(crate) fn plain(&self) -> String {
        if self.names.is_some() || !self.predicts { self.records() } else { format!("{{\"input\": {}}}", self.rows()) }
    }

    /// The name of the method that must be asked for, where the model does nothing without a word.
    #[cfg(feature = "serve")]
    pub(crate) fn method(&self) -> Option<&'static str> {
        self.method.map(Method::name)
    }

    /// The row as samples.
    pub(crate) fn samples(&self, model: &Model) -> Option<Samples> {
        input::from_list(model, std::slice::from_ref(&self.row), "the example").ok()
    }

    /// The request of the Open Inference Protocol, which has no form for dicts.
    pub(crate) fn v2(&self) -> Option<String> {
        if matches!(self.row, Json::Object(_)) {
            return None;
        }
        let cells = if let Json::Array(cells) = &self.row { cells.as_slice() } else { std::slice::from_ref(&self.row) };
        let datatypes = self.datatypes();
        let tensor = |name: &Json, shape: &str, datatype: &str, data: &[Json]| {
            let (name, data) = (name.dumps(false), Json::Array(data.to_vec()).dumps(false));
            format!("{{\"name\": {name}, \"shape\": {shape}, \"datatype\": \"{datatype}\", \"data\": {data}}}")
        };
        let alike = datatypes.windows(2).all(|pair| pair[0] == pair[1]);
        let tensors = match &self.names {
            // One tensor holds one datatype; a table may have several.
            Some(names) if !alike => names
                .iter()
                .zip(cells)
                .zip(&datatypes)
                .map(|((name, cell), datatype)| {
                    tensor(&Json::str(name.as_str()), "[1]", datatype, std::slice::from_ref(cell))
                })
                .collect::<Vec<_>>()
                .join(", "),
            _ => {
                let shape =
                    if matches!(self.row, Json::Array(_)) { format!("[1, {}]", cells.len()) } else { "[1]".into() };
                tensor(&Json::str("input"), &shape, datatypes.first().copied().unwrap_or("FP64"), cells)
            }
        };
        Some(format!("{{\"inputs\": [{tensors}]}}"))
    }
}

/// What a model is for.
fn asked(model: &Model) -> Option<Method> {
    super::usual(model).or_else(|| metadata::ASKED.into_iter().find(|&method| model.has(method)))
}

fn answers(model: &Model, row: &Json) -> bool {
    let x = input::from_list(model, std::slice::from_ref(row), "the example").ok();
    asked(model).zip(x).is_some_and(|(method, x)| model.call(method, &x).is_ok())
}
