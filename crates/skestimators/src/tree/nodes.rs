//! The one walk through trees, of any ensemble and of either width of numbers.
//!
//! Siblings stand side by side, so that a step is `child + (x > threshold)`, without a branch. A leaf reads a column that is below every
//! threshold and has itself as its child: walks of different lengths run abreast, and the processor works at one while another waits.

use std::{any::Any, cmp::Ordering, sync::OnceLock};

use pulp::{
    Arch, Simd,
    bytemuck::{cast_slice, cast_slice_mut},
};
pub(crate) use skgather::Node;

use crate::{
    data::Samples,
    error::Result,
    tree::{
        bits::{Arriving, Bits, InSmallTree, SmallTrees},
        rows::{Block, Real, blocks},
    },
};

/// Rows that walk through a tree abreast.
const ROWS: usize = skgather::ROWS;
/// Groups of rows that tell whether gathering pays.
const TRIAL: usize = 16;
/// Trees that a single row walks through abreast: more where they have to be waited for, because they are larger than the cache.
const TREES: usize = 8;
const LARGE_TREES: usize = 16;
/// Bytes that are there soon.
const CACHED: usize = 1 << 20;
/// Numbers in a block of rows that small trees read: such as the first cache holds.
const NEAR: usize = 1 << 12;
/// The same for large trees, whose nodes should serve many rows before they leave the cache.
const FAR: usize = 1 << 15;
/// Bytes of a small tree.
const SMALL: usize = 1 << 13;

/// What a node does but for its threshold: the column that it reads, whether missing values go right, and its left child.
pub(crate) trait Word: Copy + 'static {
    /// Columns that can be told apart.
    const COLUMNS: usize;
    /// Nodes that can be told apart.
    const NODES: usize;

    fn new(column: u32, missing_right: bool, child: u32) -> Self;
    fn column(self) -> usize;
    fn missing_right(self) -> bool;
    fn child(self) -> u32;
}

macro_rules! word {
    ($t:ty, $column_bits:expr, $nodes:expr) => {
        impl Word for $t {
            const COLUMNS: usize = 1 << $column_bits;
            const NODES: usize = $nodes;

            fn new(column: u32, missing_right: bool, child: u32) -> Self {
                <$t>::from(column) | <$t>::from(missing_right) << $column_bits | <$t>::from(child) << ($column_bits + 1)
            }

            #[inline(always)]
            fn column(self) -> usize {
                (self & ((1 << $column_bits) - 1)) as usize
            }

            #[inline(always)]
            fn missing_right(self) -> bool {
                self >> $column_bits & 1 != 0
            }

            #[inline(always)]
            fn child(self) -> u32 {
                (self >> ($column_bits + 1)) as u32
            }
        }
    };
}

// With a threshold of 32 bits a node has 8 bytes, which does for 512 columns and four million nodes; `skgather` reads it too.
word! { u32, skgather::COLUMN_BITS, 1 << (31 - skgather::COLUMN_BITS) }
// Any number of a leaf below this is a float that is no NaN.
word! { u64, 31, 0x7f80_0000 }

/// Which child a row goes to.
pub(crate) trait Rule<T: Real, W: Word>: Copy {
    /// The same rule where loads are gathered, if it is one of those.
    const GATHERED: Option<skgather::Rule> = None;

    fn right(self, x: T, node: Node<T, W>) -> bool;

    /// Words of bits of several rows, of which those that go right keep some.
    #[inline(always)]
    fn keep<S: Simd>(
        self,
        simd: S,
        x: T::Vector<S>,
        node: Node<T, W>,
        words: T::Words<S>,
        kept: T::Bits,
    ) -> T::Words<S> {
        let mut rights = x;
        for x in cast_slice_mut::<_, T>(std::slice::from_mut(&mut rights)) {
            *x = T::nearest(f64::from(u8::from(self.right(*x, node))));
        }
        T::keep(simd, words, T::above(simd, rights, T::nearest(0.0)), kept)
    }

