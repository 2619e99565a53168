//! The deflate loop that zlib, gzip and `ZF` share.

use super::{malformed, sink::Sink, truncated};
use crate::error::Result;
use crc32fast::Hasher as Crc32;
use fdeflate::{DecompressionError, Decompressor};
use simd_adler32::Adler32;

/// What stands around the deflated blocks: the checksum of four bytes that follows them.
pub(super) enum Envelope {
    /// zlib's header, which is read here too, and its Adler-32.
    Zlib(Adler32),
    /// gzip's CRC-32, behind a header that was read before.
    Gzip(Crc32),
}

impl Envelope {
    pub(super) fn zlib() -> Self {
        Envelope::Zlib(Adler32::new())
    }

    pub(super) fn gzip() -> Self {
        Envelope::Gzip(Crc32::new())
    }

    fn count(&mut self, bytes: &[u8]) {
        match self {
            Envelope::Zlib(sum) => sum.write(bytes),
            Envelope::Gzip(sum) => sum.update(bytes),
        }
    }

    /// The checksum as it is written.
    fn sum(self) -> [u8; 4] {
        match self {
            Envelope::Zlib(sum) => sum.finish().to_be_bytes(),
            Envelope::Gzip(sum) => sum.finalize().to_le_bytes(),
        }
    }
}

/// Bytes behind the checksum that the decoder may have taken with it.
const AHEAD: usize = 3;

/// Inflates one stream that starts at `start` of `bytes` into `sink`; returns where its checksum ends. What is repeated is copied from where
/// it was written to first, so that nothing is written twice.
pub(super) fn inflate(mut envelope: Envelope, bytes: &[u8], start: usize, sink: &mut Sink) -> Result<usize> {
    let mut decoder = Decompressor::new();
    // Its own sum is zlib's alone, and misses what one call leaves to the next.
    decoder.ignore_adler32();
    let first = sink.len();
    // It begins with zlib's header always.
    if let Envelope::Gzip(_) = envelope {
        let read = decoder.read(&[0x78, 0x01], &mut [], 0, false);
        debug_assert_eq!(read, Ok((2, 0)));
    }
    let mut position = start;
    while !decoder.is_done() {
        let input = bytes.get(position..).unwrap_or(&[]);
        let before = sink.len();
        // Nothing before the stream can be repeated.
        let (out, at) = sink.space_behind(first)?;
        let (consumed, new) = decoder.read(input, out, at, true).map_err(|error| match error {
            DecompressionError::InsufficientInput => truncated(sink.format(), bytes.len()),
            // A preset dictionary, which no pickler uses, is a wrong header here.
            _ => malformed(sink.format(), "a deflate block is wrong", position),
        })?;
        position += consumed;
        sink.wrote(new)?;
        envelope.count(sink.since(before));
    }
    let sum = envelope.sum();
    let mut ends = position.saturating_sub(AHEAD)..=position;
    ends.find(|&end| bytes.get(..end).is_some_and(|read| read.ends_with(&sum)))
        .ok_or_else(|| malformed(sink.format(), "CRC check failed: the checksum is wrong", position))
}
