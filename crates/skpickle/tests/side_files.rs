//! joblib 0.9 and older: arrays in `.npy` files beside the pickle (see `side_files/make.py`).
#![allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use skpickle::{ErrorKind, Graph, Limits};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/side_files")
}

fn check(graph: &Graph) {
    let root = graph.root();
    let a = root.entry("a").unwrap().array().unwrap();
    assert_eq!((a.shape(), &a.f64s().unwrap()[..]), (&[2, 3][..], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0][..]));
    let list = root.entry("b").unwrap().items().unwrap();
    let b = list[0].array().unwrap();
    assert_eq!((b.shape(), &b.i64s().unwrap()[..]), (&[2, 2][..], &[0, 1, 2, 3][..]));
    assert_eq!(list[1].str().unwrap(), "after");
    assert_eq!(&root.entry("c").unwrap().array().unwrap().f64s().unwrap()[..], [1.5, 2.5]);
}

#[test]
fn arrays_come_from_the_files_beside() {
    for name in ["plain.joblib", "zipped.joblib", "whole.joblib"] {
        check(&skpickle::load_path(folder().join(name), &Limits::default()).unwrap());
    }
}

#[test]
fn bytes_alone_say_which_file_is_wanted() {
    let bytes = std::fs::read(folder().join("plain.joblib")).unwrap();
    let error = skpickle::load(bytes, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("plain.joblib_01.npy"), "{error}");
}

#[test]
fn a_missing_or_short_file_is_named() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::copy(folder().join("plain.joblib"), temp.path().join("plain.joblib")).unwrap();
    let load = || skpickle::load_path(temp.path().join("plain.joblib"), &Limits::default()).unwrap_err();
    assert!(load().message().contains("plain.joblib_01.npy"), "{}", load());
    for side in ["plain.joblib_01.npy", "plain.joblib_02.npy", "plain.joblib_03.npy"] {
        let content = std::fs::read(folder().join(side)).unwrap();
        std::fs::write(temp.path().join(side), &content[..content.len() - 1]).unwrap();
    }
    assert_eq!(load().kind(), ErrorKind::Truncated, "{}", load());
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::copy(folder().join("plain.joblib"), temp.path().join("plain.joblib")).unwrap();
    std::os::unix::fs::symlink(folder().join("plain.joblib_01.npy"), temp.path().join("plain.joblib_01.npy")).unwrap();
    let error = skpickle::load_path(temp.path().join("plain.joblib"), &Limits::default()).unwrap_err();
    assert!(error.message().contains("symbolic link"), "{error}");
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let bytes = std::fs::read(folder().join("plain.joblib")).unwrap();
    let name = b"plain.joblib_01.npy";
    let at = bytes.windows(name.len()).position(|w| w == name).unwrap();
    for evil in ["../../etc/xpasswd_.x", "/etc/passwd01234567", "..\\..\\windows\\x.npy", ".plain.joblib_1.npy"] {
        let mut bytes = bytes.clone();
        bytes.splice(at..at + name.len(), format!("{evil:019.19}").bytes());
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("x.joblib"), bytes).unwrap();
        let error = skpickle::load_path(temp.path().join("x.joblib"), &Limits::default()).unwrap_err();
        assert!(error.message().contains("only a bare file name"), "{evil}: {error}");
    }
}
