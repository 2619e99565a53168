//! What the columns of the input are, found by walking the steps that see them first.

mod centre;

use std::collections::HashSet;

use skestimators::Model;
use skpickle::{Obj, Scalar};

use super::{
    columns::{self, Columns},
    finite, object, tree,
};
use crate::{json::Json, python};

/// Estimators that are walked through.
const VISITS: usize = 200;

/// Categories that are listed.
const CATEGORIES: usize = 1_000;

/// Words of a vocabulary that make up an example.
const WORDS: usize = 6;

/// What a value of a column is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FeatureKind {
    Number,
    Boolean,
    /// One of these.
    Category(Vec<Json>),
    /// Any text.
    Text,
}

/// One column of the input.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Feature {
    /// Its name, where the file has one.
    pub(crate) name: Option<String>,
    pub(crate) kind: FeatureKind,
    /// A sensible value, where the file has one.
    pub(crate) centre: Option<Json>,
}

impl Feature {
    pub(super) fn new(name: Option<String>) -> Feature {
        Feature { name, kind: FeatureKind::Number, centre: None }
    }

    /// A value to begin with: the centre if there is one, the first category, or nothing in particular.
    pub(super) fn value(&self) -> Json {
        if let Some(centre) = &self.centre {
            return centre.clone();
        }
        match &self.kind {
            FeatureKind::Number => Json::Int(0),
            FeatureKind::Boolean => Json::Bool(false),
            FeatureKind::Text => Json::str("some text"),
            FeatureKind::Category(categories) => {
                categories.iter().find(|value| **value != Json::Null).cloned().unwrap_or(Json::Null)
            }
        }
    }

    pub(super) fn json(&self) -> Json {
        let (kind, categories) = match &self.kind {
            FeatureKind::Number => ("number", None),
            FeatureKind::Boolean => ("boolean", None),
            FeatureKind::Text => ("text", None),
            FeatureKind::Category(categories) => ("category", Some(categories.clone())),
        };
        object([
            ("name", self.name.as_deref().map_or(Json::Null, Json::str)),
            ("kind", Json::str(kind)),
            ("categories", categories.map_or(Json::Null, Json::Array)),
            ("example", self.value()),
        ])
    }
}

/// The input of a model.
#[derive(Default)]
pub(crate) struct Features {
    pub(crate) list: Vec<Feature>,
    /// Columns are asked for by name.
    pub(crate) by_name: bool,
    /// The samples are texts.
    pub(crate) text: bool,
    /// The samples are dicts, with these entries.
    pub(crate) records: Option<Vec<Feature>>,
    /// The samples are labels.
    pub(crate) labels: Option<Vec<Json>>,
    /// Words that the model knows.
    pub(crate) words: Vec<String>,
}

/// Walks the model.
pub(super) fn of(root: &Obj<'_>, model: &Model) -> Features {
    walk(root, model, false)
}

/// What the columns are, without a look at the middles of the data and at vocabularies, which may be large.
pub(super) fn kinds(root: &Obj<'_>, model: &Model) -> Vec<Feature> {
    walk(root, model, true).list
}

fn walk(root: &Obj<'_>, model: &Model, kinds_only: bool) -> Features {
    let mut features = Features::default();
    let names = model.feature_names_in();
    let known = model.n_features_in().or(names.map(<[String]>::len));
    // The one estimator of a single column that does not count it.
    let width = known.unwrap_or(usize::from(model.class() == "IsotonicRegression"));
    // A width that no file justifies by its bytes is not made into a list.
    if width <= 4 * super::FEATURES {
        features.list = (0..width).map(|i| Feature::new(names.and_then(|names| names.get(i).cloned()))).collect();
    }
    let mut walk = Walk { features, kinds_only, visits: 0, seen: HashSet::new() };
    let all = (0..walk.features.list.len()).collect::<Vec<_>>();
    walk.visit(root, &all);
    walk.features
}

struct Walk {
    features: Features,
    /// Only what kind of values the columns have is asked for.
    kinds_only: bool,
    visits: usize,
    /// Objects that are being visited, or were: an object inside itself is not walked for ever.
    seen: HashSet<(u32, Vec<usize>)>,
}

