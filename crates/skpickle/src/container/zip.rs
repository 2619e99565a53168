//! Whose zip archive it is: torch, skops, numpy, Keras and others all write one.

use super::{foreign::Foreign, le};
use crate::error::printable;

/// Entries looked at; a telling name comes early.
const ENTRIES: usize = 1000;

/// An end record is 22 bytes and a comment of up to 64 KiB.
const END_RECORD: usize = 22 + 0xffff;

/// The name of the archive in `bytes`, of which the end may be missing.
pub(super) fn name(bytes: &[u8]) -> Foreign {
    let names = names(bytes);
    let any = |test: &dyn Fn(&str) -> bool| names.iter().any(|name| test(name));
    let file = |wanted: &str| any(&|name| name.rsplit('/').next() == Some(wanted));
    let foreign = |what: &str, advice| Foreign { what: format!("a zip archive: {what}"), advice };
    if file("data.pkl") {
        return foreign("a PyTorch model", "PyTorch models are not read, only pickle and joblib files of scikit-learn");
    }
    if any(&|name| name == "schema.json") {
        return foreign("a skops file", "load it with skops.io in Python and save the object with joblib.dump");
    }
    if !names.is_empty() && names.iter().all(|name| name.ends_with(".npy")) {
        return foreign("a numpy .npz file of arrays", "give the file that joblib.dump or pickle.dump wrote");
    }
    if any(&|name| name.ends_with(".weights.h5")) {
        return foreign("a Keras model", "Keras models are not read, only pickle and joblib files of scikit-learn");
    }
    if file("MLmodel") {
        return foreign("an MLflow model folder", "unpack it and give the model.pkl inside");
    }
    if any(&|name| name == "[Content_Types].xml") {
        return foreign("an Office document", "give the file that joblib.dump or pickle.dump wrote");
    }
    if any(&|name| name.starts_with("META-INF/")) {
        return foreign("a Java archive", "give the file that joblib.dump or pickle.dump wrote");
    }
    if any(&|name| name.contains(".dist-info/")) {
        return foreign("a Python wheel", "give the file that joblib.dump or pickle.dump wrote");
    }
    let advice = "unpack it and give the model file inside";
    match names.iter().find(|name| [".pkl", ".pickle", ".joblib"].iter().any(|end| name.ends_with(end))) {
        Some(model) => foreign(&format!("it holds {}", printable(model)), advice),
        None => foreign("of PyTorch, skops, numpy or another program", advice),
    }
}

/// Names of the entries, from the directory at the end, or the first one alone.
fn names(bytes: &[u8]) -> Vec<String> {
    directory(bytes).filter(|names| !names.is_empty()).unwrap_or_else(|| {
        let length = le(bytes, 26, 2).unwrap_or(0) as usize;
        bytes.get(30..30 + length).map(text).into_iter().collect()
    })
}

fn directory(bytes: &[u8]) -> Option<Vec<String>> {
    let tail = bytes.len().saturating_sub(END_RECORD);
    let end = bytes.get(tail..)?.windows(4).rposition(|window| window == b"PK\x05\x06")? + tail;
    let mut position = usize::try_from(le(bytes, end + 16, 4)?).ok()?;
    let mut names = Vec::new();
    while names.len() < ENTRIES && bytes.get(position..)?.starts_with(b"PK\x01\x02") {
        let length = le(bytes, position + 28, 2)? as usize;
        let more = le(bytes, position + 30, 2)? as usize + le(bytes, position + 32, 2)? as usize;
        names.push(text(bytes.get(position + 46..position + 46 + length)?));
        position += 46 + length + more;
    }
    Some(names)
}

fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
