//! `sklearn.neighbors._base`: the fitted samples, and how the neighbours of others are found among them.

use std::borrow::Cow;

use ndarray::Array2;
use pulp::Simd;
use skpickle::ErrorKind;

use super::{
    metric::Metric,
    order::{Heap, Sort, partition},
    tree::Tree,
};
use crate::{
    data::{Array, Csr, Output, Samples},
    error::{Error, Result},
    math::{
        Matrix, Row, dot,
        euclidean::squares,
        norms::{self, Einsum},
        panels::{Panels, Take, VECTORS, multiply},
        rows, sort_indices, sort_numbered,
        wide::fuses,
    },
    method::Method,
    preprocessing::function::numpy_function,
    state::State,
    validation::{Door, Finite},
};

/// Most samples whose neighbours `ArgKmin` seeks thread by thread among the fitted ones: four chunks of 256.
pub(crate) const MERGED: usize = 1024;

/// What `NeighborsBase` and its mixins keep.
pub(crate) struct Neighbors {
    index: Index,
    fitted: usize,
    width: Option<usize>,
    /// `n_neighbors`.
    pub(crate) k: Option<usize>,
    /// `radius`.
    pub(crate) radius: Option<f64>,
    version: (u32, u32),
}

enum Index {
    Tree { tree: Box<Tree>, name: &'static str },
    Brute(Brute),
    Precomputed,
}

/// All distances are computed.
struct Brute {
    metric: Metric,
    fitted: Fitted,
    /// Squared norms of the fitted rows, for `|x|² - 2 <x, y> + |y|²`.
    norms: Vec<f64>,
    /// Whether the fitted samples were of 32 bits.
    narrow: bool,
    /// Whether they were integers or bools.
    whole: bool,
    width: usize,
    /// The fitted samples once more, where `ArgKmin` computes Euclidean distances of them.
    panels: Option<Panels>,
}

enum Fitted {
    Dense(Matrix),
    Sparse(Csr),
}

/// Distances and indices of the neighbours of each sample.
pub(crate) type Found = Vec<Near>;
/// Those of one sample.
type Near = (Vec<f64>, Vec<usize>);
/// Finds them by the distances to all fitted samples.
type Find<'a> = &'a mut dyn FnMut(&[f64]) -> Near;

impl Neighbors {
    pub(crate) fn load(s: &State<'_, '_>) -> Result<Neighbors> {
        let k = s.opt::<i64>("n_neighbors")?;
        let k = match k {
            None => None,
            Some(k) => Some(
                usize::try_from(k)
                    .ok()
                    .filter(|&k| k > 0)
                    .ok_or_else(|| s.error(format_args!("Expected n_neighbors > 0. Got {k}")))?,
            ),
        };
        let radius = s.opt::<f64>("radius")?;
        let method: String = s.get("_fit_method")?;
        let named = s.raw_opt("effective_metric_").or_else(|| s.raw_opt("metric"));
        let precomputed = named.is_some_and(|name| name.get::<String>().is_ok_and(|name| name == "precomputed"));
        let recorded = s.opt::<usize>("n_samples_fit_")?;
        let (index, fitted, width) = match method.as_str() {
            "kd_tree" | "ball_tree" => {
                let tree = Tree::load(s, &s.raw("_tree")?)?;
                let (fitted, width) = (tree.data.rows, tree.data.columns);
                let name = if method == "kd_tree" { "kd_tree" } else { "ball_tree" };
                (Index::Tree { tree: Box::new(tree), name }, fitted, Some(width))
            }
            "brute" if precomputed => {
                let fitted = match recorded {
                    Some(fitted) => fitted,
                    None => shape(s)?[0],
                };
                (Index::Precomputed, fitted, None)
            }
            "brute" => {
                // Of small batches ties are broken in another way.
                s.counts_rows();
                let brute = Brute::load(s)?;
                let (fitted, width) = (brute.len(), brute.width);
                (Index::Brute(brute), fitted, Some(width))
            }
            other => {
                let other = skpickle::printable(other);
                return Err(s.error(format_args!("_fit_method='{other}', expected one of kd_tree, ball_tree, brute")));
            }
        };
        s.require(
            recorded.is_none_or(|recorded| recorded == fitted),
            format_args!("n_samples_fit_ is {}, but {fitted} samples are fitted", recorded.unwrap_or(0)),
        )?;
        Ok(Neighbors { index, fitted, width, k, radius, version: s.version() })
    }

