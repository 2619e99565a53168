//! What ensembles of any estimators ask of their members' answers.

use ndarray::{Array2, ArrayD, IxDyn};
use skpickle::ErrorKind;

use crate::{
    data::{Array, Output, Value},
    error::{Error, Result},
    estimator::{Classes, Fitted},
    preprocessing::categories::{self, Categories},
    state::State,
};

/// An answer as a matrix of doubles; one-dimensional ones become one column.
pub(crate) fn matrix(answer: Array) -> Result<Array2<f64>> {
    let answer = match answer {
        Array::F64(a) => Some(a),
        other => other.to_f64(),
    };
    let shaped = answer.and_then(|a| match *a.shape() {
        [rows] => a.into_shape_with_order((rows, 1)).ok(),
        _ => a.into_dimensionality().ok(),
    });
    shaped.ok_or_else(|| Error::input("an estimator of the ensemble does not answer with numbers in rows"))
}

/// Probabilities of one output.
pub(crate) fn probabilities(answer: Output) -> Result<Array2<f64>> {
    answer.into_array().map(matrix).unwrap_or_else(|| {
        Err(Error::input("an estimator of the ensemble answers for several outputs, one is expected"))
    })
}

/// Refuses answers of another shape than `(rows, columns)`.
pub(crate) fn expect(found: &Array2<f64>, rows: usize, columns: usize) -> Result<()> {
    if found.dim() == (rows, columns) {
        return Ok(());
    }
    Err(Error::input(format_args!(
        "operands could not be broadcast together with shapes {:?} {:?}: an estimator of the ensemble answers in another \
         shape than the rest",
        found.dim(),
        (rows, columns)
    )))
}

/// Answers that are numbers of classes.
pub(crate) fn codes(answer: &Array, classes: usize) -> Result<Vec<usize>> {
    let wrong = || {
        Error::input(format_args!("an estimator of the ensemble answers with other labels than 0 to {}", classes - 1))
    };
    let code = |x: f64| if x >= 0.0 && x < classes as f64 { Some(x as usize) } else { None };
    answer.to_f64().ok_or_else(wrong)?.iter().map(|&x| code(x).ok_or_else(wrong)).collect()
}

/// Which of `classes` each label is; another label is none of them.
pub(crate) fn find_labels(labels: &Array, classes: &Categories) -> Vec<Option<usize>> {
    categories::values(labels).map(|value| classes.find(&value)).collect()
}

/// The numbers that a member has for its classes: those of the ensemble's classes, of which it may have seen only some.
pub(crate) fn class_codes(s: &State<'_, '_>, member: &Fitted, classes: usize) -> Result<Vec<usize>> {
    let Classes::One(own) = member.estimator.classes() else { return Ok((0..classes).collect()) };
    // One that has seen all is taken by places, whatever it calls them: a frozen one has labels of its own.
    if own.len() == classes {
        return Ok((0..classes).collect());
    }
    let codes: Option<Vec<usize>> = categories::values(own)
        .map(|value| match value {
            Value::Int(n) => usize::try_from(n).ok(),
            Value::Float(x) if x >= 0.0 && x.fract() == 0.0 => Some(x as usize),
            Value::Bool(b) => Some(usize::from(b)),
            _ => None,
        })
        .collect();
    codes.filter(|codes| codes.iter().all(|&code| code < classes)).ok_or_else(|| {
        s.obj()
            .error(
                ErrorKind::Value,
                format_args!("classes_ of a '{}' inside are not numbers below {classes}", member.class),
            )
            .into()
    })
}

/// Matrices of one shape one upon the other along a new first axis.
pub(crate) fn stacked(stages: &[Array2<f64>], rows: usize, columns: usize) -> Result<Array> {
    let mut values = Vec::with_capacity(stages.len() * rows * columns);
    for stage in stages {
        expect(stage, rows, columns)?;
        values.extend(stage.iter().copied());
    }
    ArrayD::from_shape_vec(IxDyn(&[stages.len(), rows, columns]), values).map(Array::F64).map_err(Error::input)
}

/// Names of the estimators in the parameter `estimators`, and whether each has been dropped.
pub(crate) fn names(s: &State<'_, '_>) -> Result<Vec<(String, bool)>> {
    let mut names = Vec::new();
    for pair in s.objects("estimators")? {
        let parts = pair.items()?;
        let [name, estimator] = parts.as_slice() else {
            return Err(pair.expected("a pair of a name and an estimator").into());
        };
        let dropped = estimator.is_none() || estimator.str().is_ok_and(|word| word == "drop");
        names.push((name.get()?, dropped));
    }
    Ok(names)
}
