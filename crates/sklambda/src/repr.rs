//! Plain values as Python prints them.

use std::collections::HashSet;

use skpickle::{Kind, Obj, Scalar};

use crate::{json::float_repr, python};

/// Bytes of an integer that is printed in full: about CPython's own 4,300 digits.
const INT_BYTES: usize = 1_785;

enum Task<'g> {
    Value(Obj<'g>),
    Text(&'static str),
    Leave(u32),
}

/// `repr(value)`, cut after `max` characters; what is no plain value stands in angle brackets.
pub(crate) fn repr(obj: &Obj<'_>, max: usize) -> String {
    let (mut text, complete, _) = write(obj, max);
    if !complete {
        let end = (0..=max.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(end);
        text.push_str("...");
    }
    text
}

/// `repr(value)`, if it has no more than `max` characters and nothing but plain values in it.
#[cfg(feature = "cli")]
pub(crate) fn inline(obj: &Obj<'_>, max: usize) -> Option<String> {
    let (text, complete, plain) = write(obj, max);
    (complete && plain).then_some(text)
}

/// The text, whether it is complete, and whether all is plain.
fn write(obj: &Obj<'_>, max: usize) -> (String, bool, bool) {
    let mut out = String::new();
    let mut plain = true;
    let mut open = HashSet::new();
    let mut tasks = vec![Task::Value(obj.clone())];
    while let Some(task) = tasks.pop() {
        match task {
            Task::Text(text) => out.push_str(text),
            Task::Leave(identity) => {
                open.remove(&identity);
            }
            Task::Value(obj) => match obj.kind() {
                Kind::List | Kind::Tuple | Kind::Set | Kind::Dict if !open.insert(obj.identity()) => {
                    out.push_str(match obj.kind() {
                        Kind::List => "[...]",
                        Kind::Tuple => "(...)",
                        _ => "{...}",
                    });
                }
                Kind::List | Kind::Tuple | Kind::Set => items(&obj, max, &mut out, &mut tasks),
                Kind::Dict => entries(&obj, max, &mut out, &mut tasks),
                _ => match leaf(&obj, max) {
                    Some(text) => out.push_str(&text),
                    None => {
                        plain = false;
                        out.push_str(&format!("<{}>", obj.describe()));
                    }
                },
            },
        }
        if out.len() > max {
            return (out, false, plain);
        }
    }
    (out, true, plain)
}

fn items<'g>(obj: &Obj<'g>, max: usize, out: &mut String, tasks: &mut Vec<Task<'g>>) {
    let items = match obj.items() {
        Ok(items) => items,
        Err(e) => return out.push_str(&format!("<{}: {}>", obj.describe(), e.message())),
    };
    let (before, after) = match (obj.kind(), items.len()) {
        (Kind::List, _) => ("[", "]"),
        (Kind::Tuple, 1) => ("(", ",)"),
        (Kind::Tuple, _) => ("(", ")"),
        (_, 0) => ("set(", ")"),
        _ => ("{", "}"),
    };
    out.push_str(before);
    tasks.push(Task::Leave(obj.identity()));
    tasks.push(Task::Text(after));
    // More than can be shown need not wait in line.
    for (i, item) in items.into_iter().enumerate().take(max + 1).collect::<Vec<_>>().into_iter().rev() {
        tasks.push(Task::Value(item));
        if i > 0 {
            tasks.push(Task::Text(", "));
        }
    }
}

fn entries<'g>(obj: &Obj<'g>, max: usize, out: &mut String, tasks: &mut Vec<Task<'g>>) {
    let entries = match obj.entries() {
        Ok(entries) => entries,
        Err(e) => return out.push_str(&format!("<{}: {}>", obj.describe(), e.message())),
    };
    out.push('{');
    tasks.push(Task::Leave(obj.identity()));
    tasks.push(Task::Text("}"));
    for (i, (key, value)) in entries.into_iter().enumerate().take(max + 1).collect::<Vec<_>>().into_iter().rev() {
        tasks.push(Task::Value(value));
        tasks.push(Task::Text(": "));
        tasks.push(Task::Value(key));
        if i > 0 {
            tasks.push(Task::Text(", "));
        }
    }
}

/// A value without parts.
fn leaf(obj: &Obj<'_>, max: usize) -> Option<String> {
    Some(match obj.kind() {
        Kind::None => "None".into(),
        Kind::Int => integer(&obj.big_int()?),
        Kind::Str => {
            let text = obj.str().ok()?;
            // A character takes ten columns at most.
            python::repr_str(&text.chars().take(max + 1).collect::<String>())
        }
        Kind::Bytes => {
            let bytes = obj.bytes().ok()?;
            python::repr_bytes(&bytes[..bytes.len().min(max + 1)])
        }
        Kind::Object | Kind::Array if obj.class().is_none_or(|name| name.name != "scalar") => return None,
        Kind::Bool | Kind::Float | Kind::Object => scalar(&obj.get().ok()?),
        _ => return None,
    })
}

/// A single value, whichever type spelled it.
pub(crate) fn scalar(value: &Scalar) -> String {
    match value {
        Scalar::None => "None".into(),
        Scalar::Bool(b) => if *b { "True" } else { "False" }.into(),
        Scalar::Int(n) | Scalar::Time(n) => n.to_string(),
        Scalar::Float(x) => float_repr(*x),
        Scalar::Float32(x) => crate::numpy::float32(*x),
        Scalar::Str(text) => python::repr_str(&text.chars().take(200).collect::<String>()),
        Scalar::Bytes(bytes) => python::repr_bytes(&bytes[..bytes.len().min(200)]),
    }
}

/// Little-endian two's complement as decimal digits.
fn integer(bytes: &[u8]) -> String {
    let negative = bytes.last().is_some_and(|&b| b >= 0x80);
    if bytes.len() > INT_BYTES {
        return format!("<{} int of {} bytes>", if negative { "negative" } else { "positive" }, bytes.len());
    }
    let mut carry = negative;
    let mut magnitude: Vec<u8> = bytes
        .iter()
        .map(|&b| {
            let (b, next) = if negative { (!b).overflowing_add(carry.into()) } else { (b, false) };
            carry = next;
            b
        })
        .collect();
    let mut digits = Vec::new();
    while magnitude.iter().any(|&b| b != 0) {
        let mut rest = 0u32;
        for byte in magnitude.iter_mut().rev() {
            let value = rest << 8 | u32::from(*byte);
            *byte = (value / 10_000) as u8;
            rest = value % 10_000;
        }
        digits.push(format!("{rest:04}"));
        while magnitude.last() == Some(&0) {
            magnitude.pop();
        }
    }
    let text: String = digits.into_iter().rev().collect();
    let text = text.trim_start_matches('0');
    format!("{}{}", if negative { "-" } else { "" }, if text.is_empty() { "0" } else { text })
}

#[cfg(test)]
mod tests {
    use super::integer;

    #[test]
    fn integers_of_any_size() {
        for n in [0i128, 1, -1, 255, -256, 9_999, 10_000, -10_000, i128::MAX, i128::MIN, 10i128.pow(20)] {
            assert_eq!(integer(&n.to_le_bytes()), n.to_string());
        }
        assert_eq!(integer(&[]), "0");
    }
}
