//! A chain of dense layers: `x = f(x @ coefs_[i] + intercepts_[i])`.

use std::{cell::Cell, mem, sync::OnceLock};

use ndarray::{Array2, ArrayViewMut1};
use skpickle::ErrorKind;

use crate::{
    data::Samples,
    error::Result,
    math::{
        Matrix,
        panels::{Affine, Panels, multiply},
        special::{exp_each, expit_each, softmax, tanh_each},
        wide::{Wide, fuses, wide},
    },
    state::State,
};

/// Layers beyond any real network. The file cannot vouch for the work of a pass: layers may share their bytes.
const MAX_LAYERS: usize = 1_000;

/// What becomes of a layer's sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    Identity,
    Logistic,
    Tanh,
    Relu,
    /// `relu` before 0.24, which also cut at the largest double.
    ReluClipped,
    Softmax,
    Exp,
}

impl Activation {
    fn apply(self, row: &mut [f64]) {
        let each = |row: &mut [f64], f: fn(f64) -> f64| row.iter_mut().for_each(|x| *x = f(*x));
        match self {
            Activation::Identity => {}
            Activation::Logistic => expit_each(row),
            Activation::Tanh => tanh_each(row),
            // NaN (of sums that overflow both ways) stays NaN, as in numpy.
            Activation::Relu => each(row, |x| if x < 0.0 { 0.0 } else { x }),
            Activation::ReluClipped => each(row, |x| x.clamp(0.0, f64::MAX)),
            Activation::Softmax => softmax(ArrayViewMut1::from(row)),
            Activation::Exp => exp_each(row),
        }
    }
}

struct Layer {
    /// (inputs, outputs), as in the file.
    coef: Matrix,
    intercept: skpickle::Shared<f64>,
    /// The weights once more, made for the first batch.
    panels: OnceLock<Panels>,
}

/// The layers with what is applied between them and at the end.
pub(crate) struct Network {
    layers: Vec<Layer>,
    hidden: Activation,
    output: Activation,
    /// Fitted in 32 bits: samples of 32 bits get answers of 32 bits.
    single: bool,
}

pub(crate) fn load(s: &State<'_, '_>, outputs: &[(&str, Activation)]) -> Result<Network> {
    let relu = if s.version() < (0, 24) { Activation::ReluClipped } else { Activation::Relu };
    let hidden = s.choice(
        "activation",
        None,
        &[
            ("identity", Activation::Identity),
            ("logistic", Activation::Logistic),
            ("tanh", Activation::Tanh),
            ("relu", relu),
        ],
    )?;
    let output = s.choice("out_activation_", None, outputs)?;
    let coefs = s.objects("coefs_")?;
    let intercepts = s.objects("intercepts_")?;
    let n_layers: usize = s.get("n_layers_")?;
    s.require(!coefs.is_empty(), "coefs_ is empty")?;
    s.require(
        coefs.len() <= MAX_LAYERS,
        format_args!("coefs_ has {} layers, more than the {MAX_LAYERS} that are taken", coefs.len()),
    )?;
    s.require(
        intercepts.len() == coefs.len(),
        format_args!("intercepts_ has {} arrays, coefs_ has {}", intercepts.len(), coefs.len()),
    )?;
    s.require(
        coefs.len().checked_add(1) == Some(n_layers),
        format_args!("n_layers_ is {n_layers}, but coefs_ has {} arrays between the layers", coefs.len()),
    )?;
    let mut layers: Vec<Layer> = Vec::with_capacity(coefs.len());
    let mut single = true;
    for (coef, intercept) in coefs.iter().zip(&intercepts) {
        for array in [coef.array()?, intercept.array()?] {
            single &= array.dtype().is_f32();
        }
        let layer = Layer { coef: coef.get()?, intercept: intercept.get()?, panels: OnceLock::new() };
        let inputs = layers.last().map_or(layer.coef.rows, |before| before.coef.columns);
        if layer.coef.rows != inputs || inputs == 0 || layer.coef.columns == 0 {
            let shape = (layer.coef.rows, layer.coef.columns);
            let message = format!("coefs_ of shape {shape:?} after a layer of {inputs} units");
            return Err(coef.error(ErrorKind::Value, message).into());
        }
        if layer.intercept.len() != layer.coef.columns {
            let message = format!("intercepts_ has {} values for {} units", layer.intercept.len(), layer.coef.columns);
            return Err(intercept.error(ErrorKind::Value, message).into());
        }
        for (array, values) in [(coef, &layer.coef.data), (intercept, &layer.intercept)] {
            if let Some(at) = values.iter().position(|x| !x.is_finite()) {
                let message = format!("weight {at} is {}: the fit has diverged", values[at]);
                return Err(array.error(ErrorKind::Value, message).into());
            }
        }
        layers.push(layer);
    }
    Ok(Network { layers, hidden, output, single })
}

