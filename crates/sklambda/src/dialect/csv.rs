//! CSV bodies. A first line of names makes them MLflow's, rows alone are SageMaker's.

use skestimators::{Model, Samples, Value};

use super::{input, mlflow, refusal::Refusal, sagemaker};
use crate::{
    handler::Service,
    http::{Request, Response},
    json::{Json, Noted},
};

/// What stands for a missing value, as in pandas.
const MISSING: [&str; 10] = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "<NA>", "#N/A"];

pub(super) fn answer(service: &Service, request: &Request) -> Response {
    let mut records = match read(&request.body) {
        Ok(records) => records,
        Err(refusal) => return mlflow::refuse(service, &refusal),
    };
    let header = match parameter(request) {
        Some("present") => true,
        Some("absent") => false,
        _ => records.first().is_some_and(|first| is_header(first)),
    };
    if header && !records.is_empty() {
        let names = records.remove(0);
        return mlflow::answer(service, request, as_split(&names, &records));
    }
    sagemaker::respond(service, request, |model| by_position(model, &records))
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

fn read(body: &[u8]) -> Result<Vec<Vec<String>>, Refusal> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(body);
    let mut records: Vec<Vec<String>> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| Refusal::input(format!("the body is no CSV: {e}")))?;
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
fn column(cells: impl Iterator<Item = String> + Clone) -> Vec<Value> {
    let missing = |cell: &str| MISSING.contains(&cell.trim());
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
    cells.map(|cell| if missing(&cell) { Value::None } else { Value::Str(cell.into()) }).collect()
}

fn columns(rows: &[Vec<String>]) -> Vec<Vec<Value>> {
    let width = rows.first().map_or(0, Vec::len);
    (0..width).map(|j| column(rows.iter().map(move |row| row[j].clone()))).collect()
}

fn by_position(model: &Model, rows: &[Vec<String>]) -> Result<Samples, Refusal> {
    let columns = columns(rows);
    let items: Vec<Json> =
        (0..rows.len()).map(|i| Json::Array(columns.iter().map(|column| cell(&column[i])).collect())).collect();
    // One column of text is documents.
    let texts =
        columns.len() == 1 && model.n_features_in().is_none() && matches!(columns[0].first(), Some(Value::Str(_)));
    if texts {
        let documents: Vec<Json> = columns[0].iter().map(cell).collect();
        return input::from_list(model, &documents, "the body");
    }
    input::from_list(model, &items, "the body")
}

fn as_split(names: &[String], rows: &[Vec<String>]) -> Noted {
    let columns = columns(rows);
    let row = |i: usize| Json::Array(columns.iter().map(|column| cell(&column[i])).collect());
    let split = Json::Object(vec![
        ("columns".into(), Json::Array(names.iter().map(|name| Json::str(name.as_str())).collect())),
        ("data".into(), Json::Array((0..rows.len()).map(row).collect())),
    ]);
    Noted { value: Json::Object(vec![("dataframe_split".into(), split)]), departs: None }
}

fn cell(value: &Value) -> Json {
    match value {
        Value::Float(x) if x.is_nan() => Json::Null,
        value => crate::lists::value(value, &crate::lists::decoded),
    }
}
