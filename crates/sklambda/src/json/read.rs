//! The reader: no recursion, a bound on depth, and Python's words and positions where it refuses.

use std::collections::HashMap;

use super::{
    Json, Text,
    decimal::{fraction, leading_digits},
    text::run,
};

/// Containers inside one another: where CPython's own reader gives up.
const DEPTH: usize = 990;

/// Containers inside one another in the dialects that are not the Python toolkit's.
const STRICT_DEPTH: usize = 128;

/// Digits of one integer: CPython's own bound.
const INT_DIGITS: usize = 4_300;

/// A value, and where its text first departs from standard JSON, if it does: Python takes more than others should.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Noted {
    pub(crate) value: Json,
    pub(crate) departs: Option<String>,
}

/// Reads text (UTF-8, in which lone surrogates may stand too). The error is the message of Python's exception.
pub(crate) fn parse(text: &Text) -> Result<Json, String> {
    read(text.bytes()).map(|noted| noted.value)
}

/// Reads bytes, as `json.loads` does with bytes: UTF-8, with or without a byte order mark.
pub(crate) fn parse_bytes(bytes: &[u8]) -> Result<Json, String> {
    parse_noting(bytes).map(|noted| noted.value)
}

/// As [`parse_bytes`], and notes what is not standard JSON: words for numbers, keys that occur twice, lone surrogates,
/// and a depth that no request needs.
pub(crate) fn parse_noting(bytes: &[u8]) -> Result<Noted, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Err(e) = std::str::from_utf8(bytes) {
        let at = e.valid_up_to();
        let (byte, why) = match (bytes.get(at), e.error_len()) {
            (Some(byte @ (0x80..=0xc1 | 0xf5..)), _) => (*byte, "invalid start byte"),
            (Some(byte), Some(_)) => (*byte, "invalid continuation byte"),
            (Some(byte), None) => (*byte, "unexpected end of data"),
            (None, _) => (0, "unexpected end of data"),
        };
        return Err(format!("'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: {why}"));
    }
    read(bytes)
}

