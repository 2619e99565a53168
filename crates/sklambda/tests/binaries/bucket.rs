//! A small S3: objects with versions, ranges and checksums, for whoever signs the request with the right key.
//!
//! The signature is computed anew from the bytes that came over the wire, after Amazon's description of it and with
//! other cryptography than the program uses.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::peer::{Message, Reply, Server};

/// Who may read.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) id: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) token: Option<&'static str>,
    pub(crate) region: &'static str,
}

/// Serves objects by bucket, key and version (empty for the newest).
pub(crate) fn serve(account: Account, objects: &[(&'static str, &'static str, &'static str, Vec<u8>)]) -> Server {
    let objects: BTreeMap<_, _> = objects
        .iter()
        .map(|(bucket, key, version, bytes)| ((format!("/{bucket}/{key}"), (*version).to_owned()), bytes.clone()))
        .collect();
    Server::start(move |request| answer(&account, &objects, request))
}

fn answer(account: &Account, objects: &BTreeMap<(String, String), Vec<u8>>, request: &Message) -> Reply {
    if let Err(why) = verify(account, request) {
        return refusal(403, "SignatureDoesNotMatch", &why);
    }
    let (method, target) = request.target();
    if method != "GET" {
        return refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource.");
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = decode(path);
    let version = decode(query.strip_prefix("versionId=").unwrap_or_default());
    let bucket = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    if !objects.keys().any(|(path, _)| path.starts_with(&format!("/{bucket}/"))) {
        return refusal(404, "NoSuchBucket", "The specified bucket does not exist");
    }
    let Some(bytes) = objects.get(&(path, version)) else {
        return refusal(404, "NoSuchKey", "The specified key does not exist.");
    };
    let tag = format!("\"{}\"", hex(&Sha256::digest(bytes)));
    if request.header("if-match").is_some_and(|wanted| wanted != tag) {
        return refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
    }
    let mut headers = vec![("ETag", tag)];
    if request.header("x-amz-checksum-mode") == Some("ENABLED") && request.header("range").is_none() {
        headers.push(("x-amz-checksum-sha256", base64(&Sha256::digest(bytes))));
        headers.push(("x-amz-checksum-type", "FULL_OBJECT".into()));
    }
    piece(request, bytes, headers)
}

/// The bytes of an object that a request asks for.
pub(crate) fn piece(request: &Message, bytes: &[u8], mut headers: Vec<(&'static str, String)>) -> Reply {
    let Some(range) = request.header("range") else { return Reply::Answer(200, headers, bytes.to_vec()) };
    let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    let first: usize = first.parse().unwrap();
    let last = last.parse().unwrap_or(usize::MAX).min(bytes.len() - 1);
    if first > last {
        return refusal(416, "InvalidRange", "The requested range is not satisfiable");
    }
    headers.push(("Content-Range", format!("bytes {first}-{last}/{}", bytes.len())));
    Reply::Answer(206, headers, bytes[first..=last].to_vec())
}

fn verify(account: &Account, request: &Message) -> Result<(), String> {
    let header = request.header("authorization").ok_or("no Authorization header")?;
    let fields = header.strip_prefix("AWS4-HMAC-SHA256 ").ok_or("another algorithm")?;
    let field =
        |name: &str| fields.split(", ").find_map(|f| f.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
    let scope: Vec<&str> = field("Credential").split('/').collect();
    let [id, day, region, service, end] = scope[..] else { return Err(format!("credential scope {scope:?}")) };
    if (id, region, service, end) != (account.id, account.region, "s3", "aws4_request") {
        return Err(format!("credential scope {scope:?}"));
    }
    if request.header("x-amz-security-token") != account.token {
        return Err("another session token".into());
    }
    let names: Vec<&str> = field("SignedHeaders").split(';').collect();
    if !names.is_sorted() {
        return Err("signed headers in disorder".into());
    }
    let must = |name: &&str| *name == "host" || name.starts_with("x-amz-");
    if let Some(bare) = request.headers.iter().map(|(n, _)| n.as_str()).filter(must).find(|n| !names.contains(n)) {
        return Err(format!("{bare} is not signed"));
    }
    let time = request.header("x-amz-date").filter(|t| t.starts_with(day) && t.len() == 16).ok_or("no x-amz-date")?;
    let (path, query) = request.target().1.split_once('?').unwrap_or((request.target().1, ""));
    let mut parameters: Vec<&str> = query.split('&').collect();
    parameters.sort_unstable();
    let headers: String =
        names.iter().map(|name| format!("{name}:{}\n", request.header(name).unwrap_or_default())).collect();
    let payload = hex(&Sha256::digest(&request.body));
    if request.header("x-amz-content-sha256") != Some(&payload) {
        return Err("another payload".into());
    }
    let (method, _) = request.target();
    let canonical = [method, path, &parameters.join("&"), &headers, &names.join(";"), &payload].join("\n");
    let digest = hex(&Sha256::digest(canonical.as_bytes()));
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{day}/{region}/s3/aws4_request\n{digest}");
    let key = [day, region, "s3", "aws4_request"]
        .iter()
        .fold(format!("AWS4{}", account.secret).into_bytes(), |key, part| mac(&key, part));
    let wanted = hex(&mac(&key, &text));
    if field("Signature") == wanted { Ok(()) } else { Err(format!("expected the signature {wanted}")) }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let group = (0..3).fold(0, |group, i| group << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            let digit = char::from(DIGITS[(group >> (18 - 6 * i) & 63) as usize]);
            out.push(if i <= chunk.len() { digit } else { '=' });
        }
    }
    out
}

fn decode(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

/// S3's answer to what it refuses.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Reply {
    let text = format!("<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    Reply::Answer(status, vec![("Content-Type", "application/xml".into())], text.into_bytes())
}
