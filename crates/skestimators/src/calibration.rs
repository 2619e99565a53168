//! `sklearn.calibration.CalibratedClassifierCV`: probabilities made of the scores of one or more classifiers.

use ndarray::Array2;
use skpickle::Obj;

use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    estimator::{Classes, Estimator, Fitted},
    isotonic::IsotonicRegression,
    math::special::{argmax, expit, softmax},
    method::{Method, Methods},
    multiclass::{column, matrix},
    state::State,
    validation::Door,
};

/// From a score to a probability.
enum Calibrator {
    /// `_SigmoidCalibration`: `expit(-(a x + b))`.
    Sigmoid {
        a: f64,
        b: f64,
    },
    Isotonic(IsotonicRegression),
}

impl Calibrator {
    fn load(s: &State<'_, '_>, obj: &Obj<'_>) -> Result<Self> {
        match s.class() {
            "_SigmoidCalibration" => {
                let (a, b) = (s.get::<f64>("a_")?, s.get::<f64>("b_")?);
                s.require(a.is_finite() && b.is_finite(), "a_ or b_ is not finite")?;
                Ok(Calibrator::Sigmoid { a, b })
            }
            "IsotonicRegression" => IsotonicRegression::load(s).map(Calibrator::Isotonic),
            _ => Err(obj.expected("a sigmoid or isotonic calibrator").into()),
        }
    }

    fn calibrate(&self, scores: &[f64]) -> Result<Vec<f64>> {
        match self {
            Calibrator::Sigmoid { a, b } => Ok(scores.iter().map(|x| expit(-(a * x + b))).collect()),
            Calibrator::Isotonic(function) => function.evaluate(scores),
        }
    }
}

enum Calibration {
    /// One calibrator a column of the scores, with the class that it is for.
    Each(Vec<(usize, Calibrator)>),
    /// `_TemperatureScaling`: softmax of all scores times this (1.8).
    Temperature(f64),
}

/// `_CalibratedClassifier`.
struct Calibrated {
    fitted: Fitted,
    calibration: Calibration,
    n_classes: usize,
    /// Of probabilities of two classes the second column alone is the score.
    binary: bool,
}

struct CalibratedClassifierCV {
    members: Vec<Calibrated>,
    classes: Array,
    /// Whether the samples are checked before the estimators see them.
    checked: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    let objects = s.objects("calibrated_classifiers_")?;
    s.require(!objects.is_empty(), "calibrated_classifiers_ is empty")?;
    let members = objects.iter().map(|obj| Calibrated::load(&s.open(obj)?, s, &classes)).collect::<Result<_>>()?;
    Ok(Box::new(CalibratedClassifierCV { members, classes, checked: s.version() < (1, 0) }))
}

impl Calibrated {
    fn load(s: &State<'_, '_>, whole: &State<'_, '_>, all: &Array) -> Result<Self> {
        if s.class() != "_CalibratedClassifier" {
            return Err(s.error(format_args!("expected a _CalibratedClassifier, found {}", s.class())));
        }
        // since 1.2
        let fitted = s.estimator(if s.has("estimator") { "estimator" } else { "base_estimator" })?;
        let scores = fitted.has(Method::DecisionFunction) || fitted.has(Method::PredictProba);
        s.require(scores, format_args!("{} has neither decision_function nor predict_proba", fitted.class))?;
        // since 0.24
        let classes: Array = s.renamed(&["classes", "classes_"])?;
        // Text may be an array of objects in the one and of text in the other.
        let same = classes.shape() == all.shape() && (0..all.len()).all(|i| classes.value(i) == all.value(i));
        s.require(same, "classes are not those of the whole model")?;
        let n_classes = classes.len();
        let Classes::One(known) = fitted.estimator.classes() else {
            return Err(s.error(format_args!("{} is no classifier with one output", fitted.class)));
        };
        let binary = if whole.version() >= (1, 3) { known.len() == 2 } else { n_classes == 2 };
        let objects = s.objects(if s.has("calibrators") { "calibrators" } else { "calibrators_" })?;
        if s.opt::<String>("method")?.as_deref() == Some("temperature") {
            let [scaling] = objects.as_slice() else {
                return Err(s.error("expected one calibrator for the temperature"));
            };
            let scaling = s.open(scaling)?;
            let beta = scaling.get::<f64>("beta_")?;
            scaling.require(
                scaling.class() == "_TemperatureScaling" && beta.is_finite(),
                "expected a _TemperatureScaling with a finite beta_",
            )?;
            let columns = if binary { 2 } else { known.len() };
            s.require(columns == n_classes, "the estimator does not know all classes")?;
            return Ok(Calibrated { calibration: Calibration::Temperature(beta), fitted, n_classes, binary });
        }
        // Both are in order: each search goes on where the last one ended.
        let mut from = 0;
        let mut position = |i| {
            let value = known.value(i);
            let found = (from..n_classes).find(|&k| classes.value(k) == value)?;
            from = found + 1;
            Some(found)
        };
        if n_classes == 2 {
            s.require(position(0) == Some(0), "the estimator's first class is not the first one")?;
        }
        let mut each = Vec::new();
        for (i, obj) in objects.iter().enumerate().take(known.len()) {
            let class = if n_classes == 2 { Some(1) } else { position(i) };
            let class = class.ok_or_else(|| {
                s.error(format_args!("y contains previously unseen labels: class {i} of the estimator"))
            })?;
            each.push((class, Calibrator::load(&s.open(obj)?, obj)?));
        }
        if n_classes == 2 {
            s.require(!each.is_empty(), "calibrators is empty")?;
            each.truncate(1);
        }
        Ok(Calibrated { fitted, calibration: Calibration::Each(each), n_classes, binary })
    }

