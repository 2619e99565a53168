//! Compression around a stream, found by its first bytes (never by a file name) and undone within [`Limits`].
//!
//! One layer is undone, never two. What is left must look like the start of a pickle, and that is checked on the
//! first few kilobytes that come out: a bomb of zeros is refused before it has grown.

mod bz2;
mod damage;
mod foreign;
mod gzip;
mod inflate;
mod lz4;
mod sink;
mod sniff;
mod xz;
mod zf;
mod zip;
mod zlib;
mod zstd;

#[cfg(test)]
mod tests;

use crate::{
    Limits,
    error::{Error, ErrorKind, Result},
    memory::Memory,
};
use sink::Sink;
use sniff::Container;

pub(crate) use damage::explain;

/// The plain stream inside `bytes`: the bytes themselves when nothing is compressed.
///
/// Another program's format, an empty file and whatever cannot be the start of a pickle are refused here, by name.
pub(crate) fn open(bytes: Vec<u8>, limits: &Limits) -> Result<Memory> {
    let size = bytes.len() as u64;
    if size > limits.input_bytes {
        return Err(over("input_bytes", limits.input_bytes, &format!("the file has {size} bytes")));
    }
    if bytes.is_empty() {
        return Err(Error::new(
            ErrorKind::Truncated,
            "Ran out of input: the file is empty; it was not written, copied or downloaded in full",
        )
        .at(0));
    }
    let Some(container) = sniff::sniff(&bytes) else {
        check(&bytes, size, limits)?;
        return Ok(bytes.into());
    };
    // A claim beyond what deflate can do (1,032 to 1) is taken for damage, and left to the decoder.
    let claimed = container.claimed_size(&bytes).filter(|&claimed| claimed <= size.saturating_mul(1_032));
    // Compressed and plain bytes are both held until the last is out; few data are smaller than when they are compressed.
    limits.check_memory(size.saturating_add(claimed.unwrap_or(size)))?;
    let sink = Sink::new(container.name(), limits, claimed, bytes.len());
    decompress(container, &bytes, sink, limits)
}

/// Whether decompressing takes longer than what it takes to hand pieces to another thread.
#[cfg(feature = "threads")]
pub(crate) fn is_slow(bytes: &[u8]) -> bool {
    use Container as C;
    matches!(sniff::sniff(bytes), Some(C::Zlib | C::Gzip | C::Bz2 | C::Xz | C::Lzma | C::Zstd))
}

/// As [`open`], piece by piece: the number of bytes in all.
#[cfg(feature = "threads")]
pub(crate) fn open_in_pieces(
    bytes: &[u8],
    limits: &Limits,
    pieces: std::sync::mpsc::Sender<crate::stream::Piece>,
) -> Result<usize> {
    let container = sniff::sniff(bytes).ok_or_else(|| Error::new(ErrorKind::Format, "nothing is compressed"))?;
    let mut sink = Sink::in_pieces(container.name(), limits, bytes.len(), pieces);
    undo(container, bytes, &mut sink, limits)?;
    sink.finish_pieces()
}

/// Refuses a stream of `size` bytes that is not compressed, unless it can be a pickle by its `head` and has room.
pub(crate) fn check(head: &[u8], size: u64, limits: &Limits) -> Result<()> {
    limits.check_memory(size)?;
    foreign::refuse_unless_pickle(head, None)?;
    if size > limits.decompressed_bytes {
        return Err(over("decompressed_bytes", limits.decompressed_bytes, &format!("the stream has {size} bytes")));
    }
    Ok(())
}

/// The bytes of a `.npy.z` side file of joblib <= 0.9: the `ZF` container around raw array data, not a pickle.
pub(crate) fn open_side_file(bytes: &[u8], limits: &Limits) -> Result<Memory> {
    if bytes.len() as u64 > limits.input_bytes {
        return Err(over("input_bytes", limits.input_bytes, &format!("the file has {} bytes", bytes.len())));
    }
    let container = sniff::sniff(bytes).filter(|c| *c == Container::Zf).ok_or_else(|| {
        Error::new(ErrorKind::Format, "this is no compressed array file of joblib 0.9 or older (it must start with ZF)")
    })?;
    let sink = Sink::new(container.name(), limits, container.claimed_size(bytes), bytes.len()).of_raw_data();
    decompress(container, bytes, sink, limits)
}

fn decompress(container: Container, bytes: &[u8], mut sink: Sink, limits: &Limits) -> Result<Memory> {
    let result = undo(container, bytes, &mut sink, limits);
    result.and_then(|()| sink.finish()).map_err(|error| match error.kind() {
        ErrorKind::Malformed | ErrorKind::Truncated => explain(error, bytes),
        _ => error,
    })
}

fn undo(container: Container, bytes: &[u8], sink: &mut Sink, limits: &Limits) -> Result<()> {
    match container {
        Container::Zlib => zlib::read(bytes, sink),
        Container::Gzip => gzip::read(bytes, sink),
        Container::Bz2 => bz2::read(bytes, sink),
        Container::Xz => xz::read_xz(bytes, sink, limits),
        Container::Lzma => xz::read_alone(bytes, sink, limits),
        Container::Lz4 => lz4::read(bytes, sink),
        Container::Zstd => zstd::read(bytes, sink, limits),
        Container::Zf => zf::read(bytes, sink),
    }
}

/// A bound of [`Limits`] that was reached: which, its value, and how to raise it.
fn over(field: &str, value: u64, what: &str) -> Error {
    Error::new(
        ErrorKind::Limit,
        format_args!("{what}, more than the limit of {value}; if the file is trusted, raise `Limits::{field}`"),
    )
}

/// The bytes end inside a container.
fn truncated(format: &str, at: usize) -> Error {
    Error::new(
        ErrorKind::Truncated,
        format_args!("the {format} data end too early: the file was not written, copied or downloaded in full"),
    )
    .at(at as u64)
}

/// A container breaks a rule of its own format.
fn malformed(format: &str, what: &str, at: usize) -> Error {
    Error::new(
        ErrorKind::Malformed,
        format_args!("the {format} data are damaged: {what}; copy or download the file again, in binary mode"),
    )
    .at(at as u64)
}

/// Whether `bytes` are padding: nothing but zeros.
fn is_padding(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| *b == 0)
}

/// A little-endian number of up to 8 bytes at `at`, when all of its bytes are there.
fn le(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(width)?)?;
    Some(field.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
}