    /// Number of fitted samples.
    pub(crate) fn fitted(&self) -> usize {
        self.fitted
    }

    /// Number of columns, where the samples have any.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    pub(crate) fn door(&self) -> Door {
        let door = Door::NUMERIC.sparse();
        match &self.index {
            Index::Tree { .. } => door,
            Index::Brute(Brute { metric: Metric::NanEuclidean(_), .. }) => Door { finite: Finite::AllowNan, ..door },
            Index::Brute(_) => door.keep32(),
            Index::Precomputed => door.any_width(),
        }
    }

    /// Whether all distances are computed.
    pub(crate) fn is_brute(&self) -> bool {
        matches!(self.index, Index::Brute(_))
    }

    /// Whether `RadiusNeighborsClassMode` counts classes for some samples.
    pub(crate) fn may_count_classes(&self) -> bool {
        matches!(&self.index, Index::Brute(brute) if brute.metric.reducible() && !brute.metric.is_euclidean())
    }

    /// Whether `RadiusNeighborsClassMode` counts the classes of the neighbours of such samples, where its caller is asked with one output
    /// and equal weights.
    pub(crate) fn counts_classes(&self, x: &Samples) -> bool {
        matches!(&self.index, Index::Brute(brute) if self.reduces(brute, x) && !brute.metric.is_euclidean())
    }

    /// `n_neighbors` of the parameters, or the refusal of a model without.
    pub(crate) fn need_k(&self, s: &State<'_, '_>) -> Result<usize> {
        self.k.ok_or_else(|| s.error("n_neighbors is missing"))
    }

    /// `radius` of the parameters, or the refusal of a model without.
    pub(crate) fn need_radius(&self, s: &State<'_, '_>) -> Result<f64> {
        self.radius.ok_or_else(|| s.error("radius is missing"))
    }

    fn sort(&self) -> Sort {
        if self.version >= (1, 9) { Sort::Intro } else { Sort::Quick }
    }

    /// `kneighbors`: the `k` nearest fitted samples of each sample, nearest first.
    pub(crate) fn kneighbors(&self, x: &Samples, k: usize) -> Result<Found> {
        if k > self.fitted {
            let (fitted, n) = (self.fitted, x.rows());
            return Err(Error::input(if self.version >= (1, 3) {
                format!(
                    "Expected n_neighbors <= n_samples_fit, but n_neighbors = {k}, n_samples_fit = {fitted}, n_samples = {n}"
                )
            } else {
                format!("Expected n_neighbors <= n_samples,  but n_samples = {fitted}, n_neighbors = {k}")
            }));
        }
        match &self.index {
            Index::Tree { tree, name } => {
                let x = self.dense(x, name)?;
                let mut open = Vec::new();
                Ok(x.iter().map(|row| tree.query(row, k, self.sort(), &mut open)).collect())
            }
            Index::Brute(brute) => {
                brute.metric.check_sparse(x, self.version)?;
                let reduce = self.reduces(brute, x);
                // Few samples: each thread has heaps of its own, which then are pushed upon the common ones.
                let merged = x.rows() <= MERGED;
                let sorted = |heap: Heap| if merged { heap.pushed() } else { heap }.into_sorted(self.sort());
                if let (true, Some(panels), Samples::Dense(x)) = (reduce, &brute.panels, x) {
                    let x = x.as_standard_layout();
                    let x = x.as_slice().unwrap_or_default();
                    let heaps = x.chunks_exact(brute.width).map(|x| (norms::blas(x), Heap::of_numbers(k))).collect();
                    let mut nearest = Nearest { norms: &brute.norms, heaps };
                    multiply(x, panels, &mut nearest);
                    let distances = |(mut reduced, indices): (Vec<f64>, _)| {
                        reduced.iter_mut().for_each(|d| *d = brute.metric.distance(*d));
                        (reduced, indices)
                    };
                    return Ok(nearest.heaps.into_iter().map(|(_, heap)| distances(sorted(heap))).collect());
                }
                brute.each(x, self.version, reduce, &mut |values| {
                    if !reduce {
                        let nearest = partition(values, k);
                        return (nearest.iter().map(|&i| values[i]).collect(), nearest);
                    }
                    let mut heap = Heap::of_numbers(k);
                    values.iter().enumerate().for_each(|(i, &v)| heap.push(v, i));
                    sorted(heap)
                })
            }
            Index::Precomputed => self.precomputed(x, Some(k), &mut |values| {
                let nearest = partition(values, k);
                (nearest.iter().map(|&i| values[i]).collect(), nearest)
            }),
        }
    }

