//! Products of samples with stored matrices.

use std::borrow::Cow;

use ndarray::{Array2, ArrayView1};
use pulp::{Arch, Simd, WithSimd};
use skpickle::{ErrorKind, FromObj, Obj};

use super::{
    Matrix,
    panels::{Affine, Panels, multiply},
    wide::fuses,
};
use crate::{
    data::{Csr, Samples},
    error::{Error, Result},
};

/// Inner product, in eight partial sums that the compiler keeps in vector registers.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    dot_with(a, b, |x| x)
}

/// Inner products of one sample with all rows of a matrix, as [`dot`] gives them.
pub(crate) fn dots(x: &[f64], matrix: &Matrix, out: &mut [f64]) {
    Arch::new().dispatch(WithRows::<false> { x, matrix, out });
}

/// Sums of the squared differences of one sample and each row of a matrix, in the same partial sums.
pub(crate) fn squared_distances(x: &[f64], matrix: &Matrix, out: &mut [f64]) {
    Arch::new().dispatch(WithRows::<true> { x, matrix, out });
}

/// Rows of weights that a sample is multiplied with together, so that one does not wait for the others.
const TOGETHER: usize = 4;

/// One sample and all rows of a matrix: products or, if `SQUARED`, differences.
struct WithRows<'a, const SQUARED: bool> {
    x: &'a [f64],
    matrix: &'a Matrix,
    out: &'a mut [f64],
}

impl<const SQUARED: bool> WithSimd for WithRows<'_, SQUARED> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F64_LANES {
            8 => self.each::<S, 1>(simd),
            4 => self.each::<S, 2>(simd),
            2 => self.each::<S, 4>(simd),
            _ => self.each::<S, 8>(simd),
        }
    }
}

impl<const SQUARED: bool> WithRows<'_, SQUARED> {
    /// By vectors of which `N` hold eight numbers.
    #[inline(always)]
    fn each<S: Simd, const N: usize>(self, simd: S) {
        let WithRows { x, matrix, out } = self;
        // Whoever calls has compared the widths; if not, what is beyond the shorter one counts for nothing.
        let x = &x[..x.len().min(matrix.columns)];
        // Looked at once: the numbers may stand in the file's own bytes.
        let (weights, columns): (&[f64], _) = (&matrix.data, matrix.columns);
        let row = |k: usize| &weights[k * columns..(k + 1) * columns];
        let (several, rest) = out.as_chunks_mut::<TOGETHER>();
        for (i, out) in several.iter_mut().enumerate() {
            *out = Self::rows::<S, N, TOGETHER>(simd, x, |r| row(i * TOGETHER + r));
        }
        for (i, out) in rest.iter_mut().enumerate() {
            [*out] = Self::rows::<S, N, 1>(simd, x, |_| row(several.len() * TOGETHER + i));
        }
    }

    /// Some rows together, so that one does not wait for the sums of another.
    #[inline(always)]
    fn rows<'w, S: Simd, const N: usize, const R: usize>(
        simd: S,
        x: &[f64],
        row: impl Fn(usize) -> &'w [f64],
    ) -> [f64; R] {
        let (x8, x_rest) = x.as_chunks::<8>();
        let rows: [_; R] = std::array::from_fn(|r| {
            let (row8, row_rest) = row(r)[..x.len()].as_chunks::<8>();
            // As many, as the compiler can see: nothing is checked in the loop.
            (&row8[..x8.len()], row_rest)
        });
        let mut sums = [[simd.splat_f64s(0.0); N]; R];
        for (i, x) in x8.iter().enumerate() {
            let x = S::as_simd_f64s(x).0;
            for (sums, (row8, _)) in sums.iter_mut().zip(&rows) {
                let row = S::as_simd_f64s(&row8[i]).0;
                for v in 0..N {
                    let apart = simd.sub_f64s(x[v], row[v]);
                    let term = if SQUARED { simd.mul_f64s(apart, apart) } else { simd.mul_f64s(x[v], row[v]) };
                    sums[v] = simd.add_f64s(sums[v], term);
                }
            }
        }
        let mut eights = [[0.0; 8]; R];
        for (eight, sums) in eights.iter_mut().zip(sums) {
            S::as_mut_simd_f64s(eight).0.copy_from_slice(&sums);
        }
        let mut out = [0.0; R];
        for (out, eight) in out.iter_mut().zip(eights) {
            *out = joined(eight);
        }
        let term = |(x, y): (&f64, &f64)| if SQUARED { (x - y) * (x - y) } else { x * y };
        for (out, (_, row_rest)) in out.iter_mut().zip(rows) {
            *out += x_rest.iter().zip(row_rest).map(term).sum::<f64>();
        }
        out
    }
}

