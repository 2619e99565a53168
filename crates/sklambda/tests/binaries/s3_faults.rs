//! S3 that fails on purpose while a large model comes in parts: the answer is right, or an error that says why.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};

use crate::{
    bucket::{piece, refusal},
    models::{assert_answered, error},
    peer::{Message, Reply, Server},
    s3::{KEYS, from, invoke, object, tag},
};

const MODEL: &str = "s3://my-bucket/model.joblib";

/// Bytes of a part.
const PART: usize = 8 << 20;

/// A model of several parts: what follows the end of a pickle is not read.
fn large() -> Vec<u8> {
    let mut object = object();
    object.resize(3 * PART + 1000, b'.');
    object
}

/// A server of a large object. Its answer to the whole breaks off after the first part, and its answers to the other parts
/// (by their number, and how often they were asked for before) may be others.
fn parts(other: impl Fn(usize, usize, &Message) -> Option<Reply> + Send + Sync + 'static) -> Server {
    let (object, counts) = (large(), [const { AtomicUsize::new(0) }; 5]);
    Server::start(move |request| {
        let first = request.header("range").map(|r| r["bytes=".len()..].split_once('-').unwrap().0.parse().unwrap());
        // The answer to the whole is counted last.
        let place = first.map_or(4, |first: usize| first / PART);
        let n = counts[place].fetch_add(1, Ordering::SeqCst);
        if place == 4 {
            let mut bytes =
                format!("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: {}\r\n\r\n", object.len()).into_bytes();
            bytes.extend_from_slice(&object[..PART]);
            return Reply::Raw(bytes);
        }
        other(place, n, request).unwrap_or_else(|| piece(request, &object, vec![tag()]))
    })
}

#[test]
fn a_large_model_comes_in_parts() {
    let server = parts(|_, _, _| None);
    assert_answered(&from(&server, MODEL));
    let requests = server.requests();
    let ranges: HashSet<&str> = requests.iter().filter_map(|r| r.header("range")).collect();
    assert_eq!((ranges.len(), requests.len()), (3, 4), "{ranges:?}");
    for request in &requests[1..] {
        assert_eq!(request.header("if-match"), Some("\"v1\""));
        assert!(request.header("authorization").is_some());
    }
}

