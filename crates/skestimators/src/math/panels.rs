//! Products of many samples with the rows of a matrix, some of each at a time.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::{Matrix, aligned::Aligned, scratch};

/// Vectors of a panel.
pub(crate) const VECTORS: usize = 2;
/// Samples whose products are computed together: as many as there are registers for.
const SAMPLES: usize = 6;
/// Samples that see a part of the panels while it is in the cache.
const BLOCK: usize = 16 * SAMPLES;
/// Numbers in such a part.
const NEAR: usize = 1 << 13;
/// Columns that are multiplied one after the other.
const COLUMNS: usize = 4;
/// Rows above which it pays to put the samples, too, side by side.
const FEW_ROWS: usize = 128;
/// Numbers of such samples.
const PACKED: usize = 1 << 15;

/// Rows in panels: the same column of several rows side by side. Panels that are not full are filled up with zeros.
#[derive(Debug)]
pub(crate) struct Panels {
    values: Aligned,
    width: usize,
    lanes: usize,
}

impl Panels {
    /// No panels yet, of `lanes` rows of so many columns.
    pub(crate) fn new(width: usize, lanes: usize) -> Self {
        Panels { values: Aligned::default(), width: width.max(1), lanes }
    }

    /// The rows of a matrix, for [`multiply`].
    pub(crate) fn of(matrix: &Matrix) -> Self {
        let mut panels = Panels::new(matrix.columns, Arch::new().dispatch(Lanes));
        panels.push((0..matrix.rows).map(|i| matrix.row(i)));
        panels
    }

    /// Columns of a matrix instead of its rows.
    pub(crate) fn of_columns(matrix: &Matrix, columns: Range<usize>) -> Self {
        let mut panels = Panels::new(matrix.rows, Arch::new().dispatch(Lanes));
        let size = panels.width * panels.lanes;
        panels.values.grow(columns.len().div_ceil(panels.lanes) * size);
        let firsts = columns.clone().step_by(panels.lanes);
        for (first, panel) in firsts.zip(panels.values.chunks_exact_mut(size)) {
            for (i, column) in panel.chunks_exact_mut(panels.lanes).enumerate().take(matrix.rows) {
                let row = &matrix.row(i)[first..columns.end.min(first + panels.lanes)];
                column[..row.len()].copy_from_slice(row);
            }
        }
        panels
    }

    /// Number of panels.
    pub(crate) fn len(&self) -> usize {
        self.values.len() / (self.width * self.lanes)
    }

    /// Begins a panel with the first of these rows.
    pub(crate) fn push<'a>(&mut self, rows: impl IntoIterator<Item = &'a [f64]>) {
        let size = self.width * self.lanes;
        for (i, row) in rows.into_iter().enumerate() {
            let lane = i % self.lanes;
            if lane == 0 {
                self.values.grow(size);
            }
            let panel = self.values.len() - size;
            let columns = self.values[panel..].chunks_exact_mut(self.lanes);
            columns.zip(row).for_each(|(column, &value)| column[lane] = value);
        }
    }

    /// The panels from one on, column by column.
    #[inline(always)]
    pub(crate) fn from(&self, panel: usize) -> impl Iterator<Item = &[f64]> {
        let size = self.width * self.lanes;
        self.values[panel * size..].chunks_exact(size)
    }
}

/// Rows of a panel: as many as there are numbers in its vectors.
struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    fn with_simd<S: Simd>(self, _: S) -> usize {
        VECTORS * S::F64_LANES
    }
}

/// What becomes of products. Its method must be marked `inline(always)`.
pub(crate) trait Take {
    /// Takes the products of a sample with the rows of a panel, of which `first` is the first. For each sample they come in order.
    fn take<S: Simd>(&mut self, simd: S, sample: usize, first: usize, products: [S::f64s; VECTORS]);
}

/// Multiplies samples, one after the other in `x`, with all rows. Each product is a sum in the fused steps of BLAS, whatever stands beside it;
/// so that [`fuses`](super::wide::fuses) should be asked first.
pub(crate) fn multiply(x: &[f64], panels: &Panels, take: &mut impl Take) {
    Arch::new().dispatch(Multiply { x, panels, take });
}

struct Multiply<'a, T> {
    x: &'a [f64],
    panels: &'a Panels,
    take: &'a mut T,
}

