//! `sklearn.tree._classes`: `DecisionTreeClassifier`, `DecisionTreeRegressor`, `ExtraTreeClassifier`, `ExtraTreeRegressor`.

use ndarray::Array2;

use crate::math::scratch;
use crate::{
    data::{Array, Output, Samples},
    error::Result,
    estimator::{Classes, Estimator},
    math::special::argmax,
    method::{Method, Methods},
    state::State,
    tree::{structure::Stored, targets::Targets, trees::Trees},
    validation::Door,
};

/// How the input of trees is checked: NaN is taken in dense samples only, and only by some trees.
pub(crate) fn door(allow_nan: bool) -> Door {
    let door = Door::NUMERIC.sparse().float32();
    if allow_nan { door.dense_nan() } else { door }
}

/// `get_tags(estimator).input_tags.allow_nan` of a tree, or of a forest of such.
pub(crate) fn has_nan_tag(class: &str, version: (u32, u32), splitter: Option<&str>, criterion: Option<&str>) -> bool {
    let random = splitter == Some("random");
    let splits = match class {
        "RandomForestClassifier" | "RandomForestRegressor" => version >= (1, 4),
        "ExtraTreesClassifier" | "ExtraTreesRegressor" => version >= (1, 6),
        // In 1.6 the regressor's own rule was not applied.
        "ExtraTreeRegressor" if version == (1, 6) => true,
        "ExtraTreeClassifier" | "ExtraTreeRegressor" if version >= (1, 6) => random,
        // An extra tree takes over the rule of the other trees until 1.5.
        _ if version < (1, 6) => version >= (1, 3) && !random,
        _ => true,
    };
    let measured = criterion.is_some_and(|name| {
        ["gini", "log_loss", "entropy", "squared_error", "friedman_mse", "poisson"].contains(&name)
    });
    splits && (measured || version >= (1, 9))
}

/// Whether a tree takes NaN in its samples.
pub(crate) fn allows_nan(s: &State<'_, '_>) -> Result<bool> {
    let version = s.version();
    if version < (1, 3) {
        return Ok(false);
    }
    let (splitter, criterion): (String, String) = (s.get("splitter")?, s.get("criterion")?);
    let constrained = ((1, 4)..(1, 9)).contains(&version) && s.has("monotonic_cst");
    Ok(has_nan_tag(s.class(), version, Some(&splitter), Some(&criterion)) && !constrained)
}

/// Whether there is a `decision_path`, which came with 0.18.
pub(crate) fn has_path(s: &State<'_, '_>) -> bool {
    s.version() >= (0, 18)
}

/// `apply` and `decision_path` of one tree.
fn other(tree: &Trees, method: Method, x: &Samples) -> Result<Output> {
    if method != Method::Apply {
        return tree.decision_path(x);
    }
    Ok(Array::from(tree.apply(x)?.into_raw_vec_and_offset().0).into())
}

struct DecisionTreeClassifier {
    tree: Trees,
    targets: Targets,
    /// Index of the label of each leaf, output by output.
    labels: Vec<u32>,
    allow_nan: bool,
    has_path: bool,
}

pub(crate) fn classifier(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let targets = Targets::read(s)?;
    let stored = Stored::read(s)?;
    targets.require(s, "tree_", &stored.n_classes)?;
    // The stored values decide, of which probabilities are rounded quotients.
    let mut labels = Vec::new();
    for node in stored.leaves() {
        let rows = stored.value(node).chunks_exact(stored.max_n_classes).zip(&stored.n_classes);
        labels.extend(rows.map(|(row, &classes)| argmax(row[..classes].iter().copied()) as u32));
    }
    Ok(Box::new(DecisionTreeClassifier {
        tree: Trees::one(s, &stored, targets.sizes().sum(), &stored.classification(s))?,
        targets,
        labels,
        allow_nan: allows_nan(s)?,
        has_path: has_path(s),
    }))
}

impl Estimator for DecisionTreeClassifier {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::PredictProba, Method::PredictLogProba, Method::Apply])
            .with_if(self.has_path, Method::DecisionPath)
    }

    fn door(&self, _: Method) -> Door {
        door(self.allow_nan)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.tree.n_features())
    }

    fn classes(&self) -> Classes<'_> {
        self.targets.classes()
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let outputs = self.targets.n_outputs();
        let mut leaves = scratch::zeros(x.rows());
        self.tree.leaves(x, &mut leaves)?;
        let mut indices = scratch::empty();
        for &leaf in &leaves {
            indices.extend(self.labels[leaf * outputs..][..outputs].iter().map(|&label| label as usize));
        }
        scratch::give::<usize>(leaves);
        let labels = self.targets.labels(&indices);
        scratch::give(indices);
        labels
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        Ok(self.targets.probabilities(answers(&self.tree, x)?))
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        other(&self.tree, method, x)
    }
}

/// The answers of the leaves, one row a sample.
fn answers(tree: &Trees, x: &Samples) -> Result<Array2<f64>> {
    let width = tree.width();
    let mut out = vec![0.0; x.rows() * width];
    tree.answers(x, (&mut out, width), 0..1, |out, _, answer| out.copy_from_slice(answer))?;
    Ok(Array2::from_shape_vec((x.rows(), width), out).unwrap_or_default())
}

/// Values in the shape of a regression: 1-d for one output.
pub(crate) fn regression(y: Array2<f64>) -> Array {
    if y.ncols() == 1 { Array::from(y.into_raw_vec_and_offset().0) } else { y.into() }
}

struct DecisionTreeRegressor {
    tree: Trees,
    allow_nan: bool,
    has_path: bool,
}

pub(crate) fn regressor(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let stored = Stored::read(s)?;
    let outputs: usize = s.get("n_outputs_")?;
    s.require(
        outputs == stored.n_outputs(),
        format_args!("n_outputs_ is {outputs}, but tree_ has {} outputs", stored.n_outputs()),
    )?;
    Ok(Box::new(DecisionTreeRegressor {
        tree: Trees::one(s, &stored, outputs, &stored.regression(s)?)?,
        allow_nan: allows_nan(s)?,
        has_path: has_path(s),
    }))
}

impl Estimator for DecisionTreeRegressor {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::Apply]).with_if(self.has_path, Method::DecisionPath)
    }

    fn door(&self, _: Method) -> Door {
        door(self.allow_nan)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.tree.n_features())
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        Ok(regression(answers(&self.tree, x)?))
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        other(&self.tree, method, x)
    }
}
