//! Decimal fractions as programs write them, `-0.7071067811865476`, read in one pass. What is longer, has an exponent or stands at the
//! very end of the text is the standard library's, and so is the one number in a thousand for which 64 bits of the scale do not decide how to round.

/// Digits after the point: three times eight are looked at, and one byte ends them.
const PLACES: usize = 23;

/// Digits in all: their value stands in 64 bits.
const DIGITS: usize = 19;

/// 10 to the power of a place.
const TENS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// For `5^-e` the upper 64 bits, rounded down, and how many places they are shifted by beyond 63.
const FIFTHS: [(u64, u32); PLACES + 1] = {
    let mut fifths = [(0, 0); PLACES + 1];
    let (mut e, mut power) = (1, 5_u64);
    while e <= PLACES {
        let bits = u64::BITS - power.leading_zeros();
        fifths[e] = (((1_u128 << (63 + bits)) / power as u128) as u64, bits);
        e += 1;
        power *= 5;
    }
    fifths
};

/// The fraction that bytes begin with, rounded to the nearest double, and its length. None: read it in another way.
///
/// What differs from number to number (sign, zeros, how many digits) is computed rather than branched on: no processor guesses it.
pub(super) fn fraction(bytes: &[u8]) -> Option<(f64, usize)> {
    let negative = bytes.first() == Some(&b'-');
    let begin = usize::from(negative);
    let (mut count, mut value) = eight(bytes, begin)?;
    let mut point = begin + count;
    while count == 8 {
        let (more, digits) = eight(bytes, point)?;
        (count, value) = (more, value.wrapping_mul(TENS[more]).wrapping_add(digits));
        point += count;
    }
    let zeros_first = (bytes[begin] == b'0') & (point > begin + 1);
    if (bytes[point] != b'.') | (point == begin) | zeros_first {
        return None;
    }
    let (mut places, digits) = eight(bytes, point + 1)?;
    value = value.wrapping_mul(TENS[places]).wrapping_add(digits);
    if places == 8 {
        let ((second, digits), (third, last)) = (eight(bytes, point + 9)?, eight(bytes, point + 17)?);
        value = value.wrapping_mul(TENS[second]).wrapping_add(digits);
        let (third, last) = if second == 8 { (third, last) } else { (0, 0) };
        value = value.wrapping_mul(TENS[third]).wrapping_add(last);
        places += second + third;
    }
    let end = point + 1 + places;
    // Up to so many places there is a byte behind them.
    if places == 0 || places > PLACES || matches!(bytes.get(end)?, b'e' | b'E') {
        return None;
    }
    if point - begin + places > DIGITS {
        // Zeros before the others do not count.
        let zeros = bytes[begin..end].iter().take_while(|&&b| b == b'0' || b == b'.').count();
        if end - begin - zeros.max(1) > DIGITS {
            return None;
        }
    }
    let value = if value == 0 { 0.0 } else { divided(value, places)? };
    Some((f64::from_bits(value.to_bits() | u64::from(negative) << 63), end))
}

