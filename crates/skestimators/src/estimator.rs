//! The trait that every estimator has, and the handle through which they reach one another.

use std::{fmt, sync::OnceLock};

use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    method::{Method, Methods},
    validation::{self, Door},
    wording::{self, Age},
};

/// What can be asked of a fitted estimator.
///
/// Inputs have passed the door that [`Estimator::door`] names, so that they have the right width and form. A method
/// that is not in [`Estimator::methods`] is never called.
pub(crate) trait Estimator: Send + Sync {
    /// The methods that this object has, as `hasattr` would say in Python.
    fn methods(&self) -> Methods;

    /// How the input of a method is checked before the method sees it.
    fn door(&self, method: Method) -> Door;

    /// Width of the input by the shapes of the fitted arrays. Files before 0.23 do not record it, and a file that does must agree.
    fn n_features_in(&self) -> Option<usize> {
        None
    }

    /// `feature_names_in_`, of an estimator that has it from another inside it.
    fn feature_names_in(&self) -> Option<&[String]> {
        None
    }

    /// `classes_`: one array, or one for each output.
    fn classes(&self) -> Classes<'_> {
        Classes::None
    }

    /// scikit-learn's words when a method is missing, where they are not the usual ones.
    fn missing_method(&self, _method: Method) -> Option<String> {
        None
    }

    /// Whether `transform` begins by making numbers of what it is given: they may then as well be given in the place of mixed values.
    fn takes_numbers(&self) -> bool {
        let door = self.door(Method::Transform);
        !door.open && !door.values
    }

    /// Says that samples come from another step, in the order of the fit: columns that were chosen by name are then found by their places.
    fn follow(&mut self) {}

    /// Whether every sample is answered alike.
    fn ignores_samples(&self) -> bool {
        false
    }

    fn predict(&self, _x: &Samples) -> Result<Array> {
        Err(unreachable_method(Method::Predict))
    }

    fn predict_proba(&self, _x: &Samples) -> Result<Output> {
        Err(unreachable_method(Method::PredictProba))
    }

    /// The logarithm of `predict_proba` unless the class computes it otherwise.
    fn predict_log_proba(&self, x: &Samples) -> Result<Output> {
        Ok(log_of(self.predict_proba(x)?))
    }

    fn decision_function(&self, _x: &Samples) -> Result<Array> {
        Err(unreachable_method(Method::DecisionFunction))
    }

    fn score_samples(&self, _x: &Samples) -> Result<Array> {
        Err(unreachable_method(Method::ScoreSamples))
    }

    fn transform(&self, _x: &Samples) -> Result<Samples> {
        Err(unreachable_method(Method::Transform))
    }

    fn inverse_transform(&self, _x: &Samples) -> Result<Samples> {
        Err(unreachable_method(Method::InverseTransform))
    }

    /// The methods that few classes have.
    fn other(&self, method: Method, _x: &Samples) -> Result<Output> {
        Err(unreachable_method(method))
    }

    /// Names of the columns that `transform` gives, from those of its input.
    fn feature_names_out(&self, _input: &[String]) -> Result<Vec<String>> {
        Err(unreachable_method(Method::FeatureNamesOut))
    }
}