    /// `radius_neighbors`: the fitted samples within `radius` of each sample.
    pub(crate) fn radius_neighbors(&self, x: &Samples, radius: f64) -> Result<Found> {
        let within = |values: &[f64], bound: f64| -> Near {
            values.iter().enumerate().filter(|&(_, &v)| v <= bound).map(|(i, &v)| (v, i)).unzip()
        };
        match &self.index {
            Index::Tree { tree, name } => {
                let x = self.dense(x, name)?;
                Ok(x.iter().map(|row| tree.query_radius(row, radius)).collect())
            }
            Index::Brute(brute) => {
                brute.metric.check_sparse(x, self.version)?;
                let bound = brute.metric.reduce(radius);
                brute.each(x, self.version, self.reduces(brute, x), &mut |values| within(values, bound))
            }
            Index::Precomputed => self.precomputed(x, None, &mut |values| within(values, radius)),
        }
    }

    /// Whether `ArgKmin` finds the neighbours (since 1.1), rather than numpy's selection among pairwise distances.
    fn reduces(&self, brute: &Brute, x: &Samples) -> bool {
        if brute.whole {
            return false;
        }
        let same = match (&brute.fitted, x) {
            (Fitted::Dense(_), Samples::Dense(_)) => !brute.narrow,
            (Fitted::Dense(_), Samples::Dense32(_)) => brute.narrow && self.version >= (1, 2),
            // since 1.2; without the Euclidean distance since 1.4
            (Fitted::Sparse(_), Samples::Sparse(_)) => {
                self.version >= (1, 2) && (self.version < (1, 4) || !brute.metric.is_euclidean())
            }
            _ => false,
        };
        same && self.version >= (1, 1) && brute.metric.reducible()
    }

    /// The samples as rows of numbers; trees take no sparse ones.
    fn dense<'x>(&self, x: &'x Samples, name: &str) -> Result<Vec<Cow<'x, [f64]>>> {
        rows(x)?
            .map(|row| match row {
                Row::F64(row) => Ok(row),
                Row::F32(row) => Ok(row.iter().map(|&v| f64::from(v)).collect()),
                Row::Sparse(..) => Err(Error::input(format_args!(
                    "{name} does not work with sparse matrices. Densify the data, or set algorithm='brute'"
                ))),
            })
            .collect()
    }

    /// Neighbours by distances that are given, one column for each fitted sample.
    fn precomputed(&self, x: &Samples, k: Option<usize>, find: Find<'_>) -> Result<Found> {
        let columns = x.columns().unwrap_or(0);
        if columns != self.fitted {
            return Err(Error::input(format_args!(
                "Precomputed metric requires shape (n_queries, n_indexed). Got ({}, {columns}) for {} indexed.",
                x.rows(),
                self.fitted
            )));
        }
        let mut out = Vec::with_capacity(x.rows());
        for row in rows(x)? {
            out.push(match row {
                Row::F64(row) => find(checked(&row)?),
                Row::F32(row) => find(checked(&row.iter().map(|&v| f64::from(v)).collect::<Vec<f64>>())?),
                Row::Sparse(columns, values) => {
                    checked(values)?;
                    let mut order: Vec<usize> = (0..values.len()).collect();
                    sort_indices(&mut order, &mut |a, b| values[a].total_cmp(&values[b]));
                    match (k, self.radius) {
                        (Some(k), _) if k > order.len() => {
                            return Err(Error::input(format_args!(
                                "{k} neighbors per samples are required, but some samples have only {} neighbors in \
                                 precomputed graph matrix. Decrease number of neighbors used or recompute the graph \
                                 with more neighbors.",
                                order.len()
                            )));
                        }
                        (Some(k), _) => order.truncate(k),
                        (None, radius) => order.retain(|&i| radius.is_some_and(|radius| values[i] <= radius)),
                    }
                    (order.iter().map(|&i| values[i]).collect(), order.iter().map(|&i| columns[i]).collect())
                }
            });
        }
        Ok(out)
    }

    /// `kneighbors` or `radius_neighbors` as one of its two parts.
    pub(crate) fn part(&self, method: Method, x: &Samples) -> Result<Output> {
        let missing = |name: &str| Error::input(format_args!("{name} is None in the model, and none can be given"));
        match method {
            Method::Kneighbors | Method::KneighborsIndices => {
                let k = self.k.ok_or_else(|| missing("n_neighbors"))?;
                answer(method, self.kneighbors(x, k)?, k)
            }
            _ => answer(method, self.radius_neighbors(x, self.radius.ok_or_else(|| missing("radius"))?)?, 0),
        }
    }
}

