//! Python's `repr` and `str`.

use crate::json::{Json, Text, float_repr};

/// `repr(value)`. Values come from the reader, which bounds their depth.
pub(crate) fn repr(value: &Json) -> Text {
    let mut out = Text::default();
    write(&mut out, value);
    out
}

/// `str(value)`: as `repr`, but text stands bare.
pub(crate) fn str(value: &Json) -> Text {
    match value {
        Json::Str(text) => text.clone(),
        other => repr(other),
    }
}

fn write(out: &mut Text, value: &Json) {
    let list = |out: &mut Text, (i, value): (usize, &Json)| {
        if i > 0 {
            out.push_str(", ");
        }
        write(out, value);
    };
    match value {
        Json::Null => out.push_str("None"),
        Json::Bool(b) => out.push_str(if *b { "True" } else { "False" }),
        Json::Int(n) => out.push_str(&n.to_string()),
        Json::Big(digits) => out.push_str(digits),
        Json::Float(x) => out.push_str(&float_repr(*x)),
        Json::Str(text) => write_str(out, text),
        Json::Array(items) => {
            out.push_str("[");
            items.iter().enumerate().for_each(|item| list(out, item));
            out.push_str("]");
        }
        Json::Object(entries) => {
            out.push_str("{");
            for (i, (key, value)) in entries.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_str(out, key);
                out.push_str(": ");
                write(out, value);
            }
            out.push_str("}");
        }
    }
}

fn quote(has_single: bool, has_double: bool) -> u32 {
    u32::from(if has_single && !has_double { '"' } else { '\'' })
}

fn write_str(out: &mut Text, text: &Text) {
    let quote = quote(text.bytes().contains(&b'\''), text.bytes().contains(&b'"'));
    out.push(quote);
    for code in text.codes() {
        match code {
            _ if code == quote || code == 0x5c => {
                out.push(0x5c);
                out.push(code);
            }
            0x09 => out.push_str("\\t"),
            0x0a => out.push_str("\\n"),
            0x0d => out.push_str("\\r"),
            _ if is_printable(code) => out.push(code),
            0..=0xff => out.push_str(&format!("\\x{code:02x}")),
            0x100..=0xffff => out.push_str(&format!("\\u{code:04x}")),
            _ => out.push_str(&format!("\\U{code:08x}")),
        }
    }
    out.push(quote);
}

/// `str.isprintable`: no control, format, surrogate, private or unassigned character, and no separator but the space.
fn is_printable(code: u32) -> bool {
    match char::from_u32(code) {
        None => false,
        Some(c) if c.is_ascii() => c == ' ' || c.is_ascii_graphic(),
        // The standard library has the same table, but escapes combining characters too when they come first.
        Some(c) => {
            let mut text = String::from("a");
            text.push(c);
            text.escape_debug().nth(1) == Some(c)
        }
    }
}

/// `repr` of text.
pub(crate) fn repr_str(text: &str) -> String {
    let mut out = Text::default();
    write_str(&mut out, &text.into());
    out.as_str().unwrap_or_default().to_owned()
}

/// `repr` of bytes.
pub(crate) fn repr_bytes(bytes: &[u8]) -> String {
    let quote = u8::try_from(quote(bytes.contains(&b'\''), bytes.contains(&b'"'))).unwrap_or(b'\'');
    let mut out = String::from("b");
    out.push(quote.into());
    for &byte in bytes {
        match byte {
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            _ if byte == quote || byte == b'\\' => out.extend(['\\', byte.into()]),
            0x20..0x7f => out.push(byte.into()),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote.into());
    out
}
