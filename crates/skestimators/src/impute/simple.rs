//! `sklearn.impute._base.SimpleImputer`, and `preprocessing.Imputer` before it: one value a column stands in for missing ones.

use ndarray::Array2;

use crate::{
    compose::columns::select,
    data::{Array, Csr, Samples, Value},
    error::{Error, Result},
    estimator::Estimator,
    impute::missing::{Indicator, Missing, mask, narrowed},
    method::{Method, Methods},
    preprocessing::categories::{cell, values},
    state::State,
    validation::Door,
};

struct SimpleImputer {
    missing: Missing,
    statistics: Vec<Value>,
    /// The columns that are answered: those that had values in the fit.
    kept: Vec<usize>,
    /// Every statistic is a number by its type: samples are numbers.
    numbers: bool,
    indicator: Option<Indicator>,
    /// Whether the way back exists (since 0.24).
    back: bool,
    names: bool,
    /// The imputer before 0.20, which looks at no value but the missing ones.
    old: bool,
}

fn nan(value: &Value) -> bool {
    matches!(value, Value::Float(x) if x.is_nan())
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let array: Array = s.get("statistics_")?;
    s.require(array.shape().len() == 1 && !array.is_empty(), "statistics_ is not a 1-d array of values")?;
    let numbers = matches!(array, Array::F64(_) | Array::F32(_) | Array::I64(_));
    let mut statistics: Vec<Value> = values(&array).collect();
    // Since 1.8 they are filled in with the type of the fitted samples.
    let code = s.raw_opt("_fill_dtype").and_then(|dtype| dtype.args().ok()?.first()?.get::<String>().ok());
    let single = code.as_deref() == Some("f4");
    if single {
        statistics.iter_mut().for_each(|value| {
            if let Value::Float(x) = value {
                *x = f64::from(*x as f32);
            }
        });
    }
    // A constant is kept even where it is NaN, until 1.1; later there is a parameter.
    let constant = s.raw("strategy")?.str().is_ok_and(|word| word == "constant");
    let keeps = s.opt("keep_empty_features")?.unwrap_or(false) || constant && s.version() < (1, 8);
    let kept = (0..statistics.len()).filter(|&j| keeps || !nan(&statistics[j])).collect();
    let indicator = Indicator::of_imputer(s, statistics.len())?;
    let (back, names) = (s.version() >= (0, 24), s.version() >= (1, 1));
    Ok(Box::new(SimpleImputer {
        missing: Missing::load(s)?,
        statistics,
        kept,
        numbers,
        indicator,
        back,
        names,
        old: false,
    }))
}

/// `preprocessing.Imputer`, gone with 0.22.
pub(crate) fn load_old(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let axis: usize = s.get("axis")?;
    if axis != 0 {
        let strategy = s.choice(
            "strategy",
            None,
            &[("mean", Strategy::Mean), ("median", Strategy::Median), ("most_frequent", Strategy::MostFrequent)],
        )?;
        return Ok(Box::new(RowImputer { missing: Missing::load(s)?, strategy }));
    }
    let array: Array = s.get("statistics_")?;
    s.require(array.shape().len() == 1 && array.to_f64().is_some(), "statistics_ is not a 1-d array of numbers")?;
    let statistics: Vec<Value> = values(&array).collect();
    let kept = (0..statistics.len()).filter(|&j| !nan(&statistics[j])).collect();
    let missing = Missing::load(s)?;
    Ok(Box::new(SimpleImputer {
        missing,
        statistics,
        kept,
        numbers: true,
        indicator: None,
        back: false,
        names: false,
        old: true,
    }))
}

impl SimpleImputer {
    fn number(&self, column: usize) -> f64 {
        match self.statistics[column] {
            Value::Int(n) => n as f64,
            Value::Float(x) => x,
            _ => f64::NAN,
        }
    }