    /// Changes the numbers of a group of rows before any node reads them.
    fn prepare<const L: usize>(self, _columns: &mut [[T; L]]) {}
}

/// No value is missing.
#[derive(Clone, Copy)]
pub(crate) struct Present;

impl<T: Real, W: Word> Rule<T, W> for Present {
    const GATHERED: Option<skgather::Rule> = Some(skgather::Rule::Above);

    #[inline(always)]
    fn right(self, x: T, node: Node<T, W>) -> bool {
        x > node.threshold
    }

    #[inline(always)]
    fn keep<S: Simd>(
        self,
        simd: S,
        x: T::Vector<S>,
        node: Node<T, W>,
        words: T::Words<S>,
        kept: T::Bits,
    ) -> T::Words<S> {
        T::keep(simd, words, T::above(simd, x, node.threshold), kept)
    }
}

/// NaN goes where the node says.
#[derive(Clone, Copy)]
pub(crate) struct Missing;

impl<T: Real, W: Word> Rule<T, W> for Missing {
    const GATHERED: Option<skgather::Rule> = Some(skgather::Rule::AboveOrMissing);

    #[inline(always)]
    fn right(self, x: T, node: Node<T, W>) -> bool {
        (x > node.threshold) | (x.is_nan() & node.word.missing_right())
    }

    #[inline(always)]
    fn keep<S: Simd>(
        self,
        simd: S,
        x: T::Vector<S>,
        node: Node<T, W>,
        words: T::Words<S>,
        kept: T::Bits,
    ) -> T::Words<S> {
        let words = T::keep(simd, words, T::above(simd, x, node.threshold), kept);
        let kept = if node.word.missing_right() { kept } else { T::Bits::ALL };
        T::keep(simd, words, T::missing(simd, x), kept)
    }
}

/// NaN compares like any other number: it is not below a threshold.
#[derive(Clone, Copy)]
pub(crate) struct Compared;

impl<T: Real, W: Word> Rule<T, W> for Compared {
    const GATHERED: Option<skgather::Rule> = Some(skgather::Rule::NotBelow);

    #[inline(always)]
    fn right(self, x: T, node: Node<T, W>) -> bool {
        !matches!(x.partial_cmp(&node.threshold), Some(Ordering::Less | Ordering::Equal))
    }
}

/// A node as it stands in a file; children stand behind their parents.
pub(crate) enum Source<T> {
    /// The answer.
    Leaf(T),
    Split {
        threshold: T,
        column: u32,
        missing_left: bool,
        left: u32,
        right: u32,
    },
}

/// Where a row arrives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaf<T> {
    pub(crate) answer: T,
    /// Where the leaf stands among the nodes.
    pub(crate) at: u32,
}

/// Where a tree begins, and the length of its longest path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Root {
    pub(crate) at: u32,
    depth: u32,
    /// Number of the tree among all.
    tree: u32,
}

impl Root {
    /// The same tree behind so many nodes and trees.
    pub(crate) fn behind(self, (nodes, trees): (u32, u32)) -> Self {
        Root { at: self.at + nodes, depth: self.depth, tree: self.tree + trees }
    }
}

/// The nodes of many trees.
#[derive(Debug)]
pub(crate) struct Nodes<T: Real, W> {
    nodes: Vec<Node<T, W>>,
    /// The column that leaves read.
    lowest: u32,
    roots: Vec<Root>,
    /// Made for the first batch.
    small: OnceLock<SmallTrees<T, W>>,
}

impl<T: Real, W: Word> Nodes<T, W> {
    /// No trees yet, for samples of so many columns; `None` when those are too many.
    pub(crate) fn new(columns: usize) -> Option<Self> {
        let lowest = u32::try_from(columns).ok().filter(|_| columns < W::COLUMNS)?;
        Some(Nodes { nodes: Vec::new(), lowest, roots: Vec::new(), small: OnceLock::new() })
    }

