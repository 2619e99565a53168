//! `sklearn.ensemble._stacking`: `StackingClassifier`, `StackingRegressor`: the members' answers are what a final estimator sees.

use ndarray::{Array2, Axis, Slice};

use crate::{
    compose::columns::hstack,
    data::{Array, Output, Samples},
    ensemble::members::{codes, matrix, names},
    error::{Error, Result},
    estimator::{Classes, Estimator, Fitted},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// `classes_` of a classifier with one output or several.
enum Labels {
    /// A regressor has none.
    None,
    One(Array),
    Many(Vec<Array>),
}

struct Stacking {
    class: String,
    members: Vec<(Fitted, Method)>,
    names: Vec<String>,
    last: Fitted,
    labels: Labels,
    passthrough: bool,
    /// Width of each member's part, where names of the output can be asked for.
    widths: Option<Vec<usize>>,
    /// A missing method is reported in the name of this class.
    own_words: bool,
}

pub(crate) fn load_classifier(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let name = if s.has("_label_encoder") { "_label_encoder" } else { "_le" };
    let encoder = s.raw(name)?;
    let labels = match encoder.kind() {
        skpickle::Kind::List => {
            let encoders = encoder.items()?;
            Labels::Many(encoders.iter().map(|encoder| s.open(encoder)?.classes()).collect::<Result<_>>()?)
        }
        _ => Labels::One(s.open(&encoder)?.classes()?),
    };
    load(s, labels)
}

pub(crate) fn load_regressor(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    load(s, Labels::None)
}

fn load(s: &State<'_, '_>, labels: Labels) -> Result<Box<dyn Estimator>> {
    let estimators = s.estimators("estimators_")?;
    let methods: Vec<Option<String>> = s.get("stack_method_")?;
    let methods: Vec<String> = methods.into_iter().flatten().collect();
    let names: Vec<String> = names(s)?.into_iter().filter(|(_, dropped)| !dropped).map(|(name, _)| name).collect();
    s.require(
        !estimators.is_empty() && methods.len() == estimators.len() && names.len() == estimators.len(),
        format_args!(
            "estimators_ has {} estimators, stack_method_ {} and estimators {}",
            estimators.len(),
            methods.len(),
            names.len()
        ),
    )?;
    let mut members = Vec::with_capacity(estimators.len());
    for (fitted, name) in estimators.into_iter().zip(&methods) {
        let method = match name.as_str() {
            "predict" => Method::Predict,
            "predict_proba" => Method::PredictProba,
            "decision_function" => Method::DecisionFunction,
            other => return Err(s.error(format_args!("stack_method_ '{}' is not known", skpickle::printable(other)))),
        };
        s.require(fitted.has(method), format_args!("a '{}' in estimators_ has no {name}", fitted.class))?;
        members.push((fitted, method));
    }
    // since 1.1
    let widths: Option<Vec<usize>> = s.opt("_n_feature_outs")?;
    if let Some(widths) = &widths {
        // Names are made for every column that this claims.
        let total = widths.iter().fold(0u64, |sum, &width| sum.saturating_add(width as u64));
        s.obj().charge(total.saturating_mul(32))?;
    }
    Ok(Box::new(Stacking {
        class: s.class().to_owned(),
        members,
        names,
        last: s.estimator("final_estimator_")?,
        labels,
        passthrough: s.opt("passthrough")?.unwrap_or(false),
        widths,
        own_words: s.version() >= (1, 4),
    }))
}

impl Stacking {
    /// `len(classes_)`, which is the number of outputs where there are several.
    fn classes_len(&self) -> usize {
        match &self.labels {
            Labels::None => 0,
            Labels::One(classes) => classes.len(),
            Labels::Many(classes) => classes.len(),
        }
    }

    /// Probabilities without the first class, which follows from the others.
    fn without_first(p: &Array2<f64>) -> Samples {
        Samples::Dense(p.slice_axis(Axis(1), Slice::from(1..)).to_owned())
    }

    fn parts(&self, member: &Fitted, method: Method, x: &Samples) -> Result<Vec<Samples>> {
        Ok(match member.call(method, x)? {
            Output::Arrays(outputs) => {
                outputs.into_iter().map(|output| Ok(Self::without_first(&matrix(output)?))).collect::<Result<_>>()?
            }
            output => {
                let array = output.into_array().ok_or_else(|| Error::input("an estimator answers with no array"))?;
                let flat = array.shape().len() == 1;
                let values = matrix(array)?;
                let pair = !flat && method == Method::PredictProba && self.classes_len() == 2 && values.ncols() > 0;
                vec![if pair { Self::without_first(&values) } else { Samples::Dense(values) }]
            }
        })
    }

    fn decoded(&self, y: &Array) -> Result<Array> {
        match &self.labels {
            Labels::None => Ok(y.clone()),
            Labels::One(classes) => Ok(classes.take(&codes(y, classes.len())?)),
            Labels::Many(classes) => {
                let y = matrix(y.clone())?;
                if y.ncols() != classes.len() {
                    return Err(Error::input(format_args!(
                        "the final estimator answers for {} outputs, expected {}",
                        y.ncols(),
                        classes.len()
                    )));
                }
                let column = |(y, classes): (ndarray::ArrayView1<'_, f64>, &Array)| {
                    Ok(classes.take(&codes(&Array::from(y.to_vec()), classes.len())?))
                };
                let columns: Vec<Array> = y.columns().into_iter().zip(classes).map(column).collect::<Result<_>>()?;
                Array::columns(&columns).ok_or_else(|| Error::input("the outputs have labels of different types"))
            }
        }
    }
}

impl Estimator for Stacking {
    fn methods(&self) -> Methods {
        let classifier = !matches!(self.labels, Labels::None);
        Methods::of(&[Method::Transform])
            .with_if(self.last.has(Method::Predict), Method::Predict)
            .with_if(classifier && self.last.has(Method::PredictProba), Method::PredictProba)
            .with_if(classifier && self.last.has(Method::DecisionFunction), Method::DecisionFunction)
            .with_if(self.widths.is_some(), Method::FeatureNamesOut)
    }

    fn n_features_in(&self) -> Option<usize> {
        self.members.first().and_then(|(member, _)| member.n_features_in)
    }

    fn feature_names_in(&self) -> Option<&[String]> {
        self.members.first().and_then(|(member, _)| member.feature_names_in.as_deref())
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn classes(&self) -> Classes<'_> {
        match &self.labels {
            Labels::None => Classes::None,
            Labels::One(classes) => Classes::One(classes),
            Labels::Many(classes) => Classes::Many(classes),
        }
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        let classifier = !matches!(self.labels, Labels::None);
        match method {
            Method::Predict => {}
            Method::PredictProba | Method::DecisionFunction if classifier => {}
            _ => return None,
        }
        if self.own_words {
            return Some(format!("This '{}' has no attribute '{}'", self.class, method.attribute()));
        }
        self.last.require(method).err().map(|error| error.message().to_owned())
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let mut parts = Vec::with_capacity(self.members.len() + 1);
        for (member, method) in &self.members {
            parts.extend(self.parts(member, *method, x)?);
        }
        let sparse = self.passthrough && matches!(x, Samples::Sparse(_));
        if self.passthrough {
            parts.push(x.clone());
        }
        hstack(parts, x.rows(), sparse)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        self.decoded(&self.last.predict(&self.transform(x)?)?)
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        let p = self.last.predict_proba(&self.transform(x)?)?;
        if !matches!(self.labels, Labels::Many(_)) {
            return Ok(p);
        }
        // The first class of each output, as scikit-learn takes it.
        let Output::Arrays(outputs) = p else {
            return Err(Error::input("too many indices for array: array is 1-dimensional, but 2 were indexed"));
        };
        let first = |output: Array| {
            let p = matrix(output)?;
            if p.ncols() == 0 {
                Err(Error::input("an output without classes"))
            } else {
                Ok(Array::from(p.column(0).to_vec()))
            }
        };
        let columns: Vec<Array> = outputs.into_iter().map(first).collect::<Result<_>>()?;
        Array::columns(&columns).map(Output::from).ok_or_else(|| Error::input("the outputs differ in length"))
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        self.last.decision_function(&self.transform(x)?)
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        let class = self.class.to_lowercase();
        let mut out = Vec::new();
        for (name, &width) in self.names.iter().zip(self.widths.iter().flatten()) {
            if width == 1 {
                out.push(format!("{class}_{name}"));
            } else {
                out.extend((0..width).map(|i| format!("{class}_{name}{i}")));
            }
        }
        if self.passthrough {
            out.extend_from_slice(input);
        }
        Ok(out)
    }
}
