//! Large batches in several threads, some rows each.

use std::{
    thread,
    time::{Duration, Instant},
};

use ndarray::{Array2, Axis, Slice};

use crate::{
    data::{Output, Samples},
    estimator::Fitted,
    method::Method,
    neighbors::MERGED,
    parts::{self, GROUP, METHODS, join, joins},
};

/// Rows of a batch that is worth a trial.
const ROWS: usize = 1 << 13;
/// Work that a thread is started for.
const WORTH: Duration = Duration::from_millis(2);
/// Steps of computation that are never worth two threads, however long one takes.
const FEW_STEPS: u64 = 1 << 22;
/// Steps for each number of a row below which a thread copies rows about as long as it answers them.
const FEW_PER_NUMBER: u64 = 16;
/// Numbers that are copied out of a batch at a time: they should be in the cache when the model reads them.
const COPIED: usize = 1 << 16;

/// What is known of a model that a large batch is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) threads: usize,
    /// As for [`parts::call`].
    pub(crate) blocks: bool,
    /// Whether parts may be of any size.
    pub(crate) in_parts: bool,
    /// Steps that a row costs at most.
    pub(crate) steps: u64,
}

/// Answers a batch in several threads. `None` when that does not pay, or when anything is amiss: the caller then asks for all rows in
/// one call, whose refusal names the right row.
pub(crate) fn call(fitted: &Fitted, method: Method, x: &Samples, plan: Plan) -> Option<Output> {
    let (rows, threads) = (x.rows(), plan.threads);
    let numbers = if let Samples::Dense(x) = x { x.ncols() as u64 } else { 0 };
    let few = (rows as u64).saturating_mul(plan.steps) < FEW_STEPS || plan.steps < FEW_PER_NUMBER * numbers;
    if threads < 2 || rows < ROWS || few || !METHODS.contains(&method) {
        return None;
    }
    // The fewest rows of a part; ties among neighbours are broken by the number of rows.
    let least = if plan.in_parts { 2 * GROUP } else { MERGED + GROUP };
    let answer = |x: &Samples| {
        let answer = if plan.blocks { parts::call(fitted, method, x) } else { None };
        answer.or_else(|| fitted.call(method, x).ok()).filter(joins)
    };
    let part = |start: usize, end: usize| -> Option<Output> {
        let chunk = match x {
            Samples::Dense(x) => least.max(COPIED / x.ncols().max(1) / GROUP * GROUP),
            _ => least,
        };
        let (mut answers, mut copied, mut from) = (Vec::new(), Vec::new(), start);
        while from < end {
            let to = if end - from < chunk + least { end } else { from + chunk };
            let samples = match x {
                Samples::Dense(x) => {
                    let rows = x.slice_axis(Axis(0), Slice::from(from..to));
                    match rows.as_slice() {
                        Some(numbers) => copied.extend_from_slice(numbers),
                        None => copied.extend(rows),
                    }
                    Samples::Dense(Array2::from_shape_vec(rows.raw_dim(), copied).ok()?)
                }
                x => x.part(from..to)?,
            };
            answers.push(answer(&samples)?);
            copied = match samples {
                Samples::Dense(x) => x.into_raw_vec_and_offset().0,
                _ => Vec::new(),
            };
            copied.clear();
            from = to;
        }
        join(answers)
    };
    let begin = Instant::now();
    let mut answers = vec![part(0, least)?];
    let work = begin.elapsed().as_secs_f64() * (rows - least) as f64 / least as f64;
    let parts = threads.min((work / WORTH.as_secs_f64()) as usize).min((rows - least) / (2 * least));
    if parts < 2 {
        return None;
    }
    let size = (rows - least).div_ceil(parts).next_multiple_of(GROUP);
    let part = &part;
    thread::scope(|scope| {
        let ranges = (least..rows).step_by(size).map(|start| (start, rows.min(start + size)));
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
