//! Probabilities from decisions: Platt's sigmoid for each pair of classes, coupled as Wu, Lin and Weng do in libsvm.

use std::ops::Range;

use super::base::Visit;
use crate::math::wide::{Wide, exp, map, wide};

/// Writes the probabilities of samples, one row each.
pub(super) struct Coupling<'a> {
    pub(super) classes: usize,
    /// Platt's parameters for each pair of classes.
    pub(super) a: &'a [f64],
    pub(super) b: &'a [f64],
    pub(super) out: &'a mut [f64],
    pub(super) scratch: Vec<f64>,
}

impl Visit for Coupling<'_> {
    fn group<const L: usize>(&mut self, samples: Range<usize>, decisions: &[[f64; L]]) {
        let k = self.classes;
        self.scratch.resize((2 * k + 2) * k * L, 0.0);
        let (scratch, _) = self.scratch.as_chunks_mut::<L>();
        let group = Group { classes: k, decisions, a: self.a, b: self.b, scratch };
        let p = if L == 1 { group.run::<false>() } else { wide(group) };
        for (lane, out) in self.out[samples.start * k..samples.end * k].chunks_exact_mut(k).enumerate() {
            out.iter_mut().zip(p).for_each(|(out, p)| *out = p[lane]);
        }
    }
}

/// Some samples, each in a lane of its own.
struct Group<'a, const L: usize> {
    classes: usize,
    decisions: &'a [[f64; L]],
    a: &'a [f64],
    b: &'a [f64],
    scratch: &'a mut [[f64; L]],
}

impl<'a, const L: usize> Wide for Group<'a, L> {
    type Output = &'a [[f64; L]];

    #[inline(always)]
    fn run<const FUSES: bool>(self) -> &'a [[f64; L]] {
        let Group { classes: k, decisions, a, b, scratch } = self;
        let (r, rest) = scratch.split_at_mut(k * k);
        let (q, rest) = rest.split_at_mut(k * k);
        let (p, qp) = rest.split_at_mut(k);
        let pairs = (0..k).flat_map(|i| (i + 1..k).map(move |j| (i, j)));
        for ((i, j), ((decision, a), b)) in pairs.zip(decisions.iter().zip(a).zip(b)) {
            let first = sigmoid::<FUSES, L>(decision, *a, *b);
            r[i * k + j] = first;
            r[j * k + i] = lanes(|lane| 1.0 - first[lane]);
        }
        couple(k, r, q, p, qp);
        p
    }
}

/// A number for each lane.
#[inline(always)]
fn lanes<const L: usize>(of: impl Fn(usize) -> f64) -> [f64; L] {
    let mut values = [0.0; L];
    for (lane, value) in values.iter_mut().enumerate() {
        *value = of(lane);
    }
    values
}

/// The sigmoid with Platt's parameters, without overflow, and neither nought nor one.
#[inline(always)]
fn sigmoid<const FUSES: bool, const L: usize>(decision: &[f64; L], a: f64, b: f64) -> [f64; L] {
    const MIN: f64 = 1e-7;
    let x: [f64; L] = lanes(|lane| decision[lane] * a + b);
    let e = exp::<FUSES, L>(map(x, |x| -x.abs()));
    lanes(|lane| {
        let r = if x[lane] >= 0.0 { e[lane] } else { 1.0 } / (1.0 + e[lane]);
        // A NaN becomes the least too.
        if r > MIN { r.min(1.0 - MIN) } else { MIN }
    })
}

