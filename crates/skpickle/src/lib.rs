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

/// Decodes a pickle or joblib file held in memory, compressed or not.
///
/// # Errors
/// An [`Error`] with the byte offset when the bytes are no such file, are damaged, or pass a bound of `limits`;
/// [`ErrorKind::Unsupported`] too when the file needs `.npy` side files, as joblib 0.9 and older wrote them: use [`load_path`].
pub fn load(bytes: Vec<u8>, limits: &Limits) -> Result<Graph> {
    machine::run(Stream::of(container::open(bytes, limits)?), limits, &mut no_side_files)
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
    let path = path.as_ref();
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
    machine::run(file::stream(path, limits)?, limits, &mut side_files)
}
