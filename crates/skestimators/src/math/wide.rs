//! Kernels with the widest vectors of the processor, which is asked when the program runs.

/// A loop that gains from wide vectors. It and what it calls must be marked `inline(always)`: what is a function of its own
/// is compiled for narrow ones. (That is why this is no closure.)
pub(crate) trait Wide {
    type Output;

    /// `FUSES` says whether [`multiply_add`] takes one step.
    fn run<const FUSES: bool>(self) -> Self::Output;
}

struct Dispatched<K>(K);

impl<K: Wide> pulp::WithSimd for Dispatched<K> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> K::Output {
        if FUSING && !S::IS_SCALAR { self.0.run::<true>() } else { self.0.run::<false>() }
    }
}

/// Runs a kernel, compiled for each width of vectors that processors have.
pub(crate) fn wide<K: Wide>(kernel: K) -> K::Output {
    pulp::Arch::new().dispatch(Dispatched(kernel))
}

/// Where the first number stands that is NaN or infinite.
pub(crate) fn not_finite(values: &[f64]) -> Option<usize> {
    if all_finite(values, false) { None } else { values.iter().position(|x| !x.is_finite()) }
}

/// Whether no number is NaN or infinite, or becomes so in 32 bits if it is `narrowed`.
pub(crate) fn all_finite(values: &[f64], narrowed: bool) -> bool {
    wide(AllFinite { values, narrowed })
}

struct AllFinite<'a> {
    values: &'a [f64],
    narrowed: bool,
}

impl Wide for AllFinite<'_> {
    type Output = bool;

    /// Zero times a number is zero, unless the number is not finite: sums of such need no branches.
    #[inline(always)]
    fn run<const FUSES: bool>(self) -> bool {
        let (groups, rest) = self.values.as_chunks::<16>();
        if self.narrowed {
            let mut sums = [0f32; 16];
            for group in groups {
                for (sum, &x) in sums.iter_mut().zip(group) {
                    *sum += x as f32 * 0.0;
                }
            }
            return sums.iter().all(|&sum| sum == 0.0) && rest.iter().all(|&x| (x as f32).is_finite());
        }
        let mut sums = [0.0; 16];
        for group in groups {
            for (sum, x) in sums.iter_mut().zip(group) {
                *sum += x * 0.0;
            }
        }
        sums.iter().all(|&sum| sum == 0.0) && rest.iter().all(|x| x.is_finite())
    }
}

/// Whether processors of this kind that have wide vectors multiply and add in one step.
const FUSING: bool = cfg!(any(target_arch = "aarch64", target_arch = "x86", target_arch = "x86_64"));

/// Whether the processor multiplies and adds in one step: otherwise `mul_add` is a slow function.
pub(crate) fn fuses() -> bool {
    FUSING && (cfg!(target_arch = "aarch64") || !matches!(pulp::Arch::new(), pulp::Arch::Scalar))
}

/// `a b + c`, in one step where the processor has it.
#[inline(always)]
pub(crate) fn multiply_add<const FUSES: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FUSES { a.mul_add(b, c) } else { a * b + c }
}

/// Replaces each number. (The method of arrays is a function of its own, and so is compiled for narrow vectors.)
#[inline(always)]
pub(crate) fn map<const N: usize>(mut x: [f64; N], f: impl Fn(f64) -> f64) -> [f64; N] {
    for x in &mut x {
        *x = f(*x);
    }
    x
}

/// `e` to the power of each number, to a unit in the last place or so; several numbers at a time, where there are vectors for them.
#[inline(always)]
pub(crate) fn exp<const FUSES: bool, const N: usize>(mut x: [f64; N]) -> [f64; N] {
    // Outside of these the result is no normal number, and neither is a NaN between them.
    if !x.iter().all(|&x| x > -708.0 && x < 709.0) {
        return x.map(f64::exp);
    }
    for x in &mut x {
        let (power, rest) = split_exp::<FUSES>(*x);
        *x = power * (1.0 + rest);
    }
    x
}

/// The hyperbolic tangent of each number, to two units in the last place or so.
#[inline(always)]
pub(crate) fn tanh<const FUSES: bool, const N: usize>(mut x: [f64; N]) -> [f64; N] {
    if !x.iter().all(|&x| x.abs() < 300.0) {
        return x.map(f64::tanh);
    }
    for x in &mut x {
        // exp(2 |x|) - 1, without a loss where the number is small.
        let (power, rest) = split_exp::<FUSES>(2.0 * x.abs());
        let e = power * rest + (power - 1.0);
        *x = (e / (e + 2.0)).copysign(*x);
    }
    x
}

