//! The one error type of the crate: what is wrong, where in the object, where in the bytes.

use std::fmt;

/// What kind of refusal an [`Error`] is; few on purpose, so that a caller can map each to a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file could not be read at all (missing, permission, a device error).
    Io,
    /// The bytes are no pickle or joblib stream, or one of another program's formats.
    Format,
    /// The bytes end before the stream does.
    Truncated,
    /// The stream breaks a rule of its own format.
    Malformed,
    /// The stream is legal pickle, but uses something that this reader does not do on purpose.
    Unsupported,
    /// A bound of [`Limits`](crate::Limits) was reached.
    Limit,
    /// A field that is needed is absent.
    Missing,
    /// A field is there, but is not what it should be.
    Value,
}

/// A refusal: the message, the object path when one is known, the byte offset when one is known.
///
/// All text that comes from the file is escaped to printable ASCII and cut (see [`printable`]), so an
/// error can be sent to a terminal or a log as it is.
///
/// ```
/// let error = skpickle::load(b"\x80\x04\x8c".to_vec(), &Default::default()).unwrap_err();
/// assert_eq!(error.kind(), skpickle::ErrorKind::Truncated);
/// assert_eq!(error.offset(), Some(3));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    message: String,
    path: String,
    offset: Option<u64>,
    opcode: Option<&'static str>,
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A refusal of the given kind; `message` is a phrase without a full stop.
    #[cold]
    #[inline(never)]
    pub fn new(kind: ErrorKind, message: impl fmt::Display) -> Self {
        Error(Box::new(Inner { kind, message: message.to_string(), path: String::new(), offset: None, opcode: None }))
    }

    /// The same refusal with the byte offset (in the decompressed stream) where it happened, unless one is known already.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// The same refusal with the name of the opcode that was being carried out.
    #[must_use]
    pub fn in_opcode(mut self, name: &'static str) -> Self {
        self.0.opcode.get_or_insert(name);
        self
    }

    /// The same refusal with the path of the object it concerns, unless one is known already.
    #[must_use]
    pub fn on_path(mut self, path: impl Into<String>) -> Self {
        if self.0.path.is_empty() {
            self.0.path = path.into();
        }
        self
    }

    /// What kind of refusal this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message alone, without path and offset.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Path of the object concerned, such as `Pipeline.steps[1].coef_`; empty when the trouble is in the bytes.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Byte offset in the (decompressed) stream.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "{}: ", self.0.path)?;
        }
        f.write_str(&self.0.message)?;
        match (self.0.offset, self.0.opcode) {
            (Some(offset), Some(opcode)) => write!(f, " (byte {offset}, opcode {opcode})"),
            (Some(offset), None) => write!(f, " (byte {offset})"),
            (None, Some(opcode)) => write!(f, " (opcode {opcode})"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {}

/// Text from a file made safe to show: printable ASCII stays, everything else becomes `\u{..}`, and what is
/// longer than 200 characters is cut.
///
/// ```
/// assert_eq!(skpickle::printable("é\u{1b}[31m"), "\\u{e9}\\u{1b}[31m");
/// ```
pub fn printable(text: &str) -> String {
    const MAX: usize = 200;
    let mut out = String::with_capacity(text.len().min(MAX));
    for c in text.chars() {
        if out.len() >= MAX {
            out.push_str("...");
            break;
        }
        if c == ' ' || c.is_ascii_graphic() {
            out.push(c);
        } else {
            out.extend(c.escape_unicode());
        }
    }
    out
}
