//! The format of an input: by its name, else by its first bytes.

use std::io::Read;

use crate::json;

/// Bytes that are looked at.
const HEAD: u64 = 64 << 10;

/// The form of an input file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Tsv,
    Json,
    /// One JSON value a line.
    Jsonl,
    /// One document a line.
    Lines,
    Npy,
    Npz,
    Parquet,
}

impl Format {
    /// The words of the command line; all but `lines` are extensions of file names too.
    pub(crate) const NAMES: [(&'static str, Format); 8] = [
        ("csv", Format::Csv),
        ("tsv", Format::Tsv),
        ("json", Format::Json),
        ("jsonl", Format::Jsonl),
        ("lines", Format::Lines),
        ("npy", Format::Npy),
        ("npz", Format::Npz),
        ("parquet", Format::Parquet),
    ];

    pub(crate) fn of_word(word: &str) -> Option<Format> {
        Format::NAMES.iter().find(|(name, _)| *name == word).map(|(_, format)| *format)
    }

    /// By the extension of a file's name.
    pub(crate) fn of_name(path: &str) -> Option<Format> {
        let extension = std::path::Path::new(path).extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "txt" => Some(Format::Lines),
            "ndjson" => Some(Format::Jsonl),
            "pq" => Some(Format::Parquet),
            "tab" => Some(Format::Tsv),
            "lines" => None,
            other => Format::of_word(other),
        }
    }
}

/// The first bytes of an input: up to 64 KiB, or as much as a pipe gives without a line more than the first.
pub(super) fn head(source: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut part = [0; 4096];
    while (head.len() as u64) < HEAD {
        match source.read(&mut part) {
            Ok(0) => break,
            Ok(n) => head.extend_from_slice(&part[..n]),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
        if head.contains(&b'\n') {
            break;
        }
    }
    Ok(head)
}

/// What to do with a file of a kind that is not read here, as its first bytes tell it.
pub(super) fn foreign(head: &[u8]) -> Option<&'static str> {
    const WORKBOOK: &str = "is an Excel workbook: save the sheet as CSV";
    let name = match head {
        [b'P', b'K', 3, 4, rest @ ..] if rest.len() > 26 => {
            let length = usize::from(u16::from_le_bytes([rest[22], rest[23]]));
            rest.get(26..26 + length).unwrap_or_default()
        }
        _ => &[],
    };
    match head {
        [0x1f, 0x8b, ..] => Some("is compressed: give it as gunzip -c FILE | sklambda predict --input -"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(
            "is UTF-16: save it as UTF-8, or give it as iconv -f UTF-16 -t UTF-8 FILE | sklambda predict --input -",
        ),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some(WORKBOOK),
        _ if name.starts_with(b"xl/") || name == b"[Content_Types].xml" => Some(WORKBOOK),
        _ if !name.is_empty() && !name.ends_with(b".npy") => Some("is a zip archive: unpack it"),
        _ => None,
    }
}

/// By the first bytes.
pub(super) fn format(head: &[u8]) -> Format {
    for (magic, format) in
        [(b"\x93NUMPY".as_slice(), Format::Npy), (b"PK\x03\x04", Format::Npz), (b"PAR1", Format::Parquet)]
    {
        if head.starts_with(magic) {
            return format;
        }
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let (line, rest) = text.split_at(text.iter().position(|&b| b == b'\n').unwrap_or(text.len()));
    let more = !rest.trim_ascii().is_empty();
    let is_json = json::parse_bytes(line).is_ok();
    match text.first() {
        Some(b'[' | b'{' | b'"') if is_json && more => Format::Jsonl,
        Some(b'[' | b'{') | None => Format::Json,
        // A single number or word is a document of JSON; more of them are a column.
        Some(_) if is_json && !more => Format::Json,
        Some(_) => Format::Csv,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell_the_format() {
        for (head, expected) in [
            ("[[1, 2], [3, 4]]", Format::Json),
            ("[\n  [1, 2],\n  [3, 4]\n]", Format::Json),
            ("[1, 2]\n[3, 4]\n", Format::Jsonl),
            ("{\"a\": 1}\n{\"a\": 2}\n", Format::Jsonl),
            ("{\"input\": [[1]]}\n", Format::Json),
            ("[[1, 2", Format::Json),
            ("null", Format::Json),
            ("", Format::Json),
            ("1,2\n3,4\n", Format::Csv),
            ("5.1\n4.9\n", Format::Csv),
            ("\"a\",\"b\"\n1,2\n", Format::Csv),
            ("PAR1....", Format::Parquet),
        ] {
            assert_eq!(format(head.as_bytes()), expected, "{head}");
        }
        let zip =
            |name: &str| [b"PK\x03\x04".as_slice(), &[0; 22], &[name.len() as u8, 0, 0, 0], name.as_bytes()].concat();
        for (head, words) in [
            (b"\x1f\x8b\x08".to_vec(), Some("gunzip")),
            (b"\xff\xfea\0".to_vec(), Some("UTF-16")),
            (zip("[Content_Types].xml"), Some("Excel")),
            (zip("rows.csv"), Some("unpack")),
            (zip("format.npy"), None),
            (b"1,2\n".to_vec(), None),
        ] {
            let told = foreign(&head);
            assert!(told.is_some() == words.is_some() && told.unwrap_or("").contains(words.unwrap_or("")), "{told:?}");
        }
        assert_eq!(Format::of_name("x.CSV"), Some(Format::Csv));
        assert_eq!(Format::of_name("reviews.txt"), Some(Format::Lines));
        assert_eq!(Format::of_name("x.dat"), None);
    }
}
