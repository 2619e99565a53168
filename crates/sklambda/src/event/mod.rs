//! Lambda events, told apart by their shape.
//!
//! An event of which only the `body` is known is the Python toolkit's; so is every event with `STRICT_SEED=1`.

mod base64;
mod batch;
mod http;

use crate::{
    dialect::{self, mlflow::KEYS},
    handler::Handler,
    http::{Envelope, Request, Response},
    json::{self, Json, Text},
};

/// What an event asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Event {
    /// A request of the Python toolkit, or its words for why there is none.
    Toolkit(Result<Json, String>),
    /// An HTTP request, and where its answer goes.
    Http(Request, Envelope),
    /// Messages of a queue, each of them a request.
    Queue(Vec<batch::Message>),
    /// Items of a workflow's map, and the method that they are for.
    Items(Vec<Json>, Option<String>),
    /// A call that only keeps the function warm.
    Warm,
}

/// What sends calls that keep a function warm.
const WARMERS: [&str; 3] = ["serverless-plugin-warmup", "aws.events", "aws.scheduler"];

impl Event {
    /// Reads an event. `strict` takes nothing that the Python toolkit does not take.
    pub(crate) fn read(bytes: &[u8], strict: bool) -> Event {
        let event = match json::parse_bytes(bytes) {
            Ok(event) => event,
            Err(e) => return Event::Toolkit(Err(e)),
        };
        if strict {
            return Event::Toolkit(toolkit(&event));
        }
        if let Some(http) = http::read(&event) {
            return match http {
                Ok((request, envelope)) => Event::Http(request, envelope),
                Err(e) => Event::Toolkit(Err(e)),
            };
        }
        if let Some(messages) = batch::messages(&event) {
            return Event::Queue(messages);
        }
        if event.get("body").is_some() {
            return Event::Toolkit(http::body(&event, "isBase64Encoded").and_then(|body| match body {
                http::Body::Text(text) => json::parse(text),
                http::Body::Bytes(bytes) => json::parse_bytes(&bytes),
            }));
        }
        if let Some((items, method)) = batch::items(&event) {
            return Event::Items(items, method);
        }
        if event.get("input").is_some() {
            return Event::Toolkit(Ok(event));
        }
        let bare = matches!(&event, Json::Array(items) if !items.is_empty());
        if bare || KEYS.iter().any(|key| event.get(key).is_some()) {
            return Event::Http(Request::post("/", bytes), Envelope::Gateway);
        }
        let is_warmer =
            |value: &Json| matches!(value, Json::Str(text) if text.as_str().is_some_and(|t| WARMERS.contains(&t)));
        let asked = |key: &str| event.get(key).is_some_and(Json::truthy);
        if event.get("source").is_some_and(is_warmer) || asked("warmer") || asked("warmup") || asked("ping") {
            return Event::Warm;
        }
        Event::Toolkit(toolkit(&event))
    }

    /// The answer to an event.
    pub(crate) fn answer(&self, handler: &Handler, id: &str) -> Response {
        match self {
            Event::Toolkit(request) => handler.guarded(id, || match handler.service() {
                Err(e) => not_loaded(&e),
                Ok(service) => match request {
                    Ok(request) => dialect::seed::answer(&service, request),
                    Err(e) => dialect::seed::unreadable(e),
                },
            }),
            Event::Http(request, envelope) => {
                let answer = handler.anywhere(request, id);
                Response { envelope: *envelope, ..answer }
            }
            Event::Queue(messages) => batch::answer_messages(handler, messages, id),
            Event::Items(items, method) => batch::answer_items(handler, items, method.as_deref(), id),
            Event::Warm => handler.guarded(id, || match handler.service() {
                Err(e) => not_loaded(&e),
                Ok(_) => Response::bare(200, "{\"status\": \"warm\"}".into()),
            }),
        }
    }

    /// The refusal of an event, for a reason that lies not in it.
    #[cfg(feature = "lambda")]
    pub(crate) fn refuse(&self, status: u16, message: &str) -> Response {
        match self {
            Event::Queue(messages) => batch::refuse_messages(messages),
            Event::Items(items, _) => batch::refuse_items(items.len(), status, message),
            Event::Http(_, envelope) => Response { envelope: *envelope, ..Response::error(status, message) },
            Event::Toolkit(_) | Event::Warm => Response::error(status, message),
        }
    }
}

/// The refusal of a request while there is no model.
pub(crate) fn not_loaded(reason: &str) -> Response {
    Response::error(500, format!("Failed to load model: {reason}"))
}

/// The request's own JSON, or the Python toolkit's words for why there is none.
fn toolkit(event: &Json) -> Result<Json, String> {
    let body = match event {
        Json::Object(_) => event.get("body").ok_or("'body'")?,
        Json::Array(_) => return Err("list indices must be integers or slices, not str".into()),
        Json::Str(_) => return Err("string indices must be integers, not 'str'".into()),
        other => return Err(format!("'{}' object is not subscriptable", other.type_name())),
    };
    json::parse(text(body)?)
}

/// A body that is text, as `json.loads` wants it.
fn text(body: &Json) -> Result<&Text, String> {
    match body {
        Json::Str(text) => Ok(text),
        other => Err(format!("the JSON object must be str, bytes or bytearray, not {}", other.type_name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(event: &str) -> Event {
        Event::read(event.as_bytes(), false)
    }

    #[test]
    fn a_body_in_base64_is_decoded_unless_strict() {
        let event = br#"{"body": "eyJpbnB1dCI6IFtdfQ==", "isBase64Encoded": true}"#;
        assert!(matches!(Event::read(event, false), Event::Toolkit(Ok(body)) if body.get("input").is_some()));
        assert!(matches!(Event::read(event, true), Event::Toolkit(Err(_))));
        let bad = read(r#"{"body": "*", "isBase64Encoded": true}"#);
        assert!(matches!(bad, Event::Toolkit(Err(e)) if e.contains("not in base64")));
    }

    #[test]
    fn a_direct_request_is_taken_unless_strict() {
        assert!(matches!(read(r#"{"input": 1}"#), Event::Toolkit(Ok(_))));
        assert!(matches!(read(r#"{"instances": [[1]]}"#), Event::Http(..)));
        assert!(matches!(read(r#"[{"a": 1}]"#), Event::Http(..)));
        for event in [r#"{"input": 1}"#, r#"{"instances": [[1]]}"#, r#"{"warmer": true}"#, r#"{"Items": []}"#] {
            assert_eq!(Event::read(event.as_bytes(), true), Event::Toolkit(Err("'body'".into())), "{event}");
        }
    }

    #[test]
    fn what_nobody_sends_is_refused_in_pythons_words() {
        for (event, words) in [
            ("{}", "'body'"),
            ("[]", "list indices must be integers or slices, not str"),
            ("\"text\"", "string indices must be integers, not 'str'"),
            ("5", "'int' object is not subscriptable"),
            ("{\"body\": 5}", "the JSON object must be str, bytes or bytearray, not int"),
        ] {
            assert_eq!(read(event), Event::Toolkit(Err(words.into())), "{event}");
        }
    }
}
