//! `sklambda serve`.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    thread,
};

use crate::{
    models::{REQUEST, assert_answered, error, example, iris},
    peer::{Client, Reply, Server},
};

/// A running server, which ends with the test.
pub(crate) struct Serving {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
    /// What it said on its way up.
    pub(crate) announced: String,
}

impl Serving {
    pub(crate) fn start(arguments: &[&str]) -> Serving {
        Self::start_with(iris().to_str().unwrap(), arguments)
    }

    pub(crate) fn start_with(model: &str, arguments: &[&str]) -> Serving {
        Self::start_in(model, arguments, &[])
    }

    /// Starts the server with variables in its environment.
    pub(crate) fn start_in(model: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Serving {
        let mut process = Command::new(env!("CARGO_BIN_EXE_sklambda"))
            .args(["serve", "--port", "0", "--model", model])
            .args(arguments)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut announced = String::new();
        while !announced.contains("curl") {
            let line = lines.next().expect("the server ended before it said where it listens").unwrap();
            announced.push_str(&line);
            announced.push('\n');
        }
        let address = announced.split("http://").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
        Serving { process, address, announced }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_seeds_request_is_answered_at_both_paths() {
    let server = Serving::start(&[]);
    let mut client = server.client();
    for path in ["/predict", "/", "/predict?verbose=1"] {
        let answer = client.request("POST", path, REQUEST);
        assert_eq!((answer.status(), answer.header("content-type")), (200, Some("application/json")));
        assert_answered(&answer.text());
    }
}

#[test]
fn the_printed_curl_line_is_answered() {
    for model in ["iris_logistic.joblib", "iris_pipeline.pkl", "iris_mlp.joblib"] {
        let server = Serving::start_with(example(model).to_str().unwrap(), &[]);
        let line = server.announced.lines().find(|line| line.starts_with("curl")).unwrap();
        assert!(line.contains(&format!("http://{}/predict ", server.address)), "{line}");
        let body = line.split("-d '").nth(1).unwrap().trim_end_matches('\'');
        let answer = server.client().request("POST", "/predict", body);
        assert_eq!(answer.status(), 200, "{model}: {}", answer.text());
        assert!(answer.text().contains("\"probabilities\""), "{model}: {}", answer.text());
    }
}

#[test]
fn health_is_told() {
    let server = Serving::start(&[]);
    let mut client = server.client();
    for path in ["/ping", "/health"] {
        let answer = client.request("GET", path, "");
        assert_eq!((answer.status(), answer.text().as_str()), (200, "{\"status\": \"ok\"}"));
        assert_eq!(client.request("HEAD", path, "").status(), 200);
    }
}

#[test]
fn browsers_get_a_page_and_programs_its_description() {
    let server = Serving::start(&[]);
    let mut client = server.client();
    let described = client.request("GET", "/metadata", "");
    assert_eq!((described.status(), described.header("content-type")), (200, Some("application/json")));
    let description: serde_json::Value = serde_json::from_str(&described.text()).unwrap();
    assert_eq!(description["key"], "linear_model.LogisticRegression");
    assert_eq!(description["file"]["sha256"].as_str().unwrap().len(), 64);
    let page = client.send("GET / HTTP/1.1\r\nhost: t\r\naccept: text/html,*/*;q=0.8\r\n\r\n").answer();
    assert_eq!((page.status(), page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert!(page.text().contains("<!doctype html>") && page.text().contains("linear_model.LogisticRegression"));
    // The example is one that the server answers.
    let body = format!("{{\"input\": [{}]}}", description["example"]["sample"]);
    assert_eq!(client.request("POST", "/predict", &body).status(), 200);
}

#[test]
fn errors_are_json_and_the_connection_goes_on() {
    let server = Serving::start(&[]);
    let mut client = server.client();
    for (body, status, text) in [
        ("{", 400, "Failed to parse request body as JSON: Expecting property name enclosed in double quotes"),
        ("", 400, "Failed to parse request body as JSON: Expecting value: line 1 column 1 (char 0)"),
        ("{\"rows\": []}", 400, "Failed to find an 'input' key in request body: {'rows': []}"),
        ("5", 400, "Failed to find an 'input' key in request body: 5"),
        ("{\"input\": [[1, 2, 3]]}", 500, "Failed to get model prediction: X has 3 features, but LogisticRegression"),
        ("{\"input\": [[NaN, 2, 3, 4]]}", 500, "Failed to get model prediction: Input X contains NaN."),
    ] {
        let answer = client.request("POST", "/predict", body);
        assert_eq!((answer.status(), answer.header("content-type")), (status, Some("application/json")), "{body}");
        assert!(error(&answer.text()).starts_with(text), "{body}: {}", answer.text());
    }
    assert_answered(&client.request("POST", "/predict", REQUEST).text());
}

#[test]
fn unknown_paths_and_methods_are_told_apart() {
    let server = Serving::start(&[]);
    let mut client = server.client();
    let missing = client.request("GET", "/no\u{7f}", "");
    assert_eq!(missing.status(), 400, "{missing:?}");
    let mut client = server.client();
    let missing = client.request("GET", "/elsewhere", "");
    assert_eq!(missing.status(), 404);
    assert!(error(&missing.text()).contains("/elsewhere"));
    for (method, path, allowed) in [
        ("GET", "/predict", "POST"),
        ("DELETE", "/", "GET, HEAD, POST"),
        ("POST", "/metadata", "GET, HEAD"),
        ("POST", "/ping", "GET, HEAD"),
    ] {
        let refused = client.request(method, path, "");
        assert_eq!((refused.status(), refused.header("allow")), (405, Some(allowed)), "{method} {path}");
        assert!(error(&refused.text()).contains(allowed));
    }
}

#[test]
fn chunked_bodies_are_put_together() {
    let server = Serving::start(&[]);
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n");
    for piece in REQUEST.as_bytes().chunks(7) {
        client.send(format!("{:x};note=1\r\n", piece.len())).send(piece).send("\r\n");
    }
    let answer = client.send("0\r\n\r\n").answer();
    assert_answered(&answer.text());
}

#[test]
fn large_bodies_are_refused_by_their_announced_length() {
    let server = Serving::start(&["--body-limit", "1000"]);
    let mut client = server.client();
    // Nothing of the body is sent: the answer comes all the same.
    let answer = client.send("POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 1001\r\n\r\n").answer();
    assert_eq!((answer.status(), answer.header("connection")), (413, Some("close")));
    assert!(error(&answer.text()).contains("at most 1000"), "{}", answer.text());

    // A client that waits to be asked for the body is refused at once, and not told to go on.
    let mut client = server.client();
    let head = "POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 1001\r\nexpect: 100-continue\r\n\r\n";
    assert_eq!(client.send(head).answer().status(), 413);

    // One that sends it all at once gets the answer, and not a reset.
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 500000\r\n\r\n").send(vec![b' '; 500_000]);
    assert_eq!(client.answer().status(), 413);
    assert_answered(&server.client().request("POST", "/", REQUEST).text());
}

#[test]
fn large_chunked_bodies_are_counted() {
    let server = Serving::start(&["--body-limit", "1000"]);
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n");
    for _ in 0..11 {
        client.send("64\r\n").send([b' '; 100]).send("\r\n");
    }
    assert_eq!(client.answer().status(), 413);
    // A chunk that claims to be endless is worth what has come of it.
    let mut client = server.client();
    client
        .send("POST / HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffff\r\n")
        .send([b' '; 1001]);
    assert_eq!(client.answer().status(), 413);
}

#[test]
fn a_body_that_is_asked_for_is_sent() {
    let server = Serving::start(&[]);
    let mut client = server.client();
    let length = REQUEST.len();
    client.send(format!("POST / HTTP/1.1\r\nhost: t\r\ncontent-length: {length}\r\nexpect: 100-continue\r\n\r\n"));
    assert_eq!(client.answer().status(), 100);
    assert_answered(&client.send(REQUEST).answer().text());
}

#[test]
fn two_lengths_in_one_head_are_refused() {
    let server = Serving::start(&[]);
    let chunked = format!("{:x}\r\n{REQUEST}\r\n0\r\n\r\n", REQUEST.len());
    for head in ["content-length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 4"] {
        let mut client = server.client();
        let answer = client.send(format!("POST / HTTP/1.1\r\nhost: t\r\n{head}\r\n\r\n{chunked}")).answer();
        assert_eq!(answer.status(), 400);
        assert!(error(&answer.text()).contains("both Content-Length and Transfer-Encoding"));
        client.assert_closed();
        // The same behind another request, in one packet.
        let mut client = server.client();
        let first = "GET /ping HTTP/1.1\r\nhost: t\r\n\r\n";
        client.send(format!("{first}POST / HTTP/1.1\r\nhost: t\r\n{head}\r\n\r\n{chunked}"));
        assert_eq!((client.answer().status(), client.answer().status()), (200, 400));
        client.assert_closed();
    }
    for head in ["content-length: 1\r\ncontent-length: 2", "content-length: -1", "content-length: 1, 2"] {
        let mut client = server.client();
        assert_eq!(client.send(format!("POST / HTTP/1.1\r\nhost: t\r\n{head}\r\n\r\n{{")).answer().status(), 400);
    }
    for head in ["transfer-encoding: gzip", "transfer-encoding: chunked, gzip"] {
        let mut client = server.client();
        assert_eq!(client.send(format!("POST / HTTP/1.1\r\nhost: t\r\n{head}\r\n\r\n")).answer().status(), 400);
    }
}

#[test]
fn compressed_bodies_are_refused_by_name() {
    let server = Serving::start(&[]);
    let head = "POST / HTTP/1.1\r\nhost: t\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\n{";
    let answer = server.client().send(head).answer();
    assert_eq!(answer.status(), 415);
    assert!(error(&answer.text()).contains("gzip"));
}

#[test]
fn a_method_in_the_query_may_be_encoded() {
    let server = Serving::start(&[]);
    let answer = server.client().request("POST", "/predict?method=predict%5Fproba", "[[5.1, 3.5, 1.4, 0.2]]");
    assert!(answer.status() == 200 && answer.text().starts_with("{\"predict_proba\": [["), "{}", answer.text());
}

#[test]
fn requests_sent_ahead_are_answered_in_turn() {
    let server = Serving::start(&[]);
    let mut client = server.client();
    let one = format!("POST / HTTP/1.1\r\nhost: t\r\ncontent-length: {}\r\n\r\n{REQUEST}", REQUEST.len());
    client.send(one.repeat(5));
    for _ in 0..5 {
        assert_answered(&client.answer().text());
    }
    client.send(&one[..30]);
    assert_answered(&client.send(&one[30..]).answer().text());
}

#[test]
fn slow_heads_bodies_and_idlers_are_dropped_while_others_are_served() {
    let bounds = ["--header-timeout", "1", "--body-timeout", "1", "--keep-alive", "1"];
    let server = Serving::start(&bounds);
    let mut heads: Vec<Client> = (0..20).map(|_| server.client()).collect();
    for client in &mut heads {
        client.send("POST / HTTP/1.1\r\nhost: t\r\n");
    }
    let mut silent = server.client();
    let mut idle = server.client();
    assert_eq!(idle.request("GET", "/ping", "").status(), 200);
    let mut bodies: Vec<Client> = (0..20).map(|_| server.client()).collect();
    for client in &mut bodies {
        client.send("POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 100\r\n\r\n{");
    }
    assert_answered(&server.client().request("POST", "/", REQUEST).text());
    for client in &mut bodies {
        let answer = client.answer();
        assert_eq!(answer.status(), 408);
        assert!(error(&answer.text()).contains("paused"));
    }
    heads.iter_mut().for_each(Client::assert_closed);
    silent.assert_closed();
    idle.assert_closed();
}

#[test]
fn a_head_that_drips_is_dropped_too() {
    let server = Serving::start(&["--header-timeout", "1"]);
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nx: ");
    let mut dripping = client.stream.try_clone().unwrap();
    let drip = thread::spawn(move || {
        use std::io::Write;
        while dripping.write_all(b"a").is_ok() {
            thread::sleep(std::time::Duration::from_millis(100));
        }
    });
    client.assert_closed();
    drop(client);
    drip.join().unwrap();
}

#[test]
fn endless_heads_are_refused() {
    let server = Serving::start(&[]);
    let mut client = server.client();
    let line = format!("x-filler: {}\r\n", "a".repeat(1000));
    client.send("GET /ping HTTP/1.1\r\n");
    for _ in 0..70 {
        use std::io::Write;
        if client.stream.write_all(line.as_bytes()).is_err() {
            break;
        }
    }
    assert_eq!(client.answer().status(), 431);
    assert_answered(&server.client().request("POST", "/", REQUEST).text());
}

#[test]
fn many_are_served_at_once() {
    let server = Serving::start(&["--connections", "8"]);
    let address = server.address;
    let clients: Vec<_> = (0..24)
        .map(|_| {
            thread::spawn(move || {
                let mut client = Client::connect(address);
                for _ in 0..20 {
                    assert_answered(&client.request("POST", "/predict", REQUEST).text());
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
}

#[test]
#[cfg(unix)]
fn a_stop_finishes_what_was_accepted() {
    for signal in ["TERM", "INT"] {
        let mut server = Serving::start(&[]);
        let mut idle = server.client();
        assert_eq!(idle.request("GET", "/ping", "").status(), 200);
        let mut busy = server.client();
        let length = REQUEST.len();
        busy.send(format!("POST / HTTP/1.1\r\nhost: t\r\ncontent-length: {length}\r\nexpect: 100-continue\r\n\r\n"));
        // The request is accepted once its body is asked for.
        assert_eq!(busy.answer().status(), 100);
        server.signal(signal);
        // The idle connection closes, so the signal has arrived.
        idle.assert_closed();
        let answer = busy.send(REQUEST).answer();
        assert_answered(&answer.text());
        busy.assert_closed();
        assert!(server.process.wait().unwrap().success());
    }
}

#[test]
fn what_cannot_be_served_is_said() {
    let run = |arguments: &[&str]| {
        let run = Command::new(env!("CARGO_BIN_EXE_sklambda"))
            .arg("serve")
            .args(arguments)
            .env_remove("SKLEARN_MODEL_PATH")
            .output()
            .unwrap();
        (run.status.code(), String::from_utf8(run.stderr).unwrap())
    };
    // Somebody may be serving a model at the usual port.
    let (status, text) = run(&["--model", "/nowhere/model.joblib", "--port", "0"]);
    assert_eq!(status, Some(3));
    assert_eq!(text.trim(), "Failed to load model: [Errno 2] No such file or directory: '/nowhere/model.joblib'");
    assert_eq!(run(&["--model", "/nowhere/model", "--port", "0"]).0, Some(3));
    assert_eq!(run(&[]).0, Some(2));
    assert_eq!(run(&["--model", "m", "--port", "65536"]).0, Some(2));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (status, text) = run(&["--model", iris().to_str().unwrap(), "--port", &port]);
    assert_eq!(status, Some(1));
    assert!(text.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{text}");
}

#[test]
fn it_listens_before_the_model_is_there() {
    // A bucket that never answers: the model is being loaded as long as the test lasts.
    let bucket = Server::start(|_| Reply::Silence);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let process = Command::new(env!("CARGO_BIN_EXE_sklambda"))
        .args(["serve", "--model", "s3://bucket/model.joblib", "--port", &port.to_string()])
        .envs([("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "key"), ("AWS_ENDPOINT_URL", &bucket.url())])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let server = Serving { process, address, announced: String::new() };
    let begun = std::time::Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        assert!(begun.elapsed() < crate::peer::PATIENCE, "the server does not listen");
        thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut client = server.client();
    for path in ["/ping", "/health", "/v2/health/ready", "/v2/models/model/ready"] {
        let answer = client.request("GET", path, "");
        assert_eq!((answer.status(), answer.header("retry-after")), (503, Some("1")), "{path}");
        assert_eq!(error(&answer.text()), "the model is being loaded; try again soon");
    }
    assert_eq!(client.request("GET", "/v2/health/live", "").text(), "{\"live\": true}");
    assert!(client.request("GET", "/metrics", "").text().contains("sklambda_requests_total{status=\"503\"} 4"));
    // A body that is not read ends its connection.
    assert_eq!(client.request("POST", "/predict", REQUEST).status(), 503);
    client.assert_closed();
}

#[test]
fn every_request_is_counted_and_has_its_line() {
    let mut server = Serving::start(&[]);
    let mut client = server.client();
    let good = client.request("POST", "/predict", r#"{"input": [[5.1, 3.5, 1.4, 0.2], [6.0, 3.0, 5.0, 2.0]]}"#);
    let bad = client.request("POST", "/predict", r#"{"input": "a secret"}"#);
    let ids = [&good, &bad].map(|answer| answer.header("x-request-id").unwrap().to_owned());
    assert_ne!(ids[0], ids[1]);
    let metrics = client.request("GET", "/metrics", "");
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = metrics.text();
    for line in [
        "sklambda_requests_total{status=\"200\"} 1",
        "sklambda_requests_total{status=\"500\"} 1",
        "sklambda_rows_total 2",
        "sklambda_request_duration_seconds_count 2",
        "sklambda_requests_in_progress 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}: {text}");
    }
    drop(client);
    let stderr = server.process.stderr.take().unwrap();
    let mut lines = BufReader::new(stderr).lines();
    for (id, status, rows) in [(&ids[0], 200, 2), (&ids[1], 500, 0)] {
        let line = lines.next().unwrap().unwrap();
        assert!(!line.contains("secret") && !line.contains("5.1"), "{line}");
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((line["id"].as_str(), line["status"].as_u64()), (Some(id.as_str()), Some(status)));
        assert_eq!(line["rows"].as_u64(), Some(rows));
        assert!(line["ms"].is_f64(), "{line}");
    }
}

#[test]
fn pages_of_allowed_origins_may_ask() {
    let iris = iris();
    let ours = ("CORS_ORIGINS", "https://a.example, https://b.example");
    let server = Serving::start_in(iris.to_str().unwrap(), &[], &[ours]);
    let mut client = server.client();
    let asked = [("origin", "https://b.example"), ("access-control-request-method", "POST")];
    let before = client.request_with("OPTIONS", "/predict", &asked, "");
    assert_eq!((before.status(), before.header("access-control-allow-origin")), (204, Some("https://b.example")));
    assert!(before.header("access-control-allow-headers").unwrap().contains("content-type"));
    let answer = client.request_with("POST", "/predict", &asked[..1], REQUEST);
    assert_eq!(
        (answer.header("access-control-allow-origin"), answer.header("vary")),
        (Some("https://b.example"), Some("origin"))
    );
    assert_answered(&answer.text());
    let metrics = client.request_with("GET", "/metrics", &asked[..1], "");
    assert_eq!(metrics.header("access-control-allow-origin"), Some("https://b.example"));
    let other = client.request_with("POST", "/predict", &[("origin", "https://c.example")], REQUEST);
    assert_eq!((other.status(), other.header("access-control-allow-origin")), (200, None));
    assert_eq!(client.request_with("OPTIONS", "/predict", &[("origin", "https://c.example")], "").status(), 405);
    // Unless asked for, nobody may.
    let closed = Serving::start(&[]).client().request_with("OPTIONS", "/predict", &asked, "");
    assert_eq!((closed.status(), closed.header("access-control-allow-origin")), (405, None));
}

#[test]
fn the_description_of_the_api_is_openapi_and_true() {
    let server = Serving::start(&[]);
    let mut client = server.client();
    let text = client.request("GET", "/openapi.json", "").text();
    let api: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(api["openapi"], "3.0.3");
    let paths = api["paths"].as_object().unwrap();
    assert!(paths.len() > 10, "{text}");
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let example = &operation["requestBody"]["content"]["application/json"]["example"];
            let body = if method == "post" { example.to_string() } else { String::new() };
            let json = [("content-type", "application/json")];
            let answer = client.request_with(&method.to_uppercase(), path, &json, &body);
            assert_eq!(answer.status(), 200, "{method} {path} {body}: {}", answer.text());
        }
    }
}

#[test]
fn the_toolkits_rules_alone_leave_its_request_and_health() {
    let server = Serving::start_in(iris().to_str().unwrap(), &[], &[("STRICT_SEED", "1")]);
    let mut client = server.client();
    assert_answered(&client.request("POST", "/predict", REQUEST).text());
    assert_eq!(client.request("GET", "/ping", "").status(), 200);
    let answer = client.request("POST", "/predict", r#"{"instances": [[5.1, 3.5, 1.4, 0.2]]}"#);
    assert!(error(&answer.text()).starts_with("Failed to find an 'input' key"), "{}", answer.text());
    for path in ["/invocations", "/v1/models/model:predict", "/v2/models/model/infer"] {
        assert_eq!(client.request("POST", path, "{}").status(), 404, "{path}");
    }
}
