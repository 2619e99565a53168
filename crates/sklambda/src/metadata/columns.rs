//! Which columns a part of a `ColumnTransformer` was given.

use skpickle::{Kind, Obj, Scalar};

/// Columns by name, or by place in the input of fit.
pub(super) enum Columns {
    Names(Vec<String>),
    Places(Vec<usize>),
}

/// One part of a fitted `ColumnTransformer`.
pub(super) struct Part<'g> {
    pub(super) name: String,
    /// An estimator, or a word: `passthrough`, `drop`.
    pub(super) transformer: Obj<'g>,
    pub(super) columns: Columns,
}

/// The parts in order. What cannot be read is left out: the model itself was checked when it was loaded.
pub(super) fn parts<'g>(transformer: &Obj<'g>) -> Vec<Part<'g>> {
    let indices = transformer.field("_transformer_to_input_indices").ok();
    let width = ["n_features_in_", "_n_features"].iter().find_map(|name| transformer.field(name).ok()?.get().ok());
    let entries = transformer.field("transformers_").and_then(|field| field.items()).unwrap_or_default();
    let part = |entry: Obj<'g>| {
        let items = entry.items().ok()?;
        let [name, transformer, columns] = items.as_slice() else { return None };
        let name: String = name.get().ok()?;
        let listed =
            indices.as_ref().and_then(|indices| places(&indices.entry(&name).ok()?, width.unwrap_or(usize::MAX)));
        let columns = match (named(columns), listed) {
            (Some(names), _) => Columns::Names(names),
            (None, Some(places)) => Columns::Places(places),
            (None, None) => Columns::Places(places(columns, width.unwrap_or(0)).unwrap_or_default()),
        };
        Some(Part { name, transformer: transformer.clone(), columns })
    };
    entries.into_iter().filter_map(part).collect()
}

/// The names of columns that a table was fitted with, under the names that the attribute has had.
pub(super) fn feature_names(transformer: &Obj<'_>) -> Option<Vec<String>> {
    let fields = ["feature_names_in_", "_feature_names_in", "_df_columns"];
    fields.iter().find_map(|name| texts(&transformer.field(name).ok()?))
}

fn texts(obj: &Obj<'_>) -> Option<Vec<String>> {
    let text = |value| if let Scalar::Str(text) = value { Some(text) } else { None };
    obj.values().ok()?.into_iter().map(text).collect()
}

fn named(columns: &Obj<'_>) -> Option<Vec<String>> {
    match columns.kind() {
        Kind::Str => Some(vec![columns.get().ok()?]),
        Kind::Int | Kind::None => None,
        _ => texts(&list(columns)).filter(|names| !names.is_empty()),
    }
}

/// The list inside the remainder's own type of 1.5 and 1.6.
fn list<'g>(columns: &Obj<'g>) -> Obj<'g> {
    match columns.class() {
        Some(class) if class.name == "_RemainderColsList" => columns.field("data").unwrap_or_else(|_| columns.clone()),
        _ => columns.clone(),
    }
}

fn places(columns: &Obj<'_>, width: usize) -> Option<Vec<usize>> {
    let place = |number: i64| {
        let place = if number < 0 { number.checked_add(i64::try_from(width).ok()?)? } else { number };
        usize::try_from(place).ok().filter(|&place| place < width)
    };
    if columns.kind() == Kind::Int {
        return Some(vec![place(columns.get().ok()?)?]);
    }
    if columns.class().is_some_and(|class| class.name == "slice") {
        let args = columns.args().ok()?;
        let bound = |i: usize| args.get(i)?.get::<Option<i64>>().ok();
        let step = usize::try_from(bound(2)?.unwrap_or(1)).ok().filter(|&step| step > 0)?;
        let clamp = |bound: i64| {
            let width = i64::try_from(width).unwrap_or(i64::MAX);
            (if bound < 0 { bound.saturating_add(width) } else { bound }).clamp(0, width) as usize
        };
        let (from, to) = (bound(0)?.map_or(0, clamp), bound(1)?.map_or(width, clamp));
        return Some((from..to).step_by(step).collect());
    }
    let values = list(columns).values().ok()?;
    if !values.is_empty() && values.iter().all(|value| matches!(value, Scalar::Bool(_))) {
        let on = |(i, value): (usize, Scalar)| (value == Scalar::Bool(true)).then_some(i);
        return Some(values.into_iter().enumerate().filter_map(on).collect());
    }
    values.iter().map(|value| place(value.as_i64()?)).collect()
}
