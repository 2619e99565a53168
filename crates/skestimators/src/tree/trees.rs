//! Fitted trees, one or all those of an ensemble, and what their leaves answer.

use std::{ops::Range, sync::OnceLock};

use ndarray::Array2;
use skpickle::ErrorKind;

use crate::{
    data::{Csr, Output, Samples},
    error::{Error, Result},
    state::State,
    tree::{
        nodes::{Compared, Missing, Nodes, Present, Root, Word},
        rows::blocks,
        structure::Stored,
    },
};

/// Nodes of 8 bytes where they suffice.
#[derive(Debug)]
enum Store {
    Narrow(Nodes<f32, u32>),
    Wide(Nodes<f32, u64>),
}

impl Store {
    /// Number of nodes.
    fn len(&self) -> usize {
        match self {
            Store::Narrow(nodes) => nodes.len(),
            Store::Wide(nodes) => nodes.len(),
        }
    }

    fn depth_first(&self) -> Vec<u32> {
        match self {
            Store::Narrow(nodes) => nodes.depth_first(),
            Store::Wide(nodes) => nodes.depth_first(),
        }
    }

    fn widened(&self) -> Nodes<f32, u64> {
        match self {
            Store::Narrow(nodes) => nodes.widened(),
            Store::Wide(nodes) => nodes.widened(),
        }
    }
}

/// The class to which an answer gives all of the probability.
fn sure_of(answer: &[f64]) -> Option<usize> {
    let class = answer.iter().position(|&p| p.to_bits() != 0)?;
    let others = &answer[class + 1..];
    (answer[class] == 1.0 && others.iter().all(|&p| p.to_bits() == 0)).then_some(class)
}

fn too_many(s: &State<'_, '_>) -> Error {
    s.obj().error(ErrorKind::Limit, "the trees have more than 2^31 nodes").into()
}

/// Trees for samples of one width, whose leaves answer equally many numbers.
///
/// Samples are 32-bit floats, so `x <= threshold` holds for the stored double exactly when it holds for the largest
/// 32-bit float that is not above it: nothing is lost by keeping that. A leaf holds the number of its answer, which those that are sure of
/// one class share: most leaves of a forest are.
#[derive(Debug)]
pub(crate) struct Trees {
    store: Store,
    /// scikit-learn's number of each node: until it is asked for, only where it does not follow from the shape of the trees.
    numbers: OnceLock<Vec<u32>>,
    roots: Vec<Root>,
    /// Nodes of each tree.
    counts: Vec<u32>,
    /// Answers of the leaves one after the other.
    values: Vec<f64>,
    /// Numbers of the answers that are sure of a class, as far as they occur.
    sure: Vec<Option<u32>>,
    width: usize,
    n_features: usize,
    /// Up to 1.7 `decision_path` compares missing values like any other, so that they go to the right, whatever `apply` does.
    path_compares_missing: bool,
}

impl Trees {
    /// No trees yet.
    pub(crate) fn new(s: &State<'_, '_>, n_features: usize, width: usize) -> Result<Self> {
        let store = match (Nodes::new(n_features), Nodes::new(n_features)) {
            (Some(narrow), _) => Store::Narrow(narrow),
            (None, Some(wide)) => Store::Wide(wide),
            (None, None) => {
                return Err(s
                    .obj()
                    .error(
                        ErrorKind::Limit,
                        format_args!("a tree for {n_features} features, of which fewer than 2^31 can be told apart"),
                    )
                    .into());
            }
        };
        Ok(Trees {
            store,
            numbers: OnceLock::new(),
            roots: Vec::new(),
            counts: Vec::new(),
            values: Vec::new(),
            sure: vec![None; width],
            width,
            n_features,
            path_compares_missing: false,
        })
    }

    /// A single tree. Each leaf has an answer of its own, with the number that it has among the leaves.
    pub(crate) fn one(s: &State<'_, '_>, stored: &Stored, width: usize, answers: &[f64]) -> Result<Self> {
        let mut trees = Trees::new(s, stored.n_features, width)?;
        trees.values.extend_from_slice(answers);
        let numbers: Vec<u32> = (0..stored.leaf_count() as u32).collect();
        trees.add(s, stored, &numbers)?;
        Ok(trees)
    }

