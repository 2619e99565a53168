//! Registry and fixtures know each other: every class that can be run has a fixture, every fixture is of such a class, and the table of
//! both in `docs/estimators.md`, with its summary in the README, is fresh.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

const REFRESH: &str = "UPDATE_DOCS=1 cargo test -p skestimators --test registry";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Versions and methods.
#[derive(Default)]
struct Tested {
    versions: BTreeSet<(u32, u32)>,
    methods: BTreeSet<String>,
}

/// Those of every estimator that has a fixture.
fn tested() -> BTreeMap<String, Tested> {
    let mut tested: BTreeMap<String, Tested> = BTreeMap::new();
    for package in fs::read_dir(root().join("testdata")).unwrap().flatten() {
        let Ok(cases) = fs::read_dir(package.path()) else { continue };
        for case in cases.flatten() {
            let Ok(text) = fs::read_to_string(case.path().join("expected.json")) else { continue };
            let document: serde_json::Value = serde_json::from_str(&text).unwrap();
            let Some(estimator) = document["estimator"].as_str() else { continue };
            let entry = tested.entry(estimator.to_owned()).or_default();
            for (_, version) in document["versions"].as_object().unwrap() {
                let mut parts = version["sklearn"].as_str().unwrap().split('.');
                let mut number = || parts.next().unwrap().parse().unwrap();
                entry.versions.insert((number(), number()));
                // `predict@sparse` is `predict` on another input.
                let methods = version["methods"].as_object().unwrap().keys();
                entry.methods.extend(methods.map(|name| name.split('@').next().unwrap().to_owned()));
            }
        }
    }
    tested
}

#[test]
fn every_entry_has_a_fixture() {
    let tested = tested();
    let without: Vec<&str> = skestimators::supported().filter(|key| !tested.contains_key(*key)).collect();
    assert!(
        without.is_empty(),
        "no fixture below testdata/ (a line in generate.py makes one):\n{}",
        without.join("\n")
    );
}

#[test]
fn every_fixture_has_an_entry() {
    let known: BTreeSet<&str> = skestimators::supported().collect();
    let strange: Vec<String> = tested().into_keys().filter(|key| !known.contains(key.as_str())).collect();
    assert!(strange.is_empty(), "fixtures of classes that are not in the registry:\n{}", strange.join("\n"));
}

fn versions(versions: &BTreeSet<(u32, u32)>) -> String {
    versions.iter().map(|(major, minor)| format!("{major}.{minor}")).collect::<Vec<String>>().join(", ")
}

fn table(tested: &BTreeMap<String, Tested>) -> String {
    let mut out = format!(
        "# Estimators\n\nEvery class that can be run, its methods, and the versions of scikit-learn whose files and answers it is tested with.\n\
         Generated from the registry and the fixtures: `{REFRESH}`.\n\n| estimator | methods | tested with files of |\n|---|---|---|\n"
    );
    for key in skestimators::supported() {
        let (numbers, methods) = match tested.get(key) {
            Some(tested) => {
                (versions(&tested.versions), tested.methods.iter().map(String::as_str).collect::<Vec<&str>>())
            }
            None => Default::default(),
        };
        writeln!(out, "| `{key}` | {} | {numbers} |", methods.join(", ")).unwrap();
    }
    out
}

fn summary(tested: &BTreeMap<String, Tested>) -> String {
    let all: BTreeSet<(u32, u32)> = tested.values().flat_map(|tested| tested.versions.iter().copied()).collect();
    format!(
        "{} estimators; [docs/estimators.md](docs/estimators.md) lists each with its methods and the versions whose answers it is tested\n\
         against, which in all are {}.\n",
        skestimators::supported().len(),
        versions(&all)
    )
}

/// Compares a file with what it should be, or writes it when asked to.
fn hold(path: &Path, fresh: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, fresh).unwrap();
    }
    assert!(fs::read_to_string(path).unwrap_or_default() == fresh, "{} is stale: {REFRESH}", path.display());
}

#[test]
fn the_table_of_estimators_is_fresh() {
    let tested = tested();
    hold(&root().join("docs/estimators.md"), &table(&tested));
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- supported: begin -->\n", "<!-- supported: end -->");
    let start = readme.find(begin).unwrap() + begin.len();
    let stop = readme.find(end).unwrap();
    hold(&path, &format!("{}{}{}", &readme[..start], summary(&tested), &readme[stop..]));
}
