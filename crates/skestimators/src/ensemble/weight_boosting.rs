//! `sklearn.ensemble._weight_boosting`: `AdaBoostClassifier`, `AdaBoostRegressor`: weighted votes and weighted medians.

use ndarray::{Array1, Array2, Axis};

use crate::{
    data::{Array, Output, Samples},
    ensemble::members::{expect, find_labels, matrix, probabilities, stacked},
    error::{Error, Result},
    estimator::{Classes, Estimator, Fitted},
    math::special::{argmax, softmax_rows},
    method::{Method, Methods},
    preprocessing::categories::Categories,
    state::State,
    validation::Door,
};

/// What a member adds to the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Vote {
    /// Its probabilities, as `SAMME.R` weighs them.
    Probabilities,
    /// Its weight for the class that it predicts (`SAMME` until 1.2).
    Weight,
    /// That, and something off for the others (`SAMME` since 1.3).
    Balanced,
}

struct AdaBoostClassifier {
    members: Vec<Fitted>,
    weights: Vec<f64>,
    /// Sum of all weights, also of those without a member.
    total: f64,
    classes: Array,
    labels: Categories,
    vote: Vote,
    /// Probabilities come from the members' probabilities rather than from the decision (until 0.21).
    from_members: bool,
    /// What asked of a single class divides by the zero others that there are.
    single: Single,
}

/// Where a single class is divided by the number of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Single {
    Nowhere,
    /// In the probabilities (0.18).
    Proba,
    /// In the decision of `SAMME` (1.3 to 1.5).
    Decision,
}

fn by_zero() -> Error {
    Error::input(
        "division by zero: the model knows one class alone, for which this version has no such answer; predict has one",
    )
}

/// The members with a weight each; there may be more weights than members.
fn members(s: &State<'_, '_>) -> Result<(Vec<Fitted>, Vec<f64>)> {
    let members = s.estimators("estimators_")?;
    let weights: Vec<f64> = s.raw("estimator_weights_")?.array()?.f64s()?.to_vec();
    s.require(!members.is_empty(), "estimators_ is empty")?;
    s.require(
        weights.len() >= members.len(),
        format_args!("estimator_weights_ has {} values for {} estimators", weights.len(), members.len()),
    )?;
    for member in &members {
        s.require(member.has(Method::Predict), format_args!("a '{}' in estimators_ has no predict", member.class))?;
    }
    Ok((members, weights))
}

pub(crate) fn load_classifier(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let (members, weights) = members(s)?;
    let classes = s.classes()?;
    let samme = if s.version() < (1, 3) { Vote::Weight } else { Vote::Balanced };
    // 'SAMME.R' was the default until 1.5; since 1.6 there is only SAMME.
    let default = if s.version() < (1, 6) { "SAMME.R" } else { "SAMME" };
    let vote = s.choice(
        "algorithm",
        Some(default),
        &[("SAMME.R", Vote::Probabilities), ("SAMME", samme), ("deprecated", samme)],
    )?;
    if vote == Vote::Probabilities {
        for member in &members {
            let fits = matches!(member.estimator.classes(), Classes::One(own) if own.len() == classes.len());
            s.require(
                fits && member.has(Method::PredictProba),
                format_args!(
                    "a '{}' in estimators_ has no probabilities for the {} classes",
                    member.class,
                    classes.len()
                ),
            )?;
        }
    }
    let labels = Categories::new(classes.clone());
    let total = weights.iter().sum();
    let from_members = s.version() < (0, 22);
    let single = match s.version() {
        (0, ..19) => Single::Proba,
        (1, 3..6) => Single::Decision,
        _ => Single::Nowhere,
    };
    Ok(Box::new(AdaBoostClassifier { members, weights, total, classes, labels, vote, from_members, single }))
}

impl AdaBoostClassifier {
    /// What one member adds: one row a sample, one column a class.
    fn addend(&self, member: &Fitted, weight: f64, x: &Samples) -> Result<Array2<f64>> {
        let classes = self.classes.len();
        if self.vote == Vote::Probabilities {
            return self.samme_proba(member, x);
        }
        let against = if self.vote == Vote::Weight { 0.0 } else { -1.0 / (classes as f64 - 1.0) * weight };
        let mut out = Array2::from_elem((x.rows(), classes), against);
        let labels = find_labels(&member.predict(x)?, &self.labels);
        for (mut row, label) in out.rows_mut().into_iter().zip(labels) {
            if let Some(label) = label {
                row[label] = weight;
            }
        }
        Ok(out)
    }

