//! bz2: one or more streams; what follows the last and is none is ignored, as Python's `bz2` does.

use super::{malformed, sink::Sink, truncated};
use crate::error::Result;
use bzip2::{Decompress, Error, Status};

/// Reads all streams; block and stream CRCs are checked by the decoder.
pub(super) fn read(bytes: &[u8], sink: &mut Sink) -> Result<()> {
    let mut position = 0;
    loop {
        position = stream(bytes, position, sink)?;
        let rest = bytes.get(position..).unwrap_or(&[]);
        // A magic that is cut short is a stream that is cut short.
        let magic = rest.get(..rest.len().min(3)).unwrap_or(&[]);
        if rest.is_empty() || !b"BZh".starts_with(magic) {
            return Ok(());
        }
    }
}

fn stream(bytes: &[u8], start: usize, sink: &mut Sink) -> Result<usize> {
    let mut decoder = Decompress::new(false);
    let mut position = start;
    loop {
        let input = bytes.get(position..).unwrap_or(&[]);
        let (_, space) = sink.space(1)?;
        let (before_in, before_out) = (decoder.total_in(), decoder.total_out());
        let status = decoder.decompress(input, space);
        let consumed = (decoder.total_in() - before_in) as usize;
        let written = (decoder.total_out() - before_out) as usize;
        position += consumed;
        sink.wrote(written)?;
        match status {
            Ok(Status::StreamEnd) => return Ok(position),
            Ok(_) if consumed == 0 && written == 0 => return Err(truncated(sink.format(), bytes.len())),
            Ok(_) => {}
            Err(Error::DataMagic) => return Err(malformed(sink.format(), "a header is wrong", position)),
            Err(_) => return Err(malformed(sink.format(), "a block or its CRC is wrong", position)),
        }
    }
}
