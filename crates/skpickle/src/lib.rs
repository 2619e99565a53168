//! Reader of the pickle and joblib streams that scikit-learn models are kept in.
//!
//! Nothing in a stream is ever called: a `GLOBAL` is a name, a `REDUCE` is a node. What comes out is a graph of
//! plain data in which whatever is not numpy, joblib, scipy, pandas or a plain Python container stays an *opaque* node with
//! its name, arguments and state. Meaning is given to names by the caller, by exact match.
//!
//! ```
//! let stream = b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.".to_vec();
//! let graph = skpickle::load(stream, &Default::default())?;
//! assert_eq!(graph.root().class().unwrap().to_string(), "os.system"); // a name, and no more
//! # Ok::<(), skpickle::Error>(())
//! ```

#[cfg(feature = "threads")]
mod ahead;
mod called;
mod container;
mod dis;
mod error;
#[cfg(feature = "fs")]
mod file;
mod graph;
mod joblib;
mod limits;
mod machine;
mod memory;
mod numpy;
mod obj;
mod opcode;
mod pandas;
mod scipy;
mod stream;
mod text;

pub use dis::disassemble;
pub use error::{Error, ErrorKind, Result, printable};
pub use graph::{Graph, Name};
pub use limits::Limits;
pub use numpy::{Array, Column, Dtype, Field, Scalar, Shared};
pub use obj::{Fields, FromObj, Kind, Obj};
pub use scipy::Sparse;

use stream::Stream;

/// The container layer alone, for the fuzzer.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn open_container(bytes: Vec<u8>, limits: &Limits) -> Result<Vec<u8>> {
    container::open(bytes, limits).map(memory::Memory::into_vec)
}

/// Decodes a stream as if it were in a large file, for the fuzzer and for tests.
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub fn load_in_pieces(bytes: Vec<u8>, limits: &Limits) -> Result<Graph> {
    container::check(&bytes, bytes.len() as u64, limits)?;
    let len = bytes.len();
    let fetch = move |offset: u64, len: usize, into: &mut memory::Memory| {
        *into = bytes[offset as usize..][..len].to_vec().into();
        Ok(())
    };
    machine::run(Stream::left(len, Box::new(fetch)), limits, &mut no_side_files)
}

/// Decodes a stream while it comes in pieces, for the fuzzer and for tests. `None` of one that is refused.
#[cfg(all(feature = "threads", any(test, fuzzing)))]
#[doc(hidden)]
pub fn load_coming(bytes: &[u8], limits: &Limits) -> Option<Graph> {
    container::check(bytes, bytes.len() as u64, limits).ok()?;
    let (sender, pieces) = std::sync::mpsc::channel();
    for (i, part) in bytes.chunks(100).enumerate() {
        let before = (100 * i).min(40);
        let start = 100 * i - before;
        let bytes = bytes[start..start + before + part.len()].to_vec().into();
        sender.send(stream::Piece { bytes, start, before }).ok()?;
    }
    drop(sender);
    machine::run_coming(&pieces, bytes.len() / 4, limits, &mut no_side_files, || Some(bytes.len()))
}

/// Decodes a pickle or joblib file held in memory, compressed or not.
///
/// # Errors
/// An [`Error`] with the byte offset when the bytes are no such file, are damaged, or pass a bound of `limits`;
/// [`ErrorKind::Unsupported`] too when the file needs `.npy` side files, as joblib 0.9 and older wrote them: use [`load_path`].
pub fn load(bytes: Vec<u8>, limits: &Limits) -> Result<Graph> {
    decode(bytes, limits, &mut no_side_files)
}

/// As [`load`], in up to so many threads: what is compressed, unless by lz4, is decoded while another thread still decompresses it.
///
/// ```
/// let stream = b"\x80\x02]q\x00(K\x01K\x02e.".to_vec();
/// let graph = skpickle::load_in_threads(stream, &Default::default(), 2)?;
/// assert_eq!(graph.root().get::<Vec<i64>>()?, [1, 2]);
/// # Ok::<(), skpickle::Error>(())
/// ```
///
/// # Errors
/// As [`load`].
#[cfg(feature = "threads")]
pub fn load_in_threads(bytes: Vec<u8>, limits: &Limits, threads: usize) -> Result<Graph> {
    let ahead = ahead::load(&bytes, limits, &mut no_side_files, threads);
    ahead.map_or_else(|| load(bytes, limits), Ok)
}

/// Decodes a stream in memory, compressed or not.
fn decode(bytes: Vec<u8>, limits: &Limits, side_files: &mut joblib::SideFiles<'_>) -> Result<Graph> {
    machine::run(Stream::of(container::open(bytes, limits)?), limits, side_files)
}

fn no_side_files(name: &str) -> Result<Vec<u8>> {
    let name = printable(name);
    let what = format!("an array is kept in the side file '{name}', which only a model opened by its path can reach");
    Err(Error::new(ErrorKind::Unsupported, what))
}

/// Decodes a pickle or joblib file, and the `.npy` files that joblib 0.9 and older wrote beside it.
///
/// Side files are only looked for in the file's own folder, under the bare names that the file spells. A file of 1 MB and more that is not compressed is
/// not held as a whole: the graph keeps it open, and reads large arrays from it when they are asked for.
///
/// # Errors
/// As [`load`], and [`ErrorKind::Io`] when a file cannot be read.
#[cfg(feature = "fs")]
pub fn load_path(path: impl AsRef<std::path::Path>, limits: &Limits) -> Result<Graph> {
    load_file(path.as_ref(), limits, decode)
}

/// As [`load_path`], in up to so many threads, as [`load_in_threads`] has them.
///
/// # Errors
/// As [`load_path`].
#[cfg(all(feature = "fs", feature = "threads"))]
pub fn load_path_in_threads(path: impl AsRef<std::path::Path>, limits: &Limits, threads: usize) -> Result<Graph> {
    load_file(path.as_ref(), limits, |bytes, limits, side_files| {
        let ahead = ahead::load(&bytes, limits, side_files, threads);
        ahead.map_or_else(|| decode(bytes, limits, side_files), Ok)
    })
}

/// Decodes a file; one that is read as a whole by `decode`.
#[cfg(feature = "fs")]
fn load_file(
    path: &std::path::Path,
    limits: &Limits,
    decode: impl FnOnce(Vec<u8>, &Limits, &mut joblib::SideFiles<'_>) -> Result<Graph>,
) -> Result<Graph> {
    let folder = path.parent().unwrap_or(std::path::Path::new("")).to_owned();
    let mut side_files = |name: &str| {
        let path = folder.join(name);
        // A link could lead out of the folder.
        if path.is_symlink() {
            let what = format!("side file '{}' is a symbolic link, which is not followed", printable(name));
            return Err(Error::new(ErrorKind::Unsupported, what));
        }
        file::read(&path, limits)
    };
    match file::open(path, limits)? {
        file::Opened::Left(stream) => machine::run(*stream, limits, &mut side_files),
        file::Opened::Read(bytes) => decode(bytes, limits, &mut side_files),
    }
}
