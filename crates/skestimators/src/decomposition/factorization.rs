//! The solvers of `NMF`: non-negative `W` such that `W @ H` is near `X`, where `H` is given.

use ndarray::Axis;

use crate::{
    data::Samples,
    error::Result,
    math::{Matrix, Row, dot, linalg::times_transposed, random::RandomState, rows, sum::pairwise},
};

/// Smallest quotient: `numpy.finfo(numpy.float32).eps`.
const EPSILON: f64 = f32::EPSILON as f64;

/// How the multiplicative updates start from the mean of the samples, and when they end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// They end when the loss hardly changes any more.
    Mean,
    /// They end when `W` hardly changes any more (`MiniBatchNMF`).
    MeanByBatch,
}

/// A batch of samples and the components that are to make it up.
pub(super) struct Problem<'x> {
    x: Vec<Row<'x>>,
    sparse: bool,
    mean: f64,
    h: &'x Matrix,
    beta: f64,
    l1: f64,
    l2: f64,
    floor_all: bool,
    /// `X @ H.T`, one row a sample.
    xht: Vec<f64>,
    /// `H @ H.T`.
    hht: Matrix,
}

impl<'x> Problem<'x> {
    pub(super) fn new(x: &'x Samples, h: &'x Matrix, beta: f64, (l1, l2): (f64, f64), floor_all: bool) -> Result<Self> {
        let sum = match x {
            Samples::Sparse(x) => x.data().iter().sum(),
            Samples::Dense(x) => match x.as_slice() {
                Some(x) => pairwise(x),
                None => x.sum(),
            },
            other => other.dense()?.sum_axis(Axis(1)).sum(),
        };
        let sparse = matches!(x, Samples::Sparse(_));
        let mean = sum / (x.rows() as f64 * h.columns as f64);
        let x: Vec<Row<'_>> = rows(x)?.collect();
        let mut xht = Vec::with_capacity(x.len() * h.rows);
        for row in &x {
            xht.extend((0..h.rows).map(|k| row.dot(h.row(k))));
        }
        Ok(Problem { x, sparse, mean, h, beta, l1, l2, floor_all, xht, hht: times_transposed(h, h) })
    }

    /// `solver='cd'`: one component after the other, in all samples.
    pub(super) fn coordinate_descent(&self, tol: f64, rounds: usize, mut order: Option<RandomState>) -> Vec<f64> {
        let count = self.h.rows;
        let mut hht = self.hht.data.to_vec();
        hht.iter_mut().step_by(count + 1).for_each(|v| *v += self.l2);
        let mut w = vec![0.0; self.xht.len()];
        let mut at_first = 0.0;
        for round in 0..rounds {
            let mut violation = 0.0;
            let components = order.as_mut().map_or_else(|| (0..count).collect(), |order| order.permutation(count));
            for t in components {
                let products = &hht[t * count..(t + 1) * count];
                for (w, xht) in w.chunks_exact_mut(count).zip(self.xht.chunks_exact(count)) {
                    let start = -(xht[t] - self.l1);
                    let gradient = products.iter().zip(&*w).fold(start, |sum, (h, w)| sum + h * w);
                    violation += if w[t] == 0.0 { gradient.min(0.0) } else { gradient }.abs();
                    if products[t] != 0.0 {
                        w[t] = (w[t] - gradient / products[t]).max(0.0);
                    }
                }
            }
            if round == 0 {
                at_first = violation;
            }
            if at_first == 0.0 || violation / at_first <= tol {
                break;
            }
        }
        w
    }

