//! One row after warm-up allocates nothing that is not in the answer.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use skestimators::{Method, Model, Output, Samples};

/// Allocations of one call, and those that its answer holds.
fn count(model: &Model, method: Method, x: &Samples) -> (u64, u64) {
    for _ in 0..3 {
        model.call(method, x).unwrap();
    }
    let mut answer = None;
    let made = allocation_counter::measure(|| answer = Some(model.call(method, x).unwrap())).count_total;
    let mut copy = None;
    let held = allocation_counter::measure(|| copy = Some(answer.clone())).count_total;
    assert!(!matches!(copy, Some(Some(Output::Names(_)))));
    (made, held)
}

#[test]
fn one_row_allocates_its_answer_alone() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    let mut report = String::new();
    for (case, method) in CASES {
        let Ok(folder) = std::fs::read_dir(testdata.join(case)) else {
            report.push_str(&format!("{case}: no such case\n"));
            continue;
        };
        let files = folder.flatten().map(|entry| entry.path());
        let newest =
            files.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("1.9")));
        let Some(file) = newest.max() else {
            report.push_str(&format!("{case}: no file of 1.9\n"));
            continue;
        };
        let model = Model::from_path(file).unwrap();
        let x = Samples::from(ndarray::Array2::from_elem((1, model.n_features_in().unwrap()), 0.5));
        let (made, held) = count(&model, *method, &x);
        if made > held {
            report.push_str(&format!("{case} {}: {made} allocations, {held} of them the answer's\n", method.name()));
        }
    }
    assert!(report.is_empty(), "{report}");
}

const CASES: &[(&str, Method)] = &[
    ("linear_model/LinearRegression", Method::Predict),
    ("linear_model/LinearRegression-targets", Method::Predict),
    ("linear_model/LogisticRegression-multiclass", Method::Predict),
    ("linear_model/LogisticRegression-multiclass", Method::PredictProba),
    ("linear_model/LogisticRegression-binary", Method::PredictProba),
    ("linear_model/LogisticRegression-binary", Method::DecisionFunction),
    ("neural_network/MLPClassifier-relu", Method::Predict),
    ("neural_network/MLPClassifier-relu", Method::PredictProba),
    ("neural_network/MLPRegressor-relu", Method::Predict),
    ("tree/DecisionTreeClassifier", Method::Predict),
    ("tree/DecisionTreeClassifier", Method::PredictProba),
    ("ensemble/RandomForestClassifier", Method::Predict),
    ("ensemble/RandomForestClassifier", Method::PredictProba),
    ("ensemble/RandomForestRegressor", Method::Predict),
    ("ensemble/GradientBoostingClassifier", Method::Predict),
    ("ensemble/GradientBoostingClassifier", Method::PredictProba),
    ("ensemble/GradientBoostingRegressor", Method::Predict),
    ("ensemble/HistGradientBoostingClassifier", Method::Predict),
    ("ensemble/HistGradientBoostingClassifier", Method::PredictProba),
    ("ensemble/HistGradientBoostingRegressor", Method::Predict),
    ("svm/SVC-rbf", Method::Predict),
    ("svm/SVR", Method::Predict),
    ("preprocessing/StandardScaler", Method::Transform),
    ("pipeline/Pipeline-svc", Method::Predict),
];