    /// The scores, one column a class, or one in all.
    fn scores(&self, x: &Samples) -> Result<Array2<f64>> {
        if !self.fitted.has(Method::DecisionFunction) {
            let p = matrix(self.fitted.predict_proba(x)?)?;
            if self.binary {
                return Ok(from_vec(column(&p, 1)?));
            }
            return Ok(p);
        }
        let scores = self.fitted.decision_function(x)?;
        if scores.shape().len() == 1 {
            Ok(from_vec(crate::multiclass::numbers(&scores, x.rows())?))
        } else {
            matrix(scores.into())
        }
    }

    fn predict_proba(&self, x: &Samples) -> Result<Array2<f64>> {
        let scores = self.scores(x)?;
        let mut p = match &self.calibration {
            Calibration::Temperature(beta) => self.temperature(scores, *beta)?,
            Calibration::Each(each) => {
                let mut p = Array2::zeros((scores.nrows(), self.n_classes));
                for ((class, calibrator), scores) in each.iter().zip(scores.columns()) {
                    let values = calibrator.calibrate(&scores.to_vec())?;
                    p.column_mut(*class).iter_mut().zip(values).for_each(|(p, v)| *p = v);
                }
                p
            }
        };
        if let Calibration::Each(_) = self.calibration {
            for mut row in p.rows_mut() {
                if self.n_classes == 2 {
                    row[0] = 1.0 - row[1];
                    continue;
                }
                let sum = row.sum();
                if sum == 0.0 { row.fill(1.0 / self.n_classes as f64) } else { row /= sum }
            }
        }
        // Rounding may carry a probability just above 1.
        p.mapv_inplace(|p| if p > 1.0 && p <= 1.0 + 1e-5 { 1.0 } else { p });
        Ok(p)
    }

    /// `softmax(beta * logits)`, where scores that are probabilities become logarithms first.
    fn temperature(&self, mut scores: Array2<f64>, beta: f64) -> Result<Array2<f64>> {
        if scores.ncols() == 1 {
            let probability = !self.fitted.has(Method::DecisionFunction);
            let first = |score: f64| if probability { 1.0 - score } else { -score };
            let single = scores;
            scores = Array2::from_shape_fn((single.nrows(), 2), |(i, j)| match j {
                0 => first(single[[i, 0]]),
                _ => single[[i, 0]],
            });
            if !probability {
                return self.softmax(scores, beta);
            }
        }
        let one = |sum: f64| (sum - 1.0).abs() <= 1e-8 + 1e-5;
        let fractions = scores.iter().all(|p| (0.0..=1.0).contains(p));
        if fractions && scores.rows().into_iter().all(|row| one(row.sum())) {
            scores.mapv_inplace(|p| (p + 1e-12).ln());
        }
        self.softmax(scores, beta)
    }

    fn softmax(&self, mut logits: Array2<f64>, beta: f64) -> Result<Array2<f64>> {
        if logits.ncols() != self.n_classes {
            return Err(Error::input(format_args!(
                "{} gave {} scores a sample for {} classes",
                self.fitted.class,
                logits.ncols(),
                self.n_classes
            )));
        }
        for mut row in logits.rows_mut() {
            row.mapv_inplace(|x| x * beta);
            softmax(row);
        }
        Ok(logits)
    }
}

fn from_vec(values: Vec<f64>) -> Array2<f64> {
    ndarray::Array1::from_vec(values).insert_axis(ndarray::Axis(1))
}

impl CalibratedClassifierCV {
    fn probabilities(&self, x: &Samples) -> Result<Array2<f64>> {
        let mut mean = Array2::zeros((x.rows(), self.classes.len()));
        for member in &self.members {
            let p = member.predict_proba(x)?;
            if p.dim() != mean.dim() {
                return Err(Error::input(format_args!(
                    "{} did not answer with one row for each sample",
                    member.fitted.class
                )));
            }
            mean += &p;
        }
        mean /= self.members.len() as f64;
        Ok(mean)
    }
}

impl Estimator for CalibratedClassifierCV {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::PredictProba])
    }

    fn door(&self, _: Method) -> Door {
        if self.checked { Door::NUMERIC.sparse().any_value().keep32() } else { Door::OPEN }
    }

    fn n_features_in(&self) -> Option<usize> {
        self.members.iter().find_map(|member| member.fitted.n_features_in)
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let p = self.probabilities(x)?;
        let indices: Vec<usize> = p.rows().into_iter().map(|row| argmax(row.iter().copied())).collect();
        Ok(self.classes.take(&indices))
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        self.probabilities(x).map(Output::from)
    }
}
