//! `MultiLabelBinarizer`: sets of labels, one column for each label.

use super::{Code, Labels, Marks, coder};
use crate::{
    data::{Samples, Value},
    error::{Error, Result},
    estimator::Estimator,
    preprocessing::categories::{cell, repr, values},
    state::State,
};

struct MultiLabelBinarizer {
    sparse: bool,
    /// A label that the fit has not seen is left out (since 0.20), not refused.
    lenient: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    coder(s, MultiLabelBinarizer { sparse: s.get("sparse_output")?, lenient: s.version() >= (0, 20) })
}

impl MultiLabelBinarizer {
    /// The columns of a set.
    fn row(&self, labels: &Labels, set: impl Iterator<Item = Value>) -> Result<Vec<usize>> {
        let mut row = Vec::new();
        for label in set {
            match labels.known.find(&label) {
                Some(column) => row.push(column),
                None if self.lenient => {}
                None => {
                    return Err(Error::input(format_args!("{} is a label that the fit has not seen", repr(&label))));
                }
            }
        }
        Ok(row)
    }
}

impl Code for MultiLabelBinarizer {
    fn encode(&self, labels: &Labels, x: &Samples) -> Result<Samples> {
        let rows: Result<Vec<Vec<usize>>> = match x {
            Samples::Records(records) => {
                records.iter().map(|record| self.row(labels, record.iter().map(|(label, _)| label.clone()))).collect()
            }
            Samples::Rows(rows) => rows.iter().map(|row| self.row(labels, row.iter().cloned())).collect(),
            // A text is iterated by its letters.
            Samples::Text(texts) => {
                let letters = |text: &String| self.row(labels, text.chars().map(|c| Value::Str(c.to_string().into())));
                texts.iter().map(letters).collect()
            }
            x if x.columns().is_some() && !matches!(x, Samples::Sparse(_)) => {
                let columns = x.columns().unwrap_or(0);
                (0..x.rows()).map(|i| self.row(labels, (0..columns).map(|j| cell(x, i, j)))).collect()
            }
            x => return Err(Error::input_type(format_args!("lists of labels are expected, found {}", x.kind()))),
        };
        Marks { low: 0, high: 1, sparse: self.sparse }.matrix(rows?, labels.classes.len())
    }

    fn decode(&self, labels: &Labels, x: &Samples) -> Result<Samples> {
        let x = x.dense()?;
        if x.ncols() != labels.classes.len() {
            return Err(Error::input(format_args!(
                "Expected indicator for {} classes, but got {}",
                labels.classes.len(),
                x.ncols()
            )));
        }
        if let Some(other) = x.iter().find(|&&v| v != 0.0 && v != 1.0) {
            return Err(Error::input(format_args!("Expected only 0s and 1s in label indicator. Also got [{other}]")));
        }
        let classes: Vec<Value> = values(&labels.classes).collect();
        let set = |row: ndarray::ArrayView1<'_, f64>| {
            row.iter().zip(&classes).filter(|(v, _)| **v == 1.0).map(|(_, label)| label.clone()).collect()
        };
        Ok(Samples::Rows(x.rows().into_iter().map(set).collect()))
    }
}
