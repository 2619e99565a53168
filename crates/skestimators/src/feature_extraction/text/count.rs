//! `CountVectorizer` and `TfidfVectorizer`: columns by a vocabulary.

use std::collections::HashMap;

use skpickle::{ErrorKind, Kind, Obj};

use super::{analyzer::Analyzer, documents, tfidf::Tfidf};
use crate::{
    data::{Csr, Dtype, Samples, Value},
    error::{Error, Result},
    estimator::Estimator,
    feature_extraction::hashing::to_csr,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct Vectorizer {
    analyzer: Analyzer,
    vocabulary: HashMap<Box<str>, usize>,
    binary: bool,
    dtype: Dtype,
    /// What `TfidfVectorizer` does to the counts.
    tfidf: Option<Tfidf>,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    load_with(s, None)
}

pub(crate) fn load_tfidf(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let child = s.child("_tfidf")?;
    s.ignored(&["norm", "use_idf", "smooth_idf", "sublinear_tf"]);
    s.require(child.class() == "TfidfTransformer", "_tfidf is not a TfidfTransformer")?;
    load_with(s, Some(Tfidf::load(&child)?))
}

fn load_with(s: &State<'_, '_>, tfidf: Option<Tfidf>) -> Result<Box<dyn Estimator>> {
    // A vocabulary that was given needs no fit.
    let field = match s.raw_opt("vocabulary_") {
        Some(field) => field,
        None => s.raw("vocabulary").map_err(|_| s.error("Vocabulary not fitted or provided"))?,
    };
    s.ignored(&["vocabulary"]);
    let vocabulary = read_vocabulary(&field)?;
    s.require(!vocabulary.is_empty(), "Vocabulary is empty")?;
    if let Some(width) = tfidf.as_ref().and_then(Tfidf::width) {
        let words = vocabulary.len();
        s.require(width == words, format!("the vocabulary has {words} terms, but idf_ is for {width}"))?;
    }
    let longest = vocabulary.keys().map(|term| term.len()).max().unwrap_or(0);
    Ok(Box::new(Vectorizer {
        analyzer: Analyzer::load(s)?.up_to(longest),
        vocabulary,
        binary: s.opt("binary")?.unwrap_or(false),
        dtype: Dtype::load(s, Dtype::Int)?,
        tfidf,
    }))
}

/// Terms and their columns: each column below the number of terms, and each once.
fn read_vocabulary(field: &Obj<'_>) -> Result<HashMap<Box<str>, usize>> {
    let mut vocabulary = HashMap::new();
    let dict = field.kind() == Kind::Dict || field.kind() == Kind::Object && field.items().is_err();
    if !dict {
        let mut terms: Vec<String> = field.items()?.iter().map(Obj::get).collect::<skpickle::Result<_>>()?;
        if field.kind() == Kind::Set {
            terms.sort_unstable();
        }
        for (i, term) in terms.into_iter().enumerate() {
            let message = format!("Duplicate term in vocabulary: '{}'", skpickle::printable(&term));
            if vocabulary.insert(term.into_boxed_str(), i).is_some() {
                return Err(field.error(ErrorKind::Value, message).into());
            }
        }
        return Ok(vocabulary);
    }
    let entries = field.entries()?;
    let mut taken = vec![false; entries.len()];
    vocabulary.reserve(entries.len());
    for (term, column) in &entries {
        let text = term.str().map_err(|_| term.expected("a term that is text"))?;
        term.charge(64 + text.len() as u64)?;
        let index: usize = column.get()?;
        match taken.get_mut(index) {
            Some(taken) if !*taken => *taken = true,
            Some(_) => return Err(column.error(ErrorKind::Value, "Vocabulary contains repeated indices.").into()),
            None => {
                let message = format!("column {index} in a vocabulary of {} terms", entries.len());
                return Err(column.error(ErrorKind::Value, message).into());
            }
        }
        vocabulary.insert(text.into_owned().into_boxed_str(), index);
    }
    if vocabulary.len() != entries.len() {
        return Err(field.error(ErrorKind::Value, "a term is there twice").into());
    }
    Ok(vocabulary)
}

impl Vectorizer {
    fn counts(&self, x: &Samples) -> Result<Csr> {
        let mut rows = Vec::new();
        for document in documents(x)? {
            let mut row = HashMap::new();
            self.analyzer.tokens(&document, &mut |token| {
                if let Some(&column) = self.vocabulary.get(token) {
                    *row.entry(column).or_insert(0.0) += 1.0;
                }
            })?;
            rows.push(row);
        }
        let mut counts = to_csr(rows, self.vocabulary.len())?;
        for value in counts.data_mut() {
            *value = self.dtype.cast(if self.binary { 1.0 } else { *value });
        }
        Ok(counts)
    }

    /// Terms by column.
    fn terms(&self) -> Vec<&str> {
        let mut terms = vec![""; self.vocabulary.len()];
        for (term, &column) in &self.vocabulary {
            terms[column] = term;
        }
        terms
    }
}

impl Estimator for Vectorizer {
    fn methods(&self) -> Methods {
        // Up to 0.24 the names came from get_feature_names.
        Methods::of(&[Method::Transform, Method::InverseTransform, Method::FeatureNamesOut])
    }

    fn door(&self, method: Method) -> Door {
        match method {
            Method::InverseTransform => Door::NUMERIC.sparse().any_width(),
            _ => Door::OPEN,
        }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let mut counts = self.counts(x)?;
        if let Some(tfidf) = &self.tfidf {
            if counts.rows() == 0 {
                return Err(Error::input(format!(
                    "Found array with 0 sample(s) (shape=(0, {})) while a minimum of 1 is required by TfidfTransformer.",
                    counts.columns()
                )));
            }
            tfidf.apply(&mut counts, self.dtype == Dtype::F32);
        }
        Ok(Samples::Sparse(counts))
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let terms = self.terms();
        let x = x.csr()?;
        if x.columns() > terms.len() {
            return Err(Error::input(format!(
                "index {} is out of bounds for axis 0 with size {}: X has {} columns, the vocabulary {} terms",
                x.columns() - 1,
                terms.len(),
                x.columns(),
                terms.len()
            )));
        }
        let row = |i| {
            let (columns, values) = x.row(i);
            let there = columns.iter().zip(values).filter(|&(_, &value)| value != 0.0);
            there.map(|(&column, _)| Value::Str(terms[column].into())).collect()
        };
        Ok(Samples::Rows((0..x.rows()).map(row).collect()))
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok(self.terms().into_iter().map(str::to_owned).collect())
    }
}
