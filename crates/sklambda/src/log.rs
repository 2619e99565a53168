//! One line of JSON for every request, and metrics in the form that CloudWatch reads out of logs. Never a value of a request.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{
    http::Response,
    json::{Json, Text},
};

/// A request that was answered.
pub(crate) struct Entry<'a> {
    pub(crate) id: &'a str,
    pub(crate) status: u16,
    pub(crate) rows: usize,
    pub(crate) took: Duration,
}

impl<'a> Entry<'a> {
    /// The entry of an answer.
    pub(crate) fn of(id: &'a str, answer: &Response, took: Duration) -> Entry<'a> {
        Entry { id, status: answer.status, rows: answer.rows, took }
    }

    fn milliseconds(&self) -> Json {
        Json::Float((self.took.as_secs_f64() * 1e6).round() / 1e3)
    }

    /// The line of the log.
    pub(crate) fn line(&self) -> String {
        object(vec![
            ("id", Json::str(self.id)),
            ("status", Json::Int(self.status.into())),
            ("rows", Json::Int(self.rows as i64)),
            ("ms", self.milliseconds()),
        ])
        .dumps(false)
    }

    /// The same as metrics of a namespace, in CloudWatch's embedded metric format.
    #[cfg_attr(not(feature = "lambda"), allow(dead_code))]
    pub(crate) fn metrics(&self, namespace: &str, model: &str) -> String {
        let metric = |name: &str, unit: &str| object(vec![("Name", Json::str(name)), ("Unit", Json::str(unit))]);
        let metrics = vec![metric("Rows", "Count"), metric("Duration", "Milliseconds"), metric("Errors", "Count")];
        let directive = object(vec![
            ("Namespace", Json::str(namespace)),
            ("Dimensions", Json::Array(vec![Json::Array(vec![Json::str("Model")])])),
            ("Metrics", Json::Array(metrics)),
        ]);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let about = object(vec![
            ("Timestamp", Json::Int(i64::try_from(now.as_millis()).unwrap_or(i64::MAX))),
            ("CloudWatchMetrics", Json::Array(vec![directive])),
        ]);
        object(vec![
            ("_aws", about),
            ("Model", Json::str(model)),
            ("Rows", Json::Int(self.rows as i64)),
            ("Duration", self.milliseconds()),
            ("Errors", Json::Int(i64::from(self.status >= 400))),
            ("requestId", Json::str(self.id)),
        ])
        .dumps(false)
    }
}

fn object(entries: Vec<(&str, Json)>) -> Json {
    Json::Object(entries.into_iter().map(|(key, value)| (Text::from(key), value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_json() {
        let entry = Entry { id: "a\n", status: 400, rows: 3, took: Duration::from_micros(1500) };
        assert_eq!(entry.line(), r#"{"id": "a\n", "status": 400, "rows": 3, "ms": 1.5}"#);
        let line: serde_json::Value = serde_json::from_str(&entry.metrics("Models", "iris")).unwrap();
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Namespace"], "Models");
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap() {
            assert!(line[metric["Name"].as_str().unwrap()].is_number(), "{metric}");
        }
        assert_eq!((line["Model"].as_str(), line["Errors"].as_u64()), (Some("iris"), Some(1)));
    }
}