/// Rows that pass through the layers together: the weights are read once for all of them.
const BLOCK: usize = 192;
/// Rows from which on it pays to have the weights in panels.
const MANY: usize = 8;
/// Weights of the largest layer that stays in panels. Others are laid out in parts for each block of rows: memory counts for them.
const LARGEST_LAID_OUT: usize = if cfg!(test) { 1 << 10 } else { 1 << 22 };
/// Weights of such a part.
const PART: usize = if cfg!(test) { 1 } else { 1 << 20 };
/// Units that are kept from one call to the next.
const KEPT: usize = 1 << 14;

thread_local! {
    /// The units of two neighbouring layers, one row after the other, kept from one call to the next.
    static SCRATCH: Cell<(Vec<f64>, Vec<f64>)> = const { Cell::new((Vec::new(), Vec::new())) };
}

impl Network {
    pub(crate) fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.coef.rows)
    }

    pub(crate) fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.coef.columns)
    }

    /// Whether the answers for these samples are numbers of 32 bits.
    pub(crate) fn answers32(&self, x: &Samples) -> bool {
        self.single && matches!(x, Samples::Dense32(_))
    }

    /// The units of the last layer, one row a sample.
    pub(crate) fn forward(&self, x: &Samples) -> Result<Array2<f64>> {
        let mut out = Array2::zeros((x.rows(), self.outputs()));
        self.each_row(x, &mut |i, row| out.row_mut(i).iter_mut().zip(row).for_each(|(out, &y)| *out = y))?;
        Ok(out)
    }

    /// Calls `visit` with the number of each sample and the units of the last layer.
    pub(crate) fn each_row(&self, x: &Samples, visit: &mut dyn FnMut(usize, &[f64])) -> Result<()> {
        let Some((first, rest)) = self.layers.split_first() else { return Ok(()) };
        let round = self.answers32(x);
        let (mut now, mut next) = SCRATCH.take();
        let mut finish = |start: usize, now: &mut Vec<f64>, next: &mut Vec<f64>| {
            for layer in rest {
                self.hidden.apply(now);
                layer.multiply(now, next);
                mem::swap(now, next);
            }
            for (i, row) in now.chunks_exact_mut(self.outputs()).enumerate() {
                self.output.apply(row);
                if round {
                    row.iter_mut().for_each(|x| *x = f64::from(*x as f32));
                }
                visit(start + i, row);
            }
        };
        if let Samples::Sparse(x) = x {
            for i in 0..x.rows() {
                let (indices, values) = x.row(i);
                now.clear();
                now.resize(first.coef.columns, 0.0);
                for (&j, &value) in indices.iter().zip(values) {
                    now.iter_mut().zip(first.coef.row(j)).for_each(|(out, w)| *out += value * w);
                }
                add(&mut now, &first.intercept);
                finish(i, &mut now, &mut next);
            }
        } else {
            let x = x.dense()?;
            let x = x.as_standard_layout();
            let (width, mut start, mut rest) = (first.coef.rows, 0, x.as_slice().unwrap_or_default());
            while !rest.is_empty() {
                // A few more rather than a few left: wherever a batch is cut, its rows are multiplied in the same way.
                let size = if rest.len() < (BLOCK + MANY) * width { rest.len() } else { BLOCK * width };
                let (block, after) = rest.split_at(size);
                first.multiply(block, &mut now);
                finish(start, &mut now, &mut next);
                (start, rest) = (start + size / width, after);
            }
        }
        if now.capacity().max(next.capacity()) <= KEPT {
            SCRATCH.set((now, next));
        }
        Ok(())
    }
}

