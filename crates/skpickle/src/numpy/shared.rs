//! Numbers that may stay where the file was read to.

use std::{fmt, ops::Deref, sync::Arc};

use bytemuck::Pod;

use crate::memory::Memory;

/// A slice of numbers: a view into the loaded stream where its bytes are aligned and in order, a copy otherwise.
/// Cheap to clone.
///
/// ```
/// let numbers = skpickle::Shared::from(vec![1.0, 2.0]);
/// assert_eq!(numbers.iter().sum::<f64>(), 3.0);
/// ```
pub struct Shared<T>(Repr<T>);

enum Repr<T> {
    View {
        stream: Arc<Memory>,
        start: usize,
        len: usize,
    },
    /// A vector rather than a slice behind the pointer, which would be a second copy.
    Owned(Arc<Vec<T>>),
}

impl<T: Pod> Shared<T> {
    /// A view of `len` elements at byte `start`, if they are there and aligned.
    pub(crate) fn view(stream: &Arc<Memory>, start: usize, len: usize) -> Option<Self> {
        let bytes = stream.get(start..start.checked_add(len.checked_mul(size_of::<T>())?)?)?;
        bytemuck::try_cast_slice::<u8, T>(bytes).ok()?;
        Some(Shared(Repr::View { stream: Arc::clone(stream), start, len }))
    }

    /// Whether the numbers still stand in the loaded stream.
    pub fn is_view(&self) -> bool {
        matches!(self.0, Repr::View { .. })
    }
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T> From<Vec<T>> for Shared<T> {
    fn from(values: Vec<T>) -> Self {
        Shared(Repr::Owned(Arc::new(values)))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(match &self.0 {
            Repr::View { stream, start, len } => Repr::View { stream: Arc::clone(stream), start: *start, len: *len },
            Repr::Owned(values) => Repr::Owned(Arc::clone(values)),
        })
    }
}

impl<T: Pod> Deref for Shared<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match &self.0 {
            Repr::View { stream, start, len } => {
                // `view` has proven range and alignment, and the stream behind the Arc never moves.
                bytemuck::try_cast_slice(&stream[*start..*start + *len * size_of::<T>()]).unwrap_or_default()
            }
            Repr::Owned(values) => values,
        }
    }
}

impl<T: Pod + fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: Pod + PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