    /// Adds a tree; `None` when there are too many nodes. `numbers` gets the number of every node in the order in which they stand here.
    pub(crate) fn push(
        &mut self,
        tree: impl ExactSizeIterator<Item = Source<T>>,
        mut numbers: Option<&mut Vec<u32>>,
    ) -> Option<Root> {
        let (root, count) = (self.nodes.len(), tree.len());
        if root + count > W::NODES {
            return None;
        }
        let filler = Node { threshold: T::LOWEST, word: W::new(self.lowest, false, 0) };
        self.nodes.resize(root + count, filler);
        if let Some(numbers) = &mut numbers {
            numbers.resize(root + count, 0);
        }
        let nodes = &mut self.nodes[root..];
        // Where the nodes of the file come to stand behind the root, and how deep they are.
        let mut places = vec![(0u32, 0u32); count];
        let (mut next, mut depth) = (1, 0);
        for (i, source) in tree.enumerate() {
            let (place, level) = places[i];
            if let Some(numbers) = &mut numbers {
                numbers[root + place as usize] = i as u32;
            }
            nodes[place as usize] = match source {
                Source::Leaf(answer) => {
                    depth = depth.max(level);
                    Node { threshold: answer, word: W::new(self.lowest, false, root as u32 + place) }
                }
                Source::Split { threshold, column, missing_left, left, right } => {
                    places[left as usize] = (next, level + 1);
                    places[right as usize] = (next + 1, level + 1);
                    next += 2;
                    Node { threshold, word: W::new(column, !missing_left, root as u32 + next - 2) }
                }
            };
        }
        let root = Root { at: root as u32, depth, tree: self.roots.len() as u32 };
        self.roots.push(root);
        Some(root)
    }

    /// Adds trees for samples of the same columns behind these, their answers changed: behind how many nodes and trees they stand now.
    /// `None` when there are too many nodes.
    pub(crate) fn append(&mut self, more: &Self, answer: impl Fn(T) -> T) -> Option<(u32, u32)> {
        if self.nodes.len() + more.nodes.len() > W::NODES {
            return None;
        }
        let (at, trees, lowest) = (self.nodes.len() as u32, self.roots.len() as u32, self.lowest);
        self.nodes.extend(more.nodes.iter().map(|&Node { threshold, word }| {
            let column = word.column() as u32;
            let threshold = if column == lowest { answer(threshold) } else { threshold };
            Node { threshold, word: W::new(column, word.missing_right(), word.child() + at) }
        }));
        self.roots.extend(more.roots.iter().map(|root| root.behind((at, trees))));
        Some((at, trees))
    }

    /// The number of every node, in the order in which they stand here, of trees whose nodes are numbered depth first.
    pub(crate) fn depth_first(&self) -> Vec<u32> {
        let mut numbers = vec![0; self.nodes.len()];
        let mut ahead = Vec::new();
        for root in &self.roots {
            let mut next = 0;
            ahead.push(root.at);
            while let Some(at) = ahead.pop() {
                numbers[at as usize] = next;
                next += 1;
                let child = self.nodes[at as usize].word.child();
                if child != at {
                    ahead.extend([child + 1, child]);
                }
            }
        }
        numbers
    }

