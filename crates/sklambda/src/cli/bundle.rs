//! Estimators inside a dict, list or tuple, as people save a model with its metadata.

use std::collections::HashSet;

use skpickle::{Graph, Kind, Obj};

/// Values looked at in the search.
const VALUES: usize = 10_000;

/// Containers inside one another that are looked into.
const DEPTH: usize = 8;

/// A member of a bundle: the path that reaches it, and its class.
pub(crate) struct Member {
    /// As Python spells it: `["model"]`, `[0]`.
    pub(crate) path: String,
    pub(crate) class: String,
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