impl Walk {
    /// Looks at what an estimator says of its columns. Whether its answer has the same columns in the same units.
    fn visit(&mut self, obj: &Obj<'_>, columns: &[usize]) -> bool {
        self.visits += 1;
        if self.visits > VISITS || !self.seen.insert((obj.identity(), columns.to_vec())) {
            return false;
        }
        let Some(class) = tree::class_of(obj) else { return false };
        match class.as_str() {
            "Pipeline" => {
                return tree::named(obj, "steps")
                    .iter()
                    .all(|(_, step)| !tree::is_estimator(step) || self.visit(step, columns));
            }
            "FeatureUnion" => {
                for (_, part) in tree::named(obj, "transformer_list") {
                    self.visit(&part, columns);
                }
            }
            "ColumnTransformer" => self.column_transformer(obj, columns),
            "CountVectorizer" | "TfidfVectorizer" | "HashingVectorizer" => self.documents(obj, columns),
            "DictVectorizer" => self.records(obj),
            "FeatureHasher" => self.features.records = Some(vec![hashed()]),
            "LabelBinarizer" | "LabelEncoder" => {
                self.features.labels = obj.field("classes_").ok().and_then(|field| values(&field));
            }
            "OneHotEncoder" | "OrdinalEncoder" | "TargetEncoder" => self.encoder(obj, columns),
            "RFE" | "RFECV" => {
                let chosen = obj.field("support_").ok().and_then(|field| field.array().ok()?.bools().ok());
                let kept: Vec<usize> = match chosen {
                    Some(chosen) if chosen.len() == columns.len() => {
                        columns.iter().zip(chosen).filter_map(|(&column, on)| on.then_some(column)).collect()
                    }
                    _ => return false,
                };
                if let Ok(inner) = obj.field("estimator_") {
                    self.visit(&inner, &kept);
                }
            }
            _ => {
                // Histogram boosting encodes its categories itself.
                if let Ok(encoder) = obj.field("_preprocessor") {
                    self.visit(&encoder, columns);
                }
                if !self.kinds_only {
                    centre::set(obj, columns, &mut self.features.list);
                }
                if matches!(class.as_str(), "SimpleImputer" | "Imputer" | "KNNImputer" | "IterativeImputer") {
                    return centre::is_whole(obj, columns.len());
                }
                for (_, inner) in tree::inner(obj, &class) {
                    self.visit(&inner, columns);
                }
            }
        }
        false
    }

    fn column_transformer(&mut self, obj: &Obj<'_>, columns: &[usize]) {
        let names = columns::feature_names(obj);
        for part in columns::parts(obj) {
            let places: Vec<usize> = match part.columns {
                Columns::Places(places) => places.iter().filter_map(|&place| columns.get(place).copied()).collect(),
                Columns::Names(wanted) => {
                    self.features.by_name = true;
                    wanted.into_iter().map(|name| self.named(name, names.as_deref(), columns)).collect()
                }
            };
            if !places.is_empty() && tree::is_estimator(&part.transformer) {
                self.visit(&part.transformer, &places);
            }
        }
        for (&column, name) in columns.iter().zip(names.into_iter().flatten()) {
            if let Some(feature) = self.features.list.get_mut(column) {
                feature.name.get_or_insert(name);
            }
        }
    }

    /// The place of a column by its name; files that do not keep the names of fit get them in the order of use.
    fn named(&mut self, name: String, names: Option<&[String]>, columns: &[usize]) -> usize {
        let list = &mut self.features.list;
        let known = names
            .and_then(|names| names.iter().position(|other| *other == name))
            .and_then(|at| columns.get(at).copied());
        if let Some(at) = known.or_else(|| list.iter().position(|feature| feature.name.as_ref() == Some(&name))) {
            return at;
        }
        if let Some(at) = list.iter().position(|feature| feature.name.is_none()) {
            list[at].name = Some(name);
            return at;
        }
        list.push(Feature::new(Some(name)));
        list.len() - 1
    }

