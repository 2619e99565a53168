//! Functions of one variable, and along rows.

use std::f64::consts::PI;

use ndarray::{Array2, ArrayViewMut1};

use super::{
    scratch,
    wide::{Wide, exp, map, tanh, wide},
};

/// The logistic function, as `scipy.special.expit`.
pub(crate) fn expit(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The logistic function, computed in 32 bits if `in32`: there it reaches zero much sooner.
pub(crate) fn expit_in(in32: bool, x: f64) -> f64 {
    if in32 { f64::from(1.0 / (1.0 + (-x as f32).exp())) } else { expit(x) }
}

/// The logistic function of each number.
pub(crate) fn expit_each(x: &mut [f64]) {
    wide(Each(Expit, x));
}

/// The hyperbolic tangent of each number.
pub(crate) fn tanh_each(x: &mut [f64]) {
    wide(Each(Tanh, x));
}

/// `e` to the power of each number.
pub(crate) fn exp_each(x: &mut [f64]) {
    wide(Each(Exp, x));
}

/// A function of eight numbers at a time. Its method must be marked `inline(always)`; a function that is passed as a value may be called,
/// and is then compiled for narrow vectors.
trait OfEight: Copy {
    fn of<const FUSES: bool>(self, x: [f64; 8]) -> [f64; 8];

    /// Replaces all numbers; some zeros fill up the last eight.
    #[inline(always)]
    fn of_each<const FUSES: bool>(self, x: &mut [f64]) {
        let (eights, rest) = x.as_chunks_mut::<8>();
        for eight in eights {
            *eight = self.of::<FUSES>(*eight);
        }
        if !rest.is_empty() {
            let mut eight = [0.0; 8];
            eight[..rest.len()].copy_from_slice(rest);
            rest.copy_from_slice(&self.of::<FUSES>(eight)[..rest.len()]);
        }
    }
}

#[derive(Clone, Copy)]
struct Expit;

impl OfEight for Expit {
    #[inline(always)]
    fn of<const FUSES: bool>(self, x: [f64; 8]) -> [f64; 8] {
        map(exp::<FUSES, _>(map(x, |x| -x)), |e| 1.0 / (1.0 + e))
    }
}

#[derive(Clone, Copy)]
struct Tanh;

impl OfEight for Tanh {
    #[inline(always)]
    fn of<const FUSES: bool>(self, x: [f64; 8]) -> [f64; 8] {
        tanh::<FUSES, _>(x)
    }
}

#[derive(Clone, Copy)]
struct Exp;

impl OfEight for Exp {
    #[inline(always)]
    fn of<const FUSES: bool>(self, x: [f64; 8]) -> [f64; 8] {
        exp::<FUSES, _>(x)
    }
}

struct Each<'a, F>(F, &'a mut [f64]);

impl<F: OfEight> Wide for Each<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSES: bool>(self) {
        self.0.of_each::<FUSES>(self.1);
    }
}

/// Probabilities of the second of two classes, with those of the first before them.
pub(crate) fn pairs(second: Vec<f64>) -> Array2<f64> {
    let p = Array2::from_shape_fn((second.len(), 2), |(i, class)| if class == 1 { second[i] } else { 1.0 - second[i] });
    scratch::give(second);
    p
}

/// Softmax of each row in place, as `sklearn.utils.extmath.softmax`: the row's maximum is taken off first.
pub(crate) fn softmax_rows(x: &mut Array2<f64>) {
    let columns = x.ncols();
    match x.as_slice_mut() {
        Some(values) if columns > 0 => wide(SoftmaxRows { values, columns }),
        _ => x.rows_mut().into_iter().for_each(softmax),
    }
}

struct SoftmaxRows<'a> {
    values: &'a mut [f64],
    columns: usize,
}

impl Wide for SoftmaxRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSES: bool>(self) {
        let SoftmaxRows { values, columns } = self;
        for row in values.chunks_exact_mut(columns) {
            let mut max = f64::NEG_INFINITY;
            for &x in &*row {
                max = if x > max { x } else { max };
            }
            row.iter_mut().for_each(|x| *x -= max);
        }
        Exp.of_each::<FUSES>(values);
        for row in values.chunks_exact_mut(columns) {
            let mut sum = 0.0;
            for x in &*row {
                sum += x;
            }
            row.iter_mut().for_each(|x| *x /= sum);
        }
    }
}