#[test]
fn parts_that_fail_are_asked_for_again() {
    let server = parts(|place, n, request| match (place, n) {
        (1, 0) => Some(refusal(503, "SlowDown", "Please reduce your request rate.")),
        (2, 0) => Some(Reply::Answer(500, Vec::new(), Vec::new())),
        (3, 0) => Some(Reply::Raw(Vec::new())),
        // Half of what was asked for, and the connection ends.
        (1 | 3, 1) => match piece(request, &large(), vec![tag()]) {
            Reply::Answer(_, headers, body) => {
                let range = &headers[1].1;
                let head = format!("HTTP/1.1 206 Partial\r\nETag: \"v1\"\r\nContent-Range: {range}\r\n");
                let mut bytes = format!("{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
                bytes.extend_from_slice(&body[..body.len() / 2]);
                Some(Reply::Raw(bytes))
            }
            _ => None,
        },
        _ => None,
    });
    assert_answered(&from(&server, MODEL));
}

#[test]
fn a_part_that_always_fails_is_an_error() {
    let server = parts(|_, _, _| Some(refusal(500, "InternalError", "We encountered an internal error.")));
    let text = error(&from(&server, MODEL));
    assert!(text.contains("(InternalError)") && text.contains("tried 4 times"), "{text}");
    let server = parts(|_, _, _| Some(refusal(403, "AccessDenied", "Access Denied")));
    assert!(error(&from(&server, MODEL)).contains("s3:GetObject on arn:aws:s3:::my-bucket/model.joblib"));
}

#[test]
fn parts_of_two_versions_are_never_put_together() {
    let changed =
        || refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
    let server = parts(move |place, n, _| (place == 2 && n == 0).then(changed));
    assert_answered(&from(&server, MODEL));
    assert_eq!(server.requests().iter().filter(|r| r.header("range").is_none()).count(), 2);
    // A server that does not know If-Match sends the new object's bytes, under its tag or from another length.
    let tagged = |request: &Message| piece(request, &large(), vec![("ETag", "\"v2\"".into())]);
    assert_answered(&from(&parts(move |place, n, request| (place == 1 && n == 0).then(|| tagged(request))), MODEL));
    let longer = |request: &Message| piece(request, &vec![0; 4 * PART], vec![tag()]);
    assert_answered(&from(&parts(move |place, n, request| (place == 1 && n == 0).then(|| longer(request))), MODEL));
    let text = error(&from(&parts(move |_, _, _| Some(changed())), MODEL));
    assert!(text.contains("the object was changed while it was read; tried 4 times"), "{text}");
}

#[test]
fn a_server_without_ranges_gives_the_model_all_the_same() {
    let whole = large();
    let server = parts(move |place, _, _| (place == 1).then(|| Reply::Answer(200, vec![tag()], whole.clone())));
    assert_answered(&from(&server, MODEL));
}

#[test]
fn silent_and_slow_servers_are_given_up() {
    let head = b"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 100000\r\n\r\n";
    let silent = Server::start(|_| Reply::Silence);
    let slow = Server::start(move |_| Reply::Trickle(head.to_vec()));
    for (server, part) in [(silent, "timeout"), (slow, "bytes in 8 s")] {
        let text = error(&from(&server, MODEL));
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn the_server_says_when_to_come_back() {
    let busy = |seconds: u64| {
        Reply::Answer(503, vec![("Retry-After", seconds.to_string())], b"<Code>SlowDown</Code>".to_vec())
    };
    let count = AtomicUsize::new(0);
    let server = Server::start(move |request| match count.fetch_add(1, Ordering::SeqCst) {
        0 => busy(1),
        _ => piece(request, &object(), vec![tag()]),
    });
    let start = Instant::now();
    assert_answered(&from(&server, MODEL));
    assert!(start.elapsed() >= Duration::from_secs(1));
    let server = Server::start(move |_| busy(3600));
    let text = error(&from(&server, MODEL));
    assert!(text.contains("(SlowDown)") && text.contains("asked to wait 3600 s"), "{text}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_etag_is_compared_where_it_is_the_md5() {
    let with = |tag: &'static str, kept: &'static str| {
        let headers = vec![("ETag", tag.to_owned()), ("x-amz-server-side-encryption", kept.to_owned())];
        Server::start(move |request| piece(request, &object(), headers.clone()))
    };
    let wrong = "\"25f9e794323b453885f5181f1b624d0b\"";
    let text = error(&from(&with(wrong, "AES256"), MODEL));
    assert!(text.contains("do not have the object's checksum; tried 4 times"), "{text}");
    assert_answered(&from(&with(wrong, "aws:kms"), MODEL));
}

#[test]
fn an_object_of_unknown_length_is_refused() {
    let server = Server::start(|_| Reply::Raw(b"HTTP/1.1 200 OK\r\n\r\nN.".to_vec()));
    let text = error(&from(&server, MODEL));
    assert!(text.contains("no Content-Length"), "{text}");
}

#[test]
fn credentials_that_expire_are_fetched_again() {
    let fetched = Arc::new(AtomicUsize::new(0));
    let server = Server::start(move |request| match request.target().1 {
        "/container" => {
            let n = fetched.fetch_add(1, Ordering::SeqCst);
            Reply::ok(format!(r#"{{"AccessKeyId": "ID{n}", "SecretAccessKey": "s", "Token": "t{n}"}}"#))
        }
        _ if request.header("x-amz-security-token") == Some("t0") => {
            refusal(400, "ExpiredToken", "The provided token has expired.")
        }
        _ => piece(request, &object(), vec![tag()]),
    });
    let url = server.url();
    let container = format!("{url}/container");
    let variables = [("AWS_ENDPOINT_URL", url.as_str()), ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container)];
    assert_answered(&invoke(MODEL, &variables));
}

#[test]
fn a_wrong_clock_is_set_right_once() {
    let skewed = "<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large</Message>\
                  <ServerTime>2031-05-24T10:00:00Z</ServerTime></Error>";
    let server = Server::start(move |request| {
        if request.header("x-amz-date").unwrap().starts_with("20310524T10") {
            piece(request, &object(), vec![tag()])
        } else {
            Reply::Answer(403, Vec::new(), skewed.into())
        }
    });
    assert_answered(&from(&server, MODEL));
    let server = Server::start(move |_| Reply::Answer(403, Vec::new(), skewed.into()));
    let text = error(&from(&server, MODEL));
    assert!(text.contains("set this machine's clock"), "{text}");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn only_the_pinned_object_is_decoded() {
    let server = Server::start(|request| piece(request, &object(), vec![tag()]));
    let url = server.url();
    let right: String = Sha256::digest(object()).iter().map(|b| format!("{b:02x}")).collect();
    let with = |pin: &str| {
        let mut variables = vec![("AWS_ENDPOINT_URL", url.as_str()), ("SKLEARN_MODEL_SHA256", pin)];
        variables.extend(KEYS);
        invoke(MODEL, &variables)
    };
    assert_answered(&with(&right));
    let text = error(&with(&right.replace(['1', '2'], "0")));
    assert!(text.contains(&format!("has the SHA-256 {right}, not ")), "{text}");
}
