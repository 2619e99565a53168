//! gzip: one or more members, zero padding after the last, as Python's `gzip` reads them.

use super::{
    inflate::{Envelope, inflate},
    is_padding, le, malformed,
    sink::Sink,
    truncated,
};
use crate::error::Result;
use crc32fast::Hasher as Crc32;

const HEADER_CRC: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const RESERVED: u8 = 0xe0;

/// Reads all members.
pub(super) fn read(bytes: &[u8], sink: &mut Sink) -> Result<()> {
    let mut position = 0;
    loop {
        position = member(bytes, position, sink)?;
        let rest = bytes.get(position..).unwrap_or(&[]);
        let padding = rest.iter().take_while(|b| **b == 0).count();
        if is_padding(rest) {
            return Ok(());
        }
        position += padding;
        if !rest.get(padding..).is_some_and(|next| next.starts_with(&[0x1f, 0x8b])) {
            return Err(malformed(sink.format(), "not a gzip member after the first one", position));
        }
    }
}

/// Reads the member at `start`; returns where it ends.
fn member(bytes: &[u8], start: usize, sink: &mut Sink) -> Result<usize> {
    let body = header(bytes, start, sink.format())?;
    let first = sink.len();
    let end = inflate(Envelope::gzip(), bytes, body, sink)?;
    let stored_size = le(bytes, end, 4).ok_or_else(|| truncated(sink.format(), bytes.len()))?;
    if stored_size != (sink.len() - first) as u64 & 0xffff_ffff {
        return Err(malformed(sink.format(), "Incorrect length of data produced", end));
    }
    Ok(end + 4)
}

/// Checks the header at `start`; returns where the deflate data begin.
fn header(bytes: &[u8], start: usize, format: &str) -> Result<usize> {
    let cut = || truncated(format, bytes.len());
    let method = *bytes.get(start + 2).ok_or_else(cut)?;
    let flags = *bytes.get(start + 3).ok_or_else(cut)?;
    if method != 8 {
        return Err(malformed(format, "Unknown compression method", start + 2));
    }
    if flags & RESERVED != 0 {
        return Err(malformed(format, "reserved header flags are set", start + 3));
    }
    let mut position = start + 10;
    if flags & EXTRA != 0 {
        position += 2 + le(bytes, position, 2).ok_or_else(cut)? as usize;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let rest = bytes.get(position..).ok_or_else(cut)?;
            position += 1 + rest.iter().position(|b| *b == 0).ok_or_else(cut)?;
        }
    }
    if flags & HEADER_CRC != 0 {
        let mut crc = Crc32::new();
        crc.update(bytes.get(start..position).ok_or_else(cut)?);
        if le(bytes, position, 2).ok_or_else(cut)? != u64::from(crc.finalize()) & 0xffff {
            return Err(malformed(format, "the header's CRC is wrong", position));
        }
        position += 2;
    }
    if position > bytes.len() {
        return Err(cut());
    }
    Ok(position)
}
