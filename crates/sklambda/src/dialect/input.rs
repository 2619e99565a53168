//! Rows, records and columns of a request as samples: names are matched to those of the fit, faults told with their place.

use std::collections::HashMap;

use ndarray::Array2;
use skestimators::{Column, ColumnData, Model, Samples, Table, Value};

pub(super) use super::names::{listed, quoted};
use super::{
    names::nearest,
    refusal::{Refusal, sentence},
};
pub(super) use crate::json::form;
use crate::{json::Json, samples};

/// A column of a request whose type is not settled.
type Named = (String, Vec<Value>);

/// A list of rows, records, texts or, for a model of one feature, values. `what` is its name in messages.
pub(super) fn from_list(model: &Model, items: &[Json], what: &str) -> Result<Samples, Refusal> {
    let all = |f: fn(&Json) -> bool| items.iter().all(f);
    if items.is_empty() {
        return Err(Refusal::input(format_args!("{what} has no rows")));
    }
    if all(|item| matches!(item, Json::Array(_))) {
        return from_rows(model, items.iter().map(|row| if let Json::Array(row) = row { row.as_slice() } else { &[] }));
    }
    // `{"features": […]}`, as SageMaker's own algorithms take a row.
    if let Some(rows) = items.iter().map(features).collect::<Option<Vec<&[Json]>>>() {
        return from_rows(model, rows.into_iter());
    }
    if all(|item| matches!(item, Json::Object(_))) {
        return from_records(model, items);
    }
    if all(|item| matches!(item, Json::Str(_))) && model.n_features_in().is_none_or(|n| n != 1) {
        return texts(items.iter());
    }
    let scalars = all(|item| !matches!(item, Json::Array(_) | Json::Object(_)));
    if scalars && model.n_features_in() == Some(1) {
        return from_rows(model, items.iter().map(std::slice::from_ref));
    }
    if scalars {
        let text = format!("{what} is a flat list of {} values; a list of rows is expected", items.len());
        return Err(Refusal::input(if Some(items.len()) == model.n_features_in() {
            format!("{text}: put one more pair of brackets around a single row")
        } else {
            text
        }));
    }
    let first = form(&items[0]);
    let other = items.iter().position(|item| form(item) != first).unwrap_or(0);
    Err(Refusal::input(format_args!(
        "{what}: row {other} is {}, row 0 is {first}; all rows must be alike",
        form(&items[other])
    )))
}

/// Whether the model takes documents, which may come as the one column of a table too.
pub(super) fn takes_text(model: &Model) -> bool {
    super::method(model, None).is_ok_and(|method| samples::takes_text(model, method))
}

/// Documents, one an item.
fn texts<'j>(items: impl Iterator<Item = &'j Json>) -> Result<Samples, Refusal> {
    let text = |(i, item): (usize, &Json)| match item {
        Json::Str(text) => text.as_str().map(str::to_owned).ok_or_else(|| not_text(i)),
        _ => Err(not_text(i)),
    };
    items.enumerate().map(text).collect::<Result<_, _>>().map(Samples::Text)
}

fn features(item: &Json) -> Option<&[Json]> {
    match item {
        Json::Object(entries) => match entries.as_slice() {
            [(key, Json::Array(cells))] if key.as_str() == Some("features") => Some(cells),
            _ => None,
        },
        _ => None,
    }
}

fn not_text(row: usize) -> Refusal {
    Refusal::input(format_args!("row {row}: a lone surrogate is no text"))
}

/// Rows of cells by position. Where the model knows names, they are given to the columns.
pub(super) fn from_rows<'j>(
    model: &Model,
    rows: impl ExactSizeIterator<Item = &'j [Json]> + Clone,
) -> Result<Samples, Refusal> {
    let count = rows.len();
    let width = width(model, rows.clone().map(<[Json]>::len))?;
    if width == 1 && rows.clone().flatten().all(|cell| matches!(cell, Json::Str(_))) && takes_text(model) {
        return texts(rows.flatten());
    }
    let names = model.feature_names_in();
    let number = |cell: &Json| match cell {
        Json::Null => Some(f64::NAN),
        Json::Str(_) => None,
        cell => samples::number(cell).filter(|x| x.is_finite() || !matches!(cell, Json::Big(_))),
    };
    if names.is_none() {
        let numbers: Option<Vec<f64>> = rows.clone().flatten().map(number).collect();
        if let Some(numbers) = numbers {
            let x = Array2::from_shape_vec((count, width), numbers).map_err(|e| Refusal::new(500, e.to_string()))?;
            return Ok(Samples::Dense(x));
        }
    }
    let mut cells = Vec::with_capacity(count);
    for (i, row) in rows.enumerate() {
        let cell = |(j, value)| cell(value, i, &|| names.and_then(|names| names.get(j)).map_or(format!("{j}"), quoted));
        cells.push(row.iter().enumerate().map(cell).collect::<Result<Vec<_>, _>>()?);
    }
    let Some(names) = names else { return Ok(Samples::Rows(cells.into())) };
    let mut columns: Vec<Vec<Value>> = names.iter().map(|_| Vec::with_capacity(count)).collect();
    for row in cells {
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
    }
    table(names.iter().cloned().zip(columns).map(settled).collect())
}

