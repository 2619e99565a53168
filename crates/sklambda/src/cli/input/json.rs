//! JSON as rows: arrays, objects or texts, in one document or one a line.

use ndarray::Array2;
use skestimators::{Array, Column, ColumnData, Record, Samples, Table, Value};

use super::{Block, Options, Wanted, columns, typed as kinds};
use crate::json::{self, Json, Text, form};

/// Says where a row stands, by its number in the block.
type Place<'p> = &'p dyn Fn(usize) -> String;

/// Reads a document: a block of rows, and what a person should know about how they are read.
pub(super) fn parse(bytes: &[u8], options: &Options, wanted: &Wanted<'_>) -> Result<(Block, Vec<String>), String> {
    if bytes.trim_ascii().is_empty() {
        return Err("the input is empty; rows are expected, such as [[1, 2], [3, 4]]".into());
    }
    let document = json::parse_bytes(bytes).map_err(|e| {
        let hint = if e.starts_with("Extra data") { "; --input-kind jsonl reads one value a line" } else { "" };
        format!("the input is no JSON: {e}{hint}")
    })?;
    let records = records_of_split(&document)?;
    if records.is_none()
        && document.get("columns").is_some()
        && options.rows.as_deref().is_none_or(|kind| kind == "frame")
    {
        if !options.keep.is_empty() || options.columns.is_some() {
            return Err("--keep and --columns are for rows that are objects, CSV and Parquet".into());
        }
        return Ok((Block::whole(frame(&document)?), Vec::new()));
    }
    // `{"input": …}` is a request of the HTTP server, `{"output": …}` an answer of `predict`.
    let rows = records.as_ref().or_else(|| ["rows", "input", "output"].into_iter().find_map(|key| document.get(key)));
    let Json::Array(rows) = rows.unwrap_or(&document) else {
        return Err("a list of rows is expected, or an object with \"rows\" or \"input\"".into());
    };
    let reader = Rows::new(rows, options, wanted)?;
    let (samples, kept) = reader.read(rows, &|row| format!("row {row}"))?;
    Ok((Block { kept, ..Block::whole(samples) }, reader.notes))
}

/// The rows of `{"columns": ["a", "b"], "rows": [[1, 2]]}` as objects; pandas calls the rows `data`.
fn records_of_split(document: &Json) -> Result<Option<Json>, String> {
    let rows = document.get("rows").or_else(|| document.get("data"));
    let (Some(Json::Array(names)), Some(Json::Array(rows))) = (document.get("columns"), rows) else { return Ok(None) };
    let name = |name: &Json| match name {
        Json::Str(name) => Some(name.clone()),
        Json::Int(number) => Some(Text::from(number.to_string())),
        _ => None,
    };
    let Some(names) = names.iter().map(name).collect::<Option<Vec<Text>>>() else { return Ok(None) };
    let record = |(i, row): (usize, &Json)| match row {
        Json::Array(values) if values.len() == names.len() => {
            Ok(Json::Object(names.iter().cloned().zip(values.iter().cloned()).collect()))
        }
        Json::Array(values) => Err(format!("row {i} has {} values for {} columns", values.len(), names.len())),
        other => Err(format!("row {i} is expected to be a list, found {}", form(other))),
    };
    rows.iter().enumerate().map(record).collect::<Result<_, _>>().map(|rows| Some(Json::Array(rows)))
}

/// How rows are read: what the first of them and the model decide.
pub(super) struct Rows {
    kind: Kind,
    notes: Vec<String>,
}

enum Kind {
    Dense,
    Rows,
    Text,
    Records,
    Labels,
    /// Lists as rows of a table whose columns have these names.
    Named(Vec<String>),
    /// Objects as rows of a table: the columns of the model and those that go through, with their places in the first row.
    Table {
        features: Vec<(String, usize)>,
        kept: Vec<(String, usize)>,
        text: bool,
    },
}

