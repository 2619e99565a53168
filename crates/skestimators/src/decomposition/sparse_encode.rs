//! The solvers behind `sklearn.decomposition.sparse_encode`: a sparse code for one sample, from the products of the dictionary's rows with
//! one another (`gram`) and with the sample (`cov`).

use crate::math::{Matrix, dot, special::argmax};

/// `orthogonal_mp_gram`: `count` rows, one by one, each time the one that explains most of the rest. `unit` takes all rows as of length 1.
pub(super) fn omp(gram: &Matrix, cov: &[f64], count: usize, unit: bool) -> Vec<f64> {
    let mut code = vec![0.0; cov.len()];
    let mut chosen: Vec<usize> = Vec::new();
    let mut lower = Triangle::default();
    let mut gamma = Vec::new();
    let mut rest = cov.to_vec();
    while chosen.len() < count {
        let best = argmax(rest.iter().map(|v| v.abs()));
        if chosen.contains(&best) || rest[best] * rest[best] < f64::EPSILON {
            break;
        }
        let square = if unit { 1.0 } else { gram.row(best)[best] };
        let row = lower.row_for(chosen.iter().map(|&j| gram.row(best)[j]));
        let diagonal = square - dot(&row, &row);
        if diagonal <= f64::EPSILON && !chosen.is_empty() {
            break;
        }
        lower.push(row, diagonal.sqrt());
        chosen.push(best);
        gamma = lower.solve(&chosen.iter().map(|&j| cov[j]).collect::<Vec<_>>());
        for (j, rest) in rest.iter_mut().enumerate() {
            *rest = cov[j] - chosen.iter().zip(&gamma).map(|(&i, g)| gram.row(j)[i] * g).sum::<f64>();
        }
    }
    chosen.iter().zip(&gamma).for_each(|(&j, g)| code[j] = *g);
    code
}

/// A lower triangular factor that grows row by row.
#[derive(Default)]
struct Triangle {
    rows: Vec<Vec<f64>>,
}

impl Triangle {
    /// Solves for the row whose products with the others are given.
    fn row_for(&self, products: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut row: Vec<f64> = products.collect();
        for (i, lower) in self.rows.iter().enumerate() {
            row[i] = (row[i] - dot(&lower[..i], &row[..i])) / lower[i];
        }
        row
    }

    fn push(&mut self, mut row: Vec<f64>, diagonal: f64) {
        row.push(diagonal);
        self.rows.push(row);
    }

    /// Solves `L @ L.T @ x = b`, with `extra` added to the diagonal of `L`.
    fn solve_with(&self, b: &[f64], extra: f64) -> Vec<f64> {
        let mut x = b.to_vec();
        for (i, lower) in self.rows.iter().enumerate() {
            x[i] = (x[i] - dot(&lower[..i], &x[..i])) / (lower[i] + extra);
        }
        for (i, lower) in self.rows.iter().enumerate().rev() {
            x[i] /= lower[i] + extra;
            let (before, at) = x.split_at_mut(i);
            before.iter_mut().zip(lower).for_each(|(x, l)| *x -= l * at[0]);
        }
        x
    }

    fn solve(&self, b: &[f64]) -> Vec<f64> {
        self.solve_with(b, 0.0)
    }
}

/// The path of least angle regression, or of the lasso by it.
pub(super) struct Lars {
    /// Where the path ends.
    pub(super) alpha: f64,
    /// Most steps.
    pub(super) max_iter: usize,
    /// The lasso: a row whose weight becomes zero is dropped.
    pub(super) lasso: bool,
    pub(super) positive: bool,
}

/// Correlations nearer than this to the end of the path count as being there.
const EQUAL: f64 = f32::EPSILON as f64;
/// Added to every divisor.
const TINY: f64 = f32::MIN_POSITIVE as f64;

