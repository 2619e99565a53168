//! Squared norms and what is made of them, rounded as by what scikit-learn calls: it decides what is left of the distance between equal
//! samples, and so which of several near ones is nearest.

use super::wide::{Wide, multiply_add, wide};

/// The order in which `numpy.einsum("i,i->", x, x)` adds squares, in two sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Einsum {
    /// numpy up to 1.20: pairs in order, and the rest from the last.
    Old,
    /// Four pairs at a time from the last, and the rest in order.
    New,
}

impl Einsum {
    /// What numpy was there for a version of scikit-learn.
    pub(crate) fn of(version: (u32, u32)) -> Self {
        if version < (1, 0) { Einsum::Old } else { Einsum::New }
    }

    /// The squared norm of so many numbers.
    #[inline(always)]
    pub(crate) fn norm(self, len: usize, x: impl Fn(usize) -> f64) -> f64 {
        let square = |i: usize| x(i) * x(i);
        let mut sums = [0.0; 2];
        let whole = len - len % 8;
        for block in (0..whole).step_by(8) {
            for pair in 0..4 {
                let at = block + 2 * if self == Einsum::Old { pair } else { 3 - pair };
                sums[0] += square(at);
                sums[1] += square(at + 1);
            }
        }
        if self == Einsum::Old {
            return (whole..len).rev().fold(sums[0] + sums[1], |sum, i| sum + square(i));
        }
        (whole..len).for_each(|i| sums[i % 2] += square(i));
        sums[0] + sums[1]
    }
}

/// `nan_euclidean_distances` of two rows, before the root is taken: missing numbers are NaN, and so is the answer where no column has
/// numbers on both sides.
pub(crate) fn nan_euclidean(x: &[f64], y: &[f64], einsum: Einsum) -> f64 {
    wide(NanEuclidean { x, y, einsum })
}

struct NanEuclidean<'a> {
    x: &'a [f64],
    y: &'a [f64],
    einsum: Einsum,
}

impl Wide for NanEuclidean<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<const FUSES: bool>(self) -> f64 {
        let NanEuclidean { x, y, einsum } = self;
        let known = |x: f64| if x.is_nan() { 0.0 } else { x };
        let (mut product, mut of_x, mut of_y, mut count) = (0.0, 0.0, 0.0, 0u32);
        for (&x, &y) in x.iter().zip(y) {
            let (a, b) = (known(x), known(y));
            product = multiply_add::<FUSES>(a, b, product);
            // The squares of columns that only one of them has.
            of_x += if y.is_nan() { a * a } else { 0.0 };
            of_y += if x.is_nan() { b * b } else { 0.0 };
            count += u32::from(!x.is_nan() & !y.is_nan());
        }
        let norms = (einsum.norm(x.len(), |i| known(x[i])), einsum.norm(y.len(), |i| known(y[i])));
        let squared = ((-2.0 * product + norms.0 + norms.1).max(0.0) - of_x - of_y).max(0.0);
        if count == 0 { f64::NAN } else { squared / f64::from(count) * x.len() as f64 }
    }
}

/// `ddot(x, x)` of OpenBLAS on processors with AVX2: four vectors of fused sums, and the rest one by one.
pub(crate) fn blas(x: &[f64]) -> f64 {
    wide(Blas(x))
}

struct Blas<'a>(&'a [f64]);

impl Wide for Blas<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<const FUSES: bool>(self) -> f64 {
        let (blocks, rest) = self.0.as_chunks::<16>();
        let mut sums = [0.0; 16];
        for block in blocks {
            for (sum, x) in sums.iter_mut().zip(block) {
                *sum = multiply_add::<FUSES>(*x, *x, *sum);
            }
        }
        // The halves of each vector, then the vectors in pairs.
        let half = |vector: usize, lane: usize| sums[4 * vector + lane] + sums[4 * vector + lane + 2];
        let lane = |lane: usize| (half(0, lane) + half(1, lane)) + (half(2, lane) + half(3, lane));
        let start = if blocks.is_empty() { 0.0 } else { lane(0) + lane(1) };
        rest.iter().fold(start, |sum, x| sum + x * x)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::wide::fuses, *};

    /// By numpy 2.4 and scipy's `ddot`.
    const NORMS: [(usize, f64, f64); 10] = [
        (1, 1.0, 1.0),
        (5, 1.4636111111111112, 1.4636111111111112),
        (7, 1.5117970521541952, 1.511797052154195),
        (8, 1.5274220521541948, 1.527422052154195),
        (13, 1.570893798184216, 1.5708937981842162),
        (16, 1.584346533444987, 1.5843465334449873),
        (19, 1.5936632439130234, 1.5936632439130236),
        (24, 1.6041234035910008, 1.604123403591001),
        (32, 1.6141672628279242, 1.6141672628279244),
        (37, 1.6182689800353884, 1.6182689800353884),
    ];

    #[test]
    fn squares_are_added_as_in_numpy() {
        let x: Vec<f64> = (1..=37).map(|i| 1.0 / f64::from(i)).collect();
        for (len, by_einsum, by_blas) in NORMS {
            assert_eq!(Einsum::New.norm(len, |i| x[i]), by_einsum, "einsum of {len}");
            if fuses() {
                assert_eq!(blas(&x[..len]), by_blas, "ddot of {len}");
            }
        }
    }

    #[test]
    fn old_numpy_adds_the_rest_from_the_last() {
        let x = [1.0, 1e-8, 1e-8];
        assert_eq!(Einsum::Old.norm(3, |i| x[i]), 1.0 + f64::EPSILON);
        assert_eq!(Einsum::New.norm(3, |i| x[i]), 1.0);
    }

    #[test]
    fn missing_numbers_leave_the_columns_that_both_have() {
        let (x, y) = ([3.0, f64::NAN, 1.0, 2.0], [1.0, 5.0, f64::NAN, 2.0]);
        assert_eq!(nan_euclidean(&x, &y, Einsum::New), 4.0 / 2.0 * 4.0);
        assert!(nan_euclidean(&x[1..2], &y[1..2], Einsum::New).is_nan());
    }
}
