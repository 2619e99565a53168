//! The Lambda runtime's loop: an event in, its answer out, one at a time.
//!
//! The [Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) is two requests an event.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use skpickle::printable;
use ureq::Agent;

use crate::{
    event::Event,
    handler::Handler,
    http::Response,
    log::Entry,
    s3::{local_agent, process_env},
};

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
/// fails, `log` gets the reason, and every event tries again and is answered with it. No trace of X-Ray is passed on.
///
/// # Errors
/// The Runtime API is missing, cannot be reached or does not keep to its protocol.
pub fn run(handler: Handler, logging: Logging, log: impl Fn(&str)) -> Result<(), String> {
    let Logging { quiet, metrics } = logging;
    let Some(address) = process_env("AWS_LAMBDA_RUNTIME_API") else {
        return Err("AWS_LAMBDA_RUNTIME_API is not set: this program runs in AWS Lambda (runtime provided.al2023); \
                    elsewhere use `sklambda serve` or `sklambda invoke`"
            .into());
    };
    let handler = Arc::new(handler);
    match catch_unwind(AssertUnwindSafe(|| handler.service())) {
        Ok(Ok(_)) => {}
        Ok(Err(e)) => log(&format!("Failed to load model: {e}")),
        Err(_) => log("Failed to load model: internal error"),
    }
    let worker = Worker::start(Arc::clone(&handler)).map_err(|e| format!("cannot start: {e}"))?;
    let runtime = RuntimeApi::new(&address);
    loop {
        let invocation = runtime.next()?;
        let began = Instant::now();
        let response = handler.guarded(&invocation.id, || {
            let event = Arc::new(handler.read(&invocation.payload));
            worker.answer(&event, &invocation.id, invocation.left())
        });
        let entry = Entry::of(&invocation.id, &response, began.elapsed());
        if !quiet {
            log(&entry.line());
        }
        if let Some((namespace, model)) = &metrics {
            log(&entry.metrics(namespace, model));
        }
        if let Some(refused) = runtime.respond(&invocation, response.to_envelope())? {
            log(&refused);
        }
    }
}

/// The platform's side of the loop.
struct RuntimeApi {
    agent: Agent,
    base: String,
}

/// An event that waits for its answer.
struct Invocation {
    id: String,
    /// Which of the attempts at this event it is, where the platform tells.
    attempt: Option<String>,
    /// Milliseconds since 1970.
    deadline: u64,
    payload: Vec<u8>,
}

impl Invocation {
    /// How long an answer may take.
    fn left(&self) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Duration::from_millis(self.deadline).saturating_sub(now).saturating_sub(MARGIN)
    }
}

impl RuntimeApi {
    /// `address` is a host and port; with a scheme and a path before it in local emulators.
    fn new(address: &str) -> Self {
        let scheme = if address.contains("://") { "" } else { "http://" };
        RuntimeApi {
            // An event may be long in coming.
            agent: local_agent(None),
            base: format!("{scheme}{}/2018-06-01/runtime/invocation", address.trim_end_matches('/')),
        }
    }

    /// Waits for the next event, for as long as there is none.
    fn next(&self) -> Result<Invocation, String> {
        self.ask().map_err(|e| self.failed(&e))
    }

    fn failed(&self, why: &str) -> String {
        let base = printable(&self.base);
        format!(
            "the Runtime API at {base} (from AWS_LAMBDA_RUNTIME_API) failed: {}; expected AWS Lambda's, or an emulator of it",
            printable(why)
        )
    }

    fn ask(&self) -> Result<Invocation, String> {
        let mut answer = self.agent.get(format!("{}/next", self.base)).call().map_err(|e| e.to_string())?;
        if !answer.status().is_success() {
            return Err(format!("it answers {} where an event is due", answer.status()));
        }
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let id = header("lambda-runtime-aws-request-id").ok_or("an event has no Lambda-Runtime-Aws-Request-Id")?;
        let attempt = header("lambda-runtime-invocation-id");
        let deadline = header("lambda-runtime-deadline-ms").and_then(|text| text.parse().ok());
        let deadline = deadline.ok_or("an event has no Lambda-Runtime-Deadline-Ms")?;
        let payload = answer.body_mut().with_config().limit(u64::MAX).read_to_vec().map_err(|e| e.to_string())?;
        Ok(Invocation { id, attempt, deadline, payload })
    }

