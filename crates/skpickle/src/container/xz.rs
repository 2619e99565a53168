//! xz and the older lzma (`.lzma`, "alone") format.

use super::{is_padding, le, malformed, over, sink::Sink, truncated};
use crate::{
    Limits,
    error::{Error, Result},
};
use lzma_rust2::{LzmaReader, XzReader};
use std::io::{self, Read};

const XZ_MAGIC: &[u8] = &[0xfd, b'7', b'z', b'X', b'Z', 0];
const ALONE_HEADER: usize = 13;
const DICTIONARY: &str = "the file asks for a larger dictionary";

/// Reads all xz streams; header, block and index checks are done by the decoder.
///
/// Padding of zeros may stand between streams; what follows the last and is none is ignored, as Python's `lzma` does.
pub(super) fn read_xz(bytes: &[u8], sink: &mut Sink, limits: &Limits) -> Result<()> {
    let mut position = 0;
    loop {
        let rest = bytes.get(position..).unwrap_or(&[]);
        let mut decoder = XzReader::new_mem_limit(rest, false, memory_kib(limits));
        let result = drain(&mut decoder, sink);
        position = bytes.len() - decoder.inner().len();
        result?.map_err(|error| refusal(&error, sink.format(), position, bytes.len(), limits))?;
        let rest = bytes.get(position..).unwrap_or(&[]);
        let padding = rest.iter().take_while(|b| **b == 0).count();
        let next = rest.get(padding..).unwrap_or(&[]);
        let magic = next.get(..next.len().min(XZ_MAGIC.len())).unwrap_or(&[]);
        if is_padding(rest) || padding % 4 != 0 || !XZ_MAGIC.starts_with(magic) {
            return Ok(());
        }
        position += padding;
    }
}

/// Reads an lzma-alone file. The format has no checksum; the end must be where the range coder says it is.
pub(super) fn read_alone(bytes: &[u8], sink: &mut Sink, limits: &Limits) -> Result<()> {
    let cut = || truncated(sink.format(), bytes.len());
    let dictionary = le(bytes, 1, 4).ok_or_else(cut)?;
    let size = le(bytes, 5, 8).ok_or_else(cut)?;
    // A dictionary larger than what comes out is never filled.
    if dictionary.min(size) > limits.window_bytes {
        let what = format!("{DICTIONARY} ({dictionary} bytes)");
        return Err(over("window_bytes", limits.window_bytes, &what));
    }
    // The decoder counts 32 bits and allocates as the window fills.
    let dictionary = u32::try_from(dictionary.min(size)).unwrap_or(u32::MAX).min(lzma_rust2::DICT_SIZE_MAX);
    let properties = *bytes.first().ok_or_else(cut)?;
    let data = bytes.get(ALONE_HEADER..).ok_or_else(cut)?;
    let mut decoder = LzmaReader::new_with_props(data, size, properties, dictionary, None)
        .map_err(|error| refusal(&error, sink.format(), 0, bytes.len(), limits))?;
    decoder.set_relaxed_end_condition(false);
    let result = drain(&mut decoder, sink);
    let (rest, unused) = decoder.into_parts();
    let position = bytes.len().saturating_sub(rest.len() + unused.len());
    result?.map_err(|error| refusal(&error, sink.format(), position, bytes.len(), limits))
}

/// Pulls everything out of `decoder`: the outer error is the sink's, the inner one the decoder's.
fn drain(decoder: &mut impl Read, sink: &mut Sink) -> Result<io::Result<()>> {
    loop {
        let (_, space) = sink.space(1)?;
        match decoder.read(space) {
            Ok(0) => return Ok(Ok(())),
            Ok(n) => sink.wrote(n)?,
            Err(error) => return Ok(Err(error)),
        }
    }
}

/// The decoder's own bound counts its tables too, about 200 KiB beside the dictionary.
fn memory_kib(limits: &Limits) -> u32 {
    u32::try_from((limits.window_bytes / 1024).saturating_add(256)).unwrap_or(u32::MAX - 1)
}

fn refusal(error: &io::Error, format: &str, at: usize, end: usize, limits: &Limits) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => truncated(format, end),
        io::ErrorKind::OutOfMemory => over("window_bytes", limits.window_bytes, DICTIONARY).at(at as u64),
        // The text is the library's own, never the file's.
        _ => malformed(format, &error.to_string(), at),
    }
}
