//! `sklearn.preprocessing._discretization.KBinsDiscretizer`: each value becomes the number of its bin.

use ndarray::{Array2, Axis};
use skpickle::Shared;

use crate::{
    data::{Csr, Dtype, Samples},
    decomposition::in_width,
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encode {
    Ordinal,
    OneHot,
    Dense,
}

struct KBinsDiscretizer {
    /// Edges of the bins of each column, one more than bins.
    edges: Vec<Shared<f64>>,
    encode: Encode,
    /// Values are moved up a little before the search (until 1.0).
    nudged: bool,
    /// Without it input of 32 bits stays so.
    dtype: Option<Dtype>,
    names: bool,
    /// Numbers in place of categories have names too (since 1.1).
    own_names: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let edges: Vec<Shared<f64>> =
        s.objects("bin_edges_")?.iter().map(|obj| obj.get()).collect::<skpickle::Result<_>>()?;
    let bins: Shared<i64> = s.get("n_bins_")?;
    s.require(
        edges.len() == bins.len()
            && edges.iter().zip(bins.iter()).all(|(e, &n)| e.len() > 1 && e.len() as i64 - 1 == n),
        "bin_edges_ are not one more than n_bins_",
    )?;
    s.require(edges.iter().all(|e| e.is_sorted()), "bin_edges_ are not in order")?;
    let encode = s.choice(
        "encode",
        None,
        &[("ordinal", Encode::Ordinal), ("onehot", Encode::OneHot), ("onehot-dense", Encode::Dense)],
    )?;
    let nudged = s.version() < (1, 1);
    // Can be asked for since 0.24; without it samples of 32 bits stay such.
    let dtype = if s.raw_opt("dtype").is_some() { Some(Dtype::load(s, Dtype::F64)?) } else { None };
    Ok(Box::new(KBinsDiscretizer {
        edges,
        encode,
        nudged,
        dtype,
        names: s.version() >= (1, 0),
        own_names: s.version() >= (1, 1),
    }))
}

impl KBinsDiscretizer {
    fn bins(&self, column: usize) -> usize {
        self.edges[column].len() - 1
    }

    fn bin(&self, value: f64, column: usize) -> usize {
        let edges = &self.edges[column];
        if self.nudged {
            let value = value + (1e-8 + 1e-5 * value.abs());
            return edges[1..].partition_point(|&edge| edge <= value).min(self.bins(column) - 1);
        }
        edges[1..edges.len() - 1].partition_point(|&edge| edge <= value)
    }

    /// The numbers of bins behind one-hot columns.
    fn decode(&self, x: &Array2<f64>) -> Result<Array2<f64>> {
        let width: usize = (0..self.edges.len()).map(|j| self.bins(j)).sum();
        if x.ncols() != width {
            return Err(Error::input(format_args!(
                "Shape of the passed X data is not correct. Expected {width} columns, got {}.",
                x.ncols()
            )));
        }
        let mut out = Array2::zeros((x.nrows(), self.edges.len()));
        for (row, mut out) in x.rows().into_iter().zip(out.rows_mut()) {
            let mut at = 0;
            for (j, out) in out.iter_mut().enumerate() {
                let part = row.slice_axis(Axis(0), (at..at + self.bins(j)).into());
                if part.sum() == 0.0 {
                    return Err(Error::input(
                        "Samples can not be inverted when drop=None and handle_unknown='error' because they contain all zeros",
                    ));
                }
                *out = crate::math::special::argmax(part.iter().copied()) as f64;
                at += self.bins(j);
            }
        }
        Ok(out)
    }
}

impl Estimator for KBinsDiscretizer {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform, Method::InverseTransform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.edges.len())
    }

    fn door(&self, method: Method) -> Door {
        match method {
            Method::InverseTransform if self.encode != Encode::Ordinal => Door::NUMERIC.sparse().any_width(),
            Method::InverseTransform => Door::NUMERIC.keep32().any_width(),
            _ if self.dtype.is_none() => Door::NUMERIC.keep32().floats(),
            _ => Door::NUMERIC.floats(),
        }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let given = if matches!(x, Samples::Dense32(_)) { Dtype::F32 } else { Dtype::F64 };
        let dtype = self.dtype.unwrap_or(given);
        let mut x = x.dense()?.mapv(|v| dtype.cast(v));
        for mut row in x.rows_mut() {
            row.iter_mut().enumerate().for_each(|(j, v)| *v = self.bin(*v, j) as f64);
        }
        if self.encode == Encode::Ordinal {
            return Ok(dtype.samples(x));
        }
        let offsets: Vec<usize> = (0..self.edges.len())
            .scan(0, |end, j| {
                *end += self.bins(j);
                Some(*end - self.bins(j))
            })
            .collect();
        let width = (0..self.edges.len()).map(|j| self.bins(j)).sum();
        let indices: Vec<usize> = x
            .rows()
            .into_iter()
            .flat_map(|row| row.to_vec())
            .zip(offsets.iter().cycle())
            .map(|(v, o)| v as usize + o)
            .collect();
        let indptr = (0..=x.nrows()).map(|i| i * self.edges.len()).collect();
        let data = vec![1.0; indices.len()];
        let out = Csr::new(x.nrows(), width, indptr, indices, data)?;
        Ok(if self.encode == Encode::OneHot { Samples::Sparse(out) } else { dtype.samples(out.to_dense()) })
    }

    fn inverse_transform(&self, given: &Samples) -> Result<Samples> {
        let mut x = given.dense()?.into_owned();
        if self.encode != Encode::Ordinal {
            x = self.decode(&x)?;
        }
        if x.ncols() != self.edges.len() {
            return Err(Error::input(format_args!(
                "Incorrect number of features. Expecting {}, received {}.",
                self.edges.len(),
                x.ncols()
            )));
        }
        for mut row in x.rows_mut() {
            for (j, v) in row.iter_mut().enumerate() {
                let (edges, bins) = (&self.edges[j], self.bins(j) as i64);
                let bin = *v as i64;
                // Negative numbers count from the end, as in numpy.
                let at = usize::try_from(if bin < 0 { bin.saturating_add(bins) } else { bin }).unwrap_or(usize::MAX);
                if at >= self.bins(j) {
                    return Err(Error::input(format_args!(
                        "index {bin} is out of bounds for axis 0 with size {bins}: column {j}"
                    )));
                }
                *v = (edges[at + 1] + edges[at]) * 0.5;
            }
        }
        Ok(in_width(x, given))
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        if self.encode == Encode::Ordinal {
            if !self.own_names {
                return Err(Error::method("'KBinsDiscretizer' object has no attribute '_encoder'"));
            }
            return Ok(input.to_vec());
        }
        let names = input.iter().enumerate().take(self.edges.len());
        Ok(names.flat_map(|(j, name)| (0..self.bins(j)).map(move |bin| format!("{name}_{bin}.0"))).collect())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn middles_of_bins_are_of_the_width_of_the_numbers() -> Result<()> {
        let discretizer = KBinsDiscretizer {
            edges: vec![vec![0.0, 0.2, 1.0].into()],
            encode: Encode::Ordinal,
            nudged: false,
            dtype: None,
            names: true,
            own_names: true,
        };
        assert!(discretizer.door(Method::InverseTransform).keep32);
        let middles = discretizer.inverse_transform(&Samples::Dense32(array![[0.0], [1.0]]))?;
        assert_eq!(middles, Samples::Dense32(array![[0.1], [0.6]]));
        assert_eq!(discretizer.feature_names_out(&["a".to_owned()])?, ["a"]);
        let of_1_0 = KBinsDiscretizer { own_names: false, ..discretizer };
        assert!(of_1_0.feature_names_out(&["a".to_owned()]).is_err());
        Ok(())
    }
}
