//! The Open Inference Protocol, version 2: tensors with name, shape and datatype.
//!
//! `outputs` names methods: `predict`, `predict_proba`, `transform`, `decision_function` and whatever else the model has.

mod tensor;

use skestimators::{Method, Model, Samples};

use super::{
    ask, input, method, method_of, model, no_json, not_allowed, refusal::Refusal, strict, written, written::Tensor,
};
use crate::{
    handler::{Loaded, Service},
    http::{Request, Response},
    json::{self, Json, Noted, Text},
};

/// The one version of a model that is served.
const VERSION: &str = "1";

/// The methods whose answers are described.
const TOLD: [Method; 6] = [
    Method::Predict,
    Method::PredictProba,
    Method::PredictLogProba,
    Method::DecisionFunction,
    Method::Transform,
    Method::ScoreSamples,
];

/// Whether a body is an inference request: `inputs` is a list of objects with a datatype.
pub(super) fn is_request(body: &Json) -> bool {
    match body.get("inputs") {
        Some(Json::Array(inputs)) => inputs.first().is_some_and(|input| input.get("datatype").is_some()),
        _ => false,
    }
}

/// Answers what is below `/v2`, if there is something.
pub(super) fn answer(service: &Service, request: &Request, rest: &[&str]) -> Option<Response> {
    let told = |key: &str| object(vec![(key, Json::Bool(true))]);
    let of_model = |name: &str, version: Option<&str>| match service.is_named(name) {
        false => Some(refuse(service, &service.unknown(name))),
        true if version.is_some_and(|version| version != VERSION) => {
            let version = input::quoted(version.unwrap_or_default());
            Some(refuse(
                service,
                &Refusal::new(404, format_args!("there is no version {version}; the only one is {VERSION}")),
            ))
        }
        true => None,
    };
    let (name, version, verb) = match *rest {
        [] | [""] => ("", None, "server"),
        ["health", verb @ ("live" | "ready")] => ("", None, verb),
        ["models", name] => (name, None, "metadata"),
        ["models", name, verb @ ("ready" | "infer")] => (name, None, verb),
        ["models", name, "versions", version] => (name, Some(version), "metadata"),
        ["models", name, "versions", version, verb @ ("ready" | "infer")] => (name, Some(version), verb),
        _ => return None,
    };
    if !name.is_empty()
        && let Some(refused) = of_model(name, version)
    {
        return Some(refused);
    }
    let allowed = if verb == "infer" { "POST" } else { "GET, HEAD" };
    if !allowed.split(", ").any(|method| method == request.method) {
        return Some(not_allowed(request, allowed).with("allow", allowed));
    }
    Some(match (verb, name) {
        ("infer", _) => match json::parse_noting(&request.body) {
            Ok(body) => infer(service, request, body),
            Err(e) => refuse(service, &binary(request).unwrap_or_else(|| no_json(&e))),
        },
        ("server", _) => Response::json(200, &server()),
        ("metadata", _) => metadata(service),
        ("live", _) => Response::json(200, &told("live")),
        (_, "") => Response::json(200, &told("ready")),
        _ => Response::json(200, &object(vec![("name", Json::str(name)), ("ready", Json::Bool(true))])),
    })
}

fn object(entries: Vec<(&str, Json)>) -> Json {
    Json::Object(entries.into_iter().map(|(key, value)| (Text::from(key), value)).collect())
}

fn server() -> Json {
    object(vec![
        ("name", Json::str("sklambda")),
        ("version", Json::str(env!("CARGO_PKG_VERSION"))),
        ("extensions", Json::Array(Vec::new())),
    ])
}

