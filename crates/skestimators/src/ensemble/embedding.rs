//! `sklearn.ensemble._forest`: `RandomTreesEmbedding`, one column for each leaf.

use ndarray::Array2;
use skpickle::Shared;

use crate::{
    data::{Csr, Output, Samples},
    ensemble::forest,
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    tree::{
        classes::{door, has_path},
        trees::Trees,
    },
    validation::Door,
};

struct RandomTreesEmbedding {
    trees: Trees,
    n_features: usize,
    /// Of each tree, the nodes that the encoder knows, in order.
    categories: Vec<Vec<i64>>,
    sparse: bool,
    has_names: bool,
    allow_nan: bool,
    has_path: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let members = s.objects("estimators_")?;
    let trees = forest::trees(s, &members, &["ExtraTreeRegressor"], 0, |_, _| Ok(Vec::new()))?;
    let n_features = trees.n_features();
    let encoder = s.child("one_hot_encoder_")?;
    let categories = if encoder.has("categories_") {
        encoder.get::<Vec<Shared<i64>>>("categories_")?.iter().map(|nodes| nodes.to_vec()).collect()
    } else {
        old_categories(&encoder)?
    };
    encoder.require(
        categories.len() == trees.len(),
        format_args!("the encoder has {} columns for {} trees", categories.len(), trees.len()),
    )?;
    encoder.require(
        categories.iter().all(|nodes| nodes.is_sorted_by(|a, b| a < b)),
        "the categories of a column are not in order",
    )?;
    let sparse = s.opt("sparse_output")?.unwrap_or(true);
    let has_names = s.version() >= (1, 1);
    let allow_nan = forest::allow_nan(s, &members)?;
    Ok(Box::new(RandomTreesEmbedding {
        trees,
        n_features,
        categories,
        sparse,
        has_names,
        allow_nan,
        has_path: has_path(s),
    }))
}

/// The encoder of 0.19 and before: each column has a range of numbers, and those that occur are `active_features_`.
fn old_categories(encoder: &State<'_, '_>) -> Result<Vec<Vec<i64>>> {
    let bounds: Shared<i64> = encoder.get("feature_indices_")?;
    let active: Shared<i64> = encoder.get("active_features_")?;
    encoder.require(
        bounds.first() == Some(&0) && bounds.is_sorted() && active.is_sorted_by(|a, b| a < b),
        "feature_indices_ or active_features_ is not in order",
    )?;
    let last = bounds.last().copied().unwrap_or(0);
    encoder.require(
        active.iter().all(|number| (0..last).contains(number)),
        "active_features_ has numbers beyond feature_indices_",
    )?;
    let range = |w: &[i64]| {
        let start = active.partition_point(|&number| number < w[0]);
        let end = active.partition_point(|&number| number < w[1]);
        active[start..end].iter().map(|number| number - w[0]).collect()
    };
    Ok(bounds.windows(2).map(range).collect())
}

impl RandomTreesEmbedding {
    fn columns(&self) -> usize {
        self.categories.iter().map(Vec::len).sum()
    }
}

impl Estimator for RandomTreesEmbedding {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform, Method::Apply])
            .with_if(self.has_path, Method::DecisionPath)
            .with_if(self.has_names, Method::FeatureNamesOut)
    }

    fn door(&self, _: Method) -> Door {
        door(self.allow_nan)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.n_features)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let nodes = self.trees.apply(x)?;
        let mut indices = Vec::with_capacity(nodes.len());
        for row in nodes.rows() {
            let mut start = 0;
            for (t, (node, known)) in row.iter().zip(&self.categories).enumerate() {
                let at = known.binary_search(node).map_err(|_| {
                    Error::input(format_args!("Found unknown categories [{node}] in column {t} during transform"))
                })?;
                indices.push(start + at);
                start += known.len();
            }
        }
        let (rows, trees) = nodes.dim();
        if self.sparse {
            let indptr = (0..=rows).map(|i| i * trees).collect();
            let ones = vec![1.0; indices.len()];
            return Ok(Csr::new(rows, self.columns(), indptr, indices, ones)?.into());
        }
        let mut dense = Array2::zeros((rows, self.columns()));
        indices.iter().enumerate().for_each(|(i, &column)| dense[[i / trees, column]] = 1.0);
        Ok(dense.into())
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        forest::other(&self.trees, method, x)
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        let names = |(t, nodes): (usize, &Vec<i64>)| {
            nodes.iter().map(move |node| format!("randomtreesembedding_{t}_{node}")).collect::<Vec<_>>()
        };
        Ok(self.categories.iter().enumerate().flat_map(names).collect())
    }
}
