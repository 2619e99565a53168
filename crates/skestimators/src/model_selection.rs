//! `sklearn.model_selection` and `sklearn.grid_search`: searches, which answer through the best estimator that they found.

mod threshold;

pub(crate) use threshold::{load_fixed, load_tuned};

use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    estimator::{Classes, Estimator, Fitted},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// `GridSearchCV`, `RandomizedSearchCV`, `HalvingGridSearchCV`, `HalvingRandomSearchCV`.
struct Search {
    class: String,
    /// `best_estimator_`; `None` with `refit=False`.
    best: Option<Fitted>,
    /// A missing method is reported in the search's own name rather than in the best estimator's.
    own_words: bool,
    /// The words about `refit=False` are those of 0.24 and before.
    old_words: bool,
    /// `score_samples` is passed on.
    scores_samples: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let best = if s.has("best_estimator_") || refits(s) { Some(s.estimator("best_estimator_")?) } else { None };
    // since 0.24
    let scores_samples = s.version() >= (0, 24);
    let (own_words, old_words) = (s.version() >= (1, 4), s.version() < (1, 0));
    Ok(Box::new(Search { class: s.class().to_owned(), best, own_words, old_words, scores_samples }))
}

/// Whether `refit` is anything but False: with several metrics it names one, or is a function.
fn refits(s: &State<'_, '_>) -> bool {
    s.raw_opt("refit").is_some_and(|refit| refit.get::<bool>().unwrap_or(true))
}

/// The methods that a search passes on.
const PASSED: &[Method] = &[
    Method::Predict,
    Method::PredictProba,
    Method::PredictLogProba,
    Method::DecisionFunction,
    Method::ScoreSamples,
    Method::Transform,
    Method::InverseTransform,
];

impl Search {
    fn best(&self, method: Method) -> Result<&Fitted> {
        self.best.as_ref().ok_or_else(|| Error::method(self.not_refitted(method)))
    }

    fn not_refitted(&self, method: Method) -> String {
        if self.old_words {
            return format!(
                "This {} instance was initialized with refit=False. {} is available only after refitting on the best \
                 parameters. You can refit an estimator manually using the ``best_params_`` attribute",
                self.class,
                method.attribute()
            );
        }
        format!(
            "This {} instance was initialized with `refit=False`. {} is available only after refitting on the best \
             parameters. You can refit an estimator manually using the `best_params_` attribute",
            self.class,
            method.attribute()
        )
    }
}

impl Estimator for Search {
    fn methods(&self) -> Methods {
        let mut methods = Methods::default();
        for &method in PASSED {
            methods = methods.with_if(self.best.as_ref().is_some_and(|best| best.has(method)), method);
        }
        if self.scores_samples { methods } else { methods.without(Method::ScoreSamples) }
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn follow(&mut self) {
        self.best.iter_mut().for_each(|best| best.follow());
    }

    fn n_features_in(&self) -> Option<usize> {
        self.best.as_ref().and_then(|best| best.n_features_in)
    }

    fn feature_names_in(&self) -> Option<&[String]> {
        self.best.as_ref().and_then(|best| best.feature_names_in.as_deref())
    }

    fn classes(&self) -> Classes<'_> {
        self.best.as_ref().map_or(Classes::None, |best| best.estimator.classes())
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        if !PASSED.contains(&method) {
            return None;
        }
        match &self.best {
            None => Some(self.not_refitted(method)),
            Some(_) if self.own_words => {
                Some(format!("This '{}' has no attribute '{}'", self.class, method.attribute()))
            }
            Some(best) => best.require(method).err().map(|error| error.message().to_owned()),
        }
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        self.best(Method::Predict)?.predict(x)
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        self.best(Method::PredictProba)?.predict_proba(x)
    }

    fn predict_log_proba(&self, x: &Samples) -> Result<Output> {
        self.best(Method::PredictLogProba)?.call(Method::PredictLogProba, x)
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        self.best(Method::DecisionFunction)?.decision_function(x)
    }

    fn score_samples(&self, x: &Samples) -> Result<Array> {
        self.best(Method::ScoreSamples)?.score_samples(x)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        self.best(Method::Transform)?.transform(x)
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        self.best(Method::InverseTransform)?.inverse_transform(x)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Method, Samples, estimator::written_by};

    #[test]
    fn without_refit_methods_are_refused_in_the_words_of_the_version() {
        for (version, words) in
            [("0.24.2", "with refit=False. predict is"), ("1.0.2", "with `refit=False`. predict is")]
        {
            let model = written_by(version, "sklearn.model_selection._search", "GridSearchCV", "Vrefit\nI00\n");
            let x = Samples::from(ndarray::array![[1.0]]);
            let refused = model.and_then(|model| model.call(Method::Predict, &x)).unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
        }
    }
}