/// `classes_` of a classifier.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Classes<'a> {
    /// There is no such attribute.
    None,
    /// Of one output.
    One(&'a Array),
    /// Of several.
    Many(&'a [Array]),
}

/// Only reached when an estimator's `methods` names one that it does not have: a defect of this crate.
#[cold]
fn unreachable_method(method: Method) -> Error {
    Error::method(format_args!("{} is announced but not there; please report this model", method.name()))
}

/// Natural logarithm of every element.
pub(crate) fn log_of(output: Output) -> Output {
    let log = |array: Array| match array {
        Array::F64(mut a) => {
            a.mapv_inplace(f64::ln);
            Array::F64(a)
        }
        other => other,
    };
    match output {
        Output::Array(array) => Output::Array(log(array)),
        Output::Arrays(arrays) => Output::Arrays(arrays.into_iter().map(log).collect()),
        other => other,
    }
}

/// An estimator with what scikit-learn's base classes know about it: the one way in for callers and meta-estimators.
pub(crate) struct Fitted {
    /// scikit-learn's class name, such as `LogisticRegression`.
    pub(crate) class: String,
    /// The registry's key, such as `linear_model.LogisticRegression`.
    pub(crate) key: &'static str,
    /// `n_features_in_`, or what the class kept in its place before 0.23.
    pub(crate) n_features_in: Option<usize>,
    /// `feature_names_in_`.
    pub(crate) feature_names_in: Option<Vec<String>>,
    /// Whether a table with other names is refused (since 1.2; 1.0 and 1.1 warn, and go by position).
    pub(crate) names_bind: bool,
    /// From when the words of its refusals are.
    pub(crate) age: Age,
    /// The library whose frames `set_output` asks for.
    pub(crate) frames: Option<&'static str>,
    /// The object itself.
    pub(crate) estimator: Box<dyn Estimator>,
    /// Its methods, which every call asks for: those of a pipeline are asked of all its steps.
    pub(crate) methods: OnceLock<Methods>,
}

impl Fitted {
    #[inline(never)]
    pub(crate) fn has(&self, method: Method) -> bool {
        self.methods.get_or_init(|| self.estimator.methods()).has(method)
    }

    /// See [`Estimator::follow`].
    pub(crate) fn follow(&mut self) {
        self.estimator.follow();
        self.methods = OnceLock::new();
    }

    /// Refuses a method that the object does not have, in scikit-learn's words.
    pub(crate) fn require(&self, method: Method) -> Result<()> {
        if self.has(method) {
            return Ok(());
        }
        Err(Error::method(
            self.estimator
                .missing_method(method)
                .unwrap_or_else(|| format!("'{}' object has no attribute '{}'", self.class, method.attribute())),
        ))
    }

    fn enter<'x>(&self, method: Method, x: &'x Samples) -> Result<std::borrow::Cow<'x, Samples>> {
        self.require(method)?;
        validation::check(self, self.estimator.door(method), x)
    }

    pub(crate) fn predict(&self, x: &Samples) -> Result<Array> {
        self.estimator.predict(&*self.enter(Method::Predict, x)?)
    }

    pub(crate) fn predict_proba(&self, x: &Samples) -> Result<Output> {
        self.estimator.predict_proba(&*self.enter(Method::PredictProba, x)?)
    }

    pub(crate) fn decision_function(&self, x: &Samples) -> Result<Array> {
        self.estimator.decision_function(&*self.enter(Method::DecisionFunction, x)?)
    }

    pub(crate) fn transform(&self, x: &Samples) -> Result<Samples> {
        self.framed(self.estimator.transform(&*self.enter(Method::Transform, x)?)?)
    }

    /// An answer of `transform`, which cannot be sparse where it becomes a frame.
    fn framed(&self, answer: Samples) -> Result<Samples> {
        match (self.frames, &answer) {
            (Some(library), Samples::Sparse(_)) => {
                Err(Error::input(wording::sparse_frame(&self.class, self.age, library)))
            }
            _ => Ok(answer),
        }
    }

    pub(crate) fn score_samples(&self, x: &Samples) -> Result<Array> {
        self.estimator.score_samples(&*self.enter(Method::ScoreSamples, x)?)
    }

    pub(crate) fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        self.estimator.inverse_transform(&*self.enter(Method::InverseTransform, x)?)
    }

    /// Any method, by name.
    pub(crate) fn call(&self, method: Method, x: &Samples) -> Result<Output> {
        // Python's takes no samples: whatever they are, they are not looked at.
        if method == Method::FeatureNamesOut {
            return self.feature_names_out(None).map(Output::Names);
        }
        let x = &*self.enter(method, x)?;
        let e = &self.estimator;
        Ok(match method {
            Method::Predict => e.predict(x)?.into(),
            Method::PredictProba => e.predict_proba(x)?,
            Method::PredictLogProba => e.predict_log_proba(x)?,
            Method::DecisionFunction => e.decision_function(x)?.into(),
            Method::ScoreSamples => e.score_samples(x)?.into(),
            Method::Transform => self.framed(e.transform(x)?)?.into(),
            Method::InverseTransform => e.inverse_transform(x)?.into(),
            other => e.other(other, x)?,
        })
    }

    /// Names of the columns that `transform` gives. Without `input`, `feature_names_in_` or `x0`, `x1`, … are taken.
    pub(crate) fn feature_names_out(&self, input: Option<&[String]>) -> Result<Vec<String>> {
        self.require(Method::FeatureNamesOut)?;
        if let Some(input) = input {
            return self.estimator.feature_names_out(input);
        }
        let names = match &self.feature_names_in {
            Some(names) => names.clone(),
            None => (0..self.n_features_in.unwrap_or(0)).map(|i| format!("x{i}")).collect(),
        };
        self.estimator.feature_names_out(&names)
    }
}

