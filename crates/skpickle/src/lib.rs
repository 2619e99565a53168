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

mod container;
mod dis;
mod error;
mod graph;
mod joblib;
mod limits;
mod machine;
mod numpy;
mod obj;
mod opcode;
mod pandas;
mod reader;
mod scipy;
mod text;

pub use dis::disassemble;
pub use error::{Error, ErrorKind, Result, printable};
pub use graph::{Graph, Name};
pub use limits::Limits;
pub use numpy::{Array, Column, Dtype, Field, Scalar, Shared};
pub use obj::{FromObj, Kind, Obj};
pub use scipy::Sparse;

/// The container layer alone, for the fuzzer.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn open_container(bytes: Vec<u8>, limits: &Limits) -> Result<Vec<u8>> {
    container::open(bytes, limits)
}

/// Decodes a pickle or joblib file held in memory, compressed or not.
///
/// # Errors
/// An [`Error`] with the byte offset when the bytes are no such file, are damaged, or pass a bound of `limits`;
/// [`ErrorKind::Unsupported`] too when the file needs `.npy` side files, as joblib 0.9 and older wrote them: use [`load_path`].
pub fn load(bytes: Vec<u8>, limits: &Limits) -> Result<Graph> {
    let mut none = |name: &str| {
        Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "an array is kept in the side file '{}', which only a model opened by its path can reach",
                printable(name)
            ),
        ))
    };
    machine::run(container::open(bytes, limits)?, limits, &mut none)
}

/// Decodes a pickle or joblib file, and the `.npy` files that joblib 0.9 and older wrote beside it.
///
/// Side files are only looked for in the file's own folder, under the bare names that the file spells.
///
/// # Errors
/// As [`load`], and [`ErrorKind::Io`] when a file cannot be read.
#[cfg(feature = "fs")]
pub fn load_path(path: impl AsRef<std::path::Path>, limits: &Limits) -> Result<Graph> {
    let path = path.as_ref();
    let bytes = read_file(path, limits)?;
    let folder = path.parent().unwrap_or(std::path::Path::new("")).to_owned();
    let mut side_files = |name: &str| {
        let path = folder.join(name);
        // A link could lead out of the folder.
        if path.is_symlink() {
            let what = format!("side file '{}' is a symbolic link, which is not followed", printable(name));
            return Err(Error::new(ErrorKind::Unsupported, what));
        }
        read_file(&path, limits)
    };
    machine::run(container::open(bytes, limits)?, limits, &mut side_files)
}

/// Reads a regular file, no larger than the limit.
#[cfg(feature = "fs")]
fn read_file(path: &std::path::Path, limits: &Limits) -> Result<Vec<u8>> {
    use std::io::Read;
    let io = |e: std::io::Error| {
        Error::new(ErrorKind::Io, format!("cannot read '{}': {e}", printable(&path.to_string_lossy())))
    };
    let file = std::fs::File::open(path).map_err(io)?;
    let meta = file.metadata().map_err(io)?;
    if !meta.is_file() {
        let what = format!("'{}' is no regular file", printable(&path.to_string_lossy()));
        return Err(Error::new(ErrorKind::Io, what));
    }
    if meta.len() > limits.input_bytes {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("the file has {} bytes (limit input_bytes: {})", meta.len(), limits.input_bytes),
        ));
    }
    let mut bytes = Vec::with_capacity(meta.len() as usize);
    // A file that grows while it is read stays within the limit.
    file.take(limits.input_bytes).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}