/// The sum of eight partial sums.
#[inline(always)]
fn joined(sums: [f64; 8]) -> f64 {
    // The first additions are of halves that stand side by side.
    let pairs: [f64; 4] = std::array::from_fn(|i| sums[i] + sums[i + 4]);
    (pairs[0] + pairs[1]) + (pairs[2] + pairs[3])
}

/// Inner product of samples of any width with weights of 64 bits.
#[inline(always)]
fn dot_with<T: Copy>(a: &[T], b: &[f64], widen: impl Fn(T) -> f64) -> f64 {
    let mut sums = [0.0; 8];
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    for (x, y) in a8.iter().zip(b8) {
        for i in 0..8 {
            sums[i] += widen(x[i]) * y[i];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(&x, y)| widen(x) * y).sum();
    joined(sums) + rest
}

/// Inner product in 32 bits, added up as the OpenBLAS in numpy's wheels does it on x86: with one output in four partial sums, whose
/// remainder of up to three products is added unfused; with several outputs in one sum of fused steps. The four sums are joined in
/// pairs, by the OpenBLAS of numpy 1.18 and older (`old`) one after the other. Long rows differ in the last bit between processors.
fn dot32(x: &[f32], weights: &[f64], outputs: usize, old: bool) -> f32 {
    // The weights were read from 32 bits: nothing is lost.
    let pairs = x.iter().zip(weights).map(|(&x, &w)| (x, w as f32));
    if outputs > 1 {
        return pairs.fold(0.0, |sum: f32, (x, w)| x.mul_add(w, sum));
    }
    let mut sums = [0f32; 4];
    let whole = x.len() - x.len() % 4;
    for (i, (x, w)) in pairs.clone().take(whole).enumerate() {
        sums[i % 4] = x.mul_add(w, sums[i % 4]);
    }
    let rest: f32 = pairs.skip(whole).map(|(x, w)| x * w).sum();
    let sum = if old { sums.iter().sum() } else { (sums[0] + sums[1]) + (sums[2] + sums[3]) };
    sum + rest
}

/// One sample, in the form it came in: nothing is copied unless its numbers do not stand side by side.
pub(crate) enum Row<'x> {
    /// Numbers of 64 bits.
    F64(Cow<'x, [f64]>),
    /// Numbers of 32 bits.
    F32(Cow<'x, [f32]>),
    /// Columns and values.
    Sparse(&'x [usize], &'x [f64]),
}

impl Row<'_> {
    /// Inner product with as many weights as the sample has columns.
    pub(crate) fn dot(&self, weights: &[f64]) -> f64 {
        match self {
            Row::F64(x) => dot(x, weights),
            Row::F32(x) => dot_with(x, weights, f64::from),
            Row::Sparse(indices, values) => indices.iter().zip(*values).map(|(&j, v)| v * weights[j]).sum(),
        }
    }

    /// Inner product with weights of which only some are given, in order of their columns.
    fn dot_sparse(&self, columns: &[usize], weights: &[f64]) -> f64 {
        let pairs = columns.iter().zip(weights);
        match self {
            Row::F64(x) => pairs.map(|(&j, w)| x[j] * w).sum(),
            Row::F32(x) => pairs.map(|(&j, w)| f64::from(x[j]) * w).sum(),
            Row::Sparse(indices, values) => {
                let weight = |j| columns.binary_search(j).map_or(0.0, |at| weights[at]);
                indices.iter().zip(*values).map(|(j, v)| v * weight(j)).sum()
            }
        }
    }
}

/// The samples one by one.
///
/// # Errors
/// [`ErrorKind::Input`](crate::ErrorKind::Input) when they are no numbers; the door has turned tables and rows into numbers before.
pub(crate) fn rows(x: &Samples) -> Result<impl ExactSizeIterator<Item = Row<'_>>> {
    if !matches!(x, Samples::Dense(_) | Samples::Dense32(_) | Samples::Sparse(_)) {
        return Err(Error::input(format_args!("numbers in rows are expected, found {}", x.kind())));
    }
    Ok((0..x.rows()).map(move |i| match x {
        Samples::Dense(x) => Row::F64(contiguous(&x.row(i))),
        Samples::Dense32(x) => Row::F32(contiguous(&x.row(i))),
        Samples::Sparse(x) => {
            let (indices, values) = x.row(i);
            Row::Sparse(indices, values)
        }
        _ => Row::Sparse(&[], &[]),
    }))
}

