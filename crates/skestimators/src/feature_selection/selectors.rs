//! The selectors: each comes down to a mask of columns.

use std::cmp::Ordering;

use ndarray::{Array2, Axis};
use skpickle::{Kind, Obj, Shared};

use super::tags::allows_nan;
use crate::{
    compose::columns::select,
    data::{Array, Csr, Output, Samples},
    error::{Error, Result},
    estimator::{Classes, Estimator, Fitted},
    feature_selection::{
        importances::{self, Importances},
        rules::{self, Mode, quantile},
    },
    math::sort_indices,
    method::{Method, Methods},
    state::State,
    validation::{Door, Finite},
};

/// Keeps the columns of a mask; an estimator of the kept columns may follow.
struct Selector {
    columns: usize,
    kept: Vec<usize>,
    allow_nan: bool,
    /// Columns are counted when some are chosen.
    counts_late: bool,
    /// Sparse samples are refused.
    dense: bool,
    names: bool,
    /// The estimator that `RFE` asks.
    estimator: Option<Fitted>,
    own_words: bool,
    class: String,
}

fn selector(s: &State<'_, '_>, mask: &[bool]) -> Result<Selector> {
    s.require(!mask.is_empty(), "the selector was fitted on no columns")?;
    Ok(Selector {
        columns: mask.len(),
        kept: (0..mask.len()).filter(|&j| mask[j]).collect(),
        allow_nan: false,
        counts_late: s.version() < (1, 0),
        dense: false,
        names: s.version() >= (1, 0),
        estimator: None,
        own_words: s.version() >= (1, 4),
        class: s.class().to_owned(),
    })
}

fn univariate(s: &State<'_, '_>, mode: Mode, name: &str) -> Result<Box<dyn Estimator>> {
    Ok(Box::new(selector(s, &rules::mask(s, mode, name)?)?))
}

pub(crate) fn load_percentile(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    univariate(s, Mode::Percentile, "percentile")
}

pub(crate) fn load_k_best(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    univariate(s, Mode::KBest, "k")
}

pub(crate) fn load_fpr(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    univariate(s, Mode::Fpr, "alpha")
}

pub(crate) fn load_fdr(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    univariate(s, Mode::Fdr, "alpha")
}

pub(crate) fn load_fwe(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    univariate(s, Mode::Fwe, "alpha")
}

pub(crate) fn load_generic(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let modes = [
        ("percentile", Mode::Percentile),
        ("k_best", Mode::KBest),
        ("fpr", Mode::Fpr),
        ("fdr", Mode::Fdr),
        ("fwe", Mode::Fwe),
    ];
    univariate(s, s.choice("mode", None, &modes)?, "param")
}

pub(crate) fn load_variance(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let (variances, threshold): (Shared<f64>, f64) = (s.get("variances_")?, s.get("threshold")?);
    let mask: Vec<bool> = variances.iter().map(|&v| v > threshold).collect();
    let mut selector = selector(s, &mask)?;
    // since 0.22
    selector.allow_nan = s.version() >= (0, 22);
    Ok(Box::new(selector))
}

/// `RandomizedLasso` and `RandomizedLogisticRegression` (up to 0.20).
pub(crate) fn load_randomized(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let (scores, threshold): (Shared<f64>, f64) = (s.get("scores_")?, s.get("selection_threshold")?);
    let mut selector = selector(s, &scores.iter().map(|&score| score > threshold).collect::<Vec<_>>())?;
    selector.dense = s.version() < (0, 19);
    Ok(Box::new(selector))
}

fn support(s: &State<'_, '_>) -> Result<Selector> {
    match s.get::<Array>("support_")? {
        Array::Bool(mask) if mask.ndim() == 1 => selector(s, &mask.into_iter().collect::<Vec<_>>()),
        _ => Err(s.error("support_ is not a 1-d array of bools")),
    }
}

/// `RFE` and `RFECV`.
pub(crate) fn load_rfe(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let mut selector = support(s)?;
    let estimator = s.estimator("estimator_")?;
    if let Some(n) = estimator.n_features_in {
        let kept = selector.kept.len();
        s.require(n == kept, format_args!("support_ keeps {kept} columns, but the estimator takes {n}"))?;
    }
    selector.allow_nan = s.version() >= (0, 22) && takes_nan(&estimator);
    selector.estimator = Some(estimator);
    Ok(Box::new(selector))
}

fn takes_nan(estimator: &Fitted) -> bool {
    let takes = |method| estimator.has(method) && estimator.estimator.door(method).finite != Finite::Yes;
    takes(Method::Predict) || takes(Method::Transform)
}