/// Softmax of a row in place.
pub(crate) fn softmax(mut row: ArrayViewMut1<'_, f64>) {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for x in &mut row {
        *x = (*x - max).exp();
        sum += *x;
    }
    for x in &mut row {
        *x /= sum;
    }
}

/// `scipy.special.logsumexp` of 32-bit floats: the largest terms are counted, and the rest goes through `log1p`.
pub(crate) fn logsumexp32(values: impl Iterator<Item = f32> + Clone) -> f32 {
    let max = values.clone().fold(f32::NEG_INFINITY, f32::max);
    if !max.is_finite() {
        return max;
    }
    let count = values.clone().filter(|&x| x == max).count() as f32;
    let terms: Vec<f32> = values.map(|x| if x == max { 0.0 } else { super::float32::exp(x - max) }).collect();
    let rest = super::sum::pairwise(&terms) / count;
    f64::from(rest).ln_1p() as f32 + super::float32::ln(count) + max
}

/// Softmax of a row in place, in 32 bits as numpy computes it.
pub(crate) fn softmax32(mut row: ArrayViewMut1<'_, f64>) {
    let max = row.iter().fold(f32::NEG_INFINITY, |max, &x| max.max(x as f32));
    let terms: Vec<f32> = row.iter().map(|&x| super::float32::exp(x as f32 - max)).collect();
    let sum = super::sum::pairwise(&terms);
    row.iter_mut().zip(terms).for_each(|(x, term)| *x = f64::from(term / sum));
}

/// Index of the largest element, the first of equal ones; a NaN counts as largest, as in `numpy.argmax`.
pub(crate) fn argmax(values: impl IntoIterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (i, x) in values.into_iter().enumerate() {
        if x.is_nan() {
            return i;
        }
        if i == 0 || x > best.1 {
            best = (i, x);
        }
    }
    best.0
}

/// `log(expit(x))` without overflow, as `scipy.special.log_expit`.
pub(crate) fn log_expit(x: f64) -> f64 {
    if x < 0.0 { x - x.exp().ln_1p() } else { -(-x).exp().ln_1p() }
}

/// `log(sum(exp(x)))` with the largest element taken out first, as `scipy.special.logsumexp`; minus infinity of no elements.
pub(crate) fn logsumexp<'a>(values: impl IntoIterator<Item = &'a f64> + Clone) -> f64 {
    let max = values
        .clone()
        .into_iter()
        .copied()
        .fold(f64::NEG_INFINITY, |max, x| if x > max || x.is_nan() { x } else { max });
    if !max.is_finite() {
        return max;
    }
    values.into_iter().map(|x| (x - max).exp()).sum::<f64>().ln() + max
}

/// The logarithmic derivative of the gamma function, as `scipy.special.digamma`: at zero infinite, at whole numbers below it NaN.
pub(crate) fn digamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    if x == 0.0 {
        return f64::INFINITY.copysign(-x);
    }
    if x < 0.0 {
        // The reflection formula. (Step by step it would be far to the positive numbers.)
        let fraction = x.fract();
        if fraction == 0.0 || x.is_infinite() {
            return f64::NAN;
        }
        shift = PI / (PI * fraction).tan();
        x = 1.0 - x;
    }
    // The asymptotic series is exact to the last bits from 10 on; smaller arguments are moved there.
    while x < 10.0 {
        shift += 1.0 / x;
        x += 1.0;
    }
    // Bernoulli numbers B(2k) / 2k, the highest first.
    const SERIES: [f64; 8] = [
        -3617.0 / 8160.0,
        1.0 / 12.0,
        -691.0 / 32760.0,
        1.0 / 132.0,
        -1.0 / 240.0,
        1.0 / 252.0,
        -1.0 / 120.0,
        1.0 / 12.0,
    ];
    let square = 1.0 / (x * x);
    let tail = square * SERIES.iter().fold(0.0, |sum, coefficient| sum * square + coefficient);
    x.ln() - 0.5 / x - tail - shift
}

