//! `sklearn.ensemble._iforest`: `IsolationForest`, `score = -2^(-mean path length / expected path length)`.

use skpickle::{ErrorKind, Obj, Shared};

use crate::{
    data::{Array, Samples},
    ensemble::forest::open_tree,
    error::Result,
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    tree::{structure::Stored, trees::Trees},
    validation::Door,
};

/// Euler's constant.
const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

/// How the expected path length of `n` samples is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PathLength {
    /// 0.18: by the logarithm of `n`; 1 for one sample.
    V18,
    /// 0.19 and 0.20: by the logarithm of `n - 1`; 1 for one sample.
    V19,
    /// Since 0.21: none for one sample, 1 for two.
    V21,
}

impl PathLength {
    fn of(self, n: f64) -> f64 {
        let tail = |log: f64, gamma: f64| 2.0 * (log + gamma) - 2.0 * (n - 1.0) / n;
        match self {
            PathLength::V21 if n <= 1.0 => 0.0,
            PathLength::V21 if n == 2.0 => 1.0,
            _ if n <= 1.0 => 1.0,
            PathLength::V18 => tail(n.ln(), 0.577_215_664_9),
            PathLength::V19 | PathLength::V21 => tail((n - 1.0).ln(), EULER_GAMMA),
        }
    }
}

struct IsolationForest {
    /// Each leaf answers the length of the path to it, with what its samples would have added.
    trees: Trees,
    n_features: usize,
    /// Expected length of a path.
    expected: f64,
    /// The mean length is divided by the expected one, rather than the sum by the expected sum: the results differ in the last bit.
    by_mean: bool,
    /// What `2^-(0 / 0)` is taken for: a forest of single samples.
    degenerate: f64,
    /// `decision_function` is `score_samples` less this.
    offset: f64,
    /// Samples below this are outliers; those at it too if `inclusive`.
    threshold: f64,
    inclusive: bool,
    has_score_samples: bool,
    any_value: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let version = s.version();
    let length = match version {
        _ if version < (0, 19) => PathLength::V18,
        _ if version < (0, 21) => PathLength::V19,
        _ => PathLength::V21,
    };
    let n_features: usize = s.renamed(&["n_features_in_", "n_features_"])?;
    let trees = trees(s, n_features, length)?;
    // Since 1.3 under the name with an underscore; the other is a copy that may be absent.
    let max_samples: f64 = s.renamed(&["_max_samples", "max_samples_"])?;
    s.require(max_samples.is_finite() && max_samples >= 0.0, "max_samples_ is no count of samples")?;
    let expected = length.of(max_samples);
    let old = version < (0, 20);
    // 0.20 and 0.21 could behave as before.
    let behaves_old = version < (0, 22) && !old && s.choice("behaviour", None, &[("old", true), ("new", false)])?;
    let threshold = match () {
        () if old => s.get("threshold_")?,
        () if behaves_old => s.get("_threshold_")?,
        () => 0.0,
    };
    let offset = if old { -0.5 } else { s.get("offset_")? };
    s.require(f64::is_finite(threshold) && f64::is_finite(offset), "offset_ or threshold_ is not finite")?;
    Ok(Box::new(IsolationForest {
        trees,
        n_features,
        expected,
        by_mean: version < (0, 21),
        degenerate: if version < (1, 0) { f64::NAN } else { 0.5 },
        offset,
        threshold,
        inclusive: old,
        has_score_samples: !old,
        any_value: version >= (1, 6),
    }))
}