impl Rows {
    pub(super) fn new(rows: &[Json], options: &Options, wanted: &Wanted<'_>) -> Result<Rows, String> {
        if !options.types.is_empty() {
            return Err("--type is for CSV; values of JSON have types of their own".into());
        }
        let all = |f: fn(&Json) -> bool| !rows.is_empty() && rows.iter().all(f);
        let objects = all(|row| matches!(row, Json::Object(_)));
        let named = !options.keep.is_empty() || options.columns.is_some();
        if named && !objects {
            return Err("--keep and --columns name columns: rows that are objects are expected".into());
        }
        // Lists are taken in the order of the fit.
        let by_place = wanted.names().filter(|names| rows.first().is_some_and(|row| has_width(row, names.len())));
        let kind = match options.rows.as_deref() {
            Some("dense") => Kind::Dense,
            Some("rows") => Kind::Rows,
            Some("records") => Kind::Records,
            Some("labels") => Kind::Labels,
            Some("text") if !objects => Kind::Text,
            Some("frame") if !objects => {
                return Err("a frame needs \"columns\" with name and dtype, and \"rows\"".into());
            }
            Some("frame" | "text") => return Rows::table(rows, options, wanted),
            Some(other) => return Err(format!("JSON cannot hold an input of kind {other}")),
            None if wanted.is_label_encoder() => Kind::Labels,
            None if objects && (named || !wanted.takes_records()) => return Rows::table(rows, options, wanted),
            None if objects => Kind::Records,
            None if all(|row| matches!(row, Json::Str(_))) => Kind::Text,
            None if by_place.is_some() => Kind::Named(by_place.unwrap_or_default().to_vec()),
            None if rows.iter().all(is_numeric) => Kind::Dense,
            None => Kind::Rows,
        };
        Ok(Rows { kind, notes: Vec::new() })
    }

    fn table(rows: &[Json], options: &Options, wanted: &Wanted<'_>) -> Result<Rows, String> {
        let Some(Json::Object(first)) = rows.first() else { return Err("rows that are objects are expected".into()) };
        let names = first.iter().map(|(key, _)| key.as_str().map(str::to_owned).ok_or("a key with a lone surrogate"));
        let names = names.collect::<Result<Vec<String>, _>>()?;
        let columns::Selection { features, kept, notes } = columns::select(&names, options, wanted)?;
        let text = options.rows.as_deref() == Some("text") || wanted.takes_text();
        if text && features.len() != 1 {
            return Err(format!(
                "the model takes one column of text, and the input has {}: name it with --columns",
                features.len()
            ));
        }
        Ok(Rows { kind: Kind::Table { features, kept, text }, notes })
    }

    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Reads rows, and what is kept of them.
    pub(super) fn read(&self, rows: &[Json], place: Place<'_>) -> Result<(Samples, Vec<Column>), String> {
        fn each<T>(rows: &[Json], place: Place<'_>, f: fn(&Json) -> Result<T, String>) -> Result<Vec<T>, String> {
            rows.iter().enumerate().map(|(i, row)| f(row).map_err(|e| format!("{e}: {}", place(i)))).collect()
        }
        let samples = match &self.kind {
            Kind::Dense => dense(rows, place)?,
            Kind::Rows => Samples::Rows(each(rows, place, row_of)?.into()),
            Kind::Text => Samples::Text(each(rows, place, text)?.into()),
            Kind::Records => Samples::Records(each(rows, place, record)?.into()),
            Kind::Labels => labels(rows, place)?,
            Kind::Named(names) => named(names, each(rows, place, row_of)?, place)?,
            Kind::Table { features, kept, text } => {
                fn members<T>(
                    rows: &[Json],
                    (name, at): &(String, usize),
                    read: fn(&Json) -> Result<T, String>,
                    place: Place<'_>,
                ) -> Result<Vec<T>, String> {
                    rows.iter().enumerate().map(|(i, row)| member(row, (name, *at), read, || place(i))).collect()
                }
                let column = |feature: &(String, usize)| {
                    let data = kinds::of_values(members(rows, feature, plain, place)?);
                    Ok(Column { name: feature.0.clone(), data })
                };
                let kept = kept.iter().map(column).collect::<Result<Vec<_>, String>>()?;
                let samples = match features.as_slice() {
                    [feature] if *text => Samples::Text(members(rows, feature, document, place)?.into()),
                    _ => {
                        let columns = features.iter().map(column).collect::<Result<Vec<_>, String>>()?;
                        Table::new(columns).map(Samples::Table).map_err(|e| e.to_string())?
                    }
                };
                return Ok((samples, kept));
            }
        };
        Ok((samples, Vec::new()))
    }
}

