//! `HashingVectorizer`: the tokens' hashes are their columns.

use super::{
    analyzer::{Analyzer, Scratch},
    documents,
    tfidf::Norm,
};
use crate::{
    data::{Dtype, RowSum, RowSums, Samples},
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
        let (mut sums, mut scratch, mut row) = (RowSums::default(), Scratch::default(), RowSum::default());
        for document in documents(x)? {
            let add = |token: &str| self.hasher.add(&mut row, token.as_bytes(), 1.0);
            self.analyzer.tokens(&document, &mut scratch, add)?;
            sums.push(&mut row);
        }
        let mut x = self.hasher.finish(sums)?;
        if self.binary {
            x.data_mut().fill(1.0);
        }
        if let Some(norm) = self.norm {
            norm.apply(&mut x, self.hasher.dtype == Dtype::F32);
        }
        Ok(Samples::Sparse(x))
    }
}
