//! Requests and answers, whatever brought them.

use std::borrow::Cow;

use crate::json::{Json, Text};

/// An HTTP request, from a socket or out of a Lambda event.
///
/// ```
/// let request = sklambda::Request::post("/predict", r#"{"input": [[5.1, 3.5, 1.4, 0.2]]}"#);
/// assert_eq!(request.header("Content-Type"), None);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// The path, as it was sent.
    pub path: String,
    /// What follows the question mark.
    pub query: String,
    /// Names and values in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A POST without headers.
    pub fn post(path: &str, body: impl Into<Vec<u8>>) -> Request {
        Request { method: "POST".into(), path: path.into(), body: body.into(), ..Request::default() }
    }

    /// A GET without headers.
    pub fn get(path: &str) -> Request {
        Request { method: "GET".into(), path: path.into(), ..Request::default() }
    }

    /// The first value of a header; names are compared without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The media type of the body, in lower case and without parameters.
    pub(crate) fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?.split(';').next()?.trim().to_ascii_lowercase();
        (!value.is_empty()).then_some(value)
    }

    /// A parameter of the query, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(n, _)| *n == name)?;
        Some(percent_encoding::percent_decode_str(value).decode_utf8_lossy())
    }

    /// Why a body is not taken that is encoded so, as `Content-Encoding` says.
    pub(crate) fn encoded(coding: &str) -> Option<String> {
        let coding = skpickle::printable(coding);
        let text = || format!("the body is encoded as {coding}; send it without Content-Encoding");
        (!coding.eq_ignore_ascii_case("identity")).then(text)
    }

    /// Whether the asker names this media type among those that it takes.
    pub(crate) fn accepts(&self, media_type: &str) -> bool {
        let mut ranges = self.header("accept").unwrap_or_default().split(',');
        ranges.any(|range| range.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(media_type)))
    }
}

/// Where an answer goes to, which settles the form around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Envelope {
    /// API Gateway, a function URL, or a direct call.
    #[default]
    Gateway,
    /// A load balancer, or VPC Lattice.
    Balancer,
    /// A load balancer that wants each header's values in a list.
    BalancerLists,
    /// A poller or a workflow, which takes the answer as it stands.
    Bare,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers; none in the Python toolkit's dialect, whose answers are JSON all the same.
    pub headers: Vec<(&'static str, String)>,
    /// The text, JSON unless a `content-type` says otherwise.
    pub body: String,
    /// Rows that were answered.
    pub(crate) rows: usize,
    pub(crate) envelope: Envelope,
}

impl Response {
    /// JSON with headers.
    pub(crate) fn json(status: u16, body: &Json) -> Response {
        Response::text(status, "application/json", body.dumps(false))
    }

    /// Text of a media type.
    pub(crate) fn text(status: u16, media_type: &str, body: impl Into<String>) -> Response {
        let headers = vec![("content-type", media_type.to_owned())];
        Response { headers, ..Response::bare(status, body.into()) }
    }

    /// JSON text without headers.
    pub(crate) fn bare(status: u16, body: String) -> Response {
        Response { status, headers: Vec::new(), body, rows: 0, envelope: Envelope::Gateway }
    }

    /// `{"error": …}` without headers.
    pub(crate) fn error(status: u16, message: impl Into<Text>) -> Response {
        let body = Json::Object(vec![(Text::from("error"), Json::Str(message.into()))]);
        Response::bare(status, body.dumps(true))
    }

    /// The same with the number of rows that it answers.
    pub(crate) fn of_rows(self, rows: usize) -> Response {
        Response { rows, ..self }
    }

    /// The same with a header more.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Response {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer as a Lambda function returns it to whatever sent the event.
    pub fn to_envelope(&self) -> String {
        if self.envelope == Envelope::Bare {
            return self.body.clone();
        }
        let mut entries = vec![
            (Text::from("isBase64Encoded"), Json::Bool(false)),
            (Text::from("statusCode"), Json::Int(self.status.into())),
        ];
        let balancer = self.envelope != Envelope::Gateway;
        if balancer {
            // A load balancer refuses an answer without it.
            entries.push(("statusDescription".into(), Json::str(format!("{} {}", self.status, reason(self.status)))));
        }
        let mut headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        if balancer && headers.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        if !headers.is_empty() {
            let lists = self.envelope == Envelope::BalancerLists;
            let value = |value: &str| if lists { Json::Array(vec![Json::str(value)]) } else { Json::str(value) };
            let headers = headers.into_iter().map(|(name, text)| (Text::from(name), value(text))).collect();
            entries.push((if lists { "multiValueHeaders" } else { "headers" }.into(), Json::Object(headers)));
        }
        entries.push((Text::from("body"), Json::str(self.body.as_str())));
        Json::Object(entries).dumps(false)
    }
}

/// What a status is called.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Payload Too Large",
        415 => "Unsupported Media Type",
        503 => "Service Unavailable",
        _ if status < 400 => "OK",
        _ if status < 500 => "Bad Request",
        _ => "Internal Server Error",
    }
}
