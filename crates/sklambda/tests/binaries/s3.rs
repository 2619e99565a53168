//! Models from S3: from a server that checks signatures, and from one that fails on purpose.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};

use crate::{
    bucket::{self, Account, refusal},
    lambda::Function,
    models::{REQUEST, assert_answered, error, iris},
    peer::{Message, Reply, Server},
};

const ID: &str = "AKIDEXAMPLE";
pub(crate) const KEYS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", ID), ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+EXAMPLE")];

/// The body that `invoke` answers with, for a model at an address.
pub(crate) fn invoke(model: &str, variables: &[(&str, &str)]) -> String {
    let mut process = Command::new(env!("CARGO_BIN_EXE_sklambda"))
        .args(["invoke", "--model", model])
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(json!({ "body": REQUEST }).to_string().as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    answer["body"].as_str().unwrap().to_owned()
}

/// As [`invoke`], from a server, with keys in the environment.
pub(crate) fn from(server: &Server, model: &str) -> String {
    let url = server.url();
    let mut variables = vec![("AWS_ENDPOINT_URL", url.as_str())];
    variables.extend(KEYS);
    invoke(model, &variables)
}

pub(crate) fn object() -> Vec<u8> {
    fs::read(iris()).unwrap()
}

pub(crate) fn tag() -> (&'static str, String) {
    ("ETag", "\"v1\"".into())
}

/// The first bytes of an object that claims all of them, and then nothing.
fn broken(length: usize) -> Reply {
    let object = object();
    let mut bytes = format!("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: {}\r\n\r\n", object.len()).into_bytes();
    bytes.extend_from_slice(&object[..length]);
    Reply::Raw(bytes)
}

/// A server whose first answers are scripted; every further one is the whole object.
fn scripted(first: impl Fn(usize, &Message) -> Option<Reply> + Send + Sync + 'static) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |request| {
        let n = count.fetch_add(1, Ordering::SeqCst);
        first(n, request).unwrap_or_else(|| Reply::Answer(200, vec![tag()], object()))
    })
}

#[test]
fn a_server_that_checks_signatures_gives_the_model() {
    let (object, other) = (object(), b"no model".to_vec());
    for token in [None, Some("to+k/en==")] {
        let account = Account { id: ID, secret: KEYS[1].1, token, region: "eu-central-1" };
        let objects = [
            ("my-bucket", "model.joblib", "", object.clone()),
            ("my-bucket", "a b/c+d=é~!*'().pkl", "", object.clone()),
            ("my-bucket", "x//y?b=c&d", "", object.clone()),
            ("my-bucket", "v.pkl", "", other.clone()),
            ("my-bucket", "v.pkl", "abc.DEF_12~/+", object.clone()),
        ];
        let server = bucket::serve(account, &objects);
        let url = server.url();
        let mut variables = vec![("AWS_ENDPOINT_URL_S3", url.as_str()), ("AWS_DEFAULT_REGION", "eu-central-1")];
        variables.extend(KEYS);
        variables.extend(token.map(|token| ("AWS_SESSION_TOKEN", token)));
        for key in ["model.joblib", "/a b/c+d=é~!*'().pkl", "x//y?b=c&d", "v.pkl?versionId=abc.DEF_12~/+"] {
            assert_answered(&invoke(&format!("s3://my-bucket/{key}"), &variables));
        }
        let function = Function::start_at("", Some("s3://my-bucket/model.joblib"), &variables);
        assert_answered(&function.ask(REQUEST).1);
        for (model, part) in [
            ("s3://my-bucket/missing", "(NoSuchKey) when calling the GetObject operation: The specified key does not"),
            ("s3://nowhere/model.joblib", "(NoSuchBucket) when calling the GetObject operation: The specified bucket"),
        ] {
            let text = error(&invoke(model, &variables));
            assert!(text.contains(part), "{text}");
        }
        variables.push(("AWS_SECRET_ACCESS_KEY", "another"));
        let text = error(&invoke("s3://my-bucket/model.joblib", &variables));
        assert!(text.contains("(SignatureDoesNotMatch)"), "{text}");
    }
}

