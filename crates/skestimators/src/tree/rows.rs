//! Samples as trees read them: a block of rows at a time, a few rows abreast in each group.

use ndarray::ArrayView2;

use crate::{
    data::{Csr, Samples},
    error::Result,
    math::scratch,
    tree::bits::Bits,
};

/// Numbers that trees compare.
pub(crate) trait Real: scratch::Pooled + PartialOrd {
    /// Bits for the leaves of a small tree.
    type Bits: Bits + std::fmt::Debug;

    /// Not above any threshold.
    const LOWEST: Self;
    /// Splits that are asked by vectors in the time of one step of a walk, for equally many rows.
    const SPLITS_IN_A_STEP: usize;

    /// The nearest number to a double.
    fn nearest(x: f64) -> Self;
    fn is_nan(self) -> bool;
}

impl Real for f32 {
    type Bits = u32;

    const LOWEST: Self = f32::NEG_INFINITY;
    const SPLITS_IN_A_STEP: usize = 5;

    #[inline(always)]
    fn nearest(x: f64) -> Self {
        x as f32
    }

    #[inline(always)]
    fn is_nan(self) -> bool {
        f32::is_nan(self)
    }
}

impl Real for f64 {
    type Bits = u64;

    const LOWEST: Self = f64::NEG_INFINITY;
    const SPLITS_IN_A_STEP: usize = 5;

    #[inline(always)]
    fn nearest(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn is_nan(self) -> bool {
        f64::is_nan(self)
    }
}

/// Consecutive rows of the samples, in groups of `L` whose columns stand together.
pub(crate) struct Block<'a, T, const L: usize> {
    /// The number of the first row.
    pub(crate) start: usize,
    values: &'a [[T; L]],
    /// Of the samples, and one that is [`Real::LOWEST`] everywhere.
    columns: usize,
    /// Whether there is a NaN.
    pub(crate) missing: bool,
}

impl<T, const L: usize> Block<'_, T, L> {
    /// Each group, by columns; the last may be padded.
    pub(crate) fn groups(&self) -> impl ExactSizeIterator<Item = &[[T; L]]> {
        self.values.chunks_exact(self.columns)
    }
}

/// Gives the samples to `visit` block by block.
///
/// `numbers` is about what a block holds; `prepare` may change each group, which has its columns one after the other. Doubles are rounded to the nearest float where floats are wanted, as in `astype(numpy.float32)`.
pub(crate) fn blocks<T: Real, const L: usize>(
    x: &Samples,
    numbers: usize,
    prepare: &dyn Fn(&mut [[T; L]]),
    visit: &mut dyn FnMut(&Block<'_, T, L>),
) -> Result<()> {
    let rows = x.rows();
    let columns = x.columns().unwrap_or(0) + 1;
    if rows == 0 {
        return Ok(());
    }
    let size = (numbers / columns / L * L).clamp(L, 1 << 10).min(rows.next_multiple_of(L));
    let dense = if matches!(x, Samples::Sparse(_) | Samples::Dense32(_)) { None } else { Some(x.dense()?) };
    let mut buffer = scratch::zeros(size * columns);
    for start in (0..rows).step_by(size) {
        let count = size.min(rows - start);
        let (values, _) = buffer[..count.next_multiple_of(L) * columns].as_chunks_mut::<L>();
        match (x, &dense) {
            (Samples::Sparse(x), _) => fill_sparse(values, columns, x, start, count),
            (Samples::Dense32(x), _) => fill(values, columns, &x.view(), start, count, |v| T::nearest(v.into())),
            (_, Some(x)) => fill(values, columns, &x.view(), start, count, T::nearest),
            _ => {}
        }
        values.chunks_exact_mut(columns).for_each(prepare);
        let missing = values.as_flattened().iter().fold(false, |any, v| any | v.is_nan());
        visit(&Block { start, values, columns, missing });
    }
    scratch::give::<T>(buffer);
    Ok(())
}

/// Puts `count` rows from `start` on into groups.
fn fill<T: Real, S: Copy, const L: usize>(
    values: &mut [[T; L]],
    columns: usize,
    x: &ArrayView2<'_, S>,
    start: usize,
    count: usize,
    convert: impl Fn(S) -> T,
) {
    for (g, group) in values.chunks_exact_mut(columns).enumerate() {
        let Some((lowest, group)) = group.split_last_mut() else { return };
        *lowest = [T::LOWEST; L];
        let first = start + g * L;
        for lane in 0..L.min(count - g * L) {
            let row = x.row(first + lane);
            match row.to_slice() {
                Some(row) => group.iter_mut().zip(row).for_each(|(o, &v)| o[lane] = convert(v)),
                None => group.iter_mut().zip(row).for_each(|(o, &v)| o[lane] = convert(v)),
            }
        }
    }
}

/// The same for sparse samples.
fn fill_sparse<T: Real, const L: usize>(values: &mut [[T; L]], columns: usize, x: &Csr, start: usize, count: usize) {
    values.fill([T::nearest(0.0); L]);
    for (g, group) in values.chunks_exact_mut(columns).enumerate() {
        group[columns - 1] = [T::LOWEST; L];
        (0..L.min(count - g * L)).for_each(|lane| {
            let (indices, data) = x.row(start + g * L + lane);
            // Of several entries for one place the last counts here.
            indices.iter().zip(data).for_each(|(&j, &value)| group[j][lane] = T::nearest(value));
        });
    }
}
