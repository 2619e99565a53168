//! Any bytes as a Lambda event, and as the body of a request: read and answered by a small model.
#![no_main]

use std::sync::OnceLock;

use sklambda::Handler;

fn handler() -> &'static Handler {
    static HANDLER: OnceLock<Handler> = OnceLock::new();
    HANDLER.get_or_init(|| {
        Handler::new(|| {
            sklambda::load(Some(concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/examples/iris_logistic.joblib")))
        })
    })
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // A panic inside is answered with status 500 by the handler; here its hook ends the process first.
    for response in [handler().handle(data), handler().handle_body(data)] {
        assert!((200..600).contains(&response.status) && !response.body.is_empty());
    }
});
