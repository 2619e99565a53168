//! A large batch in parts, some rows each.

use ndarray::{ArrayD, Axis, Slice};

use crate::{
    data::{Array, Output, Samples},
    estimator::Fitted,
    math::scratch,
    method::Method,
};

/// Rows that kernels take together at most: where parts end between such groups, every row is rounded as in the whole batch.
pub(crate) const GROUP: usize = 128;
/// Rows that pass through all steps of a pipeline together: what one step hands to the next then stays in the cache, and in memory that
/// is there already.
const BLOCK: usize = 2 * GROUP;

/// Rows that are too few for a part: kernels may round those in another way.
const FEW: usize = 16;

/// The methods whose answer for a row does not depend on the other rows.
pub(crate) const METHODS: [Method; 6] = [
    Method::Predict,
    Method::PredictProba,
    Method::PredictLogProba,
    Method::DecisionFunction,
    Method::Transform,
    Method::Apply,
];

/// Answers a batch part by part. `None` when it is too small for that, or when anything is amiss: the caller then asks for all rows in
/// one call, whose refusal names the right row.
pub(crate) fn call(fitted: &Fitted, method: Method, x: &Samples) -> Option<Output> {
    let rows = x.rows();
    if rows < BLOCK + FEW || !METHODS.contains(&method) {
        return None;
    }
    let mut answers = Vec::with_capacity(rows / BLOCK);
    let mut start = 0;
    while start < rows {
        // The last part takes a few rows more, so that none has but a few.
        let end = if rows - start < BLOCK + FEW { rows } else { start + BLOCK };
        let part = match x {
            Samples::Dense(x) => Samples::Dense(scratch::copy(&x.slice_axis(Axis(0), Slice::from(start..end)))),
            x => x.part(start..end)?,
        };
        let answer = fitted.call(method, &part).ok();
        answers.push(answer.filter(joins)?);
        if let Samples::Dense(part) = part {
            scratch::give_matrix(part);
        }
        start = end;
    }
    join(answers)
}

/// Whether answers of this kind can be joined.
pub(crate) fn joins(answer: &Output) -> bool {
    matches!(answer, Output::Array(_) | Output::Samples(Samples::Dense(_)))
}

/// Answers for consecutive rows as one, where they are of one kind.
pub(crate) fn join(parts: Vec<Output>) -> Option<Output> {
    match parts.first()? {
        Output::Array(_) => {
            let arrays: Option<Vec<Array>> = parts.into_iter().map(Output::into_array).collect();
            Some(Output::Array(join_arrays(arrays?)?))
        }
        Output::Samples(Samples::Dense(_)) => {
            let matrix = |part| match part {
                Output::Samples(Samples::Dense(x)) => Some(x.into_dyn()),
                _ => None,
            };
            let joined = joined(parts.into_iter().map(matrix).collect::<Option<_>>()?)?;
            Some(Output::Samples(Samples::Dense(joined.into_dimensionality().ok()?)))
        }
        _ => None,
    }
}

fn join_arrays(parts: Vec<Array>) -> Option<Array> {
    macro_rules! joined {
        ($variant:ident) => {{
            let parts = parts.into_iter().map(|part| if let Array::$variant(part) = part { Some(part) } else { None });
            joined(parts.collect::<Option<Vec<_>>>()?).map(Array::$variant)
        }};
    }
    match parts.first()? {
        Array::F64(_) => joined!(F64),
        Array::F32(_) => joined!(F32),
        Array::I64(_) => joined!(I64),
        Array::Bool(_) => joined!(Bool),
        Array::Str(_) => joined!(Str),
        Array::Bytes(_) => joined!(Bytes),
        Array::Object(_) => joined!(Object),
    }
}

/// Arrays one behind the other along the first axis. (`ndarray::concatenate` is many times the code, and copies texts.)
fn joined<T: Clone>(parts: Vec<ArrayD<T>>) -> Option<ArrayD<T>> {
    let mut shape = parts.first()?.shape().to_vec();
    if parts.iter().any(|part| part.shape().get(1..) != shape.get(1..)) {
        return None;
    }
    *shape.first_mut()? = parts.iter().map(|part| part.shape()[0]).sum();
    let mut values = Vec::with_capacity(shape.iter().product());
    for part in parts {
        if !part.is_standard_layout() {
            values.extend(part.iter().cloned());
            continue;
        }
        let count = part.len();
        let (mut part, offset) = part.into_raw_vec_and_offset();
        part.drain(..offset.unwrap_or_default());
        part.truncate(count);
        values.append(&mut part);
    }
    ArrayD::from_shape_vec(shape, values).ok()
}
