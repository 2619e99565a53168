//! `sklearn.tree._tree.Tree`: the flat array of nodes of every tree.

use skpickle::{Kind, Obj, Shared};

use crate::{
    error::{Error, Result},
    math::{sum, wide::not_finite},
    state::State,
    tree::nodes::Source,
};

/// `left` of a leaf.
const LEAF: u32 = u32::MAX;
/// Bit of `feature` that sends missing values to the left.
const MISSING_LEFT: u32 = 1 << 31;

/// A node, its threshold rounded down to a 32-bit float.
#[derive(Debug, Clone, Copy)]
struct Node {
    threshold: f32,
    /// Column, and [`MISSING_LEFT`].
    feature: u32,
    /// [`LEAF`] in a leaf.
    left: u32,
    right: u32,
}

/// A `Tree` as it stands in a file, its parts proven sound and consistent.
pub(crate) struct Stored {
    nodes: Vec<Node>,
    /// Nodes that are leaves, in order.
    leaves: Vec<u32>,
    /// Whether a left child and all below it come right behind their parent, and its sibling behind them: so they do unless
    /// `max_leaf_nodes` is set.
    pub(crate) depth_first: bool,
    values: Shared<f64>,
    pub(crate) n_features: usize,
    /// Classes of each output; 1 for a regression.
    pub(crate) n_classes: Vec<usize>,
    /// Extent of the last axis of `values`.
    pub(crate) max_n_classes: usize,
    /// Up to 1.7 `decision_path` compares missing values like any other.
    pub(crate) path_compares_missing: bool,
}

impl Stored {
    /// Reads the `tree_` of an estimator.
    pub(crate) fn read(estimator: &State<'_, '_>) -> Result<Self> {
        let tree = estimator.raw("tree_")?;
        if tree.kind() != Kind::Object || !tree.class().is_some_and(|name| name.is("sklearn.tree._tree", "Tree")) {
            return Err(tree.expected("a sklearn.tree._tree.Tree").into());
        }
        let args = tree.args()?;
        let [n_features, n_classes, n_outputs] = args.as_slice() else {
            return Err(tree.expected("a Tree of (n_features, n_classes, n_outputs)").into());
        };
        let n_classes: Vec<usize> = n_classes
            .get::<Shared<i64>>()?
            .iter()
            .map(|&n| usize::try_from(n).ok().filter(|&n| n > 0).ok_or_else(|| n_classes.expected("counts of classes")))
            .collect::<skpickle::Result<_>>()?;
        let (n_features, n_outputs) = (n_features.get::<usize>()?, n_outputs.get::<usize>()?);
        let s = estimator.open(&tree)?;
        s.require(
            !n_classes.is_empty() && n_classes.len() == n_outputs,
            format_args!("n_classes has {} entries for {n_outputs} outputs", n_classes.len()),
        )?;
        let max_n_classes = n_classes.iter().copied().max().unwrap_or(1);
        s.ignored(&["max_depth"]);
        let (nodes, leaves, depth_first) = read_nodes(&s, n_features)?;
        let field = s.raw("values")?;
        let values = field.array()?;
        if values.shape() != [nodes.len(), n_outputs, max_n_classes] {
            let message = format!(
                "values has shape {:?}, expected {:?}",
                values.shape(),
                [nodes.len(), n_outputs, max_n_classes]
            );
            return Err(field.error(skpickle::ErrorKind::Value, message).into());
        }
        let values = values.f64s()?;
        if let Some(at) = not_finite(&values) {
            let message = format!("the value of node {} is not finite", at / (n_outputs * max_n_classes));
            return Err(field.error(skpickle::ErrorKind::Value, message).into());
        }
        field.charge((leaves.len() * n_outputs * max_n_classes * size_of::<f64>()) as u64)?;
        let path_compares_missing = estimator.version() < (1, 8);
        Ok(Stored { nodes, leaves, depth_first, values, n_features, n_classes, max_n_classes, path_compares_missing })
    }

    pub(crate) fn n_outputs(&self) -> usize {
        self.n_classes.len()
    }

    pub(crate) fn node_count(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn leaf_count(&self) -> usize {
        self.leaves.len()
    }

    /// The nodes in order; leaves hold these numbers, one after the other.
    pub(crate) fn sources(&self, numbers: &[u32]) -> impl ExactSizeIterator<Item = Source<f32>> {
        let mut numbers = numbers.iter();
        self.nodes.iter().map(move |node| match node.left {
            LEAF => Source::Leaf(f32::from_bits(numbers.next().copied().unwrap_or_default())),
            left => Source::Split {
                threshold: node.threshold,
                column: node.feature & !MISSING_LEFT,
                missing_left: node.feature & MISSING_LEFT != 0,
                left,
                right: node.right,
            },
        })
    }

    /// The nodes that are leaves, in order.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = usize> {
        self.leaves.iter().map(|&node| node as usize)
    }

