//! Reads a model from S3: `GetObject`, signed, in parts that come at one time, each resumed where it broke off, and the
//! whole checked for length and checksum.

mod checksum;
mod client;
mod credentials;
mod download;
mod endpoint;
mod failure;
mod profile;
mod sign;

use skpickle::printable;

use client::Client;
use download::Plan;
pub(crate) use endpoint::local_agent;

/// Looks up an environment variable; unset and empty are the same.
pub(crate) type Env<'a> = dyn Fn(&str) -> Option<String> + Sync + 'a;

/// The variables of this process.
pub(crate) fn process_env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

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
    let plan = Plan { limit, ..Plan::default() };
    let client = Client::new(address, env, plan.stalled)?;
    let words = |text: String| format!("{text} ({}, region {})", address.shown(), client.region());
    download::whole(&client, &plan).map_err(words)
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
}
