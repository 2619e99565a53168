//! The bytes that a graph is read from: pieces that never move, and a file that large arrays are left in until they are asked for.
//!
//! Memory that a process touches for the first time costs more than reading a file into memory that it has used before. So a large file is
//! not read as a whole: its arrays are read one after the other, and most into the place of the one before.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering::Relaxed},
    mpsc::Receiver,
};

use crate::{
    container,
    error::{Error, ErrorKind, Result},
    graph::Bytes,
    memory::Memory,
};

/// Puts so many bytes of the file, from an offset on, into memory, in the place of what it holds.
pub(crate) type Fetch = dyn Fn(u64, usize, &mut Memory) -> Result<()> + Send + Sync;

/// Number of the piece that holds what was left in the file.
pub(crate) const LEFT: u32 = u32::MAX;

/// Whether pieces are small, so that those of tests end everywhere.
pub(crate) const SMALL: bool = cfg!(any(test, fuzzing));
/// What is shorter is read along with what stands around it.
const LEAST_LEFT: usize = if SMALL { 32 } else { 32 << 10 };
/// Bytes of the first piece after something was left, and at most; each is four times as long as the one before.
const FIRST_PIECE: usize = if SMALL { 1 } else { 4 << 10 };
const LARGEST_PIECE: usize = if SMALL { 64 } else { 4 << 20 };

/// A piece of a stream that comes while it is read.
pub(crate) struct Piece {
    pub(crate) bytes: Memory,
    /// Where it begins in the stream.
    pub(crate) start: usize,
    /// Bytes at its front that the one before ends with.
    pub(crate) before: usize,
}

/// Places of pieces, each filled once.
type Table = Box<[OnceLock<Arc<Memory>>]>;

/// Pieces of a stream and of side files, by number. Those that are there stay where they are, so that a reader can
/// hold on to some while others come.
#[derive(Default)]
pub(crate) struct Stream {
    /// Table `k` has room for `2^k` pieces.
    tables: [OnceLock<Table>; 31],
    count: std::sync::atomic::AtomicU32,
    /// Bytes of the whole stream; of one that still comes, at least those that are there.
    len: AtomicUsize,
    fetch: Option<Box<Fetch>>,
}

impl Stream {
    /// A stream in memory, its only piece so far.
    pub(crate) fn of(bytes: Memory) -> Self {
        let stream = Stream { len: bytes.len().into(), ..Stream::default() };
        stream.add(bytes);
        stream
    }

    /// A stream in a file of `len` bytes, nothing of which is read yet.
    #[cfg(any(test, fuzzing, feature = "fs"))]
    pub(crate) fn left(len: usize, fetch: Box<Fetch>) -> Self {
        Stream { len: len.into(), fetch: Some(fetch), ..Stream::default() }
    }

    /// A stream that comes in pieces, of which this many bytes are expected.
    #[cfg(feature = "threads")]
    pub(crate) fn coming(expected: usize) -> Self {
        Stream { len: expected.into(), ..Stream::default() }
    }

    /// Bytes of the whole stream.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len.load(Relaxed)
    }

    /// Bytes that are there of a stream that comes, or all when it has come.
    pub(crate) fn has(&self, len: usize) {
        self.len.store(len, Relaxed);
    }

    #[inline(always)]
    fn slot(&self, piece: u32) -> &OnceLock<Arc<Memory>> {
        let (table, place) = ((piece + 1).ilog2(), (piece + 1) - (1 << (piece + 1).ilog2()));
        let slots = self.tables[table as usize].get_or_init(|| (0..1 << table).map(|_| OnceLock::new()).collect());
        &slots[place as usize]
    }

    /// Keeps a piece, and gives its number.
    pub(crate) fn add(&self, bytes: Memory) -> u32 {
        let piece = self.count.fetch_add(1, Relaxed);
        self.slot(piece).get_or_init(|| Arc::new(bytes));
        piece
    }

    /// A piece that was added.
    #[inline(always)]
    pub(crate) fn piece(&self, piece: u32) -> &Arc<Memory> {
        self.slot(piece).get_or_init(Arc::default)
    }

    /// What an error met in the stream comes from, if its bytes show it.
    #[cold]
    pub(crate) fn explain(&self, error: Error) -> Error {
        let mut whole = Memory::default();
        let everything = Bytes { piece: LEFT, start: 0, len: self.len() as u32 };
        match &self.fetch {
            None => container::explain(error, self.piece(0)),
            Some(_) if self.fetch(everything, &mut whole).is_ok() => container::explain(error, &whole),
            Some(_) => error,
        }
    }

    /// Reads what was left in the file.
    pub(crate) fn fetch(&self, bytes: Bytes, into: &mut Memory) -> Result<()> {
        match &self.fetch {
            Some(fetch) => fetch(bytes.start.into(), bytes.len as usize, into),
            None => Err(Error::new(ErrorKind::Io, "the stream is not in a file")),
        }
    }
}

