//! `sklearn.neighbors.approximate.LSHForest` (0.16 to 0.20): neighbours by the cosine distance among samples whose hashes begin alike.
//!
//! Bawa, Condie and Ganesan, "LSH Forest: Self-Tuning Indexes for Similarity Search", WWW 2005.

use std::{collections::HashSet, ops::Range};

use skpickle::Shared;

use super::base::{Found, answer};
use crate::{
    data::{Output, Samples},
    error::Result,
    estimator::Estimator,
    math::{Matrix, Row, Weights, dot, rows, sort_numbered},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// Bits of a hash.
const HASH_SIZE: usize = 32;

struct LshForest {
    fitted: Weights,
    /// Lengths of the fitted samples; 1 for those of no length.
    norms: Vec<f64>,
    trees: Vec<HashTree>,
    k: usize,
    radius: f64,
    min_hash_match: usize,
    min_candidates: usize,
    /// Share of candidates within the radius at which the search for more ends.
    threshold: f64,
    /// Whether distances are kept between 0 and 2.
    clipped: bool,
}

/// The fitted samples in the order of their hashes.
struct HashTree {
    /// `components_` of the random projection: one row a bit, the first the most significant.
    components: Matrix,
    hashes: Vec<u32>,
    original: Vec<usize>,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    // They follow from the size of a hash.
    s.ignored(&["_left_mask", "_right_mask"]);
    let fitted: Weights = s.get("_fit_X")?;
    s.require(fitted.rows() > 0 && fitted.columns() > 0, "_fit_X holds no samples")?;
    let norms = (0..fitted.rows()).map(|i| length(fitted.squares(i))).collect();
    let hashers = s.objects("hash_functions_")?;
    let hashes: Vec<Shared<i64>> = s.get("trees_")?;
    let original: Vec<Shared<i64>> = s.get("original_indices_")?;
    let n_estimators: usize = s.get("n_estimators")?;
    s.require(
        hashers.len() == n_estimators && hashes.len() == n_estimators && original.len() == n_estimators,
        format_args!("hash_functions_, trees_ and original_indices_ do not hold n_estimators={n_estimators} each"),
    )?;
    // At worst every search of every tree meets every sample.
    let met = (fitted.rows() as u64).saturating_mul(n_estimators as u64);
    s.row_cost(met.saturating_mul(HASH_SIZE as u64), fitted.rows() as u64 * 64)?;
    let mut trees = Vec::with_capacity(n_estimators);
    for ((hasher, hashes), original) in hashers.iter().zip(hashes).zip(original) {
        trees.push(HashTree::load(&s.open(hasher)?, &hashes, &original, &fitted)?);
    }
    let cutoff: f64 = s.get("radius_cutoff_ratio")?;
    Ok(Box::new(LshForest {
        fitted,
        norms,
        trees,
        k: s.get("n_neighbors")?,
        radius: s.get("radius")?,
        min_hash_match: s.get("min_hash_match")?,
        min_candidates: s.get::<usize>("n_candidates")?.saturating_mul(n_estimators),
        threshold: 1.0 - cutoff,
        clipped: s.version() >= (0, 18),
    }))
}

impl HashTree {
    fn load(s: &State<'_, '_>, hashes: &[i64], original: &[i64], fitted: &Weights) -> Result<HashTree> {
        let components: Matrix = s.get("components_")?;
        s.require(
            (components.rows, components.columns) == (HASH_SIZE, fitted.columns()),
            format_args!(
                "components_ is of shape ({}, {}), expected ({HASH_SIZE}, {})",
                components.rows,
                components.columns,
                fitted.columns()
            ),
        )?;
        let hashes: Option<Vec<u32>> = hashes.iter().map(|&hash| u32::try_from(hash).ok()).collect();
        let hashes = hashes.filter(|hashes| hashes.len() == fitted.rows() && hashes.is_sorted());
        let hashes = hashes.ok_or_else(|| s.error("the tree does not hold a hash of each sample, in order"))?;
        let sample = |&i: &i64| usize::try_from(i).ok().filter(|&i| i < fitted.rows());
        let original: Option<Vec<usize>> = original.iter().map(sample).collect();
        let original = original.filter(|original| original.len() == hashes.len());
        let original = original.ok_or_else(|| s.error("original_indices_ does not name a sample for each hash"))?;
        Ok(HashTree { components, hashes, original })
    }

    /// Which side of each hyperplane the sample lies on.
    fn hash(&self, x: &Row<'_>) -> u32 {
        (0..HASH_SIZE).fold(0, |hash, bit| hash << 1 | u32::from(x.dot(self.components.row(bit)) > 0.0))
    }

    /// How many leading bits the hash shares with the fitted one that is most like it.
    fn depth(&self, hash: u32) -> usize {
        let at = self.hashes.partition_point(|&other| other < hash);
        let like = |other: Option<&u32>| other.map_or(0, |other| (hash ^ other).leading_zeros() as usize);
        like(self.hashes.get(at)).max(like(at.checked_sub(1).and_then(|at| self.hashes.get(at))))
    }

    /// The fitted samples whose hashes begin with the same `depth` bits.
    fn alike(&self, hash: u32, depth: usize) -> &[usize] {
        let rest = u32::MAX.checked_shr(depth as u32).unwrap_or(0);
        let start = self.hashes.partition_point(|&other| other < hash & !rest);
        let stop = self.hashes.partition_point(|&other| other <= hash | rest);
        &self.original[Range { start, end: stop }]
    }
}

impl LshForest {
    /// Distances from the sample to the candidates, nearest first, and of equally near ones the first.
    fn nearest_first(&self, x: &Row<'_>, mut candidates: Vec<usize>) -> Vec<(f64, usize)> {
        candidates.sort_unstable();
        let norm = length(match x {
            Row::F64(x) => dot(x, x),
            Row::F32(x) => x.iter().map(|&v| f64::from(v) * f64::from(v)).sum(),
            Row::Sparse(_, x) => dot(x, x),
        });
        let distance = |i: usize| {
            let distance = 1.0 - self.fitted.dot(i, x) / (self.norms[i] * norm);
            if self.clipped { distance.clamp(0.0, 2.0) } else { distance }
        };
        let mut found: Vec<(f64, usize)> = candidates.into_iter().map(|i| (distance(i), i)).collect();
        sort_numbered(&mut found);
        found
    }

    /// The hashes of a sample, and the most leading bits that one of them shares with a fitted sample.
    fn descend(&self, x: &Row<'_>) -> (Vec<u32>, usize) {
        let hashes: Vec<u32> = self.trees.iter().map(|tree| tree.hash(x)).collect();
        let depth = self.trees.iter().zip(&hashes).map(|(tree, &hash)| tree.depth(hash)).max();
        (hashes, depth.unwrap_or(0))
    }

    fn kneighbors(&self, x: &Row<'_>) -> Vec<(f64, usize)> {
        let (hashes, mut depth) = self.descend(x);
        let (mut met, mut candidates) = (0, HashSet::new());
        while depth > self.min_hash_match && (met < self.min_candidates || candidates.len() < self.k) {
            for (tree, &hash) in self.trees.iter().zip(&hashes) {
                let alike = tree.alike(hash, depth);
                met += alike.len();
                candidates.extend(alike);
            }
            depth -= 1;
        }
        // Too few are filled up with the first of the others.
        let others = (0..self.fitted.rows()).filter(|i| !candidates.contains(i));
        let fill: Vec<usize> = others.take(self.k.saturating_sub(candidates.len())).collect();
        candidates.extend(fill);
        let mut found = self.nearest_first(x, candidates.into_iter().collect());
        found.truncate(self.k);
        found
    }

    fn radius_neighbors(&self, x: &Row<'_>) -> Vec<(f64, usize)> {
        let (hashes, mut depth) = self.descend(x);
        let (mut candidates, mut found) = (HashSet::new(), Vec::new());
        let mut within = 1.0;
        while depth > self.min_hash_match && within > self.threshold {
            let alike = self.trees.iter().zip(&hashes).flat_map(|(tree, &hash)| tree.alike(hash, depth));
            let new = alike.copied().filter(|&i| candidates.insert(i)).collect();
            found.extend(self.nearest_first(x, new).into_iter().filter(|&(distance, _)| distance <= self.radius));
            within = found.len() as f64 / candidates.len() as f64;
            depth -= 1;
        }
        found
    }
}

impl Estimator for LshForest {
    fn methods(&self) -> Methods {
        Methods::of(&[
            Method::Kneighbors,
            Method::KneighborsIndices,
            Method::RadiusNeighbors,
            Method::RadiusNeighborsIndices,
        ])
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC.sparse()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.fitted.columns())
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        let near = matches!(method, Method::Kneighbors | Method::KneighborsIndices);
        let find = |x: Row<'_>| if near { self.kneighbors(&x) } else { self.radius_neighbors(&x) };
        let found: Found = rows(x)?.map(|x| find(x).into_iter().unzip()).collect();
        answer(method, found, self.k.min(self.fitted.rows()))
    }
}

/// The length of a vector with this sum of squares, as it is divided by.
fn length(squares: f64) -> f64 {
    if squares == 0.0 { 1.0 } else { squares.sqrt() }
}
