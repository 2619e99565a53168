//! Sums in numpy's order.

use std::ops::AddAssign;

/// `numpy.sum` of floats that stand side by side: one after the other below 8 of them, in eight running sums up to 128, and in
/// halves above.
pub(crate) fn pairwise<T: Copy + Default + AddAssign>(values: &[T]) -> T {
    let add = |mut a: T, b: T| {
        a += b;
        a
    };
    if values.len() > 128 {
        // numpy splits at a multiple of eight.
        let (left, right) = values.split_at(values.len() / 2 / 8 * 8);
        return add(pairwise(left), pairwise(right));
    }
    let (blocks, rest) = values.as_chunks::<8>();
    let sum = match blocks.split_first() {
        None => T::default(),
        Some((first, blocks)) => {
            let mut r = *first;
            for block in blocks {
                r.iter_mut().zip(block).for_each(|(r, &value)| *r += value);
            }
            add(add(add(r[0], r[1]), add(r[2], r[3])), add(add(r[4], r[5]), add(r[6], r[7])))
        }
    };
    rest.iter().fold(sum, |sum, &value| add(sum, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_any_length_are_complete() {
        for n in [0, 1, 7, 8, 9, 127, 128, 129, 1000] {
            let values: Vec<f64> = (0..n).map(f64::from).collect();
            assert_eq!(pairwise(&values), f64::from(n * (n - 1).max(0) / 2));
        }
    }
}
