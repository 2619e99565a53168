//! `sklearn.multioutput`: one estimator for each output, side by side or in a chain.

use ndarray::{Array2, Axis, Slice};

use crate::{
    data::{Array, Csr, Output, Samples, Value},
    error::{Error, Result},
    estimator::{Classes, Estimator, Fitted},
    method::{Method, Methods},
    multiclass::{column, matrix, no_column, numbers, stack},
    state::State,
    validation::Door,
};

/// `MultiOutputRegressor`, `MultiOutputClassifier`.
struct MultiOutput {
    class: String,
    members: Vec<Fitted>,
    /// Of the outputs of a classifier.
    classes: Vec<Array>,
    classifier: bool,
    /// Probabilities are one array with the outputs along the last axis (0.18).
    stacked: bool,
    /// Whether the samples are checked before the estimators see them.
    checked: bool,
}

fn members(s: &State<'_, '_>) -> Result<Vec<Fitted>> {
    let members = s.estimators("estimators_")?;
    s.require(!members.is_empty(), "estimators_ is empty")?;
    for (i, member) in members.iter().enumerate() {
        s.require(member.has(Method::Predict), format_args!("estimators_[{i}] has no predict"))?;
    }
    Ok(members)
}

/// `classes_` of each estimator, if all of them have one.
fn classes_of(members: &[Fitted]) -> Vec<Array> {
    let one = |member: &Fitted| match member.estimator.classes() {
        Classes::One(classes) => Some(classes.clone()),
        Classes::None | Classes::Many(_) => None,
    };
    members.iter().map(one).collect::<Option<_>>().unwrap_or_default()
}

pub(crate) fn load_regressor(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    load(s, false)
}

pub(crate) fn load_classifier(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    load(s, true)
}

fn load(s: &State<'_, '_>, classifier: bool) -> Result<Box<dyn Estimator>> {
    let members = members(s)?;
    let classes = if classifier { classes_of(&members) } else { Vec::new() };
    Ok(Box::new(MultiOutput {
        class: s.class().to_owned(),
        members,
        classes,
        classifier,
        stacked: s.version() < (0, 19),
        checked: s.version() < (1, 0),
    }))
}

impl Estimator for MultiOutput {
    fn methods(&self) -> Methods {
        let probable = self.classifier && self.members.iter().all(|member| member.has(Method::PredictProba));
        Methods::of(&[Method::Predict]).with_if(probable, Method::PredictProba)
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        let passed = self.classifier && method == Method::PredictProba;
        passed.then(|| match self.checked {
            true => "The base estimator should implement predict_proba method".to_owned(),
            false => format!("This '{}' has no attribute 'predict_proba'", self.class),
        })
    }

    fn door(&self, _: Method) -> Door {
        if self.checked { Door::NUMERIC.sparse().keep32() } else { Door::OPEN }
    }

    fn n_features_in(&self) -> Option<usize> {
        self.members.iter().find_map(|member| member.n_features_in)
    }

    fn classes(&self) -> Classes<'_> {
        if self.classes.is_empty() { Classes::None } else { Classes::Many(&self.classes) }
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let answers: Vec<Array> = self.members.iter().map(|member| member.predict(x)).collect::<Result<_>>()?;
        if let Some(other) = answers.iter().find(|answer| answer.shape() != [x.rows()]) {
            return Err(Error::input(format_args!(
                "an estimator of {} gave an answer of shape {:?}; one value for each sample is expected",
                self.class,
                other.shape()
            )));
        }
        Array::columns(&common_type(answers))
            .ok_or_else(|| Error::input("the answers of the estimators cannot be put side by side"))
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        let answers: Vec<Array2<f64>> =
            self.members.iter().map(|member| matrix(member.predict_proba(x)?)).collect::<Result<_>>()?;
        if self.stacked {
            let views: Vec<_> = answers.iter().map(|answer| answer.view()).collect();
            let stacked = ndarray::stack(Axis(2), &views).map_err(|_| {
                Error::input("all the input array dimensions except for the concatenation axis must match exactly: the outputs differ in their number of classes")
            })?;
            return Ok(Output::Array(Array::F64(stacked.into_dyn())));
        }
        Ok(Output::Arrays(answers.into_iter().map(Array::from).collect()))
    }
}

