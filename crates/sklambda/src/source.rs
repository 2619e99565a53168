//! Where the model comes from: a file, or an object in S3.

use std::{fs::File, io, path::Path};

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
    Loaded::from_graph(&graph)
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
    Loaded::from_graph(&graph)
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
