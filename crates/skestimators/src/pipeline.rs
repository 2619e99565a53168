//! `sklearn.pipeline`: `Pipeline`, transformers one after the other and a last step that answers.

pub(crate) mod union;

use std::borrow::Cow;

use skpickle::{Kind, Obj};

use crate::math::scratch;
use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    estimator::{Classes, Estimator, Fitted},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct Pipeline {
    /// The steps that do something, in order, with their names.
    steps: Vec<(String, Fitted)>,
    /// The last step passes its input on.
    ends_open: bool,
    /// The first step is one that passes its input on: the width of the input is not known then.
    starts_open: bool,
    /// A missing method is reported in the pipeline's own name rather than in the last step's.
    own_words: bool,
    names: bool,
    /// `score_samples` is passed on.
    scores_samples: bool,
}

/// The estimator of a step; `None` for `'passthrough'` and None.
pub(crate) fn step(s: &State<'_, '_>, obj: &Obj<'_>) -> Result<Option<Fitted>> {
    match obj.kind() {
        Kind::None => Ok(None),
        Kind::Str if obj.str()? == "passthrough" => Ok(None),
        Kind::Str => Err(obj.expected("an estimator or 'passthrough'").into()),
        _ => s.load(obj).map(Some),
    }
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let pairs = s.raw("steps")?.items()?;
    s.require(!pairs.is_empty(), "steps is empty")?;
    let mut steps = Vec::new();
    let (mut ends_open, mut starts_open) = (false, false);
    for (i, pair) in pairs.iter().enumerate() {
        let parts = pair.items()?;
        let [name, object] = parts.as_slice() else {
            return Err(pair.expected("a pair of a name and an estimator").into());
        };
        match step(s, object)? {
            None => {
                starts_open |= i == 0;
                ends_open = i + 1 == pairs.len();
            }
            Some(mut fitted) => {
                if !steps.is_empty() {
                    fitted.follow();
                }
                if i + 1 < pairs.len() && !fitted.has(Method::Transform) {
                    return Err(object
                        .error(
                            skpickle::ErrorKind::Value,
                            format_args!("'{}' is not the last step and has no transform", fitted.class),
                        )
                        .into());
                }
                steps.push((name.get()?, fitted));
            }
        }
    }
    let own_words = s.version() >= (1, 4);
    let names = s.version() >= (1, 0);
    // since 0.22
    let scores_samples = s.version() >= (0, 22);
    Ok(Box::new(Pipeline { steps, ends_open, starts_open, own_words, names, scores_samples }))
}

impl Pipeline {
    /// The last step, unless it passes its input on.
    fn last(&self) -> Option<&Fitted> {
        self.steps.last().map(|(_, fitted)| fitted).filter(|_| !self.ends_open)
    }

    /// The samples as the last step sees them, and the last step.
    fn before_last<'x>(&self, method: Method, x: &'x Samples) -> Result<(Cow<'x, Samples>, &Fitted)> {
        let last = self
            .last()
            .ok_or_else(|| Error::method(format_args!("'str' object has no attribute '{}'", method.attribute())))?;
        let before = &self.steps[..self.steps.len() - 1];
        let mut x = Cow::Borrowed(x);
        for (_, step) in before {
            let next = Cow::Owned(step.transform(&x)?);
            recycle(std::mem::replace(&mut x, next));
        }
        Ok((x, last))
    }

    fn delegate(&self, method: Method, x: &Samples) -> Result<Output> {
        let (x, last) = self.before_last(method, x)?;
        let answer = last.call(method, &x);
        recycle(x);
        answer
    }
}

/// Takes back the memory of what one step handed to the next.
fn recycle(x: Cow<'_, Samples>) {
    if let Cow::Owned(Samples::Dense(x)) = x {
        scratch::give_matrix(x);
    }
}

/// The methods that come from the last step.
const OF_LAST: &[Method] = &[
    Method::Predict,
    Method::PredictStd,
    Method::PredictCov,
    Method::PredictProba,
    Method::PredictLogProba,
    Method::DecisionFunction,
    Method::ScoreSamples,
];

impl Estimator for Pipeline {
    fn methods(&self) -> Methods {
        let mut methods = Methods::default();
        for &method in OF_LAST {
            methods = methods.with_if(self.last().is_some_and(|last| last.has(method)), method);
        }
        if !self.scores_samples {
            methods = methods.without(Method::ScoreSamples);
        }
        let all = |method| self.steps.iter().all(|(_, step)| step.has(method));
        methods
            .with_if(self.last().is_none_or(|last| last.has(Method::Transform)), Method::Transform)
            .with_if(all(Method::InverseTransform), Method::InverseTransform)
            .with_if(self.names && all(Method::FeatureNamesOut), Method::FeatureNamesOut)
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn follow(&mut self) {
        self.steps.iter_mut().take(1).for_each(|(_, first)| first.follow());
    }

    fn takes_numbers(&self) -> bool {
        self.steps.first().is_some_and(|(_, first)| first.estimator.takes_numbers())
    }

    fn n_features_in(&self) -> Option<usize> {
        self.steps.first().filter(|_| !self.starts_open).and_then(|(_, first)| first.n_features_in)
    }

    fn feature_names_in(&self) -> Option<&[String]> {
        self.steps.first().filter(|_| !self.starts_open).and_then(|(_, first)| first.feature_names_in.as_deref())
    }

    fn classes(&self) -> Classes<'_> {
        self.last().map_or(Classes::None, |last| last.estimator.classes())
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        if method == Method::FeatureNamesOut && self.names {
            let (name, _) = self.steps.iter().find(|(_, step)| !step.has(method))?;
            return Some(format!(
                "Estimator {name} does not provide get_feature_names_out. Did you mean to call \
                 pipeline[:-1].get_feature_names_out()?"
            ));
        }
        let of_steps = OF_LAST.contains(&method) || matches!(method, Method::Transform | Method::InverseTransform);
        if !of_steps {
            return None;
        }
        if self.own_words {
            return Some(format!("This 'Pipeline' has no attribute '{}'", method.attribute()));
        }
        let lacking = match method {
            Method::InverseTransform => self.steps.iter().map(|(_, step)| step).find(|step| !step.has(method)),
            _ => self.last(),
        };
        let Some(step) = lacking else {
            return Some(format!("'str' object has no attribute '{}'", method.attribute()));
        };
        step.require(method).err().map(|error| error.message().to_owned())
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let (x, last) = self.before_last(Method::Predict, x)?;
        let y = last.predict(&x);
        recycle(x);
        y
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        self.delegate(Method::PredictProba, x)
    }

    fn predict_log_proba(&self, x: &Samples) -> Result<Output> {
        self.delegate(Method::PredictLogProba, x)
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        let (x, last) = self.before_last(Method::DecisionFunction, x)?;
        last.decision_function(&x)
    }

    fn score_samples(&self, x: &Samples) -> Result<Array> {
        let (x, last) = self.before_last(Method::ScoreSamples, x)?;
        last.score_samples(&x)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let mut x = Cow::Borrowed(x);
        for (_, step) in &self.steps {
            x = Cow::Owned(step.transform(&x)?);
        }
        Ok(x.into_owned())
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let mut x = Cow::Borrowed(x);
        for (_, step) in self.steps.iter().rev() {
            x = Cow::Owned(step.inverse_transform(&x)?);
        }
        Ok(x.into_owned())
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        self.delegate(method, x)
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        let mut names = Cow::Borrowed(input);
        for (_, step) in &self.steps {
            names = Cow::Owned(step.feature_names_out(Some(&names))?);
        }
        Ok(names.into_owned())
    }
}