    fn sparse(&self, x: &Csr) -> Result<Samples> {
        let mut out = x.clone();
        for (value, &j) in out.data_mut().iter_mut().zip(x.indices()) {
            if self.missing.is_number(*value) {
                *value = self.number(j);
            }
        }
        let out = select(&Samples::Sparse(out), &self.kept)?;
        let Some(indicator) = &self.indicator else { return Ok(out) };
        // Only stored values can be missing.
        let (mut indptr, mut indices) = (vec![0], Vec::new());
        for i in 0..x.rows() {
            let (columns, values) = x.row(i);
            let gone = columns.iter().zip(values).filter(|(_, v)| self.missing.is_number(**v));
            indices.extend(gone.map(|(&j, _)| j));
            indptr.push(indices.len());
        }
        let data = vec![1.0; indices.len()];
        let marks = Samples::Sparse(Csr::new(x.rows(), x.columns(), indptr, indices, data)?);
        crate::compose::columns::hstack(vec![out, select(&marks, &indicator.features)?], x.rows(), true)
    }
}

impl Estimator for SimpleImputer {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform])
            .with_if(self.back, Method::InverseTransform)
            .with_if(self.names, Method::FeatureNamesOut)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.statistics.len())
    }

    fn door(&self, method: Method) -> Door {
        if method == Method::InverseTransform && self.indicator.is_none() {
            return Door::OPEN;
        }
        if method == Method::InverseTransform {
            return Door::NUMERIC.any_width().allow_nan();
        }
        if self.old {
            return Door::NUMERIC.sparse().keep32().any_value();
        }
        let door = self.missing.door(Door::NUMERIC).sparse().keep32().floats();
        Door { values: !self.numbers, ..door }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let table = narrowed(x)?;
        let x = table.as_ref().unwrap_or(x);
        if let Samples::Sparse(sparse) = x {
            if !self.missing.is_zero() {
                return self.sparse(sparse);
            }
            if !self.old {
                return Err(Error::input(
                    "Imputation not possible when missing_values == 0 and input is sparse. Provide a dense array instead.",
                ));
            }
        }
        let dense;
        let x = match x {
            Samples::Sparse(sparse) => {
                dense = Samples::Dense(sparse.to_dense());
                &dense
            }
            x => x,
        };
        if let (Samples::Dense(x), true, None) = (x, self.numbers, &self.indicator) {
            let numbers: Vec<f64> = (0..self.statistics.len()).map(|j| self.number(j)).collect();
            let mut x = x.to_owned();
            for mut row in x.rows_mut() {
                row.iter_mut().zip(&numbers).filter(|(v, _)| self.missing.is_number(**v)).for_each(|(v, &n)| *v = n);
            }
            let all = self.kept.len() == self.statistics.len();
            return if all { Ok(Samples::Dense(x)) } else { select(&Samples::Dense(x), &self.kept) };
        }
        let mask = mask(x, &self.missing)?;
        let numbers = self.statistics.iter().all(|v| matches!(v, Value::Int(_) | Value::Float(_)));
        let filled = match x {
            Samples::Dense(x) if numbers => {
                let mut x = x.clone();
                x.indexed_iter_mut().filter(|(at, _)| mask[*at]).for_each(|((_, j), v)| *v = self.number(j));
                Samples::Dense(x)
            }
            Samples::Dense32(x) if numbers => {
                let mut x = x.clone();
                x.indexed_iter_mut().filter(|(at, _)| mask[*at]).for_each(|((_, j), v)| *v = self.number(j) as f32);
                Samples::Dense32(x)
            }
            x => {
                let value = |i, j| if mask[[i, j]] { self.statistics[j].clone() } else { cell(x, i, j) };
                let row = |i| (0..self.statistics.len()).map(|j| value(i, j)).collect::<Vec<Value>>();
                Samples::Rows((0..x.rows()).map(row).collect())
            }
        };
        let out = select(&filled, &self.kept)?;
        match &self.indicator {
            Some(indicator) => indicator.append(out, &mask),
            None => Ok(out),
        }
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let Some(indicator) = &self.indicator else {
            return Err(Error::input(
                "'inverse_transform' works only when 'SimpleImputer' is instantiated with 'add_indicator=True'. Got \
                 'add_indicator=False' instead.",
            ));
        };
        let missing = self
            .missing
            .number()
            .ok_or_else(|| Error::input("could not convert string to float: missing_values is no number"))?;
        let x = x.dense()?;
        let (columns, marks) = (self.statistics.len(), indicator.features.len());
        if x.ncols() < marks || x.ncols() - marks > columns {
            return Err(Error::input(format_args!(
                "shape mismatch: {} columns, but {} with the indicator's {marks} are expected",
                x.ncols(),
                self.kept.len() + marks
            )));
        }
        let values = x.ncols() - marks;
        let mut gone = Array2::from_elem((x.nrows(), columns), false);
        for (k, &j) in indicator.features.iter().enumerate() {
            gone.column_mut(j).zip_mut_with(&x.column(values + k), |g, &v| *g = v != 0.0);
        }
        let mut out = Array2::zeros((x.nrows(), columns));
        let mut to = 0;
        for from in 0..values {
            // Columns that are missing throughout were left out.
            while to < columns && gone.column(to).iter().all(|&g| g) {
                to += 1;
            }
            if to == columns {
                return Err(Error::input(format_args!(
                    "index {columns} is out of bounds for axis 1 with size {columns}"
                )));
            }
            out.column_mut(to).assign(&x.column(from));
            to += 1;
        }
        out.indexed_iter_mut().filter(|(at, _)| gone[*at]).for_each(|(_, v)| *v = missing);
        Ok(Samples::Dense(out))
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        let known = self.statistics.iter().zip(input).filter(|(value, _)| !nan(value));
        let names = known.map(|(_, name)| name.clone());
        Ok(names.chain(self.indicator.iter().flat_map(|indicator| indicator.names(input))).collect())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strategy {
    Mean,
    Median,
    MostFrequent,
}

/// `Imputer(axis=1)`: what stands in comes from the row itself.
struct RowImputer {
    missing: Missing,
    strategy: Strategy,
}

impl Estimator for RowImputer {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform])
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC.any_value()
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let mut x = x.dense()?.into_owned();
        for (i, mut row) in x.rows_mut().into_iter().enumerate() {
            let mut there: Vec<f64> = row.iter().copied().filter(|&v| !self.missing.is_number(v)).collect();
            if there.is_empty() {
                return Err(Error::input(format_args!("Some rows only contain missing values: [{i}]")));
            }
            there.sort_by(f64::total_cmp);
            let value = match self.strategy {
                Strategy::Mean => there.iter().sum::<f64>() / there.len() as f64,
                Strategy::Median if there.iter().any(|v| v.is_nan()) => f64::NAN,
                Strategy::Median => f64::midpoint(there[(there.len() - 1) / 2], there[there.len() / 2]),
                Strategy::MostFrequent => {
                    // Of equally frequent values the smallest.
                    let groups = there.chunk_by(|a, b| a == b);
                    groups.fold((0, f64::NAN), |best, g| if g.len() > best.0 { (g.len(), g[0]) } else { best }).1
                }
            };
            if !value.is_finite() && self.strategy != Strategy::MostFrequent {
                return Err(Error::input(format_args!(
                    "Some rows only contain missing values: [{i}]: what stands in is not finite"
                )));
            }
            row.iter_mut().filter(|v| self.missing.is_number(**v)).for_each(|v| *v = value);
        }
        Ok(Samples::Dense(x))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Result, Samples, estimator::written_by};

    #[test]
    fn rows_whose_median_is_nan_are_refused() -> Result<()> {
        let attributes = "Vaxis\nI1\nVstrategy\nVmedian\nVmissing_values\nI0\n";
        let model = written_by("0.20.4", "sklearn.preprocessing.imputation", "Imputer", attributes)?;
        assert_eq!(
            model.transform(&Samples::from(ndarray::array![[0.0, 1.0, 3.0]]))?,
            Samples::from(ndarray::array![[2.0, 1.0, 3.0]])
        );
        let refused = model.transform(&Samples::from(ndarray::array![[f64::NAN, 1.0, 3.0]])).unwrap_err().to_string();
        assert!(refused.starts_with("Some rows only contain missing values: [0]"), "{refused}");
        Ok(())
    }
}
