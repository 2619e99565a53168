//! Sums in numpy's order.

/// `numpy.sum` of 32-bit floats that stand side by side: eight running sums in blocks of up to 128, and halves above.
pub(crate) fn pairwise32(values: &[f32]) -> f32 {
    if values.len() > 128 {
        // numpy splits at a multiple of eight.
        let half = values.len() / 2 / 8 * 8;
        let (left, right) = values.split_at(half);
        return pairwise32(left) + pairwise32(right);
    }
    let (blocks, rest) = values.as_chunks::<8>();
    let Some((first, blocks)) = blocks.split_first() else {
        return rest.iter().fold(0.0, |sum, value| sum + value);
    };
    let mut r = *first;
    for block in blocks {
        for (r, value) in r.iter_mut().zip(block) {
            *r += value;
        }
    }
    let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    rest.iter().fold(sum, |sum, value| sum + value)
}
