//! The header of `.npy` files, format versions 1 to 3.

use crate::{
    Limits,
    error::{Error, ErrorKind, Result},
    numpy::{Dtype, array_check_shape},
};

/// Dtype, shape, whether in Fortran order, and where the data starts.
pub(crate) fn header(bytes: &[u8], limits: &Limits) -> Result<(Dtype, Vec<usize>, bool, usize)> {
    let bad = |what: &str| Error::new(ErrorKind::Malformed, format!("no .npy file: {what}"));
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
    let quote = descr.chars().next().filter(|c| matches!(c, '\'' | '"'));
    let Some(descr) = quote.and_then(|q| descr[1..].split_once(q)) else {
        return Err(Error::new(ErrorKind::Unsupported, "an .npy file of records"));
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
    Ok((Dtype::parse(descr.0)?, shape, fortran, end))
}
