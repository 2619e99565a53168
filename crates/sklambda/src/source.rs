//! Where the model comes from: a file, or an object in S3.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use sha2::{Digest, Sha256};
use skestimators::Model;
use skpickle::{Graph, Limits, printable};

use crate::{handler::Loaded, limits};

/// What the Python toolkit tells apart by name.
const EXTENSIONS: [&str; 3] = [".joblib", ".pkl", ".pickle"];

/// Where the model is, and what is known of it beforehand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// A path or an address `s3://bucket/key`; `None` stands for an unset `SKLEARN_MODEL_PATH`.
    pub path: Option<String>,
    /// The estimator to take out of a dict, list or tuple, as in Python: `["model"]`, `[0]`.
    pub member: Option<String>,
    /// The SHA-256 of the file in hexadecimal. Another file is refused before any of it is decoded.
    pub sha256: Option<String>,
}

impl Source {
    /// The model at a path, with the member that `SKLEARN_MODEL_MEMBER` and the checksum that `SKLEARN_MODEL_SHA256` name.
    pub fn at(path: Option<&str>) -> Source {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Source {
            path: path.map(str::to_owned),
            member: variable("SKLEARN_MODEL_MEMBER"),
            sha256: variable("SKLEARN_MODEL_SHA256"),
        }
    }

    /// Loads the model.
    ///
    /// A file is read by its content, whatever its name. With `STRICT_SEED=1` only the extensions that the Python
    /// toolkit knows are read, and any other name leads to nothing, as it does there; a bundle is no model there
    /// unless a member of it is named.
    ///
    /// # Errors
    /// The text after `Failed to load model: ` of the answer.
    pub fn load(&self) -> Result<Loaded, String> {
        let path = self.path.as_deref().ok_or("'SKLEARN_MODEL_PATH'")?;
        if path.starts_with("s3://") {
            let limits = limits::current()?;
            // The object must be there, even if it leads to nothing.
            let bytes = self.bytes(&limits)?;
            if strict() && !has_known_extension(&key(path)) {
                return Ok(Loaded::Nothing);
            }
            return self.loaded(&skpickle::load_in_threads(bytes, &limits, processors()).map_err(|e| e.to_string())?);
        }
        let known = has_known_extension(path);
        if !known && (strict() || !Path::new(path).exists()) {
            return Ok(Loaded::Nothing);
        }
        open(path).map_err(|e| errno(&e, path))?;
        self.loaded(&self.graph()?)
    }

    fn loaded(&self, graph: &Graph) -> Result<Loaded, String> {
        let member = self.member.as_deref();
        if strict() && member.is_none() {
            return Loaded::from_root(graph);
        }
        Loaded::from_graph(graph, member).map_err(|e| match member {
            Some(_) => format!("SKLEARN_MODEL_MEMBER or --member: {e}"),
            None if Model::members(graph).len() > 1 => {
                format!("{e}; name it in the environment variable SKLEARN_MODEL_MEMBER, or with --member")
            }
            None => e,
        })
    }

    /// The decoded file.
    ///
    /// # Errors
    /// The file cannot be had, is another than the pinned one, or cannot be decoded.
    pub(crate) fn graph(&self) -> Result<Graph, String> {
        let limits = limits::current()?;
        let path = self.path.as_deref().unwrap_or_default();
        if !path.starts_with("s3://") && self.sha256.is_none() {
            return skpickle::load_path_in_threads(path, &limits, processors()).map_err(|e| e.to_string());
        }
        // The very bytes that were checked are decoded; the file may be another by now.
        let bytes = self.bytes(&limits)?;
        skpickle::load_in_threads(bytes, &limits, processors()).map_err(|e| e.to_string())
    }

    /// The bytes of the file, if they are the pinned ones.
    pub(crate) fn bytes(&self, limits: &Limits) -> Result<Vec<u8>, String> {
        let path = self.path.as_deref().unwrap_or_default();
        let pin = self.sha256.as_deref();
        if let Some(pin) = pin.filter(|pin| pin.len() != 64 || !pin.bytes().all(|b| b.is_ascii_hexdigit())) {
            return Err(format!("the SHA-256 '{}' is asked for; expected 64 hexadecimal digits", printable(pin)));
        }
        let bytes = if path.starts_with("s3://") { object(path, limits)? } else { read(path, limits)? };
        if let Some(wanted) = pin {
            let found = sha256(&bytes);
            if !found.eq_ignore_ascii_case(wanted) {
                return Err(format!(
                    "{} has the SHA-256 {found}, not {wanted} as is asked for; nothing of it was decoded",
                    printable(path)
                ));
            }
        }
        Ok(bytes)
    }
}

/// Loads the model at a path: [`Source::at`] and [`Source::load`] in one.
///
/// # Errors
/// As [`Source::load`].
pub fn load(path: Option<&str>) -> Result<Loaded, String> {
    Source::at(path).load()
}

