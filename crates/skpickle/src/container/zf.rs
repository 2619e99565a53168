//! The `ZF` container of joblib <= 0.9: `ZF`, the size after decompression as `0x` hexadecimal text padded with
//! spaces, then one zlib stream.
//!
//! The padding made the text 19 characters wide (the length of `hex(2 ** 64)`); under Python 2 and joblib <= 0.8.4
//! it was 20, since the `L` of a long counted. A zlib stream never starts with a space.

use super::{
    inflate::{Envelope, inflate},
    malformed,
    sink::Sink,
    truncated,
};
use crate::error::Result;

const WIDTH: usize = 19;

/// The size that the header states.
pub(super) fn claimed_size(bytes: &[u8]) -> Option<u64> {
    let text = str::from_utf8(bytes.get(2..2 + WIDTH)?).ok()?;
    let text = text.trim_end_matches([' ', 'L']);
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

/// Reads the stream and compares its size with the header.
pub(super) fn read(bytes: &[u8], sink: &mut Sink) -> Result<()> {
    if bytes.len() <= 2 + WIDTH {
        return Err(truncated(sink.format(), bytes.len()));
    }
    let size = claimed_size(bytes)
        .ok_or_else(|| malformed(sink.format(), "the size in the header is no hexadecimal number", 2))?;
    let mut start = 2 + WIDTH;
    if bytes.get(start) == Some(&b' ') {
        start += 1;
    }
    // What follows the zlib stream is ignored, as joblib does: the size and the Adler-32 prove it whole.
    inflate(Envelope::zlib(), bytes, start, sink)?;
    if sink.len() as u64 != size {
        let what = format!("{} bytes came out, the header says {size}", sink.len());
        return Err(malformed(sink.format(), &what, 2));
    }
    Ok(())
}