    /// `value[node]`: one row of `max_n_classes` numbers for each output.
    pub(crate) fn value(&self, node: usize) -> &[f64] {
        let size = self.n_classes.len() * self.max_n_classes;
        &self.values[node * size..][..size]
    }

    /// Number of nodes from the root to each node, both counted.
    pub(crate) fn depths(&self) -> Vec<u32> {
        let mut depths = vec![1; self.nodes.len()];
        // Children stand behind their parents.
        for (i, node) in self.nodes.iter().enumerate() {
            if node.left != LEAF {
                depths[node.left as usize] = depths[i] + 1;
                depths[node.right as usize] = depths[i] + 1;
            }
        }
        depths
    }

    /// Lets the nodes read other columns: column `i` of the tree is `features[i]` of `n_features`. The caller has checked their range.
    pub(crate) fn with_features(mut self, features: &[u32], n_features: usize) -> Self {
        for node in self.nodes.iter_mut().filter(|node| node.left != LEAF) {
            node.feature = features[(node.feature & !MISSING_LEFT) as usize] | node.feature & MISSING_LEFT;
        }
        self.n_features = n_features;
        self
    }

    /// What the leaves of a regression answer: one number for each output.
    pub(crate) fn regression(&self, s: &State<'_, '_>) -> Result<Vec<f64>> {
        s.require(self.max_n_classes == 1, format_args!("tree_ has {} classes in a regression", self.max_n_classes))?;
        let (values, size) = (&*self.values, self.n_outputs());
        let mut answers = Vec::with_capacity(self.leaves.len() * size);
        match size {
            1 => answers.extend(self.leaves().map(|node| values[node])),
            _ => self.leaves().for_each(|node| answers.extend_from_slice(&values[node * size..][..size])),
        }
        Ok(answers)
    }

    /// What the leaves of a classification answer: the probabilities of the classes, output by output.
    pub(crate) fn classification(&self, s: &State<'_, '_>) -> Vec<f64> {
        // Counts up to 1.3, fractions since.
        let counts = s.version() < (1, 4);
        let (values, size) = (&*self.values, self.n_outputs() * self.max_n_classes);
        let mut answers = Vec::with_capacity(self.leaves.len() * self.n_classes.iter().sum::<usize>());
        for node in self.leaves() {
            for (row, &classes) in values[node * size..][..size].chunks_exact(self.max_n_classes).zip(&self.n_classes) {
                let row = &row[..classes];
                if !counts {
                    answers.extend_from_slice(row);
                    continue;
                }
                let sum = sum::pairwise(row);
                let sum = if sum == 0.0 { 1.0 } else { sum };
                answers.extend(row.iter().map(|value| value / sum));
            }
        }
        answers
    }
}

/// What is read of a node in a file.
struct Record {
    left: i64,
    right: i64,
    feature: i64,
    threshold: f64,
    missing_left: bool,
}

impl Record {
    /// Bytes of a record, as they have been on 64-bit machines since 1.3; before, the last eight were not there.
    const SIZE: usize = 64;

