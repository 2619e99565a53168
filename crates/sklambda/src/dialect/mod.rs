//! The ways in which requests are written, one file each, and which of them a request is in.
//!
//! The path decides first, then the keys of the body: `input` is the Python toolkit's, `inputs` of tensors are the Open
//! Inference Protocol's, `dataframe_split`, `dataframe_records`, `instances` and `inputs` are MLflow's, a bare list is
//! records or rows.

mod csv;
mod example;
mod info;
mod input;
pub(crate) mod mlflow;
mod names;
mod records;
mod refusal;
mod sagemaker;
pub(crate) mod seed;
mod v1;
mod v2;
mod written;

pub(crate) use example::Example;
use skestimators::{Method, Model, Output, Samples, Value};

use crate::{
    handler::{Loaded, Service},
    http::{Request, Response},
    json::{self, Json, Noted},
};
use input::{listed, quoted};
pub(crate) use refusal::Refusal;

/// Answers a request whose path may be unknown, as behind a gateway that has paths of its own: then the keys decide.
pub(crate) fn answer(service: &Service, request: &Request) -> Response {
    answer_known(service, request).unwrap_or_else(|| by_keys(service, request))
}

/// Answers a request, if there is something at its path.
pub(crate) fn answer_known(service: &Service, request: &Request) -> Option<Response> {
    let path = request.path.trim_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let reads = matches!(request.method.as_str(), "GET" | "HEAD");
    // With the Python toolkit's rules alone there is its request, and health for whoever runs the server.
    if service.settings.strict && !matches!(parts.as_slice(), ["" | "predict" | "ping" | "health"]) {
        return None;
    }
    let (answer, allowed): (Response, _) = match parts.as_slice() {
        ["v2", rest @ ..] => return v2::answer(service, request, rest),
        ["v1", "models", rest @ ..] => return v1::answer(service, request, rest),
        ["" | "predict"] if request.method == "POST" => return Some(by_keys(service, request)),
        ["invocations"] if request.method == "POST" => return Some(invocations(service, request)),
        [""] if reads => (info::index(service), "GET, HEAD, POST"),
        ["ping" | "health" | "healthz" | "livez" | "readyz"] if reads => (info::healthy(), ""),
        ["version"] if reads => (info::version(), ""),
        ["metadata"] if reads => (info::metadata(service), ""),
        [""] => (not_allowed(request, "GET, HEAD, POST"), "GET, HEAD, POST"),
        ["predict" | "invocations"] => (not_allowed(request, "POST"), "POST"),
        ["ping" | "health" | "healthz" | "livez" | "readyz" | "version" | "metadata"] => {
            (not_allowed(request, "GET, HEAD"), "GET, HEAD")
        }
        _ => return None,
    };
    Some(if answer.status == 405 { answer.with("allow", allowed) } else { answer })
}

/// An answer that says only what is wrong.
pub(crate) fn refused(status: u16, message: &str) -> Response {
    Response::error(status, message).with("content-type", "application/json")
}

/// The refusal of a method that a path does not take.
fn not_allowed(request: &Request, allowed: &str) -> Response {
    let (path, method) = (skpickle::printable(&request.path), skpickle::printable(&request.method));
    refused(405, &format!("{path} does not take {method}; send {allowed}"))
}

/// A request that only its body tells about.
fn by_keys(service: &Service, request: &Request) -> Response {
    if service.settings.strict {
        return match json::parse_bytes(&request.body) {
            Ok(body) => seed::answer(service, &body),
            Err(e) => seed::unreadable(&e),
        };
    }
    match request.media_type().as_deref() {
        Some("text/csv") => return csv::answer(service, request),
        Some(media_type) if sagemaker::is_lines(media_type) => return sagemaker::lines(service, request),
        _ => {}
    }
    let noted = match json::parse_noting(&request.body) {
        Ok(noted) => noted,
        Err(e) => return seed::unreadable(&e),
    };
    match &noted.value {
        body if body.get("input").is_some() => seed::answer(service, body),
        body if v2::is_request(body) => v2::infer(service, request, noted),
        body if mlflow::is_request(body) => mlflow::answer(service, request, noted),
        Json::Array(items) if !items.is_empty() => records::answer(service, request, noted),
        body => seed::answer(service, body),
    }
}