    /// The nodes, for change in place.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Node<T, W>> {
        self.nodes.iter_mut()
    }

    #[cfg(test)]
    pub(crate) fn as_slice(&self) -> &[Node<T, W>] {
        &self.nodes
    }

    /// Number of nodes.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The same nodes with words of another size.
    pub(crate) fn widened<V: Word>(&self) -> Nodes<T, V> {
        let wide = |&Node { threshold, word }: &Node<T, W>| Node {
            threshold,
            word: V::new(word.column() as u32, word.missing_right(), word.child()),
        };
        let (nodes, roots) = (self.nodes.iter().map(wide).collect(), self.roots.clone());
        Nodes { nodes, lowest: self.lowest, roots, small: OnceLock::new() }
    }

    /// The next node on the way of a row; of a leaf, the leaf.
    #[inline(always)]
    pub(crate) fn next(&self, at: u32, rule: impl Rule<T, W>, x: impl Fn(usize) -> T) -> u32 {
        let node = self.nodes[at as usize];
        node.word.child() + u32::from(rule.right(x(node.word.column()), node))
    }

    /// One step of several walks; whether any of them got on. (Arrays that were just written are slow to compare.)
    #[inline(always)]
    fn step<const N: usize>(&self, at: &mut [u32; N], rule: impl Rule<T, W>, x: &impl Fn(usize, usize) -> T) -> bool {
        let mut moved = 0;
        for (lane, at) in at.iter_mut().enumerate() {
            let next = self.next(*at, rule, |column| x(lane, column));
            moved |= *at ^ next;
            *at = next;
        }
        moved != 0
    }

    #[inline(always)]
    fn leaves<const N: usize>(&self, at: [u32; N]) -> [Leaf<T>; N] {
        let mut leaves = [Leaf { answer: T::LOWEST, at: 0 }; N];
        for (leaf, at) in leaves.iter_mut().zip(at) {
            *leaf = Leaf { answer: self.nodes[at as usize].threshold, at };
        }
        leaves
    }

    /// Several walks abreast, from their roots to their leaves; `x` gives a column of one of them. Every `LOOK` steps it is seen whether all
    /// have arrived.
    #[inline(always)]
    fn walk<const N: usize, const LOOK: u32>(
        &self,
        roots: [Root; N],
        rule: impl Rule<T, W>,
        x: impl Fn(usize, usize) -> T,
    ) -> [Leaf<T>; N] {
        let mut at = roots.map(|root| root.at);
        if N == 1 {
            while self.step(&mut at, rule, &x) {}
            return self.leaves(at);
        }
        let mut steps = roots.iter().fold(0, |depth, root| depth.max(root.depth));
        // The longest path is seldom gone.
        while steps > 2 * LOOK {
            for _ in 1..LOOK {
                self.step(&mut at, rule, &x);
            }
            if !self.step(&mut at, rule, &x) {
                return self.leaves(at);
            }
            steps -= LOOK;
        }
        for _ in 0..steps {
            self.step(&mut at, rule, &x);
        }
        self.leaves(at)
    }

    /// Gives `visit`, for each row all trees in order, the row's part of `out` (of `width` elements), the number of the tree, the answer of
    /// the row's leaf, and where the leaf stands. The second rule is for blocks of rows with missing values; the first prepares them.
    /// All trees with what they answer have so many `bytes`.
    pub(crate) fn each<O>(
        &self,
        roots: &[Root],
        rules: (impl Rule<T, W>, impl Rule<T, W>),
        bytes: usize,
        x: &Samples,
        (out, width): (&mut [O], usize),
        visit: impl Fn(&mut [O], usize, T, usize),
    ) -> Result<()> {
        if width == 0 {
            return Ok(());
        }
        let mut arrive = |row: usize, walks: Walks, leaves: &[Leaf<T>]| {
            let outs = out.get_mut(row * width..).unwrap_or_default().chunks_mut(width);
            match walks {
                // The last group of rows may be padded.
                Walks::Rows { tree } => {
                    outs.zip(leaves).for_each(|(out, leaf)| visit(out, tree, leaf.answer, leaf.at as usize));
                }
                Walks::Trees { first } => outs.take(1).for_each(|out| {
                    let trees = (first..).zip(leaves);
                    trees.for_each(|(tree, leaf)| visit(out, tree, leaf.answer, leaf.at as usize));
                }),
            }
        };
        self.arrivals(roots, rules, bytes, x, &mut arrive)
    }

    /// Gives `arrive` the leaves of several walks at a time, and the first row they are of. It is called through a pointer, so that the
    /// walks are compiled once for all that is done with their leaves.
    fn arrivals(
        &self,
        roots: &[Root],
        rules: (impl Rule<T, W>, impl Rule<T, W>),
        bytes: usize,
        x: &Samples,
        arrive: Arrive<'_, T>,
    ) -> Result<()> {
        if x.rows() < ROWS {
            return blocks::<T, 1>(x, 1, &|group| rules.0.prepare(group), &mut |block| match (
                block.missing,
                bytes > CACHED,
            ) {
                (false, false) => self.trees_abreast::<TREES>(roots, rules.0, block, arrive),
                (false, true) => self.trees_abreast::<LARGE_TREES>(roots, rules.0, block, arrive),
                (true, false) => self.trees_abreast::<TREES>(roots, rules.1, block, arrive),
                (true, true) => self.trees_abreast::<LARGE_TREES>(roots, rules.1, block, arrive),
            });
        }
        let numbers = if bytes <= SMALL * roots.len() { NEAR } else { FAR };
        blocks::<T, ROWS>(x, numbers, &|group| rules.0.prepare(group), &mut |block| match block.missing {
            false => self.rows_abreast(roots, rules.0, block, arrive),
            true => self.rows_abreast(roots, rules.1, block, arrive),
        })
    }

    fn trees_abreast<const N: usize>(
        &self,
        roots: &[Root],
        rule: impl Rule<T, W>,
        block: &Block<'_, T, 1>,
        arrive: Arrive<'_, T>,
    ) {
        let (several, rest) = roots.as_chunks::<N>();
        for (row, group) in (block.start..).zip(block.groups()) {
            let x = |_, column: usize| group[column][0];
            for (i, roots) in several.iter().enumerate() {
                arrive(row, Walks::Trees { first: i * N }, &self.walk::<N, 2>(*roots, rule, x));
            }
            for (i, root) in rest.iter().enumerate() {
                arrive(row, Walks::Trees { first: several.len() * N + i }, &self.walk::<1, 1>([*root], rule, x));
            }
        }
    }

    fn rows_abreast(&self, roots: &[Root], rule: impl Rule<T, W>, block: &Block<'_, T, ROWS>, arrive: Arrive<'_, T>) {
        let small =
            self.small.get_or_init(|| SmallTrees::of(&self.nodes, self.roots.iter().map(|root| (root.at, root.depth))));
        let mut arriving = Arriving::new(block.groups().len());
        for (tree, root) in roots.iter().enumerate() {
            let arriving = &mut arriving;
            match small.get(root.tree) {
                Some(tree) => Arch::new().dispatch(InSmallTree { small, tree, rule, block, arriving }),
                None if self.gathers(*root, rule, block, arriving) => {}
                None => self.rows_through(*root, rule, block, arriving),
            }
            arrive(block.start, Walks::Rows { tree }, arriving.leaves.as_flattened());
        }
    }
}

