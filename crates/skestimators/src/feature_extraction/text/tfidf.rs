//! `TfidfTransformer`: counts weighted by how rare their terms are.

use crate::{
    data::{Csr, Samples},
    error::Result,
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// What rows are divided by.
#[derive(Debug, Clone, Copy)]
pub(super) enum Norm {
    L1,
    L2,
}

impl Norm {
    pub(super) fn load(s: &State<'_, '_>) -> Result<Option<Norm>> {
        if !s.has("norm") {
            return Ok(None);
        }
        s.choice("norm", None, &[("l1", Norm::L1), ("l2", Norm::L2)]).map(Some)
    }

    /// Divides each row by its norm, unless that is 0. `single` rounds to 32 bits.
    pub(super) fn apply(self, x: &mut Csr, single: bool) {
        for i in 0..x.rows() {
            let range = x.indptr()[i]..x.indptr()[i + 1];
            let row = &mut x.data_mut()[range];
            let norm = match self {
                Norm::L1 => row.iter().map(|v| v.abs()).sum::<f64>(),
                Norm::L2 => row.iter().map(|v| v * v).sum::<f64>().sqrt(),
            };
            if norm != 0.0 {
                row.iter_mut().for_each(|v| *v = round(*v / norm, single));
            }
        }
    }
}

fn round(value: f64, single: bool) -> f64 {
    if single { f64::from(value as f32) } else { value }
}

pub(super) struct Tfidf {
    norm: Option<Norm>,
    sublinear: bool,
    idf: Option<Vec<f64>>,
    /// What is weighed becomes as wide as the weights, which up to 0.19 were of 64 bits always.
    widens: bool,
}

impl Tfidf {
    pub(super) fn load(s: &State<'_, '_>) -> Result<Tfidf> {
        s.ignored(&["smooth_idf"]);
        let use_idf: bool = s.opt("use_idf")?.unwrap_or(true);
        let mut widens = false;
        let idf = if let Some(field) = s.raw_opt("idf_") {
            Some(field.array()?.f64s()?.to_vec())
        } else if !use_idf {
            None
        } else {
            // Up to 1.4 they were the diagonal of a matrix.
            let diagonal: Csr = s.get("_idf_diag")?;
            let entries = diagonal.indices().iter().enumerate().all(|(i, &column)| i == column);
            let square = diagonal.rows() == diagonal.columns() && diagonal.indices().len() == diagonal.rows();
            let rows = diagonal.indptr().iter().enumerate().all(|(i, &start)| i == start);
            s.require(entries && square && rows, "_idf_diag is not a diagonal matrix")?;
            widens = s.version() < (0, 20);
            Some(diagonal.data().to_vec())
        };
        s.ignored(&["_idf_diag"]);
        let finite = idf.as_ref().is_none_or(|idf| idf.iter().all(|weight| weight.is_finite()));
        s.require(finite, "idf_ has values that are not finite")?;
        Ok(Tfidf { norm: Norm::load(s)?, sublinear: s.opt("sublinear_tf")?.unwrap_or(false), idf, widens })
    }

    /// Number of terms, where it is known.
    pub(super) fn width(&self) -> Option<usize> {
        self.idf.as_ref().map(Vec::len)
    }

    /// Weighs counts; `single` computes in 32 bits.
    pub(super) fn apply(&self, x: &mut Csr, single: bool) {
        if self.sublinear {
            // Most terms are there once, and the logarithm of 1 is 0.
            let weigh = |v: f64| if v == 1.0 { 1.0 } else { round(round(v.ln(), single) + 1.0, single) };
            x.data_mut().iter_mut().for_each(|v| *v = weigh(*v));
        }
        let single = single && !self.widens;
        if let Some(idf) = &self.idf {
            let (columns, values) = x.entries_mut();
            values.iter_mut().zip(columns).for_each(|(v, &column)| *v = round(*v * idf[column], single));
        }
        if let Some(norm) = self.norm {
            norm.apply(x, single);
        }
    }
}

struct TfidfTransformer {
    tfidf: Tfidf,
    /// Dense samples of 32 bits stay so; from 0.20 to 1.4 they were widened.
    keep32: bool,
    /// Nothing looked for NaN and infinity before 0.20 but the norm.
    unchecked: bool,
    names: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let version = s.version();
    let keep32 = !((0, 20)..(1, 5)).contains(&version);
    let tfidf = Tfidf::load(s)?;
    let unchecked = version < (0, 20) && tfidf.norm.is_none();
    Ok(Box::new(TfidfTransformer { tfidf, keep32, unchecked, names: version >= (1, 0) }))
}

impl Estimator for TfidfTransformer {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, _: Method) -> Door {
        let door = Door::NUMERIC.sparse().floats();
        let door = if self.unchecked { door.any_value() } else { door };
        if self.keep32 { door.keep32() } else { door }
    }

    fn n_features_in(&self) -> Option<usize> {
        self.tfidf.width()
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let single = matches!(x, Samples::Dense32(_));
        let mut x = x.csr()?.into_owned();
        self.tfidf.apply(&mut x, single);
        Ok(Samples::Sparse(x))
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        Ok(input.to_vec())
    }
}