/// How many of eight bytes are digits, up to the first that is none; and of each byte what it stands for as a digit.
#[inline(always)]
pub(super) fn leading_digits(eight: [u8; 8]) -> (usize, u64) {
    let digits = u64::from_le_bytes(eight) ^ 0x3030_3030_3030_3030;
    // The upper bit of each byte that stands for more than 9.
    let others = (((digits & 0x7f7f_7f7f_7f7f_7f7f) + 0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080;
    (others.trailing_zeros() as usize / 8, digits)
}

/// How many digits the eight bytes at a place begin with, and their value. None: too near to the end.
#[inline(always)]
fn eight(bytes: &[u8], at: usize) -> Option<(usize, u64)> {
    let (count, digits) = leading_digits(*bytes.get(at..)?.first_chunk()?);
    // As eight digits with zeros before them: pairs, then fours, then all.
    let digits = digits.checked_shl(64 - 8 * count as u32).unwrap_or(0);
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((count, (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff))
}

/// `value / 10^places`, rounded to nearest. None where the bits at hand do not tell.
///
/// `5^-places` lies between its upper 64 bits and one unit more, so the product with the value, both without leading zeros, lies between
/// the product of the two and one unit of its upper half more, and between that half and two units more. Those decide, unless the half
/// way between two doubles falls in between. A tie does too: the lower bound is never exact.
fn divided(value: u64, places: usize) -> Option<f64> {
    let (fifth, bits) = FIFTHS[places];
    let zeros = value.leading_zeros();
    let product = u128::from(value << zeros) * u128::from(fifth);
    let upper = (product >> 64) as u64;
    // 53 bits stay; 10 or 11 decide.
    let dropped = 11 - upper.leading_zeros();
    let half = 1 << (dropped - 1);
    let rest = upper & (2 * half - 1);
    if rest == half - 1 {
        return None;
    }
    let mantissa = (upper >> dropped) + u64::from(rest >= half);
    let exponent = 1 + i64::from(dropped) - i64::from(zeros) - i64::from(bits) - places as i64;
    // 1e-23 is the least, 2^64 the most: powers of two within a double's range.
    Some(mantissa.cast_signed() as f64 * f64::from_bits(((1023 + exponent) as u64) << 52))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text, with what follows it in a list.
    fn read(text: &str) -> Option<f64> {
        let (value, length) = fraction(format!("{text}, 1.0, 1.0, 1.0, 1.0, 1.0]").as_bytes())?;
        assert_eq!(length, text.len(), "{text}");
        Some(value)
    }

    /// Equal to the standard library's reading, bit for bit; whether it was read here.
    fn same(text: &str) -> bool {
        let value = read(text);
        if let Some(value) = value {
            assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
        }
        value.is_some()
    }

    #[test]
    fn fractions_are_those_of_the_standard_library() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state ^ (state >> 29)
        };
        let mut here = 0;
        for _ in 0..200_000 {
            // The shortest text of doubles that have one without an exponent, and digits at random.
            let x = f64::from_bits((random() >> 12) | (1023 - 13 + random() % 60) << 52);
            let x = if random() % 2 == 0 { x } else { -x };
            here += usize::from(same(&format!("{x:?}")));
            let text = (random() % 10u64.pow(1 + (random() % 19) as u32)).to_string();
            let zeros = "0".repeat((random() % 12) as usize);
            same(&format!("{}.{zeros}{text}", random() % 1000));
            same(&format!("0.{zeros}{text}"));
        }
        assert!(here > 199_000, "{here}");
    }

    #[test]
    fn half_way_between_two_doubles_is_left_to_the_standard_library() {
        // 1 + 2^-53 in full has 53 places: too long. Ties with few places stand above 2^52.
        for text in ["4503599627370496.5", "4503599627370497.5", "9007199254740993.0", "6755399441055745.5"] {
            assert_eq!(read(text), None, "{text}");
        }
        for text in ["4503599627370496.4", "4503599627370496.6", "9007199254740992.9", "9007199254740993.1"] {
            same(text);
        }
        // All around the powers of two, where a mantissa has its fewest and most bits.
        for power in 0..50 {
            for step in -3..=3 {
                let x = (1_u64 << power) as f64;
                let x = f64::from_bits((x.to_bits() as i64 + step) as u64);
                assert!(same(&format!("{x:?}")) || x.fract() == 0.0, "{x:?}");
            }
        }
    }

    #[test]
    fn ends_of_what_is_read_here() {
        for text in [
            "0.0",
            "-0.0",
            "0.000",
            "1.0",
            "12345678.0",
            "0.1",
            "-1.5",
            "123456789012345678.9",
            "0.00001234567890123456789",
        ] {
            assert!(same(text), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "1",
            "1.",
            "-.5",
            ".5",
            "01.5",
            "-01.5",
            "1.5e3",
            "1.5E-3",
            "1e5",
            "+1.5",
            "1.23456789012345678901",
            "0.000001234567890123456789",
            "00.5",
            "0.12345678901234567890",
            "NaN",
            "1,5",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        // Fewer than eight bytes after the point: who reads is not to look beyond the end.
        for cut in 0..8 {
            assert_eq!(fraction(&b"0.25, 1.0"[..2 + cut]), None);
        }
        // As many places as are looked at, fewer and more, with nothing behind them and with more and more.
        for places in 1..30 {
            let text = format!("-1.{}", &"123456789".repeat(4)[..places]);
            for behind in 0..30 {
                let bytes = format!("{text}{}", &"]".repeat(30)[..behind]);
                match fraction(bytes.as_bytes()) {
                    Some((value, length)) => {
                        assert_eq!((value, length), (text.parse().unwrap(), text.len()), "{bytes}");
                    }
                    None => assert!(places > 18 || behind < 24, "{bytes}"),
                }
            }
        }
        assert_eq!(fraction(b"0.25, 1.0,"), Some((0.25, 4)));
        assert_eq!(fraction(b"0.25x1.0 ,"), Some((0.25, 4)));
        // A byte that is no text stands for no digit.
        assert_eq!(fraction(b"0.2\xb5x1.0 ,"), Some((0.2, 3)));
    }
}
