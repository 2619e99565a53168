//! Numbers and strings that the older protocols spell as text.

use crate::{
    error::{Error, ErrorKind, Result, printable},
    machine::malformed,
};

/// An integer of any size.
pub(crate) enum Int {
    Small(i64),
    /// Little-endian two's complement.
    Long(Vec<u8>),
}

/// Decimal digits with an optional sign. Python also takes `0x…`, `0o…` and underscores, which no pickler writes.
pub(crate) fn parse_int(line: &[u8]) -> Result<Int> {
    let bad = || malformed(format_args!("'{}' is no integer", printable(&String::from_utf8_lossy(line))));
    let (negative, digits) = match line {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let leading_zero = digits.len() > 1 && digits[0] == b'0' && digits.iter().any(|&b| b != b'0');
    if digits.is_empty() || leading_zero || !digits.iter().all(u8::is_ascii_digit) {
        return Err(bad());
    }
    if let Ok(n) = std::str::from_utf8(line).unwrap_or_default().parse() {
        return Ok(Int::Small(n));
    }
    // Base 2^32 limbs, least significant first; at most a few thousand digits (Limits::int_digits).
    let mut limbs: Vec<u32> = Vec::new();
    for &digit in digits {
        let mut carry = u64::from(digit - b'0');
        for limb in &mut limbs {
            let n = u64::from(*limb) * 10 + carry;
            *limb = n as u32;
            carry = n >> 32;
        }
        if carry > 0 {
            limbs.push(carry as u32);
        }
    }
    let mut bytes: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
    bytes.push(0);
    if negative {
        let mut carry = true;
        for byte in &mut bytes {
            let (n, overflow) = (!*byte).overflowing_add(carry.into());
            *byte = n;
            carry = overflow;
        }
    }
    Ok(Int::Long(bytes))
}

/// The value of a little-endian two's complement integer when it fits.
pub(crate) fn small_int(raw: &[u8]) -> Option<i64> {
    let fill = match raw.last() {
        None => return Some(0),
        Some(last) if last & 0x80 != 0 => 0xff,
        Some(_) => 0,
    };
    let mut out = [fill; 8];
    let (low, high) = raw.split_at(raw.len().min(8));
    out[..low.len()].copy_from_slice(low);
    let n = i64::from_le_bytes(out);
    (high.iter().all(|&b| b == fill) && (n < 0) == (fill == 0xff)).then_some(n)
}

/// A little-endian two's complement integer as the nearest double.
pub(crate) fn long_to_f64(raw: &[u8]) -> f64 {
    let negative = raw.last().is_some_and(|b| b & 0x80 != 0);
    // Magnitude, most significant byte first.
    let mut magnitude: Vec<u8> = raw.iter().rev().map(|&b| if negative { !b } else { b }).collect();
    if negative {
        for byte in magnitude.iter_mut().rev() {
            let (n, overflow) = byte.overflowing_add(1);
            *byte = n;
            if !overflow {
                break;
            }
        }
    }
    let start = magnitude.iter().position(|&b| b != 0).unwrap_or(magnitude.len());
    let digits = &magnitude[start..];
    // The top 8 bytes decide the result; whether anything follows only matters for a tie, so it becomes one sticky bit.
    let (head, tail) = digits.split_at(digits.len().min(8));
    let mut top = head.iter().fold(0u64, |n, &b| n << 8 | u64::from(b));
    let mut exponent = 8 * tail.len() as i32;
    if !tail.is_empty() {
        let shift = top.leading_zeros();
        // Make room below so that the sticky bit stays clear of the 53 kept ones.
        if shift > 0 {
            top <<= shift;
            let next = tail[0] >> (8 - shift.min(8));
            top |= u64::from(next);
            exponent -= shift as i32;
        }
        if tail.iter().any(|&b| b != 0) {
            top |= 1;
        }
    }
    let value = top as f64 * 2f64.powi(exponent);
    if negative { -value } else { value }
}

/// A double as Python's `float()` reads it (without underscores, which no pickler writes).
pub(crate) fn parse_float(line: &[u8]) -> Result<f64> {
    std::str::from_utf8(line)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| malformed(format_args!("'{}' is no number", printable(&String::from_utf8_lossy(line)))))
}

/// A memo index.
pub(crate) fn parse_index(line: &[u8]) -> Result<u64> {
    std::str::from_utf8(line)
        .ok()
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| malformed(format_args!("'{}' is no memo index", printable(&String::from_utf8_lossy(line)))))
}

/// Text as UTF-8. Python also accepts lone surrogates here; no text that means something has them.
pub(crate) fn check_utf8(raw: &[u8]) -> Result<&str> {
    std::str::from_utf8(raw).map_err(|e| {
        Error::new(ErrorKind::Malformed, format_args!("text is not UTF-8 from its byte {} on", e.valid_up_to()))
    })
}