fn metadata(service: &Service) -> Response {
    let Loaded::Model(model, known) = &service.loaded else {
        return super::refused(500, "there is no model to tell about");
    };
    let tensor = |name: &str, datatype: &str, shape: Vec<i64>| {
        let shape = Json::Array(shape.into_iter().map(Json::Int).collect());
        object(vec![("name", Json::str(name)), ("datatype", Json::str(datatype)), ("shape", shape)])
    };
    let texts = model.n_features_in().is_none() && model.feature_names_in().is_none();
    let datatypes = service.example().map(super::Example::datatypes).unwrap_or_default();
    let datatype = |i: usize| match datatypes.get(i) {
        _ if known.is_text(i) => "BYTES",
        Some(datatype) => *datatype,
        None => "FP64",
    };
    let inputs = match model.feature_names_in() {
        Some(names) => names.iter().enumerate().map(|(i, name)| tensor(name, datatype(i), vec![-1])).collect(),
        None if texts => vec![tensor("input", "BYTES", vec![-1])],
        None => vec![tensor("input", datatype(0), vec![-1, model.n_features_in().map_or(-1, |n| n as i64)])],
    };
    let x = service.example().and_then(|example| example.samples(model));
    let told = |method: Method| {
        // What a method answers, the surest way to know is to ask it.
        let answer = x.as_ref().and_then(|x| model.call(method, x).ok());
        match answer.and_then(|answer| written::tensors(method.name(), answer).ok()) {
            Some(tensors) => {
                let each = |answer: Tensor| {
                    let width = answer.shape.get(1..).unwrap_or_default().iter().map(|&n| n as i64);
                    tensor(&answer.name, answer.datatype, [-1].into_iter().chain(width).collect())
                };
                tensors.into_iter().map(each).collect()
            }
            None => vec![unasked(method, model, &tensor)],
        }
    };
    let outputs = model.methods().filter(|method| TOLD.contains(method)).flat_map(told);
    let body = object(vec![
        ("name", Json::str(service.name.as_str())),
        ("versions", Json::Array(vec![Json::str(VERSION)])),
        ("platform", Json::str("scikit-learn")),
        ("inputs", Json::Array(inputs)),
        ("outputs", Json::Array(outputs.collect())),
    ]);
    Response::json(200, &body)
}

/// What a method answers as far as it is known without an example to ask it with.
fn unasked(method: Method, model: &Model, tensor: &dyn Fn(&str, &str, Vec<i64>) -> Json) -> Json {
    let classes = if let [classes] = model.classes() { Some(classes) } else { None };
    let shape = match method {
        Method::Predict | Method::ScoreSamples if !model.is_multi_output() => vec![-1],
        Method::PredictProba | Method::PredictLogProba => vec![-1, classes.map_or(-1, |classes| classes.len() as i64)],
        // One score for two classes; for more of them their number depends on how they were told apart.
        Method::DecisionFunction if classes.is_none_or(|classes| classes.len() <= 2) => vec![-1],
        _ => vec![-1, -1],
    };
    let datatype = classes.filter(|_| method == Method::Predict).map_or("FP64", of_labels);
    tensor(method.name(), datatype, shape)
}

/// The datatype of labels.
fn of_labels(labels: &skestimators::Array) -> &'static str {
    match labels {
        skestimators::Array::F64(_) => "FP64",
        skestimators::Array::F32(_) => "FP32",
        skestimators::Array::I64(_) => "INT64",
        skestimators::Array::Bool(_) => "BOOL",
        _ => "BYTES",
    }
}

/// The refusal of the binary extension, which puts the tensors behind the JSON.
fn binary(request: &Request) -> Option<Refusal> {
    request.header("inference-header-content-length")?;
    Some(Refusal::new(415, "binary tensors are not taken; send the data inside the JSON (binary_data: false)"))
}

/// `POST …/infer`.
pub(super) fn infer(service: &Service, request: &Request, body: Noted) -> Response {
    inferred(service, request, body).unwrap_or_else(|refusal| refuse(service, &refusal))
}

