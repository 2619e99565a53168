//! zstd: frames one after another, skippable frames between them.
//!
//! The chain of block headers is walked before a frame is decoded, so that a file that is cut short, or a block type
//! that does not exist, is told apart from damage.

use super::{
    is_padding, le, lz4, malformed, over,
    sink::{Sink, SinkWriter},
    truncated,
};
use crate::{
    Limits,
    error::{Error, ErrorKind, Result},
};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder, errors::FrameDecoderError};

const MAGIC: u64 = 0xfd2f_b528;

/// Output taken from the decoder at a time.
const STEP: usize = 256 << 10;

/// Whether `bytes` are zstd frames.
pub(super) fn starts(bytes: &[u8]) -> bool {
    lz4::starts_after_skipping(bytes, MAGIC)
}

/// The size that the first frame states.
pub(super) fn claimed_size(bytes: &[u8]) -> Option<u64> {
    Frame::walk(bytes).ok()?.content
}

/// Reads all frames.
pub(super) fn read(bytes: &[u8], sink: &mut Sink, limits: &Limits) -> Result<()> {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(limits.window_bytes);
    let mut position = 0;
    while let Some(rest) = bytes.get(position..).filter(|rest| !is_padding(rest)) {
        position += if let Some(length) = lz4::skippable(rest) {
            length
        } else if le(rest, 0, 4) == Some(MAGIC) {
            let frame = Frame::walk(rest).map_err(|trouble| match trouble {
                Some((what, at)) => malformed(sink.format(), what, position + at),
                None => truncated(sink.format(), bytes.len()),
            })?;
            let data = rest.get(..frame.length).unwrap_or(&[]);
            decode(&mut decoder, data, &frame, sink, limits).map_err(|error| error.at(position as u64))?;
            frame.length
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

/// What the headers of a frame say.
struct Frame {
    content: Option<u64>,
    length: usize,
}

impl Frame {
    /// Walks the frame at the start of `bytes`: `Err(None)` when it is cut short.
    fn walk(bytes: &[u8]) -> std::result::Result<Frame, Option<(&'static str, usize)>> {
        let descriptor = *bytes.get(4).ok_or(None)?;
        if descriptor & 8 != 0 {
            return Err(Some(("a reserved flag is set", 4)));
        }
        let single = descriptor & 0x20 != 0;
        let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let size_width = match descriptor >> 6 {
            0 => usize::from(single),
            1 => 2,
            2 => 4,
            _ => 8,
        };
        let size_at = 5 + usize::from(!single) + dictionary;
        let size = le(bytes, size_at, size_width).ok_or(None)?;
        let content = match size_width {
            0 => None,
            2 => Some(size + 256),
            _ => Some(size),
        };
        let mut position = size_at + size_width;
        loop {
            let header = le(bytes, position, 3).ok_or(None)? as usize;
            position += 3;
            let length = match header >> 1 & 3 {
                1 => 1,
                3 => return Err(Some(("a reserved block type", position - 3))),
                _ => header >> 3,
            };
            position += length;
            if header & 1 != 0 {
                break;
            }
        }
        if descriptor & 4 != 0 {
            position += 4;
        }
        if position > bytes.len() { Err(None) } else { Ok(Frame { content, length: position }) }
    }
}

fn decode(decoder: &mut FrameDecoder, data: &[u8], frame: &Frame, sink: &mut Sink, limits: &Limits) -> Result<()> {
    let first = sink.len();
    let mut rest = data;
    decoder.init(&mut rest).map_err(|error| match error {
        FrameDecoderError::WindowSizeTooBig { requested, .. } => {
            over("window_bytes", limits.window_bytes, &format!("the file asks for a window of {requested} bytes"))
        }
        FrameDecoderError::DictNotProvided { dict_id } => Error::new(
            ErrorKind::Unsupported,
            format_args!("the zstd data need dictionary {dict_id}; compress the model again without a dictionary"),
        ),
        _ => malformed("zstd", "a frame header is wrong", 0),
    })?;
    loop {
        let done = decoder
            .decode_blocks(&mut rest, BlockDecodingStrategy::UptoBytes(STEP))
            .map_err(|_| malformed("zstd", "a block does not decode", 0))?;
        let mut writer = SinkWriter { sink, refusal: None };
        let collected = decoder.collect_to_writer(&mut writer);
        if let Some(refusal) = writer.refusal {
            return Err(refusal);
        }
        collected.map_err(|_| malformed("zstd", "a block does not decode", 0))?;
        if done {
            break;
        }
    }
    if frame.content.is_some_and(|size| size != (sink.len() - first) as u64) {
        return Err(malformed("zstd", "the size in the header is wrong", 0));
    }
    match decoder.get_checksum_from_data() {
        Some(sum) if decoder.get_calculated_checksum() != Some(sum) => {
            Err(malformed("zstd", "the checksum is wrong", 0))
        }
        _ => Ok(()),
    }
}
