//! The checksums that S3 keeps with an object and sends along with it.

use md5::{Digest, Md5};
use ring::digest;

/// A checksum of the whole object, as an answer's headers give it.
pub(super) struct Checksum {
    algorithm: Algorithm,
    expected: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Algorithm {
    Crc64Nvme,
    Crc32c,
    Crc32,
    Sha256,
    Sha1,
    Md5,
}

const HEADERS: [(&str, Algorithm); 5] = [
    ("x-amz-checksum-sha256", Algorithm::Sha256),
    ("x-amz-checksum-crc64nvme", Algorithm::Crc64Nvme),
    ("x-amz-checksum-sha1", Algorithm::Sha1),
    ("x-amz-checksum-crc32c", Algorithm::Crc32c),
    ("x-amz-checksum-crc32", Algorithm::Crc32),
];

impl Checksum {
    /// The checksum in an answer's headers. A checksum of checksums (an object that was uploaded in parts) says
    /// nothing about the bytes without knowing the parts, and is passed over.
    pub(super) fn from_headers<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        if header("x-amz-checksum-type") == Some("COMPOSITE") {
            return None;
        }
        let sent = HEADERS.iter().find_map(|(name, algorithm)| {
            let expected = base64(header(name)?)?;
            Some(Checksum { algorithm: *algorithm, expected })
        });
        sent.or_else(|| Some(Checksum { algorithm: Algorithm::Md5, expected: md5_of_tag(header)? }))
    }

    /// Whether the bytes are those that were uploaded.
    pub(super) fn holds(&self, bytes: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Sha256 => digest::digest(&digest::SHA256, bytes).as_ref() == self.expected,
            Algorithm::Sha1 => digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref() == self.expected,
            Algorithm::Md5 => Md5::digest(bytes)[..] == self.expected,
            Algorithm::Crc32 => crc(0xEDB8_8320, 32, bytes).to_be_bytes()[4..] == self.expected,
            Algorithm::Crc32c => crc(0x82F6_3B78, 32, bytes).to_be_bytes()[4..] == self.expected,
            Algorithm::Crc64Nvme => crc(0x9A6C_9329_AC4B_C9B5, 64, bytes).to_be_bytes() == *self.expected,
        }
    }
}

/// The MD5 that the `ETag` is where S3 says how it keeps the object: in one piece, under its own key, in a general
/// bucket. Elsewhere the tag may be anything, and a wrong guess would refuse a good model.
fn md5_of_tag<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Vec<u8>> {
    if header("x-amz-server-side-encryption") != Some("AES256")
        || header("x-amz-storage-class") == Some("EXPRESS_ONEZONE")
    {
        return None;
    }
    let tag = header("etag")?.strip_prefix('"')?.strip_suffix('"')?;
    let digits: Option<Vec<u32>> = tag.chars().map(|c| c.to_digit(16)).collect();
    digits.filter(|digits| digits.len() == 32).map(|d| d.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect())
}

/// A reflected CRC whose register begins and ends inverted, by a polynomial of 32 or 64 bits.
fn crc(polynomial: u64, bits: u32, bytes: &[u8]) -> u64 {
    // Eight tables, so that eight bytes are folded at a time: a model is read at the speed of the network or better.
    let mut tables = [[0u64; 256]; 8];
    let [first, others @ ..] = &mut tables;
    for (i, entry) in first.iter_mut().enumerate() {
        *entry = (0..8).fold(i as u64, |value, _| value >> 1 ^ if value & 1 == 1 { polynomial } else { 0 });
    }
    let mut previous = *first;
    for table in others {
        for (entry, before) in table.iter_mut().zip(&previous) {
            *entry = before >> 8 ^ first[(before & 0xFF) as usize];
        }
        previous = *table;
    }
    let ones = u64::MAX >> (64 - bits);
    let mut register = ones;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        let folded = (register ^ u64::from_le_bytes(*chunk)).to_le_bytes();
        register = folded.iter().zip(tables.iter().rev()).fold(0, |acc, (byte, table)| acc ^ table[usize::from(*byte)]);
    }
    for byte in rest {
        register = register >> 8 ^ tables[0][((register ^ u64::from(*byte)) & 0xFF) as usize];
    }
    register ^ ones
}

/// Decodes base64 with padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let (mut held, mut bits) = (0u32, 0u32);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = held << 6 & 0xFFFF | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits & 0xFF) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crcs_have_their_check_values() {
        let text = b"123456789";
        assert_eq!(crc(0xEDB8_8320, 32, text), 0xCBF4_3926);
        assert_eq!(crc(0x82F6_3B78, 32, text), 0xE306_9283);
        assert_eq!(crc(0x9A6C_9329_AC4B_C9B5, 64, text), 0xAE8B_1486_0A79_9888);
        assert_eq!(crc(0xEDB8_8320, 32, b""), 0);
    }

    #[test]
    fn headers_are_read() {
        let with = |name: &'static str, value: &'static str| {
            Checksum::from_headers(move |asked| (asked == name).then_some(value))
        };
        assert!(with("x-amz-checksum-crc32", "y/Q5Jg==").is_some_and(|c| c.holds(b"123456789")));
        assert!(with("x-amz-checksum-crc32", "y/Q5Jg==").is_some_and(|c| !c.holds(b"123456780")));
        assert!(with("x-amz-checksum-crc64nvme", "rosUhgp5mIg=").is_some_and(|c| c.holds(b"123456789")));
        let sha1 = with("x-amz-checksum-sha1", "98O8HYCOBHMq4eaZczL0J9tPSGM=");
        assert!(sha1.is_some_and(|c| !c.holds(b"")));
        assert!(
            with("x-amz-checksum-sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=").is_some_and(|c| c.holds(b""))
        );
        let tagged = |tag: &'static str, kept: &'static str| {
            Checksum::from_headers(move |asked| match asked {
                "etag" => Some(tag),
                "x-amz-server-side-encryption" => Some(kept),
                _ => None,
            })
        };
        let md5 = "\"25f9e794323b453885f5181f1b624d0b\"";
        assert!(tagged(md5, "AES256").is_some_and(|c| c.holds(b"123456789") && !c.holds(b"12345678")));
        assert!(tagged(md5, "aws:kms").is_none());
        assert!(tagged("\"25f9e794323b453885f5181f1b624d0b-2\"", "AES256").is_none());
        // A checksum of checksums ends in the number of parts.
        assert!(with("x-amz-checksum-crc32", "y/Q5Jg==-2").is_none());
    }
}