pub(crate) fn load_sequential(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let mut selector = support(s)?;
    selector.allow_nan = allows_nan(&s.raw("estimator")?, s.version());
    Ok(Box::new(selector))
}

pub(crate) fn load_from_model(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    // An estimator that was fitted before is used as it is.
    let estimator = s.raw_opt("estimator_").map_or_else(|| s.raw("estimator"), Ok)?;
    let getter = match s.raw_opt("importance_getter") {
        None => None,
        Some(obj) if obj.kind() == Kind::Str => Some(obj.str()?.into_owned()).filter(|name| name != "auto"),
        Some(_) => {
            return Err(
                s.unsupported("importance_getter is a function of the user's own, whose code is not in the file")
            );
        }
    };
    let found = importances::of(s, &estimator, getter.as_deref(), s.version() >= (0, 24))?;
    let order: f64 = s.opt("norm_order")?.unwrap_or(1.0);
    let scores: Vec<f64> = match found {
        Importances::Flat(values) => values.into_iter().map(f64::abs).collect(),
        Importances::Rows(rows) => rows.axis_iter(Axis(1)).map(|column| norm(column.iter().copied(), order)).collect(),
    };
    s.require(!scores.is_empty(), "the estimator has importances of no columns")?;
    let threshold = threshold(s, &estimator, &scores)?;
    let limit: Option<usize> = match s.raw_opt("max_features") {
        None => None,
        Some(obj) => match s.opt::<usize>("max_features_")? {
            Some(n) => Some(n),
            None => Some(obj.get()?),
        },
    };
    let mut mask = vec![limit.is_none(); scores.len()];
    if let Some(limit) = limit {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        sort_indices(&mut order, &mut |a, b| scores[b].partial_cmp(&scores[a]).unwrap_or(Ordering::Equal));
        order.iter().take(limit).for_each(|&j| mask[j] = true);
    }
    mask.iter_mut().zip(&scores).for_each(|(on, &score)| *on &= score.partial_cmp(&threshold) != Some(Ordering::Less));
    let mut selector = selector(s, &mask)?;
    selector.allow_nan = s.version() >= (0, 22) && allows_nan(&estimator, s.version());
    Ok(Box::new(selector))
}

fn norm(values: impl Iterator<Item = f64>, order: f64) -> f64 {
    let values = values.map(f64::abs);
    if order == f64::INFINITY {
        values.fold(0.0, f64::max)
    } else if order == f64::NEG_INFINITY {
        values.fold(f64::INFINITY, f64::min)
    } else if order == 1.0 {
        values.sum()
    } else if order == 2.0 {
        values.map(|v| v * v).sum::<f64>().sqrt()
    } else {
        values.map(|v| v.powf(order)).sum::<f64>().powf(1.0 / order)
    }
}

fn threshold(s: &State<'_, '_>, estimator: &Obj<'_>, scores: &[f64]) -> Result<f64> {
    let reference = |word: &str| match word {
        "mean" => Ok(importances::mean(scores)),
        "median" => Ok(quantile(scores, 0.5)),
        other => Err(
            s.error(format_args!("Expected threshold='mean' or threshold='median' got {}", skpickle::printable(other)))
        ),
    };
    let Some(obj) = s.raw_opt("threshold") else {
        return if sparse_by_penalty(s, estimator)? { Ok(1e-5) } else { reference("mean") };
    };
    if obj.kind() != Kind::Str {
        return Ok(obj.get()?);
    }
    let text = obj.str()?;
    match text.split_once('*') {
        None => reference(&text),
        Some((scale, word)) => {
            let scale: f64 = scale.trim().parse().map_err(|_| obj.expected("a number before '*'"))?;
            Ok(scale * reference(word.trim())?)
        }
    }
}

/// Whether the estimator's own penalty makes coefficients zero.
fn sparse_by_penalty(s: &State<'_, '_>, estimator: &Obj<'_>) -> Result<bool> {
    let class = estimator.class().map(|class| class.name.to_owned()).unwrap_or_default();
    let field = |name: &str| estimator.field(name).ok();
    let is_one = |name: &str| {
        let values = field(name).map(|obj| {
            obj.get::<f64>().map_or_else(
                |_| obj.get::<Shared<f64>>().map(|values| values.to_vec()).unwrap_or_default(),
                |v| vec![v],
            )
        });
        values.is_some_and(|values| !values.is_empty() && values.iter().all(|v| (v - 1.0).abs() <= 1e-8 + 1e-5))
    };
    if class.contains("Lasso") || field("penalty").is_some_and(|obj| obj.str().is_ok_and(|word| word == "l1")) {
        return Ok(true);
    }
    let version = s.version();
    let elastic = match version {
        (0, _) | (1, 0) => false,
        (1, 1..=6) => class.contains("ElasticNet") && is_one("l1_ratio"),
        _ => class == "ElasticNet" && is_one("l1_ratio") || class == "ElasticNetCV" && is_one("l1_ratio_"),
    };
    let logistic = version >= (1, 8)
        && (class == "LogisticRegression" && is_one("l1_ratio")
            || class == "LogisticRegressionCV" && is_one("l1_ratio_"));
    Ok(elastic || logistic)
}

