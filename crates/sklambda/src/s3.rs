//! Reads a model from S3: `GetObject`, signed, resumed where it broke off, and checked for length and checksum.
//!
//! The `ETag` only tells whether an object is still the same. It is the MD5 of some objects, but which ones depends on
//! the server and on how it encrypts, and a wrong guess would refuse a good model.

mod checksum;
mod credentials;
mod profile;
mod sign;

use std::{
    hash::{BuildHasher, RandomState},
    io::{self, Read},
    thread,
    time::{Duration, Instant, SystemTime},
};

use ureq::{
    Agent, Body,
    http::{HeaderMap, Response, Uri},
    tls::{Certificate, PemItem, RootCerts, TlsConfig},
};

use skpickle::printable;

use checksum::Checksum;
use profile::Profile;
use sign::{Credentials, EMPTY_SHA256, Signed};

/// Looks up an environment variable; unset and empty are the same.
pub(crate) type Env<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The variables of this process.
pub(crate) fn process_env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

/// Tries that end without a new byte before the error is given to the caller.
const TRIES: u32 = 4;
/// A peer that sends nothing for so long has gone.
const STALLED: Duration = Duration::from_secs(4);
/// How long tries may go on without a new byte. Lambda gives a function ten seconds to start, and an answer that says
/// why there is no model is better than a start that is cut off.
const FRUITLESS: Duration = Duration::from_secs(8);
/// S3's own error documents are far smaller.
const LARGEST_ERROR: u64 = 64 << 10;

/// An object in S3.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    bucket: String,
    pub(crate) key: String,
    version: Option<String>,
}

impl Address {
    /// Reads `s3://bucket/key`; none for any other text.
    ///
    /// Whatever follows the bucket is the key, a `?` included; only `?versionId=…` and nothing besides names a version.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("s3://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (bucket, rest) = rest.split_at(end);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut key = path.trim_start_matches('/').to_owned();
        let mut version = None;
        match query.strip_prefix("versionId=") {
            Some(id) if !id.is_empty() && !id.contains('&') => version = Some(id.to_owned()),
            _ if query.is_empty() => {}
            _ => key = format!("{key}?{query}"),
        }
        Some(Address { bucket: bucket.to_owned(), key, version })
    }

    fn shown(&self) -> String {
        let version = self.version.as_ref().map(|v| format!(" (version {v})")).unwrap_or_default();
        printable(&format!("s3://{}/{}{version}", self.bucket, self.key))
    }

    fn check(&self) -> Result<(), String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if !(3..=255).contains(&self.bucket.len()) || !self.bucket.chars().all(allowed) {
            return Err(format!(
                "Invalid bucket name \"{}\": expected s3://bucket/key, the bucket of 3 to 255 letters, digits, dots, \
                 hyphens and underscores",
                printable(&self.bucket)
            ));
        }
        if self.key.is_empty() {
            return Err(format!("{}: the key is empty; expected s3://bucket/key", self.shown()));
        }
        Ok(())
    }
}

/// Reads an object whole. Refuses one of more than `limit` bytes.
pub(crate) fn get(address: &Address, env: &Env<'_>, limit: u64) -> Result<Vec<u8>, String> {
    address.check()?;
    let profile = Profile::load(env)?;
    let region = env("AWS_REGION").or_else(|| env("AWS_DEFAULT_REGION"));
    let region = region.or_else(|| profile.get("region").map(str::to_owned)).unwrap_or_else(|| "us-east-1".to_owned());
    let mut get = Get {
        address,
        endpoint: Endpoint::find(env, &profile)?,
        credentials: credentials::find(env, &profile, &region)?,
        agent: agent(env, STALLED)?,
        region,
        limit,
        data: Vec::new(),
        etag: None,
        total: None,
        checksum: None,
    };
    let (mut failures, mut since) = (0, Instant::now());
    let mut moved = false;
    loop {
        let had = get.data.len();
        let failure = match get.attempt() {
            Ok(()) => return Ok(get.data),
            Err(failure) => failure,
        };
        match failure {
            Failure::Final(text) => return Err(format!("{text} ({}, region {})", address.shown(), get.region)),
            Failure::Region(region) if !moved => {
                moved = true;
                get.region = region;
            }
            Failure::Region(region) => {
                return Err(format!("{}: S3 names {} and another region in turn", address.shown(), printable(&region)));
            }
            Failure::Passing(text) => {
                // What came is kept and the next try goes on from there, so a try that brought something is no failure.
                if get.data.len() > had {
                    (failures, since) = (0, Instant::now());
                }
                failures += 1;
                if failures >= TRIES || since.elapsed() >= FRUITLESS {
                    let times = if failures == 1 { "once".to_owned() } else { format!("{failures} times") };
                    return Err(format!("{text} ({}, region {}; tried {times})", address.shown(), get.region));
                }
                thread::sleep(pause(failures));
            }
        }
    }
}