    /// Where the fields stand; the last one is new in 1.3.
    const FIELDS: [(&'static str, usize, (u8, usize)); 5] = [
        ("left_child", 0, (b'i', 8)),
        ("right_child", 8, (b'i', 8)),
        ("feature", 16, (b'i', 8)),
        ("threshold", 24, (b'f', 8)),
        ("missing_go_to_left", 56, (b'u', 1)),
    ];

    fn new(bytes: &[u8]) -> Self {
        let (words, _) = bytes.as_chunks();
        let [left, right, feature, threshold, ..] = words else {
            return Record { left: -1, right: -1, feature: 0, threshold: 0.0, missing_left: false };
        };
        Record {
            left: i64::from_le_bytes(*left),
            right: i64::from_le_bytes(*right),
            feature: i64::from_le_bytes(*feature),
            threshold: f64::from_le_bytes(*threshold),
            missing_left: words.get(7).is_some_and(|word| word[0] != 0),
        }
    }

    /// The bytes of all records, and of each.
    fn all(field: &Obj<'_>, records: &skpickle::Array<'_>) -> Result<(Shared<u8>, usize)> {
        let has_missing = records.has_column("missing_go_to_left");
        let size = records.dtype().size;
        if size == if has_missing { Self::SIZE } else { Self::SIZE - 8 }
            && let Some(bytes) = records.records(&Self::FIELDS[..4 + usize::from(has_missing)])?
        {
            return Ok((bytes, size));
        }
        field.charge((records.len() as u64).saturating_mul(Self::SIZE as u64 + 40))?;
        let ints = |name| records.column(name)?.i64s();
        let (left, right, feature) = (ints("left_child")?, ints("right_child")?, ints("feature")?);
        let threshold = records.column("threshold")?.f64s()?;
        let missing = if has_missing { ints("missing_go_to_left")? } else { vec![0; records.len()] };
        let mut bytes = Vec::with_capacity(records.len() * Self::SIZE);
        for i in 0..records.len() {
            let ints =
                [left[i], right[i], feature[i], threshold[i].to_bits() as i64, 0, 0, 0, (missing[i] != 0).into()];
            ints.iter().for_each(|int| bytes.extend(int.to_le_bytes()));
        }
        Ok((bytes.into(), Self::SIZE))
    }
}

/// The nodes of a tree, which of them are leaves, and whether they stand depth first. Each node but the first is the child of exactly one
/// node, which stands before it.
fn read_nodes(s: &State<'_, '_>, n_features: usize) -> Result<(Vec<Node>, Vec<u32>, bool)> {
    let field = s.raw("nodes")?;
    let records = field.array()?;
    let count = records.len();
    let claimed: usize = s.get("node_count")?;
    s.require(claimed == count, format_args!("node_count is {claimed}, but nodes has {count} entries"))?;
    s.require(count > 0, "nodes is empty: a tree has at least one node")?;
    s.require(count < (1 << 31), format_args!("nodes has {count} entries, more than 2^31"))?;
    field.charge((count * (size_of::<Node>() + 2 * size_of::<u32>())) as u64)?;
    let (bytes, size) = Record::all(&field, &records)?;
    let mut nodes = Vec::with_capacity(count);
    let mut leaves = Vec::with_capacity(count / 2 + 1);
    let mut reached = vec![false; count];
    // Right children of the nodes on the way to the one that is read, as long as the order is depth first.
    let mut siblings = Vec::new();
    let mut depth_first = true;
    let fault = |i: usize, what: String| -> Error {
        field.error(skpickle::ErrorKind::Value, format_args!("node {i}: {what}")).into()
    };
    let index = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    for (i, record) in bytes.chunks_exact(size).map(Record::new).enumerate() {
        if i > 0 && !reached[i] {
            return Err(fault(i, "no node before it has it as a child".into()));
        }
        if (record.left, record.right) == (-1, -1) {
            leaves.push(i as u32);
            nodes.push(Node { threshold: 0.0, feature: 0, left: LEAF, right: LEAF });
            depth_first &= siblings.pop().is_none_or(|sibling| sibling == i as i64 + 1);
            continue;
        }
        for (name, child) in [("left_child", record.left), ("right_child", record.right)] {
            let Some(reached) = reached.get_mut(index(child)).filter(|_| index(child) > i) else {
                let what = format!("{name} is {child}, expected a node after it and below {count}, or -1 in a leaf");
                return Err(fault(i, what));
            };
            if std::mem::replace(reached, true) {
                return Err(fault(i, format!("{name} is {child}, which is a child already")));
            }
        }
        depth_first &= record.left == i as i64 + 1;
        siblings.push(record.right);
        let column = index(record.feature);
        if column >= n_features.min(MISSING_LEFT as usize) {
            return Err(fault(i, format!("feature is {}, expected below {n_features}", record.feature)));
        }
        if record.threshold.is_nan() {
            return Err(fault(i, "threshold is NaN".into()));
        }
        nodes.push(Node {
            threshold: floor_to_f32(record.threshold),
            feature: column as u32 | if record.missing_left { MISSING_LEFT } else { 0 },
            left: record.left as u32,
            right: record.right as u32,
        });
    }
    Ok((nodes, leaves, depth_first))
}

/// The largest 32-bit float that is not above `x`.
fn floor_to_f32(x: f64) -> f32 {
    let nearest = x as f32;
    if f64::from(nearest) > x { nearest.next_down() } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_between_floats_splits_as_the_double_does() {
        for x in [0.1, -0.1, 1e-50, -1e-50, 1e300, -1e300, 0.5, f64::INFINITY, f64::from(f32::MAX)] {
            let floor = floor_to_f32(x);
            for y in [floor, floor.next_up(), floor.next_down(), f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0] {
                assert_eq!(f64::from(y) <= x, y <= floor, "{y} <= {x}");
            }
        }
    }
}
