//! `dtype` of an estimator that makes a matrix from scratch.

use ndarray::Array2;
use skpickle::Obj;

use super::Samples;
use crate::{error::Result, state::State};

/// The element type of a matrix that is made from scratch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dtype {
    F64,
    F32,
    F16,
    /// Integers of 32 or 64 bits.
    Int,
    /// Integers of 8 or 16 bits, with a sign or without: larger ones wrap around.
    Small {
        bits: u32,
        signed: bool,
    },
    Bool,
}

impl Dtype {
    /// `dtype` of an estimator.
    pub(crate) fn load(s: &State<'_, '_>, default: Dtype) -> Result<Dtype> {
        s.raw_opt("dtype").map_or(Ok(default), |field| Dtype::of(&field))
    }

    /// A type of Python or numpy, or its name.
    pub(crate) fn of(field: &Obj<'_>) -> Result<Dtype> {
        let name = match (field.global(), field.class()) {
            (Some(name), _) => name.name.to_owned(),
            (None, Some(class)) if class.name == "dtype" => {
                field.args()?.first().map(|code| code.get()).transpose()?.unwrap_or_default()
            }
            _ => field.get()?,
        };
        let small = |bits, signed| Dtype::Small { bits, signed };
        Ok(match name.trim_start_matches(['<', '=', '|']) {
            "float64" | "float" | "double" | "f8" | "d" => Dtype::F64,
            "float32" | "single" | "f4" | "f" => Dtype::F32,
            "float16" | "half" | "f2" | "e" => Dtype::F16,
            "int64" | "int32" | "int" | "int_" | "intc" | "uint64" | "uint32" | "i8" | "i4" | "u8" | "u4" | "long" => {
                Dtype::Int
            }
            "int8" | "byte" | "i1" => small(8, true),
            "int16" | "short" | "i2" => small(16, true),
            "uint8" | "ubyte" | "u1" => small(8, false),
            "uint16" | "ushort" | "u2" => small(16, false),
            "bool" | "bool_" => Dtype::Bool,
            _ => {
                let message = "dtype is not one of float64, float32, float16, bool and the integers of 8 to 64 bits";
                return Err(field.error(skpickle::ErrorKind::Value, message).into());
            }
        })
    }

    /// A value as it is kept.
    pub(crate) fn cast(self, value: f64) -> f64 {
        match self {
            Dtype::F64 => value,
            Dtype::F32 => f64::from(value as f32),
            Dtype::F16 => half(value),
            Dtype::Int => value.trunc(),
            Dtype::Small { bits, signed } => {
                let whole = value as i64;
                let wrapped = whole & ((1 << bits) - 1);
                (if signed && wrapped >> (bits - 1) == 1 { wrapped - (1 << bits) } else { wrapped }) as f64
            }
            Dtype::Bool => f64::from(u8::from(value != 0.0)),
        }
    }

    /// Values that were cast already, as what follows takes them.
    pub(crate) fn samples(self, values: Array2<f64>) -> Samples {
        match self {
            Dtype::F32 => Samples::Dense32(values.mapv(|value| value as f32)),
            _ => Samples::Dense(values),
        }
    }
}

/// The nearest number of 16 bits.
fn half(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    // Below this exponent the numbers lie as far apart as there.
    let exponent = (value.to_bits() >> 52 & 0x7ff) as i32 - 1023;
    let step = 2f64.powi(exponent.max(-14) - 10);
    let rounded = (value / step).round_ties_even() * step;
    if rounded.abs() > 65504.0 { f64::INFINITY.copysign(value) } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_integers_wrap_as_in_numpy() {
        let int8 = Dtype::Small { bits: 8, signed: true };
        assert_eq!([127.0, 128.0, 255.0, 256.0, -1.0].map(|v| int8.cast(v)), [127.0, -128.0, -1.0, 0.0, -1.0]);
        let uint16 = Dtype::Small { bits: 16, signed: false };
        assert_eq!([65535.0, 65536.0, -1.0].map(|v| uint16.cast(v)), [65535.0, 0.0, 65535.0]);
    }

    #[test]
    fn halves_are_rounded_as_in_numpy() {
        let x = [1.0 / 3.0, 65519.0, 65520.0, 1e-8, 6e-8, -2049.0];
        assert_eq!(x.map(half), [0.333251953125, 65504.0, f64::INFINITY, 0.0, 5.960464477539063e-08, -2048.0]);
    }
}