/// A random part of a pause that doubles, so that many clients do not come back together.
fn pause(failures: u32) -> Duration {
    let ceiling = 100u64 << failures.min(6);
    Duration::from_millis(RandomState::new().hash_one(failures) % ceiling)
}

enum Failure {
    /// Another try would end the same.
    Final(String),
    /// Another try may do better.
    Passing(String),
    /// The bucket is in this region.
    Region(String),
}

/// One object on its way.
struct Get<'a> {
    address: &'a Address,
    endpoint: Endpoint,
    credentials: Credentials,
    agent: Agent,
    region: String,
    limit: u64,
    data: Vec<u8>,
    etag: Option<String>,
    total: Option<u64>,
    checksum: Option<Checksum>,
}

impl Get<'_> {
    fn attempt(&mut self) -> Result<(), Failure> {
        // Without its tag nothing says that the object is still the same.
        if self.etag.is_none() {
            self.data.clear();
        }
        let answer = self.send().map_err(|e| match e {
            // What rustls says of a certificate.
            ureq::Error::Io(e) if e.kind() == io::ErrorKind::InvalidData => Failure::Final(format!(
                "SSL validation failed for \"{}\": {e}; if the server's certificate is not from a public authority, name \
                 its root in AWS_CA_BUNDLE",
                self.base()
            )),
            ureq::Error::Io(_)
            | ureq::Error::Timeout(_)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed => {
                Failure::Passing(format!("Could not connect to the endpoint URL \"{}\": {e}", self.base()))
            }
            ureq::Error::Protocol(_) => Failure::Passing(format!("\"{}\" does not speak HTTP: {e}", self.base())),
            e => Failure::Final(format!("Could not connect to the endpoint URL \"{}\": {e}", self.base())),
        })?;
        match answer.status().as_u16() {
            200 => self.begin(answer.headers())?,
            206 if !self.data.is_empty() => self.resume(answer.headers())?,
            412 | 416 if !self.data.is_empty() => {
                self.restart();
                return Err(Failure::Passing("the object was changed while it was read".into()));
            }
            status => return Err(self.refused(status, answer)),
        }
        self.read(answer)?;
        if self.checksum.as_ref().is_some_and(|c| !c.holds(&self.data)) {
            self.restart();
            return Err(Failure::Passing("the bytes that came do not have the object's checksum".into()));
        }
        Ok(())
    }

    fn restart(&mut self) {
        self.data.clear();
        (self.etag, self.total, self.checksum) = (None, None, None);
    }

    fn base(&self) -> String {
        let (base, _, path) = self.endpoint.locate(self.address, &self.region);
        format!("{base}{path}")
    }

    fn send(&self) -> Result<Response<Body>, ureq::Error> {
        let (base, authority, path) = self.endpoint.locate(self.address, &self.region);
        let query =
            self.address.version.as_ref().map(|v| format!("versionId={}", sign::encode(v, false))).unwrap_or_default();
        let timestamp = sign::timestamp(SystemTime::now());
        let mut headers = vec![
            ("host", authority.as_str()),
            ("x-amz-checksum-mode", "ENABLED"),
            ("x-amz-content-sha256", EMPTY_SHA256),
            ("x-amz-date", &timestamp),
        ];
        if let Some(token) = &self.credentials.session_token {
            headers.push(("x-amz-security-token", token));
        }
        let signed = Signed {
            method: "GET",
            path: &path,
            query: &query,
            headers: &headers,
            region: &self.region,
            service: "s3",
            timestamp: &timestamp,
        };
        let authorization = sign::authorization(&signed, &self.credentials);
        let mark = if query.is_empty() { "" } else { "?" };
        let mut request = self.agent.get(format!("{base}{path}{mark}{query}")).header("authorization", authorization);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let (Some(etag), false) = (&self.etag, self.data.is_empty()) {
            request = request.header("range", format!("bytes={}-", self.data.len())).header("if-match", etag);
        }
        request.call()
    }

    /// Takes note of a whole object that begins to come.
    fn begin(&mut self, headers: &HeaderMap) -> Result<(), Failure> {
        self.restart();
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
        self.etag = text("etag").map(str::to_owned);
        self.total = text("content-length").and_then(|v| v.parse().ok());
        self.checksum = Checksum::from_headers(text);
        match self.total {
            Some(total) if total > self.limit => Err(self.too_long(&format!("has {total} bytes"))),
            _ => Ok(()),
        }
    }

    /// Checks that what comes goes on where the last try stopped.
    fn resume(&mut self, headers: &HeaderMap) -> Result<(), Failure> {
        let range = headers.get("content-range").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let (span, total) = range.strip_prefix("bytes ").and_then(|r| r.split_once('/')).unwrap_or_default();
        let first = span.split_once('-').and_then(|(first, _)| first.parse::<usize>().ok());
        if first == Some(self.data.len()) && self.total.is_none_or(|t| total.parse() == Ok(t)) {
            return Ok(());
        }
        let text = format!("asked for the bytes from {} on, got \"{}\"", self.data.len(), printable(range));
        self.restart();
        Err(Failure::Passing(text))
    }

    fn too_long(&self, what: &str) -> Failure {
        Failure::Final(format!("the object {what}, more than the limit of {} for a model file", self.limit))
    }

    fn read(&mut self, mut answer: Response<Body>) -> Result<(), Failure> {
        let end = self.total.unwrap_or(self.limit);
        let mut body = answer.body_mut().with_config().limit(u64::MAX).reader();
        loop {
            let have = self.data.len() as u64;
            if have >= end {
                break;
            }
            // The buffer grows with what has come, and no further than the object is long.
            let step = (have.max(1 << 20)).min(end - have);
            let failed = |e: String| Failure::Passing(format!("the object broke off after {have} bytes: {e}"));
            let step_size = usize::try_from(step).map_err(|e| Failure::Final(e.to_string()))?;
            self.data.try_reserve_exact(step_size).map_err(|e| {
                Failure::Final(format!("no memory for an object of {} bytes: {e}", self.total.unwrap_or(have)))
            })?;
            match body.by_ref().take(step).read_to_end(&mut self.data) {
                Ok(0) if self.total.is_none() => return Ok(()),
                Ok(0) => return Err(failed(format!("expected {end}"))),
                Ok(_) => {}
                Err(e) => return Err(failed(e.to_string())),
            }
        }
        // The end of the body is still to come, and must come at once.
        match body.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) if self.total.is_none() => Err(self.too_long("has more bytes")),
            Ok(_) => Err(Failure::Final(format!("the object has more than the {end} bytes it announced"))),
            Err(e) => Err(Failure::Passing(format!("the object broke off at its end: {e}"))),
        }
    }

    /// Words an answer that is no object.
    fn refused(&self, status: u16, mut answer: Response<Body>) -> Failure {
        let named = answer.headers().get("x-amz-bucket-region").and_then(|v| v.to_str().ok()).map(str::to_owned);
        let text = answer.body_mut().with_config().limit(LARGEST_ERROR).read_to_vec().unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let named = named.or_else(|| between(&text, "<Region>", "</Region>").map(str::to_owned));
        let code = between(&text, "<Code>", "</Code>").unwrap_or_default();
        if let Some(region) = named
            && region != self.region
            && matches!(status, 301 | 307 | 400 | 403)
            && region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        {
            return Failure::Region(region);
        }
        let reason = answer.status().canonical_reason().unwrap_or("an answer without a reason");
        let message = between(&text, "<Message>", "</Message>").unwrap_or(reason);
        let shown = if code.is_empty() { status.to_string() } else { printable(code) };
        let words = format!("An error occurred ({shown}) when calling the GetObject operation: {}", printable(message));
        match (status, code) {
            (_, "SlowDown" | "RequestTimeout" | "InternalError" | "ServiceUnavailable")
            | (429 | 500 | 502 | 503 | 504, _) => Failure::Passing(words),
            (_, "AccessDenied") | (403, "") => Failure::Final(format!(
                "{words}; allow s3:GetObject on arn:aws:s3:::{}/{}; without s3:ListBucket a key that does not exist \
                 is refused with these same words",
                printable(&self.address.bucket),
                printable(&self.address.key)
            )),
            (_, "NoSuchKey") => Failure::Final(format!("{words}; keys are compared letter by letter")),
            (_, "RequestTimeTooSkewed") => Failure::Final(format!("{words}; set this machine's clock")),
            (_, "SignatureDoesNotMatch") => Failure::Final(format!("{words}; is AWS_SECRET_ACCESS_KEY complete?")),
            (_, "ExpiredToken") => Failure::Final(format!("{words}; fetch new credentials")),
            _ => Failure::Final(words),
        }
    }
}

