//! Euclidean distances between samples and the rows of a stored matrix, as `sklearn.metrics.pairwise` computes them.

use ndarray::Array2;

use pulp::Simd;

use super::{
    Matrix, Row, dot,
    panels::{Panels, Take, VECTORS, multiply},
    rows, scratch,
    wide::fuses,
};
use crate::{data::Samples, error::Result};

/// `row_norms(y, squared=True)`.
fn squared_norms(y: &Matrix) -> Vec<f64> {
    (0..y.rows).map(|k| dot(y.row(k), y.row(k))).collect()
}

fn squared_norm(row: &Row<'_>) -> f64 {
    match row {
        Row::F64(x) => dot(x, x),
        Row::F32(x) => x.iter().map(|&v| f64::from(v) * f64::from(v)).sum(),
        Row::Sparse(_, values) => dot(values, values),
    }
}

/// Rows of a model that samples are compared with.
pub(crate) struct Targets {
    pub(crate) rows: Matrix,
    norms: Vec<f64>,
    /// The rows once more, where the processor takes several at a time.
    panels: Option<Panels>,
}

impl Targets {
    pub(crate) fn new(rows: Matrix) -> Self {
        Targets { norms: squared_norms(&rows), panels: fuses().then(|| Panels::of(&rows)), rows }
    }

    /// `euclidean_distances(x, y)`: one row a sample, one column for each row of the model, which has the samples' width.
    pub(crate) fn distances(&self, x: &Samples) -> Result<Array2<f64>> {
        let mut out = Array2::zeros((x.rows(), self.rows.rows));
        for (row, mut out) in rows(x)?.zip(out.rows_mut()) {
            let norm = squared_norm(&row);
            for (k, out) in out.iter_mut().enumerate() {
                // The square is cancelled out of larger numbers and may come out below zero; a NaN stays.
                let squared = -2.0 * row.dot(self.rows.row(k)) + norm + self.norms[k];
                *out = if squared < 0.0 { 0.0 } else { squared.sqrt() };
            }
        }
        Ok(out)
    }

    /// Calls `visit` with the index of the nearest row for each sample, the first of equally near ones.
    pub(crate) fn nearest(&self, x: &Samples, compared: Compared, mut visit: impl FnMut(usize)) -> Result<()> {
        if let (Samples::Dense(x), Some(panels)) = (x, &self.panels)
            && x.ncols() == self.rows.columns
            && let Some(x) = x.as_slice()
        {
            let width = self.rows.columns.max(1);
            let (mut best, mut least) = (scratch::zeros(x.len() / width), scratch::empty());
            least.resize(best.len(), compared.limit());
            let mut samples = scratch::zeros(if compared == Compared::Parts { 0 } else { best.len() });
            samples.iter_mut().zip(x.chunks_exact(width)).for_each(|(norm, x)| *norm = dot(x, x));
            let (norms, best_of, least_of) = (&self.norms, &mut best, &mut least);
            multiply(x, panels, &mut Nearest { norms, samples: &samples, compared, best: best_of, least: least_of });
            best.iter().for_each(|&index| visit(index));
            scratch::give(best);
            scratch::give(least);
            scratch::give(samples);
            return Ok(());
        }
        // It takes no sparse samples with dense rows.
        let distances = compared == Compared::ArgKmin && matches!(x, Samples::Sparse(_));
        let compared = if distances { Compared::Distances } else { compared };
        for row in rows(x)? {
            let sample = if compared == Compared::Parts { 0.0 } else { squared_norm(&row) };
            let mut best = (0, compared.limit());
            for (k, norm) in self.norms.iter().enumerate() {
                let distance = compared.of(-2.0 * row.dot(self.rows.row(k)) + sample + norm);
                if distance < best.1 {
                    best = (k, distance);
                }
            }
            visit(best.0);
        }
        Ok(())
    }
}

