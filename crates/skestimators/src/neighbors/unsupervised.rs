//! `sklearn.neighbors._unsupervised` and `_graph`: `NearestNeighbors`, `KNeighborsTransformer`, `RadiusNeighborsTransformer`.

use super::base::Neighbors;
use crate::{
    data::{Csr, Output, Samples},
    error::Result,
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct NearestNeighbors {
    neighbors: Neighbors,
    graph: Option<Graph>,
    methods: Methods,
    /// The class in small letters: names of columns begin with it.
    prefix: String,
}

/// What a transformer makes of the neighbours.
struct Graph {
    within: Within,
    /// Distances, rather than ones.
    distances: bool,
}

enum Within {
    Nearest(usize),
    Radius(f64),
}

const NEAREST: [Method; 2] = [Method::Kneighbors, Method::KneighborsIndices];
const RADIUS: [Method; 2] = [Method::RadiusNeighbors, Method::RadiusNeighborsIndices];

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let neighbors = Neighbors::load(s)?;
    let methods = Methods::of(&[NEAREST[0], NEAREST[1], RADIUS[0], RADIUS[1]]);
    Ok(Box::new(NearestNeighbors { neighbors, graph: None, methods, prefix: String::new() }))
}

pub(crate) fn load_k_transformer(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let neighbors = Neighbors::load(s)?;
    let distances = mode(s)?;
    // Distances come with one neighbour more, since a fitted sample is its own nearest.
    let within = Within::Nearest(neighbors.need_k(s)?.saturating_add(usize::from(distances)));
    transformer(s, neighbors, Graph { within, distances }, NEAREST)
}

pub(crate) fn load_radius_transformer(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let neighbors = Neighbors::load(s)?;
    let within = Within::Radius(neighbors.need_radius(s)?);
    transformer(s, neighbors, Graph { within, distances: mode(s)? }, RADIUS)
}

fn mode(s: &State<'_, '_>) -> Result<bool> {
    s.choice("mode", Some("distance"), &[("distance", true), ("connectivity", false)])
}

fn transformer(
    s: &State<'_, '_>,
    neighbors: Neighbors,
    graph: Graph,
    methods: [Method; 2],
) -> Result<Box<dyn Estimator>> {
    let methods = Methods::of(&methods).with(Method::Transform).with_if(s.version() >= (1, 1), Method::FeatureNamesOut);
    let prefix = s.class().to_lowercase();
    Ok(Box::new(NearestNeighbors { neighbors, graph: Some(graph), methods, prefix }))
}

impl Estimator for NearestNeighbors {
    fn methods(&self) -> Methods {
        self.methods
    }

    fn door(&self, _: Method) -> Door {
        self.neighbors.door()
    }

    fn n_features_in(&self) -> Option<usize> {
        self.neighbors.width()
    }

    /// `kneighbors_graph` or `radius_neighbors_graph`.
    fn transform(&self, x: &Samples) -> Result<Samples> {
        let Some(graph) = &self.graph else { return Ok(x.clone()) };
        let found = match graph.within {
            Within::Nearest(k) => self.neighbors.kneighbors(x, k)?,
            Within::Radius(radius) => self.neighbors.radius_neighbors(x, radius)?,
        };
        let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
        for (distances, neighbors) in found {
            data.extend(distances.into_iter().map(|d| if graph.distances { d } else { 1.0 }));
            indices.extend(neighbors);
            indptr.push(indices.len());
        }
        Ok(Csr::new(x.rows(), self.neighbors.fitted(), indptr, indices, data)?.into())
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        self.neighbors.part(method, x)
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok((0..self.neighbors.fitted()).map(|i| format!("{}{i}", self.prefix)).collect())
    }
}
