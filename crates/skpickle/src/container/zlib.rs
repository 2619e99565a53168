//! zlib: joblib's default for `compress=True`.

use super::{
    inflate::{Envelope, inflate},
    is_padding, malformed,
    sink::Sink,
};
use crate::error::Result;

/// Reads the one stream of a zlib file; the Adler-32 is checked there.
pub(super) fn read(bytes: &[u8], sink: &mut Sink) -> Result<()> {
    let end = inflate(Envelope::zlib(), bytes, 0, sink)?;
    match bytes.get(end..) {
        // Python's zlib ignores what follows, joblib then waits for ever; only padding is harmless.
        Some(rest) if !is_padding(rest) => Err(malformed(sink.format(), "bytes follow the end of the stream", end)),
        _ => Ok(()),
    }
}
