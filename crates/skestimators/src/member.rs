//! Bundles: a dict, list, tuple or the like that holds an estimator beside other things, as people save a model with its metadata.

use std::{collections::HashSet, fmt};

use skpickle::{ErrorKind, Graph, Kind, Obj};

use crate::error::{Error, Result};

/// Values looked at in the search.
const VALUES: usize = 10_000;

/// Containers inside one another that are looked into.
const DEPTH: usize = 8;

/// Members that a refusal lists.
const LISTED: usize = 20;

/// An estimator inside a dict, list or tuple, or what is used as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// As Python spells the way to it: `["model"]`, `[0]`, `["models"][1]`.
    pub path: String,
    /// The full name of its class, such as `sklearn.linear_model._logistic.LogisticRegression`.
    pub class: String,
}

/// The containers that Python's library and scikit-learn have for such bundles, beside the plain ones.
const DICTS: [(&str, &str); 6] = [
    ("collections", "OrderedDict"),
    ("collections", "defaultdict"),
    ("sklearn.utils._bunch", "Bunch"),
    ("sklearn.utils", "Bunch"),
    ("sklearn.datasets.base", "Bunch"),
    ("sklearn.datasets._base", "Bunch"),
];

/// Whether an object may hold estimators that a path names: a dict, list, tuple, or what is used as one.
pub(crate) fn is_container(obj: &Obj<'_>) -> bool {
    match obj.kind() {
        Kind::Dict | Kind::List | Kind::Tuple => true,
        Kind::Object | Kind::Array => is_dict(obj) || is_namespace(obj) || is_list(obj),
        _ => false,
    }
}

fn is_dict(obj: &Obj<'_>) -> bool {
    obj.kind() == Kind::Dict || obj.class().is_some_and(|class| DICTS.contains(&(class.module, class.name)))
}

fn is_namespace(obj: &Obj<'_>) -> bool {
    obj.class().is_some_and(|class| (class.module, class.name) == ("types", "SimpleNamespace"))
}

/// A list, a tuple, or an array of objects in one dimension.
fn is_list(obj: &Obj<'_>) -> bool {
    match obj.kind() {
        Kind::List | Kind::Tuple => true,
        _ if is_estimator(obj) => false,
        _ => obj.array().is_ok_and(|array| array.shape().len() == 1 && array.dtype().is_object()),
    }
}

fn is_estimator(obj: &Obj<'_>) -> bool {
    obj.kind() == Kind::Object && obj.class().is_some_and(|class| class.module.starts_with("sklearn.")) && !is_dict(obj)
}

/// The scikit-learn objects that a container at the root holds, outermost first.
pub(crate) fn members(graph: &Graph) -> Vec<Member> {
    search(&graph.root()).0
}

/// The scikit-learn objects inside a container, and whether something was passed over because no path names it.
fn search(root: &Obj<'_>) -> (Vec<Member>, bool) {
    let (mut found, mut passed_over) = (Vec::new(), false);
    let mut seen = HashSet::new();
    let mut level = vec![(root.clone(), String::new())];
    for _ in 0..DEPTH {
        let mut next = Vec::new();
        for (obj, path) in level {
            if seen.len() >= VALUES || !seen.insert(obj.identity()) {
                continue;
            }
            if let Some(class) = obj.class().filter(|_| is_estimator(&obj)) {
                found.push(Member { path, class: class.to_string() });
                continue;
            }
            for (step, child) in children(&obj) {
                match step {
                    _ if !is_estimator(&child) && !is_container(&child) => {}
                    Some(step) => next.push((child, format!("{path}{step}"))),
                    None => passed_over = true,
                }
            }
        }
        level = next;
    }
    (found, passed_over)
}

/// What a container holds, each with its step of a path, if there is one for it.
fn children<'g>(obj: &Obj<'g>) -> Vec<(Option<Step>, Obj<'g>)> {
    let dict = if is_namespace(obj) { obj.state() } else { Some(obj.clone()).filter(is_dict) };
    if let Some(dict) = dict {
        let pairs = dict.entries().unwrap_or_default();
        return pairs.into_iter().map(|(key, value)| (Step::of_key(&key), value)).collect();
    }
    if !is_list(obj) {
        return Vec::new();
    }
    let items = obj.items().unwrap_or_default();
    items.into_iter().zip(0..).map(|(item, i)| (Some(Step::Index(i)), item)).collect()
}

/// The path of the only estimator in a bundle.
///
/// # Errors
/// There is none, or there are several, which are listed.
pub(crate) fn only(graph: &Graph) -> Result<String> {
    let root = graph.root();
    let refuse = |message: String| Err(Error::unsupported(root.error(ErrorKind::Unsupported, message)));
    let (what, (members, passed_over)) = (root.describe(), search(&root));
    match members.as_slice() {
        [] if passed_over => refuse(format!(
            "the file holds {what}, with no scikit-learn estimator in it that a path can name: its keys are neither text nor integers"
        )),
        [] => refuse(format!("the file holds {what}, with no scikit-learn estimator in it")),
        [only] => Ok(only.path.clone()),
        many => {
            let (count, list) = (many.len(), listed(many));
            refuse(format!("the file holds {what} with {count} estimators, one of which must be named: {list}"))
        }
    }
}

fn listed(members: &[Member]) -> String {
    let name = |member: &Member| format!("'{}' ({})", skpickle::printable(&member.path), member.class);
    let mut list: Vec<String> = members.iter().take(LISTED).map(name).collect();
    if members.len() > LISTED {
        list.push("…".into());
    }
    list.join(", ")
}