    /// Adds a tree for samples of this width whose leaves answer these numbers, one after the other in the order of their nodes.
    pub(crate) fn push(&mut self, s: &State<'_, '_>, stored: &Stored, answers: &[f64]) -> Result<()> {
        debug_assert_eq!(answers.len(), stored.leaf_count() * self.width);
        let numbers = self.keep(stored.leaf_count(), answers);
        self.add(s, stored, &numbers)
    }

    /// Keeps the answers of so many leaves: the number of each among all.
    fn keep(&mut self, leaves: usize, answers: &[f64]) -> Vec<u32> {
        let width = self.width;
        if width < 2 {
            let first = self.values.len() as u32;
            self.values.extend_from_slice(answers);
            // Without answers there is nothing to tell apart.
            return (0..leaves as u32).map(|leaf| first + leaf * width as u32).collect();
        }
        let mut numbers = Vec::with_capacity(leaves);
        for answer in answers.chunks_exact(width) {
            let class = sure_of(answer);
            let number = match class.and_then(|class| self.sure[class]) {
                Some(number) => number,
                None => {
                    let number = (self.values.len() / width) as u32;
                    self.values.extend_from_slice(answer);
                    class.map(|class| self.sure[class].insert(number));
                    number
                }
            };
            numbers.push(number);
        }
        numbers
    }

    /// Adds a tree whose leaves have the answers of these numbers.
    fn add(&mut self, s: &State<'_, '_>, stored: &Stored, answers: &[u32]) -> Result<()> {
        if !stored.depth_first {
            self.numbers();
        }
        let mut root = None;
        if let Store::Narrow(narrow) = &mut self.store {
            root = narrow.push(stored.sources(answers), self.numbers.get_mut());
            if root.is_none() {
                self.store = Store::Wide(narrow.widened());
            }
        }
        if let (None, Store::Wide(wide)) = (&root, &mut self.store) {
            root = wide.push(stored.sources(answers), self.numbers.get_mut());
        }
        let Some(root) = root else {
            return Err(too_many(s));
        };
        self.roots.push(root);
        self.counts.push(stored.node_count() as u32);
        self.path_compares_missing |= stored.path_compares_missing;
        Ok(())
    }

    fn numbers(&self) -> &[u32] {
        self.numbers.get_or_init(|| self.store.depth_first())
    }

    /// Adds trees for samples of the same width, with as many answers a leaf, behind these.
    pub(crate) fn append(&mut self, s: &State<'_, '_>, more: &Trees) -> Result<()> {
        debug_assert_eq!((more.width, more.n_features), (self.width, self.n_features));
        if more.numbers.get().is_some() {
            self.numbers();
        }
        let answers = (self.values.len() / self.width.max(1)) as u32;
        let leaf = |answer: f32| f32::from_bits(answer.to_bits() + answers);
        let mut before = match (&mut self.store, &more.store) {
            (Store::Narrow(nodes), Store::Narrow(more)) => nodes.append(more, leaf),
            (Store::Wide(nodes), Store::Wide(more)) => nodes.append(more, leaf),
            _ => None,
        };
        if before.is_none() {
            let mut nodes = self.store.widened();
            before = nodes.append(&more.store.widened(), leaf);
            self.store = Store::Wide(nodes);
        }
        let before = before.ok_or_else(|| too_many(s))?;
        if let Some(numbers) = self.numbers.get_mut() {
            numbers.extend_from_slice(more.numbers());
        }
        self.roots.extend(more.roots.iter().map(|root| root.behind(before)));
        self.counts.extend_from_slice(&more.counts);
        self.values.extend_from_slice(&more.values);
        self.path_compares_missing |= more.path_compares_missing;
        Ok(())
    }

    /// Adds a tree once more that is there already.
    pub(crate) fn repeat(&mut self, tree: usize) {
        self.roots.push(self.roots[tree]);
        self.counts.push(self.counts[tree]);
    }

    /// Number of trees.
    pub(crate) fn len(&self) -> usize {
        self.roots.len()
    }

    /// Width of the samples.
    pub(crate) fn n_features(&self) -> usize {
        self.n_features
    }

