//! `sklearn.impute._knn.KNNImputer`: missing values from the nearest rows of the fit that have them.

use ndarray::{Array2, Axis};

use crate::{
    compose::columns::select,
    data::{Array, Samples},
    error::Result,
    estimator::Estimator,
    impute::missing::{Indicator, Missing, mask},
    math::Matrix,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct KnnImputer {
    missing: Missing,
    donors: Matrix,
    /// Which values of the donors are missing.
    gone: Array2<bool>,
    /// Columns with values in the fit.
    valid: Vec<bool>,
    neighbors: usize,
    by_distance: bool,
    keep_empty: bool,
    indicator: Option<Indicator>,
    names: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let missing = Missing::load(s)?;
    let donors: Matrix = s.get("_fit_X")?;
    s.require(donors.rows > 0 && donors.columns > 0, "_fit_X is empty")?;
    let gone = match s.opt::<Array>("_mask_fit_X")? {
        Some(Array::Bool(mask)) => mask.into_dimensionality::<ndarray::Ix2>().ok(),
        Some(_) => None,
        None => Some(donors.view().mapv(|v| missing.is_number(v))),
    };
    let Some(gone) = gone.filter(|gone| gone.dim() == (donors.rows, donors.columns)) else {
        return Err(s.error("_mask_fit_X has another shape than _fit_X"));
    };
    let valid: Vec<bool> = gone.axis_iter(Axis(1)).map(|column| column.iter().any(|&g| !g)).collect();
    let metric = s.raw("metric")?;
    if metric.str().ok().as_deref() != Some("nan_euclidean") {
        return Err(s.unsupported("the metric is a function of the user's own, whose code is not in the file"));
    }
    let weights = s.raw("weights")?;
    let by_distance = match weights.str().ok().as_deref() {
        Some("uniform") => false,
        Some("distance") => true,
        _ => return Err(s.unsupported("weights is a function of the user's own, whose code is not in the file")),
    };
    let neighbors: usize = s.get("n_neighbors")?;
    s.require(neighbors > 0, "n_neighbors is 0")?;
    let indicator = Indicator::of_imputer(s, donors.columns)?;
    Ok(Box::new(KnnImputer {
        missing,
        donors,
        gone,
        valid,
        neighbors,
        by_distance,
        // since 1.2
        keep_empty: s.opt("keep_empty_features")?.unwrap_or(false),
        indicator,
        names: s.version() >= (1, 1),
    }))
}

impl KnnImputer {
    /// `nan_euclidean_distances` to every donor; NaN where no column has values on both sides.
    fn distances(&self, row: &[f64], gone: &[bool]) -> Vec<f64> {
        let known = |v: f64, g: bool| if g { 0.0 } else { v };
        let norm: f64 = row.iter().zip(gone).map(|(&v, &g)| known(v, g) * known(v, g)).sum();
        let mut out = Vec::with_capacity(self.donors.rows);
        for k in 0..self.donors.rows {
            let (donor, missing) = (self.donors.row(k), self.gone.row(k));
            let (mut product, mut square, mut off, mut count) = (0.0, 0.0, 0.0, 0usize);
            let mut exact = true;
            for j in 0..row.len() {
                let (a, b) = (known(row[j], gone[j]), known(donor[j], missing[j]));
                product += a * b;
                square += b * b;
                if gone[j] {
                    off += b * b;
                }
                if missing[j] {
                    off += a * a;
                }
                if !gone[j] && !missing[j] {
                    count += 1;
                    exact &= a == b;
                }
            }
            let squared = if exact { 0.0 } else { ((norm - 2.0 * product + square).max(0.0) - off).max(0.0) };
            out.push(if count == 0 { f64::NAN } else { (squared / count as f64 * row.len() as f64).sqrt() });
        }
        out
    }

    /// The value of one column, from the distances to all donors.
    fn value(&self, column: usize, distances: &[f64]) -> f64 {
        let mut near: Vec<(f64, f64)> = (0..self.donors.rows)
            .filter(|&k| !self.gone[[k, column]])
            .map(|k| (distances[k], self.donors.row(k)[column]))
            .collect();
        if near.iter().all(|(d, _)| d.is_nan()) {
            return near.iter().map(|(_, v)| v).sum::<f64>() / near.len() as f64;
        }
        // NaN come last.
        near.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or_else(|| a.0.is_nan().cmp(&b.0.is_nan())));
        near.truncate(self.neighbors);
        let zero = near.iter().any(|(d, _)| *d == 0.0);
        let weight = |d: f64| match self.by_distance {
            _ if d.is_nan() => 0.0,
            true if zero => f64::from(u8::from(d == 0.0)),
            true => 1.0 / d,
            false => 1.0,
        };
        let total: f64 = near.iter().map(|(d, _)| weight(*d)).sum();
        near.iter().map(|(d, v)| weight(*d) * v).sum::<f64>() / total
    }
}

impl Estimator for KnnImputer {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.donors.columns)
    }

    fn door(&self, _: Method) -> Door {
        self.missing.door(Door::NUMERIC.keep32())
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let marks = mask(x, &self.missing)?;
        let narrow = matches!(x, Samples::Dense32(_));
        let mut x = x.dense()?.into_owned();
        for (mut row, gone) in x.rows_mut().into_iter().zip(marks.rows()) {
            let gone = gone.to_vec();
            if gone.iter().zip(&self.valid).any(|(&g, &valid)| g && valid) {
                let distances = self.distances(&row.to_vec(), &gone);
                for (j, v) in row.iter_mut().enumerate() {
                    if gone[j] && self.valid[j] {
                        *v = self.value(j, &distances);
                    }
                }
            }
            if self.keep_empty {
                row.iter_mut().zip(&self.valid).filter(|(_, valid)| !**valid).for_each(|(v, _)| *v = 0.0);
            }
        }
        let x = if narrow { Samples::Dense32(x.mapv(|v| v as f32)) } else { Samples::Dense(x) };
        let kept: Vec<usize> = (0..self.valid.len()).filter(|&j| self.keep_empty || self.valid[j]).collect();
        let out = select(&x, &kept)?;
        match &self.indicator {
            Some(indicator) => indicator.append(out, &marks),
            None => Ok(out),
        }
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        let names = input.iter().zip(&self.valid).filter(|(_, valid)| **valid).map(|(name, _)| name.clone());
        Ok(names.chain(self.indicator.iter().flat_map(|indicator| indicator.names(input))).collect())
    }
}
