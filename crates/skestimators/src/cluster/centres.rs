//! Clusterings that know their centres: a sample belongs to the nearest. `KMeans`, `MiniBatchKMeans`, `MeanShift`,
//! `AffinityPropagation` and `Birch`.

use crate::{
    data::{Array, Samples},
    error::{Error, Result},
    estimator::Estimator,
    math::{
        Matrix,
        euclidean::{Compared, Targets},
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// What a clustering has besides `predict`.
pub(super) struct Distances {
    /// Samples of 32 bits give distances of 32 bits.
    float32: bool,
    /// What the names of the columns begin with, where there are names.
    prefix: Option<String>,
}

impl Distances {
    pub(super) fn load(s: &State<'_, '_>, centres: &str) -> Result<Self> {
        let array = s.raw(centres)?.array()?;
        let float32 = array.dtype().is_f32();
        let prefix = (s.version() >= (1, 1)).then(|| s.class().to_lowercase());
        Ok(Distances { float32, prefix })
    }

    pub(super) fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform]).with_if(self.prefix.is_some(), Method::FeatureNamesOut)
    }

    pub(super) fn transform(&self, x: &Samples, centres: &Targets) -> Result<Samples> {
        let distances = centres.distances(x)?;
        let in32 = self.float32 && matches!(x, Samples::Dense32(_));
        Ok(if in32 { Samples::Dense32(distances.mapv(|v| v as f32)) } else { Samples::Dense(distances) })
    }

    pub(super) fn names(&self, count: usize) -> Vec<String> {
        let prefix = self.prefix.as_deref().unwrap_or_default();
        (0..count).map(|i| format!("{prefix}{i}")).collect()
    }
}

/// Reads centres, one row each.
pub(super) fn centres(s: &State<'_, '_>, name: &str) -> Result<Matrix> {
    let centres: Matrix = s.get(name)?;
    s.require(centres.columns > 0, format_args!("{name} has no columns"))?;
    s.require(centres.data.iter().all(|v| v.is_finite()), format_args!("{name} is not finite"))?;
    Ok(centres)
}

struct Centres {
    /// `None` where a clustering of given similarities has none.
    centres: Option<Targets>,
    /// Labels of the centres, where they are not their positions.
    labels: Option<Vec<i64>>,
    distances: Option<Distances>,
    compared: Compared,
    door: Door,
}

/// What `pairwise_distances_argmin` compares: by `ArgKmin` since 1.1, in batches of squares before 0.20.
fn compared(s: &State<'_, '_>) -> Compared {
    match s.version() {
        (0, ..=19) => Compared::Squares,
        (1.., 1..) => Compared::ArgKmin,
        _ => Compared::Distances,
    }
}

pub(crate) fn load_k_means(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let centres = centres(s, "cluster_centers_")?;
    s.require(centres.rows > 0, "cluster_centers_ is empty")?;
    let distances = Some(Distances::load(s, "cluster_centers_")?);
    Ok(Box::new(Centres {
        centres: Some(Targets::new(centres)),
        labels: None,
        distances,
        compared: Compared::Parts,
        door: Door::NUMERIC.sparse().keep32().floats(),
    }))
}

pub(crate) fn load_mean_shift(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let centres = centres(s, "cluster_centers_")?;
    s.require(centres.rows > 0, "cluster_centers_ is empty")?;
    let centres = Some(Targets::new(centres));
    // Sparse samples were not refused before 0.24.
    let door = if s.version() < (0, 24) { Door::NUMERIC.sparse() } else { Door::NUMERIC };
    Ok(Box::new(Centres { centres, labels: None, distances: None, compared: compared(s), door }))
}

pub(crate) fn load_affinity_propagation(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let precomputed = s.choice("affinity", None, &[("euclidean", false), ("precomputed", true)])?;
    // Without convergence there are none, and every sample is labelled -1.
    let given = precomputed && !s.has("cluster_centers_");
    let centres = if given { None } else { Some(Targets::new(centres(s, "cluster_centers_")?)) };
    // Sparse samples were refused from 0.22 to 0.24.
    let dense = matches!(s.version(), (0, 22..=24));
    let door = if dense { Door::NUMERIC } else { Door::NUMERIC.sparse() };
    Ok(Box::new(Centres { centres, labels: None, distances: None, compared: compared(s), door }))
}

pub(crate) fn load_birch(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let centres = centres(s, "subcluster_centers_")?;
    s.require(centres.rows > 0, "subcluster_centers_ is empty")?;
    let labels = s.get::<skpickle::Shared<i64>>("subcluster_labels_")?.to_vec();
    s.require(
        labels.len() == centres.rows,
        format_args!("subcluster_labels_ has {} labels for {} centres", labels.len(), centres.rows),
    )?;
    let distances = Some(Distances::load(s, "subcluster_centers_")?);
    Ok(Box::new(Centres {
        centres: Some(Targets::new(centres)),
        labels: Some(labels),
        distances,
        // It had an `argmin` of its own up to 0.23.
        compared: if s.version() < (0, 24) { Compared::Parts } else { compared(s) },
        door: Door::NUMERIC.sparse().keep32(),
    }))
}

impl Centres {
    fn centres(&self) -> Result<&Targets> {
        self.centres
            .as_ref()
            .ok_or_else(|| Error::input("Predict method is not supported when affinity='precomputed'."))
    }
}

impl Estimator for Centres {
    fn methods(&self) -> Methods {
        self.distances.as_ref().map(Distances::methods).unwrap_or_default().with(Method::Predict)
    }

    fn door(&self, _: Method) -> Door {
        self.door
    }

    fn n_features_in(&self) -> Option<usize> {
        self.centres.as_ref().map(|centres| centres.rows.columns)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let centres = self.centres()?;
        if centres.rows.rows == 0 {
            return Ok(vec![-1i64; x.rows()].into());
        }
        let label = |at: usize| self.labels.as_ref().map_or(at as i64, |labels| labels[at]);
        let mut labels = Vec::with_capacity(x.rows());
        centres.nearest(x, self.compared, |index| labels.push(label(index)))?;
        Ok(labels.into())
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        match &self.distances {
            Some(distances) => distances.transform(x, self.centres()?),
            None => Ok(x.clone()),
        }
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        let count = self.centres()?.rows.rows;
        Ok(self.distances.as_ref().map(|distances| distances.names(count)).unwrap_or_default())
    }
}
