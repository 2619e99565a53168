//! The table of supported estimators in the README is what the registry and the fixtures say.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Versions and methods.
type Tested = (BTreeSet<(u32, u32)>, BTreeSet<String>);

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
                entry.0.insert((number(), number()));
                // `predict@sparse` is `predict` on another input.
                let methods = version["methods"].as_object().unwrap().keys();
                entry.1.extend(methods.map(|name| name.split('@').next().unwrap().to_owned()));
            }
        }
    }
    tested
}

fn table() -> String {
    let tested = tested();
    let mut out = String::from("| estimator | methods | tested with files of |\n|---|---|---|\n");
    for key in skestimators::supported() {
        let (versions, methods) = tested.get(key).cloned().unwrap_or_default();
        let versions: Vec<String> = versions.iter().map(|(major, minor)| format!("{major}.{minor}")).collect();
        let methods: Vec<String> = methods.into_iter().collect();
        writeln!(out, "| `{key}` | {} | {} |", methods.join(", "), versions.join(", ")).unwrap();
    }
    out
}

#[test]
fn the_table_of_supported_estimators_is_fresh() {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- supported: begin -->\n", "<!-- supported: end -->");
    let start = readme.find(begin).unwrap() + begin.len();
    let stop = readme.find(end).unwrap();
    let fresh = format!("{}{}{}", &readme[..start], table(), &readme[stop..]);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    assert!(
        fresh == fs::read_to_string(&path).unwrap(),
        "the table in README.md is stale: UPDATE_DOCS=1 cargo test -p skestimators --test readme"
    );
}
