//! Finding one estimator in a bundle: a dict, list or tuple that holds several things.

use skpickle::{ErrorKind, Obj};

use crate::error::Result;

/// The member that a Python-like path names: `["model"]`, `[0]`, `["models"][1]`.
pub(crate) fn find<'g>(root: &Obj<'g>, path: &str) -> Result<Obj<'g>> {
    let mut obj = root.clone();
    for step in steps(path).ok_or_else(|| {
        let path = skpickle::printable(path);
        root.error(ErrorKind::Value, format!("'{path}' names no member; write it as [\"name\"] or [0]"))
    })? {
        obj = match step {
            Step::Key(key) => obj.entry(&key)?,
            Step::Index(index) => {
                let items = obj.items()?;
                let at = if index < 0 { index + items.len() as i64 } else { index };
                let found = usize::try_from(at).ok().and_then(|at| items.get(at));
                found.cloned().ok_or_else(|| {
                    obj.error(ErrorKind::Missing, format!("no member [{index}] in {}", obj.describe()))
                })?
            }
        };
    }
    Ok(obj)
}

enum Step {
    Key(String),
    Index(i64),
}

fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path.trim();
    while !rest.is_empty() {
        rest = rest.strip_prefix('[')?;
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let mut key = String::new();
            let mut chars = rest[1..].char_indices();
            let end = loop {
                match chars.next()? {
                    (_, '\\') => key.push(chars.next()?.1),
                    (at, c) if c == quote => break at,
                    (_, c) => key.push(c),
                }
            };
            rest = rest[1 + end + 1..].strip_prefix(']')?;
            steps.push(Step::Key(key));
        } else {
            let (index, after) = rest.split_once(']')?;
            steps.push(Step::Index(index.trim().parse().ok()?));
            rest = after;
        }
    }
    (!steps.is_empty()).then_some(steps)
}
