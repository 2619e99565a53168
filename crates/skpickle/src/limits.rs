//! Every bound on what a file may make the reader do, with its default and its reason.

use crate::error::{Error, ErrorKind, Result};

/// Bounds on the work and memory that a file can cause.
///
/// Real files must never meet one: there is no fixed count of opcodes, memo entries or objects, since those are
/// bounded by the bytes that spell them. What is bounded are the amplifiers: decompression, claimed sizes, sharing
/// and depth.
///
/// ```
/// let limits = skpickle::Limits { decompressed_bytes: 1 << 20, ..Default::default() };
/// assert!(limits.input_bytes > limits.decompressed_bytes);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file itself (default 2 GiB).
    pub input_bytes: u64,
    /// Bytes after decompression (default just under 4 GiB: offsets are 32-bit). No ratio: an array of zeros is
    /// legitimate at 229:1.
    pub decompressed_bytes: u64,
    /// Dictionary or window of xz, lzma and zstd (default 128 MiB): it is allocated before the data proves it.
    pub window_bytes: u64,
    /// Bytes of everything built from the stream beside the stream itself: nodes, converted arrays, estimators.
    /// `None` (the default) means the larger of 64 MiB and 8 times the stream. A megabyte of crafted tuples costs
    /// at most some dozen bytes per byte, a forest of Python objects under three.
    pub built_bytes: Option<u64>,
    /// Marks open at once (default 1,000; real files: 9).
    pub marks: usize,
    /// Nesting of objects that the typed accessors follow (default 1,000; real files: under 20).
    pub depth: usize,
    /// Digits of an integer spelled as text (default 4,300, CPython's own bound: the conversion is quadratic).
    pub int_digits: usize,
    /// Bytes of one binary integer (default 65,536; random states need 16).
    pub long_bytes: usize,
    /// Bytes of one text string (default 64 MiB).
    pub string_bytes: usize,
    /// Bytes of one class label (default 65,536): answers repeat it row by row.
    pub label_bytes: usize,
    /// Dimensions of an array (default 64, numpy 2's own bound).
    pub array_dims: usize,
    /// Estimators in one model, counted as often as they are reached (default 1,000,000).
    pub estimators: u64,
    /// Estimators inside one another (default 64).
    pub estimator_depth: usize,
    /// Steps that one row may cost, such as multiply-adds (default 5 thousand million: some seconds).
    pub row_cost: u64,
    /// Bytes that one row may need beside itself: its answer, and what is computed on the way (default 256 MiB).
    pub row_bytes: u64,
    /// Bytes that the rows of one call may need together (default 2 GiB).
    pub call_bytes: u64,
    /// Memory of the process, of which four fifths may go to the model (default `None`: not known). With it a file that would not fit is
    /// refused, with the memory to give, instead of ending the process.
    pub memory_bytes: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            input_bytes: 2 << 30,
            decompressed_bytes: u32::MAX as u64,
            window_bytes: 128 << 20,
            built_bytes: None,
            marks: 1_000,
            depth: 1_000,
            int_digits: 4_300,
            long_bytes: 65_536,
            string_bytes: 64 << 20,
            label_bytes: 65_536,
            array_dims: 64,
            estimators: 1_000_000,
            estimator_depth: 64,
            row_cost: 5_000_000_000,
            row_bytes: 256 << 20,
            call_bytes: 2 << 30,
            memory_bytes: None,
        }
    }
}

/// A bound as a number; `None` is one that follows from the file, or that is not known.
trait Bound {
    fn number(&self) -> Option<u64>;
    fn set(&mut self, value: u64);
}

impl Bound for u64 {
    fn number(&self) -> Option<u64> {
        Some(*self)
    }

    fn set(&mut self, value: u64) {
        *self = value;
    }
}

impl Bound for usize {
    fn number(&self) -> Option<u64> {
        Some(*self as u64)
    }

    fn set(&mut self, value: u64) {
        *self = usize::try_from(value).unwrap_or(usize::MAX);
    }
}

