//! Where the model comes from.

use std::path::Path;

use crate::handler::Loaded;

/// Loads the model in a file; `None` stands for an unset `SKLEARN_MODEL_PATH`.
///
/// # Errors
/// The text after `Failed to load model: ` of the answer.
pub fn load(path: Option<&str>) -> Result<Loaded, String> {
    let path = path.ok_or("'SKLEARN_MODEL_PATH'")?;
    if !Path::new(path).exists() {
        let known = [".joblib", ".pkl", ".pickle"].iter().any(|end| path.ends_with(end));
        let missing = || format!("[Errno 2] No such file or directory: '{}'", skpickle::printable(path));
        return if known { Err(missing()) } else { Ok(Loaded::Nothing) };
    }
    let graph = skpickle::load_path(path, &skpickle::Limits::default()).map_err(|e| e.to_string())?;
    Loaded::from_graph(&graph)
}
