//! `sklambda package`: from a model to what Lambda runs.

use std::{
    fs,
    io::{Cursor, Read},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use zip::ZipArchive;

use crate::{
    lambda::Function,
    models::{REQUEST, assert_answered, example, iris},
    s3::{KEYS, object, tag},
};

/// Packs with the head of a program for x86_64: the one that is tested here may need a newer C library than Lambda has.
fn package(model: &str, output: &Path, more: &[&str]) -> Output {
    let program = output.with_file_name("program");
    fs::write(&program, head()).unwrap();
    Command::new(env!("CARGO_BIN_EXE_sklambda"))
        .args(["package", "--model", model, "--output", output.to_str().unwrap()])
        .args(more)
        .env("SKLAMBDA_BOOTSTRAP", program)
        .output()
        .unwrap()
}

fn head() -> Vec<u8> {
    let mut bytes = vec![0; 64];
    for (at, field) in [(0, &b"\x7fELF\x02\x01\x01"[..]), (16, &[2, 0]), (18, &[62, 0]), (52, &[64, 0])] {
        bytes[at..at + field.len()].copy_from_slice(field);
    }
    bytes
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Names, modes and times in a package; the files are written to a folder.
fn unpack(zip: &Path, folder: &Path) -> Vec<(String, u32, String)> {
    let mut archive = ZipArchive::new(Cursor::new(fs::read(zip).unwrap())).unwrap();
    let mut entries = Vec::new();
    for i in 0..archive.len() {
        let mut file = archive.by_index(i).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        let name = file.name().unwrap().into_owned();
        fs::write(folder.join(&name), bytes).unwrap();
        let time = file.last_modified().map(|t| t.to_string()).unwrap_or_default();
        entries.push((name, file.unix_mode().unwrap(), time));
    }
    entries
}

#[test]
fn the_package_holds_program_and_model() {
    let folder = tempfile::tempdir().unwrap();
    let zip = folder.path().join("function.zip");
    let output = package(iris().to_str().unwrap(), &zip, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = text(&output.stdout);
    for part in [
        "SHA-256 ",
        "LogisticRegression",
        "128 MB",
        "aws lambda create-function --function-name iris_logistic",
        "991 bytes",
    ] {
        assert!(report.contains(part), "{report}");
    }
    let entries = unpack(&zip, folder.path());
    let entry = |name: &str, mode: u32| (name.to_owned(), 0o100_000 | mode, "1980-01-01 00:00:00".to_owned());
    assert_eq!(entries, [entry("bootstrap", 0o755), entry("model.joblib", 0o644)]);
    assert_eq!(fs::read(folder.path().join("model.joblib")).unwrap(), object());
    assert_eq!(fs::read(folder.path().join("bootstrap")).unwrap(), head());
    assert_answered(&Function::start(&folder.path().join("model.joblib")).ask(REQUEST).1);
}

#[test]
fn the_same_model_makes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("another name.pkl");
    fs::copy(iris(), &copy).unwrap();
    let (one, two) = (folder.path().join("one.zip"), folder.path().join("two.zip"));
    assert!(package(iris().to_str().unwrap(), &one, &[]).status.success());
    assert!(package(copy.to_str().unwrap(), &two, &[]).status.success());
    assert!(fs::read(one).unwrap() == fs::read(two).unwrap());
}

#[test]
fn what_cannot_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let zip = folder.path().join("function.zip");
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let model = iris();
    let model = model.to_str().unwrap();
    let junk = example("expected.json");
    let list = file("list.pkl", b"(l.");
    let missing = PathBuf::from("/nowhere/model.joblib");
    let script = file("script", b"#!/bin/sh\n");
    let script = script.to_str().unwrap();
    for (status, path, more, part) in [
        (3, junk.to_str().unwrap(), vec![], ""),
        (3, list.to_str().unwrap(), vec![], "a list"),
        (3, missing.to_str().unwrap(), vec![], "No such file"),
        (3, model, vec!["--member", "[0]"], ""),
        (3, model, vec!["--sha256", &"0".repeat(64)], "has the SHA-256"),
        (2, model, vec!["--bootstrap", script], "is no program for Linux"),
        (2, model, vec!["--bootstrap", "/nowhere/bootstrap"], "/nowhere/bootstrap"),
        (2, model, vec!["--arch", "mips"], "mips"),
        (2, model, vec!["--arch", "arm64"], "is for x86_64, not for arm64"),
    ] {
        let output = package(path, &zip, &more);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{path} {more:?} {error}");
        assert!(error.contains(part), "{error}");
        assert!(!zip.exists());
    }
}

#[test]
fn the_estimator_in_a_bundle_is_named_to_the_function() {
    let folder = tempfile::tempdir().unwrap();
    // A list with the model in it: what stands before the last byte of a pickle leaves its value on the stack.
    let mut bundle = b"]".to_vec();
    let model = object();
    assert_eq!(model.last(), Some(&b'.'));
    let skip = if model[0] == 0x80 { 2 } else { 0 };
    bundle.splice(0..0, model[..skip].iter().copied());
    bundle.extend_from_slice(&model[skip..model.len() - 1]);
    bundle.extend_from_slice(b"a.");
    let path = folder.path().join("bundle.pkl");
    fs::write(&path, bundle).unwrap();
    let zip = folder.path().join("function.zip");
    let output = package(path.to_str().unwrap(), &zip, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = text(&output.stdout);
    assert!(report.contains(r#""SKLEARN_MODEL_MEMBER":"[0]""#), "{report}");
    let function = Function::start_at("", path.to_str(), &[("SKLEARN_MODEL_MEMBER", "[0]")]);
    assert_answered(&function.ask(REQUEST).1);
    let function = Function::start_at("", path.to_str(), &[("SKLEARN_MODEL_MEMBER", "[1]")]);
    assert!(function.ask(REQUEST).1.contains("SKLEARN_MODEL_MEMBER"));
}

#[test]
fn a_model_in_s3_stays_there() {
    let server = crate::peer::Server::start(|request| crate::bucket::piece(request, &object(), vec![tag()]));
    let folder = tempfile::tempdir().unwrap();
    let zip = folder.path().join("function.zip");
    let program = folder.path().join("program");
    fs::write(&program, head()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_sklambda"))
        .args(["package", "--model", "s3://my-bucket/a.joblib", "--output", zip.to_str().unwrap()])
        .env("SKLAMBDA_BOOTSTRAP", program)
        .env("AWS_ENDPOINT_URL", server.url())
        .envs(KEYS)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = text(&output.stdout);
    assert!(report.contains(r#""SKLEARN_MODEL_PATH":"s3://my-bucket/a.joblib""#), "{report}");
    assert!(report.contains(r#""SKLEARN_MODEL_SHA256":""#), "{report}");
    assert_eq!(unpack(&zip, folder.path()).len(), 1);
}
