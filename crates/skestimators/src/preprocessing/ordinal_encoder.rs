//! `sklearn.preprocessing._encoders.OrdinalEncoder`: each value becomes the number of its category.

use ndarray::Array2;
use skpickle::ErrorKind;

use crate::{
    compose::columns::not_two_dimensional,
    data::{Array, Dtype, Samples, Value},
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    preprocessing::categories::{Categories, Strange, cell},
    state::State,
    validation::Door,
};

/// One column.
struct Column {
    categories: Categories,
    /// Category that stands for a missing value.
    missing: Option<usize>,
    /// From the number of a category to its number when infrequent ones are one.
    mapping: Option<Vec<usize>>,
    /// The categories that are infrequent.
    infrequent: Vec<usize>,
}

struct OrdinalEncoder {
    columns: Vec<Column>,
    /// What an unknown value becomes; without it, it is refused.
    unknown: Option<f64>,
    encoded_missing: f64,
    dtype: Dtype,
    /// NaN is a category (since 1.0).
    takes_nan: bool,
    /// There are names (since 1.1).
    names: bool,
    /// Since 1.5, the first to run with it.
    numpy2: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let mut columns = Vec::new();
    for field in s.objects("categories_")? {
        let values: Array = field.get()?;
        if values.shape().len() != 1 {
            return Err(field.expected("a 1-d array of categories").into());
        }
        // A hash table of the categories, beside the values.
        field.charge((values.len() as u64).saturating_mul(96))?;
        columns.push(Column { categories: Categories::new(values), missing: None, mapping: None, infrequent: vec![] });
    }
    s.require(!columns.is_empty(), "categories_ is empty")?;
    read_missing(s, &mut columns)?;
    if s.opt("_infrequent_enabled")?.unwrap_or(false) {
        read_infrequent(s, &mut columns)?;
    }
    let use_value = s.choice("handle_unknown", Some("error"), &[("error", false), ("use_encoded_value", true)])?;
    let unknown = if use_value { Some(s.get("unknown_value")?) } else { None };
    let encoded_missing = s.opt("encoded_missing_value")?.unwrap_or(f64::NAN);
    let dtype = Dtype::load(s, Dtype::F64)?;
    Ok(Box::new(OrdinalEncoder {
        columns,
        unknown,
        encoded_missing,
        dtype,
        takes_nan: s.version() >= (1, 0),
        names: s.version() >= (1, 1),
        numpy2: s.version() >= (1, 5),
    }))
}

/// `_missing_indices`: by column, the category that is a missing value (since 1.0).
fn read_missing(s: &State<'_, '_>, columns: &mut [Column]) -> Result<()> {
    let Some(field) = s.raw_opt("_missing_indices") else { return Ok(()) };
    for (column, index) in field.entries()? {
        let (at, missing): (usize, usize) = (column.get()?, index.get()?);
        match columns.get_mut(at) {
            Some(column) if missing < column.categories.len() => column.missing = Some(missing),
            _ => {
                return Err(index.error(ErrorKind::Value, format_args!("no category {missing} of column {at}")).into());
            }
        }
    }
    Ok(())
}

fn read_infrequent(s: &State<'_, '_>, columns: &mut [Column]) -> Result<()> {
    let mappings = s.objects("_default_to_infrequent_mappings")?;
    let infrequent = s.objects("_infrequent_indices")?;
    s.require(
        mappings.len() == columns.len() && infrequent.len() == columns.len(),
        "the groups of infrequent categories are not for the columns of categories_",
    )?;
    for ((column, mapping), rare) in columns.iter_mut().zip(&mappings).zip(&infrequent) {
        let bound = column.categories.len();
        let indices = |obj: &skpickle::Obj<'_>, len: Option<usize>| -> Result<Vec<usize>> {
            let values: Vec<usize> =
                obj.array()?.i64s()?.iter().map(|&i| usize::try_from(i).unwrap_or(usize::MAX)).collect();
            if values.iter().any(|&i| i >= bound) || len.is_some_and(|len| len != values.len()) {
                return Err(obj.error(ErrorKind::Value, format_args!("not numbers of {bound} categories")).into());
            }
            Ok(values)
        };
        if !mapping.is_none() {
            // The missing value has no part in the groups.
            let len = bound - usize::from(column.missing.is_some());
            column.mapping = Some(indices(mapping, Some(len))?);
        }
        if !rare.is_none() {
            column.infrequent = indices(rare, None)?;
        }
    }
    Ok(())
}

