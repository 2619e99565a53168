//! One text for a plain value, the same as `vectors.py` writes.

#![allow(clippy::unwrap_used, dead_code)] // a fault in test data is a failed test; no test uses all of this

use skpickle::{Kind, Obj};

/// `None` when the value is not plain (an object, a cycle, nested too deep).
pub(crate) fn canonical(obj: &Obj<'_>) -> Option<String> {
    if obj.depth() > 60 {
        return None;
    }
    let join = |items: Vec<Obj<'_>>| items.iter().map(canonical).collect::<Option<Vec<_>>>();
    Some(match obj.kind() {
        Kind::None => "None".into(),
        Kind::Bool => if obj.get::<bool>().ok()? { "True" } else { "False" }.into(),
        Kind::Int => format!("i{}", decimal(&obj.big_int()?)),
        Kind::Float => {
            let x: f64 = obj.get().ok()?;
            if x.is_nan() { "nan".into() } else { format!("f{:016x}", x.to_bits()) }
        }
        Kind::Str => format!("s{}", hex(obj.str().ok()?.as_bytes())),
        Kind::Bytes => format!("b{}", hex(&obj.bytes().ok()?)),
        Kind::List => format!("[{}]", join(obj.items().ok()?)?.join(",")),
        Kind::Tuple => format!("({})", join(obj.items().ok()?)?.join(",")),
        Kind::Set => {
            let mut items = join(obj.items().ok()?)?;
            items.sort();
            items.dedup();
            format!("{{{}}}", items.join(","))
        }
        Kind::Dict => {
            let mut pairs = Vec::new();
            let mut numbers = std::collections::HashSet::new();
            for (key, value) in obj.entries().ok()? {
                let key_text = canonical(&key)?;
                if matches!(key.kind(), Kind::Bool | Kind::Int | Kind::Float) {
                    numbers.insert(std::mem::discriminant(&key.kind()));
                }
                // Of equal keys the last value counts.
                pairs.retain(|(other, _)| *other != key_text);
                pairs.push((key_text, canonical(&value)?));
            }
            if numbers.len() > 1 {
                return None;
            }
            let mut pairs: Vec<String> = pairs.into_iter().map(|(k, v)| format!("{k}:{v}")).collect();
            pairs.sort();
            format!("<{}>", pairs.join(","))
        }
        Kind::Object => match obj.class()? {
            // Protocols below 3 and 4 spell bytes and sets as calls.
            name if name.is("_codecs", "encode") || name.is("__builtin__", "bytes") => {
                format!("b{}", hex(&obj.bytes().ok()?))
            }
            name if matches!(name.name, "set" | "frozenset") => {
                let mut items = join(obj.items().ok()?)?;
                items.sort();
                format!("{{{}}}", items.join(","))
            }
            _ => return None,
        },
        Kind::Global | Kind::Array => return None,
    })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

/// Little-endian two's complement in decimal.
fn decimal(bytes: &[u8]) -> String {
    let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
    let mut carry = negative;
    let mut magnitude: Vec<u8> = bytes
        .iter()
        .map(|&b| {
            let b = if negative { !b } else { b };
            let (n, overflow) = b.overflowing_add(carry.into());
            carry = overflow;
            n
        })
        .collect();
    if carry {
        magnitude.push(1);
    }
    let mut digits = Vec::new();
    while magnitude.iter().any(|&b| b != 0) {
        let mut rest = 0u32;
        for byte in magnitude.iter_mut().rev() {
            let n = rest << 8 | u32::from(*byte);
            *byte = (n / 10) as u8;
            rest = n % 10;
        }
        digits.push(char::from(b'0' + rest as u8));
    }
    if digits.is_empty() {
        return "0".into();
    }
    let sign = if negative { "-" } else { "" };
    sign.chars().chain(digits.into_iter().rev()).collect()
}
