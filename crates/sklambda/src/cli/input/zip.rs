//! The zip archives that `numpy.savez` writes: entries stored or deflated.

use std::io::Read;

/// Bytes of one entry at most.
const ENTRY: u64 = 4 << 30;

/// The entry of this name.
pub(super) fn entry(bytes: &[u8], name: &str) -> Result<Option<Vec<u8>>, String> {
    let damaged = || "damaged .npz file: the zip directory cannot be read".to_owned();
    let tail = bytes.len().saturating_sub(22 + 0xffff);
    let end = bytes[tail..].windows(4).rposition(|w| w == b"PK\x05\x06").ok_or_else(damaged)? + tail;
    let mut at = le(bytes, end + 16, 4).ok_or_else(damaged)?;
    if at == 0xffff_ffff {
        return Err("an .npz file of more than 4 GiB".into());
    }
    while bytes.get(at..).is_some_and(|rest| rest.starts_with(b"PK\x01\x02")) {
        let field = |offset, width| le(bytes, at + offset, width).ok_or_else(damaged);
        let (method, packed, plain) = (field(10, 2)?, field(20, 4)?, field(24, 4)?);
        let (name_len, extra, comment, local) = (field(28, 2)?, field(30, 2)?, field(32, 2)?, field(42, 4)?);
        let found = bytes.get(at + 46..at + 46 + name_len).ok_or_else(damaged)?;
        if found == name.as_bytes() {
            if [packed, plain, local].contains(&0xffff_ffff) {
                return Err("an .npz file of more than 4 GiB".into());
            }
            let header = |offset, width| le(bytes, local + offset, width).ok_or_else(damaged);
            let start = local + 30 + header(26, 2)? + header(28, 2)?;
            let data = bytes.get(start..start + packed).ok_or_else(damaged)?;
            return content(data, method, plain as u64).map(Some);
        }
        at += 46 + name_len + extra + comment;
    }
    Ok(None)
}

fn content(data: &[u8], method: usize, plain: u64) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    match method {
        0 => out.extend_from_slice(data),
        8 => {
            let inflate = flate2::read::DeflateDecoder::new(data);
            inflate.take(plain.min(ENTRY) + 1).read_to_end(&mut out).map_err(|e| format!("damaged .npz file: {e}"))?;
        }
        _ => return Err(format!("an .npz file with compression method {method}")),
    }
    if out.len() as u64 == plain { Ok(out) } else { Err("damaged .npz file: an entry has another size".into()) }
}

fn le(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let field = bytes.get(at..at.checked_add(width)?)?;
    Some(field.iter().rev().fold(0, |n, b| n << 8 | usize::from(*b)))
}
