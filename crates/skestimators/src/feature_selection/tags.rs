//! `sklearn.utils.get_tags(estimator).input_tags.allow_nan` of an estimator that may not be fitted: its class and parameters tell.

use skpickle::Obj;

use crate::tree::classes::has_nan_tag;

/// Estimators inside one another that are looked into.
const DEPTH: usize = 16;

/// Whether scikit-learn says of the estimator that it takes NaN.
pub(super) fn allows_nan(estimator: &Obj<'_>, version: (u32, u32)) -> bool {
    allows(estimator, version, DEPTH)
}

fn allows(estimator: &Obj<'_>, version: (u32, u32), depth: usize) -> bool {
    let Some(class) = estimator.class() else { return false };
    let parameter = |name: &str| estimator.field(name).ok().filter(|field| !field.is_none());
    let text = |name: &str| parameter(name).and_then(|field| field.str().ok().map(|text| text.into_owned()));
    let inner = |field: Option<Obj<'_>>| depth > 0 && field.is_some_and(|inner| allows(&inner, version, depth - 1));
    match class.name {
        "HistGradientBoostingClassifier" | "HistGradientBoostingRegressor" => true,
        "IsolationForest" => version >= (1, 6),
        "DecisionTreeClassifier"
        | "DecisionTreeRegressor"
        | "ExtraTreeClassifier"
        | "ExtraTreeRegressor"
        | "RandomForestClassifier"
        | "RandomForestRegressor"
        | "ExtraTreesClassifier"
        | "ExtraTreesRegressor" => {
            has_nan_tag(class.name, version, text("splitter").as_deref(), text("criterion").as_deref())
        }
        // Of such trees.
        "RandomTreesEmbedding" => has_nan_tag("ExtraTreeRegressor", version, Some("random"), Some("squared_error")),
        "KNeighborsClassifier"
        | "KNeighborsRegressor"
        | "RadiusNeighborsClassifier"
        | "RadiusNeighborsRegressor"
        | "NearestCentroid" => version >= (1, 6) && text("metric").is_some_and(|name| name == "nan_euclidean"),
        "BaggingClassifier" | "BaggingRegressor" => {
            // Without an estimator it is a decision tree's.
            version >= (1, 3) && parameter("estimator").is_none_or(|estimator| inner(Some(estimator)))
        }
        "VotingClassifier" | "VotingRegressor" | "StackingClassifier" | "StackingRegressor" => {
            let members = parameter("estimators").and_then(|field| field.items().ok()).unwrap_or_default();
            let member = |pair: &Obj<'_>| {
                let estimator = pair.items().ok().and_then(|pair| pair.into_iter().nth(1));
                estimator.is_some_and(|member| member.str().is_ok_and(|text| text == "drop") || inner(Some(member)))
            };
            version >= (1, 4) && members.iter().all(member)
        }
        _ => false,
    }
}