fn has_width(row: &Json, width: usize) -> bool {
    matches!(row, Json::Array(values) if values.len() == width)
}

/// Rows of values by position, as a table.
fn named(names: &[String], rows: Vec<Vec<Value>>, place: Place<'_>) -> Result<Samples, String> {
    let mut columns: Vec<Vec<Value>> = names.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for (i, row) in rows.into_iter().enumerate() {
        if row.len() != names.len() {
            return Err(format!("{} has {} values for {} columns", place(i), row.len(), names.len()));
        }
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
    }
    let column = |(name, values): (&String, Vec<Value>)| Column { name: name.clone(), data: kinds::of_values(values) };
    Table::new(names.iter().zip(columns).map(column).collect()).map(Samples::Table).map_err(|e| e.to_string())
}

/// What stands under a key, which stood at this place in the first row, as `read` takes it.
fn member<T>(
    row: &Json,
    (name, at): (&str, usize),
    read: fn(&Json) -> Result<T, String>,
    place: impl Fn() -> String,
) -> Result<T, String> {
    let Json::Object(entries) = row else { return Err(format!("{} is no object", place())) };
    let value = match entries.get(at) {
        Some((key, value)) if key.as_str() == Some(name) => Some(value),
        _ => row.get(name),
    };
    let name = || skpickle::printable(name);
    let value = value.ok_or_else(|| format!("{} has no '{}'; a missing value is written null", place(), name()))?;
    read(value).map_err(|e| format!("{e}: {}, column '{}'", place(), name()))
}

fn is_numeric(row: &Json) -> bool {
    match row {
        Json::Array(values) => values.iter().all(|value| number(value).is_some()),
        value => number(value).is_some(),
    }
}

fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Null => Some(f64::NAN),
        other => match scalar(other)? {
            Value::Bool(b) => Some(f64::from(u8::from(b))),
            Value::Int(n) => Some(n as f64),
            Value::Float(x) => Some(x),
            _ => None,
        },
    }
}

/// One value; `{"$float": "NaN"}` is a float that JSON has no number for.
fn scalar(value: &Json) -> Option<Value> {
    Some(match value {
        Json::Null => Value::None,
        Json::Bool(b) => Value::Bool(*b),
        Json::Int(n) => Value::Int(*n),
        Json::Big(digits) => Value::Float(digits.parse().ok()?),
        Json::Float(x) => Value::Float(*x),
        Json::Str(text) => Value::Str(text.as_str()?.into()),
        Json::Object(_) => match value.get("$float") {
            Some(Json::Str(word)) => Value::Float(match word.as_str()? {
                "NaN" | "nan" => f64::NAN,
                "Infinity" | "inf" => f64::INFINITY,
                "-Infinity" | "-inf" => f64::NEG_INFINITY,
                _ => return None,
            }),
            _ => return None,
        },
        Json::Array(_) => return None,
    })
}

fn plain(value: &Json) -> Result<Value, String> {
    scalar(value).ok_or_else(|| format!("a plain value is expected, found {}", form(value)))
}

fn dense(rows: &[Json], place: Place<'_>) -> Result<Samples, String> {
    if !rows.iter().any(|row| matches!(row, Json::Array(_))) {
        return labels(rows, place);
    }
    let mut width = None;
    let mut values = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let Json::Array(row) = row else {
            return Err(format!("setting an array element with a sequence: {} is no list", place(i)));
        };
        if *width.get_or_insert(row.len()) != row.len() {
            return Err(format!(
                "setting an array element with a sequence: {} has {} values, the first has {}",
                place(i),
                row.len(),
                width.unwrap_or(0)
            ));
        }
        for (j, value) in row.iter().enumerate() {
            values.push(number(value).ok_or_else(|| format!("a number is expected: {}, column {j}", place(i)))?);
        }
    }
    let x = Array2::from_shape_vec((rows.len(), width.unwrap_or(0)), values).map_err(|e| e.to_string())?;
    Ok(Samples::Dense(x))
}

