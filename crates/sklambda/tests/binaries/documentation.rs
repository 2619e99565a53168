//! The examples of `docs/command-line.md`, run as they stand there. `UPDATE_DOCS=1` writes the answers anew.

use std::{path::Path, process::Command};

use crate::models::example;

/// A block of commands and answers.
const BLOCK: &str = "```console\n";

#[test]
#[cfg(unix)]
fn the_page_on_the_command_line_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/command-line.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    std::fs::copy(example("iris_logistic.joblib"), folder.path().join("iris.joblib")).unwrap();
    std::fs::copy(testdata.join("pipeline/Pipeline-frame/1.9.1.pkl"), folder.path().join("parts.pkl")).unwrap();
    std::fs::write(
        folder.path().join("parts.csv"),
        "id,depth,age,height,width,colour\na7,-0.636,-0.079,1.21,-1.259,red\nb2,-3.371,0.737,-0.783,-0.891,blue\n\
         c9,2.677,0.283,0.86,0.736,red\n",
    )
    .unwrap();
    let mut found = String::new();
    let mut examples = 0;
    for (i, part) in page.split(BLOCK).enumerate() {
        if i == 0 {
            found.push_str(part);
            continue;
        }
        let (block, rest) = part.split_once("```\n").unwrap();
        found.push_str(BLOCK);
        for command in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
            examples += 1;
            found.push_str(&format!("$ {command}\n{}", answer(command, folder.path())));
        }
        found.push_str("```\n");
        found.push_str(rest);
    }
    assert!(examples > 15, "{examples} examples");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, found).unwrap();
    } else {
        assert_eq!(found, page, "UPDATE_DOCS=1 writes docs/command-line.md anew");
    }
}

/// What a command writes, to standard error too.
fn answer(command: &str, folder: &Path) -> String {
    let programs = Path::new(env!("CARGO_BIN_EXE_sklambda")).parent().unwrap().to_owned();
    let path =
        std::env::join_paths([programs].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())));
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{{ {command}\n}} 2>&1"))
        .current_dir(folder)
        .env("PATH", path.unwrap())
        .env_remove("SKLEARN_MODEL_PATH")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}
