//! Walks of many rows through a decision tree by gathered loads.
//!
//! A step of a walk is `child + (x[column] > threshold)`: three loads, each of which waits for the one before. A processor that gathers
//! takes the steps of eight rows at once. The instructions for it take addresses, so that they are `unsafe` in Rust; this crate holds them and
//! nothing else, for a loop that would otherwise be two to four times as slow. What it is given may hold anything: a walk that leaves the nodes
//! or the values reads zeros.
//!
//! ```
//! use skgather::{Node, Rule, walk};
//! // Column 0 above 0.5 goes to leaf 2, and to leaf 1 otherwise. Leaves read column 1, which is below all thresholds, and lead to themselves.
//! let node = |threshold: f32, column: u32, child: u32| Node { threshold, word: column | child << 10 };
//! let nodes = [node(0.5, 0, 1), node(7.0, 1, 1), node(8.0, 1, 2)];
//! let mut values = vec![0.0; 16];
//! values[3] = 1.0;
//! values.extend([f32::NEG_INFINITY; 16]);
//! let mut at = [[0; 16]];
//! if walk(&nodes, &values, 2, Rule::Above, 1, &mut at) {
//!     assert_eq!((at[0][2], at[0][3]), (1, 2));
//! }
//! ```

#[cfg(target_arch = "x86_64")]
mod avx2;

/// Bits of a word of 32 that say which column is read; one follows that says whether missing values go right, and the rest are the left child.
pub const COLUMN_BITS: u32 = 9;

/// A node. A leaf has its answer in the place of the threshold.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Node<T, W> {
    /// What a row's number is compared with.
    pub threshold: T,
    /// From the lowest bits on the column that is read ([`COLUMN_BITS`]), whether missing values go right, and the left child, behind which the right
    /// one stands.
    pub word: W,
}

/// Which rows go to the right child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Those whose number is above the threshold.
    Above,
    /// Those too whose number is NaN, where the node says so.
    AboveOrMissing,
    /// All but those whose number is at the threshold or below: NaN too.
    NotBelow,
}

/// Rows that stand side by side.
pub const ROWS: usize = 16;

/// Walks of groups of rows, each from where `at` says, until all rows of a group have arrived at nodes that lead to themselves, or for so many
/// `steps` and at most two more.
///
/// `values` holds the groups one behind the other, of each `columns` times the numbers of [`ROWS`] rows. Returns whether the walks were made:
/// this processor may not gather. What stands in `at` then is as it was.
pub fn walk(
    nodes: &[Node<f32, u32>],
    values: &[f32],
    columns: usize,
    rule: Rule,
    steps: u32,
    at: &mut [[u32; ROWS]],
) -> bool {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        return avx2::walk(nodes, values, columns, rule, steps, at);
    }
    let _ = (nodes, values, columns, rule, steps, at);
    false
}

