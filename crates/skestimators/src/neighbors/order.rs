//! Selecting and sorting distances as scikit-learn and numpy do it: their order decides between equal distances.

use std::cmp::Ordering;

use crate::math::sort_indices;

/// `sklearn.utils._heap`: the nearest candidates so far, the farthest of them on top.
pub(crate) struct Heap {
    values: Vec<f64>,
    indices: Vec<usize>,
}

impl Heap {
    /// The heap of a tree: any distance is less than those in it.
    pub(crate) fn new(k: usize) -> Self {
        Heap { values: vec![f64::INFINITY; k], indices: vec![0; k] }
    }

    /// The heap of `ArgKmin`, whose distances are numbers: one that is infinite is no less, and the first sample stays in its place.
    pub(crate) fn of_numbers(k: usize) -> Self {
        Heap { values: vec![f64::MAX; k], indices: vec![0; k] }
    }

    /// The largest distance that is still among the nearest.
    #[inline(always)]
    pub(crate) fn largest(&self) -> f64 {
        self.values.first().copied().unwrap_or(f64::NEG_INFINITY)
    }

    #[inline]
    pub(crate) fn push(&mut self, value: f64, index: usize) {
        let size = self.values.len();
        if value >= self.largest() {
            return;
        }
        let mut at = 0;
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            if left >= size {
                break;
            }
            let swap = if right >= size || self.values[left] >= self.values[right] { left } else { right };
            // NaN is not less, and stays on top until another distance takes its place.
            let less = value < self.values[swap];
            if !less {
                break;
            }
            self.values[at] = self.values[swap];
            self.indices[at] = self.indices[swap];
            at = swap;
        }
        self.values[at] = value;
        self.indices[at] = index;
    }

    /// Pushes the first `count` of several values, most of which are too large: the indices of the others are asked for.
    #[inline(always)]
    pub(super) fn push_all<const N: usize>(&mut self, values: &[f64; N], count: usize, index: impl Fn(usize) -> usize) {
        let largest = self.largest();
        let mut some = false;
        for (i, value) in values.iter().enumerate() {
            // NaN is not too large.
            some |= ((*value < largest) | value.is_nan()) & (i < count);
        }
        if some {
            for (i, &value) in values.iter().enumerate().take(count) {
                self.push(value, index(i));
            }
        }
    }

    /// The same candidates, pushed upon an empty heap of `ArgKmin` in the order in which they lie.
    pub(crate) fn pushed(self) -> Heap {
        let mut heap = Heap::of_numbers(self.values.len());
        self.values.iter().zip(self.indices).for_each(|(&value, index)| heap.push(value, index));
        heap
    }

    /// The candidates, nearest first.
    pub(crate) fn into_sorted(mut self, sort: Sort) -> (Vec<f64>, Vec<usize>) {
        match sort {
            Sort::Quick => quick(&mut self.values, &mut self.indices),
            Sort::Intro => intro(&mut self.values, &mut self.indices),
        }
        (self.values, self.indices)
    }
}

/// How `simultaneous_sort` orders a heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Quicksort with a median of three.
    Quick,
    /// The same with insertion sort for up to 15 elements.
    Intro,
}

fn swap(values: &mut [f64], indices: &mut [usize], a: usize, b: usize) {
    values.swap(a, b);
    indices.swap(a, b);
}

/// Moves the median of the first, middle and last element to the end.
fn median_last(values: &mut [f64], indices: &mut [usize]) {
    let (middle, last) = (values.len() / 2, values.len() - 1);
    if values[0] > values[last] {
        swap(values, indices, 0, last);
    }
    if values[last] > values[middle] {
        swap(values, indices, last, middle);
        if values[0] > values[last] {
            swap(values, indices, 0, last);
        }
    }
}

