//! `FeatureAgglomeration`: each group of similar features becomes one.

use ndarray::Array2;
use skpickle::Obj;

use crate::{
    compose::columns::take_columns,
    data::Samples,
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// `pooling_func`: one of numpy's functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pool {
    Mean,
    /// The same by another function than `numpy.mean`, which scikit-learn computes itself.
    Average,
    Range,
    Median,
    Max,
    Min,
    Sum,
    Product,
    Variance,
    Deviation,
}

struct FeatureAgglomeration {
    /// Group of each feature.
    labels: Vec<usize>,
    /// Features of each group, in order.
    groups: Vec<Vec<usize>>,
    pool: Pool,
    names: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let labels = s.get::<skpickle::Shared<i64>>("labels_")?;
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut wrong = labels.is_empty();
    for (feature, &label) in labels.iter().enumerate() {
        match usize::try_from(label) {
            Ok(label) if label < labels.len() => {
                groups.resize_with(groups.len().max(label + 1), Vec::new);
                groups[label].push(feature);
            }
            _ => wrong = true,
        }
    }
    s.require(!wrong && groups.iter().all(|group| !group.is_empty()), "labels_ are not the numbers from 0 on")?;
    let pool = pool(&s.raw("pooling_func")?)?;
    let labels = labels.iter().map(|&label| label as usize).collect();
    Ok(Box::new(FeatureAgglomeration { labels, groups, pool, names: s.version() >= (1, 1) }))
}

fn pool(obj: &Obj<'_>) -> Result<Pool> {
    let name = obj.global().ok_or_else(|| obj.expected("a function of numpy"))?;
    let numpy = name.module.split('.').next() == Some("numpy");
    // Nothing is missing in what gets here.
    match name.name {
        "mean" if numpy => Ok(Pool::Mean),
        "average" | "nanmean" if numpy => Ok(Pool::Average),
        "median" | "nanmedian" if numpy => Ok(Pool::Median),
        "max" | "amax" | "nanmax" if numpy => Ok(Pool::Max),
        "min" | "amin" | "nanmin" if numpy => Ok(Pool::Min),
        "ptp" if numpy => Ok(Pool::Range),
        "sum" | "nansum" if numpy => Ok(Pool::Sum),
        "prod" | "nanprod" if numpy => Ok(Pool::Product),
        "var" | "nanvar" if numpy => Ok(Pool::Variance),
        "std" | "nanstd" if numpy => Ok(Pool::Deviation),
        _ => Err(Error::unsupported(obj.error(
            skpickle::ErrorKind::Unsupported,
            format_args!(
                "pooling_func={name} cannot be run; known are numpy's mean, average, median, max, min, ptp, sum, prod, var and std"
            ),
        ))),
    }
}

impl Pool {
    fn of(self, values: &mut [f64]) -> f64 {
        let n = values.len() as f64;
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        let most = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
        match self {
            Pool::Mean | Pool::Average => sum(values) / n,
            Pool::Max => most(values),
            Pool::Min => least(values),
            Pool::Range => most(values) - least(values),
            Pool::Sum => sum(values),
            Pool::Product => values.iter().product(),
            Pool::Median => {
                values.sort_by(f64::total_cmp);
                let middle = values.len() / 2;
                if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
            }
            Pool::Variance | Pool::Deviation => {
                let mean = sum(values) / n;
                let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
                if self == Pool::Variance { variance } else { variance.sqrt() }
            }
        }
    }
}

impl Estimator for FeatureAgglomeration {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform, Method::InverseTransform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, method: Method) -> Door {
        match method {
            Method::InverseTransform => Door::NUMERIC.any_width().any_value().keep32(),
            _ => Door::NUMERIC.keep32(),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.labels.len())
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let dense = x.dense()?;
        let mut out = Array2::zeros((dense.nrows(), self.groups.len()));
        let mut values = Vec::new();
        for (row, mut out) in dense.rows().into_iter().zip(out.rows_mut()) {
            for (group, out) in self.groups.iter().zip(&mut out) {
                values.clear();
                values.extend(group.iter().map(|&feature| row[feature]));
                *out = self.pool.of(&mut values);
            }
        }
        // Means are taken of counts with weights, which are of 64 bits.
        let in32 = matches!(x, Samples::Dense32(_)) && self.pool != Pool::Mean;
        Ok(if in32 { Samples::Dense32(out.mapv(|v| v as f32)) } else { Samples::Dense(out) })
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let (width, groups) = (x.columns().unwrap_or(0), self.groups.len());
        if width < groups {
            return Err(Error::input(format_args!(
                "index {} is out of bounds for axis 1 with size {width}: one column for each of {groups} groups is expected",
                groups - 1
            )));
        }
        Ok(match x {
            Samples::Dense32(x) => Samples::Dense32(take_columns(&x.view(), &self.labels)),
            x => Samples::Dense(take_columns(&x.dense()?.view(), &self.labels)),
        })
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok((0..self.groups.len()).map(|i| format!("featureagglomeration{i}")).collect())
    }
}
