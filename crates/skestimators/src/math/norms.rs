//! Squared norms, rounded as by what scikit-learn calls for them: it decides what is left of the distance between equal samples, and so
//! which of several near ones is nearest.

use super::wide::{Wide, fuses, wide};

/// `numpy.einsum("i,i->", x, x)`: two sums, of the squares four pairs at a time from the last.
#[inline(always)]
pub(crate) fn einsum(x: &[f64]) -> f64 {
    let mut sums = [0.0; 2];
    let mut add = |pair: &[f64]| sums.iter_mut().zip(pair).for_each(|(sum, x)| *sum += x * x);
    let (blocks, rest) = x.as_chunks::<8>();
    blocks.iter().for_each(|block| block.chunks(2).rev().for_each(&mut add));
    rest.chunks(2).for_each(add);
    sums[0] + sums[1]
}

/// `ddot(x, x)` of OpenBLAS on processors with AVX2: four vectors of fused sums, and the rest one by one.
pub(crate) fn blas(x: &[f64]) -> f64 {
    wide(Blas(x))
}

struct Blas<'a>(&'a [f64]);

impl Wide for Blas<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let (blocks, rest) = self.0.as_chunks::<16>();
        let fuses = fuses();
        let mut sums = [0.0; 16];
        for block in blocks {
            for (sum, x) in sums.iter_mut().zip(block) {
                *sum = if fuses { x.mul_add(*x, *sum) } else { x * x + *sum };
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
    use super::*;

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
            assert_eq!(einsum(&x[..len]), by_einsum, "einsum of {len}");
            if fuses() {
                assert_eq!(blas(&x[..len]), by_blas, "ddot of {len}");
            }
        }
    }
}
