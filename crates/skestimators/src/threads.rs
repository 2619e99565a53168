//! Large batches in several threads, some rows each.

use std::{
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
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
const WORTH: Duration = Duration::from_micros(120);
/// Parts in which a thread takes its share: what it has not taken yet, others may take.
const PARTS: usize = 16;
/// Steps of computation that are never worth two threads, however long one takes.
const FEW_STEPS: u64 = 1 << 16;

/// Rows that a thread has not answered yet. Another one that has nothing left to do takes some of them: a thread may start late, or run slowly.
struct Share {
    rows: Mutex<Range<usize>>,
    /// Rows of a part, and in the least.
    size: usize,
    least: usize,
}

impl Share {
    fn new(rows: Range<usize>, least: usize) -> Self {
        // Of one size: buffers are used again for the next part.
        let size = (rows.len() / PARTS).next_multiple_of(least).max(least);
        Share { rows: Mutex::new(rows), size, least }
    }

    /// What is left; nothing here is changed in more than one step.
    fn left(&self) -> MutexGuard<'_, Range<usize>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next part, for the thread whose share it is.
    fn next(&self) -> Option<Range<usize>> {
        let mut left = self.left();
        let rows = if left.len() < self.size + self.least { left.len() } else { self.size };
        let start = left.start;
        left.start += rows;
        Some(start..left.start).filter(|part| !part.is_empty())
    }

    /// The second half of what is left, if it is worth it, for another thread.
    fn half(&self) -> Option<Range<usize>> {
        let mut left = self.left();
        let kept = (left.len() / 2).next_multiple_of(self.least).max(self.least);
        let (start, end) = (left.start + kept, left.end);
        if end < start + self.least {
            return None;
        }
        left.end = start;
        Some(start..end)
    }
}

/// Answers a batch in several threads. `None` when that does not pay, or when anything is amiss: the caller then asks for all rows in
/// one thread, whose refusal names the right row.
pub(crate) fn call(fitted: &Fitted, method: Method, x: &Samples, plan: Plan, threads: usize) -> Option<Output> {
    let rows = x.rows();
    let few = (rows as u64).saturating_mul(plan.steps) < FEW_STEPS;
    if threads < 2 || rows < ROWS || few || !METHODS.contains(&method) {
        return None;
    }
    let least = plan.least();
    let mut answers = Answers::of(rows);
    let begin = Instant::now();
    answers.add(fitted, method, x, 0..least, plan)?;
    let rest = rows - least;
    let work = begin.elapsed().as_secs_f64() * rest as f64 / least as f64;
    let threads = threads.min((work / WORTH.as_secs_f64()) as usize).min(rest / (2 * least));
    if threads < 2 {
        return None;
    }
    let each = rest.div_ceil(threads).next_multiple_of(GROUP);
    let starts: Vec<usize> = (least..rows - least).step_by(each).collect();
    let ends = starts.iter().skip(1).copied().chain([rows]);
    let shares: Vec<Share> = starts.iter().zip(ends).map(|(&start, end)| Share::new(start..end, least)).collect();
    // Answers to parts of a share, one behind the other, with the number of the first row.
    let answered = |share: &Share, mut answers: Answers| -> Option<Option<(usize, Output)>> {
        let first = share.left().start;
        while let Some(part) = share.next() {
            answers.add(fitted, method, x, part, plan)?;
        }
        Some(answers.all.map(|all| (first, all)))
    };
    // The same of a thread's own share, and then of halves of the others'.
    let work = |own: usize, answers: Answers| -> Option<Vec<(usize, Output)>> {
        let mut all = Vec::from_iter(answered(&shares[own], answers)?);
        for other in shares.iter().cycle().skip(own).take(shares.len()) {
            while let Some(half) = other.half() {
                let answers = Answers::of(half.len());
                all.extend(answered(&Share::new(half, least), answers)?);
            }
        }
        Some(all)
    };
    let mut all = thread::scope(|scope| {
        let work = &work;
        let start = |own| thread::Builder::new().spawn_scoped(scope, move || work(own, Answers::of(each))).ok();
        let started: Vec<_> = (1..shares.len()).filter_map(start).collect();
        let mut all = work(0, answers)?;
        for thread in started {
            all.append(&mut thread.join().ok()??);
        }
        // What was left to a thread that could not be started.
        for share in &shares {
            all.extend(answered(share, Answers::of(each))?);
        }
        Some(all)
    })?;
    all.sort_unstable_by_key(|&(first, _)| first);
    let mut answers = Answers::of(rows);
    all.into_iter().try_for_each(|(_, answer)| answers.push(answer))?;
    answers.all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_a_share_is_taken_once() {
        for len in [0, 1, 255, 256, 511, 512, 513, 5_000] {
            let share = Share::new(1_000..1_000 + len, 256);
            let mut parts = Vec::new();
            for turn in 0.. {
                let Some(part) = (if turn % 3 == 1 { share.half() } else { share.next() }) else {
                    if share.left().is_empty() { break } else { continue }
                };
                assert!(part.len() >= len.min(256), "{part:?} of {len}");
                assert!((part.start - 1_000).is_multiple_of(256), "{part:?}");
                parts.push(part);
            }
            parts.sort_by_key(|part| part.start);
            assert_eq!(parts.iter().map(Range::len).sum::<usize>(), len);
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start), "{parts:?}");
        }
    }
}