impl Layer {
    /// Makes `out` the product of the rows of `x` with the weights, and the intercept.
    fn multiply(&self, x: &[f64], out: &mut Vec<f64>) {
        let Matrix { rows: inputs, columns: width, .. } = self.coef;
        let rows = x.len() / inputs;
        out.clear();
        out.resize(rows * width, 0.0);
        if rows < MANY || !fuses() {
            wide(AddFew { coef: &self.coef, x, out });
            add(out, &self.intercept);
            return;
        }
        let offsets = &*self.intercept;
        if self.coef.data.len() <= LARGEST_LAID_OUT {
            let panels = self.panels.get_or_init(|| Panels::of_columns(&self.coef, 0..width));
            return multiply(x, panels, &mut Affine { out, offsets, first: 0 });
        }
        // Panels end where vectors do.
        let columns = (PART / inputs).max(1).next_multiple_of(64);
        for first in (0..width).step_by(columns) {
            let panels = Panels::of_columns(&self.coef, first..width.min(first.saturating_add(columns)));
            multiply(x, &panels, &mut Affine { out, offsets, first });
        }
    }
}

/// Adds the product of a few rows of `x` with the weights to `out`. Four inputs are taken at a time, so that `out` is read and
/// written less often, and for all rows one after the other, so that their weights are still at hand.
struct AddFew<'a> {
    coef: &'a Matrix,
    x: &'a [f64],
    out: &'a mut [f64],
}

impl Wide for AddFew<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSES: bool>(self) {
        let AddFew { coef: Matrix { data, rows: inputs, columns: width }, x, out } = self;
        let width = *width;
        for (chunk, w) in data.chunks(4 * width).enumerate() {
            for (x, out) in x.chunks_exact(*inputs).zip(out.chunks_exact_mut(width)) {
                let x = &x[4 * chunk..];
                if let (Some(x), true) = (x.first_chunk::<4>(), w.len() == 4 * width) {
                    let (w0, w) = w.split_at(width);
                    let (w1, w) = w.split_at(width);
                    let (w2, w3) = w.split_at(width);
                    for ((((out, w0), w1), w2), w3) in out.iter_mut().zip(w0).zip(w1).zip(w2).zip(w3) {
                        *out += (x[0] * w0 + x[1] * w1) + (x[2] * w2 + x[3] * w3);
                    }
                } else {
                    for (x, w) in x.iter().zip(w.chunks_exact(width)) {
                        out.iter_mut().zip(w).for_each(|(out, w)| *out += x * w);
                    }
                }
            }
        }
    }
}

/// Adds the intercept to every row.
fn add(rows: &mut [f64], intercept: &[f64]) {
    for row in rows.chunks_exact_mut(intercept.len()) {
        row.iter_mut().zip(intercept).for_each(|(x, b)| *x += b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_of_every_size_multiply_many_rows_as_few() {
        // The last one is laid out in parts.
        for (inputs, outputs) in [(1, 1), (5, 17), (7, 400)] {
            let number = |i: usize| (i * 7919 % 101) as f64 - 50.0;
            let coef = Matrix::new((0..inputs * outputs).map(number).collect(), inputs, outputs);
            assert_eq!(coef.data.len() > LARGEST_LAID_OUT, outputs == 400);
            let intercept: Vec<f64> = (0..outputs).map(number).collect();
            let layer = Layer { coef, intercept: intercept.into(), panels: OnceLock::new() };
            let x: Vec<f64> = (0..20 * inputs).map(number).collect();
            let (mut many, mut few, mut one) = (Vec::new(), Vec::new(), Vec::new());
            layer.multiply(&x, &mut many);
            for row in x.chunks(inputs) {
                layer.multiply(row, &mut one);
                few.append(&mut one);
            }
            assert_eq!(many, few, "{inputs} inputs, {outputs} outputs");
        }
    }
}