impl fmt::Debug for Fitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key)
    }
}

/// A model of scikit-learn 1.9.1 by hand, for tests: its class and its attributes, written as a pickle writes them.
#[cfg(test)]
pub(crate) fn written(module: &str, class: &str, attributes: &str) -> Result<crate::Model> {
    written_by("1.9.1", module, class, attributes)
}

/// The same by another version.
#[cfg(test)]
pub(crate) fn written_by(version: &str, module: &str, class: &str, attributes: &str) -> Result<crate::Model> {
    crate::Model::from_bytes(format!("c{module}\n{class}\n)R}}(V_sklearn_version\nV{version}\n{attributes}ub."))
}

/// An array of doubles for [`written`].
#[cfg(test)]
pub(crate) fn doubles(shape: &[usize], values: &[f64]) -> String {
    let shape: String = shape.iter().map(|n| format!("I{n}\n")).collect();
    let bytes: String = values.iter().flat_map(|v| v.to_le_bytes()).map(|b| format!("\\x{b:02x}")).collect();
    format!(
        "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR(I1\n({shape}tcnumpy\ndtype\n(Vf8\nI00\nI01\ntR\
         (I3\nV<\nNNNI-1\nI-1\nI0\ntbI00\nS'{bytes}'\ntb"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_not_made_of_sparse_answers() -> Result<()> {
        let asking = |library: &str| {
            let config = format!("V_sklearn_output_config\n}}Vtransform\nV{library}\ns");
            written(
                "sklearn.preprocessing._data",
                "Binarizer",
                &format!("Vthreshold\nF0\nVn_features_in_\nI1\n{config}"),
            )
        };
        let sparse = Samples::from(crate::data::Csr::new(1, 1, vec![0, 1], vec![0], vec![2.0])?);
        let refused = asking("pandas")?.transform(&sparse).map_err(|e| e.to_string());
        assert!(refused.is_err_and(|e| e.starts_with(
            "The transformer outputs a scipy sparse matrix. Try to set the transformer output to a dense array or disable Pandas \
             output with set_output(transform='default')."
        )));
        assert!(asking("pandas")?.transform(&ndarray::array![[2.0]].into()).is_ok());
        assert!(asking("default")?.transform(&sparse).is_ok());
        Ok(())
    }

    #[test]
    fn names_are_told_whatever_the_samples_are() -> Result<()> {
        let model = written("sklearn.preprocessing._data", "Binarizer", "Vthreshold\nF0\nVn_features_in_\nI1\n")?;
        let x = Samples::from(ndarray::array![[f64::NAN]]);
        assert!(model.call(Method::Transform, &x).is_err());
        assert_eq!(model.call(Method::FeatureNamesOut, &x)?, Output::Names(vec!["x0".into()]));
        Ok(())
    }
}
