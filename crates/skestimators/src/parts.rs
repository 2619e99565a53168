//! A large batch in parts, some rows each.

use std::{iter, mem, ops::Range};

use ndarray::{Array as NdArray, Axis, Dimension, Slice};

use crate::{
    data::{Array, Output, Samples},
    estimator::Fitted,
    math::scratch,
    method::Method,
    neighbors::MERGED,
};

/// Rows that kernels take together at most: where parts end between such groups, every row is rounded as in the whole batch.
pub(crate) const GROUP: usize = 128;
/// Rows of a part in the least.
pub(crate) const BLOCK: usize = 2 * GROUP;
/// Rows that kernels may round in another way than many.
const FEW: usize = 16;
/// Numbers that are copied out of a batch at a time: they should be in the cache when the model reads them.
const COPIED: usize = 1 << 15;
/// Numbers of a batch that no cache holds.
const CACHED: usize = 1 << 22;
/// Steps for each number of a row below which a model waits for memory rather than for computation.
const CHEAP: u64 = 32;

/// The methods whose answer for a row does not depend on the other rows.
pub(crate) const METHODS: [Method; 6] = [
    Method::Predict,
    Method::PredictProba,
    Method::PredictLogProba,
    Method::DecisionFunction,
    Method::Transform,
    Method::Apply,
];

/// How large batches of a model are divided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Whether the model has several steps: what one hands to the next then stays in the cache, and in memory that is there already.
    pub(crate) staged: bool,
    /// Whether a row is answered by itself in a batch of any size.
    pub(crate) any_size: bool,
    /// Steps of computation that a row costs at most.
    pub(crate) steps: u64,
}

impl Plan {
    /// Rows of a part in the least.
    pub(crate) fn least(&self) -> usize {
        // Ties among neighbours are broken by the number of rows.
        if self.any_size { BLOCK } else { MERGED + GROUP }
    }

    /// Rows that are too few for a part.
    fn few(&self) -> usize {
        if self.any_size { FEW } else { self.least() }
    }

    /// Rows of a part.
    fn size(&self, x: &Samples) -> usize {
        let least = self.least();
        match x {
            Samples::Dense(x) if !self.staged => least.max(COPIED / x.ncols().max(1) / GROUP * GROUP),
            _ => least,
        }
    }

    /// Rows in parts of a size; the last one takes a few rows more, so that none has but a few.
    fn parts(&self, rows: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
        let (few, mut start) = (self.few(), rows.start);
        iter::from_fn(move || {
            let end = if rows.end - start < size + few { rows.end } else { start + size };
            let part = start..end;
            start = end;
            Some(part).filter(|part| !part.is_empty())
        })
    }

    /// Whether parts pay in one thread: between steps, and where rows would be read from memory twice, to be checked and to be answered.
    fn pays(&self, x: &Samples) -> bool {
        let waits = match x {
            Samples::Dense(x) => x.len() > CACHED && self.steps < CHEAP.saturating_mul(x.ncols() as u64),
            _ => false,
        };
        self.any_size && (self.staged || waits)
    }
}

/// Answers a batch part by part. `None` when that does not pay, or when anything is amiss: the caller then asks for all rows in
/// one call, whose refusal names the right row.
pub(crate) fn call(fitted: &Fitted, method: Method, x: &Samples, plan: Plan) -> Option<Output> {
    let rows = x.rows();
    if rows < BLOCK + FEW || !METHODS.contains(&method) || !plan.pays(x) {
        return None;
    }
    let mut answers = Answers::of(rows);
    answers.add(fitted, method, x, 0..rows, plan)?;
    answers.all
}

/// Answers for consecutive rows, one behind the other.
pub(crate) struct Answers {
    pub(crate) all: Option<Output>,
    /// Rows that there will be.
    rows: usize,
}

impl Answers {
    pub(crate) fn of(rows: usize) -> Self {
        Answers { all: None, rows }
    }