    /// `solver='mu'`.
    pub(super) fn multiplicative(&self, tol: f64, rounds: usize, start: Start) -> Vec<f64> {
        let gamma = match self.beta {
            beta if beta < 1.0 => 1.0 / (2.0 - beta),
            beta if beta > 2.0 => 1.0 / (beta - 1.0),
            _ => 1.0,
        };
        let mut w = vec![(self.mean / self.h.rows as f64).sqrt(); self.xht.len()];
        let at_first = if start == Start::Mean { self.loss(&w) } else { 0.0 };
        let mut before = at_first;
        let mut last = w.clone();
        let l1 = self.l1.max(0.0);
        let mut sums: Vec<f64> = (0..self.h.rows).map(|k| pairwise(self.h.row(k)) + l1).collect();
        for round in 1..=rounds {
            self.update(&mut w, gamma, &sums);
            if start == Start::Mean {
                // The penalty is added to the sums that are kept, and so once more in each round.
                sums.iter_mut().for_each(|sum| *sum += l1);
            }
            if start == Start::MeanByBatch {
                let change: f64 = w.iter().zip(&last).map(|(w, last)| (w - last).powi(2)).sum();
                if tol > 0.0 && change.sqrt() / dot(&w, &w).sqrt() <= tol {
                    break;
                }
                last.copy_from_slice(&w);
                continue;
            }
            if self.beta < 1.0 {
                w.iter_mut().filter(|w| **w < f64::EPSILON).for_each(|w| *w = 0.0);
            }
            if tol > 0.0 && round % 10 == 0 {
                let loss = self.loss(&w);
                if (before - loss) / at_first < tol {
                    break;
                }
                before = loss;
            }
        }
        w
    }

    /// Raises a product to the floor.
    fn floored(&self, product: f64) -> f64 {
        if product == 0.0 || self.floor_all && product < EPSILON { EPSILON } else { product }
    }

    /// One round of multiplicative updates; `sums` are those of the components with their penalty, for a loss of 1.
    fn update(&self, w: &mut [f64], gamma: f64, sums: &[f64]) {
        let (count, beta) = (self.h.rows, self.beta);
        let mut numerator = vec![0.0; count];
        let mut denominator = vec![0.0; count];
        let mut product = vec![0.0; self.h.columns];
        for (i, w) in w.chunks_exact_mut(count).enumerate() {
            if beta == 2.0 {
                numerator.copy_from_slice(&self.xht[i * count..(i + 1) * count]);
                denominator.iter_mut().enumerate().for_each(|(k, d)| *d = dot(w, self.hht.row(k)));
            } else {
                self.product(w, &mut product);
                numerator.fill(0.0);
                each(&self.x[i], |j, x| {
                    let product = if beta < 2.0 { self.floored(product[j]) } else { product[j] };
                    let quotient = match beta {
                        1.0 => x / product,
                        0.0 => x * (1.0 / product).powi(2),
                        _ => x * product.powf(beta - 2.0),
                    };
                    numerator.iter_mut().enumerate().for_each(|(k, n)| *n += quotient * self.h.row(k)[j]);
                });
                if beta == 1.0 {
                    denominator.copy_from_slice(sums);
                } else {
                    let raised = |&v: &f64| if beta < 1.0 { self.floored(v) } else { v }.powf(beta - 1.0);
                    let raised: Vec<f64> = product.iter().map(raised).collect();
                    denominator.iter_mut().enumerate().for_each(|(k, d)| *d = dot(&raised, self.h.row(k)));
                }
            }
            for ((w, n), d) in w.iter_mut().zip(&numerator).zip(&denominator) {
                let l1 = if beta == 1.0 { 0.0 } else { self.l1.max(0.0) };
                let mut d = d + l1 + self.l2.max(0.0) * *w;
                if d == 0.0 {
                    d = EPSILON;
                }
                *w *= if gamma == 1.0 { n / d } else { (n / d).powf(gamma) };
            }
        }
    }

    /// One row of `W @ H`.
    fn product(&self, w: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for (k, w) in w.iter().enumerate() {
            out.iter_mut().zip(self.h.row(k)).for_each(|(o, h)| *o += w * h);
        }
    }

