//! Every fixture below `testdata/` as a named test: `linear_model/LogisticRegression-ovr/1.9.1`.
//!
//! A fixture is a model that scikit-learn wrote and what scikit-learn answers with it (`testdata/generate.py` says how).
//! All of it is held: each method and its numbers, the methods that the object does not have, the inputs that it
//! refuses, its classes and its version. There is no list of exceptions: a model that is refused fails, as do a folder
//! without fixtures and a model without answers.

mod compare;
mod inputs;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value as Json;
use skestimators::{Error, ErrorKind, Method, Model, Samples};

/// One folder of fixtures.
struct Case {
    folder: PathBuf,
    expected: Json,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    let mut trials = Vec::new();
    if let Err(message) = collect(&root, &mut trials) {
        trials.push(failing("testdata", message));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test that says what is wrong with the fixtures themselves.
fn failing(name: &str, message: String) -> Trial {
    Trial::test(name, move || Err(Failed::from(message)))
}

/// Names of what is in a folder, in order; hidden ones left out.
fn entries(folder: &Path) -> Result<Vec<String>, String> {
    let at = |e: std::io::Error| format!("{}: {e}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(at)? {
        let name = entry.map_err(at)?.file_name().to_string_lossy().into_owned();
        if !name.starts_with(['.', '_']) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn read_json(path: &Path) -> Result<Json, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

/// Tests of all packages: the folders of `testdata/` whose folders hold an `expected.json`.
fn collect(root: &Path, trials: &mut Vec<Trial>) -> Result<(), String> {
    for package in entries(root)? {
        let folder = root.join(&package);
        if package == "examples" {
            collect_examples(&folder, trials)?;
            continue;
        }
        if !folder.is_dir() {
            continue;
        }
        let cases: Vec<String> = entries(&folder)?.into_iter().filter(|name| folder.join(name).is_dir()).collect();
        if !cases.iter().any(|case| folder.join(case).join("expected.json").exists()) {
            continue; // Fixtures of another kind.
        }
        for case in cases {
            let name = format!("{package}/{case}");
            if let Err(message) = collect_case(&name, folder.join(&case), trials) {
                trials.push(failing(&name, message));
            }
        }
    }
    if trials.is_empty() { Err("no fixtures found; testdata/generate.py writes them".into()) } else { Ok(()) }
}

fn collect_case(name: &str, folder: PathBuf, trials: &mut Vec<Trial>) -> Result<(), String> {
    let expected = read_json(&folder.join("expected.json"))?;
    let files: Vec<String> = entries(&folder)?
        .into_iter()
        .filter(|file| [".pkl", ".joblib"].iter().any(|end| file.ends_with(end)))
        .collect();
    let case = Arc::new(Case { folder, expected });
    let versions = case.expected["versions"].as_object().ok_or("expected.json has no versions")?;
    if versions.is_empty() {
        return Err("expected.json lists no version".into());
    }
    let mut listed = BTreeSet::new();
    for (version, entry) in versions {
        listed.insert(entry["file"].as_str().unwrap_or_default());
        let (case, version) = (Arc::clone(&case), version.clone());
        trials.push(Trial::test(format!("{name}/{version}"), move || case.run(&version)));
    }
    for file in files.iter().filter(|file| !listed.contains(file.as_str())) {
        trials.push(failing(&format!("{name}/{file}"), "no answers in expected.json for this file".into()));
    }
    Ok(())
}

/// The models that the README and the examples use.
fn collect_examples(folder: &Path, trials: &mut Vec<Trial>) -> Result<(), String> {
    let expected = read_json(&folder.join("expected.json"))?;
    let rows = serde_json::json!({ "kind": "dense", "dtype": "float64", "rows": expected["rows"] });
    for (file, answers) in expected["models"].as_object().ok_or("examples/expected.json has no models")? {
        let (path, rows, answers) = (folder.join(file), rows.clone(), answers.clone());
        trials.push(Trial::test(format!("examples/{file}"), move || {
            let model = Model::from_path(&path).map_err(|e| e.to_string())?;
            let x = inputs::samples(&rows)?;
            for (name, want) in answers.as_object().ok_or("no answers")? {
                let method = Method::from_name(name).ok_or("unknown method")?;
                let got = model.call(method, &x).map_err(|e| e.to_string())?;
                let want = serde_json::json!({ "output": want, "rtol": 1e-9, "atol": 1e-12 });
                compare::output(&want, &got).map_err(|e| format!("{name}: {e}"))?;
            }
            Ok(())
        }));
    }
    Ok(())
}

impl Case {
    /// Tests the model of one version.
    fn run(&self, version: &str) -> Result<(), Failed> {
        let entry = &self.expected["versions"][version];
        let file = entry["file"].as_str().ok_or("no file is named")?;
        let path = self.folder.join(file);
        if !path.exists() {
            return Err(format!("{} is missing", path.display()).into());
        }
        let model = Model::from_path(&path).map_err(|e| format!("not loaded: {e}"))?;
        let mut faults = Vec::new();
        self.identity(&model, entry, &mut faults);
        self.methods(&model, version, entry, &mut faults);
        self.absent(&model, entry, &mut faults);
        self.errors(&model, entry, &mut faults);
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
    }

    /// What `field` of a version stands for: itself, or that of the version that it names.
    fn resolve<'a>(&'a self, entry: &'a Json, field: &str) -> &'a Json {
        match &entry[field] {
            Json::String(other) => &self.expected["versions"][other.as_str()][field],
            value => value,
        }
    }

    fn input(&self, name: &Json) -> Result<Samples, String> {
        let name = name.as_str().unwrap_or("X"); // Methods without input: any will do.
        inputs::samples(&self.expected["inputs"][name]).map_err(|e| format!("input {name}: {e}"))
    }

    fn identity(&self, model: &Model, entry: &Json, faults: &mut Vec<String>) {
        if Some(model.key()) != self.expected["estimator"].as_str() {
            faults.push(format!("the model is {}, not {}", model.key(), self.expected["estimator"]));
        }
        let written_by = entry["sklearn"].as_str().unwrap_or_default();
        // Files before 0.18 do not say who wrote them.
        if !written_by.starts_with("0.17") && model.sklearn_version() != Some(written_by) {
            faults.push(format!("version {:?}, not {written_by}", model.sklearn_version()));
        }
        if let Err(fault) = compare::classes(&entry["classes"], model) {
            faults.push(format!("classes_: {fault}"));
        }
    }

    fn methods(&self, model: &Model, version: &str, entry: &Json, faults: &mut Vec<String>) {
        let Some(methods) = entry["methods"].as_object().filter(|methods| !methods.is_empty()) else {
            return faults.push(format!("no methods are recorded for {version}"));
        };
        for (name, want) in methods {
            let want = match want {
                Json::String(other) => &self.expected["versions"][other.as_str()]["methods"][name],
                value => value,
            };
            if let Err(fault) = self.method(model, name, want) {
                faults.push(format!("{name}: {fault}"));
            }
        }
    }

    fn method(&self, model: &Model, name: &str, want: &Json) -> Result<(), String> {
        let method = method(name)?;
        if !model.has(method) {
            return Err("the model does not have it".into());
        }
        let x = self.input(&want["input"])?;
        let got = model.call(method, &x).map_err(|e| format!("refused: {e}"))?;
        compare::output(want, &got)
    }

    fn absent(&self, model: &Model, entry: &Json, faults: &mut Vec<String>) {
        let names = self.resolve(entry, "absent").as_array().map(Vec::as_slice).unwrap_or_default();
        for name in names.iter().filter_map(Json::as_str) {
            let fault = match (method(name), self.input(&Json::Null)) {
                (Ok(method), Ok(_)) if model.has(method) => Some("the model says that it has it".to_owned()),
                (Ok(method), Ok(x)) => match model.call(method, &x) {
                    Err(e) if e.kind() == ErrorKind::Method => None,
                    Err(e) => Some(format!("refused as {:?}: {e}", e.kind())),
                    Ok(_) => Some("answered, but scikit-learn does not have it".to_owned()),
                },
                (Err(e), _) | (_, Err(e)) => Some(e),
            };
            faults.extend(fault.map(|fault| format!("{name}: {fault}")));
        }
    }

    fn errors(&self, model: &Model, entry: &Json, faults: &mut Vec<String>) {
        let errors = self.resolve(entry, "errors").as_array().map(Vec::as_slice).unwrap_or_default();
        for error in errors {
            let asked = || -> Result<Option<Error>, String> {
                let method = method(error["method"].as_str().unwrap_or_default())?;
                Ok(model.call(method, &self.input(&error["input"])?).err())
            };
            let fault = match asked() {
                Ok(Some(e)) if matches!(e.kind(), ErrorKind::Input | ErrorKind::Method) => continue,
                Ok(Some(e)) => format!("refused as {:?}: {e}", e.kind()),
                Ok(None) => format!("accepted, but scikit-learn says: {}", error["message"]),
                Err(e) => e,
            };
            faults.push(format!("{} of {}: {fault}", error["method"], error["input"]));
        }
    }
}

/// The method that `predict` or `predict@sparse` asks.
fn method(name: &str) -> Result<Method, String> {
    let name = name.split('@').next().unwrap_or(name);
    Method::from_name(name).ok_or_else(|| format!("{name} is not known to the library"))
}
