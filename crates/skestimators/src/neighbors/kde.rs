//! `sklearn.neighbors._kde.KernelDensity`: a density from the distances to the fitted samples, summed over a tree.

use std::{cmp::Ordering, collections::BinaryHeap, f64::consts::PI};

use ndarray::Array1;

use super::{order::sum, tree::Tree};
use crate::{
    data::{Array, Samples},
    error::Result,
    estimator::Estimator,
    math::contiguous,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kernel {
    Gaussian,
    TopHat,
    Epanechnikov,
    Exponential,
    Linear,
    Cosine,
}

struct KernelDensity {
    tree: Tree,
    kernel: Kernel,
    bandwidth: f64,
    /// Logarithm of the kernel's integral, negated.
    norm: f64,
    /// Logarithms of the tolerances; `atol` is scaled by the weight of all samples.
    log_atol: f64,
    log_rtol: f64,
    breadth_first: bool,
    /// Weight of all samples.
    total: f64,
    /// Weight of each node.
    weights: Vec<f64>,
}

/// Bounds of the density: the logarithms of the least it can be, and of how much more.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    least: f64,
    spread: f64,
}

/// A node whose bounds stand for its samples so far; the greatest `order` is looked at next.
struct Open {
    order: f64,
    node: usize,
    bounds: Bounds,
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Open {}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order.total_cmp(&other.order)
    }
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let tree = Tree::load(s, &s.raw("tree_")?)?;
    let kernel = s.choice(
        "kernel",
        Some("gaussian"),
        &[
            ("gaussian", Kernel::Gaussian),
            ("tophat", Kernel::TopHat),
            ("epanechnikov", Kernel::Epanechnikov),
            ("exponential", Kernel::Exponential),
            ("linear", Kernel::Linear),
            ("cosine", Kernel::Cosine),
        ],
    )?;
    let bandwidth: f64 = s.renamed(&["bandwidth_", "bandwidth"])?;
    s.require(bandwidth > 0.0, format_args!("bandwidth={bandwidth}, expected more than 0"))?;
    let (atol, rtol) = (s.opt::<f64>("atol")?.unwrap_or(0.0), s.opt::<f64>("rtol")?.unwrap_or(1e-8));
    s.require(atol >= 0.0 && rtol >= 0.0, "atol and rtol must not be negative")?;
    let total = match &tree.weights {
        Some(weights) => {
            s.require(weights.iter().all(|&w| w >= 0.0), "sample_weight holds negative values")?;
            sum(weights)
        }
        None => tree.data.rows as f64,
    };
    let weight = |node: usize| match &tree.weights {
        Some(weights) => tree.samples(node).map(|i| weights[i]).sum(),
        None => tree.samples(node).count() as f64,
    };
    let mut weights: Vec<f64> = (0..tree.nodes()).map(weight).collect();
    weights.iter_mut().take(1).for_each(|root| *root = total);
    Ok(Box::new(KernelDensity {
        norm: log_norm(bandwidth, tree.data.columns, kernel),
        log_atol: (atol * total).ln(),
        log_rtol: rtol.ln(),
        breadth_first: s.opt("breadth_first")?.unwrap_or(true),
        total,
        weights,
        tree,
        kernel,
        bandwidth,
    }))
}

impl Kernel {
    /// Logarithm of the kernel, which is 1 at no distance.
    fn log(self, distance: f64, h: f64) -> f64 {
        match self {
            Kernel::Gaussian => -0.5 * (distance * distance) / (h * h),
            Kernel::Exponential => -distance / h,
            _ if distance >= h => f64::NEG_INFINITY,
            Kernel::TopHat => 0.0,
            Kernel::Epanechnikov => (1.0 - (distance * distance) / (h * h)).ln(),
            Kernel::Linear => (1.0 - distance / h).ln(),
            Kernel::Cosine => (0.5 * PI * distance / h).cos().ln(),
        }
    }
}

/// `lgamma(n / 2)` of a whole `n` above 0.
fn log_gamma_half(n: usize) -> f64 {
    let start = if n.is_multiple_of(2) { 0.0 } else { 0.5 * PI.ln() };
    let first = if n.is_multiple_of(2) { 2 } else { 1 };
    (first..n).step_by(2).fold(start, |sum, k| sum + (k as f64 / 2.0).ln())
}

/// `_log_kernel_norm`.
fn log_norm(h: f64, d: usize, kernel: Kernel) -> f64 {
    let n = d as f64;
    // Volume of the unit ball of k dimensions, and the surface of that of k + 1.
    let log_v = |k: f64, twice: usize| 0.5 * k * PI.ln() - log_gamma_half(twice);
    let volume = log_v(n, d + 2);
    // logSn(d - 1) = log(2 pi) + logVn(d - 2), whose gamma function is of d / 2.
    let surface = (2.0 * PI).ln() + log_v(n - 2.0, d);
    let factor = match kernel {
        Kernel::Gaussian => 0.5 * n * (2.0 * PI).ln(),
        Kernel::TopHat => volume,
        Kernel::Epanechnikov => volume + (2.0 / (n + 2.0)).ln(),
        Kernel::Exponential => surface + log_gamma_half(2 * d),
        Kernel::Linear => volume - (n + 1.0).ln(),
        Kernel::Cosine => {
            let (mut factor, mut term) = (0.0, 2.0 / PI);
            for k in (1..=d).step_by(2) {
                let k = k as f64;
                factor += term;
                term *= -(n - k) * (n - k - 1.0) * (2.0 / PI).powi(2);
            }
            factor.ln() + surface
        }
    };
    -factor - n * h.ln()
}