    /// The root of twice the beta-divergence of `X` and `W @ H`.
    fn loss(&self, w: &[f64]) -> f64 {
        let (count, beta) = (self.h.rows, self.beta);
        let mut product = vec![0.0; self.h.columns];
        if beta == 2.0 && self.sparse {
            let mut squares = 0.0;
            self.x.iter().for_each(|row| each(row, |_, x| squares += x * x));
            let mut approximated = 0.0;
            for w in w.chunks_exact(count) {
                approximated += (0..count).map(|k| w[k] * dot(w, self.hht.row(k))).sum::<f64>();
            }
            return (squares + approximated - 2.0 * dot(&self.xht, w)).sqrt();
        }
        let mut loss = 0.0;
        let mut powers = 0.0;
        for (row, w) in self.x.iter().zip(w.chunks_exact(count)) {
            self.product(w, &mut product);
            if beta == 2.0 {
                each(row, |j, x| product[j] -= x);
                loss += dot(&product, &product);
                continue;
            }
            match beta {
                1.0 => powers += product.iter().sum::<f64>(),
                0.0 => {}
                _ => powers += product.iter().map(|v| v.powf(beta)).sum::<f64>(),
            }
            each(row, |j, x| {
                if x <= EPSILON {
                    return;
                }
                let product = self.floored(product[j]);
                let quotient = x / product;
                loss += match beta {
                    1.0 => x * quotient.ln() - x,
                    0.0 => quotient - quotient.ln(),
                    _ => x.powf(beta) - beta * x * product.powf(beta - 1.0),
                };
            });
        }
        let divergence = match beta {
            2.0 => return loss.sqrt(),
            1.0 => loss + powers,
            0.0 => loss - (self.x.len() * self.h.columns) as f64,
            _ => (loss + powers * (beta - 1.0)) / (beta * (beta - 1.0)),
        };
        (2.0 * divergence.max(0.0)).sqrt()
    }

    /// `solver='pg'`, up to 0.18: Lin's projected gradients; `extra` is added to all products of components, and to the squares.
    pub(super) fn projected_gradient(&self, tol: f64, rounds: usize, extra: (f64, f64)) -> Vec<f64> {
        let count = self.h.rows;
        let mut hht: Vec<f64> = self.hht.data.iter().map(|v| v + extra.0).collect();
        hht.iter_mut().step_by(count + 1).for_each(|v| *v += extra.1);
        let hht = Matrix::new(hht, count, count);
        let times = |w: &[f64]| -> Vec<f64> {
            w.chunks_exact(count).flat_map(|w| (0..count).map(|k| dot(w, hht.row(k)))).collect()
        };
        let mut w = vec![0.0; self.xht.len()];
        let mut gamma = 1.0;
        for _ in 0..rounds {
            let mut gradient = times(&w);
            for ((g, xht), w) in gradient.iter_mut().zip(&self.xht).zip(&w) {
                *g += self.l1 + self.l2 * w - xht;
            }
            let open = gradient.iter().zip(&w).filter(|(g, w)| **g < 0.0 || **w > 0.0);
            if open.map(|(g, _)| g * g).sum::<f64>().sqrt() < tol {
                break;
            }
            let mut last = w.clone();
            let mut shrink = false;
            for inner in 0..20 {
                let next: Vec<f64> = w.iter().zip(&gradient).map(|(w, g)| (w - gamma * g).max(0.0)).collect();
                let step: Vec<f64> = next.iter().zip(&w).map(|(next, w)| next - w).collect();
                let enough = 0.99 * dot(&gradient, &step) + 0.5 * dot(&times(&step), &step) < 0.0;
                if inner == 0 {
                    shrink = !enough;
                }
                if shrink {
                    if enough {
                        w = next;
                        break;
                    }
                    gamma *= 0.1;
                } else if !enough || last == next {
                    w = last;
                    break;
                } else {
                    gamma /= 0.1;
                    last = next;
                }
            }
        }
        w
    }
}

/// Calls with the column and value of each element that is not zero.
fn each(row: &Row<'_>, mut call: impl FnMut(usize, f64)) {
    match row {
        Row::F64(x) => x.iter().enumerate().filter(|(_, x)| **x != 0.0).for_each(|(j, &x)| call(j, x)),
        Row::F32(x) => x.iter().enumerate().filter(|(_, x)| **x != 0.0).for_each(|(j, &x)| call(j, x.into())),
        Row::Sparse(columns, values) => columns.iter().zip(*values).for_each(|(&j, &x)| call(j, x)),
    }
}
