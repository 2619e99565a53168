//! KServe's V1 protocol, which is TensorFlow Serving's: `POST /v1/models/NAME:predict` with `instances` or `inputs`.

use super::{ask, input, method_of, mlflow, model, no_json, not_allowed, refusal::Refusal, strict, written};
use crate::{
    handler::Service,
    http::{Request, Response},
    json::{self, Json},
};

/// Answers what is below `/v1/models`, if there is something.
pub(super) fn answer(service: &Service, request: &Request, rest: &[&str]) -> Option<Response> {
    let reads = matches!(request.method.as_str(), "GET" | "HEAD");
    let (name, verb) = match rest {
        [] | [""] if reads => {
            let names = Json::Array(vec![Json::str(service.name.as_str())]);
            return Some(Response::json(200, &Json::Object(vec![("models".into(), names)])));
        }
        [name] | [name, "versions", "1"] => match name.split_once(':') {
            Some((name, verb)) => (name, Some(verb)),
            None => (*name, None),
        },
        [name, "versions", version] => match version.split_once(':') {
            Some(("1", verb)) => (*name, Some(verb)),
            other if service.is_named(name) => {
                let version = input::quoted(other.map_or(*version, |(version, _)| version));
                let text = format!("there is no version {version}; the only one is 1");
                return Some(refuse(service, &Refusal::new(404, text)));
            }
            _ => (*name, None),
        },
        [name, "metadata"] if reads && service.is_named(name) => return Some(super::info::metadata(service)),
        _ => return None,
    };
    if !service.is_named(name) {
        return Some(refuse(service, &service.unknown(name)));
    }
    Some(match verb {
        None if reads => state(service),
        None => not_allowed(request, "GET").with("allow", "GET, HEAD"),
        Some("predict") if request.method == "POST" => {
            predict(service, request).unwrap_or_else(|refusal| refuse(service, &refusal))
        }
        Some("predict") => not_allowed(request, "POST").with("allow", "POST"),
        Some(other) => {
            let text = format!("there is no {}; send POST to …:predict", input::quoted(other));
            refuse(service, &Refusal::new(404, text))
        }
    })
}

fn state(service: &Service) -> Response {
    let entry = |entries: &[(&str, Json)]| {
        Json::Object(entries.iter().map(|(key, value)| ((*key).into(), value.clone())).collect())
    };
    let status = entry(&[("error_code", Json::str("OK")), ("error_message", Json::str(""))]);
    let version = entry(&[("version", Json::str("1")), ("state", Json::str("AVAILABLE")), ("status", status)]);
    let ready = [
        ("name", Json::str(service.name.as_str())),
        ("ready", Json::Bool(true)),
        ("model_version_status", Json::Array(vec![version])),
    ];
    Response::json(200, &entry(&ready))
}

fn predict(service: &Service, request: &Request) -> Result<Response, Refusal> {
    let body = strict(json::parse_noting(&request.body).map_err(|e| no_json(&e))?)?;
    let Json::Object(entries) = &body else {
        return Err(Refusal::input(format_args!("the body is {}; an object is expected", input::form(&body))));
    };
    let key = match (body.get("instances"), body.get("inputs")) {
        (Some(_), None) => "instances",
        (None, Some(_)) => "inputs",
        _ => return Err(Refusal::input("exactly one of \"instances\" and \"inputs\" is expected in the body")),
    };
    let known = [key, "signature_name"];
    if let Some((other, _)) = entries.iter().find(|(name, _)| !known.map(Some).contains(&name.as_str())) {
        let other = input::quoted(other.as_str().unwrap_or("?"));
        return Err(Refusal::input(format_args!("the key {other} is not known beside \"{key}\"")));
    }
    let model = model(service)?;
    let signature = match body.get("signature_name") {
        None | Some(Json::Null) => None,
        // What TensorFlow calls the usual one; others are methods here.
        Some(Json::Str(name)) => name.as_str().filter(|name| !matches!(*name, "" | "serving_default")),
        Some(other) => {
            return Err(Refusal::new(
                400,
                format_args!("\"signature_name\" is {}; expected a method's name", input::form(other)),
            ));
        }
    };
    let method = method_of(model, request, signature)?;
    let x = mlflow::rows(model, &body, key)?;
    let answer = written::lists(ask(service, model, method, &x)?)?;
    // The answer to `inputs` has another name in TensorFlow Serving.
    let name = if key == "inputs" { "outputs" } else { "predictions" };
    Ok(Response::json(200, &Json::Object(vec![(name.into(), answer)])).of_rows(x.rows()))
}

fn refuse(service: &Service, refusal: &Refusal) -> Response {
    let example = service.example().map(|example| format!("{{\"instances\": {}}}", example.rows()));
    super::refused(refusal.status, &refusal.with_example(example.as_deref()))
}
