//! The object as a tree of lines. Everything is visited once, however often it is shared, and the lines are bounded.

use std::collections::HashMap;

use skpickle::{Dtype, Kind, Obj, printable};

use crate::repr as value;

/// Elements of a container that are listed.
const SHOWN: usize = 6;

/// Attributes of an object that are listed.
const ATTRIBUTES: usize = 200;

/// Levels that are listed.
const DEPTH: usize = 24;

/// Columns of a value.
const COLUMNS: usize = 76;

/// A line: how far in, the path, the name of the attribute or element, and what it is.
pub(super) struct Line {
    pub(super) depth: usize,
    pub(super) path: String,
    pub(super) name: String,
    pub(super) what: String,
}

/// The lines, no more than `limit`; whether there would have been more.
pub(super) fn lines(root: &Obj<'_>, limit: usize) -> (Vec<Line>, bool) {
    let mut lines = Vec::new();
    let mut seen: HashMap<u32, String> = HashMap::new();
    let mut tasks = vec![(0, String::new(), Some(root.clone()), String::new())];
    while let Some((depth, name, obj, note)) = tasks.pop() {
        if lines.len() == limit {
            return (lines, true);
        }
        let Some(obj) = obj else {
            lines.push(Line { depth, path: String::new(), name, what: note });
            continue;
        };
        let path = obj.path();
        let (mut what, mut children) = describe(&obj);
        if !children.is_empty() {
            if let Some(first) = seen.get(&obj.identity()) {
                what = format!("{what}, the same object as {}", if first.is_empty() { "the root" } else { first });
                children.clear();
            } else {
                seen.insert(obj.identity(), path.clone());
            }
        }
        if depth >= DEPTH && !children.is_empty() {
            what.push_str(" ...");
            children.clear();
        }
        lines.push(Line { depth, path, name, what });
        tasks.extend(children.into_iter().rev().map(|(name, child, note)| (depth + 1, name, child, note)));
    }
    (lines, false)
}

/// Name, object, and what stands in its place if there is none.
type Child<'g> = (String, Option<Obj<'g>>, String);

/// What an object is, and its parts if they are worth lines of their own.
fn describe<'g>(obj: &Obj<'g>) -> (String, Vec<Child<'g>>) {
    if let Some(text) = value::inline(obj, COLUMNS) {
        return (text, Vec::new());
    }
    let has_parts =
        matches!(obj.kind(), Kind::List | Kind::Tuple | Kind::Set | Kind::Array | Kind::Dict | Kind::Object);
    if !has_parts {
        return (value::repr(obj, COLUMNS), Vec::new());
    }
    if let Ok(array) = obj.array() {
        let extents: Vec<String> = array.shape().iter().map(usize::to_string).collect();
        let mut what = format!("{} array ({})", dtype(array.dtype()), extents.join(", "));
        let mut children = Vec::new();
        if array.dtype().is_object() {
            children = elements(array.objects().unwrap_or_default());
        } else if array.len() <= SHOWN && array.dtype().fields.is_empty() {
            let values = array.scalars().unwrap_or_default();
            let values: Vec<String> = values.iter().map(value::scalar).collect();
            what = format!("{what}: {}", values.join(", "));
        }
        return (cut(what), children);
    }
    match obj.kind() {
        Kind::List | Kind::Tuple | Kind::Set => match obj.items() {
            Ok(items) => (obj.describe(), elements(items)),
            Err(e) => (format!("{} ({})", obj.describe(), e.message()), Vec::new()),
        },
        Kind::Dict => match obj.entries() {
            Ok(entries) => (obj.describe(), pairs(entries)),
            Err(e) => (format!("{} ({})", obj.describe(), e.message()), Vec::new()),
        },
        _ => object(obj),
    }
}

fn object<'g>(obj: &Obj<'g>) -> (String, Vec<Child<'g>>) {
    let class = obj.class().map_or_else(|| "object".to_owned(), |name| name.to_string());
    if class == "numpy.dtype" {
        let name = obj.args().ok().and_then(|args| args.first().map(|first| value::repr(first, COLUMNS)));
        return (format!("numpy.dtype {}", name.unwrap_or_default()), Vec::new());
    }
    let mut children: Vec<Child<'g>> = Vec::new();
    match obj.fields() {
        Ok(fields) => {
            let more = fields.len().saturating_sub(ATTRIBUTES);
            let shown = fields.iter().take(ATTRIBUTES);
            children.extend(shown.map(|(name, value)| (printable(&name), Some(value), String::new())));
            if more > 0 {
                children.push(("...".into(), None, format!("{more} more attributes")));
            }
        }
        // A state that is no dict: shown as it is.
        Err(_) => children.extend(obj.state().map(|state| ("state".into(), Some(state), String::new()))),
    }
    // An instance made with arguments, or a call that was not made.
    let args = obj.args().unwrap_or_default();
    children.extend(elements(args).into_iter().map(|(name, value, note)| (format!("argument {name}"), value, note)));
    if let Ok(items) = obj.items() {
        children.extend(elements(items));
    }
    if let Ok(entries) = obj.entries() {
        children.extend(pairs(entries));
    }
    (class, children)
}

fn elements(items: Vec<Obj<'_>>) -> Vec<Child<'_>> {
    let more = items.len().saturating_sub(SHOWN);
    let shown = items.into_iter().take(SHOWN).enumerate();
    let mut children: Vec<Child<'_>> = shown.map(|(i, item)| (format!("[{i}]"), Some(item), String::new())).collect();
    if more > 0 {
        children.push(("...".into(), None, format!("{more} more")));
    }
    children
}

fn pairs<'g>(entries: Vec<(Obj<'g>, Obj<'g>)>) -> Vec<Child<'g>> {
    let more = entries.len().saturating_sub(SHOWN);
    let shown = entries.into_iter().take(SHOWN);
    let mut children: Vec<Child<'g>> =
        shown.map(|(key, value)| (format!("[{}]", value::repr(&key, 40)), Some(value), String::new())).collect();
    if more > 0 {
        children.push(("...".into(), None, format!("{more} more")));
    }
    children
}

/// numpy's long name for an element type.
fn dtype(dtype: &Dtype) -> String {
    let bits = 8 * dtype.size;
    match dtype.kind {
        b'f' => format!("float{bits}"),
        b'i' => format!("int{bits}"),
        b'u' => format!("uint{bits}"),
        b'c' => format!("complex{bits}"),
        _ => dtype.name(),
    }
}

fn cut(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(2 * COLUMNS) {
        text.truncate(at);
        text.push_str("...");
    }
    text
}
