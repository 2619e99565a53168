//! `sklearn.manifold._isomap.Isomap`: a kernel PCA of the shortest ways through the graph of neighbours.

use ndarray::Array2;

use crate::{
    data::Samples,
    error::Result,
    estimator::{Estimator, Fitted},
    math::Matrix,
    method::{Method, Methods},
    neighbors::base::Neighbors,
    state::State,
    validation::{self, Door},
    wording::{Age, Speaker},
};

struct Isomap {
    neighbors: Neighbors,
    within: Within,
    /// Length of the shortest way between each two fitted samples.
    ways: Matrix,
    projection: Fitted,
    /// Before 0.22 the samples were checked before the search, and had to be dense.
    dense: bool,
    age: Age,
    /// Number of names of columns (since 1.1).
    names: Option<usize>,
}

#[derive(Clone, Copy)]
enum Within {
    Nearest(usize),
    Radius(f64),
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let child = s.child("nbrs_")?;
    let neighbors = Neighbors::load(&child)?;
    // A radius in place of a number of neighbours: since 1.1.
    let within = match s.opt::<usize>("n_neighbors")? {
        Some(_) => Within::Nearest(neighbors.need_k(&child)?),
        None => Within::Radius(neighbors.need_radius(&child)?),
    };
    let ways: Matrix = s.get("dist_matrix_")?;
    let fitted = neighbors.fitted();
    s.require(ways.rows == fitted && ways.columns == fitted, format_args!("dist_matrix_ is not {fitted} x {fitted}"))?;
    let projection = s.estimator("kernel_pca_")?;
    s.require(projection.has(Method::Transform), "kernel_pca_ cannot transform")?;
    let names = if s.version() >= (1, 1) { Some(s.get::<Matrix>("embedding_")?.columns) } else { None };
    let (dense, age) = (s.version() < (0, 22), Age::of(s.version()));
    Ok(Box::new(Isomap { neighbors, within, ways, projection, dense, age, names }))
}

impl Estimator for Isomap {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform]).with_if(self.names.is_some(), Method::FeatureNamesOut)
    }

    /// The search for neighbours checks the input.
    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn n_features_in(&self) -> Option<usize> {
        self.neighbors.width()
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let door = Door { sparse: !self.dense, ..self.neighbors.door() };
        let speaker = Speaker { key: "manifold.Isomap", class: "NearestNeighbors", age: self.age, named: true };
        let x = validation::check_as(speaker, self.neighbors.width(), door, x)?;
        let found = match self.within {
            Within::Nearest(k) => self.neighbors.kneighbors(&x, k)?,
            Within::Radius(radius) => self.neighbors.radius_neighbors(&x, radius)?,
        };
        let mut graph = Array2::zeros((found.len(), self.neighbors.fitted()));
        for ((distances, neighbors), mut row) in found.iter().zip(graph.rows_mut()) {
            if neighbors.is_empty() {
                return Err(crate::error::Error::input(
                    "zero-size array to reduction operation minimum which has no identity: a sample has no neighbours within the radius",
                ));
            }
            row.fill(f64::INFINITY);
            for (distance, &i) in distances.iter().zip(neighbors) {
                row.iter_mut().zip(self.ways.row(i)).for_each(|(least, way)| *least = least.min(way + distance));
            }
            row.mapv_inplace(|way| way * way * -0.5);
        }
        self.projection.transform(&Samples::Dense(graph))
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok((0..self.names.unwrap_or(0)).map(|i| format!("isomap{i}")).collect())
    }
}
