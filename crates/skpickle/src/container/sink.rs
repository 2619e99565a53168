//! Where decompressed bytes go: a buffer that grows as they come, or one piece after the other for a reader that does not wait for the
//! last, counted against the limit.

use std::sync::mpsc::Sender;

use super::{foreign, le, over};
use crate::{
    Limits,
    error::{Error, ErrorKind, Result},
    memory::Memory,
    stream::{Piece, SMALL},
};

/// Room offered to a decoder at a time, and at first: what it is offered it may fill before anybody looks at it.
const CHUNK: usize = 256 << 10;
const FIRST_CHUNK: usize = 16 << 10;
/// Times the input that room is made for from the start: few models are packed more tightly, and memory that is not used costs nothing.
const EXPECTED: u64 = 8;

/// Bytes of a piece at first and at most, and those of the pieces before it that stand at its front: as far back as deflate repeats something.
const PIECE: usize = if SMALL { 256 } else { 256 << 10 };
const LARGEST_PIECE: usize = if SMALL { 256 } else { 4 << 20 };
const WINDOW: usize = 32 << 10;

/// So many bytes are enough to tell a pickle from something else (a tar says its name at byte 257).
const HEAD: usize = 4096;

/// The output of a decoder.
///
/// The memory is kept zero-filled past `filled`, so that space once cleared is not cleared again.
pub(super) struct Sink {
    out: Memory,
    filled: usize,
    /// Where `out` begins among the bytes written, and how many of it stand in the piece before it too: none, unless there are pieces.
    start: usize,
    before: usize,
    pieces: Option<Sender<Piece>>,
    limit: u64,
    limits: Limits,
    /// Bytes of the compressed data, which are held as long.
    input: u64,
    format: &'static str,
    head_checked: bool,
}

impl Sink {
    /// An empty sink. A claimed size is believed only as far as the input, which is there to prove it, makes it likely.
    pub(super) fn new(format: &'static str, limits: &Limits, claimed: Option<u64>, input: usize) -> Self {
        let likely = (input as u64).saturating_mul(EXPECTED);
        let believed = claimed.unwrap_or(likely).min(limits.decompressed_bytes).min(likely);
        // Memory that the system has cleared need not be touched before something is written to it. Without it the sink grows as it can,
        // and fails in `space` if it cannot.
        let room = usize::try_from(believed).ok().and_then(|believed| believed.checked_add(CHUNK.min(input)));
        let out = room.and_then(Memory::zeroed).unwrap_or_default();
        Sink {
            out,
            filled: 0,
            start: 0,
            before: 0,
            pieces: None,
            limit: limits.room().map_or(limits.decompressed_bytes, |room| {
                limits.decompressed_bytes.min(room.saturating_sub(input as u64))
            }),
            limits: limits.clone(),
            input: input as u64,
            format,
            head_checked: false,
        }
    }

    /// A sink that gives what is written on, piece by piece. No stream is longer than offsets of 32 bits reach.
    #[cfg(feature = "threads")]
    pub(super) fn in_pieces(format: &'static str, limits: &Limits, input: usize, pieces: Sender<Piece>) -> Self {
        let mut sink = Sink::new(format, limits, Some(0), input);
        sink.limit = sink.limit.min(u32::MAX.into());
        Sink { out: Memory::default(), pieces: Some(pieces), ..sink }
    }

    /// The same sink for bytes that are no pickle: their start is not looked at.
    pub(super) fn of_raw_data(mut self) -> Self {
        self.head_checked = true;
        self
    }