/// What is compared to find the nearest row. Rounding makes the coarser ones equal more often, and then the first row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compared {
    /// `|y|² - 2 <x, y>`, since the rest is the same for all.
    Parts,
    /// Squared distances.
    Squares,
    /// The same by scikit-learn's `ArgKmin`: what comes out as no number counts as no distance, and of infinite ones the first.
    ArgKmin,
    /// Distances.
    Distances,
}

impl Compared {
    fn limit(self) -> f64 {
        if self == Compared::ArgKmin { f64::MAX } else { f64::INFINITY }
    }

    /// What is compared, from the sum of all terms that it has.
    fn of(self, sum: f64) -> f64 {
        match self {
            Compared::Parts => sum,
            Compared::Squares | Compared::ArgKmin => sum.max(0.0),
            Compared::Distances => sum.max(0.0).sqrt(),
        }
    }
}

/// `|x|² - 2 <x, y> + |y|²` from products and the squared norms of a sample and of the rows, which may be fewer than a vector has.
#[inline(always)]
pub(crate) fn squares<S: Simd>(simd: S, products: S::f64s, sample: f64, rows: &[f64]) -> S::f64s {
    let rows = match rows.get(..S::F64_LANES) {
        Some(rows) => S::as_simd_f64s(rows).0[0],
        None => simd.partial_load_f64s(rows),
    };
    // Twice a product is exact, or infinite.
    let twice = simd.mul_f64s(simd.splat_f64s(-2.0), products);
    simd.add_f64s(simd.add_f64s(twice, simd.splat_f64s(sample)), rows)
}

/// Finds the nearest row for each sample.
struct Nearest<'a> {
    norms: &'a [f64],
    /// Squared norms of the samples, where they are added.
    samples: &'a [f64],
    compared: Compared,
    best: &'a mut [usize],
    least: &'a mut [f64],
}

impl Take for Nearest<'_> {
    #[inline(always)]
    fn take<S: Simd>(&mut self, simd: S, sample: usize, first: usize, products: [S::f64s; VECTORS]) {
        let (best, least) = (&mut self.best[sample], &mut self.least[sample]);
        let all = &self.norms[first..];
        let norm = self.samples.get(sample).copied().unwrap_or(0.0);
        for (v, product) in products.into_iter().enumerate() {
            let start = v * S::F64_LANES;
            let sums = squares(simd, product, norm, all.get(start..).unwrap_or_default());
            let zero = simd.splat_f64s(0.0);
            let positive = simd.select_f64s(simd.less_than_f64s(zero, sums), sums, zero);
            let distances = match self.compared {
                Compared::Parts => sums,
                Compared::Squares | Compared::ArgKmin => positive,
                Compared::Distances => simd.sqrt_f64s(positive),
            };
            let nearer = simd.less_than_f64s(distances, simd.splat_f64s(*least));
            if simd.first_true_m64s(nearer) == S::F64_LANES {
                continue;
            }
            let distances: &[f64] = pulp::bytemuck::cast_slice(std::slice::from_ref(&distances));
            for (lane, &distance) in (start..all.len()).zip(distances) {
                if distance < *least {
                    (*best, *least) = (first + lane, distance);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_that_overflow_are_compared_as_in_arg_kmin() {
        let targets = Targets::new(Matrix::new(vec![1.0, 2.0, 1e200, 3.0], 4, 1));
        let x = Array2::from_shape_vec((3, 1), vec![1e200, 1e300, 0.5]).unwrap();
        // As scikit-learn 1.9.1 has it, whatever the width of the numbers.
        for x in [Samples::Dense32(ndarray::array![[0.5f32]]), Samples::Dense(x)] {
            let mut found = Vec::new();
            targets.nearest(&x, Compared::ArgKmin, |index| found.push(index)).unwrap();
            assert_eq!(found, if x.rows() == 3 { vec![2, 2, 0] } else { vec![0] });
        }
    }
}