/// Bounds-checked cursor over a stream. Every error here carries its offset.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    stream: &'a Stream,
    /// The piece that is read, its number, and its offset in the stream.
    bytes: &'a [u8],
    piece: u32,
    start: usize,
    /// The next byte in the piece.
    at: usize,
    /// Bytes of the next piece.
    ahead: usize,
    /// What comes of a stream that is not there yet.
    coming: Option<&'a Receiver<Piece>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(stream: &'a Stream) -> Self {
        let bytes: &[u8] = if stream.fetch.is_some() { &[] } else { stream.piece(0) };
        Reader { stream, bytes, piece: 0, start: 0, at: 0, ahead: FIRST_PIECE, coming: None }
    }

    /// A reader of a stream that comes while it is read. Its refusals are not those of the stream, whose length it does not know.
    #[cfg(feature = "threads")]
    pub(crate) fn of_coming(stream: &'a Stream, pieces: &'a Receiver<Piece>) -> Self {
        Reader { stream, bytes: &[], piece: 0, start: 0, at: 0, ahead: FIRST_PIECE, coming: Some(pieces) }
    }

    /// Offset of the next byte.
    #[inline(always)]
    pub(crate) fn offset(&self) -> usize {
        self.start + self.at
    }

    /// Bytes not read yet, or as many as there may be.
    pub(crate) fn remaining(&self) -> usize {
        let len = if self.coming.is_some() { u32::MAX as usize } else { self.stream.len() };
        len.saturating_sub(self.offset())
    }

    #[cold]
    fn truncated(&self, wanted: u64, what: &str) -> Error {
        let left = self.remaining();
        Error::new(
            ErrorKind::Truncated,
            format_args!("the stream ends early: {what} needs {wanted} bytes, {left} are left; is the file complete?"),
        )
        .at(self.offset() as u64)
    }

    /// Goes on to a piece with at least the next `least` bytes, if there are so many, and if it can be with as many as are wanted.
    #[cold]
    fn go_on(&mut self, least: u64, wanted: u64, what: &str) -> Result<()> {
        if let Some(coming) = self.coming {
            return self.wait(coming, least, wanted, what);
        }
        let left = self.remaining();
        if least > left as u64 {
            return Err(self.truncated(least, what));
        }
        let len = left.min(usize::try_from(wanted.max(least)).unwrap_or(left));
        // Arrays are aligned in the file: so they are in the piece.
        let before = self.offset() % 64;
        let size = len.max(self.ahead.min(left)) + before;
        self.ahead = (4 * self.ahead).min(LARGEST_PIECE);
        let mut bytes = Memory::default();
        let start = self.offset() - before;
        self.stream.fetch(Bytes { piece: LEFT, start: start as u32, len: size as u32 }, &mut bytes)?;
        self.begin(bytes, start, before);
        Ok(())
    }

    /// Reads on in another piece, which begins at `start` in the stream.
    fn begin(&mut self, bytes: Memory, start: usize, at: usize) {
        self.piece = self.stream.add(bytes);
        (self.bytes, self.start, self.at) = (self.stream.piece(self.piece), start, at);
    }

    /// [`Reader::go_on`] in a stream that comes.
    fn wait(&mut self, coming: &Receiver<Piece>, least: u64, wanted: u64, what: &str) -> Result<()> {
        let (rest, offset) = (&self.bytes[self.at..], self.offset());
        let next = coming.recv().map_err(|_| self.truncated(least, what))?;
        self.stream.has(next.start + next.bytes.len());
        // What is not read yet stands at its front too.
        let enough = next.bytes.len() as u64 >= (next.before as u64).saturating_add(least - rest.len() as u64);
        if rest.len() <= next.before && enough {
            let at = next.before - rest.len();
            self.begin(next.bytes, next.start, at);
            return Ok(());
        }
        // Arrays are aligned in the stream: so they are in the piece.
        let before = offset % 64;
        let mut whole = vec![0; before];
        let mut join = |bytes: &[u8]| {
            whole.try_reserve(bytes.len()).map_err(|_| Error::new(ErrorKind::Limit, "out of memory for a piece"))?;
            whole.extend_from_slice(bytes);
            Ok((whole.len() - before) as u64)
        };
        join(rest)?;
        let mut len = join(&next.bytes[next.before..])?;
        while len < wanted
            && let Ok(next) = coming.recv()
        {
            self.stream.has(next.start + next.bytes.len());
            len = join(&next.bytes[next.before..])?;
        }
        if len < least {
            return Err(self.truncated(least, what));
        }
        self.begin(whole.into(), offset - before, before);
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn byte(&mut self) -> Result<u8> {
        if self.at == self.bytes.len() {
            self.go_on(1, 1, "the next item")?;
        }
        let byte = self.bytes[self.at];
        self.at += 1;
        Ok(byte)
    }

    /// The next `len` bytes; nothing is allocated before they are known to exist.
    #[inline(always)]
    pub(crate) fn take(&mut self, len: u64) -> Result<&'a [u8]> {
        if len > (self.bytes.len() - self.at) as u64 {
            self.go_on(len, len, "a block")?;
        }
        let taken = &self.bytes[self.at..self.at + len as usize];
        self.at += taken.len();
        Ok(taken)
    }

    /// Where `len` bytes stand that were taken last, or among those, from an offset in the stream on.
    #[inline(always)]
    pub(crate) fn span(&self, offset: usize, len: usize) -> Bytes {
        // The stream is shorter than 4 GiB: `run` and `npy` check.
        Bytes { piece: self.piece, start: (offset - self.start) as u32, len: len as u32 }
    }

    /// Where the next `len` bytes stand, which are left in the file if they are many.
    pub(crate) fn pass(&mut self, len: u64) -> Result<Bytes> {
        let beyond = len > (self.bytes.len() - self.at) as u64 && len <= self.remaining() as u64;
        if self.stream.fetch.is_none() || !beyond || len < LEAST_LEFT as u64 {
            let (offset, taken) = (self.offset(), self.take(len)?.len());
            return Ok(self.span(offset, taken));
        }
        let left = Bytes { piece: LEFT, start: self.offset() as u32, len: len as u32 };
        self.start = self.offset() + len as usize;
        (self.bytes, self.at, self.ahead) = (&[], 0, FIRST_PIECE);
        Ok(left)
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N as u64)?);
        Ok(out)
    }

    pub(crate) fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32> {
        self.array().map(i32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn f64_be(&mut self) -> Result<f64> {
        self.array().map(f64::from_be_bytes)
    }

    /// The bytes up to the next line feed, which is read too.
    pub(crate) fn line(&mut self) -> Result<&'a [u8]> {
        loop {
            let rest = &self.bytes[self.at..];
            if let Some(len) = rest.iter().position(|&b| b == b'\n') {
                self.at += len + 1;
                return Ok(&rest[..len]);
            }
            if rest.len() == self.remaining() {
                return Err(self.truncated(rest.len() as u64 + 1, "a line of text"));
            }
            self.go_on(rest.len() as u64 + 1, 2 * rest.len() as u64, "a line of text")?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, load, load_in_pieces, load_path};

    /// Models of every kind, and what is left of them when the file is cut.
    #[test]
    fn a_stream_in_pieces_is_the_same_stream() {
        let (mut streams, mut cuts) = (0, 0);
        let testdata = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");
        for family in ["tree", "ensemble", "linear_model", "neighbors", "feature_extraction", "preprocessing"] {
            for entry in std::fs::read_dir(format!("{testdata}/{family}")).unwrap() {
                for file in std::fs::read_dir(entry.unwrap().path()).into_iter().flatten() {
                    let path = file.unwrap().path();
                    let bytes = std::fs::read(&path).unwrap();
                    let limits = Limits::default();
                    if bytes.first() != Some(&0x80) || bytes.len() > 20_000 {
                        continue;
                    }
                    // Old files have their arrays beside them.
                    let Ok(whole) = load(bytes.clone(), &limits) else { continue };
                    assert_eq!(whole.dump(), load_path(path, &limits).unwrap().dump());
                    streams += 1;
                    if streams % 50 == 0 {
                        for len in (1..bytes.len()).step_by(7) {
                            let (whole, pieces) =
                                (load(bytes[..len].to_vec(), &limits), load_in_pieces(bytes[..len].to_vec(), &limits));
                            assert_eq!(whole.unwrap_err().to_string(), pieces.unwrap_err().to_string());
                            cuts += 1;
                        }
                    }
                }
            }
        }
        assert!(streams > 100 && cuts > 1000, "{streams} streams, {cuts} cuts");
    }

    #[test]
    fn what_is_left_in_the_file_is_read_once_as_long_as_it_is_used() {
        // A list of one array of 100 doubles, twice.
        let stream = b"\x80\x02(cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01Kd\x85cnumpy\ndtype\n\
            U\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89B \x03\x00\x00";
        let mut bytes = stream.to_vec();
        (0..100).for_each(|i| bytes.extend(f64::from(i).to_le_bytes()));
        bytes.extend(b"tbq\x00h\x00l.");
        let graph = load_in_pieces(bytes, &Limits::default()).unwrap();
        let arrays = graph.root().items().unwrap();
        let (one, other) = (arrays[0].array().unwrap().f64s().unwrap(), arrays[1].array().unwrap().f64s().unwrap());
        assert_eq!(one[99], 99.0);
        assert_eq!(one.as_ptr(), other.as_ptr());
    }

    #[test]
    fn numbers_of_pieces() {
        let stream = Stream::default();
        for i in 0..100u32 {
            assert_eq!(stream.add(i.to_le_bytes().to_vec().into()), i);
        }
        for i in (0..100u32).rev() {
            assert_eq!(***stream.piece(i), i.to_le_bytes());
        }
    }
}