    /// Name of the container, for messages.
    pub(super) fn format(&self) -> &'static str {
        self.format
    }

    /// Bytes that there is room for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.out.capacity()
    }

    /// Bytes written so far.
    pub(super) fn len(&self) -> usize {
        self.start + self.filled
    }

    /// The bytes written from `start` on, if they are in this piece.
    pub(super) fn since(&self, start: usize) -> &[u8] {
        self.out.get(start.wrapping_sub(self.start)..self.filled).unwrap_or(&[])
    }

    /// What is written so far of this piece, and at least `least` bytes to write into.
    pub(super) fn space(&mut self, least: usize) -> Result<(&[u8], &mut [u8])> {
        let end = self.make_room(least)?;
        let (written, space) = self.out[..end].split_at_mut(self.filled);
        Ok((written, space))
    }

    /// What is written from `start` on, as far as deflate may repeat it, and behind it at least one byte to write into; and where that is.
    pub(super) fn space_behind(&mut self, start: usize) -> Result<(&mut [u8], usize)> {
        let end = self.make_room(1)?;
        let start = start.saturating_sub(self.start);
        Ok((self.out.get_mut(start..end).unwrap_or_default(), self.filled - start))
    }

    /// Makes room for at least `least` bytes: where the room ends that is offered.
    fn make_room(&mut self, least: usize) -> Result<usize> {
        // (The first bytes stay together until they were looked at.)
        if self.pieces.is_some() && self.head_checked && self.out.len() - self.filled < least {
            self.next_piece(least)?;
        }
        // One byte over the limit is enough to see that it is passed.
        let left = self.limit.saturating_sub(self.len() as u64).saturating_add(1);
        let chunk = self.filled.clamp(FIRST_CHUNK, CHUNK);
        let want = least.max(chunk.min(usize::try_from(left).unwrap_or(chunk)));
        if self.out.len() - self.filled < least {
            let size = self.filled.saturating_add(want);
            self.out.grow(size).ok_or_else(|| {
                Error::new(ErrorKind::Limit, format_args!("out of memory after {} decompressed bytes", self.filled))
            })?;
        }
        Ok(self.filled + want.min(self.out.len() - self.filled))
    }

    /// Gives a piece on, and begins the next.
    fn next_piece(&mut self, least: usize) -> Result<()> {
        let before = self.filled.min(WINDOW);
        // The last piece should be a small part of all; but many small ones repeat much.
        let size = (self.len() / 16).clamp(PIECE, LARGEST_PIECE);
        let mut next = Memory::zeroed(before + size.max(least))
            .ok_or_else(|| Error::new(ErrorKind::Limit, "out of memory for decompressed bytes"))?;
        next[..before].copy_from_slice(&self.out[self.filled - before..self.filled]);
        let start = self.len() - before;
        self.give_on(next)?;
        (self.start, self.filled, self.before) = (start, before, before);
        Ok(())
    }

    fn give_on(&mut self, next: Memory) -> Result<()> {
        let bytes = std::mem::replace(&mut self.out, next).cut(self.filled);
        let piece = Piece { bytes, start: self.start, before: self.before };
        let sent = self.pieces.as_ref().map(|pieces| pieces.send(piece));
        sent.unwrap_or(Ok(())).map_err(|_| Error::new(ErrorKind::Io, "nobody reads what is decompressed"))
    }

    /// Counts `n` bytes that were written into the space.
    pub(super) fn wrote(&mut self, n: usize) -> Result<()> {
        self.filled = self.filled.saturating_add(n).min(self.out.len());
        if self.len() as u64 > self.limit && self.limit < self.limits.decompressed_bytes {
            return Err(self.limits.out_of_memory(self.len() as u64 + self.input));
        }
        if self.len() as u64 > self.limit {
            let what = format!("the {} data expand to more than {} bytes", self.format, self.limit);
            return Err(over("decompressed_bytes", self.limit, &what));
        }
        if !self.head_checked && self.filled >= HEAD {
            self.check_head()?;
        }
        Ok(())
    }

    /// Appends `bytes`.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<()> {
        for part in bytes.chunks(CHUNK) {
            let (_, space) = self.space(part.len())?;
            if let Some(space) = space.get_mut(..part.len()) {
                space.copy_from_slice(part);
            }
            self.wrote(part.len())?;
        }
        Ok(())
    }

    /// Everything that was written.
    pub(super) fn finish(mut self) -> Result<Memory> {
        if !self.head_checked {
            self.check_head()?;
        }
        // What was expected and did not come.
        Ok(self.out.cut(self.filled))
    }

    /// Gives the last piece on: the number of bytes written.
    #[cfg(feature = "threads")]
    pub(super) fn finish_pieces(mut self) -> Result<usize> {
        if !self.head_checked {
            self.check_head()?;
        }
        self.give_on(Memory::default())?;
        Ok(self.len())
    }

    fn check_head(&mut self) -> Result<()> {
        self.head_checked = true;
        if self.filled == 0 {
            let message = format!("Ran out of input: the {} data hold no byte", self.format);
            return Err(Error::new(ErrorKind::Truncated, message).at(0));
        }
        foreign::refuse_unless_pickle(self.since(0), Some(self.format))?;
        match first_string(self.since(0)) {
            Some(size) if size > self.limits.string_bytes as u64 => {
                let what = format!("the {} data hold one string of {size} bytes, which no model is", self.format);
                Err(over("string_bytes", self.limits.string_bytes as u64, &what))
            }
            _ => Ok(()),
        }
    }
}

/// The length of the string or bytes that is the first object of the pickle, if one is: it tells a bomb, the simplest
/// one, before it has grown.
fn first_string(head: &[u8]) -> Option<u64> {
    let mut position = 0;
    loop {
        match head.get(position)? {
            0x80 => position += 2,
            0x95 => position += 9,
            b'B' | b'T' | b'X' => return le(head, position + 1, 4),
            0x8d | 0x8e | 0x96 => return le(head, position + 1, 8),
            _ => return None,
        }
    }
}

/// Lets a decoder write by `io::Write`; the refusal itself is kept, since an I/O error cannot carry it.
pub(super) struct SinkWriter<'a> {
    pub(super) sink: &'a mut Sink,
    pub(super) refusal: Option<Error>,
}

impl std::io::Write for SinkWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.sink.push(bytes).map_err(|refusal| {
            self.refusal = Some(refusal);
            std::io::Error::other("refused")
        })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
