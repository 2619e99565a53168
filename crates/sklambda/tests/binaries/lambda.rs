//! `bootstrap` under a Runtime API.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        mpsc::{Receiver, Sender, channel},
    },
};

use serde_json::{Value, json};

use crate::{
    models::{REQUEST, assert_answered, error, iris},
    peer::{Message, PATIENCE, Reply, Server},
};

/// The Runtime API, and a function that runs under it.
pub(crate) struct Function {
    process: Child,
    events: Sender<String>,
    answers: Receiver<(String, String)>,
    asked: Receiver<()>,
}

impl Function {
    /// Starts the function. `base` goes in front of the paths of the Runtime API, as local emulators have it.
    pub(crate) fn start_at(base: &'static str, model: Option<&str>, variables: &[(&str, &str)]) -> Function {
        Self::start_until("4102444800000", base, model, variables)
    }

    /// As [`Function::start_at`], with the time (milliseconds of the epoch) at which its events end.
    fn start_until(
        deadline: &'static str,
        base: &'static str,
        model: Option<&str>,
        variables: &[(&str, &str)],
    ) -> Function {
        let (events, waiting) = channel::<String>();
        let (answered, answers) = channel();
        let (asks, asked) = channel();
        let (waiting, answered) = (Mutex::new((0, waiting, asks)), Mutex::new(answered));
        let api = Server::start(move |request| Self::api(request, (base, deadline), &waiting, &answered));
        let runtime = if base.is_empty() { api.address.to_string() } else { format!("{}{base}", api.url()) };
        let mut command = Command::new(env!("CARGO_BIN_EXE_bootstrap"));
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", runtime)
            .env("AWS_LAMBDA_FUNCTION_NAME", "test")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "group")
            .envs(variables.iter().copied())
            .stderr(Stdio::piped());
        if let Some(model) = model {
            command.env("SKLEARN_MODEL_PATH", model);
        }
        Function { process: command.spawn().unwrap(), events, answers, asked }
    }

    pub(crate) fn start(model: &Path) -> Function {
        Self::start_at("", model.to_str(), &[])
    }

    fn api(
        request: &Message,
        (base, deadline): (&str, &str),
        waiting: &Mutex<(u32, Receiver<String>, Sender<()>)>,
        answered: &Mutex<Sender<(String, String)>>,
    ) -> Reply {
        let (method, path) = request.target();
        let path = path.strip_prefix(base).and_then(|p| p.strip_prefix("/2018-06-01/runtime/invocation/"));
        match (method, path.map(|p| p.split('/').collect::<Vec<_>>()).as_deref()) {
            ("GET", Some(["next"])) => {
                let mut waiting = waiting.lock().unwrap();
                waiting.0 += 1;
                let _ = waiting.2.send(());
                let Ok(event) = waiting.1.recv() else { return Reply::Silence };
                let headers = vec![
                    ("Lambda-Runtime-Aws-Request-Id", format!("id-{}", waiting.0)),
                    ("Lambda-Runtime-Deadline-Ms", deadline.into()),
                    ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:1:function:test".into()),
                    ("Lambda-Runtime-Trace-Id", "Root=1-0-0".into()),
                    ("Content-Type", "application/json".into()),
                ];
                Reply::Answer(200, headers, event.into_bytes())
            }
            ("POST", Some([id, "response"])) => {
                answered.lock().unwrap().send(((*id).to_owned(), request.text())).unwrap();
                Reply::Answer(202, Vec::new(), b"{\"status\":\"OK\"}".to_vec())
            }
            _ => {
                let what = format!("{}: {}", request.start, request.text());
                answered.lock().unwrap().send(("unexpected".into(), what)).unwrap();
                Reply::Answer(202, Vec::new(), Vec::new())
            }
        }
    }

    /// Waits until the function asks for an event.
    pub(crate) fn wait_until_ready(&self) {
        self.asked.recv_timeout(PATIENCE).expect("the function does not ask for events");
    }

    /// The function's answer to an event.
    pub(crate) fn answer(&self, event: &str) -> String {
        self.events.send(event.to_owned()).unwrap();
        let (id, answer) = self.answers.recv_timeout(PATIENCE).expect("the function does not answer");
        assert!(id.starts_with("id-"), "{id}: {answer}");
        answer
    }

    /// The status and the body of the answer to a request in an API Gateway event.
    pub(crate) fn ask(&self, body: &str) -> (u64, String) {
        let answer = self.answer(&json!({"httpMethod": "POST", "path": "/", "body": body}).to_string());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["isBase64Encoded"], json!(false));
        assert_eq!(answer.as_object().unwrap().len(), 3, "{answer}");
        (answer["statusCode"].as_u64().unwrap(), answer["body"].as_str().unwrap().to_owned())
    }

    /// Ends the function, and gives what it has written to its log.
    fn log(mut self) -> String {
        self.process.kill().unwrap();
        let mut log = String::new();
        std::io::Read::read_to_string(&mut self.process.stderr.take().unwrap(), &mut log).unwrap();
        log
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn events_are_answered_one_after_another() {
    let function = Function::start(&iris());
    for _ in 0..20 {
        let (status, body) = function.ask(REQUEST);
        assert_eq!(status, 200);
        assert_answered(&body);
    }
    let log = function.log();
    assert_eq!(log.lines().count(), 20, "{log}");
    for (i, line) in log.lines().enumerate() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&line["id"], &line["status"], &line["rows"]),
            (&json!(format!("id-{}", i + 1)), &json!(200), &json!(1))
        );
    }
}