/// The power of two nearest to the result, and a polynomial of what is left, less one.
#[inline(always)]
fn split_exp<const FUSES: bool>(x: f64) -> (f64, f64) {
    /// Adding it leaves a whole number in the lowest bits.
    const ROUND: f64 = 1.5 * (1u64 << 52) as f64;
    /// The logarithm of two, in a part that times a small whole number is exact, and the rest.
    const LN_2: (f64, f64) = (6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10);
    let shifted = multiply_add::<FUSES>(x, std::f64::consts::LOG2_E, ROUND);
    let power = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    let k = shifted - ROUND;
    let r = multiply_add::<FUSES>(-k, LN_2.1, multiply_add::<FUSES>(-k, LN_2.0, x));
    let (r2, r4) = (r * r, (r * r) * (r * r));
    // The coefficients are 1/2! to 1/13!.
    let a = cubic::<FUSES>(r, r2, [2.0, 6.0, 24.0, 120.0]);
    let b = cubic::<FUSES>(r, r2, [720.0, 5_040.0, 40_320.0, 362_880.0]);
    let d = cubic::<FUSES>(r, r2, [3_628_800.0, 39_916_800.0, 479_001_600.0, 6_227_020_800.0]);
    let rest = multiply_add::<FUSES>(r4, multiply_add::<FUSES>(r4, d, b), a);
    (power, multiply_add::<FUSES>(r2, rest, r))
}

/// The polynomial of `r` whose coefficients are one by each of these, the lowest first.
#[inline(always)]
fn cubic<const FUSES: bool>(r: f64, r2: f64, n: [f64; 4]) -> f64 {
    let low = multiply_add::<FUSES>(r, 1.0 / n[1], 1.0 / n[0]);
    let high = multiply_add::<FUSES>(r, 1.0 / n[3], 1.0 / n[2]);
    multiply_add::<FUSES>(r2, high, low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_32_bits_cannot_hold_are_not_finite_in_them() {
        // What is half way between the largest float and the next power of two is rounded up.
        let largest = f64::from(f32::MAX);
        let beyond = 2f64.powi(128) - 2f64.powi(103);
        for at in [0, 3, 16, 39] {
            let with = |x: f64| (0..40).map(|i| if i == at { x } else { -1e30 }).collect::<Vec<f64>>();
            assert!(all_finite(&with(largest), true) && all_finite(&with(beyond.next_down()), true));
            assert!(!all_finite(&with(beyond), true) && !all_finite(&with(-beyond), true));
            assert!(all_finite(&with(beyond), false));
            for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                assert!(!all_finite(&with(x), true) && !all_finite(&with(x), false));
                assert_eq!(not_finite(&with(x)), Some(at));
            }
        }
    }

    #[test]
    fn hyperbolic_tangents_are_those_of_the_library() {
        for i in -9_000..9_000 {
            let x = f64::from(i) * 0.003_37;
            for x in [x, x * 1e-3, x * 1e-9, x * 1e-200, x * 10.0, x * 1e4] {
                let expected = x.tanh();
                for [y] in [tanh::<false, _>([x]), tanh::<true, _>([x])] {
                    let near = (y - expected).abs() <= 5e-16 * expected.abs();
                    assert!(y == expected || near, "tanh({x}) is {y}, not {expected}");
                }
            }
        }
        let [zero, one, minus_one, nan] = tanh::<true, _>([-0.0, f64::INFINITY, -1e9, f64::NAN]);
        assert!(zero.is_sign_negative() && zero == 0.0 && one == 1.0 && minus_one == -1.0 && nan.is_nan());
    }

    #[test]
    fn numbers_that_are_not_finite_are_found_wherever_they_stand() {
        for len in [0, 1, 15, 16, 17, 50] {
            let values: Vec<f64> = (0..len).map(|i| [-1e308, 1e308, -0.0, 5e-324][i % 4]).collect();
            assert_eq!(not_finite(&values), None);
            for (at, bad) in (0..len).zip([f64::NAN, f64::INFINITY, f64::NEG_INFINITY].into_iter().cycle()) {
                let mut values = values.clone();
                values[at] = bad;
                assert_eq!(not_finite(&values), Some(at));
            }
        }
    }

    #[test]
    fn powers_of_e_are_those_of_the_library() {
        for i in -7_200..7_200 {
            let x = f64::from(i) * 0.099_37;
            for [y] in [exp::<false, _>([x]), exp::<true, _>([x])] {
                let expected = x.exp();
                assert!(y == expected || (y - expected).abs() <= 2.5e-16 * expected, "exp({x}) is {y}, not {expected}");
            }
        }
        let [one, none, infinite, nan] = exp::<true, _>([0.0, -1e9, 1e9, f64::NAN]);
        assert!(one == 1.0 && none == 0.0 && infinite == f64::INFINITY && nan.is_nan());
    }
}
