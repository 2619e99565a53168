//! From an HTTP request to its answer.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body, Bytes, Incoming},
    header::{self, HeaderValue},
};
use tokio::{task, time};

use super::{
    Shared,
    connection::{Framing, Watch},
};
use crate::page;

/// Bodies in memory at one time, in largest bodies; beyond that requests are turned away rather than the machine filled.
const BODIES: usize = 8;
/// The longest that a body may take, however steadily it drips.
const WHOLE_BODY: Duration = Duration::from_secs(300);

type Answer = Response<Full<Bytes>>;

/// A refusal that ends the connection, since the rest of the request is not read.
struct Refusal {
    status: StatusCode,
    text: String,
}

fn refusal(status: StatusCode, text: impl Into<String>) -> Refusal {
    Refusal { status, text: text.into() }
}

/// Answers one request.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    watch: &Watch,
    mut request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let framing = watch.begin();
    let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let mut length = request.body().is_end_stream().then_some(0);
    let outcome = match check_framing(framing, chunked) {
        Ok(()) => route(shared, &mut request, &mut length).await,
        Err(refused) => Err(refused),
    };
    let mut answer = match outcome {
        Ok(answer) => answer,
        Err(refused) => error(refused.status, &refused.text),
    };
    // Where a chunked body ended on the wire is not known here, and a body that was not read is still to come.
    let unread = length.is_none();
    if chunked || unread {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if unread {
        watch.linger();
    }
    watch.end(length.unwrap_or_default());
    Ok(answer)
}

/// Two readers that believe different lengths see different requests, so a head with two of them is refused.
fn check_framing(framing: Framing, chunked: bool) -> Result<(), Refusal> {
    match framing {
        Framing::Ambiguous => {
            Err(refusal(StatusCode::BAD_REQUEST, "the request has both Content-Length and Transfer-Encoding; send one"))
        }
        Framing::Unknown if chunked => Err(refusal(
            StatusCode::BAD_REQUEST,
            "a chunked request must not be sent before the requests ahead of it are answered",
        )),
        _ => Ok(()),
    }
}

