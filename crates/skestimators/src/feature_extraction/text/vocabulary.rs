//! The terms of a vectorizer, found by their text.

use std::{borrow::Cow, hash::BuildHasher};

use hashbrown::{DefaultHashBuilder, HashTable};
use skpickle::{ErrorKind, Kind, Obj, Scalar};

use crate::error::Result;

/// Terms and their columns.
///
/// The hash has a random seed in each process: neither files nor documents can be made for it to collide.
pub(super) struct Vocabulary {
    /// All terms, one after the other in the order of their columns.
    text: String,
    /// Where each term ends.
    ends: Vec<usize>,
    /// By the hashes of the terms.
    table: HashTable<Place>,
    hash: DefaultHashBuilder,
    longest: usize,
}

/// Where a term stands, and its column.
struct Place {
    start: u32,
    len: u32,
    column: u32,
}

impl Vocabulary {
    /// A dict of terms and columns, each below their number and each once; or terms alone, in order (those of a set sorted).
    pub(super) fn load(field: &Obj<'_>) -> Result<Vocabulary> {
        let is_dict = field.kind() == Kind::Dict || field.kind() == Kind::Object && field.items().is_err();
        let terms = if is_dict { entries(field)? } else { items(field)? };
        let mut ends = Vec::with_capacity(terms.len());
        let mut text = String::with_capacity(terms.iter().map(|term| term.len()).sum());
        for term in &terms {
            text.push_str(term);
            ends.push(text.len());
        }
        let longest = terms.iter().map(|term| term.len()).max().unwrap_or(0);
        let hash = DefaultHashBuilder::default();
        let size = u32::try_from(text.len()).ok();
        size.ok_or_else(|| field.error(ErrorKind::Limit, "the terms come to more than 4 GiB"))?;
        let mut table = HashTable::with_capacity(terms.len());
        let mut start = 0;
        for (column, term) in (0..).zip(&terms) {
            let same = |place: &Place| terms[place.column as usize] == *term;
            let hash_of = |place: &Place| hash.hash_one(terms[place.column as usize].as_bytes());
            let entry = table.entry(hash.hash_one(term.as_bytes()), same, hash_of);
            if let hashbrown::hash_table::Entry::Occupied(_) = entry {
                let message = format!("Duplicate term in vocabulary: '{}'", skpickle::printable(term));
                return Err(field.error(ErrorKind::Value, message).into());
            }
            let len = term.len() as u32;
            entry.or_insert(Place { start, len, column });
            start += len;
        }
        Ok(Vocabulary { text, ends, table, hash, longest })
    }

    /// Number of terms.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of the longest term.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// The term of a column.
    pub(super) fn term(&self, column: usize) -> &str {
        let start = column.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[column]]
    }

    /// Terms by column.
    pub(super) fn terms(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|column| self.term(column))
    }

    /// The column of a term.
    #[inline]
    pub(super) fn column(&self, term: &str) -> Option<usize> {
        let (text, term) = (self.text.as_bytes(), term.as_bytes());
        let same = |&Place { start, len, .. }: &Place| {
            len as usize == term.len() && text.get(start as usize..start as usize + term.len()) == Some(term)
        };
        self.table.find(self.hash.hash_one(term), same).map(|place| place.column as usize)
    }
}

/// Terms of a dict, in the order of their columns.
fn entries<'g>(field: &Obj<'g>) -> Result<Vec<Cow<'g, str>>> {
    // In Python the last entry of several under one key counts, and the columns of the others are free.
    match field.text_to_ints()?.map(|entries| by_column(&entries)) {
        Some(Some(terms)) => {
            field.charge(terms.iter().map(|term| 64 + term.len() as u64).sum())?;
            Ok(terms.into_iter().map(Cow::Borrowed).collect())
        }
        _ => one_by_one(field),
    }
}