/// The modified Bessel function of the second kind of any order from zero on, as `scipy.special.kv`, of a positive number.
pub(crate) fn bessel_k(order: f64, x: f64) -> f64 {
    // The integral of exp(-x cosh t) cosh(order t) from zero on. The trapezoidal rule is exact to the last bits with steps that
    // are small against the width of the integrand, for that is smooth and falls faster than any exponential.
    if x.is_nan() || x <= 0.0 {
        return if x == 0.0 { f64::INFINITY } else { f64::NAN };
    }
    let step = (0.5 / x.sqrt()).min(1.0 / 16.0);
    let term = |t: f64| {
        // x (1 - cosh t)
        let base = -2.0 * x * (0.5 * t).sinh().powi(2);
        0.5 * ((base + order * t).exp() + (base - order * t).exp())
    };
    let mut sum = 0.5 * term(0.0);
    let mut largest = sum;
    // The largest term is where sinh t = order / x; beyond it they fall.
    let peak = (order / x).asinh();
    for i in 1..16 * 800 {
        let t = f64::from(i) * step;
        let term = term(t);
        sum += term;
        largest = largest.max(term);
        if t > peak && term <= largest * 1e-18 {
            break;
        }
    }
    sum * step * (-x).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_expit_neither_overflows_nor_vanishes() {
        assert_eq!(log_expit(-800.0), -800.0);
        assert_eq!(log_expit(800.0), 0.0);
        assert!((log_expit(0.0) - 0.5f64.ln()).abs() < 1e-16);
    }

    #[test]
    fn bessel_functions_of_half_orders_are_elementary() {
        for x in [1e-3f64, 0.1, 1.0, 7.5, 300.0] {
            let half = (PI / (2.0 * x)).sqrt() * (-x).exp();
            assert!((bessel_k(0.5, x) / half - 1.0).abs() < 1e-13, "{x}");
            let three_halves = half * (1.0 + 1.0 / x);
            assert!((bessel_k(1.5, x) / three_halves - 1.0).abs() < 1e-13, "{x}");
        }
        assert_eq!(bessel_k(2.0, 1e4), 0.0);
        assert_eq!(bessel_k(150.0, 1e-300), f64::INFINITY);
    }

    #[test]
    fn digamma_of_whole_and_half_numbers() {
        const EULER: f64 = 0.577_215_664_901_532_9;
        assert!((digamma(1.0) + EULER).abs() < 1e-15);
        assert!((digamma(0.5) + EULER + 2.0 * 2f64.ln()).abs() < 4e-15);
        assert!((digamma(3.0) - (1.5 - EULER)).abs() < 1e-15);
        assert!((digamma(1e6) - 13.815_510_057_964_19).abs() < 1e-13);
    }

    #[test]
    fn digamma_of_what_is_not_positive() {
        assert!((digamma(-0.5) - (digamma(0.5) + 2.0)).abs() < 1e-14);
        assert!((digamma(-2.25) - (digamma(0.75) + 1.0 / 0.25 + 1.0 / 1.25 + 1.0 / 2.25)).abs() < 1e-13);
        assert_eq!((digamma(0.0), digamma(-0.0)), (f64::NEG_INFINITY, f64::INFINITY));
        for x in [-1.0, -1e17, -1e300, f64::NEG_INFINITY, f64::NAN] {
            assert!(digamma(x).is_nan(), "{x}");
        }
    }

    #[test]
    fn logsumexp_of_extremes() {
        assert_eq!(logsumexp(&[1000.0, f64::NEG_INFINITY]), 1000.0);
        assert_eq!(logsumexp(&[] as &[f64]), f64::NEG_INFINITY);
        assert_eq!(logsumexp(&[f64::INFINITY, 1.0]), f64::INFINITY);
        assert!(logsumexp(&[f64::NAN, 1.0]).is_nan());
        assert!((logsumexp(&[0.0, 0.0]) - 2f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn argmax_takes_the_first_of_equals_and_nan_before_all() {
        assert_eq!(argmax([1.0, 3.0, 3.0]), 1);
        assert_eq!(argmax([f64::NEG_INFINITY; 2]), 0);
        assert_eq!(argmax([1.0, f64::NAN, 3.0]), 1);
    }
}