impl Lars {
    /// `lars_path_gram`, of a sample of so many features. The rows stand in an order of their own, those in use first.
    pub(super) fn encode(&self, gram: &Matrix, cov: &[f64], features: usize) -> Vec<f64> {
        let count = cov.len();
        let mut order: Vec<usize> = (0..count).collect();
        // Correlations with the rest, of the rows that are not in use.
        let mut rest = cov.to_vec();
        let (mut active, mut signs): (Vec<usize>, Vec<f64>) = (Vec::new(), Vec::new());
        let mut lower = Triangle::default();
        let (mut code, mut last_code) = (vec![0.0; count], vec![0.0; count]);
        let mut last_alpha = 0.0;
        let (mut step, mut drop) = (0, false);
        loop {
            let at = argmax(rest.iter().map(|v| if self.positive { *v } else { v.abs() }));
            let signed = rest.get(at).copied().unwrap_or(0.0);
            let largest = if self.positive { signed } else { signed.abs() };
            let alpha = largest / features as f64;
            if alpha <= self.alpha + EQUAL {
                if (alpha - self.alpha).abs() > EQUAL && step > 0 {
                    let part = (last_alpha - self.alpha) / (last_alpha - alpha);
                    code.iter_mut().zip(&last_code).for_each(|(c, last)| *c = last + part * (*c - last));
                }
                break;
            }
            let used = active.len();
            if step >= self.max_iter || used >= count {
                break;
            }
            if !drop {
                rest.swap(at, 0);
                order.swap(at + used, used);
                let new = order[used];
                let row = lower.row_for(order[..used].iter().map(|&j| gram.row(new)[j]));
                let diagonal = (gram.row(new)[new] - dot(&row, &row)).abs().sqrt().max(f64::EPSILON);
                if diagonal < 1e-7 {
                    // It depends on those in use.
                    rest[0] = 0.0;
                    rest.swap(at, 0);
                    continue;
                }
                rest.remove(0);
                lower.push(row, diagonal);
                active.push(new);
                signs.push(if self.positive || signed > 0.0 { 1.0 } else { -1.0 });
            }
            if self.lasso && step > 0 && last_alpha < alpha {
                break;
            }
            let (direction, scale) = equiangular(&lower, &signs);
            let others = &order[active.len()..];
            let along: Vec<f64> = others
                .iter()
                .map(|&j| {
                    let product = active.iter().zip(&direction).map(|(&i, d)| gram.row(i)[j] * d).sum::<f64>();
                    (product * 1e15).round_ties_even() / 1e15
                })
                .collect();
            let mut length = largest / scale;
            for (rest, along) in rest.iter().zip(&along) {
                length = positive_min(length, (largest - rest) / (scale - along + TINY));
                if !self.positive {
                    length = positive_min(length, (largest + rest) / (scale + along + TINY));
                }
            }
            let zeros: Vec<f64> = active.iter().zip(&direction).map(|(&j, d)| -code[j] / (d + TINY)).collect();
            let first = zeros.iter().fold(f64::MAX, |first, &zero| positive_min(first, zero));
            drop = first < length;
            let dropped = zeros.iter().position(|&zero| drop && zero == first);
            if let Some(at) = dropped {
                signs[at] = -signs[at];
                if self.lasso {
                    length = first;
                }
            }
            step += 1;
            last_alpha = alpha;
            last_code = std::mem::replace(&mut code, vec![0.0; count]);
            active.iter().zip(&direction).for_each(|(&j, d)| code[j] = last_code[j] + length * d);
            rest.iter_mut().zip(&along).for_each(|(rest, along)| *rest -= length * along);
            if let Some(at) = dropped.filter(|_| self.lasso) {
                let gone = active.remove(at);
                signs.remove(at);
                order[at..=active.len()].rotate_left(1);
                lower = Triangle::default();
                for (i, &j) in active.iter().enumerate() {
                    let row = lower.row_for(active[..i].iter().map(|&other| gram.row(j)[other]));
                    let diagonal = (gram.row(j)[j] - dot(&row, &row)).abs().sqrt().max(f64::EPSILON);
                    lower.push(row, diagonal);
                }
                rest.insert(0, cov[gone] - dot(gram.row(gone), &code));
            }
        }
        code
    }
}

/// The direction that has the same angle with all rows in use, and its length.
fn equiangular(lower: &Triangle, signs: &[f64]) -> (Vec<f64>, f64) {
    let mut direction = lower.solve(signs);
    if direction.len() == 1 && direction[0] == 0.0 {
        return (vec![1.0], 1.0);
    }
    let mut scale = 1.0 / dot(&direction, signs).sqrt();
    // Without a direction, the factor's diagonal is raised until there is one.
    let (mut extra, mut raise) = (0.0, f64::EPSILON);
    while !scale.is_finite() && raise.is_finite() {
        extra += raise;
        raise *= 2.0;
        direction = lower.solve_with(signs, extra);
        scale = 1.0 / dot(&direction, signs).max(f64::EPSILON).sqrt();
    }
    direction.iter_mut().for_each(|v| *v *= scale);
    (direction, scale)
}