/// What stands between the quotes of a `STRING` line.
pub(crate) fn quoted(line: &[u8]) -> Result<&[u8]> {
    match line {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => Ok(inner),
        _ => Err(malformed("the STRING opcode argument must be quoted")),
    }
}

/// Undoes the escapes of a Python 2 `repr` of a byte string.
pub(crate) fn string_escape(inner: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let [escape, tail @ ..] = rest else {
            return Err(malformed("a string ends in a lone backslash"));
        };
        rest = tail;
        match escape {
            b'\n' => {}
            b'\\' | b'\'' | b'"' => out.push(*escape),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'x' => {
                let [high, low, tail @ ..] = rest else {
                    return Err(malformed("invalid \\x escape"));
                };
                rest = tail;
                match (hex(*high), hex(*low)) {
                    (Some(high), Some(low)) => out.push((high << 4 | low) as u8),
                    _ => return Err(malformed("invalid \\x escape")),
                }
            }
            b'0'..=b'7' => {
                let mut n = u32::from(escape - b'0');
                for _ in 0..2 {
                    let [digit @ b'0'..=b'7', tail @ ..] = rest else { break };
                    n = n << 3 | u32::from(digit - b'0');
                    rest = tail;
                }
                out.push(n as u8);
            }
            _ => out.extend([b'\\', *escape]),
        }
    }
    Ok(out)
}

/// Undoes Python's `raw-unicode-escape`: `\uXXXX` and `\UXXXXXXXX` after an odd number of backslashes, every other
/// byte is its own code point.
pub(crate) fn raw_unicode_escape(line: &[u8]) -> Result<String> {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            out.push(char::from(*first));
            continue;
        }
        let digits = match rest {
            [b'u', ..] => 4,
            [b'U', ..] => 8,
            [other, tail @ ..] => {
                // A backslash and its neighbour stand for themselves, so that the second of a pair starts no escape.
                out.push('\\');
                out.push(char::from(*other));
                rest = tail;
                continue;
            }
            [] => {
                out.push('\\');
                continue;
            }
        };
        let code = rest
            .get(1..=digits)
            .and_then(|text| text.iter().try_fold(0u32, |n, &b| Some(n << 4 | hex(b)?)))
            .ok_or_else(|| malformed("truncated \\u escape"))?;
        rest = &rest[digits + 1..];
        // A pair of surrogates, as narrow builds of Python 2 wrote characters beyond U+FFFF.
        if (0xd800..0xdc00).contains(&code) {
            let low = rest
                .strip_prefix(b"\\u")
                .and_then(|rest| rest.get(..4))
                .and_then(|text| text.iter().try_fold(0u32, |n, &b| Some(n << 4 | hex(b)?)))
                .filter(|low| (0xdc00..0xe000).contains(low));
            if let Some(low) = low {
                let code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
                rest = &rest[6..];
                out.extend(char::from_u32(code));
                continue;
            }
        }
        out.push(
            char::from_u32(code)
                .ok_or_else(|| malformed(format_args!("\\u escape of {code:#x}, which is no character")))?,
        );
    }
    Ok(out)
}

fn hex(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(text: &str) -> f64 {
        match parse_int(text.as_bytes()).unwrap() {
            Int::Small(n) => n as f64,
            Int::Long(bytes) => long_to_f64(&bytes),
        }
    }

    #[test]
    fn integers_of_any_size_round_as_python_does() {
        for text in [
            "0",
            "-1",
            "9223372036854775807",
            "-9223372036854775808",
            "9223372036854775808",
            "-9223372036854775809",
            "18446744073709551616",
            "36893488147419103233",
            "36893488147419103232",
            "-99999999999999999999999999999999",
            "147573952589676412929",
            "9007199254740993000000000000000000001",
            "590295810358705651713",
        ] {
            assert_eq!(long(text), text.parse::<f64>().unwrap(), "{text}");
        }
        let digits = "7".repeat(400);
        assert_eq!(long(&digits), f64::INFINITY);
    }

    #[test]
    fn small_integers_come_from_any_spelling() {
        assert_eq!(small_int(&[]), Some(0));
        assert_eq!(small_int(&[0xff]), Some(-1));
        assert_eq!(small_int(&[0xff, 0]), Some(255));
        assert_eq!(small_int(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]), None);
        assert_eq!(small_int(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Some(1));
    }

    #[test]
    fn escapes_are_those_of_python() {
        assert_eq!(string_escape(br"a\x00\n\\\'\101\q").unwrap(), b"a\0\n\\'A\\q");
        assert!(string_escape(br"\x0").is_err());
        assert!(string_escape(b"\\").is_err());
        assert_eq!(raw_unicode_escape(b"\\u20ac\xe9\\n").unwrap(), "\u{20ac}\u{e9}\\n");
        assert_eq!(raw_unicode_escape(b"\\ud83d\\ude00").unwrap(), "\u{1f600}");
        assert!(raw_unicode_escape(b"\\ud83d").is_err());
        assert!(raw_unicode_escape(b"\\u20").is_err());
    }
}