/// What `np.asarray` of arrays of several types makes of each: numbers become floats, or text if there is text among them.
fn common_type(arrays: Vec<Array>) -> Vec<Array> {
    let same = arrays.windows(2).all(|pair| std::mem::discriminant(&pair[0]) == std::mem::discriminant(&pair[1]));
    if same {
        return arrays;
    }
    let any = |f: fn(&Array) -> bool| arrays.iter().any(f);
    let values = |array: &Array| (0..array.len()).filter_map(|i| array.value(i)).collect::<Vec<Value>>();
    if any(|a| matches!(a, Array::Object(_) | Array::Bytes(_))) {
        return arrays.iter().map(|array| values(array).into()).collect();
    }
    if any(|a| matches!(a, Array::Str(_))) {
        let text = |value| match value {
            Value::Str(text) => text.to_string(),
            Value::Int(n) => n.to_string(),
            Value::Bool(b) => if b { "True" } else { "False" }.to_owned(),
            Value::Float(x) => format!("{x:?}"),
            Value::None | Value::Bytes(_) => String::new(),
        };
        return arrays.iter().map(|a| values(a).into_iter().map(text).collect::<Vec<String>>().into()).collect();
    }
    let whole = !any(|a| matches!(a, Array::F64(_) | Array::F32(_)));
    let number = |array: Array| match array {
        Array::Bool(a) if whole => Array::I64(a.mapv(i64::from)),
        array if whole => array,
        array => array.to_f64().map_or(array, Array::F64),
    };
    arrays.into_iter().map(number).collect()
}

/// `ClassifierChain`, `RegressorChain`: each estimator also sees the answers of those before it.
struct Chain {
    class: String,
    members: Vec<Fitted>,
    /// Output of each estimator.
    order: Vec<usize>,
    /// Of the estimators of a classifier, in the chain's order as scikit-learn has them.
    classes: Vec<Array>,
    /// What an estimator sees of those before it.
    link: Method,
    classifier: bool,
    /// Whether there is `predict_log_proba` (1.4).
    logarithms: bool,
    /// Whether the second class is asked for, however many there are (until 1.4).
    second: bool,
    own_words: bool,
}

pub(crate) fn load_classifier_chain(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    load_chain(s, true)
}

pub(crate) fn load_regressor_chain(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    load_chain(s, false)
}

fn load_chain(s: &State<'_, '_>, classifier: bool) -> Result<Box<dyn Estimator>> {
    let members = members(s)?;
    let order = s.get::<skpickle::Shared<i64>>("order_")?;
    let mut seen = vec![false; members.len()];
    for &output in order.iter() {
        let slot = usize::try_from(output).ok().and_then(|output| seen.get_mut(output));
        s.require(slot.is_some_and(|slot| !std::mem::replace(slot, true)), "order_ is no permutation of the outputs")?;
    }
    s.require(order.len() == members.len(), "order_ has not one entry for each estimator")?;
    // since 1.5
    let link = s.choice(
        "chain_method_",
        Some("predict"),
        &[
            ("predict", Method::Predict),
            ("predict_proba", Method::PredictProba),
            ("predict_log_proba", Method::PredictLogProba),
            ("decision_function", Method::DecisionFunction),
        ],
    )?;
    for (i, member) in members.iter().enumerate() {
        s.require(member.has(link), format_args!("estimators_[{i}] has no {}", link.name()))?;
        if let (Some(first), Some(width)) = (members[0].n_features_in, member.n_features_in) {
            s.require(first.checked_add(i) == Some(width), format_args!("estimators_[{i}] is for {width} features"))?;
        }
    }
    Ok(Box::new(Chain {
        class: s.class().to_owned(),
        classes: if classifier { classes_of(&members) } else { Vec::new() },
        members,
        order: order.iter().map(|&output| output as usize).collect(),
        link,
        classifier,
        logarithms: s.version() >= (1, 4),
        second: s.version() < (1, 5),
        own_words: s.version() >= (1, 0),
    }))
}

