//! The estimators inside one another, as scikit-learn draws them.

use skestimators::Model;
use skpickle::{Kind, Obj, printable};

use super::{
    columns::{self, Columns},
    defaults::{self, Defaults},
    object,
};
use crate::{json::Json, repr};

/// Estimators that are shown.
const NODES: usize = 300;

/// Estimators inside one another that are shown.
const DEPTH: usize = 16;

/// Characters of a parameter's value.
const VALUE: usize = 200;

/// Columns that are listed.
const COLUMNS: usize = 1_000;

/// The tree below an object.
pub(super) fn of(root: &Obj<'_>, model: &Model) -> Json {
    let mut tree = Tree { left: NODES, names: model.feature_names_in().map(<[String]>::to_vec) };
    tree.node(root, None, None, 0)
}

/// The class of a scikit-learn estimator, without its module.
pub(super) fn class_of(obj: &Obj<'_>) -> Option<String> {
    is_estimator(obj).then(|| obj.class().map(|class| printable(class.name)))?
}

/// Whether this is an object of a class of scikit-learn with attributes, and no helper such as a tree or a loss.
pub(super) fn is_estimator(obj: &Obj<'_>) -> bool {
    obj.kind() == Kind::Object
        && obj.class().is_some_and(|class| class.module.starts_with("sklearn.") && !class.name.starts_with('_'))
        && obj.array().is_err()
}

/// A list of pairs of name and estimator, as `steps` and `estimators` are.
pub(super) fn named<'g>(obj: &Obj<'g>, field: &str) -> Vec<(String, Obj<'g>)> {
    let pair = |entry: Obj<'g>| {
        let parts = entry.items().ok()?;
        Some((parts.first()?.get().ok()?, parts.get(1)?.clone()))
    };
    let entries = obj.field(field).and_then(|field| field.items()).unwrap_or_default();
    entries.into_iter().filter_map(pair).collect()
}

/// The fitted estimators inside one that is neither a pipeline nor a union, with the names that Python gives them.
pub(super) fn inner<'g>(obj: &Obj<'g>, class: &str) -> Vec<(String, Obj<'g>)> {
    // The trees of a forest are its own.
    if ["Forest", "ExtraTrees", "GradientBoosting", "RandomTrees"].iter().any(|part| class.contains(part)) {
        return Vec::new();
    }
    let one = |name: &str| obj.field(name).ok().filter(is_estimator).map(|inner| (name.to_owned(), inner));
    let list = |name: &str| {
        let field = obj.field(name).ok()?;
        field.array().and_then(|array| array.objects()).or_else(|_| field.items()).ok()
    };
    let pairs = named(obj, "estimators");
    if !pairs.is_empty() {
        // Voting and stacking: fitted ones in order, those that were dropped left out.
        let kept = pairs.into_iter().filter(|(_, inner)| is_estimator(inner));
        let fitted = list("estimators_").unwrap_or_default();
        let mut found: Vec<_> = kept.zip(fitted).map(|((name, _), inner)| (name, inner)).collect();
        found.extend(one("final_estimator_"));
        return found;
    }
    if let Some(parts) = list("calibrated_classifiers_") {
        let inner = |part: &Obj<'g>| part.field("estimator").or_else(|_| part.field("base_estimator")).ok();
        return repeated("estimator", parts.iter().filter_map(inner).filter(is_estimator).collect());
    }
    if let Some(members) = list("estimators_") {
        let members: Vec<Obj<'g>> = members.into_iter().filter(is_estimator).collect();
        if !members.is_empty() {
            return repeated("estimators_", members);
        }
    }
    let fitted = ["best_estimator_", "estimator_", "base_estimator_", "regressor_", "transformer_", "estimator"];
    let found: Vec<_> = fitted.iter().filter_map(|name| one(name)).collect();
    match found.as_slice() {
        // The template is of interest where nothing was fitted from it.
        [_, ..] if class != "TransformedTargetRegressor" => found.into_iter().take(1).collect(),
        _ => found,
    }
}

/// The first of many alike, with their number.
fn repeated<'g>(name: &str, members: Vec<Obj<'g>>) -> Vec<(String, Obj<'g>)> {
    let count = members.len();
    let name = if count > 1 { format!("{name} \u{d7} {count}") } else { name.to_owned() };
    members.into_iter().take(1).map(|member| (name.clone(), member)).collect()
}

struct Tree {
    left: usize,
    /// Names of the columns where the nodes stand.
    names: Option<Vec<String>>,
}

