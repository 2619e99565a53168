//! `sklearn.model_selection._classification_threshold`: `FixedThresholdClassifier` and `TunedThresholdClassifierCV`, which say from where on a sample
//! is positive.

use skpickle::{Obj, Scalar};

use crate::{
    data::{Array, Output, Samples, Value},
    error::{Error, Result},
    estimator::{Classes, Estimator, Fitted},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct Threshold {
    class: String,
    inner: Fitted,
    classes: Array,
    /// What is compared with the threshold: `predict_proba` or `decision_function`.
    response: Method,
    threshold: f64,
    /// Which of the two classes is the positive one.
    positive: usize,
}

pub(crate) fn load_fixed(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let label = s.raw_opt("pos_label").map(|label| label.get::<Scalar>()).transpose()?.map(Value::from);
    let mut loaded = load(s, label)?;
    if let Some(threshold) = s.raw_opt("threshold") {
        // Or "auto".
        loaded.threshold = match threshold.get::<f64>() {
            Ok(threshold) => threshold,
            Err(_) => s.choice("threshold", None, &[("auto", loaded.threshold)])?,
        };
    }
    Ok(Box::new(loaded))
}

pub(crate) fn load_tuned(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let mut loaded = load(s, scorer_label(s)?)?;
    loaded.threshold = s.get("best_threshold_")?;
    Ok(Box::new(loaded))
}

fn load(s: &State<'_, '_>, label: Option<Value>) -> Result<Threshold> {
    let inner = s.estimator(if s.has("estimator_") { "estimator_" } else { "estimator" })?;
    let classes = match inner.estimator.classes() {
        Classes::One(classes) if classes.len() == 2 => classes.clone(),
        _ => return Err(s.error("Expected 'estimator' to be a binary classifier.")),
    };
    let response = match s.choice(
        "response_method",
        Some("auto"),
        &[
            ("auto", None),
            ("predict_proba", Some(Method::PredictProba)),
            ("decision_function", Some(Method::DecisionFunction)),
        ],
    )? {
        Some(method) => method,
        None if inner.has(Method::PredictProba) => Method::PredictProba,
        None => Method::DecisionFunction,
    };
    s.require(inner.has(response), format_args!("{} has no {}", inner.class, response.name()))?;
    let positive = match label {
        None => 1,
        Some(label) => match (0..2).find(|&i| classes.value(i).is_some_and(|class| same(&class, &label))) {
            Some(positive) => positive,
            None => return Err(s.error("pos_label is not a valid label")),
        },
    };
    let threshold = if response == Method::PredictProba { 0.5 } else { 0.0 };
    Ok(Threshold { class: s.class().to_owned(), inner, classes, response, threshold, positive })
}

/// Whether Python finds them equal.
fn same(a: &Value, b: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::Int(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        _ => None,
    };
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// Scores whose `pos_label` is 1 by default.
const OF_ONE: &[&str] =
    &["average_precision_score", "f1_score", "fbeta_score", "jaccard_score", "precision_score", "recall_score"];
/// Scores that have no `pos_label`, or None by default.
const OF_NONE: &[&str] = &[
    "accuracy_score",
    "adjusted_mutual_info_score",
    "adjusted_rand_score",
    "balanced_accuracy_score",
    "brier_score_loss",
    "class_likelihood_ratios",
    "cohen_kappa_score",
    "completeness_score",
    "d2_brier_score",
    "d2_log_loss_score",
    "fowlkes_mallows_score",
    "hamming_loss",
    "homogeneity_score",
    "log_loss",
    "matthews_corrcoef",
    "mutual_info_score",
    "negative_likelihood_ratio",
    "normalized_mutual_info_score",
    "positive_likelihood_ratio",
    "rand_score",
    "roc_auc_score",
    "top_k_accuracy_score",
    "v_measure_score",
    "zero_one_loss",
];

/// `pos_label` of the scorer by which the threshold was found.
fn scorer_label(s: &State<'_, '_>) -> Result<Option<Value>> {
    let scorer = s.child("_curve_scorer")?;
    let label = |label: Obj<'_>| -> Result<Option<Value>> {
        Ok(if label.is_none() { None } else { Some(label.get::<Scalar>()?.into()) })
    };
    for (key, value) in scorer.raw("_kwargs")?.entries()? {
        if key.get::<String>().is_ok_and(|key| key == "pos_label") {
            return label(value);
        }
    }
    let function = scorer.raw("_score_func")?;
    let name = function.global().filter(|name| name.module.starts_with("sklearn.metrics."));
    let of_regression = name.as_ref().is_some_and(|name| name.module == "sklearn.metrics._regression");
    match name.map(|name| name.name) {
        Some(name) if OF_ONE.contains(&name) => Ok(Some(Value::Int(1))),
        Some(name) if OF_NONE.contains(&name) || of_regression => Ok(None),
        _ => {
            let name = function.global().map_or_else(
                || function.describe(),
                |name| skpickle::printable(&format!("{}.{}", name.module, name.name)),
            );
            Err(s.unsupported(format_args!(
                "the threshold was tuned by {name}, and which class is positive depends on its code; save the model with a scorer that is \
                 given pos_label"
            )))
        }
    }
}

/// The methods that are passed on.
const PASSED: &[Method] = &[Method::PredictProba, Method::PredictLogProba, Method::DecisionFunction];

impl Estimator for Threshold {
    fn methods(&self) -> Methods {
        PASSED.iter().fold(Methods::of(&[Method::Predict]), |all, &method| all.with_if(self.inner.has(method), method))
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn n_features_in(&self) -> Option<usize> {
        self.inner.n_features_in
    }

    fn feature_names_in(&self) -> Option<&[String]> {
        self.inner.feature_names_in.as_deref()
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        PASSED.contains(&method).then(|| format!("This '{}' has no attribute '{}'", self.class, method.attribute()))
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let scores: Vec<f64> = match (self.response, self.inner.call(self.response, x)?) {
            (Method::PredictProba, Output::Array(Array::F64(p))) if p.ndim() == 2 => {
                p.outer_iter().map(|row| row.iter().nth(self.positive).copied().unwrap_or(f64::NAN)).collect()
            }
            (Method::DecisionFunction, Output::Array(Array::F64(d))) if d.ndim() == 1 => {
                let sign = if self.positive == 0 { -1.0 } else { 1.0 };
                d.iter().map(|d| sign * d).collect()
            }
            _ => return Err(Error::input("Expected 'estimator' to be a binary classifier.")),
        };
        let (positive, negative) = (self.positive, 1 - self.positive);
        Ok(self.classes.take_each(scores.iter().map(|s| if *s >= self.threshold { positive } else { negative })))
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        self.inner.predict_proba(x)
    }

    fn predict_log_proba(&self, x: &Samples) -> Result<Output> {
        self.inner.call(Method::PredictLogProba, x)
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        self.inner.decision_function(x)
    }
}