fn read(bytes: &[u8]) -> Result<Noted, String> {
    let mut reader = Reader { bytes, text: std::str::from_utf8(bytes).unwrap_or_default(), at: 0, departs: None };
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(reader.error("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0));
    }
    reader.space();
    let value = reader.value()?;
    reader.space();
    if reader.at < bytes.len() {
        return Err(reader.error("Extra data", reader.at));
    }
    Ok(Noted { value, departs: reader.departs })
}

/// A container whose end has not come yet.
enum Open {
    Array(Vec<Json>),
    Object(Vec<(Text, Json)>, Text),
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// The same as text; empty where lone surrogates are in it.
    text: &'a str,
    at: usize,
    /// The first departure from standard JSON.
    departs: Option<String>,
}

impl<'a> Reader<'a> {
    #[cold]
    fn error(&self, message: &str, at: usize) -> String {
        let before = &self.bytes[..at.min(self.bytes.len())];
        let chars = |bytes: &[u8]| bytes.iter().filter(|&&b| b & 0xc0 != 0x80).count();
        let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let line = 1 + before.iter().filter(|&&b| b == b'\n').count();
        format!("{message}: line {line} column {} (char {})", 1 + chars(&before[line_start..]), chars(before))
    }

    #[cold]
    fn note(&mut self, message: &str, at: usize) {
        if self.departs.is_none() {
            self.departs = Some(self.error(message, at));
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Json, String> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            // A value starts here.
            let mut value = match self.peek() {
                Some(b'-' | b'0'..=b'9') => {
                    if let Some(Open::Array(items)) = open.last_mut() {
                        self.floats(items);
                    }
                    self.scalar()?
                }
                Some(b'[') => {
                    self.enter(open.len(), "array")?;
                    if self.peek() != Some(b']') {
                        open.push(Open::Array(Vec::new()));
                        continue;
                    }
                    self.at += 1;
                    Json::Array(Vec::new())
                }
                Some(b'{') => {
                    self.enter(open.len(), "object")?;
                    if self.peek() != Some(b'}') {
                        let key = self.key()?;
                        open.push(Open::Object(Vec::new(), key));
                        continue;
                    }
                    self.at += 1;
                    Json::Object(Vec::new())
                }
                _ => self.scalar()?,
            };
            // A value has ended here; containers may end with it.
            loop {
                let Some(top) = open.last_mut() else { return Ok(value) };
                self.space();
                let next = self.peek();
                match top {
                    Open::Array(items) => items.push(value),
                    Open::Object(entries, key) => entries.push((std::mem::take(key), value)),
                }
                match (next, &mut *top) {
                    (Some(b','), Open::Array(_)) => {
                        self.at += 1;
                        self.space();
                        break;
                    }
                    (Some(b','), Open::Object(_, key)) => {
                        self.at += 1;
                        self.space();
                        *key = self.key()?;
                        break;
                    }
                    (Some(b']'), Open::Array(items)) => value = Json::Array(std::mem::take(items)),
                    (Some(b'}'), Open::Object(entries, _)) => {
                        let (entries, twice) = unique(std::mem::take(entries));
                        value = Json::Object(entries);
                        if let Some(key) = twice {
                            let key = skpickle::printable(&String::from_utf8_lossy(key.bytes()));
                            self.note(&format!("the key \"{key}\" occurs twice in the object that ends"), self.at);
                        }
                    }
                    _ => return Err(self.error("Expecting ',' delimiter", self.at)),
                }
                self.at += 1;
                open.pop();
            }
        }
    }

    fn enter(&mut self, depth: usize, what: &str) -> Result<(), String> {
        if depth >= DEPTH {
            return Err(format!("maximum recursion depth exceeded while decoding a JSON {what} from a unicode string"));
        }
        if depth == STRICT_DEPTH {
            self.note(&format!("more than {STRICT_DEPTH} lists and objects inside one another"), self.at);
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    /// A key, its colon, and the space around.
    fn key(&mut self) -> Result<Text, String> {
        if self.peek() != Some(b'"') {
            return Err(self.error("Expecting property name enclosed in double quotes", self.at));
        }
        let key = self.string()?;
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.error("Expecting ':' delimiter", self.at));
        }
        self.at += 1;
        self.space();
        Ok(key)
    }

    fn scalar(&mut self) -> Result<Json, String> {
        let words: &[(&str, Json)] = match self.peek() {
            Some(b'"') => return Ok(Json::Str(self.string()?)),
            Some(b'n') => &[("null", Json::Null)],
            Some(b't') => &[("true", Json::Bool(true))],
            Some(b'f') => &[("false", Json::Bool(false))],
            Some(b'N') => &[("NaN", Json::Float(f64::NAN))],
            Some(b'I') => &[("Infinity", Json::Float(f64::INFINITY))],
            Some(b'-') if self.bytes.get(self.at + 1) == Some(&b'I') => {
                &[("-Infinity", Json::Float(f64::NEG_INFINITY))]
            }
            _ => return self.number(),
        };
        let Some((word, value)) = words.iter().find(|(word, _)| self.bytes[self.at..].starts_with(word.as_bytes()))
        else {
            return Err(self.error("Expecting value", self.at));
        };
        if matches!(value, Json::Float(_)) {
            self.note("JSON has no NaN and no Infinity (send null for a missing value)", self.at);
        }
        self.at += word.len();
        Ok(value.clone())
    }

    /// Floats that stand one behind the other, but for the last one. Some at a time go to their places: a value that is made
    /// where it stays is not waited for.
    fn floats(&mut self, items: &mut Vec<Json>) {
        loop {
            let (mut block, mut count) = ([0.0; 16], 0);
            while count < block.len()
                && let Some((value, length)) = self.float()
            {
                let start = self.at;
                self.at += length;
                self.space();
                let more = self.peek() == Some(b',');
                self.at += usize::from(more);
                self.space();
                if !more || !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
                    self.at = start;
                    break;
                }
                block[count] = value;
                count += 1;
            }
            items.extend(block[..count].iter().map(|&value| Json::Float(value)));
            if count < block.len() {
                return;
            }
        }
    }

    /// The float that begins here, and how long its text is.
    fn float(&self) -> Option<(f64, usize)> {
        fraction(&self.bytes[self.at..]).or_else(|| match self.number_text()? {
            (text, None) => Some((text.parse().unwrap_or(f64::NAN), text.len())),
            _ => None,
        })
    }

    fn number(&mut self) -> Result<Json, String> {
        let Some((text, digits)) = self.number_text() else {
            return Err(self.error("Expecting value", self.at));
        };
        let value = match digits {
            None => Json::Float(text.parse().unwrap_or(f64::NAN)),
            Some(digits) if digits > INT_DIGITS => {
                return Err(format!(
                    "Exceeds the limit ({INT_DIGITS} digits) for integer string conversion: value has {digits} digits; use \
                     sys.set_int_max_str_digits() to increase the limit"
                ));
            }
            Some(_) => text.parse().map(Json::Int).unwrap_or_else(|_| Json::Big(text.into())),
        };
        self.at += text.len();
        Ok(value)
    }

    /// The number that begins here, and how many digits it has if it is an integer.
    fn number_text(&self) -> Option<(&'a str, Option<usize>)> {
        let rest = &self.bytes[self.at..];
        let digits = |from: usize| rest.get(from..).map_or(0, count_digits);
        let sign = usize::from(rest.first() == Some(&b'-'));
        let whole = match rest.get(sign) {
            Some(b'0') => 1,
            Some(b'1'..=b'9') => digits(sign),
            _ => return None,
        };
        let mut end = sign + whole;
        let mut is_float = false;
        if rest.get(end) == Some(&b'.') {
            let count = digits(end + 1);
            is_float = count > 0;
            end += if count > 0 { 1 + count } else { 0 };
        }
        if matches!(rest.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
            let count = digits(end + 1 + sign);
            is_float |= count > 0;
            end += if count > 0 { 1 + sign + count } else { 0 };
        }
        // Only ASCII was passed over.
        let ascii = || std::str::from_utf8(&rest[..end]).unwrap_or_default();
        let text = self.text.get(self.at..self.at + end).unwrap_or_else(ascii);
        Some((text, (!is_float).then_some(whole)))
    }

    fn string(&mut self) -> Result<Text, String> {
        let begin = self.at;
        self.at += 1;
        let mut text = Text::default();
        loop {
            let start = self.at;
            self.at += run(&self.bytes[start..], |b| b == b'"' || b == b'\\' || b < 0x20);
            text.push_bytes(&self.bytes[start..self.at]);
            match self.peek() {
                None => return Err(self.error("Unterminated string starting at", begin)),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => self.escape(begin, &mut text)?,
                Some(_) => return Err(self.error("Invalid control character at", self.at)),
            }
        }
    }

    fn escape(&mut self, begin: usize, text: &mut Text) -> Result<(), String> {
        let backslash = self.at;
        let Some(&letter) = self.bytes.get(backslash + 1) else {
            return Err(self.error("Unterminated string starting at", begin));
        };
        self.at = backslash + 2;
        let code = match letter {
            b'"' | b'\\' | b'/' => u32::from(letter),
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'u' => {
                let high = self.hex(backslash + 1)?;
                let low = backslash + 6;
                let pair = (0xd800..0xdc00).contains(&high) && self.bytes[low..].starts_with(b"\\u");
                // CPython looks at a second escape only where a character follows it.
                if pair && self.bytes.len() > low + 6 {
                    let second = self.hex(low + 1)?;
                    if (0xdc00..0xe000).contains(&second) {
                        text.push(0x10000 + ((high - 0xd800) << 10 | (second - 0xdc00)));
                        return Ok(());
                    }
                    self.at = low;
                }
                if (0xd800..0xe000).contains(&high) {
                    self.note("half of a surrogate pair, which is no character", backslash);
                }
                high
            }
            _ => return Err(self.error("Invalid \\escape", backslash)),
        };
        text.push(code);
        Ok(())
    }

    /// Four digits, the `u` before them, and something after them.
    fn hex(&mut self, u: usize) -> Result<u32, String> {
        let digits = self.bytes.get(u + 1..u + 5).filter(|_| u + 5 < self.bytes.len());
        let code = digits
            .and_then(|digits| digits.iter().try_fold(0, |code, &b| Some(code << 4 | char::from(b).to_digit(16)?)));
        self.at = u + 5;
        code.ok_or_else(|| self.error("Invalid \\uXXXX escape", u))
    }
}