/// The model of a decoded file, or a member of it; all processors load large ensembles and answer large batches.
pub(crate) fn model(graph: &Graph, member: Option<&str>) -> skestimators::Result<Model> {
    Model::from_graph_in_threads(graph, member, processors())
}

/// As many threads load a model and answer a batch.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The SHA-256 of some bytes, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a file, no larger than the limit.
pub(crate) fn read(path: &str, limits: &Limits) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = open(path).map_err(|e| errno(&e, path))?;
    file.take(limits.input_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| errno(&e, path))?;
    if bytes.len() as u64 > limits.input_bytes {
        return Err(format!(
            "{} is larger than the limit of {} bytes for a model file",
            printable(path),
            limits.input_bytes
        ));
    }
    Ok(bytes)
}

/// Describes the model that was loaded from a path or address, by reading the file once more.
///
/// # Errors
/// The file is gone or damaged, or holds another model by now.
#[cfg(feature = "serve")]
pub(crate) fn describe(path: &str, model: &Model) -> Result<crate::json::Json, String> {
    let limits = limits::current()?;
    let bytes = Source::at(Some(path)).bytes(&limits)?;
    let file = crate::metadata::File {
        name: path.rsplit('/').next().unwrap_or_default().to_owned(),
        bytes: bytes.len() as u64,
        sha256: sha256(&bytes),
    };
    let graph = match path.strip_prefix("s3://") {
        Some(_) => skpickle::load_in_threads(bytes, &limits, processors()),
        None => skpickle::load_path_in_threads(path, &limits, processors()),
    };
    let graph = graph.map_err(|e| e.to_string())?;
    let object = model.object(&graph).map_err(|e| e.to_string())?;
    let class = object.class().map(|class| skpickle::printable(class.name));
    if class.as_deref() != Some(model.class()) {
        return Err("the file has changed since it was loaded; start the server again".into());
    }
    Ok(crate::metadata::describe(&object, model, &file))
}

/// Whether the Python toolkit's quirks are wanted where this program would do better.
fn strict() -> bool {
    std::env::var_os("STRICT_SEED").is_some_and(|v| v == "1")
}

fn has_known_extension(path: &str) -> bool {
    EXTENSIONS.iter().any(|end| path.ends_with(end))
}

fn open(path: &str) -> io::Result<File> {
    let file = File::open(path)?;
    // A folder can be opened, but not read.
    if file.metadata()?.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(file) }
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
fn object(url: &str, limits: &Limits) -> Result<Vec<u8>, String> {
    let address = crate::s3::Address::parse(url).ok_or_else(|| format!("{url}: expected s3://bucket/key"))?;
    crate::s3::get(&address, &crate::s3::process_env, limits.input_bytes)
}

/// The key in an address.
#[cfg(feature = "s3")]
fn key(url: &str) -> String {
    crate::s3::Address::parse(url).map(|address| address.key).unwrap_or_default()
}

#[cfg(not(feature = "s3"))]
fn key(_: &str) -> String {
    String::new()
}

#[cfg(not(feature = "s3"))]
fn object(url: &str, _: &Limits) -> Result<Vec<u8>, String> {
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
        // Only `s3://` leads to a server: any other address is the name of a file.
        for address in ["http://169.254.169.254/latest/m.pkl", "https://example.org/m.pkl", "file:///etc/m.pkl"] {
            assert_eq!(load(Some(address)).err().unwrap(), format!("[Errno 2] No such file or directory: '{address}'"));
        }
        let folder = tempfile::Builder::new().suffix(".pkl").tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        assert_eq!(load(Some(path)).err().unwrap(), format!("[Errno 21] Is a directory: '{path}'"));
    }

    #[test]
    fn only_the_pinned_file_is_decoded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.pkl");
        std::fs::write(&path, b"N.").unwrap();
        let with = |pin: &str| {
            let path = Some(path.to_str().unwrap().to_owned());
            Source { path, sha256: Some(pin.to_owned()), ..Source::default() }.load()
        };
        let right = sha256(b"N.");
        assert!(matches!(with(&right), Ok(Loaded::Other(class)) if class == "NoneType"));
        assert!(matches!(with(&right.to_uppercase()), Ok(Loaded::Other(_))));
        let error = with(&sha256(b"other")).err().unwrap();
        assert!(error.contains(&format!("has the SHA-256 {right}, not ")), "{error}");
        assert!(with(&right[1..]).err().unwrap().contains("expected 64 hexadecimal digits"));
    }

    #[test]
    fn an_address_without_a_key_is_refused() {
        let error = load(Some("s3://bucket")).err().unwrap();
        assert!(error.contains("expected s3://bucket/key") || error.contains("built without"), "{error}");
    }
}