/// One number a sample from a method of an estimator: `_get_response_values`, or before it that of the second class.
fn response(member: &Fitted, method: Method, x: &Samples, second: bool) -> Result<Vec<f64>> {
    match method {
        Method::PredictProba | Method::PredictLogProba => {
            let answer = matrix(member.call(method, x)?)?;
            if answer.ncols() > 2 && !second {
                return Err(no_column(&[answer.nrows(), answer.ncols()], x.rows()));
            }
            if answer.ncols() < 2 {
                return Err(Error::input(format_args!(
                    "Got {} of shape ({}, {}), but need classifier with two classes.",
                    method.name(),
                    answer.nrows(),
                    answer.ncols()
                )));
            }
            column(&answer, 1)
        }
        Method::DecisionFunction => numbers(&member.decision_function(x)?, x.rows()),
        _ => numbers(&member.predict(x)?, x.rows()),
    }
}

impl Chain {
    fn run(&self, method: Method, x: &Samples) -> Result<Array2<f64>> {
        let (rows, width) = (x.rows(), x.columns().unwrap_or(0));
        let mut dense = match x {
            Samples::Sparse(_) => None,
            x => {
                let mut all = Array2::zeros((rows, width + self.members.len()));
                all.slice_axis_mut(Axis(1), Slice::from(..width)).assign(&x.dense()?);
                Some(all)
            }
        };
        let (mut seen, mut out) = (Vec::new(), Array2::zeros((rows, self.members.len())));
        for (i, member) in self.members.iter().enumerate() {
            let x = match (&dense, x) {
                (None, Samples::Sparse(x)) => Samples::Sparse(beside(x, &stack(&seen, rows))?),
                (Some(all), _) => Samples::Dense(all.slice_axis(Axis(1), Slice::from(..width + i)).to_owned()),
                _ => x.clone(),
            };
            let link = response(member, self.link, &x, self.second)?;
            let answer = if method == self.link { link.clone() } else { response(member, method, &x, self.second)? };
            for (out, answer) in out.column_mut(self.order[i]).iter_mut().zip(answer) {
                *out = answer;
            }
            match &mut dense {
                Some(all) => all.column_mut(width + i).iter_mut().zip(link).for_each(|(cell, v)| *cell = v),
                None => seen.push(link),
            }
        }
        Ok(out)
    }
}

/// Sparse samples with further columns to their right.
fn beside(x: &Csr, more: &Array2<f64>) -> Result<Csr> {
    let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
    for i in 0..x.rows() {
        let (columns, values) = x.row(i);
        indices.extend_from_slice(columns);
        data.extend_from_slice(values);
        for (j, &value) in more.row(i).iter().enumerate().filter(|(_, value)| **value != 0.0) {
            indices.push(x.columns() + j);
            data.push(value);
        }
        indptr.push(indices.len());
    }
    Csr::new(x.rows(), x.columns() + more.ncols(), indptr, indices, data)
}

impl Estimator for Chain {
    fn methods(&self) -> Methods {
        let all = |method| self.classifier && self.members.iter().all(|member| member.has(method));
        Methods::of(&[Method::Predict])
            .with_if(all(Method::PredictProba), Method::PredictProba)
            .with_if(self.logarithms && all(Method::PredictProba), Method::PredictLogProba)
            .with_if(all(Method::DecisionFunction), Method::DecisionFunction)
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        if !self.classifier || !self.own_words {
            return None;
        }
        if method == Method::PredictLogProba && !self.logarithms {
            return None;
        }
        let method = if method == Method::PredictLogProba { Method::PredictProba } else { method };
        Some(format!("This '{}' has no attribute '{}'", self.class, method.attribute()))
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC.sparse()
    }

    fn n_features_in(&self) -> Option<usize> {
        self.members[0].n_features_in
    }

    fn classes(&self) -> Classes<'_> {
        if self.classes.is_empty() { Classes::None } else { Classes::Many(&self.classes) }
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        self.run(Method::Predict, x).map(Array::from)
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        self.run(Method::PredictProba, x).map(Output::from)
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        self.run(Method::DecisionFunction, x).map(Array::from)
    }
}