    /// `(K - 1) * (log p - mean(log p))`.
    fn samme_proba(&self, member: &Fitted, x: &Samples) -> Result<Array2<f64>> {
        let classes = self.classes.len() as f64;
        let mut p = probabilities(member.predict_proba(x)?)?;
        expect(&p, x.rows(), self.classes.len())?;
        for mut row in p.rows_mut() {
            row.mapv_inplace(|p| p.max(f64::EPSILON).ln());
            let mean = 1.0 / classes * row.sum();
            row.mapv_inplace(|log| (classes - 1.0) * (log - mean));
        }
        Ok(p)
    }

    /// Two classes have one decision: the second's less the first's.
    fn folded(&self, decision: Array2<f64>) -> Array2<f64> {
        if self.classes.len() != 2 {
            return decision;
        }
        let folded: Vec<f64> = decision.rows().into_iter().map(|row| -row[0] + row[1]).collect();
        let rows = folded.len();
        Array2::from_shape_vec((rows, 1), folded).unwrap_or(decision)
    }

    fn decisions(&self, x: &Samples) -> Result<Array2<f64>> {
        let classes = self.classes.len();
        let mut sum = Array2::zeros((x.rows(), classes));
        if classes == 1 && self.vote == Vote::Balanced {
            return if self.single == Single::Decision { Err(by_zero()) } else { Ok(sum) };
        }
        for (member, &weight) in self.members.iter().zip(&self.weights) {
            sum += &self.addend(member, weight, x)?;
        }
        sum.mapv_inplace(|v| v / self.total);
        Ok(self.folded(sum))
    }

    fn staged(&self, x: &Samples) -> Result<Vec<Array2<f64>>> {
        let mut sum = Array2::zeros((x.rows(), self.classes.len()));
        let mut norm = 0.0;
        let mut stages = Vec::with_capacity(self.members.len());
        for (member, &weight) in self.members.iter().zip(&self.weights) {
            norm += weight;
            sum += &self.addend(member, weight, x)?;
            stages.push(self.folded(sum.mapv(|v| v / norm)));
        }
        Ok(stages)
    }

    fn labels(&self, decision: &Array2<f64>) -> Vec<usize> {
        let two = self.classes.len() == 2;
        let label = |row: ndarray::ArrayView1<'_, f64>| {
            if two { usize::from(row[0] > 0.0) } else { argmax(row.iter().copied()) }
        };
        decision.rows().into_iter().map(label).collect()
    }

    fn softmax(&self, decision: &Array2<f64>) -> Array2<f64> {
        let classes = self.classes.len();
        let mut p = if classes == 2 {
            Array2::from_shape_fn((decision.nrows(), 2), |(i, j)| {
                if j == 0 { -decision[[i, 0]] / 2.0 } else { decision[[i, 0]] / 2.0 }
            })
        } else {
            decision.mapv(|v| v / (classes as f64 - 1.0))
        };
        softmax_rows(&mut p);
        p
    }

    /// What the members' probabilities add up to after each of them (until 0.21).
    fn member_probabilities(&self, x: &Samples, staged: bool) -> Result<Vec<Array2<f64>>> {
        let classes = self.classes.len();
        let mut sum = Array2::zeros((x.rows(), classes));
        let mut norm = 0.0;
        let mut stages = Vec::new();
        let scaled = |sum: &Array2<f64>, norm: f64| {
            let mut p = sum.mapv(|v| (1.0 / (classes as f64 - 1.0) * (v / norm)).exp());
            for mut row in p.rows_mut() {
                let total = row.sum();
                row.mapv_inplace(|v| v / if total == 0.0 { 1.0 } else { total });
            }
            p
        };
        for (member, &weight) in self.members.iter().zip(&self.weights) {
            norm += weight;
            let p = match self.vote {
                Vote::Probabilities => self.samme_proba(member, x)?,
                _ => {
                    let p = probabilities(member.predict_proba(x)?)?;
                    expect(&p, x.rows(), classes)?;
                    p * weight
                }
            };
            sum += &p;
            if staged {
                stages.push(scaled(&sum, norm));
            }
        }
        if !staged {
            stages.push(scaled(&sum, self.total));
        }
        Ok(stages)
    }
}

/// Samples are passed on as they are where the members make numbers of them.
fn door(members: &[Fitted]) -> Door {
    match members.first().is_none_or(|member| member.estimator.takes_numbers()) {
        true => Door::NUMERIC.sparse().keep32().floats(),
        false => Door::VALUES.sparse().finite().keep32(),
    }
}

impl Estimator for AdaBoostClassifier {
    fn methods(&self) -> Methods {
        Methods::of(&[
            Method::Predict,
            Method::PredictProba,
            Method::PredictLogProba,
            Method::DecisionFunction,
            Method::StagedPredict,
            Method::StagedPredictProba,
            Method::StagedDecisionFunction,
        ])
    }

