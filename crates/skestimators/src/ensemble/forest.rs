//! `sklearn.ensemble._forest`: `RandomForestClassifier`, `RandomForestRegressor`, `ExtraTreesClassifier`, `ExtraTreesRegressor`.

use std::collections::HashMap;

use ndarray::Array2;
use skpickle::{ErrorKind, Obj};

use crate::math::scratch;
use crate::{
    data::{Array, Output, Samples},
    error::Result,
    estimator::{Classes, Estimator},
    method::{Method, Methods},
    state::State,
    tree::{
        classes::{allows_nan, door, has_path, regression},
        structure::Stored,
        targets::Targets,
        trees::Trees,
    },
    validation::Door,
};

/// Loads the trees of an ensemble, whose leaves answer `width` numbers by `answers`.
pub(crate) fn trees<'g>(
    s: &State<'_, 'g>,
    members: &[Obj<'g>],
    classes: &[&str],
    width: usize,
    answers: impl Fn(&State<'_, 'g>, &Stored) -> Result<Vec<f64>> + Sync,
) -> Result<Trees> {
    let runs = s.in_threads(members, |s, members| in_turn(s, members, classes, width, &answers))?;
    let mut runs = runs.into_iter().flatten();
    let Some(mut trees) = runs.next() else {
        return Err(s.obj().error(ErrorKind::Value, "estimators_ is empty: an ensemble has at least one tree").into());
    };
    for run in runs {
        require_width(s, &trees, run.n_features())?;
        trees.append(s, &run)?;
    }
    Ok(trees)
}

fn require_width(s: &State<'_, '_>, trees: &Trees, n_features: usize) -> Result<()> {
    s.require(
        n_features == trees.n_features(),
        format_args!("a tree of estimators_ is for {n_features} features, those before it for {}", trees.n_features()),
    )
}

/// Loads trees one after the other; one that several members share is loaded once.
fn in_turn<'g>(
    s: &State<'_, 'g>,
    members: &[Obj<'g>],
    classes: &[&str],
    width: usize,
    answers: impl Fn(&State<'_, 'g>, &Stored) -> Result<Vec<f64>>,
) -> Result<Option<Trees>> {
    let mut known: HashMap<u32, usize> = HashMap::new();
    let mut trees: Option<Trees> = None;
    for member in members {
        if let (Some(trees), Some(&tree)) = (&mut trees, known.get(&member.identity())) {
            trees.repeat(tree);
            continue;
        }
        let state = open_tree(s, member, classes)?;
        let stored = Stored::read(&state)?;
        let answers = answers(&state, &stored)?;
        let trees = match &mut trees {
            Some(trees) => trees,
            None => trees.insert(Trees::new(s, stored.n_features, width)?),
        };
        require_width(s, trees, stored.n_features)?;
        known.insert(member.identity(), trees.len());
        trees.push(&state, &stored, &answers)?;
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

/// The sum of the trees' answers, one row a sample, divided by their number.
fn mean(trees: &Trees, x: &Samples) -> Result<Array2<f64>> {
    let width = trees.width();
    let mut sums = scratch::zeros(x.rows() * width);
    trees.answers(x, (&mut sums, width), 0..trees.len(), |sums, _, answer| {
        sums.iter_mut().zip(answer).for_each(|(sum, value)| *sum += value);
    })?;
    let count = trees.len() as f64;
    sums.iter_mut().for_each(|sum| *sum /= count);
    Ok(Array2::from_shape_vec((x.rows(), width), sums).unwrap_or_default())
}

/// `apply` and `decision_path`.
pub(crate) fn other(trees: &Trees, method: Method, x: &Samples) -> Result<Output> {
    if method == Method::Apply { Ok(Array::from(trees.apply(x)?).into()) } else { trees.decision_path(x) }
}

struct ForestClassifier {
    trees: Trees,
    targets: Targets,
    allow_nan: bool,
    has_path: bool,
}

pub(crate) fn classifier(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let targets = Targets::read(s)?;
    let members = s.objects("estimators_")?;
    let width = targets.sizes().sum();
    let trees = trees(s, &members, &["DecisionTreeClassifier", "ExtraTreeClassifier"], width, |s, stored| {
        targets.require(s, "a tree of estimators_", &stored.n_classes)?;
        Ok(stored.classification(s))
    })?;
    Ok(Box::new(ForestClassifier { trees, targets, allow_nan: allow_nan(s, &members)?, has_path: has_path(s) }))
}

impl ForestClassifier {
    fn mean(&self, x: &Samples) -> Result<Array2<f64>> {
        mean(&self.trees, x)
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
        Some(self.trees.n_features())
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
    trees: Trees,
    allow_nan: bool,
    has_path: bool,
}

pub(crate) fn regressor(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let n_outputs: usize = s.get("n_outputs_")?;
    let members = s.objects("estimators_")?;
    let trees = trees(s, &members, &["DecisionTreeRegressor", "ExtraTreeRegressor"], n_outputs, |s, stored| {
        s.require(
            stored.n_outputs() == n_outputs,
            format_args!("tree_ has {} outputs in a forest of {n_outputs}", stored.n_outputs()),
        )?;
        stored.regression(s)
    })?;
    Ok(Box::new(ForestRegressor { trees, allow_nan: allow_nan(s, &members)?, has_path: has_path(s) }))
}

impl Estimator for ForestRegressor {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::Apply]).with_if(self.has_path, Method::DecisionPath)
    }

    fn door(&self, _: Method) -> Door {
        door(self.allow_nan)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.trees.n_features())
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        Ok(regression(mean(&self.trees, x)?))
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        other(&self.trees, method, x)
    }
}
