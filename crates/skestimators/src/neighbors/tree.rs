//! `KDTree` and `BallTree`, searched in scikit-learn's order.

use skpickle::{Obj, Shared};

use super::{
    metric::Metric,
    order::{Heap, Sort},
};
use crate::{
    error::Result,
    math::{
        Matrix,
        panels::Panels,
        wide::{Wide, wide},
    },
    state::State,
};

/// A tree as it was built, node by node.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) data: Matrix,
    pub(crate) metric: Metric,
    /// `sample_weight` (since 0.20).
    pub(crate) weights: Option<Shared<f64>>,
    order: Shared<i64>,
    nodes: Vec<Node>,
    bounds: Bounds,
    /// The samples of the leaves, one leaf after the other, where distances are Euclidean.
    panels: Option<Panels>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    start: usize,
    end: usize,
    leaf: bool,
    radius: f64,
    /// The first panel of a leaf.
    panel: usize,
}

#[derive(Debug)]
enum Bounds {
    /// The least and the greatest value of each column, for each node.
    Boxes { low: Vec<f64>, high: Vec<f64>, p: f64 },
    /// The middle of each node.
    Balls(Vec<f64>),
}

impl Tree {
    /// A tree: `newObj(cls)` with its parts in a tuple.
    pub(crate) fn load(s: &State<'_, '_>, obj: &Obj<'_>) -> Result<Tree> {
        let args = obj.args()?;
        let class = args.first().and_then(Obj::global).or_else(|| obj.class());
        let class = class.ok_or_else(|| obj.expected("a KDTree or BallTree"))?;
        // Up to 0.19 both trees were made as a BinaryTree of their own module.
        let ball = class.module.contains("ball_tree");
        s.require(ball || class.module.contains("kd_tree"), "the tree is neither a KDTree nor a BallTree")?;
        let parts = obj.state().ok_or_else(|| obj.expected("a tree with its state"))?.items()?;
        s.require(matches!(parts.len(), 12 | 13), format_args!("a tree of {} parts, expected 12 or 13", parts.len()))?;
        let data: Matrix = parts[0].get()?;
        let (n, width) = (data.rows, data.columns);
        s.require(n > 0 && width > 0 && parts[0].array()?.shape().len() == 2, "the tree holds no samples")?;
        let order = parts[1].array()?.i64s()?;
        let within = |i: &i64| usize::try_from(*i).is_ok_and(|i| i < n);
        s.require(
            order.len() == n && order.iter().all(within),
            format_args!("idx_array does not hold {n} indices below {n}"),
        )?;
        let nodes = nodes(s, &parts[2], n)?;
        let bounds = parts[3].array()?;
        let expected = [if ball { 1 } else { 2 }, nodes.len(), width];
        s.require(
            bounds.shape() == expected,
            format_args!("node_bounds of the tree has the shape {:?}, expected {expected:?}", bounds.shape()),
        )?;
        let bounds = bounds.f64s()?;
        let metric = Metric::of_tree(s, &parts[11], width)?;
        let bounds = if ball {
            Bounds::Balls(bounds.to_vec())
        } else {
            let p = metric.exponent().ok_or_else(|| s.error("the KDTree has a metric that it cannot be built for"))?;
            let (low, high) = bounds.split_at(nodes.len() * width);
            Bounds::Boxes { low: low.to_vec(), high: high.to_vec(), p }
        };
        let weights = match parts.get(12).filter(|part| !part.is_none()) {
            None => None,
            Some(part) => Some(part.array()?.f64s()?).filter(|weights| !weights.is_empty()),
        };
        s.require(
            weights.as_ref().is_none_or(|w| w.len() == n),
            format_args!("sample_weight does not hold {n} values"),
        )?;
        let mut tree = Tree { data, metric, weights, order, nodes, bounds, panels: None };
        if matches!(tree.metric, Metric::Euclidean) {
            parts[0].charge(16 * (n + LANES * tree.nodes.len()).saturating_mul(width) as u64)?;
            tree.pack();
        }
        Ok(tree)
    }

    /// Packs the samples of the leaves.
    fn pack(&mut self) {
        let mut panels = Panels::new(self.data.columns, LANES);
        for node in (0..self.nodes.len()).filter(|&node| self.nodes[node].leaf).collect::<Vec<_>>() {
            self.nodes[node].panel = panels.len();
            panels.push(self.samples(node).map(|i| self.data.row(i)));
        }
        self.panels = Some(panels);
    }

    /// The samples of a node, in the tree's order.
    pub(crate) fn samples(&self, node: usize) -> impl Iterator<Item = usize> {
        let Node { start, end, .. } = self.nodes[node];
        self.order[start..end].iter().map(|&i| i as usize)
    }

    /// Number of nodes.
    pub(crate) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The children of a node that is no leaf.
    pub(crate) fn children(&self, node: usize) -> Option<(usize, usize)> {
        (!self.nodes[node].leaf).then_some((2 * node + 1, 2 * node + 2))
    }

