//! What goes wrong on the way, and what can be done about it.

use std::{
    hash::{BuildHasher, RandomState},
    io, thread,
    time::{Duration, Instant, SystemTime},
};

use skpickle::printable;
use ureq::{
    Body,
    http::{HeaderMap, Response},
};

use super::{Address, between, download::Plan, sign};

/// S3's own error documents are far smaller.
const LARGEST_ERROR: u64 = 64 << 10;

/// Why there is no answer, or none that is wanted.
#[derive(Debug)]
pub(super) enum Failure {
    /// Another try would end the same.
    Final(String),
    /// Another try may do better, after the time that the server asks for.
    Passing(String, Option<Duration>),
    /// What came so far is of no use: the object must be read anew.
    Anew(String),
    /// The bucket is in this region.
    Region(String),
    /// The credentials are valid no longer.
    Expired(String),
    /// This machine's clock is wrong; the server's time.
    Clock(String, SystemTime),
}

impl Failure {
    pub(super) fn passing(text: impl Into<String>) -> Failure {
        Failure::Passing(text.into(), None)
    }

    /// The words, for whoever can do nothing about it.
    pub(super) fn into_text(self) -> String {
        match self {
            Failure::Final(text)
            | Failure::Passing(text, _)
            | Failure::Anew(text)
            | Failure::Expired(text)
            | Failure::Clock(text, _) => text,
            Failure::Region(region) => format!("S3 names {} and another region in turn", printable(&region)),
        }
    }

    /// A request that was not answered.
    pub(super) fn unanswered(error: ureq::Error, url: &str) -> Failure {
        match error {
            // What rustls says of a certificate.
            ureq::Error::Io(e) if e.kind() == io::ErrorKind::InvalidData => Failure::Final(format!(
                "SSL validation failed for \"{url}\": {e}; if the server's certificate is not from a public authority, name \
                 its root in AWS_CA_BUNDLE"
            )),
            e @ (ureq::Error::Io(_)
            | ureq::Error::Timeout(_)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed) => {
                Failure::passing(format!("Could not connect to the endpoint URL \"{url}\": {e}"))
            }
            ureq::Error::Protocol(e) => Failure::passing(format!("\"{url}\" does not speak HTTP: {e}")),
            e => Failure::Final(format!("Could not connect to the endpoint URL \"{url}\": {e}")),
        }
    }

    /// An answer that is no object.
    pub(super) fn refused(mut answer: Response<Body>, address: &Address, region: &str) -> Failure {
        let status = answer.status().as_u16();
        let text = |headers: &HeaderMap, name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let named = text(answer.headers(), "x-amz-bucket-region");
        let after = text(answer.headers(), "retry-after").and_then(|v| v.parse().ok()).map(Duration::from_secs);
        let body = answer.body_mut().with_config().limit(LARGEST_ERROR).read_to_vec().unwrap_or_default();
        let body = String::from_utf8_lossy(&body);
        let tag = |name: &str| between(&body, &format!("<{name}>"), &format!("</{name}>"));
        let code = tag("Code").unwrap_or_default();
        if let Some(named) = named.or_else(|| tag("Region").map(str::to_owned))
            && named != region
            && matches!(status, 301 | 307 | 400 | 403)
            && named.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        {
            return Failure::Region(named);
        }
        let message = tag("Message").or(answer.status().canonical_reason()).unwrap_or("an answer without a reason");
        let shown = if code.is_empty() { status.to_string() } else { printable(code) };
        let words = format!("An error occurred ({shown}) when calling the GetObject operation: {}", printable(message));
        match (status, code) {
            (_, "SlowDown" | "RequestTimeout" | "InternalError" | "ServiceUnavailable")
            | (429 | 500 | 502 | 503 | 504, _) => Failure::Passing(words, after),
            (412 | 416, _) => Failure::Anew("the object was changed while it was read".into()),
            (_, "AccessDenied") | (403, "") => Failure::Final(format!(
                "{words}; allow {} on arn:aws:s3:::{}/{}; without s3:ListBucket a key that does not exist is refused with \
                 these same words",
                if address.version.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" },
                printable(&address.bucket),
                printable(&address.key)
            )),
            (_, "NoSuchKey") => Failure::Final(format!("{words}; keys are compared letter by letter")),
            (_, "RequestTimeTooSkewed") => {
                let words = format!("{words}; set this machine's clock");
                match tag("ServerTime").and_then(sign::time) {
                    Some(time) => Failure::Clock(words, time),
                    None => Failure::Final(words),
                }
            }
            (_, "SignatureDoesNotMatch") => Failure::Final(format!("{words}; is AWS_SECRET_ACCESS_KEY complete?")),
            (_, "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired") => {
                Failure::Expired(format!("{words}; fetch new credentials"))
            }
            _ => Failure::Final(words),
        }
    }
}

/// Tries in a row that brought nothing.
pub(super) struct Tries {
    failures: u32,
    since: Instant,
}

impl Tries {
    pub(super) fn new() -> Tries {
        Tries { failures: 0, since: Instant::now() }
    }

    /// Waits before the next try; gives the failure back if there shall be none.
    pub(super) fn wait(&mut self, failure: Failure, plan: &Plan) -> Result<(), Failure> {
        let Failure::Passing(text, after) = failure else { return Err(failure) };
        self.failures += 1;
        let pause = after.unwrap_or_default().max(pause(self.failures));
        if self.failures >= plan.tries || self.since.elapsed() + after.unwrap_or_default() >= plan.fruitless {
            let times = if self.failures == 1 { "once".to_owned() } else { format!("{} times", self.failures) };
            let asked = after.map(|after| format!(", and asked to wait {} s", after.as_secs())).unwrap_or_default();
            return Err(Failure::Final(format!("{text}; tried {times}{asked}")));
        }
        thread::sleep(pause);
        Ok(())
    }
}

/// A random part of a pause that doubles, so that many clients do not come back together.
pub(super) fn pause(failures: u32) -> Duration {
    let ceiling = 100u64 << failures.min(6);
    Duration::from_millis(RandomState::new().hash_one(failures) % ceiling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_bounded() {
        assert!((0..40).all(|n| pause(n) < Duration::from_millis(6400)));
    }
}
