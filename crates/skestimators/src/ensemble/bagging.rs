//! `sklearn.ensemble._bagging`: `BaggingClassifier`, `BaggingRegressor`: the mean of estimators that see some of the columns.

use ndarray::{Array2, ArrayD};
use skpickle::ErrorKind;

use crate::{
    compose::columns::select,
    data::{Array, Output, Samples},
    ensemble::members::{class_codes, codes, expect, probabilities},
    error::{Error, Result},
    estimator::{Classes, Estimator, Fitted, log_of},
    math::special::argmax,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// One estimator.
struct Member {
    fitted: Fitted,
    /// The columns that it sees, in its order.
    columns: Vec<usize>,
    /// The classes that it has seen, by number.
    codes: Vec<usize>,
}

struct Bagging {
    members: Vec<Member>,
    n_features: usize,
    /// Of a classifier.
    classes: Option<Array>,
    /// NaN and infinity are left to the members.
    any_value: bool,
}

pub(crate) fn load_classifier(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    let mut bagging = load(s)?;
    for member in &mut bagging.members {
        member.codes = class_codes(s, &member.fitted, classes.len())?;
    }
    bagging.classes = Some(classes);
    Ok(Box::new(bagging))
}

pub(crate) fn load_regressor(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    Ok(Box::new(load(s)?))
}

fn load(s: &State<'_, '_>) -> Result<Bagging> {
    let estimators = s.estimators("estimators_")?;
    let features = s.objects("estimators_features_")?;
    let count: usize = s.get("n_estimators")?;
    s.require(
        count == estimators.len() && features.len() == count && count > 0,
        format_args!(
            "n_estimators is {count}, estimators_ has {} and estimators_features_ {}",
            estimators.len(),
            features.len()
        ),
    )?;
    let n_features: usize = s.renamed(&["n_features_in_", "n_features_"])?;
    let mut members = Vec::with_capacity(count);
    for (fitted, features) in estimators.into_iter().zip(&features) {
        s.require(fitted.has(Method::Predict), format_args!("a '{}' in estimators_ has no predict", fitted.class))?;
        let columns: Vec<usize> =
            features.array()?.i64s()?.iter().map(|&j| usize::try_from(j).unwrap_or(usize::MAX)).collect();
        if let Some(&wrong) = columns.iter().find(|&&j| j >= n_features) {
            return Err(features
                .error(ErrorKind::Value, format_args!("column {} of {n_features} columns", wrong as i64))
                .into());
        }
        s.require(
            fitted.n_features_in.is_none_or(|n| n == columns.len()),
            format_args!("a '{}' in estimators_ is for another number of columns than it is given", fitted.class),
        )?;
        members.push(Member { fitted, columns, codes: Vec::new() });
    }
    // since 0.20
    Ok(Bagging { members, n_features, classes: None, any_value: s.version() >= (0, 20) })
}

impl Member {
    fn sees(&self, x: &Samples) -> Result<Samples> {
        select(x, &self.columns)
    }

    /// Probabilities of all classes; votes where there are none.
    fn probabilities(&self, x: &Samples, classes: usize) -> Result<Array2<f64>> {
        let x = self.sees(x)?;
        let mut out = Array2::zeros((x.rows(), classes));
        if self.fitted.has(Method::PredictProba) {
            self.spread(&probabilities(self.fitted.predict_proba(&x)?)?, &mut out)?;
        } else {
            let labels = codes(&self.fitted.predict(&x)?, classes)?;
            out.rows_mut().into_iter().zip(labels).for_each(|(mut row, label)| row[label] = 1.0);
        }
        Ok(out)
    }

    /// The member's columns at the places of their classes.
    fn spread(&self, own: &Array2<f64>, out: &mut Array2<f64>) -> Result<()> {
        expect(own, out.nrows(), self.codes.len())?;
        for (own, &code) in own.columns().into_iter().zip(&self.codes) {
            out.column_mut(code).assign(&own);
        }
        Ok(())
    }
}

/// `log(exp(a) + exp(b))`, as `numpy.logaddexp`.
fn logaddexp(a: f64, b: f64) -> f64 {
    if a == b {
        return a + std::f64::consts::LN_2;
    }
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low.is_nan() || high.is_nan() { f64::NAN } else { high + (low - high).exp().ln_1p() }
}

impl Bagging {
    /// The mean of what `answer` gives for each member.
    fn mean(&self, answer: &dyn Fn(&Member) -> Result<Array>) -> Result<Array> {
        let mut sum: Option<ArrayD<f64>> = None;
        for member in &self.members {
            let own = match answer(member)? {
                Array::F64(a) => Some(a),
                other => other.to_f64(),
            };
            let own = own.ok_or_else(|| Error::input("an estimator of the ensemble does not answer with numbers"))?;
            sum = Some(match sum {
                None => own,
                Some(mut sum) if sum.shape() == own.shape() => {
                    sum += &own;
                    sum
                }
                Some(sum) => {
                    return Err(Error::input(format_args!(
                        "operands could not be broadcast together with shapes {:?} {:?}: the estimators of the ensemble \
                         answer in different shapes",
                        sum.shape(),
                        own.shape()
                    )));
                }
            });
        }
        let count = self.members.len() as f64;
        sum.map(|sum| Array::F64(sum.mapv(|v| v / count))).ok_or_else(|| Error::input("no estimators"))
    }

    fn probabilities(&self, x: &Samples) -> Result<Array2<f64>> {
        let classes = self.classes.as_ref().map_or(0, Array::len);
        let mut sum = Array2::zeros((x.rows(), classes));
        for member in &self.members {
            sum += &member.probabilities(x, classes)?;
        }
        let count = self.members.len() as f64;
        sum.mapv_inplace(|v| v / count);
        Ok(sum)
    }

    fn first_has(&self, method: Method) -> bool {
        self.members.first().is_some_and(|member| member.fitted.has(method))
    }
}

impl Estimator for Bagging {
    fn methods(&self) -> Methods {
        if self.classes.is_none() {
            return Methods::of(&[Method::Predict]);
        }
        Methods::of(&[Method::Predict, Method::PredictProba, Method::PredictLogProba])
            .with_if(self.first_has(Method::DecisionFunction), Method::DecisionFunction)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.n_features)
    }

    fn door(&self, _: Method) -> Door {
        if self.any_value { Door::VALUES.sparse().any_value().keep32() } else { Door::NUMERIC.sparse().keep32() }
    }

    fn classes(&self) -> Classes<'_> {
        self.classes.as_ref().map_or(Classes::None, Classes::One)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        match &self.classes {
            Some(classes) => {
                let p = self.probabilities(x)?;
                let labels: Vec<usize> = p.rows().into_iter().map(|row| argmax(row.iter().copied())).collect();
                Ok(classes.take(&labels))
            }
            None => self.mean(&|member| member.fitted.predict(&member.sees(x)?)),
        }
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        Ok(self.probabilities(x)?.into())
    }

    fn predict_log_proba(&self, x: &Samples) -> Result<Output> {
        if !self.first_has(Method::PredictLogProba) {
            return Ok(log_of(self.predict_proba(x)?));
        }
        let classes = self.classes.as_ref().map_or(0, Array::len);
        let mut sum = Array2::from_elem((x.rows(), classes), f64::NEG_INFINITY);
        for member in &self.members {
            let mut own = Array2::from_elem((x.rows(), classes), f64::NEG_INFINITY);
            let answer = member.fitted.call(Method::PredictLogProba, &member.sees(x)?)?;
            member.spread(&probabilities(answer)?, &mut own)?;
            sum.zip_mut_with(&own, |sum, &own| *sum = logaddexp(*sum, own));
        }
        let count = (self.members.len() as f64).ln();
        sum.mapv_inplace(|v| v - count);
        Ok(sum.into())
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        self.mean(&|member| member.fitted.decision_function(&member.sees(x)?))
    }
}
