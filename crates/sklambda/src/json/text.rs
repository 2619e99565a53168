//! Python's text: code points, of which lone surrogates are some.

/// Text in UTF-8, with lone surrogates (which JSON can spell and Rust's `str` cannot hold) encoded likewise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Text(Vec<u8>);

impl Text {
    /// The text, unless it has lone surrogates.
    pub(crate) fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The bytes: UTF-8 but for lone surrogates.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends a run of the same encoding.
    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Appends text.
    pub(crate) fn push_str(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// The first `count` code points, with `...` where that cuts.
    pub(crate) fn cut(mut self, count: usize) -> Text {
        let starts = self.0.iter().enumerate().filter(|(_, b)| *b & 0xc0 != 0x80);
        let cut = starts.map(|(at, _)| at).nth(count);
        if let Some(at) = cut {
            self.0.truncate(at);
            self.push_str("...");
        }
        self
    }

    /// Appends a code point, a surrogate or not.
    pub(crate) fn push(&mut self, code: u32) {
        match char::from_u32(code) {
            Some(c) => self.0.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => {
                let [_, _, high, low] = code.to_be_bytes();
                let bits = u16::from_be_bytes([high, low]);
                self.0.push(0xe0 | (bits >> 12) as u8);
                self.0.push(0x80 | (bits >> 6 & 0x3f) as u8);
                self.0.push(0x80 | (bits & 0x3f) as u8);
            }
        }
    }

    /// The code points.
    pub(crate) fn codes(&self) -> impl Iterator<Item = u32> {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || {
            let (code, after) = first_code(rest)?;
            rest = after;
            Some(code)
        })
    }
}

/// The first code point of the bytes of a text, and what follows it.
pub(super) fn first_code(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (&first, tail) = bytes.split_first()?;
    let (len, bits) = match first {
        0xf0.. => (3, u32::from(first & 0x07)),
        0xe0.. => (2, u32::from(first & 0x0f)),
        0xc0.. => (1, u32::from(first & 0x1f)),
        _ => (0, u32::from(first)),
    };
    let (more, after) = tail.split_at(len.min(tail.len()));
    Some((more.iter().fold(bits, |code, b| code << 6 | u32::from(b & 0x3f)), after))
}

/// Bytes up to the first that ends a run.
pub(super) fn run(bytes: &[u8], ends: impl Fn(u8) -> bool) -> usize {
    // All of a block is looked at, which vector instructions do.
    let clear = |block: &&[u8]| block.iter().fold(0, |found, &b| found | u8::from(ends(b))) == 0;
    let passed = (128 * bytes.chunks(128).take_while(clear).count()).min(bytes.len());
    let rest = &bytes[passed..];
    passed + rest.iter().position(|&b| ends(b)).unwrap_or(rest.len())
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text(text.as_bytes().to_vec())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Text(text.into_bytes())
    }
}