fn quick(values: &mut [f64], indices: &mut [usize]) {
    // Parts still to be sorted: the stack holds at most one entry for each element.
    let mut parts = vec![(0, values.len())];
    while let Some((from, to)) = parts.pop() {
        let (values, indices) = (&mut values[from..to], &mut indices[from..to]);
        let size = values.len();
        if size == 2 {
            if values[0] > values[1] {
                swap(values, indices, 0, 1);
            }
        } else if size == 3 {
            if values[0] > values[1] {
                swap(values, indices, 0, 1);
            }
            if values[1] > values[2] {
                swap(values, indices, 1, 2);
                if values[0] > values[1] {
                    swap(values, indices, 0, 1);
                }
            }
        } else if size > 3 {
            median_last(values, indices);
            let pivot = values[size - 1];
            let mut store = 0;
            for i in 0..size - 1 {
                if values[i] < pivot {
                    swap(values, indices, i, store);
                    store += 1;
                }
            }
            swap(values, indices, store, size - 1);
            parts.push((from, from + store));
            parts.push((from + store + 1, to));
        }
    }
}

fn intro(values: &mut [f64], indices: &mut [usize]) {
    if values.len() <= 15 {
        return insertion(values, indices);
    }
    let mut parts = vec![(0, values.len())];
    while let Some((from, to)) = parts.pop() {
        let (values, indices) = (&mut values[from..to], &mut indices[from..to]);
        let size = values.len();
        if size <= 15 {
            insertion(values, indices);
            continue;
        }
        median_last(values, indices);
        let pivot = values[size - 1];
        let (mut i, mut j) = (1, size - 2);
        loop {
            while i <= j && values[i] < pivot {
                i += 1;
            }
            while i <= j && values[j] > pivot {
                j -= 1;
            }
            if i >= j {
                break;
            }
            swap(values, indices, i, j);
            i += 1;
            j -= 1;
        }
        swap(values, indices, i, size - 1);
        parts.push((from, from + i));
        parts.push((from + i + 1, to));
    }
}

fn insertion(values: &mut [f64], indices: &mut [usize]) {
    for i in 1..values.len() {
        let mut at = i;
        while at > 0 && values[at - 1] > values[at] {
            swap(values, indices, at - 1, at);
            at -= 1;
        }
    }
}

/// `a < b` as numpy sorts: NaN comes last.
fn less(a: f64, b: f64) -> bool {
    a < b || b.is_nan() && !a.is_nan()
}

/// `argpartition(values, k - 1)[:k]`, then sorted by value: the `k` least, as pairwise distances are reduced.
pub(crate) fn partition(values: &[f64], k: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    introselect(values, &mut order, k.saturating_sub(1));
    order.truncate(k);
    sort_indices(&mut order, &mut |a, b| {
        if less(values[a], values[b]) { Ordering::Less } else { greater(values[b], values[a]) }
    });
    order
}

fn greater(least: f64, other: f64) -> Ordering {
    if less(least, other) { Ordering::Greater } else { Ordering::Equal }
}

/// numpy's selection: the element of rank `kth` in its place, none before it greater, none after it less.
fn introselect(v: &[f64], order: &mut [usize], kth: usize) {
    let n = order.len();
    if n == 0 || kth >= n {
        return;
    }
    let (mut low, mut high) = (0, n - 1);
    if kth < 3 {
        for i in 0..=kth {
            let mut least = i;
            for k in i + 1..n {
                if less(v[order[k]], v[order[least]]) {
                    least = k;
                }
            }
            order.swap(i, least);
        }
        return;
    }
    if kth == n - 1 {
        let mut most = 0;
        for k in 1..n {
            if !less(v[order[k]], v[order[most]]) {
                most = k;
            }
        }
        order.swap(kth, most);
        return;
    }
    let mut depth = 2 * n.ilog2();
    while low + 1 < high {
        let (mut left, mut right) = (low + 1, high);
        if depth > 0 || right - left < 5 {
            let middle = low + (high - low) / 2;
            if less(v[order[high]], v[order[middle]]) {
                order.swap(high, middle);
            }
            if less(v[order[high]], v[order[low]]) {
                order.swap(high, low);
            }
            if less(v[order[low]], v[order[middle]]) {
                order.swap(low, middle);
            }
            order.swap(middle, low + 1);
        } else {
            // Rows that defeat the median of three: their ties may come in another order than numpy's.
            sort_indices(&mut order[low..=high], &mut |a, b| v[a].total_cmp(&v[b]));
            return;
        }
        depth = depth.saturating_sub(1);
        let pivot = v[order[low]];
        loop {
            left += 1;
            while less(v[order[left]], pivot) {
                left += 1;
            }
            right -= 1;
            while less(pivot, v[order[right]]) {
                right -= 1;
            }
            if right < left {
                break;
            }
            order.swap(left, right);
        }
        order.swap(low, right);
        if right >= kth {
            high = right - 1;
        }
        if right <= kth {
            low = left;
        }
    }
    if high == low + 1 && less(v[order[high]], v[order[low]]) {
        order.swap(high, low);
    }
}

