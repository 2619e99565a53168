//! From an HTTP request to its answer.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
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
    metrics::Metrics,
    openapi,
};
use crate::{http::Response as Reply, log::Entry, page};

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

/// Answers one request, counts it and writes its line.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    watch: &Watch,
    mut request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let began = Instant::now();
    let id = format!("{:x}-{}", shared.begun, shared.requests.fetch_add(1, Ordering::Relaxed));
    let _busy = Busy::begin(&shared.metrics);
    let framing = watch.begin();
    let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let mut length = request.body().is_end_stream().then_some(0);
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).map(str::to_owned);
    let preflight = shared.handler.preflight(request.method().as_str(), origin.as_deref());
    let outcome = match (check_framing(framing, chunked), preflight) {
        (Ok(()), Some(answer)) => Ok(answer),
        (Ok(()), None) => route(shared, &mut request, &mut length, &id).await,
        (Err(refused), _) => Err(refused),
    };
    let answered = outcome.unwrap_or_else(|refused| error(refused.status, &refused.text));
    let answered = shared.handler.across_origins(origin.as_deref(), answered);
    let took = began.elapsed();
    shared.metrics.count(answered.status, answered.rows, took);
    if !shared.settings.quiet {
        (shared.log)(&Entry::of(&id, &answered, took).line());
    }
    let mut answer = written(answered, &id);
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

/// A request that is counted as long as it is answered.
struct Busy<'a>(&'a Metrics);

impl<'a> Busy<'a> {
    fn begin(metrics: &'a Metrics) -> Self {
        metrics.busy.inc();
        Busy(metrics)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.dec();
    }
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

/// What the server answers by itself, and what it asks the handler for.
async fn route(
    shared: &Arc<Shared>,
    request: &mut Request<Incoming>,
    length: &mut Option<u64>,
    id: &str,
) -> Result<Reply, Refusal> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match request.uri().path() {
        "/metrics" if reads => {
            let text = shared.metrics.text().map_err(|e| refusal(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))?;
            return Ok(Reply::text(200, "text/plain; version=0.0.4; charset=utf-8", text));
        }
        "/v2/health/live" if reads => return Ok(Reply::text(200, "application/json", "{\"live\": true}")),
        // What waits for a model is turned away, so that nobody hangs and no memory fills.
        _ if !shared.handler.is_ready() => {
            return Err(refusal(StatusCode::SERVICE_UNAVAILABLE, "the model is being loaded; try again soon"));
        }
        "/metadata" if reads => return Ok(describe(shared, false).await),
        // Browsers ask for HTML by name; programs do not, and get JSON.
        "/" if reads && wants_html(request) => return Ok(describe(shared, true).await),
        "/openapi.json" if reads => {
            let service = shared.handler.service().map_err(|e| refusal(StatusCode::INTERNAL_SERVER_ERROR, e))?;
            let text = openapi::text(&service);
            let text = text.map_err(|e| refusal(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))?;
            return Ok(Reply::text(200, "application/json", text));
        }
        _ => {}
    }
    let held = body(shared, request, length).await?;
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = request.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let uri = request.uri();
    let (method, path) = (request.method().as_str().to_owned(), uri.path().to_owned());
    let query = uri.query().unwrap_or_default().to_owned();
    let (asked, name) = (Arc::clone(shared), id.to_owned());
    // The arithmetic has threads of its own, so that the server stays awake. A panic ends there.
    let answered = task::spawn_blocking(move || {
        let mut held = held;
        let request = crate::http::Request { method, path, query, headers, body: std::mem::take(&mut held.bytes) };
        asked.handler.respond(&request, &name)
    });
    Ok(answered.await.unwrap_or_else(|_| error(StatusCode::INTERNAL_SERVER_ERROR, &format!("internal error {id}"))))
}

fn wants_html(request: &Request<Incoming>) -> bool {
    let accept = request.headers().get(header::ACCEPT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The page, or what it is made of.
async fn describe(shared: &Arc<Shared>, html: bool) -> Reply {
    let asked = Arc::clone(shared);
    let made = task::spawn_blocking(move || asked.page().clone()).await;
    let page = match made {
        Ok(Ok(page)) => page,
        Ok(Err(e)) => return error(StatusCode::INTERNAL_SERVER_ERROR, &format!("the model cannot be described: {e}")),
        Err(_) => return error(StatusCode::INTERNAL_SERVER_ERROR, "internal error; the model was not described"),
    };
    if !html {
        return Reply::text(200, "application/json", page.metadata);
    }
    let headers = page::HEADERS.into_iter().map(|(name, value)| (name, value.to_owned()));
    let headers = headers.chain([("content-security-policy", page.policy)]).collect();
    Reply { headers, ..Reply::text(200, "text/html", page.html) }
}

/// The body of a request, refused by its announced length where that is too large.
async fn body(
    shared: &Arc<Shared>,
    request: &mut Request<Incoming>,
    length: &mut Option<u64>,
) -> Result<Held, Refusal> {
    let headers = request.headers();
    let coding = headers.get(header::CONTENT_ENCODING);
    if let Some(text) = coding.and_then(|coding| crate::Request::encoded(&String::from_utf8_lossy(coding.as_bytes()))) {
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
    Ok(body)
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
    counted: usize,
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
        self.counted += data.len();
        self.bytes.extend_from_slice(data);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.held.fetch_sub(self.counted, Ordering::Relaxed);
    }
}

async fn read(shared: &Arc<Shared>, body: &mut Incoming) -> Result<Held, Refusal> {
    let mut held = Held { shared: Arc::clone(shared), bytes: Vec::new(), counted: 0 };
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

fn error(status: StatusCode, text: &str) -> Reply {
    Reply::error(status.as_u16(), text)
}

/// An answer as hyper sends it, with the request's name.
fn written(reply: Reply, id: &str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(reply.body)));
    *answer.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = answer.headers_mut();
    if reply.status != 204 {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if reply.status == 503 {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert("x-request-id", id);
    }
    answer
}