/// Where requests go.
enum Endpoint {
    /// Amazon's own, with the variant's prefix: `s3`, `s3-fips`, `s3.dualstack`.
    Amazon(String),
    /// Another server, which knows buckets by path.
    Other { base: String, authority: String, path: String },
}

impl Endpoint {
    fn find(env: &Env<'_>, profile: &Profile) -> Result<Self, String> {
        let on = |name: &str| env(name).is_some_and(|v| v.eq_ignore_ascii_case("true"));
        let configured = env("AWS_ENDPOINT_URL_S3")
            .map(|url| ("AWS_ENDPOINT_URL_S3", url))
            .or_else(|| env("AWS_ENDPOINT_URL").map(|url| ("AWS_ENDPOINT_URL", url)))
            .or_else(|| profile.get("endpoint_url").map(|url| ("endpoint_url", url.to_owned())));
        let Some((name, url)) = configured.filter(|_| !on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) else {
            let fips = if on("AWS_USE_FIPS_ENDPOINT") { "-fips" } else { "" };
            let dual = if on("AWS_USE_DUALSTACK_ENDPOINT") { ".dualstack" } else { "" };
            return Ok(Endpoint::Amazon(format!("s3{fips}{dual}")));
        };
        let wrong = |why: &str| format!("Invalid endpoint: {} ({name}): {why}", printable(&url));
        let uri = url.parse::<Uri>().map_err(|e| wrong(&e.to_string()))?;
        let scheme = uri.scheme_str().filter(|s| matches!(*s, "http" | "https"));
        let (Some(scheme), Some(authority)) = (scheme, uri.authority()) else {
            return Err(wrong("expected http://host:port or https://host"));
        };
        if authority.as_str().contains('@') {
            return Err(wrong("a user name has no meaning here"));
        }
        // The Host header, which is signed, leaves out the port that the scheme implies.
        let implied = if scheme == "https" { ":443" } else { ":80" };
        let authority = authority.as_str().strip_suffix(implied).unwrap_or(authority.as_str()).to_owned();
        let path = uri.path().trim_end_matches('/').to_owned();
        Ok(Endpoint::Other { base: format!("{scheme}://{authority}"), authority, path })
    }