/// The distances or the indices of what was found: one row of `k` each, or, within a radius, one array each.
pub(crate) fn answer(method: Method, mut found: Found, k: usize) -> Result<Output> {
    let shape = (found.len(), k);
    let whole = |i: usize| i as i64;
    Ok(match method {
        Method::Kneighbors => table(shape, found.into_iter().flat_map(|(distances, _)| distances).collect())?.into(),
        Method::KneighborsIndices => {
            let flat = found.into_iter().flat_map(|(_, indices)| indices).map(whole).collect();
            Output::Array(table::<i64>(shape, flat)?.into())
        }
        _ => {
            found.iter_mut().for_each(nearest_first);
            Output::Arrays(if method == Method::RadiusNeighbors {
                found.into_iter().map(|(distances, _)| Array::from(distances)).collect()
            } else {
                let whole = |indices: Vec<usize>| indices.into_iter().map(whole).collect::<Vec<i64>>();
                found.into_iter().map(|(_, indices)| Array::from(whole(indices))).collect()
            })
        }
    })
}

/// Neighbours in the order of their distances, then of their indices: scikit-learn leaves the order open.
fn nearest_first(found: &mut Near) {
    let (distances, indices) = found;
    let mut pairs: Vec<(f64, usize)> = distances.iter().copied().zip(indices.iter().copied()).collect();
    sort_numbered(&mut pairs);
    (*distances, *indices) = pairs.into_iter().unzip();
}

/// Values in rows; refused when their number is another.
pub(crate) fn table<T>(shape: (usize, usize), flat: Vec<T>) -> Result<Array2<T>> {
    Array2::from_shape_vec(shape, flat).map_err(Error::input)
}

/// `check_non_negative`.
fn checked(distances: &[f64]) -> Result<&[f64]> {
    if distances.iter().any(|&d| d < 0.0) {
        return Err(Error::input(
            "Negative values in data passed to precomputed distance matrix.: distances are never negative",
        ));
    }
    Ok(distances)
}

fn shape(s: &State<'_, '_>) -> Result<[usize; 2]> {
    let field = s.raw("_fit_X")?;
    if field.is_sparse() {
        let fitted: Csr = field.get()?;
        return Ok([fitted.rows(), fitted.columns()]);
    }
    match *field.array()?.shape() {
        [rows, columns] => Ok([rows, columns]),
        _ => Err(field.expected("a 2-d array").into()),
    }
}

impl Brute {
    fn load(s: &State<'_, '_>) -> Result<Brute> {
        let field = s.raw("_fit_X")?;
        let (fitted, narrow, whole) = if field.is_sparse() {
            (Fitted::Sparse(field.get::<Csr>()?.canonical()), false, false)
        } else {
            let array = field.array()?;
            s.require(array.shape().len() == 2, "_fit_X is not a 2-d array")?;
            let narrow = array.dtype().name().ends_with("f4") || array.dtype().name() == "float32";
            (Fitted::Dense(field.get()?), narrow, array.dtype().kind != b'f')
        };
        let (n, width) = match &fitted {
            Fitted::Dense(y) => (y.rows, y.columns),
            Fitted::Sparse(y) => (y.rows(), y.columns()),
        };
        s.require(n > 0 && width > 0, "_fit_X holds no samples")?;
        let metric = Metric::load(s, width)?;
        let norms: Vec<f64> = match &fitted {
            Fitted::Dense(y) => (0..n).map(|i| squared_norm(y.row(i), s.version(), whole)).collect(),
            Fitted::Sparse(y) => (0..n).map(|i| dot(y.row(i).1, y.row(i).1)).collect(),
        };
        let mut panels = None;
        if let (Fitted::Dense(y), true) =
            (&fitted, !narrow && !whole && metric.is_euclidean() && s.version() >= (1, 1) && fuses())
        {
            field.charge(16 * n.saturating_mul(width) as u64)?;
            panels = Some(Panels::of(y));
        }
        Ok(Brute { metric, fitted, norms, narrow, whole, width, panels })
    }

