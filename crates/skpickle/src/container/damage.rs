//! Files that a copy in text mode has damaged.

/// What to say about one.
pub(crate) const CRLF_DAMAGE: &str =
    "the file was damaged by a copy in text mode (CRLF line ends); copy it again in binary mode";

/// Whether `bytes`, which did not parse, show that line ends were turned into CRLF or back.
///
/// Only for a file that was refused already: by chance, sound files can look the same. Tested for are
///
/// * a `GLOBAL` whose two lines end in `\r\n`;
/// * at least four `\n`, and `\r` before each (by chance: 1 in 256 for each);
/// * no `\r\n` at all where ten and more are to be expected.
pub(crate) fn looks_crlf_damaged(bytes: &[u8]) -> bool {
    let mut newlines = 0_u64;
    let mut returns = 0_u64;
    let mut pairs = 0_u64;
    let mut previous = 0;
    for byte in bytes {
        match byte {
            b'\n' => {
                newlines += 1;
                pairs += u64::from(previous == b'\r');
            }
            b'\r' => returns += 1,
            _ => {}
        }
        previous = *byte;
    }
    if newlines == pairs && newlines >= 4 {
        return true;
    }
    // Each byte is `\n` so often, after a `\r` as after any other.
    let expected = (newlines as f64) * (returns as f64) / (bytes.len().max(1) as f64);
    (pairs == 0 && expected >= 10.0) || (newlines == pairs && newlines > 0 && has_crlf_global(bytes))
}

/// `c`, a module and a name, each ended by `\r\n`.
fn has_crlf_global(bytes: &[u8]) -> bool {
    let is_name = |line: &[u8]| {
        !line.is_empty() && line.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'<' | b'>'))
    };
    let mut lines = bytes.split(|b| *b == b'\n').filter_map(|line| line.strip_suffix(b"\r"));
    let Some(mut line) = lines.next() else { return false };
    for next in lines {
        // The opcode stands right before the module's name, after whatever binary comes before.
        let start = line.iter().rposition(|b| !is_name(&[*b])).map_or(0, |at| at + 1);
        let module = line.get(start..).unwrap_or(&[]);
        if is_name(next) && module.iter().position(|b| *b == b'c').is_some_and(|at| at + 1 < module.len()) {
            return true;
        }
        line = next;
    }
    false
}