    /// Numbers that each leaf answers.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Gives `add`, for each row all trees in order, the row's part of `out`, the number of the tree, and what the row's leaf answers.
    pub(crate) fn answers(
        &self,
        x: &Samples,
        out: (&mut [f64], usize),
        trees: Range<usize>,
        add: impl Fn(&mut [f64], usize, &[f64]) + Copy,
    ) -> Result<()> {
        let (values, width) = (&self.values, self.width);
        // Widths of one and two are known to the compiler.
        match width {
            1 => self.each(x, out, trees, |out, tree, leaf, _| add(out, tree, &[values[leaf]])),
            2 => {
                let (pairs, _) = values.as_chunks::<2>();
                self.each(x, out, trees, |out, tree, leaf, _| add(out, tree, &pairs[leaf]))
            }
            _ => self.each(x, out, trees, |out, tree, leaf, _| add(out, tree, &values[leaf * width..][..width])),
        }
    }

    /// Number of each row's leaf among the leaves of a single tree.
    pub(crate) fn leaves(&self, x: &Samples, leaves: &mut [usize]) -> Result<()> {
        self.each(x, (leaves, 1), 0..1, |out, _, leaf, _| out[0] = leaf)
    }

    /// scikit-learn's number of each row's leaf, one column a tree.
    pub(crate) fn apply(&self, x: &Samples) -> Result<Array2<i64>> {
        let (trees, numbers) = (self.len(), self.numbers());
        let mut out = vec![0; x.rows() * trees];
        self.each(x, (&mut out, trees), 0..trees, |out, tree, _, at| out[tree] = i64::from(numbers[at]))?;
        Ok(Array2::from_shape_vec((x.rows(), trees), out).unwrap_or_default())
    }

    /// Which nodes of the trees each sample passes, the nodes of all trees side by side.
    pub(crate) fn decision_path(&self, x: &Samples) -> Result<Output> {
        let columns = self.counts.iter().map(|&count| count as usize).sum();
        let mut paths: Vec<Vec<usize>> = vec![Vec::new(); x.rows()];
        match &self.store {
            Store::Narrow(nodes) => self.paths(nodes, x, &mut paths)?,
            Store::Wide(nodes) => self.paths(nodes, x, &mut paths)?,
        }
        let mut indptr = vec![0];
        indptr.extend(paths.iter().scan(0, |end, path| {
            *end += path.len();
            Some(*end)
        }));
        let indices = paths.concat();
        let ones = vec![1.0; indices.len()];
        Ok(Output::Samples(Csr::new(x.rows(), columns, indptr, indices, ones)?.into()))
    }

    fn paths<W: Word>(&self, nodes: &Nodes<f32, W>, x: &Samples, paths: &mut [Vec<usize>]) -> Result<()> {
        let numbers = self.numbers();
        blocks::<f32, 1>(x, 1, &|_| {}, &mut |block| {
            for (row, path) in block.groups().zip(&mut paths[block.start..]) {
                let mut offset = 0;
                for (root, &count) in self.roots.iter().zip(&self.counts) {
                    let mut at = root.at;
                    loop {
                        path.push(offset + numbers[at as usize] as usize);
                        let x = |column: usize| row[column][0];
                        let before = at;
                        at = match self.path_compares_missing {
                            true => nodes.next(at, Compared, x),
                            false => nodes.next(at, Missing, x),
                        };
                        if at == before {
                            break;
                        }
                    }
                    offset += count as usize;
                }
            }
        })
    }

    /// Gives `visit` each row's part of `out`, the number of a tree, that of the row's leaf among all leaves, and where the leaf stands.
    fn each<O>(
        &self,
        x: &Samples,
        out: (&mut [O], usize),
        trees: Range<usize>,
        visit: impl Fn(&mut [O], usize, usize, usize) + Copy,
    ) -> Result<()> {
        let roots = &self.roots[trees.clone()];
        let first = trees.start;
        let visit = |out: &mut [O], tree, answer: f32, at| visit(out, first + tree, answer.to_bits() as usize, at);
        let bytes = 8 * (self.store.len() + self.values.len());
        match &self.store {
            Store::Narrow(nodes) => nodes.each(roots, (Present, Missing), bytes, x, out, visit),
            Store::Wide(nodes) => nodes.each(roots, (Present, Missing), bytes, x, out, visit),
        }
    }
}