    fn row(bounds: &[f64], node: usize, width: usize) -> &[f64] {
        &bounds[node * width..(node + 1) * width]
    }

    /// Least and greatest distance that the samples of a node can have.
    pub(crate) fn bounds(&self, node: usize, point: &[f64]) -> (f64, f64) {
        let width = self.data.columns;
        match &self.bounds {
            Bounds::Balls(middles) => {
                let middle = self.metric.distance(self.metric.reduced(point, Self::row(middles, node, width)));
                let radius = self.nodes[node].radius;
                ((middle - radius).max(0.0), middle + radius)
            }
            Bounds::Boxes { low, high, p } => {
                let (low, high) = (Self::row(low, node, width), Self::row(high, node, width));
                let (mut least, mut most) = (0.0, 0.0f64);
                for (j, (&x, (&low, &high))) in point.iter().zip(low.iter().zip(high)).enumerate() {
                    let (below, above) = (low - x, x - high);
                    let outside = 0.5 * ((below + below.abs()) + (above + above.abs()));
                    let far = (x - low).abs().max((x - high).abs());
                    if p.is_infinite() {
                        least = f64::max(least, outside);
                        most = most.max(far);
                    } else {
                        least += self.metric.weight(j) * outside.powf(*p);
                        most += self.metric.weight(j) * far.powf(*p);
                    }
                }
                if p.is_infinite() { (least, most) } else { (least.powf(1.0 / p), most.powf(1.0 / p)) }
            }
        }
    }

    /// Least reduced distance that the samples of a node can have.
    fn least(&self, node: usize, point: &[f64]) -> f64 {
        let width = self.data.columns;
        match &self.bounds {
            Bounds::Balls(_) => self.metric.reduce(self.bounds(node, point).0),
            Bounds::Boxes { low, high, p } => {
                let (low, high) = (Self::row(low, node, width), Self::row(high, node, width));
                let mut least = 0.0;
                for (j, (&x, (&low, &high))) in point.iter().zip(low.iter().zip(high)).enumerate() {
                    let (below, above) = (low - x, x - high);
                    let outside = 0.5 * ((below + below.abs()) + (above + above.abs()));
                    if p.is_infinite() {
                        least = f64::max(least, outside);
                    } else if *p == 2.0 {
                        least += self.metric.weight(j) * (outside * outside);
                    } else {
                        least += self.metric.weight(j) * outside.powf(*p);
                    }
                }
                least
            }
        }
    }

    /// [`Tree::least`] of two neighbouring nodes, where distances are Euclidean.
    #[inline(always)]
    fn least_of_children(&self, left: usize, point: &[f64]) -> (f64, f64) {
        let Bounds::Boxes { low, high, .. } = &self.bounds else {
            return (self.least(left, point), self.least(left + 1, point));
        };
        let width = point.len();
        let (low, high) = (&low[left * width..(left + 2) * width], &high[left * width..(left + 2) * width]);
        let ((low_left, low_right), (high_left, high_right)) = (low.split_at(width), high.split_at(width));
        // How far the point is outside, of which at most one of the two numbers is above zero.
        let outside = |x: f64, low: f64, high: f64| {
            let (below, above) = (low - x, x - high);
            0.5 * ((below + below.abs()) + (above + above.abs()))
        };
        let mut least = (0.0, 0.0);
        for ((((&x, &l0), &l1), &h0), &h1) in point.iter().zip(low_left).zip(low_right).zip(high_left).zip(high_right) {
            let (a, b) = (outside(x, l0, h0), outside(x, l1, h1));
            least.0 += a * a;
            least.1 += b * b;
        }
        least
    }

    /// `query`: distances and indices of the `k` nearest samples, nearest first. `open` is scratch.
    pub(crate) fn query(
        &self,
        point: &[f64],
        k: usize,
        sort: Sort,
        open: &mut Vec<(usize, f64)>,
    ) -> (Vec<f64>, Vec<usize>) {
        let mut heap = Heap::new(k);
        match &self.panels {
            Some(panels) => wide(Search { tree: self, panels, point, heap: &mut heap, open }),
            None => self.search(0, point, self.least(0, point), &mut heap),
        }
        let (mut distances, indices) = heap.into_sorted(sort);
        distances.iter_mut().for_each(|d| *d = self.metric.distance(*d));
        (distances, indices)
    }

    /// Depth first, the nearer child first; the depth is the logarithm of the number of nodes.
    fn search(&self, node: usize, point: &[f64], least: f64, heap: &mut Heap) {
        if least > heap.largest() {
            return;
        }
        let Some((left, right)) = self.children(node) else {
            for i in self.samples(node) {
                heap.push(self.metric.reduced(point, self.data.row(i)), i);
            }
            return;
        };
        let (least_left, least_right) = (self.least(left, point), self.least(right, point));
        if least_left <= least_right {
            self.search(left, point, least_left, heap);
            self.search(right, point, least_right, heap);
        } else {
            self.search(right, point, least_right, heap);
            self.search(left, point, least_left, heap);
        }
    }

