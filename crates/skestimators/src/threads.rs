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
    parts::{Answers, BLOCK, GROUP, METHODS, Plan},
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
        let size = (rows.len() / PARTS).next_multiple_of(BLOCK).max(least);
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

    /// The second half of what is left, or all of it where halves are too small, for another thread.
    fn half(&self) -> Option<Range<usize>> {
        let mut left = self.left();
        let half = (left.len() / 2).next_multiple_of(BLOCK).max(self.least);
        let kept = if left.len() < half + self.least { 0 } else { half };
        let taken = left.start + kept..left.end;
        left.end = taken.start;
        Some(taken).filter(|part| !part.is_empty())
    }

    /// Leaves nothing to anybody.
    fn give_up(&self) {
        let mut left = self.left();
        left.start = left.end;
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
    let work = begin.elapsed().as_secs_f64() * (rows - least) as f64 / least as f64;
    let threads = threads.min((work / WORTH.as_secs_f64()) as usize);
    side_by_side(Work { fitted, method, x, plan }, answers, threads, true)
}

/// What threads are started for.
#[derive(Clone, Copy)]
struct Work<'a> {
    fitted: &'a Fitted,
    method: Method,
    x: &'a Samples,
    plan: Plan,
}

impl Work<'_> {
    /// Answers to the parts of a share behind those that are there, with the number of its first row; `None` in the place of answers where
    /// there is nothing left.
    fn share(self, share: &Share, mut answers: Answers) -> Option<Option<(usize, Output)>> {
        let first = share.left().start;
        while let Some(part) = share.next() {
            answers.add(self.fitted, self.method, self.x, part, self.plan)?;
        }
        Some(answers.all.map(|all| (first, all)))
    }

    /// The same of a thread's own share, and then of halves of the others'.
    fn shares(self, shares: &[Share], own: usize, answers: Answers) -> Option<Vec<(usize, Output)>> {
        let least = self.plan.least();
        let mut all = Vec::from_iter(self.share(&shares[own], answers)?);
        for other in shares.iter().cycle().skip(own).take(shares.len()) {
            while let Some(half) = other.half() {
                let answers = Answers::of(half.len());
                all.extend(self.share(&Share::new(half, least), answers)?);
            }
        }
        Some(all)
    }
}

/// Answers the rows behind the first ones, whose answers are there, in so many threads; only in this one unless they are to `start`.
fn side_by_side(work: Work<'_>, first: Answers, threads: usize, start: bool) -> Option<Output> {
    let (rows, least) = (work.x.rows(), work.plan.least());
    let rest = rows - least;
    let threads = threads.min(rest / (2 * least));
    if threads < 2 {
        return None;
    }
    let each = rest.div_ceil(threads).next_multiple_of(GROUP);
    let starts: Vec<usize> = (least..rows - least).step_by(each).collect();
    let ends = starts.iter().skip(1).copied().chain([rows]);
    let shares: Vec<Share> = starts.iter().zip(ends).map(|(&start, end)| Share::new(start..end, least)).collect();
    // Where one thread has no answer, the others need none.
    let answered = |own: usize, answers: Answers| {
        let all = work.shares(&shares, own, answers);
        if all.is_none() {
            shares.iter().for_each(Share::give_up);
        }
        all
    };
    let mut all = thread::scope(|scope| {
        let answered = &answered;
        let thread = |own| thread::Builder::new().spawn_scoped(scope, move || answered(own, Answers::of(each))).ok();
        let started: Vec<_> = (1..shares.len()).filter(|_| start).filter_map(thread).collect();
        let own = answered(0, first);
        let others: Vec<_> = started.into_iter().map(|thread| thread.join().ok().flatten()).collect();
        let mut all = own?;
        for other in others {
            all.append(&mut other?);
        }
        Some(all)
    })?;
    all.sort_unstable_by_key(|&(first, _)| first);
    let mut answers = Answers::of(rows);
    all.into_iter().try_for_each(|(_, answer)| answers.push(answer))?;
    answers.all
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::Model;

    #[test]
    fn every_row_of_a_share_is_taken_once() {
        for (least, len) in [256, 1152].into_iter().flat_map(|least| {
            [0, least, 2 * least - 1, 2 * least, 2 * least + 1, 3 * least - 1, 20 * least + 7].map(|len| (least, len))
        }) {
            for thieves in 0..4 {
                let share = Share::new(1_000..1_000 + len, least);
                let mut parts = Vec::new();
                for turn in 1.. {
                    let part = if thieves > 0 && turn % thieves == 0 { share.half() } else { share.next() };
                    let Some(part) = part else { break };
                    assert!(part.len() >= least, "{part:?} of {len}");
                    assert!((part.start - 1_000).is_multiple_of(GROUP), "{part:?}");
                    parts.push(part);
                }
                parts.sort_by_key(|part| part.start);
                assert_eq!(parts.iter().map(Range::len).sum::<usize>(), len, "{parts:?}");
                assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start), "{parts:?}");
            }
        }
    }

    /// However many threads there are, and whether they could be started or not; neighbours with ties, which depend on the number of rows, too.
    #[test]
    fn shares_are_answered_as_one_batch() {
        let testdata = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");
        let mut answers = 0;
        for model in
            ["neighbors/KNeighborsClassifier-brute-ties", "tree/DecisionTreeClassifier", "pipeline/Pipeline-logistic"]
        {
            let model = Model::from_path(format!("{testdata}/{model}/1.8.0.joblib")).unwrap();
            let columns = model.n_features_in().unwrap();
            for rows in [4_096, 5_761, 10_000] {
                // Few numbers, many of which are equally far from others.
                let x = Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 7 + j * 5 + i / 11) % 7) as f64 / 2.0);
                let x = Samples::from(x);
                let (fitted, plan) = model.parts();
                let whole = fitted.call(Method::PredictProba, &x).unwrap();
                for (threads, start) in [(2, true), (5, true), (3, false)] {
                    let mut first = Answers::of(rows);
                    first.add(fitted, Method::PredictProba, &x, 0..plan.least(), plan).unwrap();
                    let work = Work { fitted, method: Method::PredictProba, x: &x, plan };
                    match side_by_side(work, first, threads, start) {
                        Some(answer) => {
                            assert_eq!(answer, whole, "{} in {threads} threads", model.key());
                            answers += 1;
                        }
                        // Too few rows.
                        None => assert!((rows - plan.least()) / (2 * plan.least()) < 2),
                    }
                }
            }
        }
        assert!(answers > 20, "{answers}");
    }
}