/// `np.sum` of numbers that stand side by side.
pub(crate) fn sum(values: &[f64]) -> f64 {
    if values.len() > 128 {
        let half = values.len() / 2;
        let (a, b) = values.split_at(half - half % 8);
        return sum(a) + sum(b);
    }
    let (eights, rest) = values.as_chunks::<8>();
    let Some((first, eights)) = eights.split_first() else { return rest.iter().sum() };
    let mut r = *first;
    for eight in eights {
        for i in 0..8 {
            r[i] += eight[i];
        }
    }
    rest.iter().fold(((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7])), |sum, v| sum + v)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, modulus: u64) -> Vec<f64> {
        let mut state = 7u64;
        let next = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 33) % modulus) as f64
        };
        (0..n).map(next).collect()
    }

    #[test]
    fn what_is_no_distance_makes_way_for_any() {
        for at in 0..6 {
            let mut heap = Heap::new(3);
            let mut values = vec![1.0, 0.5, 3.0, 2.0, 0.25];
            values.insert(at, f64::NAN);
            values.iter().enumerate().for_each(|(i, &v)| heap.push(v, i));
            let (distances, _) = heap.into_sorted(Sort::Intro);
            let last = values.len() - 1;
            // Nothing came after the last one.
            assert_eq!(distances.iter().any(|d| d.is_nan()), at == last, "{distances:?}");
        }
    }

    #[test]
    fn infinite_distances_leave_the_first_sample_in_the_heap_of_numbers() {
        let mut heap = Heap::of_numbers(3);
        [f64::INFINITY, 2.0, f64::INFINITY].iter().enumerate().for_each(|(i, &value)| heap.push(value, i));
        assert_eq!(heap.pushed().into_sorted(Sort::Intro), (vec![2.0, f64::MAX, f64::MAX], vec![1, 0, 0]));
    }

    #[test]
    fn every_way_finds_the_least() {
        for n in [1, 2, 3, 5, 17, 64, 300] {
            for modulus in [1, 3, 1000] {
                let values = numbers(n, modulus);
                let mut sorted = values.clone();
                sorted.sort_by(f64::total_cmp);
                for k in [1, 2, 4, n / 2, n].into_iter().filter(|&k| (1..=n).contains(&k)) {
                    let picked: Vec<f64> = partition(&values, k).into_iter().map(|i| values[i]).collect();
                    assert_eq!(picked, sorted[..k], "partition {n} {modulus} {k}");
                    for sort in [Sort::Quick, Sort::Intro] {
                        let mut heap = Heap::new(k);
                        values.iter().enumerate().for_each(|(i, &v)| heap.push(v, i));
                        let (found, indices) = heap.into_sorted(sort);
                        assert_eq!(found, sorted[..k], "{sort:?} {n} {modulus} {k}");
                        assert!(indices.iter().zip(&found).all(|(&i, &v)| values[i] == v));
                    }
                }
            }
        }
    }
}