    /// Answers some rows more. `None` where they are refused, or where answers of this kind cannot be joined.
    pub(crate) fn add(
        &mut self,
        fitted: &Fitted,
        method: Method,
        x: &Samples,
        rows: Range<usize>,
        plan: Plan,
    ) -> Option<()> {
        for Range { start, end } in plan.parts(rows, plan.size(x)) {
            let part = match x {
                Samples::Dense(x) => Samples::Dense(scratch::copy(&x.slice_axis(Axis(0), Slice::from(start..end)))),
                x => x.part(start..end)?,
            };
            self.push(fitted.call(method, &part).ok()?)?;
            if let Samples::Dense(part) = part {
                scratch::give_matrix(part);
            }
        }
        Some(())
    }

    /// Puts answers behind those that are there, where they are of one kind.
    pub(crate) fn push(&mut self, answer: Output) -> Option<()> {
        match (&mut self.all, answer) {
            (None, answer @ (Output::Array(_) | Output::Samples(Samples::Dense(_)))) => self.all = Some(answer),
            (Some(Output::Array(all)), Output::Array(part)) => append_array(all, part, self.rows)?,
            (Some(Output::Samples(Samples::Dense(all))), Output::Samples(Samples::Dense(part))) => {
                append(all, part, self.rows)?;
            }
            _ => return None,
        }
        Some(())
    }
}

fn append_array(all: &mut Array, part: Array, rows: usize) -> Option<()> {
    match (all, part) {
        (Array::F64(all), Array::F64(part)) => append(all, part, rows),
        (Array::F32(all), Array::F32(part)) => append(all, part, rows),
        (Array::I64(all), Array::I64(part)) => append(all, part, rows),
        (Array::Bool(all), Array::Bool(part)) => append(all, part, rows),
        (Array::Str(all), Array::Str(part)) => append(all, part, rows),
        (Array::Bytes(all), Array::Bytes(part)) => append(all, part, rows),
        (Array::Object(all), Array::Object(part)) => append(all, part, rows),
        _ => None,
    }
}

/// Puts an array behind another along the first axis, which is to have so many rows in the end. (`ndarray::concatenate` is many times the
/// code, and copies texts.)
fn append<T: Clone, D: Dimension>(all: &mut NdArray<T, D>, part: NdArray<T, D>, rows: usize) -> Option<()> {
    let mut shape = all.raw_dim();
    if shape.ndim() == 0 || shape.slice().get(1..) != part.shape().get(1..) {
        return None;
    }
    let each = shape.slice().get(1..)?.iter().product::<usize>();
    shape[0] += part.len_of(Axis(0));
    let empty = NdArray::from_shape_vec(D::zeros(shape.ndim()), Vec::new()).ok()?;
    let mut values = in_order(mem::replace(all, empty));
    values.reserve_exact(each.saturating_mul(rows).saturating_sub(values.len()));
    values.append(&mut in_order(part));
    *all = NdArray::from_shape_vec(shape, values).ok()?;
    Some(())
}

/// The elements in C order.
fn in_order<T: Clone, D: Dimension>(array: NdArray<T, D>) -> Vec<T> {
    if !array.is_standard_layout() {
        return array.iter().cloned().collect();
    }
    let count = array.len();
    let (mut values, offset) = array.into_raw_vec_and_offset();
    values.drain(..offset.unwrap_or_default());
    values.truncate(count);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_has_too_few_rows() {
        for any_size in [true, false] {
            let plan = Plan { staged: false, any_size, steps: 1 };
            let least = if any_size { FEW } else { MERGED + 1 };
            for columns in [1, 20, 40, 4_000] {
                for rows in (plan.least()..6_000).step_by(97) {
                    let x = Samples::Dense(ndarray::Array2::zeros((1, columns)));
                    let parts: Vec<_> = plan.parts(GROUP..GROUP + rows, plan.size(&x)).collect();
                    assert!(
                        parts.iter().all(|part| part.len() >= least && part.start.is_multiple_of(GROUP)),
                        "{parts:?}"
                    );
                    let ends = parts.iter().map(|part| part.end);
                    assert!(parts.iter().map(|part| part.start).eq([GROUP].into_iter().chain(ends).take(parts.len())));
                    assert_eq!(parts.last().map(|part| part.end), Some(GROUP + rows));
                }
            }
        }
    }
}