    fn len(&self) -> usize {
        self.norms.len()
    }

    /// Calls `find` with the reduced distances of each sample to all fitted ones, and makes distances of what it finds.
    fn each(&self, x: &Samples, version: (u32, u32), reduce: bool, find: Find<'_>) -> Result<Found> {
        let mut point = vec![0.0; self.width];
        let mut other = vec![0.0; self.width];
        let mut values = vec![0.0; self.len()];
        // Both of 32 bits: the squares were computed in 64, and rounded before they were compared (up to 1.1).
        let narrow = self.narrow && matches!(x, Samples::Dense32(_));
        let round = narrow && version < (1, 2);
        let expand = match self.metric {
            Metric::Euclidean => true,
            Metric::SqEuclidean => version >= (1, 1),
            _ => false,
        };
        let mut out = Vec::with_capacity(x.rows());
        for row in rows(x)? {
            match &row {
                Row::F64(row) => point.copy_from_slice(row),
                Row::F32(row) => point.iter_mut().zip(row.iter()).for_each(|(p, &v)| *p = v.into()),
                Row::Sparse(columns, row) => columns.iter().zip(*row).for_each(|(&j, v)| point[j] += v),
            }
            let norm = match (expand, &self.fitted) {
                (false, _) => 0.0,
                (true, Fitted::Dense(_)) => squared_norm(&point, version, self.whole),
                (true, Fitted::Sparse(_)) => dot(&point, &point),
            };
            for (i, value) in values.iter_mut().enumerate() {
                *value = match &self.fitted {
                    Fitted::Dense(y) if expand => {
                        let sum = norm + self.norms[i];
                        let squared = -2.0 * dot(&point, y.row(i)) + norm + self.norms[i];
                        // Nothing is left but rounding: that of BLAS, whose steps are fused.
                        if version >= (0, 24) && squared < 1e-14 * sum {
                            -2.0 * fused(&point, y.row(i)) + norm + self.norms[i]
                        } else {
                            squared
                        }
                    }
                    Fitted::Sparse(y) if expand => {
                        let (columns, row) = y.row(i);
                        let product: f64 = columns.iter().zip(row).map(|(&j, v)| point[j] * v).sum();
                        -2.0 * product + norm + self.norms[i]
                    }
                    Fitted::Dense(y) => self.metric.reduced(&point, y.row(i)),
                    Fitted::Sparse(y) => {
                        let (columns, row) = y.row(i);
                        columns.iter().zip(row).for_each(|(&j, v)| other[j] = *v);
                        let value = self.metric.reduced(&point, &other);
                        columns.iter().for_each(|&j| other[j] = 0.0);
                        value
                    }
                };
                // (What is left of two infinities is no distance in `ArgKmin`.)
                if expand && (*value < 0.0 || reduce && value.is_nan()) {
                    *value = 0.0;
                }
                if expand && round {
                    *value = f64::from(*value as f32);
                }
            }
            if let Row::Sparse(columns, _) = &row {
                columns.iter().for_each(|&j| point[j] = 0.0);
            }
            let (mut distances, indices) = find(&values);
            for d in &mut distances {
                // What `ArgKmin` compared in 64 bits, it makes distances of in 32 (and answers so since 1.4).
                *d = self.metric.distance(if narrow && reduce { f64::from(*d as f32) } else { *d });
                if round || narrow && reduce && version >= (1, 4) {
                    *d = f64::from(*d as f32);
                }
            }
            out.push((distances, indices));
        }
        Ok(out)
    }
}

/// The nearest fitted samples of each sample by `|x|² - 2 <x, y> + |y|²`.
struct Nearest<'a> {
    /// Squared norms of the fitted samples.
    norms: &'a [f64],
    /// For each sample its squared norm and what is nearest so far.
    heaps: Vec<(f64, Heap)>,
}

