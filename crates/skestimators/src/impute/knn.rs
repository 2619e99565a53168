//! `sklearn.impute._knn.KNNImputer`: missing values from the nearest rows of the fit that have them.

use ndarray::{Array2, Axis};

use crate::{
    compose::columns::select,
    data::{Array, Samples},
    error::Result,
    estimator::Estimator,
    impute::missing::{Indicator, Missing, mask},
    math::{
        Matrix,
        norms::{Einsum, nan_euclidean},
    },
    method::{Method, Methods},
    neighbors::order::partition,
    state::State,
    validation::Door,
};

struct KnnImputer {
    missing: Missing,
    /// The rows of the fit, NaN where a value is missing.
    donors: Matrix,
    /// Which values of the donors are missing.
    gone: Array2<bool>,
    /// Columns with values in the fit.
    valid: Vec<bool>,
    neighbors: usize,
    by_distance: bool,
    keep_empty: bool,
    indicator: Option<Indicator>,
    einsum: Einsum,
    /// Without weights, donors whose distance is not known count like the others (up to 1.5).
    unknown_count: bool,
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
    let known = donors.data.iter().zip(&gone).map(|(&v, &g)| if g { f64::NAN } else { v });
    let donors = Matrix::new(known.collect::<Vec<f64>>(), donors.rows, donors.columns);
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
        einsum: Einsum::of(s.version()),
        unknown_count: s.version() < (1, 6),
        names: s.version() >= (1, 1),
    }))
}

impl KnnImputer {
    /// Distances to every donor; NaN where no column has values on both sides.
    fn distances(&self, row: &[f64], gone: &[bool]) -> Vec<f64> {
        let row: Vec<f64> = row.iter().zip(gone).map(|(&v, &g)| if g { f64::NAN } else { v }).collect();
        (0..self.donors.rows).map(|k| nan_euclidean(&row, self.donors.row(k), self.einsum).sqrt()).collect()
    }

    /// The value of one column, from the distances to all donors.
    fn value(&self, column: usize, distances: &[f64]) -> f64 {
        let donors: Vec<usize> = (0..self.donors.rows).filter(|&k| !self.gone[[k, column]]).collect();
        let value = |donor: usize| self.donors.row(donors[donor])[column];
        let distances: Vec<f64> = donors.iter().map(|&k| distances[k]).collect();
        if distances.iter().all(|d| d.is_nan()) {
            return (0..donors.len()).map(value).sum::<f64>() / donors.len() as f64;
        }
        let near = partition(&distances, self.neighbors.min(donors.len()));
        let zero = near.iter().any(|&donor| distances[donor] == 0.0);
        let weight = |d: f64| match self.by_distance {
            false if self.unknown_count => 1.0,
            _ if d.is_nan() => 0.0,
            true if zero => f64::from(u8::from(d == 0.0)),
            true => 1.0 / d,
            false => 1.0,
        };
        let total: f64 = near.iter().map(|&donor| weight(distances[donor])).sum();
        near.iter().map(|&donor| weight(distances[donor]) * value(donor)).sum::<f64>() / total
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
        self.missing.door(Door::NUMERIC.keep32().floats())
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