#[test]
fn requests_are_signed_and_ask_for_the_checksum() {
    let server = scripted(|_, _| None);
    assert_answered(&from(&server, "s3://my-bucket/a b/model.joblib"));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!(request.target(), ("GET", "/my-bucket/a%20b/model.joblib"));
    let authorization = request.header("authorization").unwrap();
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{authorization}");
    assert!(authorization.contains("/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-checksum-mode;"));
    assert_eq!(request.header("x-amz-checksum-mode"), Some("ENABLED"));
    assert_eq!(request.header("host"), Some(server.address.to_string().as_str()));
    assert_eq!(request.header("x-amz-security-token"), None);
}

#[test]
fn the_query_is_part_of_the_key_unless_it_names_a_version() {
    let server = scripted(|_, _| None);
    assert_answered(&from(&server, "s3://my-bucket/model.pkl?v=1"));
    assert_answered(&from(&server, "s3://my-bucket/model.pkl?versionId=a/b"));
    let requests = server.requests();
    assert_eq!(requests[0].target().1, "/my-bucket/model.pkl%3Fv%3D1");
    assert_eq!(requests[1].target().1, "/my-bucket/model.pkl?versionId=a%2Fb");
}

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let server = scripted(|n, request| match n {
        0 => Some(broken(300)),
        1 => {
            assert_eq!((request.header("range"), request.header("if-match")), (Some("bytes=300-990"), Some("\"v1\"")));
            Some(bucket::piece(request, &object(), vec![tag()]))
        }
        _ => panic!("asked again"),
    });
    assert_answered(&from(&server, "s3://my-bucket/model.joblib"));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn an_object_that_changes_meanwhile_is_read_anew() {
    let server = scripted(|n, _| match n {
        0 => Some(broken(300)),
        1 => Some(refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")),
        _ => None,
    });
    assert_answered(&from(&server, "s3://my-bucket/model.joblib"));
    let requests = server.requests();
    assert_eq!((requests.len(), requests[2].header("range")), (3, None));
    // A server that does not know ranges sends the whole, which is taken.
    let server = scripted(|n, _| (n == 0).then(|| broken(300)));
    assert_answered(&from(&server, "s3://my-bucket/model.joblib"));
    // One that sends another range than it was asked for is not believed.
    let server = scripted(|n, _| match n {
        0 => Some(broken(300)),
        1 => Some(Reply::Answer(206, vec![tag(), ("Content-Range", "bytes 0-9/10".into())], object()[..10].to_vec())),
        _ => None,
    });
    assert_answered(&from(&server, "s3://my-bucket/model.joblib"));
}

#[test]
fn passing_failures_are_tried_again_but_not_for_ever() {
    let server = scripted(|n, _| match n {
        0 => Some(refusal(503, "SlowDown", "Please reduce your request rate.")),
        1 => Some(Reply::Answer(500, Vec::new(), Vec::new())),
        2 => Some(Reply::Raw(Vec::new())),
        _ => None,
    });
    assert_answered(&from(&server, "s3://my-bucket/model.joblib"));
    let server = scripted(|_, _| Some(refusal(503, "SlowDown", "Please reduce your request rate.")));
    let text = error(&from(&server, "s3://my-bucket/model.joblib"));
    assert!(text.contains("(SlowDown) when calling the GetObject operation: Please reduce"), "{text}");
    assert!(text.contains("tried 4 times"), "{text}");
    assert_eq!(server.requests().len(), 4);
    // An object that always stops at the same byte is given up as well.
    let server = scripted(|_, request| {
        let whole = request.header("range").is_none();
        Some(if whole { broken(300) } else { Reply::Raw(Vec::new()) })
    });
    assert!(error(&from(&server, "s3://my-bucket/model.joblib")).starts_with("Failed to load model: "));
}

#[test]
fn checksums_are_compared() {
    let with = |name: &'static str, value: &'static str| {
        let headers = vec![tag(), (name, value.to_owned())];
        scripted(move |_, _| Some(Reply::Answer(200, headers.clone(), object())))
    };
    let server = with("x-amz-checksum-crc32", "AAAAAA==");
    let text = error(&from(&server, "s3://my-bucket/model.joblib"));
    assert!(text.contains("do not have the object's checksum"), "{text}");
    // A checksum over the checksums of parts says nothing here.
    assert_answered(&from(&with("x-amz-checksum-crc32", "AAAAAA==-3"), "s3://my-bucket/model.joblib"));
}

#[test]
fn refusals_say_what_to_do() {
    for (status, code, message, parts) in [
        (404, "NoSuchKey", "The specified key does not exist.", ["(NoSuchKey)", "s3://my-bucket/model.joblib"]),
        (404, "NoSuchBucket", "The specified bucket does not exist", ["(NoSuchBucket)", "region us-east-1"]),
        (
            403,
            "AccessDenied",
            "Access Denied",
            ["s3:GetObject on arn:aws:s3:::my-bucket/model.joblib", "s3:ListBucket"],
        ),
        (403, "RequestTimeTooSkewed", "The difference is too large", ["(RequestTimeTooSkewed)", "clock"]),
        (400, "ExpiredToken", "The provided token has expired.", ["(ExpiredToken)", "new credentials"]),
        (403, "SignatureDoesNotMatch", "They differ\u{1b}[31m", ["AWS_SECRET_ACCESS_KEY", "differ\\u{1b}"]),
    ] {
        let server = scripted(move |_, _| Some(refusal(status, code, message)));
        let text = error(&from(&server, "s3://my-bucket/model.joblib"));
        assert!(text.starts_with("Failed to load model: An error occurred ("), "{text}");
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
        assert_eq!(server.requests().len(), 1, "{code} was tried again");
    }
    let server = scripted(|_, _| None);
    for (model, part) in [
        ("s3://my-bucket", "the key is empty"),
        ("s3:///key", "Invalid bucket name"),
        ("s3://a@b/c", "Invalid bucket name"),
    ] {
        let text = error(&from(&server, model));
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn an_object_of_impossible_length_is_refused_before_it_is_read() {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", u64::MAX / 2);
    let server = scripted(move |_, _| Some(Reply::Raw(head.clone().into_bytes())));
    let text = error(&from(&server, "s3://my-bucket/model.joblib"));
    assert!(text.contains("more than the limit"), "{text}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_region_that_s3_names_is_followed_once() {
    let server = scripted(|n, _| {
        let headers = vec![("x-amz-bucket-region", "eu-north-1".to_owned())];
        (n == 0).then(|| Reply::Answer(301, headers, Vec::new()))
    });
    assert_answered(&from(&server, "s3://my-bucket/model.joblib"));
    assert!(server.requests()[1].header("authorization").unwrap().contains("/eu-north-1/s3/"));
}

#[test]
fn credentials_are_found_where_aws_clients_find_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).display().to_string()
    };
    let server = Server::start(|request| match request.target().1 {
        "/container" if request.header("authorization") == Some("secret") => {
            Reply::ok(r#"{"AccessKeyId": "IDCONTAINER", "SecretAccessKey": "s", "Token": "t"}"#)
        }
        "/latest/api/token" => Reply::ok("session"),
        path if path.starts_with("/latest/meta-data")
            && request.header("x-aws-ec2-metadata-token") != Some("session") =>
        {
            Reply::Answer(401, Vec::new(), Vec::new())
        }
        "/latest/meta-data/iam/security-credentials/" => Reply::ok("role"),
        "/latest/meta-data/iam/security-credentials/role" => {
            Reply::ok(r#"{"Code": "Success", "AccessKeyId": "IDINSTANCE", "SecretAccessKey": "s", "Token": "t"}"#)
        }
        path if path.starts_with("/?Action=AssumeRoleWithWebIdentity")
            && path.ends_with("WebIdentityToken=tok%2Fen") =>
        {
            Reply::ok(
                "<R><Credentials><AccessKeyId>IDWEB</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
                 <SessionToken>t</SessionToken></Credentials></R>",
            )
        }
        path if path.starts_with("/my-bucket") => Reply::Answer(200, vec![tag()], object()),
        _ => Reply::Answer(404, Vec::new(), Vec::new()),
    });
    let url = server.url();
    let credentials = file("credentials", "[work]\naws_access_key_id = IDPROFILE\naws_secret_access_key = s\n");
    let config = file("config", "[profile work]\nregion = sa-east-1\n[profile login]\nsso_session = x\n");
    let (token, web) = (file("token", "secret\n"), file("web", "tok/en\n"));
    let container = format!("{url}/container");
    let signed_by = |variables: &[(&str, &str)]| {
        let mut all = vec![("AWS_ENDPOINT_URL", url.as_str())];
        all.extend(variables);
        let body = invoke("s3://my-bucket/model.joblib", &all);
        if body.contains("\"error\"") {
            return error(&body);
        }
        assert_answered(&body);
        let request = server.requests().pop().unwrap();
        let scope = request.header("authorization").unwrap().split([' ', ',']).nth(1).unwrap().to_owned();
        let parts: Vec<&str> = scope.trim_start_matches("Credential=").split('/').collect();
        format!("{} {} {}", parts[0], parts[2], request.header("x-amz-security-token").unwrap_or("-"))
    };
    let files = [("AWS_SHARED_CREDENTIALS_FILE", credentials.as_str()), ("AWS_CONFIG_FILE", config.as_str())];
    let profile = |name: &'static str| [files[0], files[1], ("AWS_PROFILE", name)];
    assert_eq!(signed_by(&profile("work")), "IDPROFILE sa-east-1 -");
    let mut both = profile("work").to_vec();
    both.extend(KEYS);
    both.extend([("AWS_SESSION_TOKEN", "session"), ("AWS_REGION", "eu-west-3")]);
    assert_eq!(signed_by(&both), "AKIDEXAMPLE eu-west-3 session");
    assert!(signed_by(&profile("none")).contains("The config profile (none) could not be found"));
    assert!(signed_by(&profile("login")).contains("takes its credentials from sso_session"));
    let full = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token.as_str()),
    ];
    assert_eq!(signed_by(&full), "IDCONTAINER us-east-1 t");
    let pod = [("AWS_WEB_IDENTITY_TOKEN_FILE", web.as_str()), ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r")];
    assert_eq!(signed_by(&pod), "IDWEB us-east-1 t");
    let instance = [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.as_str())];
    assert_eq!(signed_by(&instance), "IDINSTANCE us-east-1 t");
    assert!(signed_by(&[]).contains("Unable to locate credentials"));
    assert!(signed_by(&KEYS[..1]).contains("missing: AWS_SECRET_ACCESS_KEY"));
}

#[test]
fn a_function_loads_its_model_before_the_first_event() {
    let server = scripted(|_, _| None);
    let url = server.url();
    let mut variables = vec![("AWS_ENDPOINT_URL", url.as_str()), ("AWS_SESSION_TOKEN", "session")];
    variables.extend(KEYS);
    let function = Function::start_at("", Some("s3://my-bucket/model.joblib"), &variables);
    function.wait_until_ready();
    assert_eq!(server.requests().len(), 1);
    for _ in 0..3 {
        assert_answered(&function.ask(REQUEST).1);
    }
    assert_eq!(server.requests().len(), 1);
    assert_eq!(server.requests()[0].header("x-amz-security-token"), Some("session"));
}

#[test]
fn a_function_whose_bucket_comes_later_recovers() {
    let server = scripted(|n, _| (n < 2).then(|| refusal(404, "NoSuchKey", "The specified key does not exist.")));
    let url = server.url();
    let mut variables = vec![("AWS_ENDPOINT_URL", url.as_str())];
    variables.extend(KEYS);
    let function = Function::start_at("", Some("s3://my-bucket/model.joblib"), &variables);
    let (status, body) = function.ask(REQUEST);
    assert_eq!(status, 500);
    assert!(error(&body).contains("NoSuchKey"), "{body}");
    assert_answered(&function.ask(REQUEST).1);
}
