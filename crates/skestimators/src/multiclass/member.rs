//! The binary estimators of which the classifiers here are made, and what their answers are read with.

use ndarray::Array2;
use skpickle::Obj;

use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    estimator::{Classes, Fitted},
    method::Method,
    state::State,
};

/// One of the binary estimators.
pub(super) enum Member {
    Fitted(Fitted),
    /// `_ConstantPredictor`: all samples of the fit were on one side, this one.
    Constant(f64),
}

impl Member {
    fn load(s: &State<'_, '_>, obj: &Obj<'_>) -> Result<Member> {
        if obj.class().is_some_and(|class| class.module == "sklearn.multiclass" && class.name == "_ConstantPredictor") {
            let y = obj.field("y_")?.get::<skpickle::Shared<f64>>()?;
            return match *y {
                [y] if y.is_finite() => Ok(Member::Constant(y)),
                _ => Err(obj.expected("a constant predictor of one label").into()),
            };
        }
        let fitted = s.load(obj)?;
        let binary = match fitted.estimator.classes() {
            Classes::None => true,
            Classes::One(classes) => classes.len() == 2,
            Classes::Many(_) => false,
        };
        let scores = [Method::DecisionFunction, Method::PredictProba, Method::Predict];
        if !binary || !scores.iter().any(|&method| fitted.has(method)) {
            return Err(obj.expected("a binary classifier or a regressor").into());
        }
        Ok(Member::Fitted(fitted))
    }

    pub(super) fn load_all(s: &State<'_, '_>) -> Result<Vec<Member>> {
        let members: Vec<Member> =
            s.objects("estimators_")?.iter().map(|obj| Member::load(s, obj)).collect::<Result<_>>()?;
        s.require(!members.is_empty(), "estimators_ is empty")?;
        Ok(members)
    }

    pub(super) fn has(&self, method: Method) -> bool {
        match self {
            Member::Fitted(fitted) => fitted.has(method),
            Member::Constant(_) => {
                matches!(method, Method::Predict | Method::DecisionFunction | Method::PredictProba)
            }
        }
    }

    /// `_threshold_for_binary_predict`: a decision is positive above 0, a probability or a regressor's value above 1/2.
    pub(super) fn threshold(&self) -> f64 {
        match self {
            Member::Fitted(fitted)
                if fitted.has(Method::DecisionFunction) && matches!(fitted.estimator.classes(), Classes::One(_)) =>
            {
                0.0
            }
            _ => 0.5,
        }
    }

    pub(super) fn predict(&self, x: &Samples) -> Result<Vec<f64>> {
        match self {
            Member::Fitted(fitted) => numbers(&fitted.predict(x)?, x.rows()),
            Member::Constant(y) => Ok(vec![*y; x.rows()]),
        }
    }

    pub(super) fn decision_function(&self, x: &Samples) -> Result<Vec<f64>> {
        match self {
            Member::Fitted(fitted) => numbers(&fitted.decision_function(x)?, x.rows()),
            Member::Constant(y) => Ok(vec![*y; x.rows()]),
        }
    }

    /// The second column of `predict_proba`.
    pub(super) fn positive(&self, x: &Samples) -> Result<Vec<f64>> {
        match self {
            Member::Fitted(fitted) => column(&matrix(fitted.predict_proba(x)?)?, 1),
            Member::Constant(y) => Ok(vec![*y; x.rows()]),
        }
    }

    /// `_predict_binary`.
    pub(super) fn score(&self, x: &Samples) -> Result<Vec<f64>> {
        if self.has(Method::DecisionFunction) {
            self.decision_function(x)
        } else if self.has(Method::PredictProba) {
            self.positive(x)
        } else {
            self.predict(x)
        }
    }
}

/// The numbers of an answer that should have one for each sample.
pub(crate) fn numbers(answer: &Array, rows: usize) -> Result<Vec<f64>> {
    let values = answer.to_f64().map(|a| a.iter().copied().collect::<Vec<f64>>()).filter(|v| v.len() == rows);
    values.ok_or_else(|| no_column(answer.shape(), rows))
}

/// The refusal of an answer of this shape where a column of so many numbers should be.
pub(crate) fn no_column(shape: &[usize], rows: usize) -> Error {
    let extents: Vec<String> = shape.iter().map(usize::to_string).collect();
    // A tuple of one has a comma.
    let comma = if extents.len() == 1 { "," } else { "" };
    Error::input(format_args!(
        "could not broadcast input array from shape ({}{comma}) into shape ({rows},): the estimator inside has to give one number \
         for each sample",
        extents.join(",")
    ))
}

/// An answer that should be a matrix of numbers.
pub(crate) fn matrix(output: Output) -> Result<Array2<f64>> {
    let found = match output {
        Output::Array(Array::F64(a)) => a.into_dimensionality().ok(),
        Output::Array(a) => a.to_f64().and_then(|a| a.into_dimensionality().ok()),
        _ => None,
    };
    found.ok_or_else(|| Error::input("the estimator inside has several outputs; one with a single output is expected"))
}

/// One column of a matrix.
pub(crate) fn column(matrix: &Array2<f64>, index: usize) -> Result<Vec<f64>> {
    if index < matrix.ncols() {
        return Ok(matrix.column(index).to_vec());
    }
    Err(Error::input(format_args!(
        "index {index} is out of bounds for axis 1 with size {}: the estimator inside knows one class only",
        matrix.ncols()
    )))
}

pub(super) fn features_of(members: &[Member]) -> Option<usize> {
    members.iter().find_map(|member| match member {
        Member::Fitted(fitted) => fitted.n_features_in,
        Member::Constant(_) => None,
    })
}

/// Vectors as the columns of a matrix.
pub(crate) fn stack(columns: &[Vec<f64>], rows: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns.len()), |(i, j)| columns[j].get(i).copied().unwrap_or(f64::NAN))
}

/// scikit-learn's words about a method that the estimators inside do not have: its own since 1.0, before that theirs.
pub(super) fn missing(own_words: bool, class: &str, members: &[Member], method: Method) -> Option<String> {
    if own_words {
        return Some(format!("This '{class}' has no attribute '{}'", method.attribute()));
    }
    members.iter().find_map(|member| match member {
        Member::Fitted(fitted) => fitted.require(method).err().map(|e| e.message().to_owned()),
        Member::Constant(_) => None,
    })
}