impl<T: Real, W: Word> Nodes<T, W> {
    /// All rows of a block in a large tree.
    fn rows_through(
        &self,
        root: Root,
        rule: impl Rule<T, W>,
        block: &Block<'_, T, ROWS>,
        arriving: &mut Arriving<T, ROWS>,
    ) {
        for (leaves, group) in arriving.leaves.iter_mut().zip(block.groups()) {
            *leaves = self.walk::<ROWS, 3>([root; ROWS], rule, |lane, column| group[column][lane]);
        }
    }

    /// The same with gathered loads. `false` where there is no instruction for it, and where none would gain.
    fn gathered<R: Rule<T, W>>(
        &self,
        root: Root,
        _: R,
        block: &Block<'_, T, ROWS>,
        arriving: &mut Arriving<T, ROWS>,
    ) -> bool {
        let nodes: &dyn Any = &self.nodes;
        let (Some(nodes), Some(rule)) = (nodes.downcast_ref::<Vec<Node<f32, u32>>>(), R::GATHERED) else {
            return false;
        };
        let (columns, values) = block.numbers();
        let at = &mut arriving.found;
        at.as_flattened_mut().fill(root.at);
        if !skgather::walk(nodes, cast_slice(values), columns, rule, root.depth, at) {
            return false;
        }
        for (leaves, &at) in arriving.leaves.iter_mut().zip(at.iter()) {
            *leaves = self.leaves(at);
        }
        true
    }