fn trees(s: &State<'_, '_>, n_features: usize, length: PathLength) -> Result<Trees> {
    let members = s.objects("estimators_")?;
    s.require(!members.is_empty(), "estimators_ is empty: an ensemble has at least one tree")?;
    let max_features: usize = s.get("_max_features")?;
    let features = if max_features == n_features { None } else { Some(s.objects("estimators_features_")?) };
    if let Some(features) = &features {
        s.require(
            features.len() == members.len(),
            format_args!("estimators_features_ has {} entries for {} trees", features.len(), members.len()),
        )?;
    }
    let stored_lengths = lengths(s, "_average_path_length_per_tree", members.len())?;
    let stored_depths = lengths(s, "_decision_path_lengths", members.len())?;
    let mut trees = Trees::new(s, n_features, 1)?;
    for (i, member) in members.iter().enumerate() {
        let state = open_tree(s, member, &["ExtraTreeRegressor"])?;
        let mut stored = Stored::read(&state)?;
        if let Some(features) = &features {
            let columns = columns(&features[i], n_features)?;
            state.require(
                columns.len() == stored.n_features,
                format_args!(
                    "the tree is for {} features, estimators_features_ names {}",
                    stored.n_features,
                    columns.len()
                ),
            )?;
            stored = stored.with_features(&columns, n_features);
        }
        state.require(
            stored.n_features == n_features,
            format_args!("the tree is for {} features in a forest for {n_features}", stored.n_features),
        )?;
        let count = stored.node_count();
        let lengths = match &stored_lengths {
            Some(lengths) => per_node(&lengths[i], count)?,
            None => {
                let samples = state.child("tree_")?.raw("nodes")?.array()?.column("n_node_samples")?.f64s()?;
                samples.iter().map(|&n| length.of(n)).collect()
            }
        };
        let depths = match &stored_depths {
            Some(depths) => per_node(&depths[i], count)?,
            None => stored.depths().into_iter().map(f64::from).collect(),
        };
        let answers: Vec<f64> = stored.leaves().map(|node| leaf_length(length, depths[node], lengths[node])).collect();
        trees.push(&state, &stored, &answers)?;
    }
    Ok(trees)
}

/// Length of a path of `depth` nodes, in the order of operations of the version.
fn leaf_length(length: PathLength, depth: f64, average: f64) -> f64 {
    match length {
        PathLength::V21 => depth + average - 1.0,
        PathLength::V18 | PathLength::V19 => (depth - 1.0) + average,
    }
}

/// What is kept for each tree since 1.3.
fn lengths<'g>(s: &State<'_, 'g>, name: &str, trees: usize) -> Result<Option<Vec<Obj<'g>>>> {
    if !s.has(name) {
        return Ok(None);
    }
    let fields = s.objects(name)?;
    s.require(fields.len() == trees, format_args!("{name} has {} entries for {trees} trees", fields.len()))?;
    Ok(Some(fields))
}

fn per_node(field: &Obj<'_>, nodes: usize) -> Result<Vec<f64>> {
    let values: Shared<f64> = field.get()?;
    if values.len() != nodes || values.iter().any(|value| !value.is_finite()) {
        return Err(field.expected(&format!("{nodes} finite numbers, one for each node")).into());
    }
    field.charge(8 * nodes as u64)?;
    Ok(values.to_vec())
}

/// The columns that a tree sees.
fn columns(field: &Obj<'_>, n_features: usize) -> Result<Vec<u32>> {
    let indices: Shared<i64> = field.get()?;
    let index = |&j: &i64| u32::try_from(j).ok().filter(|&j| (j as usize) < n_features && j < 1 << 31);
    let columns: Option<Vec<u32>> = indices.iter().map(index).collect();
    columns.ok_or_else(|| field.error(ErrorKind::Value, format_args!("a column is not below {n_features}")).into())
}

impl IsolationForest {
    /// The anomaly score of the paper.
    fn scores(&self, x: &Samples) -> Result<Vec<f64>> {
        let mut lengths = vec![0.0; x.rows()];
        self.trees.answers(x, (&mut lengths, 1), 0..self.trees.len(), |length, _, answer| length[0] += answer[0])?;
        let count = self.trees.len() as f64;
        let score = |sum: f64| match self.expected {
            0.0 => self.degenerate,
            expected if self.by_mean => 2f64.powf(-(sum / count) / expected),
            expected => 2f64.powf(-sum / (count * expected)),
        };
        lengths.iter_mut().for_each(|length| *length = score(*length));
        Ok(lengths)
    }
}

impl Estimator for IsolationForest {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::DecisionFunction]).with_if(self.has_score_samples, Method::ScoreSamples)
    }

    fn door(&self, _: Method) -> Door {
        let door = Door::NUMERIC.sparse().float32();
        if self.any_value { door.any_value() } else { door }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.n_features)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let outlier = |score: f64| {
            let decision = -score - self.offset;
            if self.inclusive { decision <= self.threshold } else { decision < self.threshold }
        };
        let scores = self.scores(x)?;
        Ok(Array::from(scores.into_iter().map(|score| if outlier(score) { -1 } else { 1 }).collect::<Vec<i64>>()))
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        Ok(Array::from(self.scores(x)?.into_iter().map(|score| -score - self.offset).collect::<Vec<f64>>()))
    }

    fn score_samples(&self, x: &Samples) -> Result<Array> {
        Ok(Array::from(self.scores(x)?.into_iter().map(|score| -score).collect::<Vec<f64>>()))
    }
}
