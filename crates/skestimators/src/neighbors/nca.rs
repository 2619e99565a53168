//! `sklearn.neighbors._nca.NeighborhoodComponentsAnalysis`: a linear map.

use crate::{
    data::Samples,
    error::Result,
    estimator::Estimator,
    math::{Matrix, affine},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct Map {
    components: Matrix,
    /// Number of names of columns (since 1.1; up to 1.4 as many as there are features).
    names: Option<usize>,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let components: Matrix = s.get("components_")?;
    s.require(components.rows > 0 && components.columns > 0, "components_ is empty")?;
    let names = match s.version() {
        version if version < (1, 1) => None,
        version if version < (1, 5) => Some(components.columns),
        _ => Some(components.rows),
    };
    Ok(Box::new(Map { components, names }))
}

impl Estimator for Map {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform]).with_if(self.names.is_some(), Method::FeatureNamesOut)
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.components.columns)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        Ok(affine(x, &self.components, &[0.0])?.into())
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok((0..self.names.unwrap_or(0)).map(|i| format!("neighborhoodcomponentsanalysis{i}")).collect())
    }
}
