//! `sklearn.linear_model._logistic`: `LogisticRegression`, `LogisticRegressionCV`.

use crate::{
    error::Result,
    estimator::Estimator,
    linear_model::classifier::{LinearClassifier, Probability, classes},
    state::State,
};

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let binary = classes(s)?.len() <= 2;
    Ok(Box::new(LinearClassifier::load(s, probability(s, binary)?)?))
}

/// `multi_class` as its versions mean it: 'warn' (0.20, 0.21) is 'ovr', 'auto' depends on the problem and the solver, and from 1.8
/// on the parameter is gone: binary problems are logistic, all others multinomial.
fn probability(s: &State<'_, '_>, binary: bool) -> Result<Probability> {
    let one_vs_rest = Probability::OneVsRest { uniform: s.version() >= (1, 9) };
    if s.version() >= (1, 8) {
        return Ok(if binary { one_vs_rest } else { Probability::Softmax });
    }
    // Files of 0.15 and older have no `solver`: there was only liblinear.
    let solver = s.opt::<String>("solver")?.unwrap_or_else(|| "liblinear".to_owned());
    let ovr_solver = solver == "liblinear" || solver == "newton-cholesky" && s.version() < (1, 6);
    let auto = binary || ovr_solver;
    let ovr = s.choice(
        "multi_class",
        Some(if s.version() < (0, 22) { "ovr" } else { "auto" }),
        &[
            ("ovr", true),
            ("warn", true),
            // Two classes got one logistic function up to 0.19 whatever was asked for.
            ("multinomial", binary && s.version() < (0, 20)),
            ("auto", auto),
            ("deprecated", auto),
        ],
    )?;
    Ok(if ovr { one_vs_rest } else { Probability::Softmax })
}
