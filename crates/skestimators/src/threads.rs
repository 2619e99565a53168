//! Large batches in several threads, some rows each.

use std::{
    ops::Range,
    thread,
    time::{Duration, Instant},
};

use crate::{
    data::{Output, Samples},
    estimator::Fitted,
    method::Method,
    parts::{Answers, GROUP, METHODS, Plan},
};

/// Rows of a batch that is worth a trial.
const ROWS: usize = 1 << 12;
/// Work that a thread is started for: several times what it takes to start one.
const WORTH: Duration = Duration::from_micros(400);
/// Steps of computation that are never worth two threads, however long one takes.
const FEW_STEPS: u64 = 1 << 16;

/// Answers a batch in several threads. `None` when that does not pay, or when anything is amiss: the caller then asks for all rows in
/// one thread, whose refusal names the right row.
pub(crate) fn call(fitted: &Fitted, method: Method, x: &Samples, plan: Plan, threads: usize) -> Option<Output> {
    let rows = x.rows();
    let few = (rows as u64).saturating_mul(plan.steps) < FEW_STEPS;
    if threads < 2 || rows < ROWS || few || !METHODS.contains(&method) {
        return None;
    }
    let (least, size) = (plan.least(), plan.size(x));
    let mut answers = Answers::of(rows);
    let begin = Instant::now();
    answers.add(fitted, method, x, 0..least, least)?;
    let rest = rows - least;
    let work = begin.elapsed().as_secs_f64() * rest as f64 / least as f64;
    let parts = threads.min((work / WORTH.as_secs_f64()) as usize).min(rest / (2 * least));
    if parts < 2 {
        return None;
    }
    let each = rest.div_ceil(parts).next_multiple_of(GROUP);
    let mut ranges = (least..rows).step_by(each).map(|start| start..rows.min(start + each));
    let own = ranges.next()?;
    let answered = |range: Range<usize>| -> Option<Output> {
        let mut answers = Answers::of(range.len());
        answers.add(fitted, method, x, range, size)?;
        answers.all
    };
    thread::scope(|scope| {
        let mut started = Vec::with_capacity(parts);
        for range in ranges {
            started.push(thread::Builder::new().spawn_scoped(scope, || answered(range)).ok()?);
        }
        answers.add(fitted, method, x, own, size)?;
        for thread in started {
            answers.push(thread.join().ok()??)?;
        }
        Some(())
    })?;
    answers.all
}