impl<T: Take> WithSimd for Multiply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F64_LANES {
            // The widest vectors have twice as many registers.
            8 => self.all::<S, { 2 * SAMPLES }>(simd),
            _ => self.all::<S, SAMPLES>(simd),
        }
    }
}

impl<T: Take> Multiply<'_, T> {
    /// Whole groups of `N` samples where there are rows enough, and what is left.
    #[inline(always)]
    fn all<S: Simd, const N: usize>(mut self, simd: S) {
        let Panels { width, lanes, .. } = *self.panels;
        let samples = self.x.len() / width;
        let grouped = if self.panels.len() * lanes > FEW_ROWS { samples - samples % N } else { 0 };
        let (groups, rest) = self.x.split_at(grouped * width);
        if grouped > 0 {
            self.packed::<S, N>(simd, groups);
        }
        self.direct(simd, grouped, rest);
    }

    /// The panels, and how many of them are near at a time.
    #[inline(always)]
    fn parts<S: Simd>(panels: &Panels) -> (&[[S::f64s; VECTORS]], usize) {
        let (vectors, _) = S::as_simd_f64s(&panels.values).0.as_chunks();
        (vectors, (NEAR / (panels.width * panels.lanes)).max(1))
    }

    /// Samples as they stand; `first` is the number of the first.
    #[inline(always)]
    fn direct<S: Simd>(&mut self, simd: S, first: usize, x: &[f64]) {
        let (vectors, part) = Self::parts::<S>(self.panels);
        let Panels { width, lanes, .. } = *self.panels;
        for (block, x) in x.chunks(BLOCK * width).enumerate() {
            for (start, panels) in vectors.chunks(part * width).enumerate() {
                let place = (first + block * BLOCK, start * part * lanes, lanes);
                let groups = x.chunks_exact(SAMPLES * width);
                let rest = groups.remainder();
                let grouped = x.len() / (SAMPLES * width) * SAMPLES;
                for (i, x) in groups.enumerate() {
                    let place = (place.0 + i * SAMPLES, place.1, place.2);
                    each_panel::<_, _, SAMPLES>(simd, x, panels, place, self.take);
                }
                for (i, x) in rest.chunks_exact(width).enumerate() {
                    each_panel::<_, _, 1>(simd, x, panels, (place.0 + grouped + i, place.1, place.2), self.take);
                }
            }
        }
    }

    /// Whole groups of samples, whose columns are put side by side first: they are then read as one stream, and most registers hold sums.
    #[inline(always)]
    fn packed<S: Simd, const N: usize>(&mut self, simd: S, x: &[f64]) {
        let (vectors, part) = Self::parts::<S>(self.panels);
        let Panels { width, lanes, .. } = *self.panels;
        let block = (PACKED / width / N).clamp(1, BLOCK / N) * N;
        let mut packed = scratch::zeros(block.min(x.len() / width) * width);
        for (i, x) in x.chunks(block * width).enumerate() {
            let (groups, _) = packed[..x.len()].as_chunks_mut::<N>();
            for (group, x) in groups.chunks_exact_mut(width).zip(x.chunks_exact(N * width)) {
                for (lane, x) in x.chunks_exact(width).enumerate() {
                    group.iter_mut().zip(x).for_each(|(column, &x)| column[lane] = x);
                }
            }
            for (start, panels) in vectors.chunks(part * width).enumerate() {
                for (at, group) in (i * block..).step_by(N).zip(groups.chunks_exact(width)) {
                    for (panel, rows) in panels.chunks_exact(width).enumerate() {
                        let mut sums = [[simd.splat_f64s(0.0); VECTORS]; N];
                        group.iter().zip(rows).for_each(|(x, rows)| add(simd, *x, rows, &mut sums));
                        for (lane, sums) in sums.into_iter().enumerate() {
                            self.take.take(simd, at + lane, (start * part + panel) * lanes, sums);
                        }
                    }
                }
            }
        }
        scratch::give(packed);
    }
}

