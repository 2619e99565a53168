//! CSV bodies. A first line of names makes them MLflow's, rows alone are SageMaker's.

use skestimators::Value;

use super::{input, mlflow, refusal::Refusal, sagemaker};
use crate::{
    handler::{Loaded, Service},
    http::{Request, Response},
    json::{Json, Noted},
    samples,
};

/// What stands for a missing value, as in pandas.
const MISSING: [&str; 10] = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "<NA>", "#N/A"];

pub(super) fn answer(service: &Service, request: &Request) -> Response {
    let read = read(&request.body).and_then(|records| Ok((has_header(service, request, &records)?, records)));
    let (header, mut records) = match read {
        Ok(read) => read,
        Err(refusal) => return mlflow::refuse(service, &refusal),
    };
    if header {
        let names = records.remove(0);
        return mlflow::answer(service, request, as_split(service, &names, &records));
    }
    sagemaker::respond(service, request, |model| {
        let columns = columns(&records, |column| is_text(service, None, column));
        input::from_list(model, &rows(&columns, records.len()), "the body")
    })
}

/// Whether the first line holds names: as the Content-Type says, or as the cells show.
fn has_header(service: &Service, request: &Request, records: &[Vec<String>]) -> Result<bool, Refusal> {
    let Some(first) = records.first() else { return Ok(false) };
    let model = super::model(service).ok();
    let header = match parameter(request) {
        Some("present") => true,
        Some("absent") => false,
        _ if model.is_some_and(|model| samples::names_columns(model, first.iter().map(String::as_str))) => true,
        _ if first.len() == 1 && model.is_some_and(input::takes_text) => {
            return Err(Refusal::new(
                400,
                "whether the first line is a name or a document, the lines do not tell: send the Content-Type \
                 text/csv; header=present or text/csv; header=absent",
            ));
        }
        _ => is_header(first),
    };
    if header && records.len() == 1 {
        return Err(Refusal::input(
            "the body has no rows: its only line is taken for names. The Content-Type text/csv; header=absent \
             reads it as a row; cells are separated by commas",
        ));
    }
    Ok(header)
}

/// `header=present` or `header=absent` of the Content-Type, which RFC 4180 has for it.
fn parameter(request: &Request) -> Option<&str> {
    let parameters = request.header("content-type")?.split(';').skip(1);
    parameters
        .filter_map(|p| p.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("header"))
        .map(|p| p.1)
}

/// Whether a first line holds names: no cell of it is a number or missing.
fn is_header(cells: &[String]) -> bool {
    cells.iter().all(|cell| !MISSING.contains(&cell.trim()) && cell.trim().parse::<f64>().is_err())
}

/// Whether a column holds text for the model, whatever its cells look like.
fn is_text(service: &Service, name: Option<&str>, column: usize) -> bool {
    let Loaded::Model(model, known) = &service.loaded else { return false };
    match name.filter(|_| model.feature_names_in().is_some()) {
        Some(name) => known.is_text_by_name(model, name),
        None => known.is_text(column) || column == 0 && input::takes_text(model),
    }
}

fn read(body: &[u8]) -> Result<Vec<Vec<String>>, Refusal> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(body);
    let mut records: Vec<Vec<String>> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| Refusal::input(format_args!("the body is no CSV: {e}")))?;
        let width = records.first().map_or(record.len(), Vec::len);
        if record.len() != width {
            let line = record.position().map_or(0, ::csv::Position::line);
            let text = format!("line {line} has {} values, the first line has {width}", record.len());
            return Err(Refusal::input(text));
        }
        records.push(record.iter().map(str::to_owned).collect());
    }
    Ok(records)
}

/// The cells of a column, as pandas would read them: all of one type.
fn column(cells: impl Iterator<Item = String> + Clone, text: bool) -> Vec<Value> {
    let missing = |cell: &str| MISSING.contains(&cell.trim());
    let texts = |cell: String| if missing(&cell) { Value::None } else { Value::Str(cell.into()) };
    if text {
        return cells.map(texts).collect();
    }
    let ints: Option<Vec<Value>> = cells.clone().map(|cell| cell.trim().parse().ok().map(Value::Int)).collect();
    if let Some(ints) = ints {
        return ints;
    }
    let truth = |cell: String| match cell.trim() {
        "True" | "TRUE" | "true" => Some(Value::Bool(true)),
        "False" | "FALSE" | "false" => Some(Value::Bool(false)),
        _ => None,
    };
    if let Some(bools) = cells.clone().map(truth).collect() {
        return bools;
    }
    let float = |cell: String| {
        let number = if missing(&cell) { Some(f64::NAN) } else { cell.trim().parse().ok() };
        number.map(Value::Float)
    };
    if let Some(floats) = cells.clone().map(float).collect() {
        return floats;
    }
    cells.map(texts).collect()
}

fn columns(rows: &[Vec<String>], is_text: impl Fn(usize) -> bool) -> Vec<Vec<Value>> {
    let width = rows.first().map_or(0, Vec::len);
    (0..width).map(|j| column(rows.iter().map(move |row| row[j].clone()), is_text(j))).collect()
}

fn rows(columns: &[Vec<Value>], count: usize) -> Vec<Json> {
    (0..count).map(|i| Json::Array(columns.iter().map(|column| cell(&column[i])).collect())).collect()
}

fn as_split(service: &Service, names: &[String], records: &[Vec<String>]) -> Noted {
    let columns = columns(records, |column| is_text(service, Some(&names[column]), column));
    let split = Json::Object(vec![
        ("columns".into(), Json::Array(names.iter().map(|name| Json::str(name.as_str())).collect())),
        ("data".into(), Json::Array(rows(&columns, records.len()))),
    ]);
    Noted { value: Json::Object(vec![("dataframe_split".into(), split)]), departs: None }
}

fn cell(value: &Value) -> Json {
    match value {
        Value::Float(x) if x.is_nan() => Json::Null,
        value => crate::lists::value(value, &crate::lists::decoded),
    }
}
