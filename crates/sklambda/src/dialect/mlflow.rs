//! MLflow's scoring server: `dataframe_split`, `dataframe_records`, `instances` or `inputs`, one of them.
//!
//! `params` may name the method, `{"predict_method": "predict_proba"}`, and so may the query, `?method=predict_proba`.

use skestimators::{Model, Samples};

use super::{ask, input, method_of, model, refusal::Refusal, strict, written};
use crate::{
    handler::Service,
    http::{Request, Response},
    json::{Json, Noted},
};

/// What rows may come under, in order of precedence where the path does not tell.
pub(crate) const KEYS: [&str; 4] = ["dataframe_split", "dataframe_records", "instances", "inputs"];

/// Whether a body is such a request.
pub(super) fn is_request(body: &Json) -> bool {
    KEYS.iter().any(|key| body.get(key).is_some())
}

pub(super) fn answer(service: &Service, request: &Request, body: Noted) -> Response {
    predictions(service, request, body).unwrap_or_else(|refusal| refuse(service, &refusal))
}

fn predictions(service: &Service, request: &Request, body: Noted) -> Result<Response, Refusal> {
    let body = strict(body)?;
    let model = model(service)?;
    let method = match body.get("params") {
        None | Some(Json::Null) => None,
        Some(Json::Object(params)) => match params.as_slice() {
            [] => None,
            [(key, Json::Str(name))] if key.as_str() == Some("predict_method") => name.as_str(),
            _ => {
                return Err(Refusal::new(
                    400,
                    "\"params\" may hold \"predict_method\" with a method's name, and no more",
                ));
            }
        },
        Some(other) => {
            return Err(Refusal::new(400, format_args!("\"params\" is {}; expected an object", input::form(other))));
        }
    };
    let method = method_of(model, request, method)?;
    let x = samples(model, &body)?;
    let answer = written::lists(ask(service, model, method, &x)?)?;
    Ok(Response::json(200, &Json::Object(vec![("predictions".into(), answer)])).of_rows(x.rows()))
}

fn samples(model: &Model, body: &Json) -> Result<Samples, Refusal> {
    let found: Vec<&str> = KEYS.into_iter().filter(|key| body.get(key).is_some()).collect();
    let ([key], Json::Object(entries)) = (found.as_slice(), body) else {
        let found = if found.is_empty() { "none of them is there" } else { "several of them are there" };
        let keys = input::listed(KEYS.into_iter());
        return Err(Refusal::input(format_args!("exactly one of {keys} is expected in the body, and {found}")));
    };
    if let Some((other, _)) = entries.iter().find(|(name, _)| ![*key, "params"].map(Some).contains(&name.as_str())) {
        let other = input::quoted(other.as_str().unwrap_or("?"));
        return Err(Refusal::input(format_args!(
            "the key {other} is not known beside \"{key}\"; \"params\" may stand there"
        )));
    }
    rows(model, body, key)
}

/// The rows under one of the keys.
pub(super) fn rows(model: &Model, body: &Json, key: &str) -> Result<Samples, Refusal> {
    let value = body.get(key).unwrap_or(&Json::Null);
    match (key, value) {
        ("dataframe_split", split) => input::from_split(model, split, key),
        ("inputs", columns @ Json::Object(_)) => input::from_object_of_columns(model, columns, key),
        (_, Json::Array(items)) => input::from_list(model, items, key),
        (_, other) => {
            Err(Refusal::input(format_args!("\"{key}\" is {}; a list of rows is expected", input::form(other))))
        }
    }
}

/// A refusal in MLflow's form.
pub(super) fn refuse(service: &Service, refusal: &Refusal) -> Response {
    let code = match refusal.status {
        400 => "BAD_REQUEST",
        413 => "REQUEST_LIMIT_EXCEEDED",
        415 => "UNSUPPORTED_MEDIA_TYPE",
        _ => "INTERNAL_ERROR",
    };
    let example = service.example().map(|example| match example.names() {
        Some(names) => format!("{{\"dataframe_split\": {{\"columns\": {names}, \"data\": {}}}}}", example.rows()),
        None => format!("{{\"inputs\": {}}}", example.rows()),
    });
    let message = refusal.with_example(example.as_deref());
    let body = Json::Object(vec![("error_code".into(), Json::str(code)), ("message".into(), Json::str(message))]);
    Response::json(refusal.status, &body)
}