    /// Hands an answer over. That it was not taken (it is too large, it came too late) is given back; where the platform itself
    /// has failed, it is an error.
    fn respond(&self, invocation: &Invocation, answer: String) -> Result<Option<String>, String> {
        let mut request = self.agent.post(format!("{}/{}/response", self.base, invocation.id));
        if let Some(attempt) = &invocation.attempt {
            request = request.header("lambda-runtime-invocation-id", attempt);
        }
        let size = answer.len();
        let refused = |why: &str| {
            let id = printable(&invocation.id);
            format!(
                "the Runtime API did not take the answer to {id} ({size} bytes): {}; AWS Lambda takes up to 6 MB: send fewer rows",
                printable(why)
            )
        };
        let mut taken = match request.content_type("application/json").send(answer) {
            Ok(taken) => taken,
            // The connection may be closed on an answer that is too large. Whether there is still a platform shows with the next event.
            Err(e) => return Ok(Some(refused(&e.to_string()))),
        };
        // A connection is used again once it was read to its end.
        let said = taken.body_mut().read_to_string().unwrap_or_default();
        let status = taken.status();
        if status.is_server_error() {
            return Err(self.failed(&format!("it answers {status} to an answer")));
        }
        Ok((!status.is_success()).then(|| refused(&format!("{status} {said}"))))
    }
}

/// The thread that answers. What it still does after it was given up holds the next event back; what waited for it meanwhile, and was
/// given up too, is not begun.
struct Worker(mpsc::Sender<Task>);

struct Task {
    event: Arc<Event>,
    id: String,
    /// When nobody waits for the answer any more.
    until: Option<Instant>,
    /// None after a panic.
    answer: mpsc::Sender<Option<Response>>,
}

impl Worker {
    fn start(handler: Arc<Handler>) -> std::io::Result<Self> {
        let (asks, asked) = mpsc::channel::<Task>();
        thread::Builder::new().spawn(move || {
            for Task { event, id, until, answer } in asked {
                if until.is_some_and(|until| until <= Instant::now()) {
                    continue;
                }
                let response = catch_unwind(AssertUnwindSafe(|| event.answer(&handler, &id)));
                // Nobody takes what came too late.
                drop(answer.send(response.ok()));
            }
        })?;
        Ok(Worker(asks))
    }

    /// The answer to an event, or the refusal of one that would take longer than the platform waits.
    fn answer(&self, event: &Arc<Event>, id: &str, left: Duration) -> Response {
        let (answer, answered) = mpsc::channel();
        let until = Instant::now().checked_add(left);
        let task = Task { event: Arc::clone(event), id: id.to_owned(), until, answer };
        let response = if left.is_zero() || self.0.send(task).is_err() {
            Err(mpsc::RecvTimeoutError::Timeout)
        } else {
            answered.recv_timeout(left)
        };
        match response {
            Ok(Some(response)) => response,
            Ok(None) => event.refuse(500, &format!("internal error {}", printable(id))),
            Err(_) => event.refuse(
                503,
                "the answer would take longer than the function's timeout; send fewer rows, or raise the timeout or the \
                 memory (which brings processors)",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader, Read, Write},
        net::TcpListener,
        sync::{
            Mutex,
            atomic::{AtomicUsize, Ordering::Relaxed},
        },
    };

    use super::*;

    /// Gives each request its answer, in order, over one connection until an answer closes it; and then what was asked.
    fn platform(answers: &'static [&'static str]) -> (RuntimeApi, thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = RuntimeApi::new(&listener.local_addr().unwrap().to_string());
        let asked = thread::spawn(move || {
            let (mut asked, mut connection) = (Vec::new(), None);
            for answer in answers {
                let mut reader = connection.take().unwrap_or_else(|| BufReader::new(listener.accept().unwrap().0));
                let (mut request, mut length) = (String::new(), 0);
                while !request.ends_with("\r\n\r\n") {
                    let begin = request.len();
                    assert!(reader.read_line(&mut request).unwrap() > 0, "the connection is not used again");
                    let line = request[begin..].to_ascii_lowercase();
                    length = line.strip_prefix("content-length:").map_or(length, |n| n.trim().parse().unwrap());
                }
                reader.by_ref().take(length).read_to_string(&mut request).unwrap();
                asked.push(request);
                write!(reader.get_mut(), "HTTP/1.1 {answer}").unwrap();
                connection = (!answer.contains("Connection: close")).then_some(reader);
            }
            asked
        });
        (api, asked)
    }

