//! `sklearn.preprocessing._data.Normalizer`: each row divided by its norm.

use crate::{
    data::Samples,
    error::Result,
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

#[derive(Debug, Clone, Copy)]
enum Norm {
    /// Sum of absolute values.
    L1,
    /// Root of the sum of squares.
    L2,
    /// Largest absolute value.
    Max,
    /// Largest value.
    SignedMax,
}

pub(super) struct Normalizer {
    norm: Norm,
    /// Norms of dense rows below this count as 1 (those at 0 always do).
    tiny: f64,
    /// The width of the input is checked.
    width: bool,
    names: bool,
}

/// The names of the norms.
fn norms(version: (u32, u32)) -> [(&'static str, Norm); 3] {
    // The absolute value is taken since 0.23.
    let max = if version < (0, 23) { Norm::SignedMax } else { Norm::Max };
    [("l1", Norm::L1), ("l2", Norm::L2), ("max", max)]
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let norm = s.choice("norm", None, &norms(s.version()))?;
    Ok(Box::new(Normalizer::new(norm, s.version())))
}

impl Normalizer {
    fn new(norm: Norm, version: (u32, u32)) -> Self {
        Normalizer {
            norm,
            // since 1.0
            tiny: if version < (1, 0) { 0.0 } else { 10.0 },
            // since 0.24
            width: version >= (0, 24),
            names: version >= (1, 1),
        }
    }

    /// The one of a norm's name, for the function `normalize`.
    pub(super) fn of(norm: &str, version: (u32, u32)) -> Option<Self> {
        norms(version).iter().find(|(name, _)| *name == norm).map(|&(_, norm)| Normalizer::new(norm, version))
    }

    fn norm(&self, values: impl Iterator<Item = f64>) -> f64 {
        match self.norm {
            Norm::L1 => values.map(f64::abs).sum(),
            Norm::L2 => values.map(|v| v * v).sum::<f64>().sqrt(),
            Norm::Max => values.map(f64::abs).fold(0.0, f64::max),
            Norm::SignedMax => values.fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// What a dense row is divided by.
    fn divisor(&self, norm: f64, epsilon: f64) -> f64 {
        if norm == 0.0 || self.tiny > 0.0 && norm < self.tiny * epsilon { 1.0 } else { norm }
    }
}

impl Estimator for Normalizer {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, _: Method) -> Door {
        let door = Door::NUMERIC.sparse().keep32();
        if self.width { door } else { door.any_width() }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        Ok(match x {
            Samples::Sparse(x) => {
                let mut x = x.canonical();
                let width = x.columns();
                for i in 0..x.rows() {
                    let (columns, values) = x.row(i);
                    let mut norm = self.norm(values.iter().copied());
                    if matches!(self.norm, Norm::SignedMax) && columns.len() < width {
                        // The zeros that are not stored count too.
                        norm = norm.max(0.0);
                    }
                    let range = x.indptr()[i]..x.indptr()[i + 1];
                    if norm != 0.0 {
                        x.data_mut()[range].iter_mut().for_each(|v| *v /= norm);
                    }
                }
                Samples::Sparse(x)
            }
            Samples::Dense32(x) => {
                let mut x = x.clone();
                for mut row in x.rows_mut() {
                    let norm = self.norm(row.iter().map(|&v| f64::from(v)));
                    let divisor = self.divisor(f64::from(norm as f32), f32::EPSILON.into());
                    row.mapv_inplace(|v| (f64::from(v) / divisor) as f32);
                }
                Samples::Dense32(x)
            }
            x => {
                let mut x = x.dense()?.into_owned();
                for mut row in x.rows_mut() {
                    let divisor = self.divisor(self.norm(row.iter().copied()), f64::EPSILON);
                    row.mapv_inplace(|v| v / divisor);
                }
                Samples::Dense(x)
            }
        })
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        Ok(input.to_vec())
    }
}
