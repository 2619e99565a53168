//! The deflate loop that zlib, gzip and `ZF` share.

use super::{malformed, sink::Sink, truncated};
use crate::error::Result;
use miniz_oxide::inflate::{
    TINFLStatus as Status,
    core::{
        DecompressorOxide, decompress,
        inflate_flags::{TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF},
    },
};

/// What stands around the deflated blocks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Envelope {
    /// Nothing.
    Raw,
    /// zlib's header and checksum.
    Zlib,
}

/// Inflates one stream that starts at `start` of `bytes` into `sink`; returns where it ends. What is repeated is copied from where it was
/// written to first, so that nothing is written twice.
pub(super) fn inflate(envelope: Envelope, bytes: &[u8], start: usize, sink: &mut Sink) -> Result<usize> {
    let mut decoder = Box::<DecompressorOxide>::default();
    let zlib = if envelope == Envelope::Zlib { TINFL_FLAG_PARSE_ZLIB_HEADER } else { 0 };
    let first = sink.len();
    let mut position = start;
    loop {
        let input = bytes.get(position..).unwrap_or(&[]);
        let written = sink.len() - first;
        // Nothing before the stream can be repeated.
        let out = sink.space_behind(first)?;
        let flags = zlib | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, consumed, new) = decompress(&mut decoder, input, out, written, flags);
        position += consumed;
        sink.wrote(new)?;
        match status {
            Status::Done => return Ok(position),
            Status::HasMoreOutput if consumed + new > 0 => {}
            Status::FailedCannotMakeProgress => return Err(truncated(sink.format(), bytes.len())),
            // The decoder takes a preset dictionary, which no pickler uses, for a wrong block.
            _ => return Err(malformed(sink.format(), "a deflate block or the checksum is wrong", position)),
        }
    }
}