    #[test]
    fn an_event_is_taken_and_answered_as_the_attempt_that_it_is() {
        let (api, asked) = platform(&[
            "200 OK\r\nLambda-Runtime-Aws-Request-Id: 7\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\n\
             Lambda-Runtime-Invocation-Id: second\r\nContent-Length: 2\r\n\r\n{}",
            "202 Accepted\r\nContent-Length: 15\r\n\r\n{\"status\":\"OK\"}",
            "503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        ]);
        let invocation = api.next().unwrap();
        assert_eq!((invocation.id.as_str(), invocation.payload.as_slice()), ("7", &b"{}"[..]));
        assert!(invocation.left() > Duration::from_secs(3600));
        assert_eq!(api.respond(&invocation, "[1]".into()), Ok(None));
        assert!(api.respond(&invocation, "[1]".into()).unwrap_err().contains("503"));
        let asked = asked.join().unwrap();
        assert!(asked[0].starts_with("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"), "{}", asked[0]);
        let answer = asked[1].to_ascii_lowercase();
        assert!(answer.starts_with("post /2018-06-01/runtime/invocation/7/response http/1.1\r\n"), "{answer}");
        assert!(answer.contains("lambda-runtime-invocation-id: second\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n[1]"), "{answer}");
    }

    #[test]
    fn an_answer_that_the_platform_refuses_is_told_and_does_not_end_the_function() {
        let (api, asked) = platform(&[
            "413 Payload Too Large\r\nConnection: close\r\nContent-Length: 9\r\n\r\ntoo large",
            "500 Internal Server Error\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            "200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
            "",
        ]);
        let invocation = Invocation { id: "7".into(), attempt: None, deadline: 0, payload: Vec::new() };
        assert!(invocation.left().is_zero());
        let refused = api.respond(&invocation, "[1]".into()).unwrap().unwrap();
        assert_eq!(
            refused,
            "the Runtime API did not take the answer to 7 (3 bytes): 413 Payload Too Large too large; AWS Lambda takes up to \
             6 MB: send fewer rows"
        );
        // Where an event is due nothing else will do.
        let failed = api.next().err().unwrap();
        assert!(failed.contains("127.0.0.1") && failed.contains("it answers 500"), "{failed}");
        assert!(api.next().err().unwrap().contains("no Lambda-Runtime-Aws-Request-Id"));
        // A connection that ends without a word: the next event shows whether the platform is still there.
        let refused = api.respond(&invocation, "[1]".into()).unwrap().unwrap();
        assert!(refused.starts_with("the Runtime API did not take the answer to 7 (3 bytes): "), "{refused}");
        assert!(!asked.join().unwrap()[0].to_ascii_lowercase().contains("lambda-runtime-invocation-id"));
    }

    #[test]
    fn work_that_outlasts_the_deadline_is_given_up() {
        let (go_on, told) = mpsc::channel::<()>();
        let told = Mutex::new(told);
        // A model whose loading takes as long as this test wants.
        let loads = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&loads);
        let handler = Arc::new(Handler::new(move || {
            counted.fetch_add(1, Relaxed);
            let _ = told.lock().unwrap().recv();
            Err("gone".into())
        }));
        let worker = Worker::start(Arc::clone(&handler)).unwrap();
        let ask = |left: Duration| {
            let event = Arc::new(handler.read(b"{\"body\": \"{}\"}"));
            worker.answer(&event, "id", left)
        };
        let late = ask(Duration::from_millis(50));
        assert_eq!(late.status, 503);
        assert!(late.body.contains("longer than the function's timeout"), "{}", late.body);
        assert_eq!(ask(Duration::from_millis(1)).status, 503);
        // What was given up ends some time, what waited for it is not begun, and the next event is answered.
        drop(go_on);
        let next = ask(Duration::from_secs(60));
        assert_eq!((next.status, next.body.as_str()), (500, "{\"error\": \"Failed to load model: gone\"}"));
        assert_eq!(loads.load(Relaxed), 2);
    }
}
