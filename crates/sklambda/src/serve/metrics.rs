//! Counts and times for Prometheus.

use std::time::Duration;

use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};

/// The metrics of a server.
pub(super) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    rows: IntCounter,
    seconds: Histogram,
    pub(super) busy: IntGauge,
}

impl Metrics {
    pub(super) fn new() -> prometheus::Result<Metrics> {
        // From a tenth of a millisecond to half a minute.
        let buckets = prometheus::exponential_buckets(1e-4, 4.0, 10)?;
        let times =
            HistogramOpts::new("sklambda_request_duration_seconds", "Time from a request's head to its answer.");
        let metrics = Metrics {
            registry: Registry::new(),
            requests: IntCounterVec::new(Opts::new("sklambda_requests_total", "Requests by status."), &["status"])?,
            rows: IntCounter::new("sklambda_rows_total", "Rows that were answered.")?,
            seconds: Histogram::with_opts(times.buckets(buckets))?,
            busy: IntGauge::new("sklambda_requests_in_progress", "Requests that are being answered.")?,
        };
        metrics.registry.register(Box::new(metrics.requests.clone()))?;
        metrics.registry.register(Box::new(metrics.rows.clone()))?;
        metrics.registry.register(Box::new(metrics.seconds.clone()))?;
        metrics.registry.register(Box::new(metrics.busy.clone()))?;
        Ok(metrics)
    }

    /// Counts a request that was answered.
    pub(super) fn count(&self, status: u16, rows: usize, took: Duration) {
        self.requests.with_label_values(&[status.to_string().as_str()]).inc();
        self.rows.inc_by(rows as u64);
        self.seconds.observe(took.as_secs_f64());
    }

    /// The text that Prometheus reads.
    pub(super) fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}
