//! Which classes can be run: one sorted table from scikit-learn's name to the function that loads it.

use crate::{
    compose, dummy, ensemble, linear_model, model_selection, naive_bayes, neural_network, pipeline, preprocessing,
    state::Load, svm, tree,
};

/// Every supported class, by first package and class name, in order.
pub(crate) static REGISTRY: &[(&str, Load)] = &[
    ("compose.ColumnTransformer", compose::column_transformer::load),
    ("dummy.DummyClassifier", dummy::classifier),
    ("dummy.DummyRegressor", dummy::regressor),
    ("ensemble.AdaBoostClassifier", ensemble::weight_boosting::load_classifier),
    ("ensemble.AdaBoostRegressor", ensemble::weight_boosting::load_regressor),
    ("ensemble.BaggingClassifier", ensemble::bagging::load_classifier),
    ("ensemble.BaggingRegressor", ensemble::bagging::load_regressor),
    ("ensemble.ExtraTreesClassifier", ensemble::forest::classifier),
    ("ensemble.ExtraTreesRegressor", ensemble::forest::regressor),
    ("ensemble.GradientBoostingClassifier", ensemble::gb::classifier),
    ("ensemble.GradientBoostingRegressor", ensemble::gb::regressor),
    ("ensemble.HistGradientBoostingClassifier", ensemble::hist_gradient_boosting::load_classifier),
    ("ensemble.HistGradientBoostingRegressor", ensemble::hist_gradient_boosting::load_regressor),
    ("ensemble.IsolationForest", ensemble::iforest::load),
    ("ensemble.RandomForestClassifier", ensemble::forest::classifier),
    ("ensemble.RandomForestRegressor", ensemble::forest::regressor),
    ("ensemble.RandomTreesEmbedding", ensemble::embedding::load),
    ("ensemble.StackingClassifier", ensemble::stacking::load_classifier),
    ("ensemble.StackingRegressor", ensemble::stacking::load_regressor),
    ("ensemble.VotingClassifier", ensemble::voting::load_classifier),
    ("ensemble.VotingRegressor", ensemble::voting::load_regressor),
    ("grid_search.GridSearchCV", model_selection::load),
    ("grid_search.RandomizedSearchCV", model_selection::load),
    ("linear_model.ARDRegression", linear_model::bayes::load_ard),
    ("linear_model.BayesianRidge", linear_model::bayes::load),
    ("linear_model.ElasticNet", linear_model::base::load),
    ("linear_model.ElasticNetCV", linear_model::base::load),
    ("linear_model.GammaRegressor", linear_model::glm::load),
    ("linear_model.HuberRegressor", linear_model::base::load),
    ("linear_model.Lars", linear_model::base::load),
    ("linear_model.LarsCV", linear_model::base::load),
    ("linear_model.Lasso", linear_model::base::load),
    ("linear_model.LassoCV", linear_model::base::load),
    ("linear_model.LassoLars", linear_model::base::load),
    ("linear_model.LassoLarsCV", linear_model::base::load),
    ("linear_model.LassoLarsIC", linear_model::base::load),
    ("linear_model.LinearRegression", linear_model::base::load),
    ("linear_model.LogisticRegression", linear_model::logistic::load),
    ("linear_model.LogisticRegressionCV", linear_model::logistic::load),
    ("linear_model.MultiTaskElasticNet", linear_model::base::load),
    ("linear_model.MultiTaskElasticNetCV", linear_model::base::load),
    ("linear_model.MultiTaskLasso", linear_model::base::load),
    ("linear_model.MultiTaskLassoCV", linear_model::base::load),
    ("linear_model.OrthogonalMatchingPursuit", linear_model::base::load),
    ("linear_model.OrthogonalMatchingPursuitCV", linear_model::base::load),
    ("linear_model.PassiveAggressiveClassifier", linear_model::classifier::load),
    ("linear_model.PassiveAggressiveRegressor", linear_model::base::load_flat),
    ("linear_model.Perceptron", linear_model::classifier::load),
    ("linear_model.PoissonRegressor", linear_model::glm::load),
    ("linear_model.QuantileRegressor", linear_model::base::load),
    ("linear_model.RANSACRegressor", linear_model::ransac::load),
    ("linear_model.Ridge", linear_model::base::load),
    ("linear_model.RidgeCV", linear_model::base::load),
    ("linear_model.RidgeClassifier", linear_model::ridge::load_classifier),
    ("linear_model.RidgeClassifierCV", linear_model::ridge::load_classifier),
    ("linear_model.SGDClassifier", linear_model::stochastic_gradient::load_classifier),
    ("linear_model.SGDOneClassSVM", linear_model::stochastic_gradient::load_one_class),
    ("linear_model.SGDRegressor", linear_model::base::load_flat),
    ("linear_model.TheilSenRegressor", linear_model::base::load),
    ("linear_model.TweedieRegressor", linear_model::glm::load),
    ("model_selection.GridSearchCV", model_selection::load),
    ("model_selection.HalvingGridSearchCV", model_selection::load),
    ("model_selection.HalvingRandomSearchCV", model_selection::load),
    ("model_selection.RandomizedSearchCV", model_selection::load),
    ("naive_bayes.BernoulliNB", naive_bayes::load_bernoulli),
    ("naive_bayes.CategoricalNB", naive_bayes::load_categorical),
    ("naive_bayes.ComplementNB", naive_bayes::load_complement),
    ("naive_bayes.GaussianNB", naive_bayes::load_gaussian),
    ("naive_bayes.MultinomialNB", naive_bayes::load_multinomial),
    ("neural_network.BernoulliRBM", neural_network::rbm::load),
    ("neural_network.MLPClassifier", neural_network::multilayer_perceptron::load_classifier),
    ("neural_network.MLPRegressor", neural_network::multilayer_perceptron::load_regressor),
    ("pipeline.Pipeline", pipeline::load),
    ("preprocessing.FunctionTransformer", preprocessing::function_transformer::load),
    ("preprocessing.MaxAbsScaler", preprocessing::data::load_max_abs),
    ("preprocessing.MinMaxScaler", preprocessing::data::load_min_max),
    ("preprocessing.Normalizer", preprocessing::normalizer::load),
    ("preprocessing.OrdinalEncoder", preprocessing::ordinal_encoder::load),
    ("preprocessing.RobustScaler", preprocessing::data::load_robust),
    ("preprocessing.StandardScaler", preprocessing::data::load_standard),
    ("svm.LinearSVC", linear_model::classifier::load),
    ("svm.LinearSVR", linear_model::base::load),
    ("svm.NuSVC", svm::svc::load),
    ("svm.NuSVR", svm::svr::load),
    ("svm.OneClassSVM", svm::one_class::load),
    ("svm.SVC", svm::svc::load),
    ("svm.SVR", svm::svr::load),
    ("tree.DecisionTreeClassifier", tree::classes::classifier),
    ("tree.DecisionTreeRegressor", tree::classes::regressor),
    ("tree.ExtraTreeClassifier", tree::classes::classifier),
    ("tree.ExtraTreeRegressor", tree::classes::regressor),
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