/// The products of `N` samples with some panels; `place` has the numbers of the first sample and row, and of the rows of a panel.
#[inline(always)]
fn each_panel<S: Simd, T: Take, const N: usize>(
    simd: S,
    x: &[f64],
    panels: &[[S::f64s; VECTORS]],
    place: (usize, usize, usize),
    take: &mut T,
) {
    let (sample, row, lanes) = place;
    let width = x.len() / N;
    let samples: [&[f64]; N] = std::array::from_fn(|i| &x[i * width..(i + 1) * width]);
    for (panel, rows) in panels.chunks_exact(width).enumerate() {
        let mut sums = [[simd.splat_f64s(0.0); VECTORS]; N];
        let mut start = 0;
        // Several columns for each look at where the samples end.
        let (several, rest) = rows.as_chunks::<COLUMNS>();
        for rows in several {
            let x: [&[f64; COLUMNS]; N] =
                std::array::from_fn(|i| samples[i][start..].first_chunk().unwrap_or(&[0.0; COLUMNS]));
            for (j, rows) in rows.iter().enumerate() {
                add(simd, x.map(|x| x[j]), rows, &mut sums);
            }
            start += COLUMNS;
        }
        for (j, rows) in rest.iter().enumerate() {
            add(simd, samples.map(|x| x[start + j]), rows, &mut sums);
        }
        for (i, sums) in sums.into_iter().enumerate() {
            take.take(simd, sample + i, row + panel * lanes, sums);
        }
    }
}

/// Adds the products of a column to the sums.
#[inline(always)]
fn add<S: Simd, const N: usize>(simd: S, x: [f64; N], rows: &[S::f64s; VECTORS], sums: &mut [[S::f64s; VECTORS]; N]) {
    for i in 0..N {
        let x = simd.splat_f64s(x[i]);
        for v in 0..VECTORS {
            sums[i][v] = simd.mul_add_f64s(x, rows[v], sums[i][v]);
        }
    }
}

/// Writes products and offsets into rows of an output.
pub(crate) struct Affine<'a> {
    /// One row a sample.
    pub(crate) out: &'a mut [f64],
    /// One for each output.
    pub(crate) offsets: &'a [f64],
    /// The output that the first row makes.
    pub(crate) first: usize,
}

impl Take for Affine<'_> {
    #[inline(always)]
    fn take<S: Simd>(&mut self, simd: S, sample: usize, first: usize, products: [S::f64s; VECTORS]) {
        let (outputs, first) = (self.offsets.len(), self.first + first);
        let out = &mut self.out[sample * outputs + first..(sample + 1) * outputs];
        let offsets = &self.offsets[first..];
        for (v, product) in products.into_iter().enumerate() {
            let (start, end) = (v * S::F64_LANES, (v + 1) * S::F64_LANES);
            if let (Some(out), Some(offsets)) = (out.get_mut(start..end), offsets.get(start..end)) {
                S::as_mut_simd_f64s(out).0[0] = simd.add_f64s(product, S::as_simd_f64s(offsets).0[0]);
            } else if let (Some(out), Some(offsets)) = (out.get_mut(start..), offsets.get(start..)) {
                let sum = simd.add_f64s(product, simd.partial_load_f64s(offsets));
                simd.partial_store_f64s(out, sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_the_rows_of_the_transposed_matrix() {
        for (rows, columns) in [(1, 1), (3, 17), (20, 40)] {
            let matrix = Matrix::new((0..rows * columns).map(|i| i as f64).collect(), rows, columns);
            assert_eq!(*Panels::of_columns(&matrix, 0..columns).values, *Panels::of(&matrix.transposed()).values);
        }
    }

    #[test]
    fn products_of_any_number_of_samples_and_rows() {
        for (samples, rows, width) in
            [(1, 1, 1), (5, 9, 3), (64, 8, 7), (131, 17, 20), (70, 300, 40), (200, 129, 3), (3, 2, 9000)]
        {
            let number = |i: usize| (i * 7919 % 101) as f64 - 50.0;
            let x: Vec<f64> = (0..samples * width).map(number).collect();
            let y: Vec<f64> = (0..rows * width).map(|i| number(i + 13)).collect();
            let offsets: Vec<f64> = (0..rows).map(number).collect();
            let mut out = vec![f64::NAN; samples * rows];
            let panels = Panels::of(&Matrix::new(y.clone(), rows, width));
            multiply(&x, &panels, &mut Affine { out: &mut out, offsets: &offsets, first: 0 });
            for i in 0..samples {
                for k in 0..rows {
                    let (x, y) = (&x[i * width..][..width], &y[k * width..][..width]);
                    let sum: f64 = x.iter().zip(y).map(|(x, y)| x * y).sum();
                    assert_eq!(
                        out[i * rows + k],
                        sum + offsets[k],
                        "sample {i}, row {k} of {samples} x {rows} x {width}"
                    );
                }
            }
        }
    }
}
