//! Element types: `numpy.dtype('f8', False, True)` with its state, and the type strings of `.npy` headers.

use std::sync::Arc;

use crate::{
    error::{Error, ErrorKind, Result, printable},
    graph::Name,
    obj::{Kind, Obj},
};

/// numpy's element type.
///
/// `kind` is numpy's letter: `b` bool, `i` `u` integers, `f` floats, `c` complex, `S` bytes, `U` text, `O` objects,
/// `M` `m` dates and spans, `V` records and raw bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dtype {
    /// numpy's letter for the kind.
    pub kind: u8,
    /// Bytes of one element.
    pub size: usize,
    /// Whether the most significant byte comes first.
    pub big_endian: bool,
    /// Fields of a record, in order.
    pub fields: Arc<[Field]>,
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Where it starts in the record, in bytes; records may be packed, so any offset is legal.
    pub offset: usize,
    /// Its type.
    pub dtype: Dtype,
    /// How many elements it holds (more than one for a sub-array).
    pub len: usize,
}

impl Dtype {
    /// The type with numpy's short name, such as `f8`, `<i4`, `|S5`, `>U3`, `bool` or `M8[ns]`.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when numpy has no such type, or one that cannot occur in a model.
    pub fn parse(text: &str) -> Result<Self> {
        let bad =
            || Error::new(ErrorKind::Value, format_args!("'{}' is no numpy dtype that is known here", printable(text)));
        let (big_endian, code) = match text.as_bytes() {
            [b'>' | b'!', ..] => (true, &text[1..]),
            [b'<' | b'=' | b'|', ..] => (false, &text[1..]),
            _ => (false, text),
        };
        let (kind, digits) = match code {
            "bool" | "?" => (b'b', "1"),
            _ if code.is_char_boundary(1) && !code.is_empty() => (code.as_bytes()[0], &code[1..]),
            _ => return Err(bad()),
        };
        // The unit of a date or span plays no part here.
        let digits = if matches!(kind, b'M' | b'm') { digits.split('[').next().unwrap_or("") } else { digits };
        let number = if digits.is_empty() {
            if kind == b'O' { 8 } else { 0 }
        } else if digits.bytes().all(|b| b.is_ascii_digit()) {
            digits.parse::<u32>().map_err(|_| bad())? as usize
        } else {
            return Err(bad());
        };
        let size = if kind == b'U' { number.checked_mul(4).ok_or_else(bad)? } else { number };
        let legal = match kind {
            b'b' => size == 1,
            b'i' | b'u' => matches!(size, 1 | 2 | 4 | 8),
            b'f' => matches!(size, 2 | 4 | 8 | 12 | 16),
            b'c' => matches!(size, 8 | 16 | 24 | 32),
            b'M' | b'm' => size == 8,
            b'O' => matches!(size, 4 | 8),
            b'S' | b'a' | b'U' | b'V' => true,
            _ => false,
        };
        if !legal {
            return Err(bad());
        }
        let kind = if kind == b'a' { b'S' } else { kind };
        Ok(Dtype { kind, size, big_endian, fields: Arc::default() })
    }

    /// Whether elements are Python objects.
    pub fn is_object(&self) -> bool {
        self.kind == b'O'
    }

    /// Whether elements are floats of 32 bits.
    pub fn is_f32(&self) -> bool {
        (self.kind, self.size) == (b'f', 4)
    }

    /// numpy's name for it, such as `<f8` or `U5`.
    pub fn name(&self) -> String {
        let kind = char::from(self.kind);
        match self.kind {
            b'O' => "object".into(),
            b'b' => "bool".into(),
            b'V' if !self.fields.is_empty() => format!("record of {} fields", self.fields.len()),
            b'U' => format!("U{}", self.size / 4),
            _ => format!("{}{kind}{}", if self.big_endian { ">" } else { "" }, self.size),
        }
    }

    /// Reads a dtype object, a type reference such as `numpy.float64`, or a type string.
    pub(crate) fn from_obj(obj: &Obj<'_>) -> Result<Self> {
        obj.dtype(|| Self::read(obj, 0))
    }

    fn read(obj: &Obj<'_>, depth: usize) -> Result<Self> {
        if depth > 8 {
            return Err(obj.error(ErrorKind::Limit, "dtypes nested more than 8 deep"));
        }
        let on = |e: Error| e.on_path(obj.path()).at(obj.offset());
        match obj.kind() {
            Kind::Str => return Dtype::parse(&obj.get::<String>()?).map_err(on),
            Kind::Global => {
                let name = obj.global().map(type_code).unwrap_or_default();
                return name
                    .ok_or_else(|| obj.expected("a numpy dtype"))
                    .and_then(|code| Dtype::parse(code).map_err(on));
            }
            _ => {}
        }
        let class = obj.class().ok_or_else(|| obj.expected("a numpy dtype"))?;
        // numpy 1.20+ names subclasses such as `numpy.dtype[float64]` or `numpy.dtypes.Float64DType` only in type references.
        if !(class.name == "dtype"
            && matches!(class.module, "numpy" | "numpy.core.multiarray" | "numpy._core.multiarray"))
        {
            return Err(obj.expected("a numpy dtype"));
        }
        let first = obj.args()?.first().cloned().ok_or_else(|| obj.expected("a numpy dtype with its type string"))?;
        let mut dtype = Self::read(&first, depth + 1)?;
        if let Some(state) = obj.state() {
            dtype.set_state(&state, depth)?;
        }
        Ok(dtype)
    }