#[test]
fn the_log_is_silent_or_has_metrics_as_asked() {
    let quiet = Function::start_at("", iris().to_str(), &[("LOG_REQUESTS", "0")]);
    assert_answered(&quiet.ask(REQUEST).1);
    assert_eq!(quiet.log(), "");
    let variables = [("LOG_REQUESTS", "0"), ("EMF_NAMESPACE", "Models")];
    let metrics = Function::start_at("", iris().to_str(), &variables);
    assert_answered(&metrics.ask(REQUEST).1);
    let log = metrics.log();
    let line: Value = serde_json::from_str(log.trim()).unwrap();
    assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Namespace"], json!("Models"));
    assert_eq!((&line["Model"], &line["Rows"], &line["Errors"]), (&json!("iris_logistic"), &json!(1), &json!(0)));
}

#[test]
fn an_answer_that_would_come_too_late_is_given_up() {
    // Its deadline is over before the work begins.
    let late = Function::start_until("1", "", iris().to_str(), &[]);
    let (status, body) = late.ask(REQUEST);
    assert_eq!(status, 503);
    assert!(error(&body).contains("longer than the function's timeout"), "{body}");
    let queue = json!({"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": REQUEST}]}).to_string();
    let kept: Value = serde_json::from_str(&late.answer(&queue)).unwrap();
    assert_eq!(kept, json!({"batchItemFailures": [{"itemIdentifier": "m"}]}));
}

#[test]
fn dialects_paths_and_events_other_than_the_toolkits() {
    let function = Function::start(&iris());
    for name in ["function_url_csv", "alb_multi_value", "lattice_v2", "sqs_partial_failure", "map_mixed", "direct_v2"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../testdata/events/{name}.json"));
        let golden: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let answer: Value = serde_json::from_str(&function.answer(&golden["event"].to_string())).unwrap();
        crate::events::assert_golden(&answer, &golden["answer"], name);
    }
}

#[test]
fn the_runtime_api_may_be_below_a_path() {
    let function = Function::start_at("/.rt/iris", iris().to_str(), &[]);
    assert_answered(&function.ask(REQUEST).1);
}

#[test]
fn bad_requests_are_answered_and_the_function_lives_on() {
    let function = Function::start(&iris());
    let deep = "[".repeat(100_000);
    let wide = format!("{{\"input\": [[{}]]}}", vec!["1"; 100_000].join(","));
    for (body, status) in [
        ("", 400),
        ("{", 400),
        ("null", 400),
        ("{\"input\": [[1,2,3,4]], \"return_prediction\": false}", 400),
        (deep.as_str(), 400),
        ("{\"input\": \"text\"}", 500),
        ("{\"input\": [[1e999, 2, 3, 4]]}", 500),
        (wide.as_str(), 500),
    ] {
        let (got, text) = function.ask(body);
        assert_eq!(got, status, "{text}");
        assert!(!error(&text).is_empty());
    }
    // Events that no gateway sends.
    for event in ["null", "5", "\"text\"", "[]", "{}", "{\"body\": 5}", "{\"body\": null}", "{\"Records\": []}"] {
        let answer: Value = serde_json::from_str(&function.answer(event)).unwrap();
        assert_eq!(answer["statusCode"], json!(400), "{event}: {answer}");
    }
    assert_answered(&function.ask(REQUEST).1);
}

#[test]
fn a_failed_load_is_answered_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.joblib");
    let function = Function::start(&path);
    let text = format!("Failed to load model: [Errno 2] No such file or directory: '{}'", path.display());
    for _ in 0..2 {
        let (status, body) = function.ask(REQUEST);
        assert_eq!((status, error(&body)), (500, text.clone()));
    }
    std::fs::write(&path, b"not a model").unwrap();
    let (status, body) = function.ask(REQUEST);
    assert_eq!(status, 500);
    assert!(error(&body).starts_with("Failed to load model: "), "{body}");
    std::fs::copy(iris(), &path).unwrap();
    assert_answered(&function.ask(REQUEST).1);
    // What is loaded stays.
    std::fs::remove_file(&path).unwrap();
    assert_answered(&function.ask(REQUEST).1);
    // The first failure is in the log, before any event.
    assert_eq!(function.log().lines().next(), Some(text.as_str()));
}

#[test]
fn a_path_that_is_not_set_or_leads_to_nothing_is_answered_as_the_toolkit_does() {
    let (status, body) = Function::start_at("", None, &[]).ask(REQUEST);
    assert_eq!((status, error(&body).as_str()), (500, "Failed to load model: 'SKLEARN_MODEL_PATH'"));
    let nothing = "Failed to get model prediction: 'NoneType' object has no attribute 'predict'";
    let (status, body) = Function::start_at("", Some("/nowhere/model"), &[]).ask(REQUEST);
    assert_eq!((status, error(&body).as_str()), (500, nothing));
    // The content says what a file is, unless the toolkit's rule is asked for.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.bin");
    std::fs::copy(iris(), &path).unwrap();
    assert_answered(&Function::start(&path).ask(REQUEST).1);
    let (status, body) = Function::start_at("", path.to_str(), &[("STRICT_SEED", "1")]).ask(REQUEST);
    assert_eq!((status, error(&body).as_str()), (500, nothing));
}

#[test]
fn outside_of_lambda_it_says_what_to_use() {
    let run = Command::new(env!("CARGO_BIN_EXE_bootstrap")).env_clear().output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    let text = String::from_utf8(run.stderr).unwrap();
    assert!(text.contains("AWS_LAMBDA_RUNTIME_API is not set") && text.contains("sklambda serve"), "{text}");
}
