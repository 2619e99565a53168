//! `HashingVectorizer`: the tokens' hashes are their columns.

use std::collections::HashMap;

use super::{analyzer::Analyzer, documents, tfidf::Norm};
use crate::{
    data::{Dtype, Samples},
    error::Result,
    estimator::Estimator,
    feature_extraction::hashing::Hasher,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct HashingVectorizer {
    analyzer: Analyzer,
    hasher: Hasher,
    binary: bool,
    norm: Option<Norm>,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    Ok(Box::new(HashingVectorizer {
        analyzer: Analyzer::load(s)?,
        hasher: Hasher::load(s)?,
        binary: s.opt("binary")?.unwrap_or(false),
        norm: Norm::load(s)?,
    }))
}

impl Estimator for HashingVectorizer {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform])
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let mut rows = Vec::new();
        for document in documents(x)? {
            let mut row = HashMap::new();
            self.analyzer.tokens(&document, &mut |token| self.hasher.add(&mut row, token.as_bytes(), 1.0))?;
            rows.push(row);
        }
        let mut x = self.hasher.finish(rows)?;
        if self.binary {
            x.data_mut().fill(1.0);
        }
        if let Some(norm) = self.norm {
            norm.apply(&mut x, self.hasher.dtype == Dtype::F32);
        }
        Ok(Samples::Sparse(x))
    }
}
