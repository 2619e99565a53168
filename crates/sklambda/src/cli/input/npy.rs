//! numpy's `.npy` files: matrices in blocks of rows, all others whole.

use std::io::Read;

use ndarray::{ArrayD, Ix2, IxDyn, ShapeBuilder};
use skestimators::{Array, Samples, Value};
use skpickle::Dtype;

use super::{BLOCK_BYTES, Block, INPUT, Once, Options, Source};

/// Dimensions at most, numpy's own bound.
const DIMENSIONS: usize = 64;

/// Reads an array of numbers, bools, text or bytes.
pub(super) fn read(bytes: &[u8]) -> Result<Array, String> {
    let (Header { dtype, shape, fortran }, data) = header(bytes)?;
    decode(&dtype, &shape, fortran, data)
}

fn decode(dtype: &Dtype, shape: &[usize], fortran: bool, data: &[u8]) -> Result<Array, String> {
    let count = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).ok_or("an .npy file of impossible size")?;
    let len = count.checked_mul(dtype.size).ok_or("an .npy file of impossible size")?;
    // Elements of no size would be as many as the header claims, whatever is there.
    if dtype.size == 0 && count > 0 {
        return Err("an .npy file of elements that have no size".into());
    }
    let data = data.get(..len).ok_or_else(|| {
        format!("the .npy file is cut: {shape:?} elements of {} bytes need {len}, {} are there", dtype.size, data.len())
    })?;
    let shape = IxDyn(shape).set_f(fortran);
    let elements = (0..count).map(|i| &data[i * dtype.size..(i + 1) * dtype.size]);
    let big = dtype.big_endian;
    macro_rules! array {
        ($variant:ident, $decode:expr) => {{
            let values = elements.map($decode).collect();
            Array::$variant(ArrayD::from_shape_vec(shape, values).map_err(|e| e.to_string())?)
        }};
    }
    Ok(match (dtype.kind, dtype.size) {
        (b'f', 8) => array!(F64, |e| f64::from_bits(bits(e, big))),
        (b'f', 2) => array!(F64, |e| half::f16::from_bits(bits(e, big) as u16).to_f64()),
        (b'f', 4) => array!(F32, |e| f32::from_bits(bits(e, big) as u32)),
        (b'b', 1) => array!(Bool, |e| e[0] != 0),
        (b'i', size) => array!(I64, |e| {
            let unused = 64 - 8 * size as u32;
            (bits(e, big) << unused) as i64 >> unused
        }),
        (b'u', 8) if elements.clone().any(|e| bits(e, big) > i64::MAX as u64) => array!(F64, |e| bits(e, big) as f64),
        (b'u', _) => array!(I64, |e| bits(e, big) as i64),
        (b'S', _) => array!(Bytes, |e: &[u8]| e[..e.len() - e.iter().rev().take_while(|&&b| b == 0).count()].to_vec()),
        (b'U', _) => array!(Str, |e: &[u8]| {
            let codes = e.chunks_exact(4).map(|c| bits(c, big) as u32);
            let mut text: String = codes.map(|code| char::from_u32(code).unwrap_or('\u{fffd}')).collect();
            text.truncate(text.trim_end_matches('\0').len());
            text
        }),
        _ => return Err(format!("an .npy file of dtype {}: numbers, bools or text are expected", dtype.name())),
    })
}

/// The bits of an element of up to 8 bytes.
fn bits(element: &[u8], big_endian: bool) -> u64 {
    let add = |n: u64, b: &u8| n << 8 | u64::from(*b);
    if big_endian { element.iter().fold(0, add) } else { element.iter().rev().fold(0, add) }
}

struct Header {
    dtype: Dtype,
    shape: Vec<usize>,
    /// Whether the first index varies fastest.
    fortran: bool,
}