/// The width that all rows have, which must be the model's.
fn width(model: &Model, widths: impl Iterator<Item = usize>) -> Result<usize, Refusal> {
    let mut first = None;
    for (i, found) in widths.enumerate() {
        let width = *first.get_or_insert(found);
        check_width(model, found, i)?;
        if found != width {
            return Err(Refusal::input(format_args!(
                "row {i} has {found} values, row 0 has {width}; all rows must be alike"
            )));
        }
    }
    Ok(first.unwrap_or(0))
}

/// Refuses a row that has not as many values as the model has features.
pub(super) fn check_width(model: &Model, found: usize, row: usize) -> Result<(), Refusal> {
    let Some(expected) = model.n_features_in().filter(|&expected| expected != found) else { return Ok(()) };
    let mut text = format!(
        "X has {found} features, but {} is expecting {expected} features as input. Row {row} has {found} values",
        model.class()
    );
    if let Some(names) = model.feature_names_in() {
        text.push_str(&format!("; expected, in this order: {}", listed(names.iter().map(String::as_str))));
    }
    Err(Refusal::input(text))
}

/// One cell as a value; `column` names its column.
fn cell(value: &Json, row: usize, column: &dyn Fn() -> String) -> Result<Value, Refusal> {
    samples::value(value).ok_or_else(|| {
        let what = match value {
            Json::Big(_) => "an integer too large for a float",
            Json::Str(_) => "text with a lone surrogate",
            other => form(other),
        };
        Refusal::input(format_args!("row {row}, column {}: a number or text is expected, found {what}", column()))
    })
}

/// Objects, one a row. A model without features of its own (`DictVectorizer`) takes them as they are.
pub(super) fn from_records(model: &Model, items: &[Json]) -> Result<Samples, Refusal> {
    if model.n_features_in().is_none() && model.feature_names_in().is_none() && !takes_text(model) {
        return samples::records(items).map(|records| Samples::Records(records.into())).map_err(Refusal::input);
    }
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut columns: Vec<Named> = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let Json::Object(entries) = item else {
            return Err(Refusal::input(format_args!("row {i} is {}; an object is expected", form(item))));
        };
        for (key, value) in entries {
            let name = key.as_str().ok_or_else(|| not_text(i))?;
            let place = match places.get(name) {
                Some(&place) => place,
                // pandas would fill what is missing with NaN, and so would hide a slip of the pen.
                None if i > 0 => return Err(unlike(i, name, true)),
                None => {
                    places.insert(name, columns.len());
                    columns.push((name.to_owned(), Vec::with_capacity(items.len())));
                    columns.len() - 1
                }
            };
            columns[place].1.push(cell(value, i, &|| quoted(name))?);
        }
        if entries.len() < columns.len() {
            let missing = columns.iter().find(|(_, values)| values.len() <= i).map_or("", |(name, _)| name);
            return Err(unlike(i, missing, false));
        }
    }
    from_columns(model, columns.into_iter().map(settled).collect())
}

#[cold]
fn unlike(row: usize, name: &str, more: bool) -> Refusal {
    let name = quoted(name);
    Refusal::input(if more {
        format!("row {row} has the column {name}, which row 0 has not; send null for a missing value")
    } else {
        format!("row {row} lacks the column {name}, which row 0 has; send null for a missing value")
    })
}

/// `{"columns": […], "data": [[…], …]}`, as pandas splits a DataFrame; an `index` changes nothing.
pub(super) fn from_split(model: &Model, split: &Json, what: &str) -> Result<Samples, Refusal> {
    let (columns, data) = (split.get("columns"), split.get("data"));
    let Some(Json::Array(rows)) = data else {
        return Err(Refusal::input(format_args!("{what} needs \"data\", a list of rows")));
    };
    if rows.is_empty() {
        return Err(Refusal::input(format_args!("{what} has no rows")));
    }
    let names = match columns {
        None => return from_list(model, rows, &format!("{what}.data")),
        Some(Json::Array(names)) => names,
        Some(other) => {
            return Err(Refusal::input(format_args!("{what}.columns is {}; a list of names is expected", form(other))));
        }
    };
    let name = |(j, name): (usize, &Json)| match name {
        Json::Str(name) => name.as_str().map(str::to_owned).ok_or_else(|| not_text(j)),
        Json::Int(n) => Ok(n.to_string()),
        other => Err(Refusal::input(format_args!("{what}.columns[{j}] is {}; a name is expected", form(other)))),
    };
    let names = names.iter().enumerate().map(name).collect::<Result<Vec<_>, _>>()?;
    let mut columns: Vec<Named> = names.into_iter().map(|name| (name, Vec::with_capacity(rows.len()))).collect();
    for (i, row) in rows.iter().enumerate() {
        let Json::Array(row) = row else {
            return Err(Refusal::input(format_args!("{what}.data: row {i} is {}; a list is expected", form(row))));
        };
        if row.len() != columns.len() {
            let text = format!("{what}.data: row {i} has {} values for {} columns", row.len(), columns.len());
            return Err(Refusal::input(text));
        }
        for ((name, column), value) in columns.iter_mut().zip(row) {
            column.push(cell(value, i, &|| quoted(&*name))?);
        }
    }
    from_columns(model, columns.into_iter().map(settled).collect())
}

