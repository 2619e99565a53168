//! AWS Signature Version 4, in the header form, for requests without a body.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::{digest, hmac};

/// SHA-256 of nothing: the payload hash of every request that is made here.
pub(super) const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The keys that a request is signed with.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) access_key: String,
    pub(super) secret_key: String,
    pub(super) session_token: Option<String>,
}

/// What a signature covers.
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    /// Percent-encoded already, as it is sent.
    pub(super) path: &'a str,
    /// Percent-encoded already, as it is sent; at most one parameter, so that it needs no sorting.
    pub(super) query: &'a str,
    /// Names in lower case, sorted; `host` and every `x-amz-…` must be among them.
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    /// As [`timestamp`] writes it.
    pub(super) timestamp: &'a str,
}

/// The value of the `Authorization` header.
pub(super) fn authorization(request: &Signed<'_>, credentials: &Credentials) -> String {
    let names = request.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let mut canonical = format!("{}\n{}\n{}\n", request.method, request.path, request.query);
    for (name, value) in request.headers {
        canonical.push_str(name);
        canonical.push(':');
        canonical.push_str(value.trim());
        canonical.push('\n');
    }
    canonical.push_str(&format!("\n{names}\n{EMPTY_SHA256}"));

    let day = request.timestamp.get(..8).unwrap_or_default();
    let scope = format!("{day}/{}/{}/aws4_request", request.region, request.service);
    let hash = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{hash}", request.timestamp);

    let mut key = mac(format!("AWS4{}", credentials.secret_key).as_bytes(), day.as_bytes());
    for part in [request.region, request.service, "aws4_request"] {
        key = mac(key.as_ref(), part.as_bytes());
    }
    let signature = hex(mac(key.as_ref(), text.as_bytes()).as_ref());
    let id = &credentials.access_key;
    format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}")
}

fn mac(key: &[u8], data: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Percent-encoding as the signature wants it: all but the unreserved characters, and `/` where it parts a path.
pub(super) fn encode(text: &str, keep_slash: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b'/' if keep_slash => out.push('/'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// `20130524T000000Z`, in UTC.
pub(super) fn timestamp(now: SystemTime) -> String {
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    // Civil date from a day number: years begin in March, so that the leap day ends them.
    let shifted = day + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}{month:02}{date:02}T{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// The time that S3 writes as `2013-05-24T00:00:00Z`, with fractions of a second or without.
pub(super) fn time(text: &str) -> Option<SystemTime> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !text.ends_with('Z') {
        return None;
    }
    // Years begin in March, as in `timestamp`.
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + of_year;
    let seconds = (days.checked_sub(719_468)? * 24 + hour) * 3600 + minute * 60 + second;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> String {
        timestamp(UNIX_EPOCH + Duration::from_secs(seconds))
    }

    #[test]
    fn dates_are_civil() {
        assert_eq!(at(0), "19700101T000000Z");
        assert_eq!(at(951_782_400), "20000229T000000Z");
        assert_eq!(at(1_369_353_600), "20130524T000000Z");
        assert_eq!(at(1_709_251_199), "20240229T235959Z");
        assert_eq!(at(4_102_444_800), "21000101T000000Z");
    }

    #[test]
    fn times_are_read_back() {
        for seconds in [0, 951_782_400, 951_868_799, 1_369_353_600, 1_709_251_199, 4_102_444_800] {
            let text = at(seconds);
            let (date, clock) = text.split_once('T').unwrap();
            let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
            let text = format!("{year}-{month}-{day}T{}:{}:{}Z", &clock[..2], &clock[2..4], &clock[4..6]);
            assert_eq!(time(&text), Some(UNIX_EPOCH + Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(time("2013-05-24T00:00:00.123Z"), time("2013-05-24T00:00:00Z"));
        for text in ["", "2013-05-24", "2013-13-24T00:00:00Z", "2013-05-00T00:00:00Z", "Fri, 24 May 2013 00:00:00 GMT"]
        {
            assert_eq!(time(text), None, "{text}");
        }
    }

    /// The worked example "GET Object" in Amazon's description of the signature.
    #[test]
    fn the_published_example_comes_out() {
        let credentials = Credentials {
            access_key: "AKIAIOSFODNN7EXAMPLE".into(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            session_token: None,
        };
        let headers = [
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            ("x-amz-content-sha256", EMPTY_SHA256),
            ("x-amz-date", "20130524T000000Z"),
        ];
        let request = Signed {
            method: "GET",
            path: "/test.txt",
            query: "",
            headers: &headers,
            region: "us-east-1",
            service: "s3",
            timestamp: "20130524T000000Z",
        };
        let header = authorization(&request, &credentials);
        assert_eq!(
            header,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }

    #[test]
    fn keys_are_encoded_byte_by_byte() {
        assert_eq!(encode("a b/c+d/é~?=&.txt", true), "a%20b/c%2Bd/%C3%A9~%3F%3D%26.txt");
        assert_eq!(encode("a/b", false), "a%2Fb");
    }
}
