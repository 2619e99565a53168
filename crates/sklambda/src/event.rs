//! The request inside a Lambda event.

use std::borrow::Cow;

use crate::json::{self, Json};

/// The request's own JSON, or the Python toolkit's words for why there is none. `strict`: nothing that it does not take.
pub(crate) fn request(event: &[u8], strict: bool) -> Result<Json, String> {
    let event = json::parse_bytes(event)?;
    let body = match &event {
        Json::Object(_) => match event.get("body") {
            Some(body) => body,
            // Invoked directly, without an HTTP event around the request.
            None if !strict && event.get("input").is_some() => return Ok(event),
            None => return Err("'body'".into()),
        },
        Json::Array(_) => return Err("list indices must be integers or slices, not str".into()),
        Json::Str(_) => return Err("string indices must be integers, not 'str'".into()),
        other => return Err(format!("'{}' object is not subscriptable", other.type_name())),
    };
    let Json::Str(text) = body else {
        return Err(format!("the JSON object must be str, bytes or bytearray, not {}", body.type_name()));
    };
    if !strict && event.get("isBase64Encoded").is_some_and(Json::truthy) {
        let bytes = base64(text.bytes()).ok_or("the body is not in base64, although isBase64Encoded is true")?;
        return json::parse_bytes(&bytes);
    }
    json::parse(text)
}

/// Decodes base64, with or without padding, in either alphabet.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let text: Cow<'_, [u8]> = if text.iter().any(u8::is_ascii_whitespace) {
        text.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect::<Vec<u8>>().into()
    } else {
        text.into()
    };
    let end = text.len() - text.iter().rev().take(2).take_while(|&&b| b == b'=').count();
    let mut out = Vec::with_capacity(end / 4 * 3 + 3);
    for quad in text[..end].chunks(4) {
        if quad.len() == 1 {
            return None;
        }
        let mut bits = 0u32;
        for &byte in quad {
            let digit = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' | b'-' => 62,
                b'/' | b'_' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(digit);
        }
        bits <<= 6 * (4 - quad.len());
        out.extend_from_slice(&bits.to_be_bytes()[1..quad.len()]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_every_remainder() {
        assert_eq!(base64(b"").unwrap(), b"");
        assert_eq!(base64(b"YQ==").unwrap(), b"a");
        assert_eq!(base64(b"YWI=").unwrap(), b"ab");
        assert_eq!(base64(b"YWJj").unwrap(), b"abc");
        assert_eq!(base64(b"YWJj\nZA").unwrap(), b"abcd");
        assert_eq!(base64(b"-_8").unwrap(), [0xfb, 0xff]);
        assert_eq!(base64(b"Y"), None);
        assert_eq!(base64(b"Y*=="), None);
    }

    #[test]
    fn a_body_in_base64_is_decoded_unless_strict() {
        let event = br#"{"body": "eyJpbnB1dCI6IFtdfQ==", "isBase64Encoded": true}"#;
        assert!(request(event, false).unwrap().get("input").is_some());
        assert!(request(event, true).is_err());
    }

    #[test]
    fn a_direct_request_is_taken_unless_strict() {
        assert!(request(br#"{"input": 1}"#, false).is_ok());
        assert_eq!(request(br#"{"input": 1}"#, true).unwrap_err(), "'body'");
    }
}
