//! `sklearn.ensemble._forest`: `RandomForestClassifier`, `RandomForestRegressor`, `ExtraTreesClassifier`, `ExtraTreesRegressor`.

use std::{collections::HashMap, sync::Arc};

use ndarray::{Array2, ArrayD};
use skpickle::Obj;

use crate::math::scratch;
use crate::{
    data::{Array, Output, Samples},
    error::Result,
    estimator::{Classes, Estimator},
    method::{Method, Methods},
    state::State,
    tree::{
        classes::{allows_nan, decision_path, door, has_path, regression},
        rows::blocks,
        structure::{Stored, Tree},
        targets::Targets,
    },
    validation::Door,
};

/// Loads the trees of an ensemble; one that several members share is loaded once. `make` turns what is stored into a tree.
pub(crate) fn trees<'a, 'g>(
    s: &State<'a, 'g>,
    members: &[Obj<'g>],
    classes: &[&str],
    mut make: impl FnMut(&State<'a, 'g>, Stored) -> Result<Tree>,
) -> Result<Vec<Arc<Tree>>> {
    s.require(!members.is_empty(), "estimators_ is empty: an ensemble has at least one tree")?;
    let mut known: HashMap<u32, Arc<Tree>> = HashMap::new();
    let mut trees = Vec::with_capacity(members.len());
    for member in members {
        if let Some(tree) = known.get(&member.identity()) {
            trees.push(Arc::clone(tree));
            continue;
        }
        let state = open_tree(s, member, classes)?;
        let tree = Arc::new(make(&state, Stored::read(&state)?)?);
        known.insert(member.identity(), Arc::clone(&tree));
        trees.push(tree);
    }
    Ok(trees)
}

/// The state of a tree of an ensemble, which must be of one of these classes.
pub(crate) fn open_tree<'a, 'g>(s: &State<'a, 'g>, member: &Obj<'g>, classes: &[&str]) -> Result<State<'a, 'g>> {
    let of = |name: &skpickle::Name<'_>| name.module.starts_with("sklearn.tree.") && classes.contains(&name.name);
    if member.class().is_none_or(|name| !of(&name)) {
        return Err(member.expected(&format!("a {}", classes.join(" or "))).into());
    }
    s.open(member)
}

/// Whether the trees of an ensemble take NaN: the first one is asked, since 1.4.
pub(crate) fn allow_nan(s: &State<'_, '_>, members: &[Obj<'_>]) -> Result<bool> {
    match members.first() {
        Some(first) if s.version() >= (1, 4) => allows_nan(&s.open(first)?),
        _ => Ok(false),
    }
}

/// Width of the samples, which must be the same for all trees.
pub(crate) fn n_features(s: &State<'_, '_>, trees: &[Arc<Tree>]) -> Result<usize> {
    let widths = || trees.iter().map(|tree| tree.n_features());
    let width = widths().next().unwrap_or(0);
    s.require(widths().all(|other| other == width), "the trees of estimators_ are for different numbers of features")?;
    Ok(width)
}

/// The sum of the trees' answers, one row a sample, divided by their number.
fn mean(trees: &[Arc<Tree>], width: usize, x: &Samples) -> Result<Array2<f64>> {
    let mut sums = scratch::zeros(x.rows() * width);
    blocks(x, |block| {
        for tree in trees {
            tree.answers(block, |i, answer| {
                sums[i * width..][..width].iter_mut().zip(answer).for_each(|(sum, value)| *sum += value);
            });
        }
    })?;
    let count = trees.len() as f64;
    sums.iter_mut().for_each(|sum| *sum /= count);
    Ok(Array2::from_shape_vec((x.rows(), width), sums).unwrap_or_default())
}

/// Node of the leaf of every sample in every tree, one row a sample.
pub(crate) fn leaf_nodes(trees: &[Arc<Tree>], x: &Samples) -> Result<Array2<i64>> {
    let mut nodes = Array2::zeros((x.rows(), trees.len()));
    blocks(x, |block| {
        for (t, tree) in trees.iter().enumerate() {
            tree.leaves(block, |i, node| nodes[[i, t]] = node as i64);
        }
    })?;
    Ok(nodes)
}

/// `apply` and `decision_path`.
pub(crate) fn other(trees: &[Arc<Tree>], method: Method, x: &Samples) -> Result<Output> {
    match method {
        Method::Apply => Ok(Array::I64(ArrayD::from(leaf_nodes(trees, x)?.into_dyn())).into()),
        _ => decision_path(&trees.iter().map(AsRef::as_ref).collect::<Vec<_>>(), x),
    }
}

struct ForestClassifier {
    trees: Vec<Arc<Tree>>,
    targets: Targets,
    n_features: usize,
    allow_nan: bool,
    has_path: bool,
}

pub(crate) fn classifier(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let targets = Targets::read(s)?;
    let members = s.objects("estimators_")?;
    let trees = trees(s, &members, &["DecisionTreeClassifier", "ExtraTreeClassifier"], |s, stored| {
        targets.require(s, "a tree of estimators_", &stored.n_classes)?;
        Ok(stored.classification(s))
    })?;
    let n_features = n_features(s, &trees)?;
    Ok(Box::new(ForestClassifier {
        trees,
        targets,
        n_features,
        allow_nan: allow_nan(s, &members)?,
        has_path: has_path(s),
    }))
}

impl ForestClassifier {
    fn mean(&self, x: &Samples) -> Result<Array2<f64>> {
        mean(&self.trees, self.targets.sizes().sum(), x)
    }
}

impl Estimator for ForestClassifier {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::PredictProba, Method::PredictLogProba, Method::Apply])
            .with_if(self.has_path, Method::DecisionPath)
    }

    fn door(&self, _: Method) -> Door {
        door(self.allow_nan)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.n_features)
    }

    fn classes(&self) -> Classes<'_> {
        self.targets.classes()
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let p = self.mean(x)?;
        let labels = self.targets.most_probable(&p);
        scratch::give_matrix(p);
        labels
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        Ok(self.targets.probabilities(self.mean(x)?))
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        other(&self.trees, method, x)
    }
}

struct ForestRegressor {
    trees: Vec<Arc<Tree>>,
    n_outputs: usize,
    n_features: usize,
    allow_nan: bool,
    has_path: bool,
}

pub(crate) fn regressor(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let n_outputs: usize = s.get("n_outputs_")?;
    let members = s.objects("estimators_")?;
    let trees = trees(s, &members, &["DecisionTreeRegressor", "ExtraTreeRegressor"], |s, stored| {
        s.require(
            stored.n_outputs() == n_outputs,
            format!("tree_ has {} outputs in a forest of {n_outputs}", stored.n_outputs()),
        )?;
        stored.regression(s)
    })?;
    let n_features = n_features(s, &trees)?;
    Ok(Box::new(ForestRegressor {
        trees,
        n_outputs,
        n_features,
        allow_nan: allow_nan(s, &members)?,
        has_path: has_path(s),
    }))
}

impl Estimator for ForestRegressor {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::Apply]).with_if(self.has_path, Method::DecisionPath)
    }

    fn door(&self, _: Method) -> Door {
        door(self.allow_nan)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.n_features)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        Ok(regression(mean(&self.trees, self.n_outputs, x)?))
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        other(&self.trees, method, x)
    }
}
