//! JSON rows as numpy would see them.

use std::{collections::HashSet, sync::Arc};

use ndarray::{Array2, ArrayD, IxDyn};
use skestimators::{Array, Method, Model, Record, Samples, Value};

use crate::json::Json;

/// Dimensions that numpy has at most.
const DIMENSIONS: usize = 64;

/// A column of documents; a missing one is empty.
pub(crate) fn documents(texts: &[Option<Arc<str>>]) -> Samples {
    Samples::Text(texts.iter().map(|text| text.as_deref().unwrap_or_default().to_owned()).collect())
}

/// Whether a model takes documents, for which it has no names: the surest way to know is to ask it.
pub(crate) fn takes_text(model: &Model, method: Method) -> bool {
    let text = || Samples::Text(vec!["a text".to_owned()].into());
    model.feature_names_in().is_none() && model.n_features_in().is_none() && model.call(method, &text()).is_ok()
}

/// Whether a line of cells names all columns that a model was fitted on, whatever else the cells look like.
pub(crate) fn names_columns<'c>(model: &Model, cells: impl Iterator<Item = &'c str>) -> bool {
    let cells: HashSet<&str> = cells.collect();
    model.feature_names_in().is_some_and(|names| names.iter().all(|name| cells.contains(name.as_str())))
}

/// What `np.asarray(input)` makes of a value, or the list of texts or dicts that it is. The error is Python's message.
pub(crate) fn from_json(input: &Json) -> Result<Samples, String> {
    let Json::Array(items) = input else {
        // Whatever has no rows is refused by its rank.
        return Ok(Samples::Array(match input {
            Json::Str(text) => Array::Str(scalar_array(text.as_str().unwrap_or_default().to_owned())),
            other => Array::Object(scalar_array(value(other).unwrap_or(Value::None))),
        }));
    };
    let all = |f: fn(&Json) -> bool| !items.is_empty() && items.iter().all(f);
    if all(|item| matches!(item, Json::Array(_))) {
        return rows(items);
    }
    if all(|item| matches!(item, Json::Str(_))) {
        return items.iter().map(text).collect::<Result<_, _>>().map(Samples::Text);
    }
    if all(|item| matches!(item, Json::Object(_))) {
        return records(items).map(|records| Samples::Records(records.into()));
    }
    if items.iter().any(|item| matches!(item, Json::Array(_))) {
        return Err(inhomogeneous(&[items.len()]));
    }
    let numbers: Option<Vec<f64>> = items.iter().map(number).collect();
    Ok(Samples::Array(match numbers {
        Some(numbers) => Array::from(numbers),
        None => Array::from(items.iter().map(|item| value(item).unwrap_or(Value::None)).collect::<Vec<Value>>()),
    }))
}

fn scalar_array<T: Clone>(value: T) -> ArrayD<T> {
    ArrayD::from_elem(IxDyn(&[]), value)
}

fn rows(items: &[Json]) -> Result<Samples, String> {
    let rows = || items.iter().map(|row| if let Json::Array(row) = row { row.as_slice() } else { &[] });
    let columns = rows().next().map_or(0, <[Json]>::len);
    if rows().any(|row| row.len() != columns) {
        return Err(inhomogeneous(&[items.len()]));
    }
    if rows().flatten().any(|cell| matches!(cell, Json::Array(_))) {
        return deeper(items);
    }
    let numbers: Option<Vec<f64>> = rows().flatten().map(number).collect();
    if let Some(numbers) = numbers {
        let large = rows().flatten().zip(&numbers).any(|(cell, x)| matches!(cell, Json::Big(_)) && x.is_infinite());
        if large {
            return Err("int too large to convert to float".into());
        }
        let x = Array2::from_shape_vec((items.len(), columns), numbers).map_err(|e| e.to_string())?;
        return Ok(Samples::Dense(x));
    }
    let row = |row: &[Json]| {
        let cell = |cell: &Json| {
            value(cell).ok_or_else(|| match cell {
                Json::Big(_) => "int too large to convert to float".to_owned(),
                other => format!("float() argument must be a string or a real number, not '{}'", other.type_name()),
            })
        };
        row.iter().map(cell).collect::<Result<Vec<_>, _>>()
    };
    rows().map(row).collect::<Result<_, _>>().map(Samples::Rows)
}

