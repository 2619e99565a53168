//! How far a long run is, for people who watch; and what it took.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Runs shorter than this have no bar and no summary.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) struct Progress {
    start: Instant,
    /// How far, of how much.
    total: Option<u64>,
    rows: u64,
    bar: Option<ProgressBar>,
    /// Whether somebody watches.
    watched: bool,
    /// The summary is printed whoever watches.
    stats: bool,
}

impl Progress {
    pub(super) fn new(total: Option<u64>, stats: bool) -> Progress {
        let watched = std::io::stderr().is_terminal();
        Progress { start: Instant::now(), total, rows: 0, bar: None, watched, stats }
    }

    /// Rows were answered, and the input is read to here.
    pub(super) fn advance(&mut self, rows: u64, done: u64) {
        self.rows += rows;
        if !self.watched || (self.bar.is_none() && self.start.elapsed() < PATIENCE) {
            return;
        }
        let (rows, total) = (self.rows, self.total);
        let bar = self.bar.get_or_insert_with(|| {
            let (bar, template) = match total {
                Some(total) => (ProgressBar::new(total), "{bar:32} {percent:>3} %  {msg}  {eta} left"),
                None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
            };
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
            // A template that did not parse would leave the usual bar.
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar
        });
        let seconds = self.start.elapsed().as_secs_f64();
        bar.set_message(format!("{} rows, {} rows/s", HumanCount(rows), HumanCount((rows as f64 / seconds) as u64)));
        match total {
            Some(_) => bar.set_position(done),
            None => bar.tick(),
        }
    }

    /// Takes the bar away, before something else is written.
    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// The end: rows, seconds, rows a second.
    pub(super) fn finish(mut self) {
        let time = self.start.elapsed();
        let said = self.stats || self.bar.is_some();
        self.clear();
        if !said {
            return;
        }
        let seconds = time.as_secs_f64();
        let memory = peak_memory().map_or(String::new(), |kib| format!("; peak memory {} MB", kib / 1024));
        let rate = HumanCount((self.rows as f64 / seconds.max(1e-9)) as u64);
        let _ = writeln!(std::io::stderr(), "{} rows in {seconds:.2} s: {rate} rows/s{memory}", HumanCount(self.rows));
    }
}

/// The most memory that the process has had, in KiB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
