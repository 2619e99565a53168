//! Small trees, all of whose splits are asked for several rows at a time.
//!
//! A split has a bit for each leaf of its tree, clear for those on its left: a row that goes right arrives at none of them. What all splits that
//! send the row to the right leave has the row's leaf as its lowest bit (QuickScorer, Lucchese et al., SIGIR 2015). No step waits for another,
//! and vectors hold the bits of several rows.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd, bytemuck::Pod};

use crate::tree::{
    nodes::{Leaf, Node, Rule, Word},
    rows::{Block, Real},
};

/// Leaves of the largest tree that is small.
const MOST: usize = 64;

/// Bits for leaves, as wide as a number that is compared.
pub(crate) trait Bits: Pod {
    const COUNT: usize;
    const ALL: Self;

    /// All but those of a range.
    fn without(range: Range<usize>) -> Self;
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
    kept: T::Bits,
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
    /// The leaves of each tree from left to right.
    leaves: Vec<Leaf<T>>,
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
                    let kept = T::Bits::without(left.start - start..left.end - start);
                    self.splits.push(Split { node: walk.nodes[at as usize], kept });
                }
            }
            *range = (first as u32, self.splits.len() as u32);
        }
        // A split is asked faster than a step is made, but there are more of them.
        let most = Arch::new().dispatch(SplitsInAStep).map(|splits| splits * depth as usize);
        if most.is_none_or(|most| self.splits.len() - before > most) {
            self.splits.truncate(before);
            return None;
        }
        self.leaves.extend(walk.leaves.iter().map(|&at| Leaf { answer: walk.nodes[at as usize].threshold, at }));
        Some(tree)
    }

    /// The tree of this number, if it is small.
    pub(crate) fn get(&self, tree: u32) -> Option<SmallTree> {
        self.trees.get(tree as usize).copied().flatten()
    }

    /// The bits that are left of `G` groups of rows after some splits, by vectors of which `N` hold a group.
    #[inline(always)]
    fn ask<S: Simd, const L: usize, const N: usize, const G: usize>(
        &self,
        simd: S,
        (start, end): (u32, u32),
        rule: impl Rule<T, W>,
        groups: [&[[T; L]]; G],
        out: &mut [[T::Bits; L]; G],
    ) {
        let mut words = [[T::words(simd, T::Bits::ALL); N]; G];
        for split in &self.splits[start as usize..end as usize] {
            let column = split.node.word.column();
            // (Loops that are counted leave the words in registers.)
            for g in 0..G {
                let x = T::vectors::<S>(&groups[g][column]);
                for v in 0..N {
                    words[g][v] = rule.keep(simd, x[v], split.node, words[g][v], split.kept);
                }
            }
        }
        for g in 0..G {
            let out = T::words_mut::<S>(&mut out[g]);
            out[..N].copy_from_slice(&words[g]);
        }
    }
}

/// What is known of the rows of a block in one tree.
pub(crate) struct Arriving<T: Real, const L: usize> {
    /// Bits of leaves.
    words: Vec<[T::Bits; L]>,
    /// Numbers of leaves, from left to right; of a large tree, where rows stand.
    pub(crate) found: Vec<[u32; L]>,
    pub(crate) leaves: Vec<[Leaf<T>; L]>,
}

impl<T: Real, const L: usize> Arriving<T, L> {
    /// Room for so many groups of rows.
    pub(crate) fn new(groups: usize) -> Self {
        let leaf = Leaf { answer: T::LOWEST, at: 0 };
        Arriving {
            words: vec![[T::Bits::ALL; L]; groups],
            found: vec![[0; L]; groups],
            leaves: vec![[leaf; L]; groups],
        }
    }
}

/// All rows of a block in a small tree.
pub(crate) struct InSmallTree<'a, T: Real, W, R, const L: usize> {
    pub(crate) small: &'a SmallTrees<T, W>,
    pub(crate) tree: SmallTree,
    pub(crate) rule: R,
    pub(crate) block: &'a Block<'a, T, L>,
    pub(crate) arriving: &'a mut Arriving<T, L>,
}

impl<T: Real, W: Word, R: Rule<T, W>, const L: usize> WithSimd for InSmallTree<'_, T, W, R, L> {
    type Output = ();

    /// As many vectors at a time as make it worth to look for the column.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match L * size_of::<T>() / size_of::<T::Vector<S>>() {
            1 => self.arrive::<S, 1, 4>(simd),
            2 => self.arrive::<S, 2, 2>(simd),
            4 => self.arrive::<S, 4, 1>(simd),
            8 => self.arrive::<S, 8, 1>(simd),
            // Without vectors no tree is small.
            _ => {}
        }
    }
}

impl<T: Real, W: Word, R: Rule<T, W>, const L: usize> InSmallTree<'_, T, W, R, L> {
    #[inline(always)]
    fn arrive<S: Simd, const N: usize, const G: usize>(self, simd: S) {
        let InSmallTree { small, tree, rule, block, arriving: Arriving { words, found, leaves } } = self;
        for word in (0..tree.words).rev() {
            let splits = tree.splits[word];
            let mut groups = block.groups();
            let (several, rest) = words.as_chunks_mut::<G>();
            for words in several {
                let groups = std::array::from_fn(|_| groups.next().unwrap_or_default());
                small.ask::<S, L, N, G>(simd, splits, rule, groups, words);
            }
            for (words, group) in rest.iter_mut().zip(groups) {
                small.ask::<S, L, N, 1>(simd, splits, rule, [group], std::array::from_mut(words));
            }
            let first = (word * T::Bits::COUNT) as u32;
            for (found, bits) in found.as_flattened_mut().iter_mut().zip(words.as_flattened()) {
                *found = bits.lowest().map_or(*found, |bit| first + bit);
            }
        }
        let all = &small.leaves[tree.leaf as usize..];
        for (leaf, &found) in leaves.as_flattened_mut().iter_mut().zip(found.as_flattened()) {
            *leaf = all[found as usize];
        }
    }
}

/// Splits that are asked by vectors in the time of one step of a walk, for equally many rows; `None` where there are no vectors.
struct SplitsInAStep;

impl WithSimd for SplitsInAStep {
    type Output = Option<usize>;

    fn with_simd<S: Simd>(self, _: S) -> Option<usize> {
        match S::F32_LANES {
            1 => None,
            2..8 => Some(5),
            _ => Some(12),
        }
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
        let roots: Vec<_> =
            (1..90).map(|leaves| nodes.push(tree(leaves, &mut numbers).into_iter(), None).unwrap()).collect();
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
        let most = Arch::new().dispatch(SplitsInAStep).map_or(0, |_| MOST);
        assert_eq!(kinds.iter().filter(|&&small| small).count(), most);
    }

    #[test]
    fn rows_abreast_arrive_where_each_does_alone() {
        rows_abreast_arrive_where_each_does::<f32, u32>();
        rows_abreast_arrive_where_each_does::<f64, u64>();
    }
}
