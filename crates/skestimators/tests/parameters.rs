//! No constructor parameter is silently ignored: each is read by its class's loader, or stands in `training_only.txt`, the
//! reviewed list of parameters that play no part in inference.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, fs, path::Path};

use skestimators::{ErrorKind, Model};

/// `Class.parameter` of every parameter that no loader read, over all fixtures. Fitted attributes (`…_`) and private ones (`_…`) are
/// not parameters.
fn unread() -> BTreeSet<String> {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    let mut unread = BTreeSet::new();
    let mut models = 0;
    for package in fs::read_dir(testdata).unwrap().flatten() {
        let Ok(cases) = fs::read_dir(package.path()) else { continue };
        for case in cases.flatten() {
            let Ok(files) = fs::read_dir(case.path()) else { continue };
            for file in files.flatten().filter(|file| file.file_name() != "expected.json") {
                match Model::from_path(file.path()) {
                    Ok(model) => {
                        models += 1;
                        let parameter = |name: &&String| {
                            name.split_once('.').is_some_and(|(_, p)| !p.ends_with('_') && !p.starts_with('_'))
                        };
                        unread.extend(model.unread().iter().filter(parameter).cloned());
                    }
                    Err(error) => assert!(
                        matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::File),
                        "{}: {error}",
                        file.path().display()
                    ),
                }
            }
        }
    }
    assert!(models > 100, "{models} fixtures could be loaded");
    unread
}

#[test]
fn every_parameter_is_read_or_known_to_matter_in_training_only() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/training_only.txt");
    let list = fs::read_to_string(path).unwrap();
    let known: BTreeSet<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
    let ignored: Vec<String> = unread().into_iter().filter(|name| !known.contains(name.as_str())).collect();
    assert!(
        ignored.is_empty(),
        "neither read nor in training_only.txt (add a line there only after reading what scikit-learn does with it):\n{}",
        ignored.join("\n")
    );
}
