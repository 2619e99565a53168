//! `BisectingKMeans`: at each branch of a tree a sample goes to the nearer of two centres.

use std::collections::HashSet;

use skpickle::Obj;

use super::centres::{Distances, centres};
use crate::{
    data::{Array, Samples},
    error::Result,
    estimator::Estimator,
    math::{Matrix, Row, dot, euclidean::Targets, rows},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

enum Node {
    Leaf(i64),
    /// Two centres, and where their nodes are; both come later in the list.
    Branch(Matrix, [usize; 2]),
}

struct BisectingKMeans {
    nodes: Vec<Node>,
    centres: Matrix,
    distances: Distances,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let centres = centres(s, "cluster_centers_")?;
    let distances = Distances::load(s, "cluster_centers_")?;
    let mean = s.opt::<skpickle::Shared<f64>>("_X_mean")?;
    s.require(
        mean.as_ref().is_none_or(|m| m.len() == centres.columns),
        "_X_mean and cluster_centers_ differ in width",
    )?;
    let nodes = nodes(s, &centres, mean.as_deref())?;
    Ok(Box::new(BisectingKMeans { nodes, centres, distances }))
}

/// The tree as a list, parents first.
fn nodes(s: &State<'_, '_>, centres: &Matrix, mean: Option<&[f64]>) -> Result<Vec<Node>> {
    let mut seen = HashSet::new();
    let mut queue = vec![s.raw("_bisecting_tree")?];
    let mut nodes = Vec::new();
    while nodes.len() < queue.len() {
        let obj = queue[nodes.len()].clone();
        if !seen.insert(obj.identity()) {
            return Err(obj.expected("a tree, in which no node is reached twice").into());
        }
        let node = s.open(&obj)?;
        let (left, right) = (node.raw_opt("left"), node.raw_opt("right"));
        let (Some(left), Some(right)) = (left, right) else {
            let label = node.get::<i64>("label")?;
            node.require(
                usize::try_from(label).is_ok_and(|l| l < centres.rows),
                "label is not below the number of clusters",
            )?;
            nodes.push(Node::Leaf(label));
            continue;
        };
        let mut pair = centre(s, &left, centres.columns)?;
        pair.extend(centre(s, &right, centres.columns)?);
        if let Some(mean) = mean {
            pair.iter_mut().enumerate().for_each(|(i, v)| *v += mean[i % mean.len()]);
        }
        nodes.push(Node::Branch(Matrix::new(pair, 2, centres.columns), [queue.len(), queue.len() + 1]));
        queue.push(left);
        queue.push(right);
    }
    Ok(nodes)
}

fn centre(s: &State<'_, '_>, obj: &Obj<'_>, width: usize) -> Result<Vec<f64>> {
    let field = obj.field("center")?;
    let centre = field.get::<skpickle::Shared<f64>>()?;
    // Many nodes may share one array in the file.
    field.charge(16 * centre.len() as u64)?;
    let centre = centre.to_vec();
    s.require(
        centre.len() == width && centre.iter().all(|v| v.is_finite()),
        format_args!("a centre in _bisecting_tree has not {width} finite values"),
    )?;
    Ok(centre)
}

/// The nearer of two centres, the first of equally near ones.
fn nearest_of(row: &Row<'_>, pair: &Matrix) -> usize {
    let distance = |k: usize| dot(pair.row(k), pair.row(k)) - 2.0 * row.dot(pair.row(k));
    usize::from(distance(1) < distance(0))
}

impl Estimator for BisectingKMeans {
    fn methods(&self) -> Methods {
        self.distances.methods().with(Method::Predict)
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC.sparse().keep32().floats()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.centres.columns)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let label = |row: Row<'_>| {
            let mut at = 0;
            loop {
                match &self.nodes[at] {
                    Node::Leaf(label) => break *label,
                    Node::Branch(pair, children) => at = children[nearest_of(&row, pair)],
                }
            }
        };
        Ok(rows(x)?.map(label).collect::<Vec<i64>>().into())
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        self.distances.transform(x, &Targets::new(self.centres.clone()))
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok(self.distances.names(self.centres.rows))
    }
}
