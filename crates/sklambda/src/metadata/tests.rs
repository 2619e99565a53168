use std::{fs, path::PathBuf};

use skestimators::Model;
use skpickle::Limits;

use super::{File, describe};
use crate::json::Json;

fn testdata() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata"))
}

fn described(path: PathBuf) -> Option<(Model, Json)> {
    let graph = skpickle::load_path(path, &Limits::default()).ok()?;
    let model = Model::from_graph(&graph, None).ok()?;
    let metadata = describe(&model.object(&graph).unwrap(), &model, &File::default());
    Some((model, metadata))
}

fn example(name: &str) -> Json {
    described(testdata().join("examples").join(name)).unwrap().1
}

fn at<'j>(json: &'j Json, path: &[&str]) -> &'j Json {
    path.iter().fold(json, |json, step| match (json, step.parse::<usize>()) {
        (Json::Array(items), Ok(i)) => &items[i],
        _ => json.get(step).unwrap_or_else(|| panic!("no {step} in {}", json.dumps(false))),
    })
}

#[test]
fn a_classifier() {
    let json = &example("iris_logistic.joblib");
    assert_eq!(at(json, &["key"]).dumps(false), "\"linear_model.LogisticRegression\"");
    assert_eq!(at(json, &["classes"]).dumps(false), "[0, 1, 2]");
    assert_eq!(at(json, &["input", "width"]).dumps(false), "4");
    assert_eq!(at(json, &["example", "answered"]), &Json::Bool(true));
    let params = at(json, &["tree", "params"]).dumps(false);
    assert!(params.contains(r#"{"name": "C", "value": "1.0", "changed": false}"#), "{params}");
}

#[test]
fn a_pipeline_tells_its_steps_and_the_middle_of_the_data() {
    let json = &example("iris_pipeline.pkl");
    assert_eq!(at(json, &["tree", "layout"]).dumps(false), "\"serial\"");
    assert_eq!(at(json, &["tree", "children", "0", "class"]).dumps(false), "\"StandardScaler\"");
    let example = at(json, &["example"]).dumps(false);
    assert_eq!(example, r#"{"form": "numbers", "sample": [5.843, 3.057, 3.758, 1.199], "answered": true}"#);
}

fn page(name: &str) -> Json {
    described(testdata().join("page").join(name)).unwrap().1
}

#[test]
fn a_table_is_told_by_names_and_categories() {
    let json = &page("table.joblib");
    let example = at(json, &["example"]).dumps(false);
    assert_eq!(
        example,
        r#"{"form": "table", "sample": {"age": 49, "fare": 32.35, "sex": "female", "embarked": "Cherbourg", "class": "first", "alone": false}, "answered": true}"#
    );
    assert_eq!(at(json, &["input", "features", "5", "kind"]).dumps(false), "\"boolean\"");
    let categories = at(json, &["input", "features", "3", "categories"]).dumps(false);
    assert_eq!(categories, r#"["Cherbourg", "Queenstown", "Southampton"]"#);
    let prepare = at(json, &["tree", "children", "0"]);
    assert_eq!(at(prepare, &["layout"]).dumps(false), "\"parallel\"");
    assert_eq!(at(prepare, &["children", "0", "columns"]).dumps(false), r#"["age", "fare"]"#);
    assert_eq!(at(prepare, &["children", "0", "children", "1", "class"]).dumps(false), "\"StandardScaler\"");
    let params = at(json, &["tree", "children", "1", "params"]).dumps(false);
    assert!(params.contains(r#"{"name": "C", "value": "0.5", "changed": true}"#), "{params}");
}

#[test]
fn texts_records_and_outputs() {
    assert_eq!(at(&page("text.joblib"), &["example", "form"]).dumps(false), "\"text\"");
    let records = page("records.joblib");
    let example = at(&records, &["example"]).dumps(false);
    assert_eq!(example, r#"{"form": "records", "sample": {"city": "Basel", "rooms": 0}, "answered": true}"#);
    assert_eq!(at(&page("outputs.joblib"), &["classes"]).dumps(false), "[[0, 1, 2], [0, 1]]");
}

/// Every model of the repository is described, in JSON that a browser reads, with an example that it answers.
#[test]
fn all_fixtures() {
    let (mut count, mut unanswered) = (0, Vec::new());
    for package in fs::read_dir(testdata()).unwrap().flatten() {
        let Ok(cases) = fs::read_dir(package.path()) else { continue };
        for case in cases.flatten() {
            // The newest and the oldest of each case will do.
            let Ok(files) = fs::read_dir(case.path()) else { continue };
            let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
            files.retain(|file| file.extension().is_some_and(|end| end != "json"));
            files.sort();
            for path in [files.first(), files.last()].into_iter().flatten() {
                let Some((model, metadata)) = described(path.clone()) else { continue };
                count += 1;
                let text = metadata.dumps(false);
                serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
                // Kernels against the samples of fit have no row that this crate could think up, images are no rows, the numbers of
                // JSON have 64 bits, and trees up to 0.20 predict no texts for several outputs.
                let special = ["precomputed", "PatchExtractor", "NMF-float32", "outputs-text"]
                    .iter()
                    .any(|word| path.to_string_lossy().contains(word));
                if at(&metadata, &["example", "answered"]) != &Json::Bool(true)
                    && model.methods().next().is_some()
                    && !special
                {
                    unanswered.push(format!("{}: {}", path.display(), at(&metadata, &["example"]).dumps(false)));
                }
            }
        }
    }
    assert!(count > 300, "{count}");
    assert!(unanswered.is_empty(), "{}", unanswered.join("\n"));
}