/// The member that a Python-like path names: `["model"]`, `[0]`, `["models"][1]`.
pub(crate) fn find<'g>(root: &Obj<'g>, path: &str) -> Result<Obj<'g>> {
    let mut obj = root.clone();
    for step in steps(path).ok_or_else(|| {
        let path = skpickle::printable(path);
        root.error(ErrorKind::Value, format_args!("'{path}' names no member; write it as [\"name\"] or [0]"))
    })? {
        obj = step.of(&obj).ok_or_else(|| {
            let there = match search(root).0.as_slice() {
                [] => String::new(),
                members => format!("; there are {}", listed(members)),
            };
            let step = skpickle::printable(&step.to_string());
            obj.error(ErrorKind::Missing, format_args!("no member {step} in {}{there}", obj.describe()))
        })?;
    }
    Ok(obj)
}

/// What stands between brackets.
#[derive(Debug, PartialEq)]
enum Step {
    Key(String),
    Index(i64),
}

impl Step {
    /// The step to what a dict holds under a key. To Python, `True` is 1.
    fn of_key(key: &Obj<'_>) -> Option<Step> {
        match key.kind() {
            Kind::Str => key.str().ok().map(|text| Step::Key(text.into_owned())),
            Kind::Bool => key.get().ok().map(|on: bool| Step::Index(on.into())),
            Kind::Int | Kind::Object => key.get().ok().map(Step::Index),
            _ => None,
        }
    }

    /// What a container holds at this step.
    fn of<'g>(&self, obj: &Obj<'g>) -> Option<Obj<'g>> {
        let children = children(obj);
        let at = match self {
            // From the end.
            Step::Index(index) if *index < 0 && is_list(obj) => Step::Index(index + children.len() as i64),
            Step::Index(index) => Step::Index(*index),
            Step::Key(key) => Step::Key(key.clone()),
        };
        children.into_iter().find(|(step, _)| step.as_ref() == Some(&at)).map(|(_, child)| child)
    }
}

/// As Python spells it.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Key(key) => write!(f, "[\"{}\"]", key.replace('\\', "\\\\").replace('"', "\\\"")),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// What stands behind a backslash: itself, or the character that a message spells `\u{fc}`.
fn escaped(chars: &mut std::str::CharIndices<'_>) -> Option<char> {
    let (_, c) = chars.next()?;
    let Some(rest) = chars.as_str().strip_prefix('{').filter(|_| c == 'u') else { return Some(c) };
    let (digits, _) = rest.split_once('}')?;
    chars.nth(digits.chars().count() + 1)?;
    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
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
                    (_, '\\') => key.push(escaped(&mut chars)?),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(stream: &str) -> Graph {
        skpickle::load(stream.as_bytes().to_vec(), &skpickle::Limits::default()).unwrap()
    }

    /// The opcodes of an estimator.
    const MODEL: &str = "(isklearn.cluster\nKMeans\n";

    fn paths(stream: &str) -> Vec<String> {
        members(&graph(stream)).into_iter().map(|member| member.path).collect()
    }

    #[test]
    fn every_key_that_a_path_can_name_is_found_by_it() {
        let stream = format!("(dI0\n{MODEL}sV\\u00fc\"\\u005c\n{MODEL}sI-3\n{MODEL}sI01\n{MODEL}s(Va\nt{MODEL}s.");
        let graph = graph(&stream);
        let found = members(&graph);
        let paths: Vec<&str> = found.iter().map(|member| member.path.as_str()).collect();
        assert_eq!(paths, ["[0]", r#"["ü\"\\"]"#, "[-3]", "[1]"]);
        for path in paths {
            for spelled in [path.to_owned(), skpickle::printable(path)] {
                assert!(is_estimator(&find(&graph.root(), &spelled).unwrap()), "{spelled}");
            }
        }
        let missing = find(&graph.root(), "[7]").unwrap_err().to_string();
        assert!(
            missing.contains("no member [7] in a dict of 5; there are '[0]' (sklearn.cluster.KMeans)"),
            "{missing}"
        );
    }

    #[test]
    fn what_no_path_names_is_told_from_what_is_not_there() {
        let error = |stream: &str| only(&graph(stream)).unwrap_err().to_string();
        let keys = error(&format!("(d(Va\nI1\nt{MODEL}s."));
        assert!(keys.contains("a dict of 1, with no scikit-learn estimator in it that a path can name"), "{keys}");
        let nothing = error("(d(Va\nI1\ntI1\ns.");
        assert!(nothing.contains("no scikit-learn estimator in it") && !nothing.contains("path"), "{nothing}");
    }

    #[test]
    fn what_is_used_as_a_dict_or_list_counts_as_one() {
        assert_eq!(paths(&format!("ccollections\nOrderedDict\n)RVm\n{MODEL}s.")), [r#"["m"]"#]);
        assert_eq!(paths(&format!("ccollections\ndefaultdict\n(c__builtin__\nlist\ntRVm\n{MODEL}s.")), [r#"["m"]"#]);
        assert_eq!(paths(&format!("(isklearn.utils._bunch\nBunch\nVM\n{MODEL}s.")), [r#"["M"]"#]);
        assert_eq!(paths(&format!("ctypes\nSimpleNamespace\n)R(dVm\n{MODEL}sb.")), [r#"["m"]"#]);
        let graph = graph(&format!("ctypes\nSimpleNamespace\n)R(dVm\n(l{MODEL}a{MODEL}asb."));
        assert!(is_estimator(&find(&graph.root(), r#"["m"][-1]"#).unwrap()));
    }
}
