//! Every bound on what a file may make the reader do, with its default and its reason.

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
        }
    }
}

impl Limits {
    /// The budget for everything built from a stream of `stream` bytes.
    pub(crate) fn budget(&self, stream: usize) -> u64 {
        self.built_bytes.unwrap_or_else(|| (64u64 << 20).max((stream as u64).saturating_mul(8)))
    }
}