fn inferred(service: &Service, request: &Request, body: Noted) -> Result<Response, Refusal> {
    if let Some(refusal) = binary(request) {
        return Err(refusal);
    }
    let body = strict(body)?;
    let id = match body.get("id") {
        None | Some(Json::Null) => None,
        Some(id @ Json::Str(_)) => Some(id.clone()),
        Some(other) => {
            return Err(Refusal::new(400, format_args!("\"id\" is {}; text is expected", input::form(other))));
        }
    };
    let model = model(service)?;
    let x = samples(model, &body)?;
    let mut tensors = Vec::new();
    for method in methods(model, request, &body)? {
        tensors.extend(written::tensors(method.name(), ask(service, model, method, &x)?)?);
    }
    let mut entries = vec![("model_name", Json::str(service.name.as_str())), ("model_version", Json::str(VERSION))];
    entries.extend(id.map(|id| ("id", id)));
    entries.push(("outputs", Json::Array(tensors.into_iter().map(described).collect())));
    Ok(Response::json(200, &object(entries)).of_rows(x.rows()))
}

fn described(tensor: Tensor) -> Json {
    object(vec![
        ("name", Json::str(tensor.name)),
        ("shape", Json::Array(tensor.shape.into_iter().map(|n| Json::Int(n as i64)).collect())),
        ("datatype", Json::str(tensor.datatype)),
        ("data", Json::Array(tensor.data)),
    ])
}

/// The methods that `outputs` names.
fn methods(model: &Model, request: &Request, body: &Json) -> Result<Vec<Method>, Refusal> {
    let outputs = match body.get("outputs") {
        None | Some(Json::Null) => &[][..],
        Some(Json::Array(outputs)) => outputs.as_slice(),
        Some(other) => {
            return Err(Refusal::new(400, format_args!("\"outputs\" is {}; a list is expected", input::form(other))));
        }
    };
    if outputs.is_empty() {
        return Ok(vec![method_of(model, request, None)?]);
    }
    let mut methods = Vec::with_capacity(outputs.len());
    for (i, output) in outputs.iter().enumerate() {
        let Some(Json::Str(name)) = output.get("name") else {
            return Err(Refusal::new(
                400,
                format_args!("outputs[{i}] needs a \"name\": that of a method, such as \"predict\""),
            ));
        };
        if output.get("parameters").and_then(|p| p.get("binary_data")).is_some_and(Json::truthy) {
            return Err(Refusal::new(415, "binary tensors are not given; ask without binary_data"));
        }
        let method = method(model, Some(name.as_str().unwrap_or("?")))?;
        if methods.contains(&method) {
            return Err(Refusal::new(400, format_args!("outputs[{i}] asks for {} once more", method.name())));
        }
        methods.push(method);
    }
    Ok(methods)
}

/// The rows: one tensor of them, or one tensor a column (as pandas' content type says, or as their number shows).
fn samples(model: &Model, body: &Json) -> Result<Samples, Refusal> {
    let inputs = match body.get("inputs") {
        Some(Json::Array(inputs)) if !inputs.is_empty() => inputs,
        _ => return Err(Refusal::input("\"inputs\" is expected in the body: a list of tensors")),
    };
    let tensors = inputs.iter().enumerate().map(|(i, input)| tensor::read(input, i)).collect::<Result<Vec<_>, _>>()?;
    let pandas = |of: &Json| {
        let content = of.get("parameters").and_then(|p| p.get("content_type"));
        matches!(content, Some(Json::Str(text)) if text.as_str() == Some("pd"))
    };
    match <[_; 1]>::try_from(tensors) {
        Ok([tensor]) if !pandas(body) => tensor.into_samples(model),
        Ok([tensor]) => tensor::columns(model, vec![tensor]),
        Err(tensors) => tensor::columns(model, tensors),
    }
}

fn refuse(service: &Service, refusal: &Refusal) -> Response {
    let example = service.example().and_then(super::Example::v2);
    super::refused(refusal.status, &refusal.with_example(example.as_deref()))
}