impl Tree {
    fn node(&mut self, obj: &Obj<'_>, name: Option<&str>, columns: Option<Json>, depth: usize) -> Json {
        // What is passed on is kept as a function that is none (since 1.4).
        let passed = columns.is_some() && obj.field("func").is_ok_and(|func| func.is_none());
        let class = class_of(obj).filter(|_| !passed);
        let label = match (&class, obj.kind()) {
            (Some(class), _) => class.clone(),
            (None, _) if passed => "passthrough".into(),
            (None, Kind::None) => "passthrough".into(),
            (None, Kind::Str) => obj.str().map(|text| printable(&text)).unwrap_or_default(),
            _ => obj.describe(),
        };
        let whole = depth < DEPTH && self.left > 0;
        let (layout, children) = match &class {
            Some(class) if whole => self.children(obj, class, depth),
            _ => ("leaf", Vec::new()),
        };
        object([
            ("name", name.map_or(Json::Null, Json::str)),
            ("class", Json::str(label)),
            ("columns", columns.unwrap_or(Json::Null)),
            ("params", Json::Array(if class.is_some() { params(obj) } else { Vec::new() })),
            ("layout", Json::str(layout)),
            ("children", Json::Array(children)),
        ])
    }

    /// How the estimators inside stand to one another, and the nodes.
    fn children(&mut self, obj: &Obj<'_>, class: &str, depth: usize) -> (&'static str, Vec<Json>) {
        if class == "ColumnTransformer" {
            let before = self.names.clone();
            if before.is_none() {
                self.names = columns::feature_names(obj);
            }
            let parts = columns::parts(obj);
            let nodes = parts.into_iter().filter_map(|part| {
                self.left = self.left.checked_sub(1)?;
                let columns = self.columns(part.columns);
                Some(self.node(&part.transformer, Some(&part.name), Some(columns), depth + 1))
            });
            let nodes = nodes.collect();
            self.names = before;
            return ("parallel", nodes);
        }
        let (layout, inner) = match class {
            "Pipeline" => ("serial", named(obj, "steps")),
            "FeatureUnion" => ("parallel", named(obj, "transformer_list")),
            _ => {
                let inner = inner(obj, class);
                (if inner.len() > 1 { "parallel" } else { "nested" }, inner)
            }
        };
        let mut nodes = Vec::new();
        for (name, inner) in inner {
            let Some(left) = self.left.checked_sub(1) else { break };
            self.left = left;
            nodes.push(self.node(&inner, Some(&name), None, depth + 1));
            // Behind the first step of a pipeline, columns have other names.
            if layout == "serial" {
                self.names = None;
            }
        }
        (if nodes.is_empty() { "leaf" } else { layout }, nodes)
    }

    fn columns(&self, columns: Columns) -> Json {
        let names: Vec<String> = match columns {
            Columns::Names(names) => names,
            Columns::Places(places) => {
                let name = |place: &usize| match &self.names {
                    Some(names) => names.get(*place).cloned().unwrap_or_else(|| place.to_string()),
                    None => place.to_string(),
                };
                places.iter().take(COLUMNS).map(name).collect()
            }
        };
        Json::Array(names.into_iter().take(COLUMNS).map(Json::str).collect())
    }
}

/// The parameters of the constructor, those that differ from their defaults marked.
fn params(obj: &Obj<'_>) -> Vec<Json> {
    let fields: Vec<_> = obj.fields().map(|fields| fields.iter().collect()).unwrap_or_default();
    let version = fields.iter().find(|(name, _)| name == "_sklearn_version").and_then(|(_, v)| v.get::<String>().ok());
    let version = version.and_then(|text| defaults::version(&text)).unwrap_or((0, 17));
    let key = obj.class().map(|class| key(class.module, class.name)).unwrap_or_default();
    let defaults = Defaults::of(&key);
    let known = defaults.is_some() && version >= defaults::OLDEST;
    let is_param = |name: &str| match &defaults {
        Some(defaults) => defaults.has(name),
        None => !name.ends_with('_') && !name.starts_with('_'),
    };
    let shown = |name: &str| !matches!(name, "steps" | "transformers" | "transformer_list");
    let param = |(name, value): &(std::borrow::Cow<'_, str>, Obj<'_>)| {
        let text = value_text(value);
        let default = defaults.as_ref().map_or("", |defaults| defaults.get(name, version));
        object([
            ("name", Json::str(printable(name))),
            ("value", Json::str(text.as_str())),
            ("changed", Json::Bool(known && text != default)),
        ])
    };
    fields.iter().filter(|(name, _)| is_param(name) && shown(name)).map(param).collect()
}

/// A value as Python prints it; estimators by their class, functions by their name.
fn value_text(value: &Obj<'_>) -> String {
    if let Some(name) = value.global() {
        return printable(name.name);
    }
    match class_of(value) {
        Some(class) => format!("{class}()"),
        None => repr::repr(value, VALUE),
    }
}

/// The registry's key of a class: the first package after `sklearn`, and the class.
fn key(module: &str, class: &str) -> String {
    format!("{}.{class}", module.split('.').nth(1).unwrap_or_default())
}