    /// `query_radius`: distances and indices of all samples within `radius`, in the tree's order.
    pub(crate) fn query_radius(&self, point: &[f64], radius: f64) -> (Vec<f64>, Vec<usize>) {
        let (mut distances, mut indices) = (Vec::new(), Vec::new());
        let reduced_radius = self.metric.reduce(radius);
        let mut open = vec![0];
        while let Some(node) = open.pop() {
            let (least, most) = self.bounds(node, point);
            if least > radius {
                continue;
            }
            let all = most <= radius;
            match self.children(node) {
                Some((left, right)) if !all => open.extend([right, left]),
                _ => {
                    for i in self.samples(node) {
                        let reduced = self.metric.reduced(point, self.data.row(i));
                        if all || reduced <= reduced_radius {
                            distances.push(self.metric.distance(reduced));
                            indices.push(i);
                        }
                    }
                }
            }
        }
        (distances, indices)
    }
}

/// Samples whose distances are computed at once.
const LANES: usize = 8;

/// Squared distances of a point to some samples.
#[inline(always)]
fn squared_distances(point: &[f64], panel: &[[f64; LANES]]) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (x, y) in point.iter().zip(panel) {
        for lane in 0..LANES {
            let d = x - y[lane];
            sums[lane] += d * d;
        }
    }
    sums
}

/// [`Tree::search`] where distances are Euclidean.
struct Search<'a> {
    tree: &'a Tree,
    panels: &'a Panels,
    point: &'a [f64],
    heap: &'a mut Heap,
    /// Nodes still to be looked at, with the least distances that their samples can have.
    open: &'a mut Vec<(usize, f64)>,
}

impl Wide for Search<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSES: bool>(self) {
        let Search { tree, panels, point, heap, open } = self;
        open.clear();
        open.push((0, tree.least(0, point)));
        while let Some((node, least)) = open.pop() {
            if least > heap.largest() {
                continue;
            }
            let Some((left, right)) = tree.children(node) else {
                let Node { start, end, panel, .. } = tree.nodes[node];
                let order = &tree.order[start..end];
                for (order, panel) in order.chunks(LANES).zip(panels.from(panel)) {
                    let squares = squared_distances(point, panel.as_chunks().0);
                    heap.push_all(&squares, order.len(), |lane| order[lane] as usize);
                }
                continue;
            };
            let (least_left, least_right) = tree.least_of_children(left, point);
            // The nearer child comes first, and then all below it.
            let (near, far) = ((left, least_left), (right, least_right));
            let (near, far) = if least_left <= least_right { (near, far) } else { (far, near) };
            open.push(far);
            open.push(near);
        }
    }
}

/// The nodes of a tree of `n` samples: each shares its samples out to its two children.
fn nodes(s: &State<'_, '_>, obj: &Obj<'_>, n: usize) -> Result<Vec<Node>> {
    let records = obj.array()?;
    let (starts, ends) = (records.column("idx_start")?.i64s()?, records.column("idx_end")?.i64s()?);
    let (leaves, radii) = (records.column("is_leaf")?.i64s()?, records.column("radius")?.f64s()?);
    let mut nodes = Vec::with_capacity(starts.len());
    for (((&start, &end), &leaf), &radius) in starts.iter().zip(&ends).zip(&leaves).zip(&radii) {
        let range = (usize::try_from(start), usize::try_from(end));
        let (Ok(start), Ok(end)) = range else { return Err(s.error("node_data of the tree: a negative index")) };
        nodes.push(Node { start, end, leaf: leaf != 0, radius, panel: 0 });
    }
    s.require(
        nodes.first().is_some_and(|root| (root.start, root.end) == (0, n)),
        "the root of the tree does not hold all samples",
    )?;
    // From the root down: what a parent holds is proven when its children are looked at.
    let mut reached = vec![false; nodes.len()];
    reached[0] = true;
    for i in 0..nodes.len() {
        let node = nodes[i];
        if !reached[i] || node.leaf {
            continue;
        }
        let fault = || s.error(format_args!("node_data of the tree: node {i} is not shared out to its children"));
        let (left, right) = (2 * i + 1, 2 * i + 2);
        let (Some(&first), Some(&second)) = (nodes.get(left), nodes.get(right)) else { return Err(fault()) };
        if first.start != node.start || first.end != second.start || second.end != node.end {
            return Err(fault());
        }
        if first.start > first.end || second.start > second.end {
            return Err(fault());
        }
        reached[left] = true;
        reached[right] = true;
    }
    for (node, reached) in nodes.iter_mut().zip(reached) {
        if !reached {
            *node = Node { start: 0, end: 0, leaf: true, radius: 0.0, panel: 0 };
        }
    }
    Ok(nodes)
}
