//! Sorting as many callers need it: each kind of elements and order is code of its own, of which one copy does.

use std::cmp::Ordering;

/// Sorts indices by what they stand for; equal ones stay in their order.
pub(crate) fn sort_indices(indices: &mut [usize], compare: &mut dyn FnMut(usize, usize) -> Ordering) {
    indices.sort_by(|&a, &b| compare(a, b));
}

/// Sorts numbers with their indices, equal ones by index.
pub(crate) fn sort_numbered(numbers: &mut [(f64, usize)]) {
    numbers.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
}
