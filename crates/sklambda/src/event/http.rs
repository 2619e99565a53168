//! Events that are HTTP requests: those of API Gateway, function URLs, load balancers and VPC Lattice.

use super::{base64, text};
use crate::{
    http::{Envelope, Request},
    json::{Json, Text},
};

/// The body of an event.
pub(super) enum Body<'e> {
    Text(&'e Text),
    Bytes(Vec<u8>),
}

/// The body, decoded where the flag of this name says so.
pub(super) fn body<'e>(event: &'e Json, flag: &str) -> Result<Body<'e>, String> {
    let text = text(event.get("body").unwrap_or(&Json::Null))?;
    // VPC Lattice once wrote the flag as text.
    let encoded = event.get(flag).is_some_and(|flag| match flag {
        Json::Str(word) => word.as_str() == Some("true"),
        flag => flag.truthy(),
    });
    if !encoded {
        return Ok(Body::Text(text));
    }
    let bytes =
        base64::decode(text.bytes()).ok_or_else(|| format!("the body is not in base64, although {flag} is true"))?;
    Ok(Body::Bytes(bytes))
}

/// Where an HTTP event has its parts.
struct Shape<'e> {
    method: &'e Json,
    path: &'e Json,
    query: Query<'e>,
    headers: &'e Json,
    flag: &'static str,
    envelope: Envelope,
}

enum Query<'e> {
    Raw(&'e Json),
    Parsed(&'e Json),
}

/// The request in an event, if the event is an HTTP request; an error if its body cannot be had.
pub(super) fn read(event: &Json) -> Option<Result<(Request, Envelope), String>> {
    let shape = shape(event)?;
    let body = match event.get("body") {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(_) => body(event, shape.flag).map(|body| match body {
            Body::Text(text) => text.bytes().to_vec(),
            Body::Bytes(bytes) => bytes,
        }),
    };
    let word = |value: &Json| match value {
        Json::Str(text) => String::from_utf8_lossy(text.bytes()).into_owned(),
        _ => String::new(),
    };
    let query = match shape.query {
        Query::Raw(raw) => word(raw),
        Query::Parsed(pairs) => {
            let pairs: Vec<String> = pairs_of(pairs).map(|(name, value)| format!("{name}={value}")).collect();
            pairs.join("&")
        }
    };
    Some(body.map(|body| {
        let path = without_stage(event, word(shape.path));
        let headers = pairs_of(shape.headers).collect();
        (Request { method: word(shape.method).to_uppercase(), path, query, headers, body }, shape.envelope)
    }))
}

fn shape(event: &Json) -> Option<Shape<'_>> {
    const NULL: &Json = &Json::Null;
    let get = |key: &str| event.get(key);
    let either = |a: &str, b: &str| {
        let given = |key: &str| get(key).filter(|value| **value != Json::Null);
        given(a).or_else(|| given(b)).unwrap_or(NULL)
    };
    let context = get("requestContext").unwrap_or(NULL);
    // HTTP APIs (format 2.0) and function URLs.
    if let (Some(http), Some(path)) = (context.get("http"), get("rawPath")) {
        return Some(Shape {
            method: http.get("method").unwrap_or(NULL),
            path,
            query: Query::Raw(get("rawQueryString").unwrap_or(NULL)),
            headers: get("headers").unwrap_or(NULL),
            flag: "isBase64Encoded",
            envelope: Envelope::Gateway,
        });
    }
    // VPC Lattice, its first and its second format.
    if let (Some(path), Some(method)) = (get("raw_path"), get("method")) {
        return Some(Shape {
            method,
            path,
            query: Query::Parsed(get("query_string_parameters").unwrap_or(NULL)),
            headers: get("headers").unwrap_or(NULL),
            flag: "is_base64_encoded",
            envelope: Envelope::Balancer,
        });
    }
    let lattice = context.get("serviceNetworkArn").is_some() || context.get("targetGroupArn").is_some();
    if let (true, Some(path), Some(method)) = (lattice, get("path"), get("method")) {
        return Some(Shape {
            method,
            path,
            query: Query::Parsed(get("queryStringParameters").unwrap_or(NULL)),
            headers: get("headers").unwrap_or(NULL),
            flag: "isBase64Encoded",
            envelope: Envelope::Balancer,
        });
    }
    // Load balancers, and REST APIs (format 1.0).
    let (method, path) = (get("httpMethod")?, get("path")?);
    let envelope = match (context.get("elb").is_some(), get("multiValueHeaders")) {
        (false, _) => Envelope::Gateway,
        (true, None | Some(Json::Null)) => Envelope::Balancer,
        (true, Some(_)) => Envelope::BalancerLists,
    };
    Some(Shape {
        method,
        path,
        query: Query::Parsed(either("multiValueQueryStringParameters", "queryStringParameters")),
        headers: either("multiValueHeaders", "headers"),
        flag: "isBase64Encoded",
        envelope,
    })
}

/// Names with their values, each value of a list for itself.
fn pairs_of(object: &Json) -> impl Iterator<Item = (String, String)> + '_ {
    let entries = if let Json::Object(entries) = object { entries.as_slice() } else { &[] };
    entries.iter().flat_map(|(name, value)| {
        let values = if let Json::Array(values) = value { values.as_slice() } else { std::slice::from_ref(value) };
        values.iter().filter_map(|value| match value {
            Json::Str(value) => Some((name.as_str()?.to_owned(), value.as_str()?.to_owned())),
            _ => None,
        })
    })
}

/// HTTP APIs put the name of a stage in front of the path, unless it is the default one.
fn without_stage(event: &Json, path: String) -> String {
    let stage = event.get("requestContext").and_then(|context| context.get("stage"));
    let stage = if let Some(Json::Str(stage)) = stage { stage.as_str() } else { None };
    let rest = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    match rest {
        Some("") => "/".into(),
        Some(rest) if rest.starts_with('/') => rest.into(),
        _ => path,
    }
}