async fn route(
    shared: &Arc<Shared>,
    request: &mut Request<Incoming>,
    length: &mut Option<u64>,
) -> Result<Answer, Refusal> {
    let (path, method) = (request.uri().path().to_owned(), request.method().clone());
    match path.as_str() {
        "/" | "/predict" if method == Method::POST => predict(shared, request, length).await,
        "/" | "/metadata" if matches!(method, Method::GET | Method::HEAD) => Ok(describe(shared, &path).await),
        "/metadata" => Ok(not_allowed(&path, &method, "GET, HEAD")),
        "/" => Ok(not_allowed(&path, &method, "GET, HEAD, POST")),
        "/predict" => Ok(not_allowed(&path, &method, "POST")),
        "/ping" | "/health" if matches!(method, Method::GET | Method::HEAD) => {
            Ok(json(StatusCode::OK, r#"{"status": "ok"}"#.into()))
        }
        "/ping" | "/health" => Ok(not_allowed(&path, &method, "GET, HEAD")),
        _ => {
            let path = skpickle::printable(&path);
            Ok(error(StatusCode::NOT_FOUND, &format!("there is nothing at {path}; send POST /predict or GET /health")))
        }
    }
}

/// The page, or what it is made of. The file is read for it, once.
async fn describe(shared: &Arc<Shared>, path: &str) -> Answer {
    let asked = Arc::clone(shared);
    let made = task::spawn_blocking(move || {
        asked.page.get_or_init(|| page::of(&asked.handler, asked.settings.model.as_deref())).clone()
    });
    let page = match made.await {
        Ok(Ok(page)) => page,
        Ok(Err(e)) => return error(StatusCode::INTERNAL_SERVER_ERROR, &format!("the model cannot be described: {e}")),
        Err(_) => return error(StatusCode::INTERNAL_SERVER_ERROR, "internal error; the model was not described"),
    };
    if path == "/metadata" {
        return json(StatusCode::OK, page.metadata);
    }
    let mut answer = Response::new(Full::new(Bytes::from(page.html)));
    for (name, value) in page::HEADERS.into_iter().chain([("content-security-policy", page.policy.as_str())]) {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

async fn predict(
    shared: &Arc<Shared>,
    request: &mut Request<Incoming>,
    length: &mut Option<u64>,
) -> Result<Answer, Refusal> {
    let headers = request.headers();
    if let Some(coding) =
        headers.get(header::CONTENT_ENCODING).filter(|v| !v.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        let coding = skpickle::printable(&String::from_utf8_lossy(coding.as_bytes()));
        let text = format!("the body is encoded as {coding}; send it without Content-Encoding");
        return Err(refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    let limit = shared.settings.body_limit;
    if request.body().size_hint().lower() > limit as u64 {
        return Err(too_large(request.body().size_hint().lower(), limit));
    }
    let body = time::timeout(WHOLE_BODY, read(shared, request.body_mut()))
        .await
        .unwrap_or_else(|_| Err(refusal(StatusCode::REQUEST_TIMEOUT, "the body took too long")))?;
    *length = Some(body.bytes.len() as u64);
    let shared = Arc::clone(shared);
    // The arithmetic has threads of its own, so that the server stays awake. A panic ends there.
    let answered = task::spawn_blocking(move || shared.handler.handle_body(&body.bytes)).await;
    let Ok(response) = answered else {
        return Ok(error(StatusCode::INTERNAL_SERVER_ERROR, "internal error; the request was not answered"));
    };
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Ok(json(status, response.body))
}

fn too_large(length: u64, limit: usize) -> Refusal {
    let text =
        format!("the body has {length} bytes or more; at most {limit} are taken. Send the rows in several requests");
    refusal(StatusCode::PAYLOAD_TOO_LARGE, text)
}

/// A body that is counted as long as it is held.
struct Held {
    shared: Arc<Shared>,
    bytes: Vec<u8>,
}

impl Held {
    fn push(&mut self, data: &[u8]) -> Result<(), Refusal> {
        let limit = self.shared.settings.body_limit;
        let length = self.bytes.len() + data.len();
        if length > limit {
            return Err(too_large(length as u64, limit));
        }
        let held: &AtomicUsize = &self.shared.held;
        let all = held.fetch_add(data.len(), Ordering::Relaxed);
        if all + data.len() > limit.saturating_mul(BODIES) {
            held.fetch_sub(data.len(), Ordering::Relaxed);
            return Err(refusal(StatusCode::SERVICE_UNAVAILABLE, "too many large requests at a time; try again soon"));
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.held.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

async fn read(shared: &Arc<Shared>, body: &mut Incoming) -> Result<Held, Refusal> {
    let mut held = Held { shared: Arc::clone(shared), bytes: Vec::new() };
    let silence = shared.settings.body_timeout;
    loop {
        match time::timeout(silence, body.frame()).await {
            Ok(None) => return Ok(held),
            Ok(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    held.push(data)?;
                }
            }
            Ok(Some(Err(e))) => {
                return Err(refusal(StatusCode::BAD_REQUEST, format!("the body cannot be read: {e}")));
            }
            Err(_) => {
                let text = format!("the body paused for more than {} seconds", silence.as_secs());
                return Err(refusal(StatusCode::REQUEST_TIMEOUT, text));
            }
        }
    }
}

fn not_allowed(path: &str, method: &Method, allowed: &'static str) -> Answer {
    let text = format!("{path} does not take {}; send {allowed}", skpickle::printable(method.as_str()));
    let mut answer = error(StatusCode::METHOD_NOT_ALLOWED, &text);
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    answer
}

fn error(status: StatusCode, text: &str) -> Answer {
    let response = crate::handler::Response::error(status.as_u16(), text);
    json(status, response.body)
}

fn json(status: StatusCode, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
