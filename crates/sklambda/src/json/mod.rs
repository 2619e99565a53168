//! JSON as Python's `json` module reads and writes it: `NaN`, integers of any size, lone surrogates, its error messages.

mod decimal;
mod read;
#[cfg(test)]
mod tests;
mod text;
mod write;

pub(crate) use read::{Noted, parse, parse_bytes, parse_noting};
pub(crate) use text::Text;
pub(crate) use write::float_repr;

/// One JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer beyond 64 bits, as decimal digits with its sign.
    Big(Box<str>),
    Float(f64),
    Str(Text),
    Array(Vec<Json>),
    /// Keys are unique, in order of their first occurrence.
    Object(Vec<(Text, Json)>),
}

impl Json {
    /// Text as a value.
    pub(crate) fn str(text: impl Into<Text>) -> Json {
        Json::Str(text.into())
    }

    /// The value of a key, if this is an object that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(entries) => entries.iter().find(|(k, _)| k.as_str() == Some(key)).map(|(_, v)| v),
            _ => None,
        }
    }

    /// Python's truth value.
    pub(crate) fn truthy(&self) -> bool {
        match self {
            Json::Null => false,
            Json::Bool(b) => *b,
            Json::Int(n) => *n != 0,
            Json::Big(_) => true,
            Json::Float(x) => *x != 0.0,
            Json::Str(text) => !text.is_empty(),
            Json::Array(items) => !items.is_empty(),
            Json::Object(entries) => !entries.is_empty(),
        }
    }

    /// Python's name for the type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Json::Null => "NoneType",
            Json::Bool(_) => "bool",
            Json::Int(_) | Json::Big(_) => "int",
            Json::Float(_) => "float",
            Json::Str(_) => "str",
            Json::Array(_) => "list",
            Json::Object(_) => "dict",
        }
    }
}

/// A JSON type in words.
pub(crate) fn form(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Int(_) | Json::Big(_) | Json::Float(_) => "a number",
        Json::Str(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}