/// The elements of a row side by side, borrowed for as long as the samples live.
pub(crate) fn contiguous<'x, T: Clone>(row: &ArrayView1<'x, T>) -> Cow<'x, [T]> {
    match row.to_slice() {
        Some(slice) => slice.into(),
        None => row.to_vec().into(),
    }
}

/// Weights of a linear function, one row an output: dense, or sparse as `sparsify()` leaves them.
#[derive(Debug, Clone)]
pub(crate) enum Weights {
    /// All weights.
    Dense(Matrix),
    /// Those that are not zero, the columns of each row in order.
    Sparse(Csr),
}

impl Weights {
    /// Number of outputs.
    pub(crate) fn rows(&self) -> usize {
        match self {
            Weights::Dense(w) => w.rows,
            Weights::Sparse(w) => w.rows(),
        }
    }

    /// Number of features.
    pub(crate) fn columns(&self) -> usize {
        match self {
            Weights::Dense(w) => w.columns,
            Weights::Sparse(w) => w.columns(),
        }
    }

    /// Inner product of a sample with the weights of one output.
    pub(crate) fn dot(&self, output: usize, sample: &Row<'_>) -> f64 {
        match self {
            Weights::Dense(w) => sample.dot(w.row(output)),
            Weights::Sparse(w) => {
                let (columns, weights) = w.row(output);
                sample.dot_sparse(columns, weights)
            }
        }
    }

    /// Sum of the squares of the weights of one output.
    pub(crate) fn squares(&self, output: usize) -> f64 {
        let weights = match self {
            Weights::Dense(w) => w.row(output),
            Weights::Sparse(w) => w.row(output).1,
        };
        dot(weights, weights)
    }

    /// The same where weights and sample are of 32 bits; `old` as the OpenBLAS of numpy 1.18 and older did it.
    pub(crate) fn dot32(&self, output: usize, sample: &Row<'_>, old: bool) -> f32 {
        match (self, sample) {
            (Weights::Dense(w), Row::F32(x)) => dot32(x, w.row(output), w.rows, old),
            _ => self.dot(output, sample) as f32,
        }
    }
}

impl<'g> FromObj<'g> for Weights {
    /// A 2-d array or sparse matrix; a 1-d array counts as one row.
    fn from_obj(obj: &Obj<'g>) -> skpickle::Result<Self> {
        if obj.is_sparse() {
            return Ok(Weights::Sparse(obj.get::<Csr>()?.canonical()));
        }
        if obj.array()?.dtype().is_object() {
            return Err(obj.error(ErrorKind::Value, "expected an array of numbers, found one of objects"));
        }
        obj.get().map(Weights::Dense)
    }
}

/// Samples from which on it pays to pack the weights.
const MANY: usize = 8;
/// The fewest outputs for which it does.
const OUTPUTS: usize = 3;

/// `X @ coef.T + offsets` of many dense samples; `None` where that is not worth while.
pub(crate) fn affine_many(x: &Samples, coef: &Matrix, offsets: &[f64]) -> Option<Array2<f64>> {
    let Samples::Dense(x) = x else { return None };
    if x.nrows() < MANY
        || coef.rows < OUTPUTS
        || offsets.len() != coef.rows
        || x.ncols() != coef.columns
        || coef.columns == 0
        || !fuses()
    {
        return None;
    }
    let mut out = vec![0.0; x.nrows() * coef.rows];
    multiply(x.as_standard_layout().as_slice()?, &Panels::of(coef), &mut Affine { out: &mut out, offsets, first: 0 });
    Array2::from_shape_vec((x.nrows(), coef.rows), out).ok()
}

/// A matrix of zeros. A small one is written rather than asked for as zeros: glibc keeps small memory at hand, but only for who takes it as
/// it is (a PCA before a linear model answers one row in 0.92 of the time).
pub(crate) fn zeros(rows: usize, columns: usize) -> Array2<f64> {
    const SMALL: usize = 1 << 12;
    let len = rows * columns;
    let values = if len > SMALL {
        vec![0.0; len]
    } else {
        let mut values = Vec::with_capacity(len);
        values.resize(len, 0.0);
        values
    };
    // There are as many values as the shape wants.
    Array2::from_shape_vec((rows, columns), values).unwrap_or_default()
}

