//! Files that a stream is read from.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};

use crate::{
    Limits, container,
    error::{Error, ErrorKind, Result, printable},
    memory::Memory,
    stream::{SMALL, Stream},
};

/// A file shorter than this is read at once.
const SHORT: u64 = if SMALL { 1 } else { 1 << 20 };
/// Bytes that tell what a file is.
const HEAD: u64 = 4 << 10;

/// What is in a file.
pub(crate) enum Opened {
    /// A large stream that is not compressed: it is read while it is decoded, its large arrays when they are asked for.
    Left(Box<Stream>),
    Read(Vec<u8>),
}

/// Opens a file, and reads it if it is small or compressed.
pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Opened> {
    let (mut file, len) = regular(path, limits)?;
    let fault = |e: io::Error| fault(path, &e);
    if len >= SHORT {
        let mut head = Vec::new();
        (&file).take(HEAD).read_to_end(&mut head).map_err(fault)?;
        file.rewind().map_err(fault)?;
        // Every stream since protocol 2 starts so, and nothing that is compressed does.
        if head.first() == Some(&0x80) {
            container::check(&head, len, limits)?;
            return left(file, len, path).map(|stream| Opened::Left(stream.into()));
        }
    }
    whole(file, len, limits).map(Opened::Read).map_err(fault)
}

/// Reads a regular file, no larger than the limit.
pub(crate) fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>> {
    let (file, len) = regular(path, limits)?;
    whole(file, len, limits).map_err(|e| fault(path, &e))
}

fn fault(path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format_args!("cannot read '{}': {error}", printable(&path.to_string_lossy())))
}

fn regular(path: &Path, limits: &Limits) -> Result<(File, u64)> {
    let file = File::open(path).map_err(|e| fault(path, &e))?;
    let meta = file.metadata().map_err(|e| fault(path, &e))?;
    if !meta.is_file() {
        let what = format!("'{}' is no regular file", printable(&path.to_string_lossy()));
        return Err(Error::new(ErrorKind::Io, what));
    }
    if meta.len() > limits.input_bytes {
        return Err(Error::new(
            ErrorKind::Limit,
            format_args!("the file has {} bytes (limit input_bytes: {})", meta.len(), limits.input_bytes),
        ));
    }
    Ok((file, meta.len()))
}

fn whole(file: File, len: u64, limits: &Limits) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(len as usize);
    // A file that grows while it is read stays within the limit.
    file.take(limits.input_bytes).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn left(file: File, len: u64, path: &Path) -> Result<Stream> {
    let len = usize::try_from(len).map_err(|_| Error::new(ErrorKind::Limit, "the file is larger than any memory"))?;
    let (file, path) = (Places::new(file), path.to_owned());
    let fetch = move |offset: u64, len: usize, into: &mut Memory| {
        // What memory holds that was used before is overwritten; new memory is not touched to clear it.
        if into.capacity() < len {
            *into = Memory::zeroed(len).ok_or_else(|| {
                let path = printable(&path.to_string_lossy());
                let what =
                    format!("out of memory: {len} bytes of '{path}' cannot be held; give the process more memory");
                Error::new(ErrorKind::Limit, what).at(offset)
            })?;
        }
        into.set_len(len);
        file.read(into, offset).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => {
                let what = "it became shorter while it was read; load it again when nothing writes to it";
                fault(&path, &io::Error::other(what))
            }
            _ => fault(&path, &e),
        })
    };
    Ok(Stream::left(len, Box::new(fetch)))
}

/// A file that threads read at several places.
#[cfg(unix)]
struct Places(File);

#[cfg(unix)]
impl Places {
    fn new(file: File) -> Self {
        Places(file)
    }

    /// Fills `into` with what stands from `offset` on.
    fn read(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.0, into, offset)
    }
}

/// A file that threads read at several places: in turn, since it has one place where it is read.
#[cfg(not(unix))]
struct Places(std::sync::Mutex<File>);

#[cfg(not(unix))]
impl Places {
    fn new(file: File) -> Self {
        Places(file.into())
    }

    /// Fills `into` with what stands from `offset` on.
    fn read(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(|broken| broken.into_inner());
        file.seek(io::SeekFrom::Start(offset))?;
        file.read_exact(into)
    }
}
