//! Samples as trees read them: dense rows of 32-bit floats, a block at a time.

use crate::{data::Samples, error::Result, math::scratch};

/// Numbers in one block: small enough for the cache, large enough that a tree's nodes are used by many rows.
const BLOCK: usize = 1 << 16;
/// Rows in one block.
const ROWS: usize = 1 << 10;

/// Consecutive rows of the samples.
pub(crate) struct Block<'a> {
    /// Number of the first row.
    pub(crate) start: usize,
    values: &'a [f32],
    columns: usize,
}

impl Block<'_> {
    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.columns)
    }
}

/// Gives the samples to `visit` block by block, in order. Doubles are rounded to the nearest float, as in `astype(numpy.float32)`.
pub(crate) fn blocks(x: &Samples, mut visit: impl FnMut(&Block<'_>)) -> Result<()> {
    let (rows, columns) = (x.rows(), x.columns().unwrap_or(0));
    if columns == 0 {
        return Ok(());
    }
    let size = (BLOCK / columns).clamp(1, ROWS).min(rows.max(1));
    let dense = if matches!(x, Samples::Sparse(_) | Samples::Dense32(_)) { None } else { Some(x.dense()?) };
    let mut buffer = scratch::zeros(size * columns);
    for start in (0..rows).step_by(size) {
        let count = size.min(rows - start);
        let values = &mut buffer[..count * columns];
        for (row, out) in (start..).zip(values.chunks_exact_mut(columns)) {
            match (x, &dense) {
                (Samples::Sparse(x), _) => {
                    out.fill(0.0);
                    let (indices, data) = x.row(row);
                    // Of several entries for one place the last counts here.
                    indices.iter().zip(data).for_each(|(&j, &value)| out[j] = value as f32);
                }
                (Samples::Dense32(x), _) => out.iter_mut().zip(x.row(row)).for_each(|(o, &value)| *o = value),
                (_, Some(x)) => out.iter_mut().zip(x.row(row)).for_each(|(o, &value)| *o = value as f32),
                _ => {}
            }
        }
        visit(&Block { start, values, columns });
    }
    scratch::give::<f32>(buffer);
    Ok(())
}