    /// `(version, byte order, subarray, names, fields, itemsize, alignment, flags, …)`.
    fn set_state(&mut self, state: &Obj<'_>, depth: usize) -> Result<()> {
        let parts = state.items()?;
        if parts.len() < 5 {
            return Err(state.expected("the state of a dtype, a tuple of at least 5"));
        }
        match parts[1].get::<String>()?.as_str() {
            ">" => self.big_endian = true,
            "<" | "=" | "|" => self.big_endian = false,
            other => {
                return Err(parts[1]
                    .error(ErrorKind::Value, format_args!("byte order '{}', expected <, > or |", printable(other))));
            }
        }
        if parts[2].kind() != Kind::None {
            return Err(parts[2].error(ErrorKind::Unsupported, "an array of sub-arrays"));
        }
        let itemsize = parts.get(5).map(|size| size.get::<i64>()).transpose()?.unwrap_or(-1);
        if parts[3].kind() == Kind::None {
            // Text and raw bytes carry their size here too; it must agree with the type string where both speak.
            if let Ok(size) = usize::try_from(itemsize) {
                if matches!(self.kind, b'U' | b'S' | b'V') && self.size == 0 {
                    self.size = size;
                } else if size != self.size && itemsize > 0 {
                    return Err(state.error(
                        ErrorKind::Value,
                        format_args!("itemsize {size} in the state of a dtype of {} bytes", self.size),
                    ));
                }
            }
            return Ok(());
        }
        if self.kind != b'V' {
            return Err(state.error(ErrorKind::Value, "a dtype with fields that is no record"));
        }
        if let Ok(size) = usize::try_from(itemsize) {
            self.size = size;
        }
        let mut fields = Vec::new();
        for name in parts[3].items()? {
            let label = name.get::<String>()?;
            let entry = parts[4].entry(&label)?.items()?;
            let [dtype, offset, ..] = entry.as_slice() else {
                return Err(parts[4].expected("a dtype and an offset for each field"));
            };
            let (len, dtype) = Self::field(dtype, depth)?;
            let field = Field { name: label, offset: offset.get()?, dtype, len };
            let end = field.dtype.size.checked_mul(field.len).and_then(|n| n.checked_add(field.offset));
            if end.is_none_or(|end| end > self.size) {
                return Err(offset.error(
                    ErrorKind::Value,
                    format_args!("field '{}' reaches beyond the record of {} bytes", printable(&field.name), self.size),
                ));
            }
            fields.push(field);
        }
        self.fields = fields.into();
        Ok(())
    }

    /// The type of a field, which may be a sub-array: `(count, element type)`.
    fn field(obj: &Obj<'_>, depth: usize) -> Result<(usize, Dtype)> {
        let state = obj.state().map(|state| state.items()).transpose()?.unwrap_or_default();
        let Some(sub) = state.get(2).filter(|sub| sub.kind() != Kind::None) else {
            return Ok((1, Self::read(obj, depth + 1)?));
        };
        let parts = sub.items()?;
        let [base, shape] = parts.as_slice() else {
            return Err(sub.expected("a base dtype and a shape"));
        };
        let shape = if shape.kind() == Kind::Tuple { shape.get::<Vec<usize>>()? } else { vec![shape.get()?] };
        let len = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
        let len =
            len.ok_or_else(|| sub.error(ErrorKind::Value, "a sub-array with more elements than there is memory"))?;
        Ok((len, Self::read(base, depth + 1)?))
    }
}

/// The type string of a reference to numpy's or Python's own type.
fn type_code(name: Name<'_>) -> Option<&'static str> {
    match (name.module, name.name) {
        ("numpy", name) => Some(match name {
            "float64" | "float_" | "double" => "f8",
            "float32" | "single" => "f4",
            "float16" | "half" => "f2",
            "longdouble" | "float128" => "f16",
            "int64" | "int_" | "longlong" | "intp" | "int" => "i8",
            "int32" | "intc" => "i4",
            "int16" | "short" => "i2",
            "int8" | "byte" => "i1",
            "uint64" | "uint" | "ulonglong" | "uintp" => "u8",
            "uint32" | "uintc" => "u4",
            "uint16" | "ushort" => "u2",
            "uint8" | "ubyte" => "u1",
            "bool_" | "bool" | "bool8" => "b1",
            "complex128" => "c16",
            "complex64" => "c8",
            "object_" | "object" => "O",
            "str_" | "unicode_" | "str" => "U0",
            "bytes_" | "string_" => "S0",
            _ => return None,
        }),
        ("builtins" | "__builtin__", "float") => Some("f8"),
        ("builtins" | "__builtin__", "int" | "long") => Some("i8"),
        ("builtins" | "__builtin__", "bool") => Some("b1"),
        ("builtins" | "__builtin__", "object") => Some("O"),
        ("builtins" | "__builtin__", "str" | "unicode") => Some("U0"),
        _ => None,
    }
}
