//! Large batches in several threads, some rows each.

use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rayon_core::{ThreadPool, ThreadPoolBuilder};

use crate::{
    data::{Output, Samples},
    estimator::Fitted,
    method::Method,
    parts::{Answers, BLOCK, GROUP, METHODS, Plan},
};

/// Rows of a batch that is worth a trial.
const ROWS: usize = 1 << 12;
/// Work that a thread is woken for: several times what it takes to wake one.
const WORTH: Duration = Duration::from_micros(50);
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

    /// What is left.
    fn left(&self) -> MutexGuard<'_, Range<usize>> {
        lock(&self.rows)
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

/// Threads that wait for large batches. They are started for the first one, and stay: to wake a thread takes a third of the time that it
/// takes to start one, and what it has in its caches and keeps for itself is there again.
pub(crate) struct Helpers {
    count: usize,
    waiting: Mutex<Option<ThreadPool>>,
}

impl Helpers {
    /// So many threads, none of which is started yet.
    pub(crate) fn new(count: usize) -> Self {
        Helpers { count, waiting: Mutex::default() }
    }

    /// Lends the threads out: those that wait, or new ones where they work for another batch. `None` where there can be none.
    fn lend<T>(&self, to: impl FnOnce(&ThreadPool) -> T) -> Option<T> {
        let waiting = lock(&self.waiting).take();
        let pool = match waiting {
            Some(pool) => pool,
            None => ThreadPoolBuilder::new().num_threads(self.count).build().ok()?,
        };
        let made = to(&pool);
        // Others that have come back meanwhile end.
        let other = lock(&self.waiting).replace(pool);
        drop(other);
        Some(made)
    }
}

/// Nothing in here is changed in more than one step: what a thread that panicked leaves behind is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers a batch in several threads. `None` when that does not pay, or when anything is amiss: the caller then asks for all rows in
/// one thread, whose refusal names the right row.
pub(crate) fn call(fitted: &Fitted, method: Method, x: &Samples, plan: Plan, helpers: &Helpers) -> Option<Output> {
    let rows = x.rows();
    let few = (rows as u64).saturating_mul(plan.steps) < FEW_STEPS;
    if helpers.count == 0 || rows < ROWS || few || !METHODS.contains(&method) {
        return None;
    }
    let least = plan.least();
    let mut answers = Answers::of(rows);
    let begin = Instant::now();
    answers.add(fitted, method, x, 0..least, plan)?;
    let work = begin.elapsed().as_secs_f64() * (rows - least) as f64 / least as f64;
    let helping = helpers.count.min(((work / WORTH.as_secs_f64()) as usize).saturating_sub(1));
    side_by_side(Work { fitted, method, x, plan }, answers, helping, helpers)
}

/// What threads are lent for.
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

/// Answers the rows behind the first ones, whose answers are there, in this thread and in so many others.
fn side_by_side(work: Work<'_>, first: Answers, helping: usize, helpers: &Helpers) -> Option<Output> {
    let (rows, least) = (work.x.rows(), work.plan.least());
    let rest = rows - least;
    let threads = (helping + 1).min(rest / (2 * least));
    if threads < 2 {
        return None;
    }
    let each = rest.div_ceil(threads).next_multiple_of(GROUP);
    let starts: Vec<usize> = (least..rows - least).step_by(each).collect();
    let ends = starts.iter().skip(1).copied().chain([rows]);
    let shares: Vec<Share> = starts.iter().zip(ends).map(|(&start, end)| Share::new(start..end, least)).collect();
    // Where one thread has no answer, the others need none.
    let answered = |own: usize, answers: Answers| {
        let all = catch_unwind(AssertUnwindSafe(|| work.shares(&shares, own, answers))).ok().flatten();
        if all.is_none() {
            shares.iter().for_each(Share::give_up);
        }
        all
    };
    let mut all: Vec<Option<Vec<(usize, Output)>>> = shares.iter().map(|_| None).collect();
    helpers.lend(|pool| {
        pool.in_place_scope(|scope| {
            let mut places = all.iter_mut().enumerate();
            let own = places.next();
            for (share, all) in places {
                let answered = &answered;
                scope.spawn(move |_| *all = answered(share, Answers::of(each)));
            }
            if let Some((share, all)) = own {
                *all = answered(share, first);
            }
        });
    })?;
    let mut all: Vec<(usize, Output)> = all.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
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

    /// However many threads there are, and whether they wait or are to be started; neighbours with ties, which depend on the number of rows, too.
    #[test]
    fn shares_are_answered_as_one_batch() {
        let testdata = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");
        let mut answers = 0;
        let helpers = [1, 4, 2].map(Helpers::new);
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
                for helpers in &helpers {
                    let mut first = Answers::of(rows);
                    first.add(fitted, Method::PredictProba, &x, 0..plan.least(), plan).unwrap();
                    let work = Work { fitted, method: Method::PredictProba, x: &x, plan };
                    match side_by_side(work, first, helpers.count, helpers) {
                        Some(answer) => {
                            assert_eq!(answer, whole, "{} with {} threads", model.key(), helpers.count);
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
