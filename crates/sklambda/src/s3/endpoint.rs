//! Where requests go, and over what.

use std::time::Duration;

use skpickle::printable;
use ureq::{
    Agent,
    http::Uri,
    tls::{Certificate, PemItem, RootCerts, TlsConfig},
};

use super::{Address, Env, profile::Profile, sign};

const USER_AGENT: &str = concat!("sklambda/", env!("CARGO_PKG_VERSION"));

/// The server that has the object.
pub(super) enum Endpoint {
    /// Amazon's own, with the variant's prefix: `s3`, `s3-fips`, `s3.dualstack`.
    Amazon(String),
    /// Another server, which knows buckets by path.
    Other { base: String, authority: String, path: String },
}

impl Endpoint {
    pub(super) fn find(env: &Env<'_>, profile: &Profile) -> Result<Self, String> {
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
    pub(super) fn locate(&self, address: &Address, region: &str) -> (String, String, String) {
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
pub(super) fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// An agent that tells a slow peer from a gone one, trusts `AWS_CA_BUNDLE` if there is one, and follows no redirect,
/// which the signature would not cover.
pub(super) fn agent(env: &Env<'_>, stalled: Duration) -> Result<Agent, String> {
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
        .user_agent(USER_AGENT)
        .timeout_connect(Some(Duration::from_secs(3)))
        .timeout_recv_response(Some(stalled))
        .timeout_per_read(Some(stalled))
        .timeout_per_write(Some(stalled))
        .build()
        .into())
}

/// An agent for services on this machine, which no proxy stands before.
pub(crate) fn local_agent(timeout: Option<Duration>) -> Agent {
    Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(USER_AGENT)
        .timeout_global(timeout)
        .build()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
