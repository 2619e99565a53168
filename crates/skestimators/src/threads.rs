//! Large batches in several threads, some rows each.

use std::{
    thread,
    time::{Duration, Instant},
};

use ndarray::{Array2, Axis, Slice, concatenate};

use crate::{
    data::{Array, Output, Samples},
    estimator::Fitted,
    method::Method,
    neighbors::MERGED,
};

/// Rows of a batch that is worth a trial.
const ROWS: usize = 1 << 13;
/// Rows that kernels take together at most: where parts end between such groups, every row is rounded as in the whole batch.
const GROUP: usize = 128;
/// Rows that are answered first, to see how long the others will take; also the fewest of a part, so that ties among neighbours are
/// broken as in the whole batch.
const TRIAL: usize = MERGED + GROUP;
/// Work that a thread is started for.
const WORTH: Duration = Duration::from_millis(2);

/// The methods whose answer for a row does not depend on the other rows.
const METHODS: [Method; 6] = [
    Method::Predict,
    Method::PredictProba,
    Method::PredictLogProba,
    Method::DecisionFunction,
    Method::Transform,
    Method::Apply,
];

/// Answers a batch in at most so many threads. `None` when that does not pay, or when anything is amiss: the caller then asks for all rows in
/// one call, whose refusal names the right row.
pub(crate) fn call(fitted: &Fitted, method: Method, x: &Samples, threads: usize) -> Option<Output> {
    let Samples::Dense(x) = x else { return None };
    let rows = x.nrows();
    if threads < 2 || rows < ROWS || !METHODS.contains(&method) {
        return None;
    }
    let part = |start: usize, end: usize| -> Option<Output> {
        let x: Array2<f64> = x.slice_axis(Axis(0), Slice::from(start..end)).to_owned();
        fitted.call(method, &x.into()).ok()
    };
    let begin = Instant::now();
    let mut answers = vec![part(0, TRIAL)?];
    let work = begin.elapsed().as_secs_f64() * (rows - TRIAL) as f64 / TRIAL as f64;
    let parts = threads.min((work / WORTH.as_secs_f64()) as usize).min((rows - TRIAL) / (2 * TRIAL));
    if parts < 2 {
        return None;
    }
    let size = (rows - TRIAL).div_ceil(parts).next_multiple_of(GROUP);
    let part = &part;
    thread::scope(|scope| {
        let ranges = (TRIAL..rows).step_by(size).map(|start| (start, rows.min(start + size)));
        let mut ranges: Vec<(usize, usize)> = ranges.collect();
        let last = ranges.pop()?;
        let mut started = Vec::with_capacity(ranges.len());
        for (start, end) in ranges {
            started.push(thread::Builder::new().spawn_scoped(scope, move || part(start, end)).ok()?);
        }
        let last = part(last.0, last.1);
        for thread in started {
            answers.push(thread.join().ok()??);
        }
        answers.push(last?);
        Some(())
    })?;
    join(answers)
}

/// Answers for consecutive rows as one, where they are of one kind.
fn join(parts: Vec<Output>) -> Option<Output> {
    match parts.first()? {
        Output::Array(_) => {
            let arrays: Option<Vec<Array>> = parts.into_iter().map(Output::into_array).collect();
            Some(Output::Array(join_arrays(&arrays?)?))
        }
        Output::Samples(Samples::Dense(_)) => {
            let matrix = |part| match part {
                Output::Samples(Samples::Dense(x)) => Some(x),
                _ => None,
            };
            let parts: Option<Vec<Array2<f64>>> = parts.into_iter().map(matrix).collect();
            let views: Vec<_> = parts.as_ref()?.iter().map(|part| part.view()).collect();
            Some(Output::Samples(Samples::Dense(concatenate(Axis(0), &views).ok()?)))
        }
        _ => None,
    }
}

fn join_arrays(parts: &[Array]) -> Option<Array> {
    macro_rules! joined {
        ($variant:ident) => {{
            let view = |part| match part {
                &Array::$variant(ref a) => Some(a.view()),
                _ => None,
            };
            let views: Option<Vec<_>> = parts.iter().map(view).collect();
            concatenate(Axis(0), &views?).ok().map(Array::$variant)
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
