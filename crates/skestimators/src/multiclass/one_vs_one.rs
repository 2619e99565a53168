//! `OneVsOneClassifier`: one estimator for each pair of classes, and a vote.

use ndarray::Array2;
use skpickle::Obj;

use super::member::{Member, features_of, stack};
use crate::{
    compose::columns::take_columns,
    data::{Array, Csr, Samples},
    error::{Error, Result},
    estimator::{Classes, Estimator},
    math::{
        special::argmax,
        votes::{Spread, ovr_decision_function},
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// `OneVsOneClassifier`.
struct OneVsOne {
    members: Vec<Member>,
    classes: Array,
    /// Of precomputed kernels each estimator sees the columns of its own samples.
    columns: Option<Vec<Vec<usize>>>,
    spread: Spread,
    /// What a decision between two classes must exceed; `None` where both have a score of their own (0.18).
    threshold: Option<f64>,
    /// Whether the samples are checked before the estimators see them (1.0).
    checked: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let members = Member::load_all(s)?;
    let classes = s.classes()?;
    let k = classes.len();
    s.require(
        k.checked_mul(k - 1).is_some_and(|twice| twice / 2 == members.len()),
        format_args!("estimators_ holds {} estimators for {k} classes", members.len()),
    )?;
    let columns: Option<Vec<Vec<usize>>> = match s.raw_opt("pairwise_indices_") {
        None => None,
        Some(field) => {
            let lists = s.objects("pairwise_indices_")?;
            if lists.len() != members.len() {
                return Err(field.expected("one list of columns for each estimator").into());
            }
            let indices = |obj: &Obj<'_>| match obj.get::<Vec<usize>>() {
                Ok(list) => Ok(list),
                Err(_) => {
                    let wrong = |_| obj.expected("indices of columns");
                    let array = obj.array()?;
                    obj.charge(16 * array.len() as u64)?;
                    array.i64s()?.iter().map(|&i| usize::try_from(i).map_err(wrong)).collect()
                }
            };
            Some(lists.iter().map(indices).collect::<skpickle::Result<_>>()?)
        }
    };
    let version = s.version();
    let threshold = match version {
        (0, ..=18) => None,
        // A regressor's values are not decisions, which was found out in 1.1.
        (0, _) | (1, 0) => Some(0.0),
        _ => Some(members[0].threshold()),
    };
    let spread = if version < (0, 21) { Spread::Batch } else { Spread::Monotonic };
    Ok(Box::new(OneVsOne { members, classes, columns, spread, threshold, checked: version >= (1, 0) }))
}

impl OneVsOne {
    /// Scores of all classes, one row a sample.
    fn scores(&self, x: &Samples) -> Result<Array2<f64>> {
        let (mut predictions, mut confidences) = (Vec::new(), Vec::new());
        for (k, member) in self.members.iter().enumerate() {
            let part;
            let x = match &self.columns {
                None => x,
                Some(columns) => {
                    part = select_columns(x, &columns[k])?;
                    &part
                }
            };
            predictions.push(member.predict(x)?);
            confidences.push(member.score(x)?);
        }
        let rows = x.rows();
        let predictions = stack(&predictions, rows);
        let (confidences, count) = (stack(&confidences, rows), self.classes.len());
        let mut votes = ovr_decision_function(&predictions.mapv(|p| p == 1.0), &confidences, count, self.spread);
        // A regressor's value that is neither of the two labels is no vote; it was counted for the first one.
        let pairs = (0..count).flat_map(|i| (i + 1..count).map(move |_| i));
        for (k, first) in pairs.enumerate() {
            for (row, &p) in predictions.column(k).iter().enumerate() {
                if p != 0.0 && p != 1.0 {
                    votes[[row, first]] -= 1.0;
                }
            }
        }
        Ok(votes)
    }

    fn two(&self) -> Option<f64> {
        self.threshold.filter(|_| self.classes.len() == 2)
    }
}

/// Some columns of the samples.
fn select_columns(x: &Samples, columns: &[usize]) -> Result<Samples> {
    let width = x.columns().unwrap_or(0);
    if let Some(column) = columns.iter().find(|&&column| column >= width) {
        return Err(Error::input(format_args!(
            "index {column} is out of bounds for axis 1 with size {width}: a precomputed kernel has one column for each \
             sample of the fit"
        )));
    }
    Ok(match x {
        Samples::Sparse(x) => Samples::Sparse(Csr::from_dense(&take_columns(&x.to_dense().view(), columns))),
        Samples::Dense32(x) => Samples::Dense32(take_columns(&x.view(), columns)),
        x => Samples::Dense(take_columns(&x.dense()?.view(), columns)),
    })
}

impl Estimator for OneVsOne {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::DecisionFunction])
    }

    fn door(&self, _: Method) -> Door {
        if self.checked || self.columns.is_some() { Door::NUMERIC.sparse().any_value().keep32() } else { Door::OPEN }
    }

    fn n_features_in(&self) -> Option<usize> {
        if self.columns.is_some() { None } else { features_of(&self.members) }
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let scores = self.scores(x)?;
        let label = |row: ndarray::ArrayView1<'_, f64>| match self.two() {
            Some(threshold) => usize::from(row[1] > threshold),
            None => argmax(row.iter().copied()),
        };
        let indices: Vec<usize> = scores.rows().into_iter().map(label).collect();
        Ok(self.classes.take(&indices))
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        let scores = self.scores(x)?;
        Ok(if self.two().is_some() { scores.column(1).to_vec().into() } else { scores.into() })
    }
}
