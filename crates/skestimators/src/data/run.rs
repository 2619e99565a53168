//! Values that are costly to copy.

use std::{
    fmt, mem,
    ops::{Deref, Range},
    slice,
    sync::Arc,
    vec,
};

/// Consecutive values, such as texts or rows of objects, that are shared: to clone them, or to take some of them, copies none.
///
/// ```
/// use skestimators::Run;
/// let words = Run::from(vec!["to".to_owned(), "be".to_owned(), "or".to_owned()]);
/// assert_eq!(words.part(1..3)[0], "be");
/// ```
pub struct Run<T> {
    values: Arc<Vec<T>>,
    range: Range<usize>,
}

impl<T: Clone> Run<T> {
    /// One value more, behind the others. Those are copied if somebody else has them too.
    pub fn push(&mut self, value: T) {
        match Arc::get_mut(&mut self.values).filter(|values| self.range == (0..values.len())) {
            Some(values) => values.push(value),
            None => {
                let mut values = mem::take(self).into_vec();
                values.push(value);
                self.values = Arc::new(values);
            }
        }
        self.range = 0..self.values.len();
    }

    /// The values as a vector of their own, without a copy if nobody else has them.
    pub fn into_vec(self) -> Vec<T> {
        match Arc::try_unwrap(self.values) {
            Ok(mut values) => {
                values.truncate(self.range.end);
                values.drain(..self.range.start);
                values
            }
            Err(shared) => shared[self.range].to_vec(),
        }
    }
}

impl<T> Run<T> {
    /// Some of the values, by their numbers; as many of them as there are.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        let end = self.range.start.saturating_add(range.end).min(self.range.end);
        let start = self.range.start.saturating_add(range.start).min(end);
        Run { values: Arc::clone(&self.values), range: start..end }
    }
}

impl<T> Deref for Run<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        &self.values[self.range.clone()]
    }
}

impl<T> From<Vec<T>> for Run<T> {
    fn from(values: Vec<T>) -> Self {
        Run { range: 0..values.len(), values: Arc::new(values) }
    }
}

impl<T> FromIterator<T> for Run<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Vec::from_iter(values).into()
    }
}

impl<'a, T> IntoIterator for &'a Run<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Clone> IntoIterator for Run<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_vec().into_iter()
    }
}

impl<T> Clone for Run<T> {
    fn clone(&self) -> Self {
        Run { values: Arc::clone(&self.values), range: self.range.clone() }
    }
}

impl<T> Default for Run<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T: PartialEq> PartialEq for Run<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: fmt::Debug> fmt::Debug for Run<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_parts_are_those_of_the_whole() {
        let all = Run::from_iter(0..10);
        let part = all.part(2..8);
        assert_eq!(*part.part(1..3), [3, 4]);
        assert_eq!(*part.part(4..99), [6, 7]);
        assert!(part.part(7..9).is_empty());
        assert!(part.part(usize::MAX..usize::MAX).is_empty());
        assert_eq!(part.clone().into_vec(), [2, 3, 4, 5, 6, 7]);
        drop(all);
        assert_eq!(part.into_vec(), [2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn what_is_pushed_is_seen_by_its_owner_alone() {
        let mut run = Run::from(vec![1, 2]);
        run.push(3);
        let other = run.clone();
        run.push(4);
        assert_eq!((&*run, &*other), (&[1, 2, 3, 4][..], &[1, 2, 3][..]));
        let mut part = run.part(1..2);
        drop(run);
        part.push(5);
        assert_eq!(*part, [2, 5]);
    }
}