/// Whether one of two ways is faster than another, which both do the same, on the processor's own clock. Where gathering was slowed down for
/// the sake of safety (`gather_data_sampling` among the system's vulnerabilities), it does not pay.
pub fn is_faster(mut one: impl FnMut(), mut other: impl FnMut()) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        let mut ticks = [u64::MAX; 2];
        for _ in 0..3 {
            ticks[0] = ticks[0].min(avx2::ticks(&mut one));
            ticks[1] = ticks[1].min(avx2::ticks(&mut other));
        }
        ticks[0] < ticks[1]
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        one();
        other();
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from a seed.
    fn random(seed: u64) -> impl FnMut() -> u32 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32
        }
    }

    /// One walk, step by step; zeros beyond the ends.
    fn plain(nodes: &[Node<f32, u32>], value: impl Fn(usize) -> f32, rule: Rule, steps: u32, mut at: u32) -> u32 {
        for _ in 0..steps {
            let none = Node { threshold: 0.0, word: 0 };
            let Node { threshold, word } = nodes.get(at as usize).copied().unwrap_or(none);
            let x = value((word & 511) as usize);
            let right = match rule {
                Rule::Above => x > threshold,
                Rule::AboveOrMissing => x > threshold || x.is_nan() && word >> 9 & 1 == 1,
                Rule::NotBelow => !matches!(x.partial_cmp(&threshold), Some(order) if order.is_le()),
            };
            at = (word >> 10) + u32::from(right);
        }
        at
    }

    #[test]
    fn rows_arrive_where_they_do_one_by_one() {
        if !walk(&[], &[], 1, Rule::Above, 1, &mut []) {
            return;
        }
        for seed in 0..if cfg!(miri) { 6 } else { 300 } {
            let mut random = random(seed);
            let (count, columns, groups) = (1 + random() % 300, 1 + random() as usize % 9, random() as usize % 11);
            let mut number = || match random() % 8 {
                0 => f32::NAN,
                1 => f32::INFINITY,
                2 => -0.0,
                n => (random() % 5) as f32 - n as f32,
            };
            let values: Vec<f32> = (0..groups * columns * ROWS).map(|_| number()).collect();
            let thresholds: Vec<f32> = (0..count).map(|_| number()).collect();
            // Some lead out of the nodes, or read columns that are not there.
            let beyond = if seed % 2 == 0 { 3 } else { 0 };
            let word = |_| {
                let (child, column) = (random() % (count + beyond), random() % (columns as u32 + beyond));
                column.min(511) | (random() & 1) << 9 | child.saturating_sub(1) << 10
            };
            let words: Vec<u32> = (0..count).map(word).collect();
            let nodes: Vec<_> =
                thresholds.iter().zip(words).map(|(&threshold, word)| Node { threshold, word }).collect();
            for rule in [Rule::Above, Rule::AboveOrMissing, Rule::NotBelow] {
                for steps in [0_u32, 1, 2, 3, 7, 20] {
                    let mut at: Vec<[u32; ROWS]> = vec![[0; ROWS]; groups];
                    at.as_flattened_mut().iter_mut().for_each(|at| *at = random() % count);
                    let wanted: Vec<u32> = at
                        .as_flattened()
                        .iter()
                        .enumerate()
                        .map(|(row, &at)| {
                            let (group, lane) = (row / ROWS, row % ROWS);
                            let value = |column: usize| {
                                values.get((group * columns + column) * ROWS + lane).copied().unwrap_or(0.0)
                            };
                            plain(&nodes, value, rule, steps.next_multiple_of(3), at)
                        })
                        .collect();
                    assert!(walk(&nodes, &values, columns, rule, steps, &mut at));
                    assert_eq!(at.as_flattened(), wanted, "seed {seed}, {rule:?}, {steps} steps");
                }
            }
        }
    }

    #[test]
    fn what_has_arrived_goes_no_further() {
        let leaf = Node { threshold: 3.0, word: 1 | 1 << 10 };
        let nodes = [Node { threshold: 0.0, word: 1 << 10 }, leaf];
        let values = [[-1.0; ROWS], [f32::NEG_INFINITY; ROWS]].concat();
        let mut at = [[0; ROWS]];
        if walk(&nodes, &values, 2, Rule::Above, u32::MAX, &mut at) {
            assert_eq!(at, [[1; ROWS]]);
        }
    }

    #[test]
    fn roots_that_no_instruction_can_reach_are_refused() {
        let nodes = [Node { threshold: 0.0, word: 0 }];
        for root in [1, 1 << 31, u32::MAX] {
            let mut at = [[0; ROWS]; 5];
            at[4][15] = root;
            assert!(!walk(&nodes, &[0.0; 80], 1, Rule::Above, 5, &mut at));
            assert_eq!((at[4][15], at[0][0]), (root, 0));
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "the processor's clock")]
    fn both_ways_are_tried_as_often() {
        let (mut one, mut other) = (0, 0);
        let _ = is_faster(|| one += 1, || other += 1);
        assert!(one == other && one > 0);
    }
}
