//! The lz4 frame format: frames one after another, skippable frames between them.
//!
//! Blocks are decoded straight behind what is already there, which is also the dictionary of linked blocks.

use super::{is_padding, le, malformed, sink::Sink, truncated};
use crate::error::Result;
use lz4_flex::block::decompress_into_with_dict;
use std::hash::Hasher;
use twox_hash::XxHash32;

const MAGIC: u64 = 0x184d_2204;
const HISTORY: usize = 64 << 10;

/// The length of the skippable frame at the start of `bytes`, when one is there (lz4 and zstd share them).
pub(super) fn skippable(bytes: &[u8]) -> Option<usize> {
    let magic = le(bytes, 0, 4)?;
    (magic & !0xf == 0x184d_2a50).then_some(())?;
    usize::try_from(le(bytes, 4, 4)?).ok()?.checked_add(8)
}

/// Whether `bytes`, after skippable frames, start with a frame of this magic.
pub(super) fn starts_after_skipping(bytes: &[u8], magic: u64) -> bool {
    let mut rest = bytes;
    while let Some(length) = skippable(rest) {
        let Some(next) = rest.get(length..) else { return false };
        rest = next;
    }
    le(rest, 0, 4) == Some(magic)
}

/// Whether `bytes` are lz4 frames.
pub(super) fn starts(bytes: &[u8]) -> bool {
    starts_after_skipping(bytes, MAGIC)
}

/// The size that the first frame states.
pub(super) fn claimed_size(bytes: &[u8]) -> Option<u64> {
    (bytes.get(4)? & 8 != 0).then(|| le(bytes, 6, 8)).flatten()
}

/// Reads all frames.
pub(super) fn read(bytes: &[u8], sink: &mut Sink) -> Result<()> {
    let mut position = 0;
    while let Some(rest) = bytes.get(position..).filter(|rest| !is_padding(rest)) {
        position += if let Some(length) = skippable(rest) {
            length
        } else if le(rest, 0, 4) == Some(MAGIC) {
            frame(rest, sink).map_err(|(what, at)| match what {
                Trouble::Cut => truncated(sink.format(), bytes.len()),
                Trouble::Bad(what) => malformed(sink.format(), what, position + at),
                Trouble::Refused(error) => error,
            })?
        } else if rest.len() < 4 {
            return Err(truncated(sink.format(), bytes.len()));
        } else {
            return Err(malformed(sink.format(), "bytes follow the last frame", position));
        };
    }
    if position > bytes.len() {
        return Err(truncated(sink.format(), bytes.len()));
    }
    Ok(())
}

enum Trouble {
    Cut,
    Bad(&'static str),
    Refused(crate::error::Error),
}

/// Reads the frame at the start of `bytes`; returns its length, or what is wrong and where.
fn frame(bytes: &[u8], sink: &mut Sink) -> std::result::Result<usize, (Trouble, usize)> {
    let cut = || (Trouble::Cut, bytes.len());
    let bad = |what, at| (Trouble::Bad(what), at);
    let flags = *bytes.get(4).ok_or_else(cut)?;
    let descriptor = *bytes.get(5).ok_or_else(cut)?;
    if flags >> 6 != 1 || flags & 2 != 0 || descriptor & 0x8f != 0 {
        return Err(bad("an unknown version or flag", 4));
    }
    let (linked, block_sums, sized, summed) = (flags & 32 == 0, flags & 16 != 0, flags & 8 != 0, flags & 4 != 0);
    if flags & 1 != 0 {
        return Err(bad("they need a preset dictionary", 4));
    }
    let block_max = match descriptor >> 4 {
        size @ 4..=7 => 1_usize << (8 + 2 * u32::from(size)),
        _ => return Err(bad("an unknown block size", 5)),
    };
    let mut position = if sized { 14 } else { 6 };
    let content = if sized { Some(le(bytes, 6, 8).ok_or_else(cut)?) } else { None };
    let descriptor_sum = XxHash32::oneshot(0, bytes.get(4..position).ok_or_else(cut)?) >> 8 & 0xff;
    if le(bytes, position, 1).ok_or_else(cut)? != u64::from(descriptor_sum) {
        return Err(bad("the header's checksum is wrong", position));
    }
    position += 1;

    let first = sink.len();
    let mut hash = XxHash32::with_seed(0);
    loop {
        let word = le(bytes, position, 4).ok_or_else(cut)? as usize;
        position += 4;
        if word == 0 {
            break;
        }
        let (stored, length) = (word >> 31 != 0, word & 0x7fff_ffff);
        if length > block_max {
            return Err(bad("a block is larger than the frame allows", position - 4));
        }
        let block = bytes.get(position..position + length).ok_or_else(cut)?;
        if block_sums {
            let sum = le(bytes, position + length, 4).ok_or_else(cut)?;
            if sum != u64::from(XxHash32::oneshot(0, block)) {
                return Err(bad("a block's checksum is wrong", position));
            }
        }
        let start = sink.len();
        if stored {
            sink.push(block).map_err(|error| (Trouble::Refused(error), position))?;
        } else {
            let (written, space) = sink.space(block_max).map_err(|error| (Trouble::Refused(error), position))?;
            let oldest = if linked { first.max(written.len().saturating_sub(HISTORY)) } else { written.len() };
            let history = written.get(oldest..).unwrap_or(&[]);
            let space = space.get_mut(..block_max).unwrap_or(&mut []);
            let n = decompress_into_with_dict(block, space, history)
                .map_err(|_| bad("a block does not decode", position))?;
            sink.wrote(n).map_err(|error| (Trouble::Refused(error), position))?;
        }
        if summed {
            hash.write(sink.since(start));
        }
        position += length + if block_sums { 4 } else { 0 };
    }
    if content.is_some_and(|size| size != (sink.len() - first) as u64) {
        return Err(bad("the size in the header is wrong", 6));
    }
    if summed {
        if le(bytes, position, 4).ok_or_else(cut)? != u64::from(hash.finish_32()) {
            return Err(bad("the checksum is wrong", position));
        }
        position += 4;
    }
    Ok(position)
}
