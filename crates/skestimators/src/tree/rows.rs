//! Samples as trees read them: a block of rows at a time, a few rows abreast in each group.

use ndarray::ArrayView2;
use pulp::{Simd, bytemuck::Pod};

use crate::{
    data::{Csr, Samples},
    error::Result,
    math::scratch,
    tree::bits::Bits,
};

/// Numbers that trees compare.
pub(crate) trait Real: scratch::Pooled + PartialOrd + Pod {
    /// Bits for the leaves of a small tree, as wide as the number.
    type Bits: Bits + std::fmt::Debug;
    /// Several numbers.
    type Vector<S: Simd>: Pod;
    /// The bits of as many rows.
    type Words<S: Simd>: Pod;
    /// Something true or false of each.
    type Mask<S: Simd>: Copy;

    /// Not above any threshold.
    const LOWEST: Self;

    /// The nearest number to a double.
    fn nearest(x: f64) -> Self;
    fn is_nan(self) -> bool;
    /// The numbers of a slice, if it has no rest.
    fn vectors<S: Simd>(numbers: &[Self]) -> &[Self::Vector<S>];
    /// Where numbers are above another.
    fn above<S: Simd>(simd: S, numbers: Self::Vector<S>, other: Self) -> Self::Mask<S>;
    /// Where there is a NaN.
    fn missing<S: Simd>(simd: S, numbers: Self::Vector<S>) -> Self::Mask<S>;
    /// The words of a slice, if it has no rest.
    fn words_mut<S: Simd>(words: &mut [Self::Bits]) -> &mut [Self::Words<S>];
    /// The same word in all places.
    fn words<S: Simd>(simd: S, word: Self::Bits) -> Self::Words<S>;
    /// Where the mask is true, only some bits of the words.
    fn keep<S: Simd>(simd: S, words: Self::Words<S>, mask: Self::Mask<S>, bits: Self::Bits) -> Self::Words<S>;
}

macro_rules! real {
    ($t:ident, $vector:ident, $vectors:ident, $splat:ident, $less:ident, $equal:ident,
     $mask:ident, $not:ident, $bits:ident, $words:ident, $words_mut:ident, $bits_splat:ident, $and:ident, $select:ident) => {
        impl Real for $t {
            type Bits = $bits;
            type Vector<S: Simd> = S::$vector;
            type Words<S: Simd> = S::$words;
            type Mask<S: Simd> = S::$mask;

            const LOWEST: Self = $t::NEG_INFINITY;

            #[inline(always)]
            fn nearest(x: f64) -> Self {
                x as $t
            }

            #[inline(always)]
            fn is_nan(self) -> bool {
                $t::is_nan(self)
            }

            #[inline(always)]
            fn vectors<S: Simd>(numbers: &[Self]) -> &[S::$vector] {
                S::$vectors(numbers).0
            }

            #[inline(always)]
            fn above<S: Simd>(simd: S, numbers: S::$vector, other: Self) -> S::$mask {
                simd.$less(simd.$splat(other), numbers)
            }

            #[inline(always)]
            fn missing<S: Simd>(simd: S, numbers: S::$vector) -> S::$mask {
                simd.$not(simd.$equal(numbers, numbers))
            }

            #[inline(always)]
            fn words_mut<S: Simd>(words: &mut [$bits]) -> &mut [S::$words] {
                S::$words_mut(words).0
            }

            #[inline(always)]
            fn words<S: Simd>(simd: S, word: $bits) -> S::$words {
                simd.$bits_splat(word)
            }

            #[inline(always)]
            fn keep<S: Simd>(simd: S, words: S::$words, mask: S::$mask, bits: $bits) -> S::$words {
                let kept = simd.$select(mask, simd.$bits_splat(bits), simd.$bits_splat($bits::MAX));
                simd.$and(words, kept)
            }
        }
    };
}

real! {
    f32, f32s, as_simd_f32s, splat_f32s, less_than_f32s, equal_f32s,
    m32s, not_m32s, u32, u32s, as_mut_simd_u32s, splat_u32s, and_u32s, select_u32s
}
real! {
    f64, f64s, as_simd_f64s, splat_f64s, less_than_f64s, equal_f64s,
    m64s, not_m64s, u64, u64s, as_mut_simd_u64s, splat_u64s, and_u64s, select_u64s
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
    /// Columns of a group, and the numbers of all groups.
    pub(crate) fn numbers(&self) -> (usize, &[T]) {
        (self.columns, self.values.as_flattened())
    }

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
