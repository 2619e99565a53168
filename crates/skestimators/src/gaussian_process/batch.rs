//! Covariances of many samples at once, each in a lane of its own.

use ndarray::{ArrayView2, Axis};

use super::kernels::{Kernel, Scale, finish_sine, matern, rational_quadratic};
use crate::math::{
    Matrix,
    wide::{Wide, exp, map, wide},
};

/// Samples at once.
pub(super) const LANES: usize = 16;
/// Samples from which on it pays.
pub(super) const MANY: usize = LANES / 2;

/// Some samples with their covariances with all training samples.
pub(super) struct Block<'a> {
    /// The number of the first sample, and how many there are.
    pub(super) start: usize,
    pub(super) count: usize,
    /// The covariances, for change in place.
    pub(super) covariances: &'a mut [[f64; LANES]],
}

/// Calls `visit` with one block of samples after the other.
pub(super) fn each_block(kernel: &Kernel, x: &ArrayView2<'_, f64>, train: &Matrix, visit: &mut dyn FnMut(Block<'_>)) {
    let mut columns = vec![[0.0; LANES]; train.columns];
    let mut covariances = vec![[0.0; LANES]; train.rows];
    for (block, rows) in x.axis_chunks_iter(Axis(0), LANES).enumerate() {
        for (lane, row) in rows.rows().into_iter().enumerate() {
            columns.iter_mut().zip(row).for_each(|(column, &x)| column[lane] = x);
        }
        fill(kernel, &columns, train, &mut covariances);
        visit(Block { start: block * LANES, count: rows.nrows(), covariances: &mut covariances });
    }
}

/// Writes the kernel's value for each training sample, none of which counts as the same as any sample.
fn fill(kernel: &Kernel, x: &[[f64; LANES]], train: &Matrix, out: &mut [[f64; LANES]]) {
    let both = |a: &Kernel, b: &Kernel, out: &mut [[f64; LANES]], join: fn(&mut f64, f64)| {
        fill(a, x, train, out);
        let mut other = vec![[0.0; LANES]; out.len()];
        fill(b, x, train, &mut other);
        out.as_flattened_mut().iter_mut().zip(other.as_flattened()).for_each(|(out, &other)| join(out, other));
    };
    let distances = |scale: &Scale, out: &mut [[f64; LANES]], finish: &dyn Fn(f64) -> f64| {
        wide(SquaredDistances { x, train, scale, out, power: false });
        out.as_flattened_mut().iter_mut().for_each(|d| *d = finish(*d));
    };
    match kernel {
        Kernel::Sum(a, b) => both(a, b, out, |out, other| *out += other),
        Kernel::Product(a, b) => both(a, b, out, |out, other| *out *= other),
        Kernel::Exponentiation(a, exponent) => {
            fill(a, x, train, out);
            let power = |base: f64| if *exponent == 2.0 { base * base } else { base.powf(*exponent) };
            out.as_flattened_mut().iter_mut().for_each(|value| *value = power(*value));
        }
        Kernel::Constant(value) => out.fill([*value; LANES]),
        Kernel::White(_) => out.fill([0.0; LANES]),
        Kernel::Rbf(scale) => wide(SquaredDistances { x, train, scale, out, power: true }),
        Kernel::Matern { scale, nu, factor } => distances(scale, out, &|d| matern(d.sqrt(), *nu, *factor)),
        Kernel::RationalQuadratic { alpha, length_scale } => {
            distances(&Scale::One(1.0), out, &|d| rational_quadratic(d, *alpha, *length_scale));
        }
        Kernel::ExpSineSquared { periodicity, length_scale } => {
            distances(&Scale::One(1.0), out, &|d| finish_sine(d, *periodicity, *length_scale));
        }
        Kernel::DotProduct(_) | Kernel::Pairwise(_) => {
            let mut row = vec![0.0; x.len()];
            for lane in 0..LANES {
                row.iter_mut().zip(x).for_each(|(value, column)| *value = column[lane]);
                out.iter_mut().enumerate().for_each(|(k, out)| out[lane] = kernel.value(&row, train.row(k), false));
            }
        }
    }
}

/// Squared distances of scaled samples, or their `exp(-d / 2)`.
struct SquaredDistances<'a> {
    x: &'a [[f64; LANES]],
    train: &'a Matrix,
    scale: &'a Scale,
    out: &'a mut [[f64; LANES]],
    power: bool,
}

impl Wide for SquaredDistances<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSES: bool>(self) {
        let SquaredDistances { x, train, scale, out, power } = self;
        let scaled: Vec<[f64; LANES]> =
            x.iter().enumerate().map(|(j, column)| column.map(|x| x / scale.of(j))).collect();
        let mut row = vec![0.0; x.len()];
        for (out, y) in out.iter_mut().zip(train.data.chunks_exact(train.columns.max(1))) {
            match scale {
                Scale::One(scale) => row.iter_mut().zip(y).for_each(|(row, y)| *row = y / scale),
                Scale::Each(scales) => row.iter_mut().zip(y).zip(scales).for_each(|((row, y), scale)| *row = y / scale),
            }
            let mut sums = [0.0; LANES];
            for (x, y) in scaled.iter().zip(&row) {
                for lane in 0..LANES {
                    let d = x[lane] - y;
                    sums[lane] += d * d;
                }
            }
            *out = if power { exp::<FUSES, _>(map(sums, |sum| -0.5 * sum)) } else { sums };
        }
    }
}

/// Inner products of the covariances of each sample with weights.
pub(super) fn weigh(covariances: &[[f64; LANES]], weights: &[f64]) -> [f64; LANES] {
    wide(Weigh { covariances, weights })
}

struct Weigh<'a> {
    covariances: &'a [[f64; LANES]],
    weights: &'a [f64],
}

impl Wide for Weigh<'_> {
    type Output = [f64; LANES];

    #[inline(always)]
    fn run<const FUSES: bool>(self) -> [f64; LANES] {
        let mut sums = [0.0; LANES];
        for (values, weight) in self.covariances.iter().zip(self.weights) {
            for lane in 0..LANES {
                sums[lane] += values[lane] * weight;
            }
        }
        sums
    }
}

/// [`solve_lower`](crate::math::linalg::solve_lower) for each sample, and the squared length of what it gives.
pub(super) fn solve(lower: &Matrix, values: &mut [[f64; LANES]]) -> [f64; LANES] {
    wide(Solve { lower, values })
}

struct Solve<'a> {
    lower: &'a Matrix,
    values: &'a mut [[f64; LANES]],
}

impl Wide for Solve<'_> {
    type Output = [f64; LANES];

    #[inline(always)]
    fn run<const FUSES: bool>(self) -> [f64; LANES] {
        let Solve { lower, values } = self;
        let mut length = [0.0; LANES];
        for i in 0..lower.rows {
            let row = lower.row(i);
            let (solved, rest) = values.split_at_mut(i);
            let mut sums = [0.0; LANES];
            for (value, factor) in solved.iter().zip(row) {
                for lane in 0..LANES {
                    sums[lane] += factor * value[lane];
                }
            }
            let value = &mut rest[0];
            for lane in 0..LANES {
                value[lane] = (value[lane] - sums[lane]) / row[i];
                length[lane] += value[lane] * value[lane];
            }
        }
        length
    }
}