impl Column {
    fn encode(&self, value: &Value, encoded_missing: f64) -> Option<f64> {
        let mut code = self.categories.find(value)?;
        if let Some(mapping) = self.mapping.as_ref().filter(|_| self.missing != Some(code)) {
            code = *mapping.get(code)?;
        }
        Some(if self.missing == Some(code) { encoded_missing } else { code as f64 })
    }

    /// The value that a number stands for; `None` when it stands for none.
    fn decode(&self, code: f64, encoder: &OrdinalEncoder) -> Option<Value> {
        let same = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan();
        let missing = self.missing.filter(|_| same(code, encoder.encoded_missing));
        let code = missing.map_or(code, |index| index as f64);
        let rare = self.infrequent.len();
        let frequent = self.categories.len() - rare.min(self.categories.len());
        if rare > 0 && code == frequent as f64 {
            return Some(Value::Str("infrequent_sklearn".into()));
        }
        if encoder.unknown.is_some_and(|unknown| same(code, unknown)) {
            return Some(Value::None);
        }
        // Negative numbers count from the end, as everywhere in numpy.
        let code = code.trunc();
        let code = if rare == 0 && code < 0.0 { code + frequent as f64 } else { code };
        if !(0.0..frequent as f64).contains(&code) {
            return None;
        }
        let at = code as usize;
        if rare == 0 {
            return self.categories.value(at);
        }
        let index = (0..self.categories.len()).filter(|i| !self.infrequent.contains(i)).nth(at)?;
        self.categories.value(index)
    }
}

impl Estimator for OrdinalEncoder {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform, Method::InverseTransform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.columns.len())
    }

    fn door(&self, method: Method) -> Door {
        match method {
            Method::InverseTransform => Door::NUMERIC.allow_nan().any_width().nameless(),
            _ if self.takes_nan => Door::VALUES.nameless(),
            _ => Door::VALUES.finite().nameless(),
        }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        if x.columns().is_none() && !matches!(x, Samples::Array(a) if a.shape().len() == 2) {
            return Err(not_two_dimensional(x));
        }
        let mut out = Array2::zeros((x.rows(), self.columns.len()));
        for (j, column) in self.columns.iter().enumerate() {
            column.categories.check_column(x, j)?;
            let mut strange = Strange::default();
            for i in 0..x.rows() {
                let value = cell(x, i, j);
                match column.encode(&value, self.encoded_missing).or(self.unknown) {
                    Some(code) => out[[i, j]] = self.dtype.cast(code),
                    None => strange.add(value),
                }
            }
            strange.refuse(&column.categories, x, j, self.numpy2)?;
        }
        Ok(self.dtype.samples(out))
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let x = x.dense()?;
        if x.ncols() != self.columns.len() {
            return Err(Error::input(format_args!(
                "Shape of the passed X data is not correct. Expected {} columns, got {}.",
                self.columns.len(),
                x.ncols()
            )));
        }
        let mut rows = Vec::with_capacity(x.nrows());
        for (i, row) in x.rows().into_iter().enumerate() {
            let mut values = Vec::with_capacity(row.len());
            for (j, (&code, column)) in row.iter().zip(&self.columns).enumerate() {
                values.push(column.decode(code, self).ok_or_else(|| {
                    Error::input(format_args!(
                        "index {code} is out of bounds for axis 0 with size {}: row {i}, column {j}",
                        column.categories.len()
                    ))
                })?);
            }
            rows.push(values);
        }
        Ok(Samples::Rows(rows.into()))
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        Ok(input.to_vec())
    }
}