fn row_of(row: &Json) -> Result<Vec<Value>, String> {
    match row {
        Json::Array(values) => values.iter().map(plain).collect(),
        other => Err(format!("a row is expected to be a list, found {}", form(other))),
    }
}

fn text(value: &Json) -> Result<String, String> {
    match value {
        Json::Str(text) => text.as_str().map(str::to_owned).ok_or_else(|| "text with a lone surrogate".into()),
        other => Err(format!("'{}' object has no attribute 'lower': text is expected", other.type_name())),
    }
}

/// Text of a table, where a missing one is empty.
fn document(value: &Json) -> Result<String, String> {
    if *value == Json::Null { Ok(String::new()) } else { text(value) }
}

/// A dict, a list of pairs, or a list of names that count once each.
fn record(value: &Json) -> Result<Record, String> {
    match value {
        Json::Object(entries) => {
            let mut record = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                let key = key.as_str().ok_or("a key with a lone surrogate")?;
                match value {
                    Json::Array(texts) => crate::samples::several(&mut record, key, texts)?,
                    value => record.push((Value::Str(key.into()), plain(value)?)),
                }
            }
            Ok(record)
        }
        Json::Array(items) => {
            let item = |item: &Json| match item {
                Json::Array(pair) if pair.len() == 2 => Ok((plain(&pair[0])?, plain(&pair[1])?)),
                other => Ok((plain(other)?, Value::Int(1))),
            };
            items.iter().map(item).collect()
        }
        other => Err(format!("a record is expected to be an object or a list, found {}", form(other))),
    }
}

/// What `np.asarray` makes of a flat list.
fn labels(rows: &[Json], place: Place<'_>) -> Result<Samples, String> {
    if rows.iter().any(|row| matches!(row, Json::Array(_))) {
        return dense(rows, place);
    }
    let value = |(i, row)| plain(row).map_err(|e| format!("{e}: {}", place(i)));
    let values = rows.iter().enumerate().map(value).collect::<Result<Vec<Value>, String>>()?;
    Ok(Samples::Array(flat(values)))
}