    /// As [`Nodes::gathered`], where that is the faster way on this processor: it is tried with the first rows that are enough to tell.
    fn gathers(
        &self,
        root: Root,
        rule: impl Rule<T, W>,
        block: &Block<'_, T, ROWS>,
        arriving: &mut Arriving<T, ROWS>,
    ) -> bool {
        static FASTER: OnceLock<bool> = OnceLock::new();
        if FASTER.get() == Some(&false) || !self.gathered(root, rule, block, arriving) {
            return false;
        }
        if FASTER.get().is_none() && block.groups().len() >= TRIAL {
            let mut other = Arriving::new(block.groups().len());
            FASTER.get_or_init(|| {
                let gathered = || _ = self.gathered(root, rule, block, arriving);
                skgather::is_faster(gathered, || self.rows_through(root, rule, block, &mut other))
            });
        }
        true
    }
}

/// Which walks arrived together.
#[derive(Clone, Copy)]
enum Walks {
    /// Those of consecutive rows through one tree.
    Rows { tree: usize },
    /// Those of one row through consecutive trees.
    Trees { first: usize },
}

/// Takes the first row, the walks, and their leaves.
type Arrive<'a, T> = &'a mut dyn FnMut(usize, Walks, &[Leaf<T>]);

#[cfg(test)]
mod tests {
    use super::*;

    fn appended_trees_are_those_that_were_pushed<W: Word>() -> Option<()> {
        let leaf = |number: u32| Source::Leaf(f32::from_bits(number));
        let tree = |first: u32| {
            let split = Source::Split { threshold: 0.5, column: 1, missing_left: first == 2, left: 1, right: 2 };
            [split, leaf(first), leaf(first + 1)].into_iter()
        };
        let (mut pushed, mut one, mut other) = (Nodes::<f32, W>::new(3)?, Nodes::<f32, W>::new(3)?, Nodes::new(3)?);
        let mut numbers = Vec::new();
        let roots = [pushed.push(tree(2), Some(&mut numbers))?, pushed.push(tree(5), Some(&mut numbers))?];
        assert_eq!(pushed.depth_first(), numbers);
        one.push(tree(2), None)?;
        let root = other.push(tree(1), None)?;
        let before = one.append(&other, |answer| f32::from_bits(answer.to_bits() + 4))?;
        let fields = |nodes: &Nodes<f32, W>| -> Vec<_> {
            let field = |node: &Node<f32, W>| {
                let word = node.word;
                (node.threshold.to_bits(), word.column(), word.missing_right(), word.child())
            };
            nodes.as_slice().iter().map(field).collect()
        };
        assert_eq!(fields(&one), fields(&pushed));
        let root = root.behind(before);
        assert_eq!((root.at, root.depth, root.tree), (roots[1].at, roots[1].depth, roots[1].tree));
        Some(())
    }

    #[test]
    fn trees_are_appended() {
        assert_eq!(appended_trees_are_those_that_were_pushed::<u32>(), Some(()));
        assert_eq!(appended_trees_are_those_that_were_pushed::<u64>(), Some(()));
        // What does not fit is left as it was.
        let filler = Node { threshold: 0.0, word: u32::new(1, false, 0) };
        let nodes = vec![filler; <u32 as Word>::NODES];
        let mut full = Nodes { nodes, lowest: 1, roots: Vec::new(), small: OnceLock::new() };
        assert_eq!(full.append(&full.widened(), |answer| answer), None);
        assert_eq!(full.len(), <u32 as Word>::NODES);
    }
}
