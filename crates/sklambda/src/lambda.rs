//! The Lambda runtime's loop: an event in, its answer out, one at a time.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;

use crate::handler::{Handler, Response};

/// Serves events until the environment is shut down.
///
/// The model is loaded before the first event is asked for, while the platform gives the whole processor. If that
/// fails, `log` gets the reason, and every event tries again and is answered with it.
///
/// # Errors
/// The Runtime API is missing, cannot be reached or does not keep to its protocol.
pub fn run(handler: Handler, log: impl Fn(&str)) -> Result<(), String> {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return Err("AWS_LAMBDA_RUNTIME_API is not set: this program runs in AWS Lambda (runtime provided.al2023); \
                    elsewhere use `sklambda serve` or `sklambda invoke`"
            .into());
    }
    let handler = Arc::new(handler);
    match catch_unwind(AssertUnwindSafe(|| handler.model())) {
        Ok(Ok(_)) => {}
        Ok(Err(e)) => log(&format!("Failed to load model: {e}")),
        Err(_) => log("Failed to load model: internal error"),
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|e| format!("cannot start: {e}"))?;
    // The event is kept as text: the handler reads JSON as Python does, of which a parsed value would be a shadow.
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let answer = answer(&handler, event.payload.get(), &event.context.request_id);
        async move { answer.map_err(Error::from) }
    });
    runtime.block_on(lambda_runtime::run(service)).map_err(|e| format!("the Runtime API failed: {e}"))
}

/// The envelope that answers an event. A panic becomes an answer too, and the process lives on.
fn answer(handler: &Handler, event: &str, request_id: &str) -> Result<Box<RawValue>, serde_json::Error> {
    let response = catch_unwind(AssertUnwindSafe(|| handler.handle(event.as_bytes())))
        .unwrap_or_else(|_| Response::error(500, format!("internal error {}", skpickle::printable(request_id))));
    RawValue::from_string(response.to_envelope())
}
