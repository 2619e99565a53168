//! `CountVectorizer` and `TfidfVectorizer`: columns by a vocabulary.

use super::{
    analyzer::{Analyzer, Scratch},
    documents,
    tfidf::Tfidf,
    vocabulary::Vocabulary,
};
use crate::{
    data::{Csr, Dtype, RowSum, RowSums, Samples, Value},
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// Terms of a long document, which are added up on the way.
const LONG: usize = 1 << 14;

struct Vectorizer {
    analyzer: Analyzer,
    vocabulary: Vocabulary,
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
    let vocabulary = Vocabulary::load(&field)?;
    s.require(vocabulary.len() > 0, "Vocabulary is empty")?;
    if let Some(width) = tfidf.as_ref().and_then(Tfidf::width) {
        let words = vocabulary.len();
        s.require(width == words, format_args!("the vocabulary has {words} terms, but idf_ is for {width}"))?;
    }
    Ok(Box::new(Vectorizer {
        analyzer: Analyzer::load(s)?.up_to(vocabulary.longest()),
        vocabulary,
        binary: s.opt("binary")?.unwrap_or(false),
        dtype: Dtype::load(s, Dtype::Int)?,
        tfidf,
    }))
}

impl Vectorizer {
    fn counts(&self, x: &Samples) -> Result<Csr> {
        let documents = documents(x)?;
        let (mut counts, mut scratch) = (RowSums::default(), Scratch::default());
        let (mut columns, mut long) = (Vec::new(), RowSum::default());
        let value = |count: f64| self.dtype.cast(if self.binary { 1.0 } else { count });
        for document in &documents {
            self.analyzer.tokens(document, &mut scratch, |token| {
                columns.extend(self.vocabulary.column(token));
                if columns.len() == LONG {
                    columns.drain(..).for_each(|column| long.add(column, 1.0));
                }
            })?;
            if long.is_empty() {
                columns.sort_unstable();
                counts.extend(columns.chunk_by(|a, b| a == b).map(|same| (same[0], value(same.len() as f64))));
            } else {
                columns.iter().for_each(|&column| long.add(column, 1.0));
                counts.extend(long.drain().map(|(column, count)| (column, value(count))));
            }
            columns.clear();
        }
        counts.finish(self.vocabulary.len())
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
                return Err(Error::input(format_args!(
                    "Found array with 0 sample(s) (shape=(0, {})) while a minimum of 1 is required by TfidfTransformer.",
                    counts.columns()
                )));
            }
            tfidf.apply(&mut counts, self.dtype == Dtype::F32);
        }
        Ok(Samples::Sparse(counts))
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let terms = &self.vocabulary;
        let x = x.csr()?;
        if x.columns() > terms.len() {
            return Err(Error::input(format_args!(
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
            there.map(|(&column, _)| Value::Str(terms.term(column).into())).collect()
        };
        Ok(Samples::Rows((0..x.rows()).map(row).collect()))
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok(self.vocabulary.terms().map(str::to_owned).collect())
    }
}