impl Bound for Option<u64> {
    fn number(&self) -> Option<u64> {
        *self
    }

    fn set(&mut self, value: u64) {
        *self = Some(value);
    }
}

/// Access by name. A field that is not listed does not compile.
macro_rules! by_name {
    ($($field:ident),+ $(,)?) => {
        impl Limits {
            /// Name and value of every bound, in the order of their declaration.
            pub fn entries(&self) -> Vec<(&'static str, Option<u64>)> {
                let Limits { $($field),+ } = self;
                vec![$((stringify!($field), Bound::number($field))),+]
            }

            /// Sets the bound of this name; `false` when there is none.
            ///
            /// ```
            /// let mut limits = skpickle::Limits::default();
            /// assert!(limits.set("marks", 5) && limits.marks == 5);
            /// ```
            pub fn set(&mut self, name: &str, value: u64) -> bool {
                match name {
                    $(stringify!($field) => Bound::set(&mut self.$field, value),)+
                    _ => return false,
                }
                true
            }
        }
    };
}

by_name!(
    input_bytes,
    decompressed_bytes,
    window_bytes,
    built_bytes,
    marks,
    depth,
    int_digits,
    long_bytes,
    string_bytes,
    label_bytes,
    array_dims,
    estimators,
    estimator_depth,
    row_cost,
    row_bytes,
    call_bytes,
    memory_bytes,
);

impl Limits {
    /// The budget for everything built from a stream of `stream` bytes.
    pub(crate) fn budget(&self, stream: usize) -> u64 {
        let usual = self.built_bytes.unwrap_or_else(|| (64u64 << 20).max((stream as u64).saturating_mul(8)));
        self.room().map_or(usual, |room| usual.min(room.saturating_sub(stream as u64)))
    }

    /// Bytes that a model may take of the memory there is.
    pub(crate) fn room(&self) -> Option<u64> {
        self.memory_bytes.map(|bytes| bytes / 5 * 4)
    }

    /// Refuses what needs at least `bytes`, if there is less room.
    pub(crate) fn check_memory(&self, bytes: u64) -> Result<()> {
        if self.room().is_some_and(|room| bytes > room) { Err(self.out_of_memory(bytes)) } else { Ok(()) }
    }

    /// The refusal of a file that needs at least `bytes`.
    pub(crate) fn out_of_memory(&self, bytes: u64) -> Error {
        const MB: u64 = 1 << 20;
        let have = self.memory_bytes.unwrap_or_default() / MB;
        // In the steps of 64 MB in which memory is sold.
        let give = (bytes / 4).saturating_mul(5).div_ceil(64 * MB).saturating_mul(64).max(have + 64);
        Error::new(
            ErrorKind::Limit,
            format_args!(
                "the model needs at least {} MB of memory, and this process has {have} MB; set its memory to at least {give} MB",
                bytes.div_ceil(MB)
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_can_be_set_by_its_name() {
        let mut limits = Limits::default();
        for (name, value) in Limits::default().entries() {
            assert!(limits.set(name, value.unwrap_or(0) + 1), "{name}");
        }
        for ((name, before), (_, after)) in Limits::default().entries().into_iter().zip(limits.entries()) {
            assert_eq!(after, Some(before.unwrap_or(0) + 1), "{name}");
        }
        assert!(!limits.set("nothing", 1));
    }

    #[test]
    fn a_file_too_large_for_the_memory_names_the_memory_to_give() {
        let limits = Limits { memory_bytes: Some(128 << 20), ..Limits::default() };
        assert!(limits.check_memory(102 << 20).is_ok());
        let error = limits.check_memory(200 << 20).unwrap_err().to_string();
        assert!(
            error.contains("at least 200 MB") && error.contains("has 128 MB") && error.contains("at least 256 MB"),
            "{error}"
        );
        // What is not there cannot be spent on building.
        assert_eq!(limits.budget(100 << 20), (128 << 20) / 5 * 4 - (100 << 20));
    }
}
