//! `OneHotEncoder` as it was before 0.20, and as 0.20 and 0.21 still can be: columns of whole numbers, each with a range of its own.

use std::collections::HashMap;

use ndarray::Array2;
use skpickle::Shared;

use crate::{
    compose::columns::{hstack, take_columns},
    data::{Array, Csr, Dtype, Samples},
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// Which columns are encoded.
enum Selected {
    All,
    /// These; the others follow, in their order.
    Columns(Vec<usize>),
}

struct LegacyEncoder {
    /// Where the range of each encoded column starts, and the end.
    bounds: Vec<i64>,
    /// How many numbers each column may have.
    limits: Shared<i64>,
    /// Of all numbers, those that have a column of their own; all without it.
    active: Option<HashMap<i64, usize>>,
    ignore: bool,
    sparse: bool,
    dtype: Dtype,
    selected: Selected,
    /// Width of the input, where it is known.
    width: Option<usize>,
    /// The way back, which was not there before 0.20.
    back: Option<Option<Box<dyn Estimator>>>,
}

/// `back`: what 0.20 and 0.21 go back by, if they know categories; their attributes have an underscore before.
pub(crate) fn load(s: &State<'_, '_>, back: Option<Option<Box<dyn Estimator>>>) -> Result<Box<dyn Estimator>> {
    let hidden = back.is_some();
    let name = |plain: &'static str, inner: &'static str| if hidden { inner } else { plain };
    let bounds: Shared<i64> = s.get(name("feature_indices_", "_feature_indices_"))?;
    let limits: Shared<i64> = s.get(name("n_values_", "_n_values_"))?;
    s.require(
        bounds.len() == limits.len() + 1
            && bounds.first() == Some(&0)
            && limits.iter().zip(bounds.windows(2)).all(|(&n, w)| n >= 0 && w[0].checked_add(n) == Some(w[1])),
        "feature_indices_ are not the sums of n_values_",
    )?;
    let last = bounds.last().copied().unwrap_or(0);
    // Only columns that occurred are kept where the ranges were found by the fit.
    let auto = s.raw_opt(name("n_values", "_n_values")).is_some_and(|obj| obj.str().ok().as_deref() == Some("auto"));
    let active = if auto {
        let active: Shared<i64> = s.get(name("active_features_", "_active_features_"))?;
        s.require(
            active.is_sorted_by(|a, b| a < b) && active.iter().all(|n| (0..last).contains(n)),
            "active_features_ are not in order, or beyond feature_indices_",
        )?;
        s.obj().charge((active.len() as u64).saturating_mul(64))?;
        Some(active.iter().enumerate().map(|(to, &from)| (from, to)).collect())
    } else {
        None
    };
    let ignore = s.choice("handle_unknown", None, &[("error", false), ("ignore", true)])?;
    let (selected, width) = selected(s, hidden, limits.len())?;
    let sparse: bool = s.get("sparse")?;
    if !sparse {
        let columns = active.as_ref().map_or(last as u64, |active: &HashMap<i64, usize>| active.len() as u64);
        s.row_cost(columns, columns.saturating_mul(8))?;
    }
    let dtype = Dtype::load(s, Dtype::F64)?;
    Ok(Box::new(LegacyEncoder {
        bounds: bounds.to_vec(),
        limits,
        active,
        ignore,
        sparse,
        dtype,
        selected,
        width,
        back,
    }))
}

fn selected(s: &State<'_, '_>, hidden: bool, n: usize) -> Result<(Selected, Option<usize>)> {
    let name = if hidden { "_categorical_features" } else { "categorical_features" };
    let Some(obj) = s.raw_opt(name) else { return Ok((Selected::All, Some(n))) };
    if let Ok(word) = obj.str() {
        s.require(word == "all", "categorical_features is neither 'all' nor an array")?;
        return Ok((Selected::All, Some(n)));
    }
    let (mut columns, width) = match obj.get::<Array>()? {
        Array::Bool(mask) => {
            let chosen = mask.iter().enumerate().filter(|(_, on)| **on).map(|(j, _)| j).collect::<Vec<_>>();
            (chosen, Some(mask.len()))
        }
        Array::I64(indices) => {
            let indices: Option<Vec<usize>> = indices.iter().map(|&j| usize::try_from(j).ok()).collect();
            (indices.ok_or_else(|| s.error("categorical_features counts from the end"))?, None)
        }
        _ => return Err(s.error("categorical_features is neither 'all' nor an array of indices or bools")),
    };
    columns.sort_unstable();
    columns.dedup();
    s.require(columns.len() == n, format_args!("categorical_features are {}, but n_values_ {n}", columns.len()))?;
    Ok((Selected::Columns(columns), width))
}

impl LegacyEncoder {
    fn encode(&self, x: &Array2<f64>) -> Result<Samples> {
        let n = self.limits.len();
        if x.ncols() != n {
            return Err(Error::input(format_args!(
                "X has different shape than during fitting. Expected {n}, got {}.",
                x.ncols()
            )));
        }
        let columns = match &self.active {
            Some(active) => active.len(),
            None => usize::try_from(self.bounds.last().copied().unwrap_or(0)).unwrap_or(0),
        };
        let (mut indptr, mut indices) = (vec![0], Vec::new());
        for (i, row) in x.rows().into_iter().enumerate() {
            for (j, &value) in row.iter().enumerate() {
                let value = value as i64;
                if value < 0 {
                    return Err(Error::input(format_args!(
                        "X needs to contain only non-negative integers. Row {i}, column {j} has {value}"
                    )));
                }
                if value >= self.limits[j] {
                    if self.ignore {
                        continue;
                    }
                    return Err(Error::input(format_args!(
                        "unknown categorical feature present [{value}] during transform. It is in row {i}, column {j}"
                    )));
                }
                let at = self.bounds[j] + value;
                match &self.active {
                    // A number in the range that the fit did not see has no column.
                    Some(active) => indices.extend(active.get(&at)),
                    None => indices.extend(usize::try_from(at)),
                }
            }
            indptr.push(indices.len());
        }
        let data = vec![1.0; indices.len()];
        let out = Csr::new(x.nrows(), columns, indptr, indices, data)?;
        Ok(if self.sparse { Samples::Sparse(out) } else { self.dtype.samples(out.to_dense()) })
    }
}

impl Estimator for LegacyEncoder {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform]).with_if(self.back.is_some(), Method::InverseTransform)
    }

    fn n_features_in(&self) -> Option<usize> {
        self.width
    }

    fn door(&self, method: Method) -> Door {
        if method == Method::InverseTransform { Door::NUMERIC.sparse().any_width() } else { Door::NUMERIC }
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        match &self.back {
            Some(Some(encoder)) => encoder.inverse_transform(x),
            _ => Err(Error::input(format_args!(
                "Shape of the passed X data is not correct. Expected 0 columns, got {}.",
                x.columns().unwrap_or(0)
            ))),
        }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let x = x.dense()?.into_owned();
        let Selected::Columns(columns) = &self.selected else { return self.encode(&x) };
        if columns.is_empty() {
            return Ok(Samples::Dense(x));
        }
        if let Some(j) = columns.iter().find(|&&j| j >= x.ncols()) {
            return Err(Error::input(format_args!("index {j} is out of bounds for axis 0 with size {}", x.ncols())));
        }
        let others: Vec<usize> = (0..x.ncols()).filter(|j| columns.binary_search(j).is_err()).collect();
        let encoded = self.encode(&take_columns(&x.view(), columns))?;
        if others.is_empty() {
            return Ok(encoded);
        }
        let rest = Samples::Dense(take_columns(&x.view(), &others));
        hstack(vec![encoded, rest], x.nrows(), self.sparse)
    }
}
