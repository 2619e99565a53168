//! Memory in which vectors of any width lie in one line of the cache: those that lie in two take twice as long to load.

use std::ops::{Deref, DerefMut};

/// Bytes of a line.
const LINE: usize = 64;

/// Doubles, the first of which begins a line.
#[derive(Debug, Default)]
pub(crate) struct Aligned {
    values: Vec<f64>,
    /// The first one among `values`.
    start: usize,
}

impl Aligned {
    /// Adds so many zeros.
    pub(crate) fn grow(&mut self, count: usize) {
        let len = self.len();
        self.values.reserve(count + LINE / size_of::<f64>());
        // The values may have moved to other memory. (Where an address says nothing about lines, the offset is no number of values.)
        let offset = self.values.as_ptr().align_offset(LINE);
        let start = if offset < LINE { offset } else { 0 };
        if start != self.start {
            let old = self.start..self.start + len;
            self.values.resize(len + self.start.max(start), 0.0);
            self.values.copy_within(old, start);
            self.values.truncate(start + len);
            self.start = start;
        }
        self.values.resize(start + len + count, 0.0);
    }
}

impl Deref for Aligned {
    type Target = [f64];

    #[inline]
    fn deref(&self) -> &[f64] {
        &self.values[self.start..]
    }
}

impl DerefMut for Aligned {
    #[inline]
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.values[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_while_their_memory_moves() {
        let (mut values, mut neighbours) = (Aligned::default(), Vec::new());
        for i in 0..200 {
            values.grow(i % 7);
            let len = values.len();
            values[len - i % 7..].iter_mut().for_each(|value| {
                assert_eq!(*value, 0.0);
                *value = i as f64;
            });
            assert!(values.as_ptr().cast::<u8>().addr().is_multiple_of(LINE), "{len} values");
            // Something stands behind, so that the next values need other memory.
            neighbours.push(vec![0u8; 24 * i]);
        }
        let all: Vec<f64> = (0..200).flat_map(|i| std::iter::repeat_n(i as f64, i % 7)).collect();
        assert_eq!(*values, *all);
    }
}
