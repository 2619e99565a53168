//! SageMaker's containers: rows as a bare JSON list, as CSV, or one in a line; the answer as `Accept` says.

use skestimators::{Model, Samples};

use super::{ask, input, method_of, model, refusal::Refusal, strict, written};
use crate::{
    handler::Service,
    http::{Request, Response},
    json::{self, Json, Noted},
    python,
};

/// Whether a body of this type has one JSON value in a line.
pub(super) fn is_lines(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/jsonlines" | "application/x-jsonlines" | "application/jsonl" | "application/x-ndjson"
    )
}

/// A bare list.
pub(super) fn answer(service: &Service, request: &Request, body: Noted) -> Response {
    let rows = |model: &Model| {
        let body = strict(body)?;
        let items = if let Json::Array(items) = &body { items.as_slice() } else { &[] };
        input::from_list(model, items, "the body")
    };
    respond(service, request, rows)
}

/// Rows, records or `{"features": […]}`, one in a line.
pub(super) fn lines(service: &Service, request: &Request) -> Response {
    let rows = |model: &Model| {
        let mut items = Vec::new();
        for (i, line) in request.body.split(|&b| b == b'\n').enumerate() {
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let fault =
                |refusal: Refusal| Refusal { message: format!("line {}: {}", i + 1, refusal.message), ..refusal };
            let noted = json::parse_noting(line).map_err(|e| fault(super::no_json(&e)))?;
            items.push(strict(noted).map_err(fault)?);
        }
        input::from_list(model, &items, "the body")
    };
    respond(service, request, rows)
}

/// Asks the model about rows and writes the answer as the request wants it.
pub(super) fn respond(
    service: &Service,
    request: &Request,
    rows: impl FnOnce(&Model) -> Result<Samples, Refusal>,
) -> Response {
    let answered = || {
        let model = model(service)?;
        let method = method_of(model, request, None)?;
        let x = rows(model)?;
        let answer = written::lists(ask(service, model, method, &x)?)?;
        Ok(write(request, &answer).of_rows(x.rows()))
    };
    answered().unwrap_or_else(|refusal: Refusal| {
        let example = service.example().map(|example| {
            let csv = request.media_type().as_deref() == Some("text/csv");
            if csv { example.csv() } else { example.rows() }
        });
        super::refused(refusal.status, &refusal.with_example(example.as_deref()))
    })
}

fn write(request: &Request, answer: &Json) -> Response {
    let items = if let Json::Array(items) = answer { items.as_slice() } else { &[] };
    if request.accepts("text/csv") {
        let lines: String = items.iter().map(|row| csv_row(row) + "\n").collect();
        return Response::text(200, "text/csv", lines);
    }
    if let Some(media_type) = ["application/jsonlines", "application/x-ndjson"].into_iter().find(|m| request.accepts(m))
    {
        let lines: String = items.iter().map(|row| row.dumps(false) + "\n").collect();
        return Response::text(200, media_type, lines);
    }
    Response::json(200, answer)
}

fn csv_row(row: &Json) -> String {
    match row {
        Json::Array(cells) => cells.iter().map(csv_cell).collect::<Vec<_>>().join(","),
        cell => csv_cell(cell),
    }
}

fn csv_cell(cell: &Json) -> String {
    let text = match cell {
        Json::Null => return String::new(),
        value => python::str(value),
    };
    let text = String::from_utf8_lossy(text.bytes()).into_owned();
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
