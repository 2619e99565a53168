//! The two ends of what a request costs in the function for Lambda.
//!
//! * `bench_lambda null`: lambda_runtime's own loop, with a handler that answers at once. Under the same Runtime API as the real `bootstrap`,
//!   the difference is between the two loops, and what `handle()` takes.
//! * `bench_lambda handle MODEL EVENT.json SECONDS`: the handler alone, event text to answer text: one line of JSON.

#![allow(clippy::print_stdout)]

use std::{
    error::Error,
    time::{Duration, Instant},
};

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{json, value::RawValue};
use sklambda::Handler;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// lambda_runtime in one thread, and nothing behind it.
fn null() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let service = service_fn(async |_: LambdaEvent<Box<RawValue>>| {
        RawValue::from_string(r#"{"isBase64Encoded": false, "statusCode": 200, "body": "{}"}"#.into())
            .map_err(lambda_runtime::Error::from)
    });
    runtime.block_on(lambda_runtime::run(service)).map_err(|e| e.to_string().into())
}

fn handle(model: String, event: &str, seconds: f64) -> Result<()> {
    let event = std::fs::read(event)?;
    let start = Instant::now();
    let handler = Handler::new(move || sklambda::load(Some(&model)));
    handler.service()?;
    let load = start.elapsed().as_secs_f64();
    let first = handler.handle(&event);
    if first.status != 200 {
        return Err(first.body.into());
    }
    let (mut times, begin) = (Vec::new(), Instant::now());
    while begin.elapsed() < Duration::from_secs_f64(seconds) || times.len() < 5 {
        let start = Instant::now();
        std::hint::black_box(handler.handle(&event).to_envelope());
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    let (n, least) = (times.len(), times[0]);
    let (p50, p99) = (times[n / 2], times[n * 99 / 100]);
    println!(
        "{}",
        json!({"load_s": load, "n": n, "p50_us": p50, "p99_us": p99, "min_us": least, "answered": first.body.len()})
    );
    Ok(())
}

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["null"] => null(),
        ["handle", model, event, seconds] => handle(model.to_owned(), event, seconds.parse()?),
        _ => Err("bench_lambda null | handle MODEL EVENT.json SECONDS".into()),
    }
}