/// Minimizes `p' Q p` over the probabilities by coordinate descent, from `r[t][j]`, the probability of class `t` among `t` and `j`.
#[inline(always)]
fn couple<const L: usize>(k: usize, r: &[[f64; L]], q: &mut [[f64; L]], p: &mut [[f64; L]], qp: &mut [[f64; L]]) {
    for t in 0..k {
        p[t] = [1.0 / k as f64; L];
        let mut diagonal = [0.0; L];
        for j in (0..k).filter(|&j| j != t) {
            let (other, own) = (r[j * k + t], r[t * k + j]);
            diagonal = lanes(|lane| diagonal[lane] + other[lane] * other[lane]);
            q[t * k + j] = lanes(|lane| -other[lane] * own[lane]);
        }
        q[t * k + t] = diagonal;
    }
    let eps = 0.005 / k as f64;
    for _ in 0..k.max(100) {
        let mut pqp = [0.0; L];
        for t in 0..k {
            let mut sum = [0.0; L];
            for (q, p) in q[t * k..][..k].iter().zip(&*p) {
                sum = lanes(|lane| sum[lane] + q[lane] * p[lane]);
            }
            qp[t] = sum;
            pqp = lanes(|lane| pqp[lane] + p[t][lane] * sum[lane]);
        }
        let mut error = [0.0; L];
        for qp in &*qp {
            error = lanes(|lane| {
                let x = (qp[lane] - pqp[lane]).abs();
                if x > error[lane] { x } else { error[lane] }
            });
        }
        // A step of nothing changes nothing: the samples that are done stay as they are.
        let moves: [f64; L] = lanes(|lane| if error[lane] < eps { 0.0 } else { 1.0 });
        if moves == [0.0; L] {
            break;
        }
        for t in 0..k {
            let diagonal = q[t * k + t];
            let step: [f64; L] = lanes(|lane| moves[lane] * ((-qp[t][lane] + pqp[lane]) / diagonal[lane]));
            // A division takes as long as ten multiplications.
            let scale: [f64; L] = lanes(|lane| 1.0 / (1.0 + step[lane]));
            for lane in 0..L {
                p[t][lane] += step[lane];
                let moved = step[lane] * (step[lane] * diagonal[lane] + 2.0 * qp[t][lane]);
                pqp[lane] = (pqp[lane] + moved) * scale[lane] * scale[lane];
            }
            for ((qp, p), q) in qp.iter_mut().zip(&mut *p).zip(&q[t * k..][..k]) {
                for lane in 0..L {
                    qp[lane] = (qp[lane] + step[lane] * q[lane]) * scale[lane];
                    p[lane] *= scale[lane];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some samples need more steps than others; those that are done first must not be moved any more.
    #[test]
    fn samples_are_coupled_at_once_as_one_by_one() {
        const LANES: usize = 16;
        let classes = 4;
        let (a, b) = ([-1.5, -0.7, -2.0, -1.0, -3.0, -0.2], [0.1, -0.3, 0.0, 0.2, 0.0, -0.1]);
        let strength = [0.0, 1e-3, 0.1, 1.0, 10.0, 1e3, 1e308, f64::NAN];
        let decisions: Vec<[f64; LANES]> = (0..6)
            .map(|pair| std::array::from_fn(|lane| strength[lane % 8] * ((7 * pair + 3 * lane) % 11) as f64 - 5.0))
            .collect();
        let couple = |out: &mut [f64], lane: Option<usize>| {
            let mut coupling = Coupling { classes, a: &a, b: &b, out, scratch: Vec::new() };
            match lane {
                None => coupling.group(0..LANES, &decisions),
                Some(lane) => {
                    let alone: Vec<[f64; 1]> = decisions.iter().map(|decision| [decision[lane]]).collect();
                    coupling.group(lane..lane + 1, &alone);
                }
            }
        };
        let (mut together, mut alone) = ([0.0; 4 * LANES], [0.0; 4 * LANES]);
        couple(&mut together, None);
        (0..LANES).for_each(|lane| couple(&mut alone, Some(lane)));
        for (lane, (together, alone)) in together.chunks(classes).zip(alone.chunks(classes)).enumerate() {
            assert!((alone.iter().sum::<f64>() - 1.0).abs() < 1e-12, "sample {lane}: {alone:?}");
            for (p, q) in together.iter().zip(alone) {
                assert!((p - q).abs() <= 1e-12 * q, "sample {lane}: {together:?}, alone {alone:?}");
            }
        }
    }
}