/// `{"name": [values], …}`.
pub(super) fn from_object_of_columns(model: &Model, object: &Json, what: &str) -> Result<Samples, Refusal> {
    let Json::Object(entries) = object else {
        return Err(Refusal::input(format_args!("{what} is {}; an object of columns is expected", form(object))));
    };
    let mut columns = Vec::with_capacity(entries.len());
    for (name, values) in entries {
        let name = name.as_str().ok_or_else(|| not_text(0))?;
        let Json::Array(values) = values else {
            let text = format!("{what}: the column {} is {}; a list of values is expected", quoted(name), form(values));
            return Err(Refusal::input(text));
        };
        let value = |(i, value): (usize, &Json)| match value {
            // A column may be sent as rows of one.
            Json::Array(one) if one.len() == 1 => cell(&one[0], i, &|| quoted(name)),
            value => cell(value, i, &|| quoted(name)),
        };
        columns.push((name.to_owned(), values.iter().enumerate().map(value).collect::<Result<_, _>>()?));
    }
    from_columns(model, columns.into_iter().map(settled).collect())
}

/// Columns with names. Those of the fit are looked for by name, in whatever order they come; others are not read.
pub(super) fn from_columns(model: &Model, columns: Vec<Column>) -> Result<Samples, Refusal> {
    if let [Column { data: ColumnData::Str(texts), .. }] = columns.as_slice()
        && takes_text(model)
    {
        return Ok(samples::documents(texts));
    }
    let Some(names) = model.feature_names_in() else {
        // Nothing is known of names: as in Python, the order counts.
        check_width(model, columns.len(), 0)?;
        return table(columns);
    };
    let mut given: HashMap<String, Column> = HashMap::with_capacity(columns.len());
    for column in columns {
        if given.contains_key(&column.name) {
            return Err(Refusal::input(format_args!("the column {} is there twice", quoted(&column.name))));
        }
        given.insert(column.name.clone(), column);
    }
    if let Some(missing) = names.iter().find(|name| !given.contains_key(*name)) {
        let count = names.iter().filter(|name| !given.contains_key(*name)).count();
        let mut text = format!("the model needs the column {}, which is missing", quoted(missing));
        if count > 1 {
            text.push_str(&format!(" (and {} more)", count - 1));
        }
        if let Some(near) = nearest(missing, given.keys().filter(|name| !names.contains(*name))) {
            text.push_str(&format!("; did you mean it by {}?", quoted(near)));
        }
        let names = listed(names.iter().map(String::as_str));
        return Err(Refusal::input(format_args!("{} Its columns are {names}", sentence(&text))));
    }
    table(names.iter().filter_map(|name| given.remove(name)).collect())
}

fn settled((name, values): Named) -> Column {
    Column { name, data: typed(values) }
}

fn table(columns: Vec<Column>) -> Result<Samples, Refusal> {
    Table::new(columns).map(Samples::Table).map_err(Refusal::from)
}

/// The type that pandas gives a column of such values.
fn typed(values: Vec<Value>) -> ColumnData {
    let (mut missing, mut bools, mut ints, mut floats, mut texts) = (0, 0, 0, 0, 0);
    for value in &values {
        match value {
            Value::None => missing += 1,
            Value::Bool(_) => bools += 1,
            Value::Int(_) => ints += 1,
            Value::Float(_) => floats += 1,
            Value::Str(_) => texts += 1,
            Value::Bytes(_) => {}
        }
    }
    let count = values.len();
    let number = |value: Value| match value {
        Value::Int(n) => n as f64,
        Value::Float(x) => x,
        _ => f64::NAN,
    };
    if ints == count {
        ColumnData::I64(values.into_iter().map(|v| if let Value::Int(n) = v { n } else { 0 }).collect())
    } else if bools == count {
        ColumnData::Bool(values.into_iter().map(|v| v == Value::Bool(true)).collect())
    } else if ints + floats + missing == count {
        ColumnData::F64(values.into_iter().map(number).collect())
    } else if texts + missing == count {
        ColumnData::Str(values.into_iter().map(|v| if let Value::Str(text) = v { Some(text) } else { None }).collect())
    } else {
        ColumnData::Mixed(values.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_pandas_types() {
        let int = |n| Value::Int(n);
        assert_eq!(typed(vec![int(1), int(2)]), ColumnData::I64(vec![1, 2]));
        assert!(matches!(typed(vec![int(1), Value::None]), ColumnData::F64(v) if v[0] == 1.0 && v[1].is_nan()));
        assert_eq!(typed(vec![Value::Bool(true)]), ColumnData::Bool(vec![true]));
        assert_eq!(
            typed(vec![Value::Str("a".into()), Value::None]),
            ColumnData::Str(vec![Some("a".into()), None].into())
        );
        assert!(matches!(typed(vec![Value::Str("a".into()), int(1)]), ColumnData::Mixed(_)));
    }
}