    /// Scheme and host, the `Host` header, and the path of an object.
    fn locate(&self, address: &Address, region: &str) -> (String, String, String) {
        let key = sign::encode(&address.key, true);
        match self {
            Endpoint::Other { base, authority, path } => {
                (base.clone(), authority.clone(), format!("{path}/{}/{key}", address.bucket))
            }
            Endpoint::Amazon(service) => {
                let host = format!("{service}.{region}.{}", domain(region));
                // Only such a name can stand in a host name that the certificate covers.
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                let (authority, path) = if address.bucket.len() <= 63 && address.bucket.chars().all(plain) {
                    (format!("{}.{host}", address.bucket), format!("/{key}"))
                } else {
                    (host, format!("/{}/{key}", address.bucket))
                };
                (format!("https://{authority}"), authority, path)
            }
        }
    }
}

/// The domain that a region's endpoints are in.
fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// An agent that tells a slow peer from a gone one, trusts `AWS_CA_BUNDLE` if there is one, and follows no redirect,
/// which the signature would not cover.
fn agent(env: &Env<'_>, stalled: Duration) -> Result<Agent, String> {
    let mut tls = TlsConfig::builder();
    if let Some(file) = env("AWS_CA_BUNDLE") {
        let wrong = |why: String| format!("AWS_CA_BUNDLE: {}: {why}", printable(&file));
        let text = std::fs::read(&file).map_err(|e| wrong(e.to_string()))?;
        let mut roots: Vec<Certificate<'static>> = Vec::new();
        for item in ureq::tls::parse_pem(&text) {
            if let PemItem::Certificate(certificate) = item.map_err(|e| wrong(e.to_string()))? {
                roots.push(certificate);
            }
        }
        if roots.is_empty() {
            return Err(wrong("no certificate in it; expected PEM".into()));
        }
        tls = tls.root_certs(RootCerts::new_with_certs(&roots));
    }
    Ok(Agent::config_builder()
        .tls_config(tls.build())
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("sklambda/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(Duration::from_secs(3)))
        .timeout_recv_response(Some(stalled))
        .timeout_per_read(Some(stalled))
        .timeout_per_write(Some(stalled))
        .build()
        .into())
}

/// The text between two marks.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(found, _)| found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> (String, String, Option<String>) {
        let address = Address::parse(url).unwrap();
        (address.bucket, address.key, address.version)
    }

    #[test]
    fn addresses_are_read_as_the_toolkit_reads_them() {
        let same = |url: &str, bucket: &str, key: &str, version: Option<&str>| {
            assert_eq!(parts(url), (bucket.into(), key.into(), version.map(Into::into)), "{url}");
        };
        same("s3://bucket/model.joblib", "bucket", "model.joblib", None);
        same("s3://bucket/a/b%20c d.pkl", "bucket", "a/b%20c d.pkl", None);
        same("s3://bucket//a//b", "bucket", "a//b", None);
        same("s3://bucket/a?b=c", "bucket", "a?b=c", None);
        same("s3://bucket/a?", "bucket", "a", None);
        same("s3://bucket/a#b", "bucket", "a#b", None);
        same("s3://bucket/a?versionId=x1", "bucket", "a", Some("x1"));
        same("s3://bucket/a?versionId=x1&b", "bucket", "a?versionId=x1&b", None);
        same("s3://bucket/a?versionId=", "bucket", "a?versionId=", None);
        same("s3://bucket", "bucket", "", None);
        assert_eq!(Address::parse("model.joblib"), None);
        assert_eq!(Address::parse("S3://bucket/a"), None);
        assert!(Address::parse("s3://a@b/c").unwrap().check().is_err());
        assert!(Address::parse("s3://bucket").unwrap().check().is_err());
    }

    fn located(bucket: &str, variables: &[(&str, &str)]) -> (String, String, String) {
        let env = |asked: &str| variables.iter().find(|(name, _)| *name == asked).map(|(_, v)| (*v).to_owned());
        let profile = Profile::load(&|_| None).unwrap();
        let address = Address { bucket: bucket.into(), key: "a b/c".into(), version: None };
        Endpoint::find(&env, &profile).unwrap().locate(&address, "eu-west-1")
    }

    #[test]
    fn endpoints() {
        let host = "bucket.s3.eu-west-1.amazonaws.com";
        assert_eq!(located("bucket", &[]), (format!("https://{host}"), host.into(), "/a%20b/c".into()));
        assert_eq!(located("a.bucket", &[]).2, "/a.bucket/a%20b/c");
        assert_eq!(
            located("bucket", &[("AWS_USE_FIPS_ENDPOINT", "true"), ("AWS_USE_DUALSTACK_ENDPOINT", "true")]).1,
            "bucket.s3-fips.dualstack.eu-west-1.amazonaws.com"
        );
        assert_eq!(
            located("bucket", &[("AWS_ENDPOINT_URL", "http://localhost:9000/base/")]),
            ("http://localhost:9000".into(), "localhost:9000".into(), "/base/bucket/a%20b/c".into())
        );
        let both = [("AWS_ENDPOINT_URL", "http://a"), ("AWS_ENDPOINT_URL_S3", "https://b:443")];
        assert_eq!(located("bucket", &both).0, "https://b");
    }

    #[test]
    fn pauses_are_bounded() {
        assert!((0..40).all(|n| pause(n) < Duration::from_millis(6400)));
    }
}
