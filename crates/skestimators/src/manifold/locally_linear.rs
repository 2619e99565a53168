//! `sklearn.manifold._locally_linear.LocallyLinearEmbedding`: samples put together from their neighbours, and so their embedding.

use ndarray::Array2;

use crate::{
    data::Samples,
    error::{Error, Result},
    estimator::Estimator,
    math::{Matrix, contiguous, dot, linalg::Cholesky},
    method::{Method, Methods},
    neighbors::base::Neighbors,
    state::State,
    validation::Door,
};

struct LocallyLinearEmbedding {
    neighbors: Neighbors,
    k: usize,
    reg: f64,
    fitted: Matrix,
    embedding: Matrix,
    names: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let child = s.child("nbrs_")?;
    let neighbors = Neighbors::load(&child)?;
    let fitted: Matrix = child.get("_fit_X")?;
    s.require(
        fitted.rows == neighbors.fitted() && neighbors.width() == Some(fitted.columns),
        "nbrs_._fit_X is not of the shape of the samples that neighbours are searched in",
    )?;
    let embedding: Matrix = s.get("embedding_")?;
    s.require(
        embedding.rows == fitted.rows && embedding.columns > 0,
        format_args!("embedding_ has {} rows for {} samples", embedding.rows, fitted.rows),
    )?;
    let k = s.get::<usize>("n_neighbors")?;
    s.require(k > 0 && k <= fitted.rows, format_args!("n_neighbors={k} of {} samples", fitted.rows))?;
    // The matrix of the neighbours' products, and its factor.
    let (n, width) = (k as u64, fitted.columns as u64);
    let square = n.saturating_mul(n);
    s.row_cost(square.saturating_mul(width.saturating_add(n / 6)), square.saturating_mul(16))?;
    let reg = s.opt::<f64>("reg")?.unwrap_or(1e-3);
    Ok(Box::new(LocallyLinearEmbedding { neighbors, k, reg, fitted, embedding, names: s.version() >= (1, 1) }))
}

impl LocallyLinearEmbedding {
    /// `barycenter_weights`: how much each neighbour counts; together they count 1.
    fn weights(&self, point: &[f64], neighbors: &[usize]) -> Result<Vec<f64>> {
        let k = neighbors.len();
        let offsets: Vec<Vec<f64>> =
            neighbors.iter().map(|&i| self.fitted.row(i).iter().zip(point).map(|(a, b)| a - b).collect()).collect();
        let mut gram: Vec<f64> = offsets.iter().flat_map(|a| offsets.iter().map(|b| dot(a, b))).collect();
        let trace: f64 = (0..k).map(|i| gram[i * k + i]).sum();
        let ridge = if trace > 0.0 { self.reg * trace } else { self.reg };
        (0..k).for_each(|i| gram[i * k + i] += ridge);
        let factor = Cholesky::of(&Matrix::new(gram, k, k)).ok_or_else(|| {
            Error::input("Matrix is singular: the neighbours of a sample lie in one plane, and reg does not help")
        })?;
        let mut weights = vec![1.0; k];
        factor.solve(&mut weights);
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= total);
        Ok(weights)
    }
}

impl Estimator for LocallyLinearEmbedding {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.fitted.columns)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let found = self.neighbors.kneighbors(x, self.k)?;
        let mut out = Array2::zeros((found.len(), self.embedding.columns));
        for (((_, neighbors), row), mut out) in found.iter().zip(x.dense()?.rows()).zip(out.rows_mut()) {
            let weights = self.weights(&contiguous(&row), neighbors)?;
            for (weight, &i) in weights.iter().zip(neighbors) {
                out.iter_mut().zip(self.embedding.row(i)).for_each(|(out, e)| *out += weight * e);
            }
        }
        Ok(out.into())
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok((0..self.embedding.columns).map(|i| format!("locallylinearembedding{i}")).collect())
    }
}
