//! The header of `.npy` files, format versions 1 to 3.

use crate::{
    Limits,
    error::{Error, ErrorKind, Result},
    numpy::{Dtype, array_check_shape, dtype::Field},
};

/// Dtype, shape, whether in Fortran order, and where the data starts.
pub(crate) fn header(bytes: &[u8], limits: &Limits) -> Result<(Dtype, Vec<usize>, bool, usize)> {
    let bad = |what: &str| Error::new(ErrorKind::Malformed, format_args!("no .npy file: {what}"));
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or_else(|| bad("the magic bytes are missing"))?;
    let (len, start): (usize, usize) = match rest {
        [1, _, a, b, ..] => (u16::from_le_bytes([*a, *b]) as usize, 10),
        [2 | 3, _, a, b, c, d, ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, 12),
        _ => return Err(bad("an unknown format version")),
    };
    let end = start.checked_add(len).filter(|&end| end <= bytes.len()).ok_or_else(|| bad("the header is cut"))?;
    let text = std::str::from_utf8(&bytes[start..end]).map_err(|_| bad("the header is no text"))?;
    let after = |key: &str| text.split_once(key).map(|(_, rest)| rest.trim_start()).ok_or_else(|| bad(key));
    let descr = after("'descr':")?;
    let dtype = match descr.strip_prefix('[') {
        Some(fields) => records(fields)?,
        None => Dtype::parse(quoted(descr).ok_or_else(|| bad("the dtype"))?.0)?,
    };
    let fortran = after("'fortran_order':")?.starts_with("True");
    let shape = after("'shape':")?;
    let shape = shape.strip_prefix('(').and_then(|rest| rest.split_once(')')).ok_or_else(|| bad("the shape"))?.0;
    let shape: Option<Vec<usize>> = shape
        .split(',')
        .map(|d| d.trim().trim_end_matches('L'))
        .filter(|d| !d.is_empty())
        .map(|d| d.parse().ok())
        .collect();
    let shape = shape.ok_or_else(|| bad("the shape"))?;
    array_check_shape(&shape, limits.array_dims)?;
    Ok((dtype, shape, fortran, end))
}

/// The text in the quotes at the start, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
}

/// The type of packed records: `('left_child', '<i8'), ('threshold', '<f8')]`. A field without name is padding.
fn records(mut text: &str) -> Result<Dtype> {
    let other = || Error::new(ErrorKind::Unsupported, "an .npy file of records that hold more than plain numbers");
    let (mut fields, mut size) = (Vec::new(), 0usize);
    loop {
        text = text.trim_start_matches([' ', ',']);
        if text.starts_with(']') {
            return Ok(Dtype { kind: b'V', size, big_endian: false, fields: fields.into() });
        }
        let (name, rest) = text.strip_prefix('(').and_then(quoted).ok_or_else(other)?;
        let (code, rest) = rest.strip_prefix(", ").and_then(quoted).ok_or_else(other)?;
        text = rest.strip_prefix(')').ok_or_else(other)?;
        let dtype = Dtype::parse(code)?;
        let offset = size;
        size = size.checked_add(dtype.size).ok_or_else(other)?;
        if !name.is_empty() {
            fields.push(Field { name: name.to_owned(), offset, dtype, len: 1 });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_packed_and_padding_has_no_name() -> Result<()> {
        let dtype = records("('left_child', '<i8'), ('', '|V3'), ('threshold', '<f8')]")?;
        assert_eq!(dtype.size, 19);
        let fields: Vec<_> = dtype.fields.iter().map(|field| (field.name.as_str(), field.offset)).collect();
        assert_eq!(fields, [("left_child", 0), ("threshold", 11)]);
        for bad in ["", "(", "('a', '<i8')", "('a', '<f8', (2,))]", "('a', [('b', '<i8')])]"] {
            assert!(records(bad).is_err(), "{bad}");
        }
        Ok(())
    }
}
