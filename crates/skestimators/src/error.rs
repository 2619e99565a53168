//! The crate's error: what was refused, where, and in scikit-learn's words where it would refuse too.

use std::fmt;

/// What kind of refusal an [`Error`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The model file cannot be read: see [`skpickle::ErrorKind`] for the reasons.
    File,
    /// The file is sound, but holds a class (or a user's own function) that cannot be run here.
    Unsupported,
    /// The file is sound and its class known, but a value in it is not what the class can have.
    Model,
    /// The object does not have the method that was asked for.
    Method,
    /// The input is not what the model takes.
    Input,
}

/// A refusal. Its text begins with scikit-learn's own message where scikit-learn would refuse too.
///
/// ```
/// let error = skestimators::Model::from_bytes(b"no pickle".to_vec()).unwrap_err();
/// assert_eq!(error.kind(), skestimators::ErrorKind::File);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    /// The Python exception that scikit-learn would raise.
    exception: &'static str,
    message: String,
    source: Option<skpickle::Error>,
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn new(kind: ErrorKind, exception: &'static str, message: String) -> Self {
        Error(Box::new(Inner { kind, exception, message, source: None }))
    }

    /// The input is refused; `ValueError` in Python.
    #[cold]
    #[inline(never)]
    pub(crate) fn input(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Input, "ValueError", message.to_string())
    }

    /// The input is refused with a `TypeError` in Python.
    #[cold]
    #[inline(never)]
    pub(crate) fn input_type(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Input, "TypeError", message.to_string())
    }

    /// The object has no such method; `AttributeError` in Python.
    #[cold]
    #[inline(never)]
    pub(crate) fn method(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Method, "AttributeError", message.to_string())
    }

    /// A class or function that cannot be run here.
    #[cold]
    pub(crate) fn unsupported(place: skpickle::Error) -> Self {
        let mut error: Self = place.into();
        error.0.kind = ErrorKind::Unsupported;
        error
    }

    /// What kind of refusal this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The Python exception class that scikit-learn would raise, such as `ValueError`.
    pub fn exception(&self) -> &'static str {
        self.0.exception
    }

    /// The message, without object path and byte offset.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The refusal of the file's reader, with path and offset, if this is one.
    pub fn file_error(&self) -> Option<&skpickle::Error> {
        self.0.source.as_ref()
    }
}

impl From<skpickle::Error> for Error {
    fn from(error: skpickle::Error) -> Self {
        let kind = match error.kind() {
            skpickle::ErrorKind::Missing | skpickle::ErrorKind::Value => ErrorKind::Model,
            _ => ErrorKind::File,
        };
        Error(Box::new(Inner {
            kind,
            exception: "ValueError",
            message: error.message().to_owned(),
            source: Some(error),
        }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.source {
            Some(source) => fmt::Display::fmt(source, f),
            None => f.write_str(&self.0.message),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {}
