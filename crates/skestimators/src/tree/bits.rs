//! Small trees, all of whose splits are asked for several rows at a time.
//!
//! A split has a bit for each leaf of its tree, clear for those on its left: a row that goes right arrives at none of them. What all splits that
//! send the row to the right leave has the row's leaf as its lowest bit (QuickScorer, Lucchese et al., SIGIR 2015). No step waits for another,
//! and vectors hold the bits of several rows.

use std::ops::Range;

use crate::tree::{
    nodes::{Node, Rule, Word},
    rows::Real,
};

/// Leaves of the largest tree that is small.
const MOST: usize = 64;

/// Bits for leaves, as wide as a number that is compared.
pub(crate) trait Bits: Copy {
    const COUNT: usize;
    const ALL: Self;

    /// All but those of a range.
    fn without(range: Range<usize>) -> Self;
    /// Those that are set in both, the second ones only `if_right`.
    fn and(self, keep: Self, if_right: bool) -> Self;
    /// The lowest one, if any is set.
    fn lowest(self) -> Option<u32>;
}

macro_rules! bits {
    ($t:ty) => {
        impl Bits for $t {
            const COUNT: usize = <$t>::BITS as usize;
            const ALL: Self = <$t>::MAX;

            fn without(range: Range<usize>) -> Self {
                range.fold(Self::ALL, |bits, bit| bits & !(1 << bit))
            }

            #[inline(always)]
            fn and(self, keep: Self, if_right: bool) -> Self {
                self & if if_right { keep } else { Self::ALL }
            }

            #[inline(always)]
            fn lowest(self) -> Option<u32> {
                (self != 0).then(|| self.trailing_zeros())
            }
        }
    };
}

bits! { u32 }
bits! { u64 }

/// A split, and the leaves that are left where it sends a row to the right.
#[derive(Debug)]
struct Split<T: Real, W> {
    node: Node<T, W>,
    keep: T::Bits,
}

/// Where the parts of a tree stand among those of all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SmallTree {
    /// For the first leaves, and for those that one word of bits has no room for.
    splits: [(u32, u32); 2],
    /// Words of bits.
    words: usize,
    leaf: u32,
}

/// The trees that are small.
#[derive(Debug)]
pub(crate) struct SmallTrees<T: Real, W> {
    /// By the number of the tree.
    trees: Vec<Option<SmallTree>>,
    splits: Vec<Split<T, W>>,
    /// Where the leaves stand, those of a tree from left to right.
    leaves: Vec<u32>,
}

impl<T: Real, W: Word> SmallTrees<T, W> {
    /// Of trees whose roots stand at these places, and are so deep, those that are answered sooner by bits.
    pub(crate) fn of(nodes: &[Node<T, W>], roots: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut small = SmallTrees { trees: Vec::new(), splits: Vec::new(), leaves: Vec::new() };
        for (root, depth) in roots {
            let mut walk = Walk { nodes, leaves: Vec::new(), splits: Vec::new() };
            let tree = walk.down(root, 0).and_then(|()| small.add(&walk, depth));
            small.trees.push(tree);
        }
        small
    }

    fn add(&mut self, walk: &Walk<'_, T, W>, depth: u32) -> Option<SmallTree> {
        let words = walk.leaves.len().div_ceil(T::Bits::COUNT);
        let mut tree = SmallTree { splits: [(0, 0); 2], words, leaf: self.leaves.len() as u32 };
        let before = self.splits.len();
        for (word, range) in tree.splits.iter_mut().enumerate() {
            let first = self.splits.len();
            let (start, end) = (word * T::Bits::COUNT, (word + 1) * T::Bits::COUNT);
            for &(at, ref left) in &walk.splits {
                let left = left.start.max(start)..left.end.min(end);
                if !left.is_empty() {
                    let keep = T::Bits::without(left.start - start..left.end - start);
                    self.splits.push(Split { node: walk.nodes[at as usize], keep });
                }
            }
            *range = (first as u32, self.splits.len() as u32);
        }
        // A split is asked faster than a step is made, but there are more of them.
        if self.splits.len() - before > T::SPLITS_IN_A_STEP * depth as usize {
            self.splits.truncate(before);
            return None;
        }
        self.leaves.extend_from_slice(&walk.leaves);
        Some(tree)
    }

    /// The tree of this number, if it is small.
    pub(crate) fn get(&self, tree: u32) -> Option<SmallTree> {
        self.trees.get(tree as usize).copied().flatten()
    }

