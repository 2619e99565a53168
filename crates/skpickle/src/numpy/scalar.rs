//! One value: Python's own numbers and strings, or numpy's scalars.

use crate::{
    error::{ErrorKind, Result},
    numpy::{Dtype, array, is_multiarray},
    obj::{Kind, Obj},
};

/// One plain value of a stream, whichever of Python's and numpy's types spelled it.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// `None`.
    None,
    /// A bool.
    Bool(bool),
    /// An integer; one beyond 64 bits is a [`Scalar::Float`], as in numpy.
    Int(i64),
    /// A float of 64 bits.
    Float(f64),
    /// A float that was kept in 32 bits (or 16).
    Float32(f32),
    /// Text.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A date (`M`) or span (`m`) as its count of units.
    Time(i64),
}

impl Scalar {
    /// As a double, if it is a number or a bool.
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Scalar::Bool(b) => Some(b.into()),
            Scalar::Int(n) => Some(n as f64),
            Scalar::Float(x) => Some(x),
            Scalar::Float32(x) => Some(x.into()),
            _ => None,
        }
    }

    /// As an integer, if it is one (a float that is whole counts).
    pub fn as_i64(&self) -> Option<i64> {
        match *self {
            Scalar::Bool(b) => Some(b.into()),
            Scalar::Int(n) => Some(n),
            Scalar::Float(x) if x.fract() == 0.0 && x.abs() < 9.0e18 => Some(x as i64),
            Scalar::Float32(x) if x.fract() == 0.0 && x.abs() < 9.0e18 => Some(x as i64),
            _ => None,
        }
    }
}

/// Reads a value; an array of no dimensions, or of one element in all, counts as its element.
pub(crate) fn from_obj(obj: &Obj<'_>) -> Result<Scalar> {
    match obj.kind() {
        Kind::None => Ok(Scalar::None),
        Kind::Bool | Kind::Int | Kind::Float => obj.number(),
        Kind::Str => Ok(Scalar::Str(obj.str()?.into_owned())),
        Kind::Bytes => Ok(Scalar::Bytes(obj.bytes()?.to_vec())),
        Kind::Object | Kind::Array => {
            if let Some(name) = obj.class() {
                if is_multiarray(name, "scalar") {
                    return numpy_scalar(obj);
                }
                // str and float subclasses that numpy 1 pickled by class, as in `numpy.str_('a')`.
                if name.module == "numpy" && matches!(name.name, "str_" | "bool_" | "float64" | "int64") {
                    let args = obj.args()?;
                    if let Some(only) = args.first().filter(|only| args.len() == 1 && only.kind() != Kind::Object) {
                        return from_obj(only);
                    }
                }
            }
            match obj.array() {
                Ok(array) if array.len() == 1 && !array.dtype().is_object() => {
                    let mut values = array.scalars()?;
                    values.pop().ok_or_else(|| obj.expected("a single value"))
                }
                _ => Err(obj.expected("a single value")),
            }
        }
        _ => Err(obj.expected("a single value")),
    }
}

/// `numpy.core.multiarray.scalar(dtype, bytes)`.
fn numpy_scalar(obj: &Obj<'_>) -> Result<Scalar> {
    let known = obj.known_scalar(|dtype, bytes| {
        (bytes.len() == dtype.size && !dtype.is_object()).then(|| array::decode_scalar(dtype, bytes))
    });
    if let Some(decoded) = known.flatten() {
        return decoded.map_err(|e| e.on_path(obj.path()).at(obj.offset()));
    }
    let args = obj.args()?;
    let [dtype, value] = args.as_slice() else {
        return Err(obj.expected("a numpy scalar with dtype and value"));
    };
    let dtype = Dtype::from_obj(dtype)?;
    if dtype.is_object() {
        // `scalar(dtype('O'), value)`; the value is no scalar of this kind again, so this ends.
        return match value.class() {
            Some(name) if is_multiarray(name, "scalar") => Err(value.expected("a plain value")),
            _ => from_obj(value),
        };
    }
    let bytes = value.bytes()?;
    if bytes.len() != dtype.size {
        return Err(value.error(
            ErrorKind::Value,
            format_args!("a {} scalar of {} bytes, expected {}", dtype.name(), bytes.len(), dtype.size),
        ));
    }
    array::decode_scalar(&dtype, &bytes).map_err(|e| e.on_path(obj.path()).at(obj.offset()))
}