    fn n_features_in(&self) -> Option<usize> {
        self.members.first().and_then(|member| member.n_features_in)
    }

    fn door(&self, _: Method) -> Door {
        door(&self.members)
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        Ok(self.classes.take(&self.labels(&self.decisions(x)?)))
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        let decision = self.decisions(x)?;
        let flat = self.classes.len() == 2;
        Ok(if flat { Array::from(decision.into_raw_vec_and_offset().0) } else { decision.into() })
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        if self.classes.len() == 1 {
            if self.single == Single::Proba {
                return Err(by_zero());
            }
            return Ok(Array2::<f64>::ones((x.rows(), 1)).into());
        }
        if self.from_members {
            let last = self.member_probabilities(x, false)?.pop();
            return last.map(Output::from).ok_or_else(|| Error::input("no estimators"));
        }
        Ok(self.softmax(&self.decisions(x)?).into())
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        let (rows, classes) = (x.rows(), self.classes.len());
        if classes == 1 && (self.vote == Vote::Balanced || method == Method::StagedPredictProba && self.from_members) {
            return Err(by_zero());
        }
        if method == Method::StagedPredictProba && self.from_members {
            return Ok(stacked(&self.member_probabilities(x, true)?, rows, classes)?.into());
        }
        let stages = self.staged(x)?;
        let reshaped = |array: Array, shape: &[usize]| {
            array.reshaped(shape).map(Output::from).ok_or_else(|| Error::input("the stages differ in length"))
        };
        match method {
            Method::StagedPredict => {
                let labels: Vec<usize> = stages.iter().flat_map(|stage| self.labels(stage)).collect();
                reshaped(self.classes.take(&labels), &[stages.len(), rows])
            }
            Method::StagedPredictProba => {
                let stages: Vec<Array2<f64>> = stages.iter().map(|stage| self.softmax(stage)).collect();
                Ok(stacked(&stages, rows, classes)?.into())
            }
            _ if classes == 2 => reshaped(stacked(&stages, rows, 1)?, &[stages.len(), rows]),
            _ => Ok(stacked(&stages, rows, classes)?.into()),
        }
    }
}

struct AdaBoostRegressor {
    members: Vec<Fitted>,
    weights: Vec<f64>,
}

pub(crate) fn load_regressor(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let (members, weights) = members(s)?;
    Ok(Box::new(AdaBoostRegressor { members, weights }))
}

impl AdaBoostRegressor {
    /// One row a sample, one column a member.
    fn predictions(&self, x: &Samples) -> Result<Array2<f64>> {
        let mut out = Array2::zeros((x.rows(), self.members.len()));
        for (member, mut column) in self.members.iter().zip(out.columns_mut()) {
            let y = matrix(member.predict(x)?)?;
            expect(&y, x.rows(), 1)?;
            column.assign(&y.index_axis(Axis(1), 0));
        }
        Ok(out)
    }

    /// The weighted median of the first `limit` predictions of each sample.
    fn medians(&self, predictions: &Array2<f64>, limit: usize) -> Array1<f64> {
        let mut order: Vec<usize> = Vec::with_capacity(limit);
        let median = |row: ndarray::ArrayView1<'_, f64>| {
            order.clear();
            order.extend(0..limit);
            order.sort_by(|&a, &b| row[a].total_cmp(&row[b]));
            let mut sum = 0.0;
            let sums: Vec<f64> = order
                .iter()
                .map(|&k| {
                    sum += self.weights[k];
                    sum
                })
                .collect();
            // Without a place (NaN among the weights) it is the first, as `argmax` of only False.
            let at = sums.iter().position(|&below| below >= 0.5 * sum).unwrap_or(0);
            row[order[at]]
        };
        predictions.rows().into_iter().map(median).collect()
    }
}

impl Estimator for AdaBoostRegressor {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::StagedPredict])
    }

    fn n_features_in(&self) -> Option<usize> {
        self.members.first().and_then(|member| member.n_features_in)
    }

    fn door(&self, _: Method) -> Door {
        door(&self.members)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        Ok(Array::from(self.medians(&self.predictions(x)?, self.members.len()).to_vec()))
    }

    fn other(&self, _: Method, x: &Samples) -> Result<Output> {
        let predictions = self.predictions(x)?;
        let mut stages = Array2::zeros((self.members.len(), x.rows()));
        for (i, mut stage) in stages.rows_mut().into_iter().enumerate() {
            stage.assign(&self.medians(&predictions, i + 1));
        }
        Ok(stages.into())
    }
}
