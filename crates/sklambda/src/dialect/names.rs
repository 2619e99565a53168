//! Names of columns and the like in messages.

/// Names that a message lists at most.
const MOST_NAMES: usize = 30;

/// A name in quotes, safe to print.
pub(super) fn quoted(name: impl AsRef<str>) -> String {
    format!("'{}'", skpickle::printable(name.as_ref()))
}

/// Names behind one another, cut where there are many.
pub(super) fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = names.len();
    let mut list: Vec<String> = names.take(MOST_NAMES).map(quoted).collect();
    if count > MOST_NAMES {
        list.push(format!("… ({count} in all)"));
    }
    list.join(", ")
}

/// The name that is most like another, if one is rather like it.
pub(super) fn nearest<'a>(name: &str, among: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let plain = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(64).collect()
    };
    let wanted = plain(name);
    let distance = |other: &String| edits(&wanted, &plain(other));
    let (near, edits) = among.take(1000).map(|other| (other, distance(other))).min_by_key(|(_, edits)| *edits)?;
    (edits <= wanted.len() / 3).then_some(near)
}

/// Letters to add, take away or replace.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = before + usize::from(x != y);
            before = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(before + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_pen_are_found() {
        let given = ["Sepal Length".to_owned(), "width".to_owned()];
        assert_eq!(nearest("sepal_length", given.iter()), Some(&given[0]));
        assert_eq!(nearest("petal", given.iter()), None);
        assert_eq!(edits(&['a', 'b'], &['b']), 1);
    }
}
