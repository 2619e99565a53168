//! Files that a copy in text mode has damaged.

use super::le;
use crate::error::{Error, ErrorKind};

/// What to say about one.
const CRLF_DAMAGE: &str = "the file was damaged by a copy in text mode (CRLF line ends); copy it again in binary mode";

/// Whether `bytes`, which did not parse, show that line ends were turned into CRLF or back.
///
/// Only for a file that was refused already: by chance, sound files can look the same. Tested for are
///
/// * `\r` before each `\n`, in a pickle that is longer than its one frame by as many bytes;
/// * at least two `\n`, and `\r` before each (by chance: 1 in 256 for each);
/// * no `\r\n` at all, though other bytes near `\n` in value follow a `\r` ten times and more on average. (Arrays of
///   small integers have many of both and never one behind the other, so the counts of the two alone say nothing.)
pub(crate) fn looks_crlf_damaged(bytes: &[u8]) -> bool {
    let newlines = bytes.iter().filter(|b| **b == b'\n').count();
    let mut after_return = [0_u64; 256];
    for pair in bytes.windows(2).filter(|pair| pair[0] == b'\r') {
        after_return[usize::from(pair[1])] += 1;
    }
    let pairs = after_return[usize::from(b'\n')];
    let neighbours = [0x08, 0x09, 0x0b, 0x0c].map(|b: usize| after_return[b]);
    if pairs == 0 {
        return neighbours.iter().sum::<u64>() >= 40 && neighbours.iter().all(|n| *n > 0);
    }
    let longer_by_pairs = frame_end(bytes).and_then(|end| end.checked_add(pairs)) == Some(bytes.len() as u64);
    newlines as u64 == pairs && (newlines >= 2 || longer_by_pairs)
}

/// Where a pickle of one frame should end, by its header.
fn frame_end(bytes: &[u8]) -> Option<u64> {
    match bytes {
        [0x80, _, 0x95, ..] => le(bytes, 3, 8)?.checked_add(11),
        _ => None,
    }
}

/// What `error`, met while `bytes` were decoded, comes from: the copy in text mode, when they show it.
pub(crate) fn explain(error: Error, bytes: &[u8]) -> Error {
    // The machine names a `GLOBAL` with such line ends itself.
    if error.message().contains("text mode") || !looks_crlf_damaged(bytes) {
        return error;
    }
    let explained = Error::new(ErrorKind::Malformed, format_args!("{CRLF_DAMAGE}: {}", error.message()));
    match error.offset() {
        Some(offset) => explained.at(offset),
        None => explained,
    }
}