/// Digits that bytes begin with.
fn count_digits(bytes: &[u8]) -> usize {
    let (eights, rest) = bytes.as_chunks::<8>();
    for (i, eight) in eights.iter().enumerate() {
        let (count, _) = leading_digits(*eight);
        if count < 8 {
            return 8 * i + count;
        }
    }
    8 * eights.len() + rest.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// Of equal keys the first place and the last value, as a Python dict keeps them; and such a key.
fn unique(entries: Vec<(Text, Json)>) -> (Vec<(Text, Json)>, Option<Text>) {
    let mut twice = None;
    let mut seen: HashMap<Text, usize> = HashMap::with_capacity(entries.len());
    let mut out: Vec<(Text, Json)> = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        match seen.get(&key) {
            Some(&at) => {
                out[at].1 = value;
                twice.get_or_insert(key);
            }
            None => {
                seen.insert(key.clone(), out.len());
                out.push((key, value));
            }
        }
    }
    (out, twice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_counted_up_to_the_first_other_byte() {
        for len in 0..18 {
            let digits: Vec<u8> = (0..len).map(|i| b'0' + (i * 7 % 10) as u8).collect();
            assert_eq!(count_digits(&digits), len);
            for at in 0..len {
                for byte in 0..=255u8 {
                    let mut bytes = digits.clone();
                    bytes[at] = byte;
                    assert_eq!(count_digits(&bytes), if byte.is_ascii_digit() { len } else { at }, "{bytes:?}");
                }
            }
        }
    }
}