/// `/invocations`, which MLflow and SageMaker share: the body tells whose it is.
fn invocations(service: &Service, request: &Request) -> Response {
    match request.media_type().as_deref() {
        // What curl sends unless told otherwise stands for JSON.
        None | Some("application/json" | "application/x-www-form-urlencoded") => {}
        Some("text/csv") => return csv::answer(service, request),
        Some(media_type) if sagemaker::is_lines(media_type) => return sagemaker::lines(service, request),
        Some(other) => {
            let text = format!(
                "the Content-Type {} is not taken; send application/json, text/csv or application/jsonlines",
                quoted(other)
            );
            return mlflow::refuse(service, &Refusal::new(415, text));
        }
    }
    let noted = match json::parse_noting(&request.body) {
        Ok(noted) => noted,
        Err(e) => return mlflow::refuse(service, &no_json(&e)),
    };
    match &noted.value {
        body if body.get("input").is_some() => seed::answer(service, body),
        body if v2::is_request(body) => v2::infer(service, request, noted),
        Json::Array(_) => sagemaker::answer(service, request, noted),
        _ => mlflow::answer(service, request, noted),
    }
}

fn no_json(message: &str) -> Refusal {
    Refusal::input(format_args!("the body is no JSON: {message}"))
}

/// The body, if it is JSON by the standard, which Python's reader is laxer than.
fn strict(noted: Noted) -> Result<Json, Refusal> {
    match noted.departs {
        None => Ok(noted.value),
        Some(fault) => Err(Refusal::input(format_args!("the body is refused: {fault}"))),
    }
}

/// The model, if the file holds one.
fn model(service: &Service) -> Result<&Model, Refusal> {
    match &service.loaded {
        Loaded::Model(model, _) => Ok(model),
        Loaded::Nothing => Err(Refusal::new(500, "there is no model: the path leads to no file")),
        Loaded::Other(class) => {
            Err(Refusal::new(500, format_args!("the file holds an object of class '{class}', which is no estimator")))
        }
    }
}

/// The method that a model is asked without a word about it, if it has one of these.
pub(crate) fn usual(model: &Model) -> Option<Method> {
    [Method::Predict, Method::Transform, Method::ScoreSamples].into_iter().find(|&method| model.has(method))
}

/// The method that is asked for by name; without one, what the model is for.
fn method(model: &Model, asked: Option<&str>) -> Result<Method, Refusal> {
    let Some(name) = asked else { return Ok(usual(model).unwrap_or(Method::Predict)) };
    Method::from_name(name).filter(|&method| model.has(method)).ok_or_else(|| {
        let known: Vec<&str> = model.methods().map(Method::name).collect();
        let text = format!("{} has no method {}; it has {}", model.class(), quoted(name), listed(known.into_iter()));
        Refusal::new(400, text)
    })
}

/// The method that the query names, `?method=predict_proba`, or another place in the request.
fn method_of(model: &Model, request: &Request, inside: Option<&str>) -> Result<Method, Refusal> {
    match inside {
        Some(name) => method(model, Some(name)),
        None => method(model, request.parameter("method").as_deref()),
    }
}

/// Asks the model.
fn ask(service: &Service, model: &Model, method: Method, x: &Samples) -> Result<Output, Refusal> {
    let (rows, most) = (x.rows(), service.settings.most_rows);
    if rows > most {
        let text =
            format!("the request has {rows} rows; at most {most} are taken at a time. Send them in several requests");
        return Err(Refusal::new(413, text));
    }
    model.call(method, x).map_err(|e| {
        let refusal = Refusal::from(e);
        match first_text(x).filter(|_| refusal.message.starts_with("dtype='numeric'")) {
            Some((row, column)) => {
                let message = format!("{} The first text is in row {row}, column {column}", refusal.message);
                Refusal { message, ..refusal }
            }
            None => refusal,
        }
    })
}

/// Row and column of the first text among rows of values.
fn first_text(x: &Samples) -> Option<(usize, usize)> {
    let Samples::Rows(rows) = x else { return None };
    let text = |row: &Vec<Value>| row.iter().position(|value| matches!(value, Value::Str(_)));
    rows.iter().enumerate().find_map(|(i, row)| Some((i, text(row)?)))
}
