//! `sklearn.impute._iterative.IterativeImputer`: each column predicted from the others, round after round.

use skpickle::{Obj, Shared};

use crate::{
    compose::columns::{select, take_columns},
    data::Samples,
    error::{Error, Result},
    estimator::{Estimator, Fitted},
    impute::missing::{Indicator, Missing, mask},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// One prediction of one column.
struct Step {
    column: usize,
    from: Vec<usize>,
    estimator: Fitted,
}

struct IterativeImputer {
    missing: Missing,
    initial: Fitted,
    columns: usize,
    /// The columns that the steps count, and whether each had values in the fit.
    kept: Vec<usize>,
    filled: Vec<bool>,
    /// Empty columns that the initial imputer fills with a constant are dropped after it (1.6 and 1.7).
    drops: bool,
    steps: Vec<Step>,
    low: Vec<f64>,
    high: Vec<f64>,
    indicator: Option<Indicator>,
    names: bool,
}

/// A bound for every column, or for each its own.
fn bound(s: &State<'_, '_>, name: &str, n: usize) -> Result<Vec<f64>> {
    let obj = s.raw(name)?;
    if let Ok(value) = obj.get::<f64>() {
        return Ok(vec![value; n]);
    }
    let values: Shared<f64> = obj.get()?;
    s.require(values.len() >= n, format_args!("{name} has {} values for {n} columns", values.len()))?;
    Ok(values.to_vec())
}

fn step(s: &State<'_, '_>, obj: &Obj<'_>, n: usize) -> Result<Step> {
    // A named tuple: its values, or in old protocols the tuple of them.
    let mut parts = match obj.items() {
        Ok(parts) => parts,
        Err(_) => obj.args()?,
    };
    if parts.len() != 3 || parts[0].get::<usize>().is_err() {
        parts = parts.last().ok_or_else(|| obj.expected("a tuple"))?.items()?;
    }
    let [column, from, estimator] = &parts[..] else {
        return Err(obj.expected("a column, the columns that predict it, and an estimator").into());
    };
    let column: usize = column.get()?;
    let from: Vec<usize> =
        from.get::<Shared<i64>>()?.iter().map(|&j| usize::try_from(j).unwrap_or(usize::MAX)).collect();
    s.require(column < n && from.iter().all(|&j| j < n), format_args!("a step uses columns beyond {n}"))?;
    let estimator = s.load(estimator)?;
    s.require(estimator.has(Method::Predict), format_args!("'{}' has no predict", estimator.class))?;
    s.require(
        estimator.n_features_in.is_none_or(|width| width == from.len()),
        "a step's estimator is for another number of columns",
    )?;
    Ok(Step { column, from, estimator })
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    if s.get("sample_posterior")? {
        return Err(s.unsupported("sample_posterior=True draws random numbers: there is no one answer to give"));
    }
    let initial = s.estimator("initial_imputer_")?;
    s.require(initial.key == "impute.SimpleImputer", "initial_imputer_ is not a SimpleImputer")?;
    let statistics: Shared<f64> = s.child("initial_imputer_")?.get("statistics_")?;
    let columns = statistics.len();
    let keep = s.opt("keep_empty_features")?.unwrap_or(false);
    let empty: Vec<bool> = match s.opt::<crate::data::Array>("_is_empty_feature")? {
        Some(crate::data::Array::Bool(empty)) if empty.len() == columns => empty.into_iter().collect(),
        Some(_) => return Err(s.error("_is_empty_feature is not one bool a column")),
        None => statistics.iter().map(|v| v.is_nan()).collect(),
    };
    let kept: Vec<usize> = (0..columns).filter(|&j| keep || !empty[j]).collect();
    let filled = kept.iter().map(|&j| !empty[j]).collect();
    let rounds: usize = s.opt("n_iter_")?.unwrap_or(0);
    let steps = if rounds == 0 {
        Vec::new()
    } else {
        s.objects("imputation_sequence_")?.iter().map(|obj| step(s, obj, kept.len())).collect::<Result<_>>()?
    };
    // Where nothing was there to be learnt, the bounds were not even made.
    let (low, high) = match steps.is_empty() {
        true => (Vec::new(), Vec::new()),
        false => (bound(s, "_min_value", kept.len())?, bound(s, "_max_value", kept.len())?),
    };
    let indicator = Indicator::of_imputer(s, columns)?;
    let (missing, names) = (Missing::load(s)?, s.version() >= (1, 1));
    let drops = ((1, 6)..(1, 8)).contains(&s.version());
    Ok(Box::new(IterativeImputer {
        missing,
        initial,
        columns,
        kept,
        filled,
        drops,
        steps,
        low,
        high,
        indicator,
        names,
    }))
}

impl Estimator for IterativeImputer {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.columns)
    }

    fn door(&self, _: Method) -> Door {
        self.missing.door(Door::NUMERIC.keep32())
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let all = mask(x, &self.missing)?;
        let mut gone = take_columns(&all.view(), &self.kept);
        for (j, mut column) in gone.columns_mut().into_iter().enumerate() {
            if !self.filled[j] {
                column.fill(false);
            }
        }
        let narrow = matches!(x, Samples::Dense32(_));
        let mut out = self.initial.transform(x)?.dense()?.into_owned();
        if self.drops && out.ncols() == self.columns {
            out = take_columns(&out.view(), &self.kept);
        }
        if out.dim() != gone.dim() {
            return Err(Error::input(format_args!(
                "initial_imputer_ gives {} columns, but {} are expected",
                out.ncols(),
                gone.ncols()
            )));
        }
        let steps: &[Step] = if gone.iter().all(|&g| g) { &[] } else { &self.steps };
        for step in steps {
            let rows: Vec<usize> = (0..gone.nrows()).filter(|&i| gone[[i, step.column]]).collect();
            if rows.is_empty() {
                continue;
            }
            let part =
                ndarray::Array2::from_shape_fn((rows.len(), step.from.len()), |(i, j)| out[[rows[i], step.from[j]]]);
            let part = if narrow { Samples::Dense32(part.mapv(|v| v as f32)) } else { Samples::Dense(part) };
            let values = step.estimator.predict(&part)?.to_f64();
            let values = values
                .filter(|values| values.len() == rows.len())
                .ok_or_else(|| Error::input("a step's estimator does not answer with one number a row"))?;
            let (low, high) = (self.low[step.column], self.high[step.column]);
            for (&i, &value) in rows.iter().zip(&values) {
                let value = value.max(low).min(high);
                out[[i, step.column]] = if narrow { f64::from(value as f32) } else { value };
            }
        }
        let out = if narrow { Samples::Dense32(out.mapv(|v| v as f32)) } else { Samples::Dense(out) };
        match &self.indicator {
            Some(indicator) => indicator.append(out, &all),
            None => select(&out, &(0..self.kept.len()).collect::<Vec<_>>()),
        }
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        let mut names = self.initial.feature_names_out(Some(input))?;
        names.extend(self.indicator.iter().flat_map(|indicator| indicator.names(input)));
        Ok(names)
    }
}