fn log_add(a: f64, b: f64) -> f64 {
    let most = a.max(b);
    if most == f64::NEG_INFINITY { most } else { most + ((a - most).exp() + (b - most).exp()).ln() }
}

fn log_sub(a: f64, b: f64) -> f64 {
    if a <= b { f64::NEG_INFINITY } else { a + (1.0 - (b - a).exp()).ln() }
}

impl KernelDensity {
    /// The bounds of a node, and the least distance to it.
    fn bounds(&self, node: usize, point: &[f64]) -> (Bounds, f64) {
        let (near, far) = self.tree.bounds(node, point);
        let weight = self.weights[node].ln();
        let least = weight + self.kernel.log(far, self.bandwidth);
        let most = weight + self.kernel.log(near, self.bandwidth);
        // Breadth first scikit-learn takes the upper bound of a child for its spread, all but at the root.
        let spread = if self.breadth_first && node > 0 { most } else { log_sub(most, least) };
        (Bounds { least, spread }, near)
    }

    fn within(&self, spread: f64, least: f64) -> bool {
        self.norm + spread <= log_add(self.log_atol, self.log_rtol + self.norm + least)
    }

    /// Whether a node's own bounds are close enough.
    fn node_done(&self, node: usize, bounds: Bounds) -> bool {
        self.within(bounds.spread - self.weights[node].ln() + self.total.ln(), bounds.least)
    }

    /// Puts the samples of a leaf in the place of its bounds.
    fn leaf(&self, node: usize, point: &[f64], bounds: Bounds, global: &mut Bounds) {
        global.least = log_sub(global.least, bounds.least);
        global.spread = log_sub(global.spread, bounds.spread);
        let metric = &self.tree.metric;
        for i in self.tree.samples(node) {
            let distance = metric.distance(metric.reduced(point, self.tree.data.row(i)));
            let weight = self.tree.weights.as_ref().map_or(0.0, |weights| weights[i].ln());
            global.least = log_add(global.least, self.kernel.log(distance, self.bandwidth) + weight);
        }
    }

    /// Puts the bounds of both children in the place of their parent's.
    fn split(parent: Bounds, children: [Bounds; 2], global: &mut Bounds) {
        global.least = log_sub(global.least, parent.least);
        global.spread = log_sub(global.spread, parent.spread);
        for child in children {
            global.least = log_add(global.least, child.least);
            global.spread = log_add(global.spread, child.spread);
        }
    }

    fn density(&self, point: &[f64]) -> f64 {
        let (root, near) = self.bounds(0, point);
        let mut global = root;
        // Nearest nodes first, or depth first: the last one in is the first one out.
        let mut open = BinaryHeap::from([Open { order: -near, node: 0, bounds: root }]);
        let mut count = 0.0;
        let mut order = |near: f64| {
            count += 1.0;
            if self.breadth_first { -near } else { count }
        };
        while let Some(Open { node, bounds, .. }) = open.pop() {
            if self.node_done(node, bounds) {
                continue;
            }
            if self.within(global.spread, global.least) {
                break;
            }
            match self.tree.children(node) {
                None => self.leaf(node, point, bounds, &mut global),
                Some((left, right)) => {
                    let (first, near_first) = self.bounds(left, point);
                    let (second, near_second) = self.bounds(right, point);
                    Self::split(bounds, [first, second], &mut global);
                    open.push(Open { order: order(near_second), node: right, bounds: second });
                    open.push(Open { order: order(near_first), node: left, bounds: first });
                }
            }
        }
        log_add(global.least, global.spread - 2f64.ln()) + self.norm
    }
}

impl Estimator for KernelDensity {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::ScoreSamples])
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC.floats()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.tree.data.columns)
    }

    fn score_samples(&self, x: &Samples) -> Result<Array> {
        let x = x.dense()?;
        let total = self.total.ln();
        let values: Array1<f64> = x.rows().into_iter().map(|row| self.density(&contiguous(&row)) - total).collect();
        Ok(Array::F64(values.into_dyn()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_integrate_to_one() {
        // The integral over one dimension, by small steps.
        for kernel in [Kernel::TopHat, Kernel::Epanechnikov, Kernel::Exponential, Kernel::Linear, Kernel::Cosine] {
            let norm = log_norm(0.7, 1, kernel).exp();
            let step = 1e-4;
            let integral: f64 =
                (-200_000..200_000).map(|i| kernel.log((f64::from(i) * step).abs(), 0.7).exp() * norm * step).sum();
            assert!((integral - 1.0).abs() < 1e-3, "{kernel:?} {integral}");
        }
    }
}
