//! The deflate loop that zlib, gzip and `ZF` share.

use super::{malformed, sink::Sink, truncated};
use crate::error::Result;
use flate2::{Decompress, FlushDecompress, Status};

/// Inflates one stream that starts at `start` of `bytes` into `sink`; returns where it ends.
pub(super) fn inflate(decoder: &mut Decompress, bytes: &[u8], start: usize, sink: &mut Sink) -> Result<usize> {
    let mut position = start;
    loop {
        let input = bytes.get(position..).unwrap_or(&[]);
        let (_, space) = sink.space(1)?;
        let (before_in, before_out) = (decoder.total_in(), decoder.total_out());
        let status = decoder.decompress(input, space, FlushDecompress::None);
        let consumed = (decoder.total_in() - before_in) as usize;
        let written = (decoder.total_out() - before_out) as usize;
        position += consumed;
        // miniz_oxide takes a preset dictionary, which no pickler uses, for a wrong block.
        let status =
            status.map_err(|_| malformed(sink.format(), "a deflate block or the checksum is wrong", position))?;
        sink.wrote(written)?;
        if status == Status::StreamEnd {
            return Ok(position);
        }
        if consumed == 0 && written == 0 {
            return Err(truncated(sink.format(), bytes.len()));
        }
    }
}
