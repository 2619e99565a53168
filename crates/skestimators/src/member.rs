//! Bundles: a dict, list or tuple that holds an estimator beside other things, as people save a model with its metadata.

use std::collections::HashSet;

use skpickle::{ErrorKind, Graph, Kind, Obj};

use crate::error::{Error, Result};

/// Values looked at in the search.
const VALUES: usize = 10_000;

/// Containers inside one another that are looked into.
const DEPTH: usize = 8;

/// Members that a refusal lists.
const LISTED: usize = 20;

/// An estimator inside a dict, list or tuple.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// As Python spells the way to it: `["model"]`, `[0]`, `["models"][1]`.
    pub path: String,
    /// The full name of its class, such as `sklearn.linear_model._logistic.LogisticRegression`.
    pub class: String,
}

/// The scikit-learn objects that a dict, list or tuple at the root holds, outermost first.
pub(crate) fn members(graph: &Graph) -> Vec<Member> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut level = vec![(graph.root(), String::new())];
    for _ in 0..DEPTH {
        let mut next = Vec::new();
        for (obj, path) in level {
            if seen.len() >= VALUES || !seen.insert(obj.identity()) {
                continue;
            }
            let class = obj.class().filter(|name| obj.kind() == Kind::Object && name.module.starts_with("sklearn."));
            match class {
                Some(class) => found.push(Member { path, class: class.to_string() }),
                None => next.extend(children(&obj).into_iter().map(|(step, child)| (child, format!("{path}{step}")))),
            }
        }
        level = next;
    }
    found
}

fn children<'g>(obj: &Obj<'g>) -> Vec<(String, Obj<'g>)> {
    let interesting = |obj: &Obj<'_>| matches!(obj.kind(), Kind::Object | Kind::Dict | Kind::List | Kind::Tuple);
    match obj.kind() {
        Kind::Dict => {
            let step = |(key, value): (Obj<'g>, Obj<'g>)| {
                let key = key.str().ok()?;
                Some((format!("[\"{}\"]", key.replace('\\', "\\\\").replace('"', "\\\"")), value))
            };
            obj.entries()
                .unwrap_or_default()
                .into_iter()
                .filter(|(_, value)| interesting(value))
                .filter_map(step)
                .collect()
        }
        Kind::List | Kind::Tuple => {
            let items = obj.items().unwrap_or_default().into_iter().enumerate();
            items.filter(|(_, item)| interesting(item)).map(|(i, item)| (format!("[{i}]"), item)).collect()
        }
        _ => Vec::new(),
    }
}

/// The path of the only estimator in a bundle.
///
/// # Errors
/// There is none, or there are several, which are listed.
pub(crate) fn only(graph: &Graph) -> Result<String> {
    let root = graph.root();
    let refuse = |message: String| Err(Error::unsupported(root.error(ErrorKind::Unsupported, message)));
    match members(graph).as_slice() {
        [] => refuse(format!("the file holds {}, with no scikit-learn estimator in it", root.describe())),
        [only] => Ok(only.path.clone()),
        many => {
            let mut list: Vec<String> = many
                .iter()
                .take(LISTED)
                .map(|member| format!("'{}' ({})", skpickle::printable(&member.path), member.class))
                .collect();
            if many.len() > LISTED {
                list.push("…".into());
            }
            let (what, count, list) = (root.describe(), many.len(), list.join(", "));
            refuse(format!("the file holds {what} with {count} estimators, one of which must be named: {list}"))
        }
    }
}

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
