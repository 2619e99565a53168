//! Which classes can be run: one sorted table from scikit-learn's name to the function that loads it.

use crate::{linear_model, neural_network, state::Load};

/// Every supported class, by first package and class name, in order.
pub(crate) static REGISTRY: &[(&str, Load)] = &[
    ("linear_model.LinearRegression", linear_model::base::load),
    ("linear_model.LogisticRegression", linear_model::logistic::load),
    ("linear_model.LogisticRegressionCV", linear_model::logistic::load),
    ("neural_network.MLPClassifier", neural_network::multilayer_perceptron::load_classifier),
    ("neural_network.MLPRegressor", neural_network::multilayer_perceptron::load_regressor),
];

/// Finds a class by its key.
pub(crate) fn lookup(key: &str) -> Option<(&'static str, Load)> {
    let index = REGISTRY.binary_search_by(|(name, _)| (*name).cmp(key)).ok()?;
    Some(REGISTRY[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_no_duplicates() {
        for pair in REGISTRY.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
    }
}