/// The header, and the bytes after it.
fn header(bytes: &[u8]) -> Result<(Header, &[u8]), String> {
    let bad = |what: &str| format!("this is no .npy file: {what}");
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or_else(|| bad("the magic bytes are missing"))?;
    let (len, start) = match rest {
        [1, _, a, b, ..] => (usize::from(u16::from_le_bytes([*a, *b])), 10),
        [2 | 3, _, a, b, c, d, ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, 12),
        _ => return Err(bad("an unknown format version")),
    };
    let end = start + len;
    let text = bytes.get(start..end).ok_or_else(|| bad("the header is cut"))?;
    let text = std::str::from_utf8(text).map_err(|_| bad("the header is no text"))?;
    let after = |key: &str| {
        let found = text.split_once(key).map(|(_, rest)| rest.trim_start());
        found.ok_or_else(|| bad(&format!("the header lacks {key}")))
    };
    let descr = after("'descr':")?;
    let Some((descr, _)) = descr.strip_prefix('\'').and_then(|rest| rest.split_once('\'')) else {
        return Err("an .npy file of records: numbers, bools or text are expected".into());
    };
    let fortran = after("'fortran_order':")?.starts_with("True");
    let shape = after("'shape':")?.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let shape = shape.ok_or_else(|| bad("the shape"))?.0.split(',').map(str::trim).filter(|d| !d.is_empty());
    let shape: Result<Vec<usize>, _> = shape.map(str::parse).collect();
    let shape = shape.map_err(|_| bad("the shape"))?;
    if shape.len() > DIMENSIONS {
        return Err(bad("more than 64 dimensions"));
    }
    let dtype = Dtype::parse(descr).map_err(|e| e.to_string())?;
    Ok((Header { dtype, shape, fortran }, &bytes[end..]))
}

/// A matrix that is read as it is asked for.
struct Matrix {
    source: Box<dyn Read + Send>,
    dtype: Dtype,
    rows: usize,
    columns: usize,
    /// Rows of a block.
    block: usize,
    row: usize,
    bytes: Vec<u8>,
    /// What the rows are, where the command line says so.
    kind: Option<String>,
}

/// Opens an array; a matrix whose rows lie one after another comes in blocks.
pub(super) fn open(mut source: Box<dyn Read + Send>, options: &Options) -> Result<Box<dyn Source>, String> {
    let failed = |e: std::io::Error| format!("cannot read the .npy file: {e}");
    let kind = options.rows.clone();
    let mut start = vec![0; 12];
    let mut take = |bytes: &mut Vec<u8>, n: usize| {
        bytes.clear();
        (&mut source).take(n as u64).read_to_end(bytes).map_err(failed)
    };
    take(&mut start, 12)?;
    let len = match start.as_slice() {
        [_, _, _, _, _, _, 1, _, a, b, ..] => (10 + usize::from(u16::from_le_bytes([*a, *b]))).saturating_sub(12),
        [_, _, _, _, _, _, _, _, a, b, c, d] => u32::from_le_bytes([*a, *b, *c, *d]) as usize,
        _ => 0,
    };
    let mut rest = Vec::new();
    take(&mut rest, len)?;
    start.extend_from_slice(&rest);
    let (Header { dtype, shape, fortran }, data) = header(&start)?;
    if let (&[rows, columns], false, true) = (shape.as_slice(), fortran, data.is_empty())
        && kind.as_deref() != Some("labels")
        && !options.whole
        && let Some(width) = columns.checked_mul(dtype.size).filter(|&width| width > 0)
    {
        let block = (BLOCK_BYTES / width).max(1);
        return Ok(Box::new(Matrix { source, dtype, rows, columns, block, row: 0, bytes: Vec::new(), kind }));
    }
    let mut bytes = start;
    source.take(INPUT).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Box::new(Once::new(samples(read(&bytes)?, kind.as_deref())?)))
}

impl Source for Matrix {
    fn next(&mut self) -> Result<Option<Block>, String> {
        let rows = self.block.min(self.rows - self.row);
        // A matrix without rows is one block, for the model to refuse.
        if rows == 0 && (self.row > 0 || self.rows > 0) {
            return Ok(None);
        }
        let width = self.columns * self.dtype.size;
        self.bytes.clear();
        let read = (&mut self.source).take((rows * width) as u64).read_to_end(&mut self.bytes);
        read.map_err(|e| format!("cannot read the .npy file: {e}"))?;
        if self.bytes.len() < rows * width {
            return Err(format!(
                "the .npy file is cut: ({}, {}) elements of {} bytes are announced, and it ends in row {}",
                self.rows,
                self.columns,
                self.dtype.size,
                self.row + self.bytes.len() / width
            ));
        }
        let array = decode(&self.dtype, &[rows, self.columns], false, &self.bytes)?;
        let first = self.row as u64;
        self.row += rows;
        if rows == 0 {
            self.rows = 1;
            self.row = 1;
        }
        let samples = samples(array, self.kind.as_deref())?;
        Ok(Some(Block { first, done: self.row as u64, ..Block::whole(samples) }))
    }