/// Arrays of three dimensions and more, for the sake of their refusal.
fn deeper(items: &[Json]) -> Result<Samples, String> {
    let mut shape = vec![items.len()];
    let mut level: Vec<&Json> = items.iter().collect();
    while level.iter().any(|item| matches!(item, Json::Array(_))) {
        if shape.len() == DIMENSIONS {
            return Err(format!(
                "setting an array element with a sequence. The requested array would exceed the maximum number of dimension \
                 of {DIMENSIONS}."
            ));
        }
        let mut length = None;
        let mut next = Vec::new();
        for item in level {
            let Json::Array(inner) = item else { return Err(inhomogeneous(&shape)) };
            if *length.get_or_insert(inner.len()) != inner.len() {
                return Err(inhomogeneous(&shape));
            }
            next.extend(inner);
        }
        shape.push(length.unwrap_or(0));
        level = next;
    }
    let numbers = level.iter().map(|item| number(item).unwrap_or(f64::NAN)).collect();
    let array = ArrayD::from_shape_vec(IxDyn(&shape), numbers).map_err(|e| e.to_string())?;
    Ok(Samples::Array(Array::F64(array)))
}

fn inhomogeneous(shape: &[usize]) -> String {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    let shape_text = if shape.len() == 1 { format!("({},)", lengths[0]) } else { format!("({})", lengths.join(", ")) };
    format!(
        "setting an array element with a sequence. The requested array has an inhomogeneous shape after {} dimensions. The \
         detected shape was {shape_text} + inhomogeneous part.",
        shape.len()
    )
}

/// A number, or a bool as the number that it is.
pub(crate) fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Bool(b) => Some(f64::from(u8::from(*b))),
        Json::Int(n) => Some(*n as f64),
        // An integer of more than 309 digits becomes infinite here; the caller looks.
        Json::Big(digits) => digits.parse().ok(),
        Json::Float(x) => Some(*x),
        _ => None,
    }
}

/// A value that is no container.
pub(crate) fn value(value: &Json) -> Option<Value> {
    Some(match value {
        Json::Null => Value::None,
        Json::Bool(b) => Value::Bool(*b),
        Json::Int(n) => Value::Int(*n),
        Json::Big(_) => Value::Float(number(value).filter(|x| x.is_finite())?),
        Json::Float(x) => Value::Float(*x),
        Json::Str(text) => Value::Str(text.as_str()?.into()),
        Json::Array(_) | Json::Object(_) => return None,
    })
}

fn text(value: &Json) -> Result<String, String> {
    let text = if let Json::Str(text) = value { text.as_str() } else { None };
    text.map(str::to_owned).ok_or_else(|| {
        "'utf-8' codec can't encode characters: surrogates not allowed; a lone surrogate is no text".to_owned()
    })
}

/// A list of texts in a record: the name once with each, as `DictVectorizer` takes it.
pub(crate) fn several(record: &mut Record, key: &str, texts: &[Json]) -> Result<(), String> {
    for item in texts {
        let Json::Str(text) = item else {
            return Err(format!(
                "Unsupported type <class '{}'> in iterable value. Only iterables of string are supported.",
                item.type_name()
            ));
        };
        let text = text.as_str().ok_or("text with a lone surrogate")?;
        record.push((Value::Str(key.into()), Value::Str(text.into())));
    }
    Ok(())
}

/// Objects as dicts.
pub(crate) fn records(items: &[Json]) -> Result<Vec<Record>, String> {
    items.iter().map(record).collect()
}

fn record(item: &Json) -> Result<Record, String> {
    let Json::Object(entries) = item else { return Ok(Vec::new()) };
    let mut record = Vec::with_capacity(entries.len());
    for (key, cell) in entries {
        let key = key.as_str().ok_or("a key with a lone surrogate")?;
        if let Json::Array(texts) = cell {
            several(&mut record, key, texts)?;
            continue;
        }
        let cell = value(cell)
            .ok_or_else(|| format!("unsupported value type {} for {}", cell.type_name(), skpickle::printable(key)))?;
        record.push((Value::Str(key.into()), cell));
    }
    Ok(record)
}
