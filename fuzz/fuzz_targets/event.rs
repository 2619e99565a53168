//! The event detector: any bytes as an event, or as the body of an event that is known, answered in its sender's form.
//!
//! Bytes that begin like JSON are the event; otherwise the first byte chooses one of `testdata/events/`, whose body the rest becomes.
#![no_main]

use std::{fs, path::Path, sync::OnceLock};

use serde_json::{Value, value::RawValue};
use sklambda::{Handler, Settings};

fn handlers() -> &'static [Handler; 2] {
    static HANDLERS: OnceLock<[Handler; 2]> = OnceLock::new();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/examples/iris_logistic.joblib");
    let settings = Settings { cors: vec!["*".into()], ..Settings::default() };
    let handler = move || Handler::new(|| sklambda::load(Some(model))).with(settings.clone());
    HANDLERS.get_or_init(|| [handler(), handler().strict(true)])
}

fn events() -> &'static [Value] {
    static EVENTS: OnceLock<Vec<Value>> = OnceLock::new();
    EVENTS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/events");
        let mut files: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path()).collect();
        files.sort();
        let read = |file| serde_json::from_slice::<Value>(&fs::read(file).ok()?).ok()?.get("event").cloned();
        let events: Vec<Value> = files.iter().filter_map(read).filter(Value::is_object).collect();
        assert!(events.len() > 20, "testdata/events has few events");
        events
    })
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&first, body)) = data.split_first() else { return };
    let event = if first.is_ascii_whitespace() || b"{[\"".contains(&first) {
        data.to_vec()
    } else {
        let mut event = events()[usize::from(first) % events().len()].clone();
        event["body"] = String::from_utf8_lossy(body).into();
        event.to_string().into_bytes()
    };
    for handler in handlers() {
        let response = handler.handle(&event);
        // A panic inside is answered with status 500 by the handler; here its hook ends the process first.
        assert!((200..600).contains(&response.status));
        let envelope = response.to_envelope();
        serde_json::from_str::<&RawValue>(&envelope).expect("an answer that is JSON");
        // What is echoed may hold half a surrogate pair, as Python's answer would: JSON, but no text.
        let Ok(answer) = serde_json::from_str::<Value>(&envelope) else { continue };
        assert!(answer.get("statusCode").is_none_or(|status| *status == response.status));
    }
});
