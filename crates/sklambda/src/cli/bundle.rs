//! Estimators inside a dict, list or tuple, as people save a model with its metadata.

use std::collections::HashSet;

use skestimators::Model;
use skpickle::{Graph, Kind, Obj, printable};

use super::Failure;

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

/// The model of a decoded file: the file's own, or the member that is named, or the only one that there is. Beside it,
/// the path of the member.
pub(crate) fn model(graph: &Graph, member: Option<&str>) -> Result<(Model, Option<String>), Failure> {
    let refused = |e: skestimators::Error| Failure::model(e.to_string());
    let members = if member.is_some() || graph.root().kind() == Kind::Object { Vec::new() } else { members(graph) };
    let member = match members.as_slice() {
        [] => member.map(str::to_owned),
        [only] => Some(only.path.clone()),
        many => {
            let choice = |m: &Member| format!("--member '{}' ({})", printable(&m.path), m.class);
            let list: Vec<String> = many.iter().take(20).map(choice).collect();
            let what = graph.root().describe();
            return Err(Failure::model(format!(
                "the file holds {what} with {} estimators; choose: {}",
                many.len(),
                list.join(", ")
            )));
        }
    };
    Ok((Model::from_graph(graph, member.as_deref()).map_err(refused)?, member))
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
