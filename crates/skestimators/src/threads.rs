//! Large batches in several threads, some rows each.

use std::{
    thread,
    time::{Duration, Instant},
};

use ndarray::{Axis, Slice};

use crate::{
    data::{Output, Samples},
    estimator::Fitted,
    method::Method,
    neighbors::MERGED,
    parts::{self, GROUP, METHODS, join, joins},
};

/// Rows of a batch that is worth a trial.
const ROWS: usize = 1 << 13;
/// Rows that are answered first, to see how long the others will take; also the fewest of a part, so that ties among neighbours are
/// broken as in the whole batch.
const TRIAL: usize = MERGED + GROUP;
/// Work that a thread is started for.
const WORTH: Duration = Duration::from_millis(2);

/// Answers a batch in at most so many threads. `None` when that does not pay, or when anything is amiss: the caller then asks for all rows in
/// one call, whose refusal names the right row. `blocks` as for [`parts::call`].
pub(crate) fn call(fitted: &Fitted, method: Method, x: &Samples, threads: usize, blocks: bool) -> Option<Output> {
    let rows = x.rows();
    if threads < 2 || rows < ROWS || !METHODS.contains(&method) {
        return None;
    }
    let part = |start: usize, end: usize| -> Option<Output> {
        let x = match x {
            Samples::Dense(x) => Samples::Dense(x.slice_axis(Axis(0), Slice::from(start..end)).to_owned()),
            Samples::Text(texts) => Samples::Text(texts.get(start..end)?.to_vec()),
            _ => return None,
        };
        let answer = if blocks { parts::call(fitted, method, &x) } else { None };
        answer.or_else(|| fitted.call(method, &x).ok())
    };
    let begin = Instant::now();
    let mut answers = vec![part(0, TRIAL).filter(joins)?];
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
