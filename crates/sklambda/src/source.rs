//! Where the model comes from: a file, or an object in S3.

use std::{fs::File, io, path::Path};

use skestimators::Model;
use skpickle::Graph;

use crate::{handler::Loaded, limits};

/// What the Python toolkit tells apart by name.
const EXTENSIONS: [&str; 3] = [".joblib", ".pkl", ".pickle"];

/// Loads the model at a path or an address `s3://bucket/key`; `None` stands for an unset `SKLEARN_MODEL_PATH`.
///
/// A file is read by its content, whatever its name. With `STRICT_SEED=1` only the extensions that the Python toolkit
/// knows are read, and any other name leads to nothing, as it does there.
///
/// # Errors
/// The text after `Failed to load model: ` of the answer.
pub fn load(path: Option<&str>) -> Result<Loaded, String> {
    let path = path.ok_or("'SKLEARN_MODEL_PATH'")?;
    if path.starts_with("s3://") {
        return load_object(path);
    }
    let known = has_known_extension(path);
    if !known && (strict() || !Path::new(path).exists()) {
        return Ok(Loaded::Nothing);
    }
    open(path).map_err(|e| errno(&e, path))?;
    let graph = skpickle::load_path(path, &limits::current()?).map_err(|e| e.to_string())?;
    loaded(&graph)
}

/// The estimator of a decoded file. In a bundle it is the member that the environment variable `SKLEARN_MODEL_MEMBER` names.
fn loaded(graph: &Graph) -> Result<Loaded, String> {
    let member = std::env::var("SKLEARN_MODEL_MEMBER").ok().filter(|member| !member.is_empty());
    Loaded::from_graph(graph, member.as_deref()).map_err(|e| match member {
        None if Model::members(graph).len() > 1 => {
            format!("{e}; name it in the environment variable SKLEARN_MODEL_MEMBER")
        }
        _ => e,
    })
}

/// Describes the model that was loaded from a path or address, by reading the file once more.
///
/// # Errors
/// The file is gone or damaged, or holds another model by now.
#[cfg(feature = "serve")]
pub(crate) fn describe(path: &str, model: &Model) -> Result<crate::json::Json, String> {
    let limits = limits::current()?;
    let bytes = read(path, &limits)?;
    let sha256 = ring::digest::digest(&ring::digest::SHA256, &bytes);
    let file = crate::metadata::File {
        name: path.rsplit('/').next().unwrap_or_default().to_owned(),
        bytes: bytes.len() as u64,
        sha256: sha256.as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let graph = match path.strip_prefix("s3://") {
        Some(_) => skpickle::load(bytes, &limits),
        None => skpickle::load_path(path, &limits),
    };
    let graph = graph.map_err(|e| e.to_string())?;
    let object = model.object(&graph).map_err(|e| e.to_string())?;
    let class = object.class().map(|class| skpickle::printable(class.name));
    if class.as_deref() != Some(model.class()) {
        return Err("the file has changed since it was loaded; start the server again".into());
    }
    Ok(crate::metadata::describe(&object, model, &file))
}

/// The bytes of the file.
#[cfg(feature = "serve")]
fn read(path: &str, limits: &skpickle::Limits) -> Result<Vec<u8>, String> {
    #[cfg(feature = "s3")]
    if path.starts_with("s3://") {
        let address = crate::s3::Address::parse(path).ok_or_else(|| format!("{path}: expected s3://bucket/key"))?;
        return crate::s3::get(&address, &crate::s3::process_env, limits.input_bytes);
    }
    use io::Read;
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limits.input_bytes).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|e| errno(&e, path))
}

/// Whether the Python toolkit's quirks are wanted where this program would do better.
fn strict() -> bool {
    std::env::var_os("STRICT_SEED").is_some_and(|v| v == "1")
}

fn has_known_extension(path: &str) -> bool {
    EXTENSIONS.iter().any(|end| path.ends_with(end))
}

fn open(path: &str) -> io::Result<()> {
    // A folder can be opened, but not read.
    if File::open(path)?.metadata()?.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(()) }
}

/// An error of the system as Python words it.
fn errno(error: &io::Error, path: &str) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let path: String =
        path.chars().flat_map(|c| if c == '\'' { vec![c] } else { c.escape_debug().collect() }).collect();
    match (error.raw_os_error(), error.kind()) {
        (Some(number), _) => format!("[Errno {number}] {text}: '{path}'"),
        (None, io::ErrorKind::IsADirectory) => format!("[Errno 21] Is a directory: '{path}'"),
        _ => format!("{text}: '{path}'"),
    }
}

#[cfg(feature = "s3")]
fn load_object(url: &str) -> Result<Loaded, String> {
    let limits = limits::current()?;
    let address = crate::s3::Address::parse(url).ok_or_else(|| format!("{url}: expected s3://bucket/key"))?;
    let bytes = crate::s3::get(&address, &crate::s3::process_env, limits.input_bytes)?;
    if strict() && !has_known_extension(&address.key) {
        return Ok(Loaded::Nothing);
    }
    let graph = skpickle::load(bytes, &limits).map_err(|e| e.to_string())?;
    loaded(&graph)
}

#[cfg(not(feature = "s3"))]
fn load_object(url: &str) -> Result<Loaded, String> {
    Err(format!("{url}: this program was built without S3 (feature `s3`)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_nowhere() {
        assert_eq!(load(None).err().unwrap(), "'SKLEARN_MODEL_PATH'");
        let missing = load(Some("/nowhere/model.joblib")).err().unwrap();
        assert_eq!(missing, "[Errno 2] No such file or directory: '/nowhere/model.joblib'");
        assert!(matches!(load(Some("/nowhere/model")), Ok(Loaded::Nothing)));
        assert!(matches!(load(Some("")), Ok(Loaded::Nothing)));
        let folder = tempfile::Builder::new().suffix(".pkl").tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        assert_eq!(load(Some(path)).err().unwrap(), format!("[Errno 21] Is a directory: '{path}'"));
    }

    #[test]
    fn an_address_without_a_key_is_refused() {
        let error = load(Some("s3://bucket")).err().unwrap();
        assert!(error.contains("expected s3://bucket/key") || error.contains("built without"), "{error}");
    }
}
