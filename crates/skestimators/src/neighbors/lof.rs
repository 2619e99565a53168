//! `sklearn.neighbors._lof.LocalOutlierFactor`, for novelties.

use skpickle::Shared;

use super::base::Neighbors;
use crate::{
    data::{Array, Output, Samples},
    error::Result,
    estimator::Estimator,
    math::Matrix,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct LocalOutlierFactor {
    neighbors: Neighbors,
    novelty: bool,
    offset: f64,
    k: usize,
    /// `_lrd`: how densely each fitted sample's neighbourhood can be reached.
    density: Shared<f64>,
    /// Distance of each fitted sample to the farthest of its neighbours.
    reach: Vec<f64>,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let neighbors = Neighbors::load(s)?;
    let novelty = s.opt::<bool>("novelty")?.unwrap_or(false);
    let fitted = neighbors.fitted();
    let density: Shared<f64> = s.get("_lrd")?;
    let distances: Matrix = s.get("_distances_fit_X_")?;
    let k: usize = s.get("n_neighbors_")?;
    s.require(density.len() == fitted, format_args!("_lrd holds {} values for {fitted} samples", density.len()))?;
    s.require(
        k > 0 && k <= fitted && distances.rows == fitted && distances.columns >= k,
        format_args!("_distances_fit_X_ is not of {fitted} samples with {k} neighbours each"),
    )?;
    // Up to 0.19 there were no novelties, and no offset.
    let offset = s.opt::<f64>("offset_")?;
    s.require(offset.is_some() || !novelty, "offset_ is missing")?;
    let reach = (0..fitted).map(|i| distances.row(i)[k - 1]).collect();
    Ok(Box::new(LocalOutlierFactor { neighbors, novelty, offset: offset.unwrap_or_default(), k, density, reach }))
}

impl LocalOutlierFactor {
    fn scores(&self, x: &Samples) -> Result<Vec<f64>> {
        let k = self.k as f64;
        let found = self.neighbors.kneighbors(x, self.k)?;
        let score = |(distances, neighbors): (Vec<f64>, Vec<usize>)| {
            let reach: f64 = distances.iter().zip(&neighbors).map(|(&d, &i)| d.max(self.reach[i])).sum();
            // Many duplicates may leave no distance at all.
            let density = 1.0 / (reach / k + 1e-10);
            -(neighbors.iter().map(|&i| self.density[i] / density).sum::<f64>() / k)
        };
        Ok(found.into_iter().map(score).collect())
    }
}

impl Estimator for LocalOutlierFactor {
    fn methods(&self) -> Methods {
        let methods = Methods::of(&[Method::Kneighbors, Method::KneighborsIndices]);
        methods
            .with_if(self.novelty, Method::Predict)
            .with_if(self.novelty, Method::DecisionFunction)
            .with_if(self.novelty, Method::ScoreSamples)
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        let name = method.name();
        (!self.novelty && matches!(method, Method::Predict | Method::DecisionFunction | Method::ScoreSamples)).then(|| {
            let which = if method == Method::Predict {
                String::from(", use fit_predict if you want to predict on training data")
            } else {
                String::new()
            };
            format!(
                "{name} is not available when novelty=False{which}. Use novelty=True if you want to use LOF for novelty \
                 detection and {} new unseen data.",
                if method == Method::Predict { "predict on" } else { "compute it for" }
            )
        })
    }

    fn door(&self, method: Method) -> Door {
        match method {
            Method::Kneighbors | Method::KneighborsIndices => self.neighbors.door(),
            // These check their samples themselves before they look for neighbours, and take no NaN for any metric.
            _ => self.neighbors.door().finite().nameless(),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        self.neighbors.width()
    }

    /// 1 for inliers, -1 for outliers.
    fn predict(&self, x: &Samples) -> Result<Array> {
        let sides = self.scores(x)?.into_iter().map(|score| if score - self.offset < 0.0 { -1 } else { 1 });
        Ok(sides.collect::<Vec<i64>>().into())
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        Ok(self.scores(x)?.into_iter().map(|score| score - self.offset).collect::<Vec<f64>>().into())
    }

    fn score_samples(&self, x: &Samples) -> Result<Array> {
        Ok(self.scores(x)?.into())
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        self.neighbors.part(method, x)
    }
}
