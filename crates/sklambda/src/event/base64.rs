//! Bodies that are no text.

use std::borrow::Cow;

/// Decodes base64, with or without padding, in either alphabet.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
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
    fn every_remainder() {
        assert_eq!(decode(b"").unwrap(), b"");
        assert_eq!(decode(b"YQ==").unwrap(), b"a");
        assert_eq!(decode(b"YWI=").unwrap(), b"ab");
        assert_eq!(decode(b"YWJj").unwrap(), b"abc");
        assert_eq!(decode(b"YWJj\nZA").unwrap(), b"abcd");
        assert_eq!(decode(b"-_8").unwrap(), [0xfb, 0xff]);
        assert_eq!(decode(b"Y"), None);
        assert_eq!(decode(b"Y*=="), None);
    }
}