/// The methods that come from the estimator of `RFE`.
const OF_ESTIMATOR: &[Method] =
    &[Method::Predict, Method::PredictProba, Method::PredictLogProba, Method::DecisionFunction];

impl Selector {
    fn delegate(&self, method: Method, x: &Samples) -> Result<Output> {
        match &self.estimator {
            Some(estimator) => estimator.call(method, &self.transform(x)?),
            None => {
                Err(Error::method(format_args!("'{}' object has no attribute '{}'", self.class, method.attribute())))
            }
        }
    }
}

impl Estimator for Selector {
    fn methods(&self) -> Methods {
        let mut methods = Methods::of(&[Method::Transform, Method::InverseTransform]);
        for &method in OF_ESTIMATOR {
            methods = methods.with_if(self.estimator.as_ref().is_some_and(|e| e.has(method)), method);
        }
        methods.with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, method: Method) -> Door {
        let door = Door::NUMERIC.keep32();
        let door = if self.dense { door } else { door.sparse() };
        match method {
            Method::InverseTransform => door.any_width(),
            // Up to 0.24 nothing was chosen before anything was counted.
            _ if self.kept.is_empty() && self.counts_late => door.any_width(),
            // Where NaN is taken, infinity is not looked for.
            _ if self.allow_nan => door.any_value(),
            _ => door,
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.columns)
    }

    fn classes(&self) -> Classes<'_> {
        self.estimator.as_ref().map_or(Classes::None, |estimator| estimator.estimator.classes())
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        let estimator = self.estimator.as_ref().filter(|_| OF_ESTIMATOR.contains(&method))?;
        if self.own_words {
            return Some(format!("This '{}' has no attribute '{}'", self.class, method.attribute()));
        }
        estimator.require(method).err().map(|error| error.message().to_owned())
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        match &self.estimator {
            Some(estimator) => estimator.predict(&self.transform(x)?),
            None => Err(Error::method(format_args!("'{}' object has no attribute 'predict'", self.class))),
        }
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        self.delegate(Method::PredictProba, x)
    }

    fn predict_log_proba(&self, x: &Samples) -> Result<Output> {
        self.delegate(Method::PredictLogProba, x)
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        match &self.estimator {
            Some(estimator) => estimator.decision_function(&self.transform(x)?),
            None => Err(Error::method(format_args!("'{}' object has no attribute 'decision_function'", self.class))),
        }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        select(x, &self.kept)
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        if x.columns() != Some(self.kept.len()) {
            return Err(Error::input("X has a different shape than during fitting."));
        }
        Ok(match x {
            Samples::Sparse(x) => {
                let indices = x.indices().iter().map(|&j| self.kept[j]).collect();
                Samples::Sparse(Csr::new(x.rows(), self.columns, x.indptr().to_vec(), indices, x.data().to_vec())?)
            }
            Samples::Dense32(x) => {
                let mut out = Array2::zeros((x.nrows(), self.columns));
                self.kept.iter().zip(x.columns()).for_each(|(&j, column)| out.column_mut(j).assign(&column));
                Samples::Dense32(out)
            }
            x => {
                let x = x.dense()?;
                let mut out = Array2::zeros((x.nrows(), self.columns));
                self.kept.iter().zip(x.columns()).for_each(|(&j, column)| out.column_mut(j).assign(&column));
                Samples::Dense(out)
            }
        })
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        Ok(self.kept.iter().filter_map(|&j| input.get(j).cloned()).collect())
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        Result, Samples,
        estimator::{doubles, written_by},
    };

    #[test]
    fn where_nothing_is_chosen_columns_are_counted_since_1_0() -> Result<()> {
        let attributes = format!("Vvariances_\n{}Vthreshold\nF1\n", doubles(&[3], &[0.0; 3]));
        let x = Samples::from(ndarray::array![[1.0, 2.0]]);
        let model = |version| {
            written_by(version, "sklearn.feature_selection._variance_threshold", "VarianceThreshold", &attributes)
        };
        assert_eq!(model("0.24.2")?.transform(&x)?.columns(), Some(0));
        assert!(model("1.0.2")?.transform(&x).is_err());
        Ok(())
    }
}
