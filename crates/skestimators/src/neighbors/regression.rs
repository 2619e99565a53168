//! `sklearn.neighbors._regression`: `KNeighborsRegressor`, `RadiusNeighborsRegressor`.

use ndarray::{Array1, Array2};
use skpickle::Shared;

use super::base::{Neighbors, Weights};
use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct Regressor {
    neighbors: Neighbors,
    within: Within,
    weights: Weights,
    y: Shared<f64>,
    outputs: usize,
    /// Whether the targets were one column or several, rather than 1-d.
    columns: bool,
    /// The answer for a sample without neighbours: NaN, as the targets' type holds it.
    nothing: f64,
}

/// Which neighbours count.
#[derive(Clone, Copy)]
enum Within {
    Nearest(usize),
    Radius(f64),
}

pub(crate) fn load_k(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let neighbors = Neighbors::load(s)?;
    let k = neighbors.need_k(s)?;
    load(s, neighbors, Within::Nearest(k))
}

pub(crate) fn load_radius(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let neighbors = Neighbors::load(s)?;
    let radius = neighbors.need_radius(s)?;
    load(s, neighbors, Within::Radius(radius))
}

fn load(s: &State<'_, '_>, neighbors: Neighbors, within: Within) -> Result<Box<dyn Estimator>> {
    let field = s.raw("_y")?;
    let array = field.array()?;
    let shape = array.shape();
    s.require(
        matches!(shape.len(), 1 | 2) && shape.first() == Some(&neighbors.fitted()) && shape.get(1) != Some(&0),
        format_args!("_y has the shape {shape:?}, expected {} samples", neighbors.fitted()),
    )?;
    let name = array.dtype().name();
    let whole = name.contains("int") || name.trim_start_matches(['<', '>', '=', '|']).starts_with(['i', 'u']);
    // Without neighbours there is NaN, of the targets' type since 0.20.
    let nothing = if whole && s.version() >= (0, 20) { i64::MIN as f64 } else { f64::NAN };
    Ok(Box::new(Regressor {
        within,
        weights: Weights::load(s)?,
        y: array.f64s()?,
        outputs: shape.get(1).copied().unwrap_or(1),
        columns: shape.len() == 2,
        nothing,
        neighbors,
    }))
}

impl Estimator for Regressor {
    fn methods(&self) -> Methods {
        match self.within {
            Within::Nearest(_) => Methods::of(&[Method::Predict, Method::Kneighbors, Method::KneighborsIndices]),
            Within::Radius(_) => {
                Methods::of(&[Method::Predict, Method::RadiusNeighbors, Method::RadiusNeighborsIndices])
            }
        }
    }

    fn door(&self, _: Method) -> Door {
        self.neighbors.door()
    }

    fn n_features_in(&self) -> Option<usize> {
        self.neighbors.width()
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let found = match self.within {
            Within::Nearest(k) => self.neighbors.kneighbors(x, k)?,
            Within::Radius(radius) => self.neighbors.radius_neighbors(x, radius)?,
        };
        let mut out = Array2::zeros((found.len(), self.outputs));
        for ((distances, neighbors), mut out) in found.iter().zip(out.rows_mut()) {
            if neighbors.is_empty() {
                out.fill(self.nothing);
                continue;
            }
            let weights = self.weights.of(distances);
            let total = weights.as_ref().map_or(neighbors.len() as f64, |weights| weights.iter().sum());
            for (output, out) in out.iter_mut().enumerate() {
                let values = neighbors.iter().map(|&i| self.y[i * self.outputs + output]);
                let sum: f64 = match &weights {
                    None => values.sum(),
                    Some(weights) => values.zip(weights).map(|(y, w)| y * w).sum(),
                };
                *out = sum / total;
            }
        }
        if self.columns {
            return Ok(out.into());
        }
        let flat: Array1<f64> = out.into_iter().collect();
        Array::F64(flat.into_dyn()).reshaped(&[found.len()]).ok_or_else(|| Error::input("the targets have no shape"))
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        self.neighbors.part(method, x)
    }
}