/// One element type for all values where they allow it.
fn flat(values: Vec<Value>) -> Array {
    macro_rules! all {
        ($pattern:pat => $value:expr) => {
            values
                .iter()
                .map(|v| match v {
                    $pattern => Some($value),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()
        };
    }
    if let Some(values) = all!(Value::Bool(b) => *b) {
        return Array::from(values);
    }
    if let Some(values) = all!(Value::Int(n) => *n) {
        return Array::from(values);
    }
    if let Some(values) = all!(Value::Str(s) => s.to_string()) {
        return Array::from(values);
    }
    let float = |v: &Value| match v {
        Value::Int(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        _ => None,
    };
    match values.iter().map(float).collect::<Option<Vec<f64>>>() {
        Some(values) => Array::from(values),
        None => Array::from(values),
    }
}

/// A DataFrame: `{"columns": [{"name", "dtype"}], "rows": [[…]]}`.
fn frame(document: &Json) -> Result<Samples, String> {
    let (Some(Json::Array(columns)), Some(Json::Array(rows))) = (document.get("columns"), document.get("rows")) else {
        return Err("a frame needs \"columns\" with name and dtype, and \"rows\"".into());
    };
    let rows = rows.iter().map(row_of).collect::<Result<Vec<_>, _>>()?;
    if let Some((i, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != columns.len()) {
        return Err(format!("row {i} of the frame has {} values for {} columns", row.len(), columns.len()));
    }
    let mut out = Vec::with_capacity(columns.len());
    for (j, column) in columns.iter().enumerate() {
        let (name, dtype) = match (column.get("name"), column.get("dtype")) {
            (Some(Json::Str(name)), Some(Json::Str(dtype))) => (name.as_str().unwrap_or_default().to_owned(), dtype),
            // pandas numbers columns that were given no names.
            (Some(Json::Int(number)), Some(Json::Str(dtype))) => (number.to_string(), dtype),
            _ => return Err(format!("column {j} of the frame needs a name and a dtype")),
        };
        let values: Vec<Value> = rows.iter().map(|row| row[j].clone()).collect();
        let data = typed(values, dtype.as_str().unwrap_or_default()).map_err(|e| format!("column '{name}': {e}"))?;
        out.push(Column { name, data });
    }
    Table::new(out).map(Samples::Table).map_err(|e| e.to_string())
}

/// The values of a column of this pandas dtype.
fn typed(values: Vec<Value>, dtype: &str) -> Result<ColumnData, String> {
    let float = |v: &Value| match v {
        Value::None => Some(f64::NAN),
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::Int(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        Value::Str(_) | Value::Bytes(_) => None,
    };
    let int = |v: &Value| match v {
        Value::Bool(b) => Some(i64::from(*b)),
        Value::Int(n) => Some(*n),
        _ => None,
    };
    let truth = |v: &Value| match v {
        Value::Bool(b) => Some(*b),
        _ => None,
    };
    let text = |v: &Value| match v {
        Value::Str(s) => Some(Some(s.clone())),
        Value::None => Some(None),
        Value::Float(x) if x.is_nan() => Some(None),
        _ => None,
    };
    let wrong = || format!("the values are not of dtype {dtype}");
    match dtype {
        // What may be missing in pandas' own types is floats to scikit-learn.
        "float64" | "float16" | "Float64" | "boolean" | "Int64" | "Int32" | "Int16" | "Int8" | "UInt64" | "UInt32"
        | "UInt16" | "UInt8" => values.iter().map(float).collect::<Option<_>>().map(ColumnData::F64).ok_or_else(wrong),
        "float32" | "Float32" => {
            let values: Option<Vec<f64>> = values.iter().map(float).collect();
            Ok(ColumnData::F32(values.ok_or_else(wrong)?.into_iter().map(|x| x as f32).collect()))
        }
        "int64" | "int32" | "int16" | "int8" | "uint8" | "uint16" | "uint32" | "uint64" => {
            values.iter().map(int).collect::<Option<_>>().map(ColumnData::I64).ok_or_else(wrong)
        }
        "bool" => values.iter().map(truth).collect::<Option<_>>().map(ColumnData::Bool).ok_or_else(wrong),
        "str" | "string" | "category" | "object" => Ok(match values.iter().map(text).collect::<Option<_>>() {
            Some(texts) => ColumnData::Str(texts),
            None => ColumnData::Mixed(
                values.into_iter().map(|v| if v == Value::None { Value::Float(f64::NAN) } else { v }).collect(),
            ),
        }),
        other => Err(format!("dtype '{}' is not known", skpickle::printable(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_pandas_own_types_are_floats() {
        for dtype in ["Int64", "UInt8", "Float32", "boolean"] {
            let data = typed(vec![Value::Int(1), Value::None], dtype).unwrap();
            let values = [data.value(0), data.value(1)];
            assert!(
                matches!(values, [Value::Float(one), Value::Float(missing)] if one == 1.0 && missing.is_nan()),
                "{dtype}"
            );
        }
        assert_eq!(typed(vec![Value::Int(7)], "uint64").unwrap(), ColumnData::I64(vec![7]));
        assert!(typed(vec![Value::Int(7)], "complex128").unwrap_err().contains("is not known"));
    }

    #[test]
    fn names_of_columns_may_be_numbers() {
        let column = |name| Json::Object(vec![("name".into(), name), ("dtype".into(), Json::str("float64"))]);
        let document = Json::Object(vec![
            ("columns".into(), Json::Array(vec![column(Json::Int(0)), column(Json::str("b"))])),
            ("rows".into(), Json::Array(vec![Json::Array(vec![Json::Float(1.5), Json::Null])])),
        ]);
        let Samples::Table(table) = frame(&document).unwrap() else { panic!("a frame is a table") };
        assert_eq!(table.names().collect::<Vec<_>>(), ["0", "b"]);
    }
}
