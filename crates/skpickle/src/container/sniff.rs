//! Which container a file is, by its first bytes.
//!
//! joblib looks at one to five bytes. More is asked for here wherever a raw pickle could begin the same way.

use super::{foreign, le, lz4, zf, zstd};

/// A container that can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Zlib,
    Gzip,
    Bz2,
    Xz,
    Lzma,
    Lz4,
    Zstd,
    Zf,
}

impl Container {
    /// The name that messages use.
    pub(super) fn name(self) -> &'static str {
        match self {
            Container::Zlib => "zlib",
            Container::Gzip => "gzip",
            Container::Bz2 => "bz2",
            Container::Xz => "xz",
            Container::Lzma => "lzma",
            Container::Lz4 => "lz4",
            Container::Zstd => "zstd",
            Container::Zf => "joblib 0.9 (ZF)",
        }
    }

    /// The size after decompression that the file states, which nothing has proven.
    pub(super) fn claimed_size(self, bytes: &[u8]) -> Option<u64> {
        match self {
            Container::Gzip => le(bytes, bytes.len().checked_sub(4)?, 4),
            Container::Lzma => le(bytes, 5, 8).filter(|size| *size != u64::MAX),
            Container::Lz4 => lz4::claimed_size(bytes),
            Container::Zstd => zstd::claimed_size(bytes),
            Container::Zf => zf::claimed_size(bytes),
            Container::Zlib | Container::Bz2 | Container::Xz => None,
        }
    }
}

/// The container that `bytes` begin as, if any.
pub(super) fn sniff(bytes: &[u8]) -> Option<Container> {
    match bytes {
        // `x` is no opcode, so a header check is only a guard against text.
        [0x78, flags, ..] if u16::from_be_bytes([0x78, *flags]).is_multiple_of(31) => Some(Container::Zlib),
        [0x1f, 0x8b, ..] => Some(Container::Gzip),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Container::Xz),
        [b'Z', b'F', ..] => Some(Container::Zf),
        // `]` starts a protocol 1 list; the low byte of a dictionary size (0, mostly) is no opcode.
        [0x5d, low, ..] if !foreign::is_opcode(*low) && is_lzma_alone(bytes) => Some(Container::Lzma),
        // `B` is BINBYTES; with the magic of a block or of the end behind it, it is bz2.
        [b'B', b'Z', b'h', b'1'..=b'9', ..] if is_bz2(bytes) => Some(Container::Bz2),
        _ if lz4::starts(bytes) => Some(Container::Lz4),
        _ if zstd::starts(bytes) => Some(Container::Zstd),
        _ => None,
    }
}

/// The 13-byte header has no magic: the size must be unknown or below 256 GiB, as every writer has it.
fn is_lzma_alone(bytes: &[u8]) -> bool {
    // A header that is cut short is still more like lzma than like a pickle.
    le(bytes, 5, 8).is_none_or(|size| size == u64::MAX || size < 1 << 38)
}

fn is_bz2(bytes: &[u8]) -> bool {
    const BLOCK: &[u8] = &[0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
    const END: &[u8] = &[0x17, 0x72, 0x45, 0x38, 0x50, 0x90];
    let magic = bytes.get(4..bytes.len().min(10)).unwrap_or(&[]);
    BLOCK.starts_with(magic) || END.starts_with(magic)
}