/// The terms in the order of their columns, if each column is there once.
fn by_column<'g>(entries: &[(&'g str, i64)]) -> Option<Vec<&'g str>> {
    let mut terms = vec![None; entries.len()];
    for &(term, column) in entries {
        let place = terms.get_mut(usize::try_from(column).ok()?)?;
        if place.replace(term).is_some() {
            return None;
        }
    }
    // As many columns as places, and none twice: no place is empty.
    Some(terms.into_iter().map(Option::unwrap_or_default).collect())
}

/// As [`entries`], of any dict; refusals name the entry.
fn one_by_one<'g>(field: &Obj<'g>) -> Result<Vec<Cow<'g, str>>> {
    let entries = field.entries()?;
    let mut terms = vec![None; entries.len()];
    for (term, column) in &entries {
        let text = term.str().map_err(|_| term.expected("a term that is text"))?;
        term.charge(64 + text.len() as u64)?;
        let index: usize = column.get()?;
        match terms.get_mut(index) {
            Some(place @ None) => *place = Some(text),
            Some(_) => return Err(column.error(ErrorKind::Value, "Vocabulary contains repeated indices.").into()),
            None => {
                let message = format!("column {index} in a vocabulary of {} terms", entries.len());
                return Err(column.error(ErrorKind::Value, message).into());
            }
        }
    }
    // As many columns as places, and none twice: no place is empty.
    Ok(terms.into_iter().flatten().collect())
}

fn term(scalar: Scalar) -> Option<String> {
    if let Scalar::Str(term) = scalar { Some(term) } else { None }
}

/// Terms of a list, a set or an array.
fn items<'g>(field: &Obj<'g>) -> Result<Vec<Cow<'g, str>>> {
    let mut terms = match field.array() {
        Ok(array) => array.scalars()?.into_iter().map(term).collect::<Option<Vec<String>>>(),
        Err(_) => Some(field.items()?.iter().map(Obj::get).collect::<skpickle::Result<_>>()?),
    }
    .ok_or_else(|| field.expected("an array of terms that are text"))?;
    if field.kind() == Kind::Set {
        terms.sort_unstable();
    }
    Ok(terms.into_iter().map(Cow::Owned).collect())
}

#[cfg(test)]
mod tests {
    use crate::{
        data::{Run, Samples},
        error::Result,
        estimator::written,
        method::Method,
    };

    #[test]
    fn an_array_of_terms_is_a_vocabulary() -> Result<()> {
        let array = "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR(I1\n(I2\ntcnumpy\ndtype\n(VO8\nI0\nI1\ntR\
                     (I3\nV|\nNNNI-1\nI-1\nI63\ntbI00\n(Vbb\nVaa\nltb";
        let attributes = format!("Vvocabulary\n{array}Vtoken_pattern\nV[a-z]+\n");
        let model = written("sklearn.feature_extraction.text", "CountVectorizer", &attributes)?;
        let names = model.call(Method::FeatureNamesOut, &Samples::Text(Run::default()))?;
        assert_eq!(names, crate::Output::Names(vec!["bb".into(), "aa".into()]));
        Ok(())
    }

    #[test]
    fn of_a_term_that_is_there_twice_the_last_column_counts() -> Result<()> {
        let load = |entries: &str| {
            let attributes = format!("Vvocabulary_\n(d({entries}uVtoken_pattern\nV[a-z]+\n");
            written("sklearn.feature_extraction.text", "CountVectorizer", &attributes)
        };
        for entries in ["Vaa\nI1\nVbb\nI0\n", "Vaa\nI0\nVbb\nI0\nVaa\nI1\n", "Vaa\nI7\nVbb\nI0\nVaa\nI1\n"] {
            let names = load(entries)?.call(Method::FeatureNamesOut, &Samples::Text(Run::default()))?;
            assert_eq!(names, crate::Output::Names(vec!["bb".into(), "aa".into()]), "{entries}");
        }
        let refusal = load("Vaa\nI0\nVbb\nI2\n").err().map(|e| e.to_string()).unwrap_or_default();
        assert!(refusal.contains("column 2 in a vocabulary of 2 terms"), "{refusal}");
        Ok(())
    }
}