/// `x @ coef.T + offsets` of sparse samples, with as many offsets as outputs.
pub(crate) fn affine_sparse(x: &Csr, coef: &Matrix, offsets: &[f64]) -> Array2<f64> {
    let mut out = Array2::zeros((x.rows(), coef.rows));
    for (i, mut out) in out.rows_mut().into_iter().enumerate() {
        let (columns, values) = x.row(i);
        let mut k = 0;
        while k + TOGETHER <= coef.rows {
            let weights: [&[f64]; TOGETHER] = std::array::from_fn(|n| coef.row(k + n));
            let mut sums = [0.0; TOGETHER];
            for (&j, value) in columns.iter().zip(values) {
                for n in 0..TOGETHER {
                    sums[n] += value * weights[n][j];
                }
            }
            for (n, sum) in sums.into_iter().enumerate() {
                out[k + n] = sum + offsets[k + n];
            }
            k += TOGETHER;
        }
        for k in k..coef.rows {
            out[k] = Row::Sparse(columns, values).dot(coef.row(k)) + offsets[k];
        }
    }
    out
}

/// `X @ coef.T + intercept`, one column for each row of `coef`; `intercept` holds one value for each, or one for all.
pub(crate) fn affine(x: &Samples, coef: &Matrix, intercept: &[f64]) -> Result<Array2<f64>> {
    let offset = |k: usize| intercept.get(k).or_else(|| intercept.first()).copied().unwrap_or(0.0);
    if x.rows() >= MANY
        && let Some(out) = affine_many(x, coef, &(0..coef.rows).map(offset).collect::<Vec<f64>>())
    {
        return Ok(out);
    }
    let mut out = zeros(x.rows(), coef.rows);
    for (row, mut out) in rows(x)?.zip(out.rows_mut()) {
        match (&row, out.as_slice_mut()) {
            (Row::F64(x), Some(out)) => {
                dots(x, coef, out);
                match intercept {
                    [one] => out.iter_mut().for_each(|out| *out += one),
                    each => out.iter_mut().zip(each).for_each(|(out, offset)| *out += offset),
                }
            }
            _ => out.iter_mut().enumerate().for_each(|(k, out)| *out = row.dot(coef.row(k)) + offset(k)),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use ndarray::ShapeBuilder;

    use super::*;

    #[test]
    fn sparse_weights_are_the_dense_ones() {
        let dense = ndarray::array![[0.0, 2.0, 0.0, -1.0], [0.0; 4]];
        let weights = [
            Weights::Dense(Matrix::new(dense.iter().copied().collect(), 2, 4)),
            Weights::Sparse(Csr::from_dense(&dense)),
        ];
        let x = ndarray::array![[1.0, 2.0, 3.0, 4.0], [0.0, 0.5, 0.0, 0.0]];
        let mut columns_first = Array2::zeros((2, 4).f());
        columns_first.assign(&x);
        let samples = [
            Samples::Dense(x.clone()),
            Samples::Dense(columns_first),
            Samples::Dense32(x.mapv(|v| v as f32)),
            Samples::Sparse(Csr::from_dense(&x)),
        ];
        for weights in &weights {
            for x in &samples {
                let scores: Vec<f64> =
                    rows(x).expect("numbers").flat_map(|row| [weights.dot(0, &row), weights.dot(1, &row)]).collect();
                assert_eq!(scores, [0.0, 0.0, 1.0, 0.0], "{weights:?} {x:?}");
            }
        }
    }

    /// Whole groups of rows, and what is left; a sample of another width is not read beyond the shorter one.
    #[test]
    fn rows_together_are_the_rows_one_by_one() {
        for (rows, columns, width) in
            (0..10).flat_map(|rows| [(rows, 3, 3), (rows, 21, 21), (rows, 9, 21), (rows, 21, 5)])
        {
            let data: Vec<f64> = (0..rows * columns).map(|i| (i as f64).sqrt() - 4.0).collect();
            let (matrix, x) =
                (Matrix::new(data, rows, columns), (0..width).map(|i| f64::from(i).cbrt()).collect::<Vec<_>>());
            let shared = columns.min(width as usize);
            let (mut products, mut squares) = (vec![0.0; rows], vec![0.0; rows]);
            dots(&x, &matrix, &mut products);
            squared_distances(&x, &matrix, &mut squares);
            for k in 0..rows {
                let apart: Vec<f64> = x[..shared].iter().zip(matrix.row(k)).map(|(x, y)| x - y).collect();
                assert_eq!(products[k], dot(&x[..shared], &matrix.row(k)[..shared]), "{rows} {columns} {width}");
                assert_eq!(squares[k], dot(&apart, &apart), "{rows} {columns} {width}");
            }
        }
    }

    #[test]
    fn products_of_any_length() {
        for n in 0..40 {
            let a: Vec<f64> = (0..n).map(f64::from).collect();
            assert_eq!(dot(&a, &a), a.iter().map(|v| v * v).sum::<f64>());
        }
    }
}
