//! The Lambda runtime's loop: an event in, its answer out, one at a time.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use tokio::{task, time};

use crate::{handler::Handler, http::Response, log::Entry};

/// How long before the platform's own end an answer is given up, so that the caller gets one that says why.
const MARGIN: Duration = Duration::from_millis(200);

/// What is written about events.
#[derive(Debug, Clone, Default)]
pub struct Logging {
    /// No line for each event.
    pub quiet: bool,
    /// Metrics in CloudWatch's embedded format go to this namespace, for the model of this name.
    pub metrics: Option<(String, String)>,
}

/// Serves events until the environment is shut down.
///
/// The model is loaded before the first event is asked for, while the platform gives the whole processor. If that
/// fails, `log` gets the reason, and every event tries again and is answered with it.
///
/// # Errors
/// The Runtime API is missing, cannot be reached or does not keep to its protocol.
pub fn run(
    handler: Handler,
    logging: Logging,
    log: impl Fn(&str) + Clone + Send + Sync + 'static,
) -> Result<(), String> {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return Err("AWS_LAMBDA_RUNTIME_API is not set: this program runs in AWS Lambda (runtime provided.al2023); \
                    elsewhere use `sklambda serve` or `sklambda invoke`"
            .into());
    }
    let handler = Arc::new(handler);
    match catch_unwind(AssertUnwindSafe(|| handler.service())) {
        Ok(Ok(_)) => {}
        Ok(Err(e)) => log(&format!("Failed to load model: {e}")),
        Err(_) => log("Failed to load model: internal error"),
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        // Events come one by one. What still runs after it was given up holds the next one back, and nothing piles up.
        .max_blocking_threads(1)
        .build()
        .map_err(|e| format!("cannot start: {e}"))?;
    // The event is kept as text: the handler reads JSON as Python does, of which a parsed value would be a shadow.
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let (handler, logging, log) = (Arc::clone(&handler), logging.clone(), log.clone());
        async move {
            let began = Instant::now();
            let response = answer(handler, event.payload, &event.context.request_id, event.context.deadline).await;
            let entry = Entry::of(&event.context.request_id, &response, began.elapsed());
            if !logging.quiet {
                log(&entry.line());
            }
            if let Some((namespace, model)) = &logging.metrics {
                log(&entry.metrics(namespace, model));
            }
            RawValue::from_string(response.to_envelope()).map_err(Error::from)
        }
    });
    runtime.block_on(lambda_runtime::run(service)).map_err(|e| format!("the Runtime API failed: {e}"))
}

/// The answer to an event, or the refusal of one that would take longer than the platform waits.
async fn answer(handler: Arc<Handler>, event: Box<RawValue>, id: &str, deadline: u64) -> Response {
    let event = Arc::new(handler.read(event.get().as_bytes()));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = Duration::from_millis(deadline).saturating_sub(now).saturating_sub(MARGIN);
    let late = || {
        event.refuse(
            503,
            "the answer would take longer than the function's timeout; send fewer rows, or raise the timeout or the \
             memory (which brings processors)",
        )
    };
    if left.is_zero() {
        return late();
    }
    let (asked, asker, name) = (Arc::clone(&event), handler, id.to_owned());
    let work = task::spawn_blocking(move || asked.answer(&asker, &name));
    match time::timeout(left, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => event.refuse(500, &format!("internal error {}", skpickle::printable(id))),
        Err(_) => late(),
    }
}
