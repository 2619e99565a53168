//! `OneVsRestClassifier`: one estimator for each class, or for each label of several.

use super::member::{Member, features_of, missing, stack};
use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    estimator::{Classes, Estimator},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

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
    /// Before 1.1 the probabilities of a single class were integers, which cannot be divided in place: numpy's words.
    integers: Option<&'static str>,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
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
        format_args!("estimators_ holds {} estimators for {} classes", members.len(), classes.len()),
    )?;
    let version = s.version();
    let single = target == Target::Binary && matches!(members[..], [Member::Constant(_)]);
    let integers = match version {
        _ if !single => None,
        (0, _) => Some("No loop matching the specified signature and casting was found for ufunc true_divide"),
        (1, 0) => Some(
            "Cannot cast ufunc 'true_divide' output from dtype('float64') to dtype('int64') with casting rule 'same_kind'",
        ),
        _ => None,
    };
    Ok(Box::new(OneVsRest {
        members,
        classes,
        target,
        first_wins: version >= (1, 8),
        keep_zeros: version >= (1, 7),
        own_words: version >= (1, 0),
        decision_column: version < (0, 19),
        integers,
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
        if let Some(words) = self.integers {
            return Err(Error::input_type(format_args!(
                "{words}: the model knows one class alone, for which this version has no probabilities; predict answers it"
            )));
        }
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
        if self.integers.is_some() && !self.decision_column {
            return Ok(columns.swap_remove(0).into_iter().map(|y| y as i64).collect::<Vec<_>>().into());
        }
        if columns.len() == 1 && !self.decision_column {
            return Ok(columns.swap_remove(0).into());
        }
        Ok(stack(&columns, x.rows()).into())
    }
}