    fn documents(&mut self, obj: &Obj<'_>, columns: &[usize]) {
        match columns {
            [column] if self.features.list.len() > *column => self.features.list[*column].kind = FeatureKind::Text,
            _ => self.features.text = true,
        }
        if self.kinds_only {
            return;
        }
        let vocabulary = obj.field("vocabulary_").and_then(|field| field.entries()).unwrap_or_default();
        let long = |(word, _): &(Obj<'_>, Obj<'_>)| {
            word.str()
                .ok()
                .filter(|word| word.chars().count() > 3 && word.chars().all(char::is_alphabetic))
                .map(String::from)
        };
        let mut words: Vec<String> = vocabulary.iter().filter_map(long).collect();
        // The file's order is that of the texts it was fitted on; every so many give a fair taste.
        let step = (words.len() / WORDS).max(1);
        words = words.into_iter().step_by(step).take(WORDS).collect();
        let text = words.join(" ");
        if let ([column], false) = (columns, words.is_empty())
            && let Some(feature) = self.features.list.get_mut(*column)
        {
            feature.centre = Some(Json::str(text));
        }
        self.features.words.extend(words);
    }

    /// Names such as `city=Bern` are a key and one of its values, others are keys of numbers.
    fn records(&mut self, obj: &Obj<'_>) {
        let names: Vec<String> = obj.field("feature_names_").and_then(|field| field.get()).unwrap_or_default();
        let separator: String = obj.field("separator").and_then(|field| field.get()).unwrap_or_else(|_| "=".into());
        let mut entries: Vec<Feature> = Vec::new();
        for name in names.into_iter().take(CATEGORIES) {
            let Some((key, value)) = name.split_once(&separator) else {
                entries.push(Feature::new(Some(name)));
                continue;
            };
            let entry = entries.iter_mut().find(|entry| entry.name.as_deref() == Some(key));
            match entry {
                Some(Feature { kind: FeatureKind::Category(values), .. }) => values.push(Json::str(value)),
                _ => entries.push(Feature {
                    kind: FeatureKind::Category(vec![Json::str(value)]),
                    ..Feature::new(Some(key.into()))
                }),
            }
        }
        self.features.records = Some(entries);
    }

    fn encoder(&mut self, obj: &Obj<'_>, columns: &[usize]) {
        let lists = obj.field("categories_").and_then(|field| field.items()).unwrap_or_default();
        for (&column, list) in columns.iter().zip(&lists) {
            let (Some(feature), Some(mut values)) = (self.features.list.get_mut(column), values(list)) else {
                continue;
            };
            values.truncate(CATEGORIES);
            let both = values.len() == 2 && values.iter().all(|value| matches!(value, Json::Bool(_)));
            feature.kind = if both { FeatureKind::Boolean } else { FeatureKind::Category(values) };
        }
        if lists.is_empty() {
            // Until 0.19 categories were small integers.
            let counts =
                obj.field("n_values_").ok().and_then(|field| field.get::<Vec<usize>>().ok()).unwrap_or_default();
            for (&column, count) in columns.iter().zip(counts) {
                if let Some(feature) = self.features.list.get_mut(column) {
                    feature.kind =
                        FeatureKind::Category((0..count.min(CATEGORIES)).map(|n| Json::Int(n as i64)).collect());
                }
            }
        }
    }
}

/// `FeatureHasher` takes any key.
fn hashed() -> Feature {
    Feature { centre: Some(Json::Int(1)), ..Feature::new(Some("feature".into())) }
}

/// The values of a one-dimensional array or list.
fn values(obj: &Obj<'_>) -> Option<Vec<Json>> {
    let scalars = obj.values().ok()?;
    Some(scalars.into_iter().take(CATEGORIES).map(scalar).collect())
}

/// A value as JSON; what JSON cannot tell becomes null.
pub(super) fn scalar(value: Scalar) -> Json {
    match value {
        Scalar::None => Json::Null,
        Scalar::Bool(b) => Json::Bool(b),
        Scalar::Int(n) | Scalar::Time(n) => Json::Int(n),
        Scalar::Float(x) => finite(x),
        Scalar::Float32(x) => finite(x.into()),
        Scalar::Str(text) => Json::str(text),
        Scalar::Bytes(bytes) => Json::Str(python::repr_bytes(&bytes).into()),
    }
}