impl Take for Nearest<'_> {
    #[inline(always)]
    fn take<S: Simd>(&mut self, simd: S, sample: usize, first: usize, products: [S::f64s; VECTORS]) {
        let (norm, heap) = &mut self.heaps[sample];
        let largest = simd.splat_f64s(heap.largest());
        let all = &self.norms[first..];
        for (v, product) in products.into_iter().enumerate() {
            let start = v * S::F64_LANES;
            let squares = squares(simd, product, *norm, all.get(start..).unwrap_or_default());
            let too_large = simd.greater_than_or_equal_f64s(squares, largest);
            if simd.first_true_m64s(simd.not_m64s(too_large)) == S::F64_LANES {
                continue;
            }
            let squares: &[f64] = pulp::bytemuck::cast_slice(std::slice::from_ref(&squares));
            for (lane, &square) in (start..all.len()).zip(squares) {
                // What is left of two infinities is no distance at all there.
                heap.push(if square > 0.0 { square } else { 0.0 }, first + lane);
            }
        }
    }
}

/// The squared norm of a row as `ArgKmin` has it, or `row_norms` where that is not asked: before 1.1, and for `whole` numbers.
fn squared_norm(row: &[f64], version: (u32, u32), whole: bool) -> f64 {
    if version >= (1, 1) && !whole { norms::blas(row) } else { Einsum::of(version).norm(row.len(), |i| row[i]) }
}

/// Inner product in fused steps.
fn fused(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).fold(0.0, |sum, (a, b)| a.mul_add(*b, sum))
}

/// `weights`.
#[derive(Clone, Copy)]
pub(crate) enum Weights {
    Uniform,
    Distance,
    /// A function of numpy.
    Function(fn(f64) -> f64),
}

impl Weights {
    pub(crate) fn load(s: &State<'_, '_>) -> Result<Weights> {
        let Some(field) = s.raw_opt("weights") else { return Ok(Weights::Uniform) };
        if let Ok(name) = field.get::<String>() {
            return match name.as_str() {
                "uniform" => Ok(Weights::Uniform),
                "distance" => Ok(Weights::Distance),
                other => {
                    let other = skpickle::printable(other);
                    let message = format!("weights='{other}', expected one of uniform, distance");
                    Err(field.error(ErrorKind::Value, message).into())
                }
            };
        }
        numpy_function(&field).map(Weights::Function)
    }

    /// `_get_weights`: `None` where all neighbours count the same.
    pub(crate) fn of(self, distances: &[f64]) -> Option<Vec<f64>> {
        match self {
            Weights::Uniform => None,
            Weights::Distance => {
                // Samples at no distance count alone.
                let weights: Vec<f64> = distances.iter().map(|d| 1.0 / d).collect();
                Some(if weights.iter().any(|w| w.is_infinite()) {
                    weights.iter().map(|w| f64::from(u8::from(w.is_infinite()))).collect()
                } else {
                    weights
                })
            }
            Weights::Function(call) => Some(distances.iter().map(|&d| call(d)).collect()),
        }
    }
}

/// The refusal of weights that leave a sample without any neighbour (since 1.3).
pub(crate) fn check_weights(weights: Option<&[f64]>, version: (u32, u32)) -> Result<()> {
    if version >= (1, 3) && weights.is_some_and(|weights| weights.iter().all(|&w| w == 0.0)) {
        return Err(Error::input(
            "All neighbors of some sample is getting zero weights. Please modify 'weights' to avoid this case if you are using a user-defined function.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Method, Model};

    #[test]
    fn metrics_of_scipy_take_no_sparse_samples() -> Result<()> {
        let refused = |case: &str, version: &str| -> Result<String> {
            let path = format!("{}/../../testdata/neighbors/{case}/{version}.", env!("CARGO_MANIFEST_DIR"));
            let path = ["pkl", "joblib"]
                .map(|end| format!("{path}{end}"))
                .into_iter()
                .find(|path| std::fs::exists(path).unwrap());
            let model = Model::from_path(path.unwrap())?;
            let x = Csr::new(1, 4, vec![0, 1], vec![2], vec![1.5])?;
            Ok(model.call(Method::Kneighbors, &x.into()).unwrap_err().to_string())
        };
        assert!(
            refused("NearestNeighbors-correlation", "1.9.1")?
                .starts_with("scipy distance metrics do not support sparse matrices.")
        );
        assert!(refused("NearestNeighbors-nan_euclidean", "1.9.1")?.starts_with("Sparse data was passed, but"));
        Ok(())
    }
}