/// The smaller of the two, if the new one is positive.
fn positive_min(least: f64, value: f64) -> f64 {
    if value > 0.0 && value < least { value } else { least }
}

/// The lasso by coordinate descent.
pub(super) struct Descent {
    pub(super) alpha: f64,
    pub(super) max_iter: usize,
    pub(super) positive: bool,
    /// Smallest change, and the duality gap in proportion to the sample's square.
    pub(super) tol: f64,
    /// Rows that the duality gap excludes are left out (since 1.8).
    pub(super) screen: bool,
}

impl Descent {
    /// `enet_coordinate_descent_gram`; `square` is that of the sample.
    pub(super) fn encode(&self, gram: &Matrix, cov: &[f64], square: f64) -> Vec<f64> {
        let count = cov.len();
        let mut code = vec![0.0; count];
        let mut products = vec![0.0; count];
        let mut included: Vec<usize> = (0..count).filter(|&j| gram.row(j)[j] != 0.0).collect();
        if self.screen {
            let (gap, norm) = self.gap(&code, &products, cov, square);
            if (0.0..=self.tol * square).contains(&gap) {
                return code;
            }
            self.exclude(&mut included, gram, cov, &mut code, &mut products, (gap, norm));
        }
        for round in 0..self.max_iter {
            let (mut largest, mut change) = (0.0f64, 0.0f64);
            for &j in &included {
                let row = gram.row(j);
                let before = code[j];
                let pull = cov[j] - products[j] + before * row[j];
                code[j] = if self.positive && pull < 0.0 {
                    0.0
                } else {
                    pull.signum() * (pull.abs() - self.alpha).max(0.0) / row[j]
                };
                let moved = code[j] - before;
                if moved != 0.0 {
                    products.iter_mut().zip(row).for_each(|(p, g)| *p += moved * g);
                }
                change = change.max(moved.abs());
                largest = largest.max(code[j].abs());
            }
            if largest == 0.0 || change / largest <= self.tol || round + 1 == self.max_iter {
                let (gap, norm) = self.gap(&code, &products, cov, square);
                if gap < self.tol * square || self.screen && gap == self.tol * square {
                    break;
                }
                if self.screen {
                    self.exclude(&mut included, gram, cov, &mut code, &mut products, (gap, norm));
                }
            }
        }
        code
    }

    /// The duality gap, and the largest correlation with what is left of the sample.
    fn gap(&self, code: &[f64], products: &[f64], cov: &[f64], square: f64) -> (f64, f64) {
        let explained = dot(code, cov);
        let rest = square + dot(code, products) - 2.0 * explained;
        let correlations = cov.iter().zip(products).map(|(c, p)| c - p);
        if self.alpha == 0.0 {
            let sum = correlations.map(|c| c * c).sum();
            return (sum, sum);
        }
        let norm = correlations.map(|c| if self.positive { c } else { c.abs() }).fold(f64::NEG_INFINITY, f64::max);
        let scale = if norm > self.alpha { self.alpha / norm } else { 1.0 };
        let penalty = self.alpha * code.iter().map(|c| c.abs()).sum::<f64>();
        (0.5 * rest * (1.0 + scale * scale) + penalty - scale * (square - explained), norm)
    }

    /// Leaves out the rows whose weight must be zero.
    fn exclude(
        &self,
        included: &mut Vec<usize>,
        gram: &Matrix,
        cov: &[f64],
        code: &mut [f64],
        products: &mut [f64],
        (gap, norm): (f64, f64),
    ) {
        if self.alpha == 0.0 {
            return;
        }
        let radius = (2.0 * gap.abs()).sqrt() / self.alpha;
        let correlations: Vec<f64> = cov.iter().zip(&*products).map(|(c, p)| c - p).collect();
        included.retain(|&j| {
            let row = gram.row(j);
            let inside = (1.0 - (correlations[j] / self.alpha.max(norm)).abs()) / row[j].sqrt() <= radius;
            if !inside && code[j] != 0.0 {
                products.iter_mut().zip(row).for_each(|(p, g)| *p -= code[j] * g);
                code[j] = 0.0;
            }
            inside
        });
    }
}
