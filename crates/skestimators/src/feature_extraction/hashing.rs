//! `sklearn.feature_extraction._hash`: columns by MurmurHash3.

use crate::{
    data::{Csr, Dtype, Record, RowSum, RowSums, Samples, Value},
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// MurmurHash3 of 32 bits with seed 0.
pub(super) fn murmurhash3(bytes: &[u8]) -> i32 {
    const C1: u32 = 0xcc9e_2d51;
    const C2: u32 = 0x1b87_3593;
    let scramble = |k: u32| k.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);
    let (blocks, tail) = bytes.as_chunks::<4>();
    let mut h = 0u32;
    for block in blocks {
        h = (h ^ scramble(u32::from_le_bytes(*block))).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    if !tail.is_empty() {
        h ^= scramble(tail.iter().rev().fold(0, |k, &byte| k << 8 | u32::from(byte)));
    }
    h ^= bytes.len() as u32;
    h = (h ^ h >> 16).wrapping_mul(0x85eb_ca6b);
    h = (h ^ h >> 13).wrapping_mul(0xc2b2_ae35);
    (h ^ h >> 16) as i32
}

/// The part that hashes, for both classes that have one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hasher {
    pub(super) n_features: usize,
    pub(super) dtype: Dtype,
    alternate_sign: bool,
    /// Absolute values are taken of the sums (up to 0.20).
    non_negative: bool,
}

impl Hasher {
    pub(super) fn load(s: &State<'_, '_>) -> Result<Hasher> {
        let n_features: usize = s.get("n_features")?;
        s.require(
            (1..=i32::MAX as usize).contains(&n_features),
            format_args!("n_features={n_features}, expected 1 to {}", i32::MAX),
        )?;
        Ok(Hasher {
            n_features,
            dtype: Dtype::load(s, Dtype::F64)?,
            // There was no other way up to 0.18.
            alternate_sign: s.opt("alternate_sign")?.unwrap_or(true),
            non_negative: s.opt("non_negative")?.unwrap_or(false),
        })
    }

    /// Adds a feature to a row.
    pub(super) fn add(&self, row: &mut RowSum, name: &[u8], value: f64) {
        if value == 0.0 {
            return;
        }
        let h = murmurhash3(name);
        let sign = if self.alternate_sign && h < 0 { -1.0 } else { 1.0 };
        let column = h.unsigned_abs() as usize % self.n_features;
        row.add(column, self.dtype.cast(value * sign));
    }

    /// The rows as a matrix.
    pub(super) fn finish(&self, sums: RowSums) -> Result<Csr> {
        if sums.rows() == 0 {
            return Err(Error::input("Cannot vectorize empty sequence."));
        }
        let mut csr = sums.finish(self.n_features)?;
        for value in csr.data_mut() {
            *value = self.dtype.cast(if self.non_negative { value.abs() } else { *value });
        }
        Ok(csr)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InputType {
    Dict,
    Pair,
    String,
}

struct FeatureHasher {
    hasher: Hasher,
    input: InputType,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let known = [("dict", InputType::Dict), ("pair", InputType::Pair), ("string", InputType::String)];
    let input = s.choice("input_type", Some("dict"), &known)?;
    Ok(Box::new(FeatureHasher { hasher: Hasher::load(s)?, input }))
}

impl FeatureHasher {
    fn records(&self, records: &[Record]) -> Result<Csr> {
        let (mut sums, mut row) = (RowSums::default(), RowSum::default());
        for (i, record) in records.iter().enumerate() {
            // Lists come as one name several times.
            if self.input == InputType::Dict && record.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                return Err(Error::input_type(format_args!("must be real number, not list: a value of record {i}")));
            }
            for (name, value) in record {
                let Value::Str(name) = name else {
                    return Err(Error::input_type(format_args!("feature names must be strings: record {i}")));
                };
                match value {
                    Value::Str(_) if self.input == InputType::String => self.hasher.add(&mut row, name.as_bytes(), 1.0),
                    Value::Str(text) => self.hasher.add(&mut row, format!("{name}={text}").as_bytes(), 1.0),
                    value => match number(value) {
                        Some(value) => self.hasher.add(&mut row, name.as_bytes(), value),
                        None => {
                            return Err(Error::input_type(format_args!(
                                "must be real number: the value of '{}' in record {i}",
                                skpickle::printable(name)
                            )));
                        }
                    },
                }
            }
            sums.push(&mut row);
        }
        self.hasher.finish(sums)
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::Int(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        Value::None | Value::Str(_) | Value::Bytes(_) => None,
    }
}

impl Estimator for FeatureHasher {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform])
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        match x {
            Samples::Records(records) => self.records(records).map(Samples::Sparse),
            Samples::Rows(rows) if self.input == InputType::String => {
                let records: Vec<Record> =
                    rows.iter().map(|row| row.iter().map(|name| (name.clone(), Value::Int(1))).collect()).collect();
                self.records(&records).map(Samples::Sparse)
            }
            Samples::Text(_) if self.input == InputType::String => Err(Error::input(
                "Samples can not be a single string. The input must be an iterable over iterables of strings.",
            )),
            other => Err(Error::input(format_args!("records are expected by FeatureHasher, found {}", other.kind()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::murmurhash3;

    #[test]
    fn hashes_are_those_of_the_reference() {
        assert_eq!(murmurhash3(b"foo"), -156_908_512);
        assert_eq!(murmurhash3(b""), 0);
    }
}