    /// Where the leaves of some rows stand.
    #[inline(always)]
    pub(crate) fn arrive<const L: usize>(&self, tree: SmallTree, rule: impl Rule<T, W>, x: &[[T; L]]) -> [u32; L] {
        let mut leaves = [0; L];
        for word in (0..tree.words).rev() {
            let (start, end) = tree.splits[word];
            let mut bits = [T::Bits::ALL; L];
            for split in &self.splits[start as usize..end as usize] {
                let x = &x[split.node.word.column()];
                for lane in 0..L {
                    bits[lane] = bits[lane].and(split.keep, rule.right(x[lane], split.node));
                }
            }
            for lane in 0..L {
                let lowest = bits[lane].lowest().map(|bit| bit + (word * T::Bits::COUNT) as u32);
                leaves[lane] = lowest.unwrap_or(leaves[lane]);
            }
        }
        let places = &self.leaves[tree.leaf as usize..];
        for lane in 0..L {
            leaves[lane] = places[leaves[lane] as usize];
        }
        leaves
    }
}

/// A walk through a tree from left to right.
struct Walk<'a, T, W> {
    nodes: &'a [Node<T, W>],
    leaves: Vec<u32>,
    /// Splits, and the leaves on their left.
    splits: Vec<(u32, Range<usize>)>,
}

impl<T: Real, W: Word> Walk<'_, T, W> {
    /// `None` when the tree is not small. (So this does not go deeper than such a tree is.)
    fn down(&mut self, at: u32, depth: usize) -> Option<()> {
        let child = self.nodes[at as usize].word.child();
        if child == at {
            self.leaves.push(at);
            return (self.leaves.len() <= MOST).then_some(());
        }
        if depth == MOST {
            return None;
        }
        let first = self.leaves.len();
        self.down(child, depth + 1)?;
        self.splits.push((at, first..self.leaves.len()));
        self.down(child + 1, depth + 1)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::{
        data::Samples,
        tree::nodes::{Missing, Nodes, Present, Source},
    };

    /// Numbers that look random.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, bound: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % bound
        }
    }

    /// A tree of so many leaves: one leaf after another is split in two.
    fn tree<T: Real>(leaves: usize, numbers: &mut Numbers) -> Vec<Source<T>> {
        let mut children: Vec<Option<(u32, u32)>> = vec![None];
        for _ in 1..leaves {
            let open: Vec<usize> = (0..children.len()).filter(|&i| children[i].is_none()).collect();
            // Mostly the last ones, which makes the tree deep.
            let at = open[open.len() - 1 - numbers.below(open.len().min(5))];
            children[at] = Some((children.len() as u32, children.len() as u32 + 1));
            children.extend([None, None]);
        }
        let mut source = |(i, children): (usize, &Option<(u32, u32)>)| match *children {
            None => Source::Leaf(T::nearest(i as f64)),
            Some((left, right)) => Source::Split {
                threshold: T::nearest(numbers.below(8) as f64),
                column: numbers.below(4) as u32,
                missing_left: numbers.below(2) == 0,
                left,
                right,
            },
        };
        children.iter().enumerate().map(&mut source).collect()
    }

    /// Answers of all trees, row by row.
    fn answers<T: Real + Into<f64>, W: Word>(
        nodes: &Nodes<T, W>,
        roots: &[crate::tree::nodes::Root],
        x: Array2<f64>,
    ) -> Vec<f64> {
        let mut out = vec![0.0; x.nrows() * roots.len()];
        nodes
            .each(roots, (Present, Missing), 0, &Samples::Dense(x), (&mut out, roots.len()), |out, tree, answer, _| {
                out[tree] = answer.into();
            })
            .unwrap();
        out
    }

    fn rows_abreast_arrive_where_each_does<T: Real + Into<f64>, W: Word>() {
        let mut numbers = Numbers(7);
        let mut nodes = Nodes::<T, W>::new(4).unwrap();
        let roots: Vec<_> = (1..90)
            .map(|leaves| nodes.push(tree(leaves, &mut numbers).into_iter(), &mut Vec::new()).unwrap())
            .collect();
        for missing in [false, true] {
            let x = Array2::from_shape_fn((75, 4), |_| match numbers.below(if missing { 10 } else { 9 }) {
                9 => f64::NAN,
                number => number as f64,
            });
            let together = answers(&nodes, &roots, x.clone());
            let apart = x
                .rows()
                .into_iter()
                .flat_map(|row| answers(&nodes, &roots, row.to_owned().insert_axis(ndarray::Axis(0))));
            let other = together.iter().zip(apart).position(|(a, b)| *a != b);
            assert!(other.is_none(), "row and tree {:?}", other.map(|at| (at / roots.len(), at % roots.len())));
        }
        let all: Vec<_> = roots.iter().map(|root| (root.at, 1_000)).collect();
        let small = SmallTrees::of(nodes.as_slice(), all.into_iter());
        let kinds: Vec<bool> = (0..roots.len()).map(|tree| small.get(tree as u32).is_some()).collect();
        assert_eq!(kinds.iter().filter(|&&small| small).count(), MOST);
    }

    #[test]
    fn rows_abreast_arrive_where_each_does_alone() {
        rows_abreast_arrive_where_each_does::<f32, u32>();
        rows_abreast_arrive_where_each_does::<f64, u64>();
    }
}
