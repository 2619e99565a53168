//! `sklearn.multiclass`: classifiers made of binary ones, one for each class, each pair of classes, or each bit of a code.

use ndarray::{Array2, Axis};
use skpickle::Obj;

use crate::{
    data::{Array, Csr, Output, Samples},
    error::{Error, Result},
    estimator::{Classes, Estimator, Fitted},
    math::{
        Matrix,
        euclidean::nearest,
        special::argmax,
        votes::{Spread, ovr_decision_function},
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// One of the binary estimators.
enum Member {
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

    fn load_all(s: &State<'_, '_>) -> Result<Vec<Member>> {
        let members: Vec<Member> =
            s.objects("estimators_")?.iter().map(|obj| Member::load(s, obj)).collect::<Result<_>>()?;
        s.require(!members.is_empty(), "estimators_ is empty")?;
        Ok(members)
    }

    fn has(&self, method: Method) -> bool {
        match self {
            Member::Fitted(fitted) => fitted.has(method),
            Member::Constant(_) => {
                matches!(method, Method::Predict | Method::DecisionFunction | Method::PredictProba)
            }
        }
    }

    /// `_threshold_for_binary_predict`: a decision is positive above 0, a probability or a regressor's value above 1/2.
    fn threshold(&self) -> f64 {
        match self {
            Member::Fitted(fitted)
                if fitted.has(Method::DecisionFunction) && matches!(fitted.estimator.classes(), Classes::One(_)) =>
            {
                0.0
            }
            _ => 0.5,
        }
    }

    fn predict(&self, x: &Samples) -> Result<Vec<f64>> {
        match self {
            Member::Fitted(fitted) => numbers(&fitted.predict(x)?, x.rows()),
            Member::Constant(y) => Ok(vec![*y; x.rows()]),
        }
    }

    fn decision_function(&self, x: &Samples) -> Result<Vec<f64>> {
        match self {
            Member::Fitted(fitted) => numbers(&fitted.decision_function(x)?, x.rows()),
            Member::Constant(y) => Ok(vec![*y; x.rows()]),
        }
    }

    /// The second column of `predict_proba`.
    fn positive(&self, x: &Samples) -> Result<Vec<f64>> {
        match self {
            Member::Fitted(fitted) => column(&matrix(fitted.predict_proba(x)?)?, 1),
            Member::Constant(y) => Ok(vec![*y; x.rows()]),
        }
    }

    /// `_predict_binary`.
    fn score(&self, x: &Samples) -> Result<Vec<f64>> {
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
    values.ok_or_else(|| {
        Error::input(format!(
            "could not broadcast input array from shape {:?} into shape ({rows},): the estimator inside has to give one \
             number for each sample",
            answer.shape()
        ))
    })
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
    Err(Error::input(format!(
        "index {index} is out of bounds for axis 1 with size {}: the estimator inside knows one class only",
        matrix.ncols()
    )))
}

fn features_of(members: &[Member]) -> Option<usize> {
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
fn missing(own_words: bool, class: &str, members: &[Member], method: Method) -> Option<String> {
    if own_words {
        return Some(format!("This '{class}' has no attribute '{}'", method.attribute()));
    }
    members.iter().find_map(|member| match member {
        Member::Fitted(fitted) => fitted.require(method).err().map(|e| e.message().to_owned()),
        Member::Constant(_) => None,
    })
}

/// What the label binarizer makes of the scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Binary,
    Multiclass,
    Multilabel,
}

/// `OneVsRestClassifier`.
struct OneVsRest {
    members: Vec<Member>,
    classes: Array,
    target: Target,
    /// Of classes with equal scores the first wins; before 1.8 the last one did.
    first_wins: bool,
    /// Rows of probabilities that are all zero stay so; before 1.7 they became NaN.
    keep_zeros: bool,
    own_words: bool,
    /// Whether the decisions of a single estimator come as a column (0.18).
    decision_column: bool,
}

pub(crate) fn load_one_vs_rest(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let members = Member::load_all(s)?;
    let binarizer = s.child("label_binarizer_")?;
    let classes = binarizer.classes()?;
    let target = binarizer.choice(
        "y_type_",
        None,
        &[("binary", Target::Binary), ("multiclass", Target::Multiclass), ("multilabel-indicator", Target::Multilabel)],
    )?;
    let expected = if target == Target::Binary { 1 } else { classes.len() };
    s.require(
        members.len() == expected && (target != Target::Binary || classes.len() <= 2),
        format!("estimators_ holds {} estimators for {} classes", members.len(), classes.len()),
    )?;
    let version = s.version();
    Ok(Box::new(OneVsRest {
        members,
        classes,
        target,
        first_wins: version >= (1, 8),
        keep_zeros: version >= (1, 7),
        own_words: version >= (1, 0),
        decision_column: version < (0, 19),
    }))
}

impl OneVsRest {
    fn multiclass(&self, x: &Samples) -> Result<Array> {
        let mut best = vec![(f64::NEG_INFINITY, 0); x.rows()];
        let count = self.members.len();
        for i in 0..count {
            let class = if self.first_wins { count - 1 - i } else { i };
            for (best, score) in best.iter_mut().zip(self.members[class].score(x)?) {
                // A NaN stays, and equals nothing.
                if score >= best.0 {
                    *best = (score, class);
                } else if score.is_nan() {
                    best.0 = score;
                }
            }
        }
        let indices: Vec<usize> = best.into_iter().map(|(_, class)| class).collect();
        Ok(self.classes.take(&indices))
    }
}

impl Estimator for OneVsRest {
    fn methods(&self) -> Methods {
        let all = |method| self.members.iter().all(|member| member.has(method));
        Methods::of(&[Method::Predict])
            .with_if(all(Method::PredictProba), Method::PredictProba)
            .with_if(all(Method::DecisionFunction), Method::DecisionFunction)
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        let passed = matches!(method, Method::PredictProba | Method::DecisionFunction);
        if passed { missing(self.own_words, "OneVsRestClassifier", &self.members, method) } else { None }
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn n_features_in(&self) -> Option<usize> {
        features_of(&self.members)
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        if self.target == Target::Multiclass {
            return self.multiclass(x);
        }
        let threshold = self.members[0].threshold();
        let scores: Vec<Vec<f64>> = self.members.iter().map(|member| member.score(x)).collect::<Result<_>>()?;
        let positive = stack(&scores, x.rows()).mapv(|score| score > threshold);
        if self.target == Target::Multilabel {
            return Ok(positive.mapv(i64::from).into());
        }
        let last = self.classes.len() - 1;
        let indices: Vec<usize> = positive.iter().map(|&positive| usize::from(positive).min(last)).collect();
        Ok(self.classes.take(&indices))
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        let mut columns: Vec<Vec<f64>> = self.members.iter().map(|member| member.positive(x)).collect::<Result<_>>()?;
        if let [positive] = columns.as_slice() {
            columns.insert(0, positive.iter().map(|p| 1.0 - p).collect());
        }
        let mut out = stack(&columns, x.rows());
        if self.target != Target::Multilabel {
            for mut row in out.rows_mut() {
                let sum = row.sum();
                if sum != 0.0 || !self.keep_zeros {
                    row /= sum;
                }
            }
        }
        Ok(out.into())
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        let mut columns: Vec<Vec<f64>> =
            self.members.iter().map(|member| member.decision_function(x)).collect::<Result<_>>()?;
        if columns.len() == 1 && !self.decision_column {
            return Ok(columns.swap_remove(0).into());
        }
        Ok(stack(&columns, x.rows()).into())
    }
}

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

pub(crate) fn load_one_vs_one(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let members = Member::load_all(s)?;
    let classes = s.classes()?;
    let k = classes.len();
    s.require(
        k.checked_mul(k - 1).is_some_and(|twice| twice / 2 == members.len()),
        format!("estimators_ holds {} estimators for {k} classes", members.len()),
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
        return Err(Error::input(format!(
            "index {column} is out of bounds for axis 1 with size {width}: a precomputed kernel has one column for each \
             sample of the fit"
        )));
    }
    Ok(match x {
        Samples::Sparse(x) => Samples::Sparse(Csr::from_dense(&x.to_dense().select(Axis(1), columns))),
        Samples::Dense32(x) => Samples::Dense32(x.select(Axis(1), columns)),
        x => Samples::Dense(x.dense()?.select(Axis(1), columns)),
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

/// `OutputCodeClassifier`.
struct OutputCode {
    members: Vec<Member>,
    classes: Array,
    /// `code_book_`: the code of each class, one row each.
    codes: Matrix,
    /// How the samples are checked before the estimators see them.
    door: Door,
}

pub(crate) fn load_output_code(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let members = Member::load_all(s)?;
    let classes = s.classes()?;
    let codes: Matrix = s.get("code_book_")?;
    s.require(
        (codes.rows, codes.columns) == (classes.len(), members.len()),
        format!(
            "code_book_ is of shape ({}, {}), expected ({}, {})",
            codes.rows,
            codes.columns,
            classes.len(),
            members.len()
        ),
    )?;
    let door = match s.version() {
        (0, ..=18) | (1.., _) => Door::OPEN,
        (0, ..=23) => Door::NUMERIC.keep32(),
        (0, _) => Door::NUMERIC.sparse().keep32(),
    };
    Ok(Box::new(OutputCode { members, classes, codes, door }))
}

impl Estimator for OutputCode {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict])
    }

    fn door(&self, _: Method) -> Door {
        self.door
    }

    fn n_features_in(&self) -> Option<usize> {
        features_of(&self.members)
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let scores: Vec<Vec<f64>> = self.members.iter().map(|member| member.score(x)).collect::<Result<_>>()?;
        let scores = Samples::Dense(stack(&scores, x.rows()));
        Ok(self.classes.take(&nearest(&scores, &self.codes)?))
    }
}
