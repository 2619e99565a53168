//! Which columns of a table the model is given, and which go through to the answer.

use std::collections::HashMap;

use super::{Options, Wanted};

/// Names of columns that a message lists at most.
const LISTED: usize = 8;

/// A choice among the columns of a file.
pub(super) struct Selection {
    /// The model's columns in the order that it wants: name and place in the file.
    pub(super) features: Vec<(String, usize)>,
    /// Columns that go through.
    pub(super) kept: Vec<(String, usize)>,
    pub(super) notes: Vec<String>,
}

/// Chooses by name: what `--columns` says, else the names of fit, else every column that is not kept.
pub(super) fn select(header: &[String], options: &Options, wanted: &Wanted<'_>) -> Result<Selection, String> {
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(header.len());
    let mut twice = None;
    for (place, name) in header.iter().enumerate() {
        if places.insert(name, place).is_some() {
            twice = Some(name.as_str());
        }
    }
    let find = |name: &String, option: &str| match places.get(name.as_str()) {
        Some(&place) => Ok((name.clone(), place)),
        None => Err(format!(
            "{option} names a column '{}', which the input does not have{}",
            skpickle::printable(name),
            suggestion(name, header.iter().map(String::as_str))
        )),
    };
    let kept = options.keep.iter().map(|name| find(name, "--keep")).collect::<Result<Vec<_>, _>>()?;
    for (name, _) in &options.types {
        find(name, "--type")?;
    }
    let mut notes = Vec::new();
    let features: Vec<(String, usize)> = match (&options.columns, wanted.names()) {
        (Some(columns), _) => columns.iter().map(|name| find(name, "--columns")).collect::<Result<_, _>>()?,
        (None, Some(names)) => {
            if let Some(name) = twice.filter(|twice| names.iter().any(|name| name == twice)) {
                return Err(format!("the input has two columns '{}'", skpickle::printable(name)));
            }
            let there = |name: &String| places.get(name.as_str()).map(|&place| (name.clone(), place));
            let features: Vec<_> = names.iter().filter_map(there).collect();
            let missing: Vec<&String> = names.iter().filter(|name| !places.contains_key(name.as_str())).collect();
            let taken = |name: &str| names.iter().chain(&options.keep).any(|taken| taken == name);
            let extra: Vec<&str> = header.iter().map(String::as_str).filter(|name| !taken(name)).collect();
            if features.is_empty() {
                return Err(format!(
                    "none of the input's columns ({}) is one of the model's: {}",
                    list(header.iter().map(String::as_str)),
                    list(names.iter().map(String::as_str))
                ));
            }
            // Whether a missing column matters, the model says; what may be meant by it, only the file does.
            for name in missing {
                let meant = suggestion(name, extra.iter().copied());
                notes.push(format!("the input has no column '{}'{meant}", skpickle::printable(name)));
            }
            if !extra.is_empty() {
                notes.push(format!("not the model's columns, and left out: {}", list(extra.into_iter())));
            }
            features
        }
        (None, None) => {
            if let Some(name) = twice {
                return Err(format!("the input has two columns '{}'", skpickle::printable(name)));
            }
            let free = header.iter().cloned().zip(0..).filter(|(name, _)| !options.keep.contains(name));
            free.collect()
        }
    };
    if features.is_empty() {
        return Err("no columns are left for the model".into());
    }
    Ok(Selection { features, kept, notes })
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|name| format!("'{}'", skpickle::printable(name))).collect();
    match names.get(LISTED..).map_or(0, <[String]>::len) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..LISTED].join(", ")),
    }
}

/// The name that is most like this one, if it is much like it.
pub(in crate::cli) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let lower = name.to_lowercase();
    let near = names.map(|other| (strsim::jaro_winkler(&lower, &other.to_lowercase()), other));
    near.filter(|(likeness, _)| *likeness > 0.85).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

fn suggestion<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> String {
    nearest(name, names).map_or(String::new(), |near| format!("; did you mean '{}'?", skpickle::printable(near)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness() {
        let names = ["petal length (cm)", "petal width (cm)", "species"];
        assert_eq!(nearest("Petal Length (cm)", names.into_iter()), Some("petal length (cm)"));
        assert_eq!(nearest("colour", names.into_iter()), None);
    }
}