    fn total(&self) -> Option<u64> {
        Some(self.rows as u64)
    }
}

/// An array as samples: numbers in rows, or whatever its rank and type make of it.
fn samples(array: Array, kind: Option<&str>) -> Result<Samples, String> {
    if kind == Some("labels") || array.shape().len() != 2 {
        return Ok(Samples::Array(array));
    }
    Ok(match array {
        Array::F32(values) => match values.into_dimensionality::<Ix2>() {
            Ok(values) => Samples::Dense32(values),
            Err(e) => return Err(e.to_string()),
        },
        Array::Str(a) => rows(a.shape(), a.iter().map(|text| Value::Str(text.as_str().into())))?,
        Array::Bytes(a) => rows(a.shape(), a.iter().map(|bytes| Value::Bytes(bytes.as_slice().into())))?,
        Array::Object(a) => rows(a.shape(), a.iter().cloned())?,
        numbers => {
            let numbers = numbers.to_f64().and_then(|values| values.into_dimensionality::<Ix2>().ok());
            Samples::Dense(numbers.ok_or("numbers in rows are expected")?)
        }
    })
}

fn rows(shape: &[usize], values: impl Iterator<Item = Value>) -> Result<Samples, String> {
    // Rows without values would be as many as the header claims, whatever is there.
    if shape[1] == 0 {
        return Err(format!("an .npy file of {shape:?} values: there are none"));
    }
    let mut rows: Vec<Vec<Value>> = vec![Vec::new(); shape[0]];
    for (i, value) in values.enumerate() {
        rows[i / shape[1]].push(value);
    }
    Ok(Samples::Rows(rows.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend_from_slice(&(header.len() as u16).to_le_bytes());
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(data);
        bytes
    }

    #[test]
    fn elements_of_every_kind() {
        let big = read(&file(">i2", "False", "(2,)", &[0xff, 0xfe, 0, 5])).unwrap();
        assert_eq!(big, Array::from(vec![-2i64, 5]));
        let columns_first = read(&file("|u1", "True", "(2, 2)", &[1, 2, 3, 4])).unwrap();
        assert_eq!(columns_first, Array::I64(ndarray::array![[1i64, 3], [2, 4]].into_dyn()));
        let text = read(&file("<U2", "False", "(1,)", &[b'a', 0, 0, 0, 0, 0, 0, 0])).unwrap();
        assert_eq!(text, Array::from(vec!["a".to_owned()]));
        let floats = read(&file("<f4", "False", "(1,)", &1.5f32.to_le_bytes())).unwrap();
        assert_eq!(floats, Array::from(vec![1.5f32]));
        let halves = read(&file("<f2", "False", "(1,)", &[0x00, 0x3e])).unwrap();
        assert_eq!(halves, Array::from(vec![1.5f64]));
        assert_eq!(read(&file("|b1", "False", "()", &[1])).unwrap().shape(), [0usize; 0]);
    }

    #[test]
    fn claims_are_checked() {
        assert!(read(&file("<f8", "False", "(3,)", &[0; 16])).unwrap_err().contains("is cut"));
        assert!(read(&file("<f8", "False", "(9223372036854775807, 9223372036854775807)", &[])).is_err());
        assert!(read(&file("|O", "False", "(1,)", &[0; 8])).is_err());
        // Elements of no size, and rows of no elements, are not as many as a header says.
        let none = read(&file("<U0", "False", "(1000000000000000000,)", &[])).unwrap_err();
        assert!(none.contains("no size"), "{none}");
        let file = file("<U2", "False", "(1000000000000000000, 0)", &[]);
        let opened = open(Box::new(std::io::Cursor::new(file)), &Options::default());
        assert!(opened.err().unwrap().contains("there are none"));
        assert!(read(b"\x93NUMPY\x01\x00\xff\xff{").is_err());
    }
}
