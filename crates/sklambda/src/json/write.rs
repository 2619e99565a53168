//! The writer: `json.dumps(value, sort_keys=True)` to the letter.

use super::{
    Json, Text,
    text::{first_code, run},
};

impl Json {
    /// The text that `json.dumps(self, sort_keys=sorted)` gives.
    pub(crate) fn dumps(&self, sorted: bool) -> String {
        let mut out = String::new();
        self.write(&mut out, sorted);
        out
    }

    /// Values come from the reader, which bounds their depth, or are built a few levels deep.
    fn write(&self, out: &mut String, sorted: bool) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Json::Int(n) => out.push_str(&n.to_string()),
            Json::Big(digits) => out.push_str(digits),
            Json::Float(x) => out.push_str(&number_text(*x)),
            Json::Str(text) => write_str(out, text),
            Json::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    item.write(out, sorted);
                }
                out.push(']');
            }
            Json::Object(entries) => {
                out.push('{');
                let mut order: Vec<&(Text, Json)> = entries.iter().collect();
                if sorted {
                    // The byte order of UTF-8 is that of the code points.
                    order.sort_by(|a, b| a.0.cmp(&b.0));
                }
                for (i, (key, value)) in order.into_iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    write_str(out, key);
                    out.push_str(": ");
                    value.write(out, sorted);
                }
                out.push('}');
            }
        }
    }
}

fn write_str(out: &mut String, text: &Text) {
    out.push('"');
    let mut rest = text.bytes();
    loop {
        // Answers are long, and almost all of them stands as it is.
        let plain = run(rest, |b| !matches!(b, b' '..=b'~') || b == b'"' || b == b'\\');
        out.push_str(std::str::from_utf8(&rest[..plain]).unwrap_or_default());
        let Some((code, after)) = first_code(&rest[plain..]) else { break };
        rest = after;
        match code {
            0x22 => out.push_str("\\\""),
            0x5c => out.push_str("\\\\"),
            0x0a => out.push_str("\\n"),
            0x0d => out.push_str("\\r"),
            0x09 => out.push_str("\\t"),
            0x0c => out.push_str("\\f"),
            0x08 => out.push_str("\\b"),
            0x10000.. => {
                let bits = code - 0x10000;
                out.push_str(&format!("\\u{:04x}\\u{:04x}", 0xd800 + (bits >> 10), 0xdc00 + (bits & 0x3ff)));
            }
            _ => out.push_str(&format!("\\u{code:04x}")),
        }
    }
    out.push('"');
}

/// A float as JSON text, with Python's words for what JSON has no number for.
fn number_text(x: f64) -> String {
    if x.is_nan() {
        "NaN".into()
    } else if x.is_infinite() {
        if x > 0.0 { "Infinity" } else { "-Infinity" }.into()
    } else {
        float_repr(x)
    }
}

/// `repr(x)` of Python: the shortest digits that give `x` back.
pub(crate) fn float_repr(x: f64) -> String {
    if x.is_nan() {
        return "nan".into();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf" } else { "-inf" }.into();
    }
    if x != 0.0 && !(1e-4..1e16).contains(&x.abs()) {
        let text = format!("{x:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    let text = x.to_string();
    if text.contains('.') { text } else { text + ".0" }
}
