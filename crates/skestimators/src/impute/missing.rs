//! `sklearn.impute._base.MissingIndicator`, and what counts as a missing value.

use ndarray::Array2;
use skpickle::{Kind, Obj, Scalar, Shared};

use crate::{
    compose::columns::{hstack, select, take_columns},
    data::{Array, Csr, Samples, Value},
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    preprocessing::categories::cell,
    state::State,
    validation::{self, Door},
};

/// `missing_values`: what stands for a missing value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Missing {
    Nan,
    /// pandas' own missing value, which every kind of missing value is read as.
    Any,
    Is(Value),
}

impl Missing {
    pub(crate) fn load(s: &State<'_, '_>) -> Result<Self> {
        let Some(obj) = s.raw_opt("missing_values") else { return Ok(Missing::Is(Value::None)) };
        Self::of(&obj)
    }

    fn of(obj: &Obj<'_>) -> Result<Self> {
        if matches!(obj.kind(), Kind::Str | Kind::Int | Kind::Float | Kind::Bool) || obj.get::<Scalar>().is_ok() {
            return Ok(match obj.get::<Scalar>()?.into() {
                Value::Float(x) if x.is_nan() => Missing::Nan,
                // The first imputer spelled it.
                Value::Str(text) if &*text == "NaN" => Missing::Nan,
                value => Missing::Is(value),
            });
        }
        let name = obj.class().or_else(|| obj.global());
        if name.is_some_and(|name| name.module.starts_with("pandas") && name.name.contains("NA")) {
            return Ok(Missing::Any);
        }
        Err(obj.expected("a value that stands for missing ones").into())
    }

    pub(crate) fn is(&self, value: &Value) -> bool {
        match (self, value) {
            (Missing::Nan, value) => matches!(value, Value::Float(x) if x.is_nan()),
            (Missing::Any, value) => matches!(value, Value::None) || matches!(value, Value::Float(x) if x.is_nan()),
            (Missing::Is(Value::Str(a)), Value::Str(b)) => a == b,
            (Missing::Is(Value::None), value) => *value == Value::None,
            (Missing::Is(a), b) => matches!((number(a), number(b)), (Some(a), Some(b)) if a == b),
        }
    }

    pub(crate) fn is_number(&self, x: f64) -> bool {
        match self {
            Missing::Nan | Missing::Any => x.is_nan(),
            Missing::Is(value) => number(value).is_some_and(|value| value == x),
        }
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.is_number(0.0)
    }

    /// The value as a number, for samples of numbers.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Missing::Nan | Missing::Any => Some(f64::NAN),
            Missing::Is(value) => number(value),
        }
    }

    /// What a method takes besides finite numbers.
    pub(crate) fn door(&self, door: Door) -> Door {
        match self {
            Missing::Nan | Missing::Any => door.allow_nan(),
            Missing::Is(_) => door,
        }
    }

    /// NaN among values of any kind is refused where it does not stand for a missing value.
    pub(crate) fn check(&self, value: &Value) -> Result<()> {
        match value {
            Value::Float(x) if x.is_nan() && matches!(self, Missing::Is(_)) => Err(Error::input("Input contains NaN")),
            _ => Ok(()),
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::Int(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        _ => None,
    }
}

/// Tables of numbers become numbers; everything else stays.
pub(crate) fn narrowed(x: &Samples) -> Result<Option<Samples>> {
    match x {
        Samples::Table(table) if table.columns().iter().all(|column| column.data.is_numeric()) => {
            Ok(Some(Samples::Dense(validation::table_to_numbers(table)?)))
        }
        _ => Ok(None),
    }
}

/// Which cells are missing.
pub(crate) fn mask(x: &Samples, missing: &Missing) -> Result<Array2<bool>> {
    Ok(match x {
        Samples::Dense(x) => x.mapv(|v| missing.is_number(v)),
        Samples::Dense32(x) => x.mapv(|v| missing.is_number(v.into())),
        x => {
            let mut out = Array2::from_elem((x.rows(), x.columns().unwrap_or(0)), false);
            for ((i, j), out) in out.indexed_iter_mut() {
                let value = cell(x, i, j);
                missing.check(&value)?;
                *out = missing.is(&value);
            }
            out
        }
    })
}

/// The columns that an imputer adds: which of the values were missing.
pub(crate) struct Indicator {
    pub(crate) features: Vec<usize>,
    pub(crate) columns: usize,
}

impl Indicator {
    pub(crate) fn load(s: &State<'_, '_>) -> Result<Self> {
        let features: Shared<i64> = s.get("features_")?;
        let columns: usize = s.renamed(&["_n_features", "n_features_in_"])?;
        let features: Vec<usize> = features.iter().map(|&j| usize::try_from(j).unwrap_or(usize::MAX)).collect();
        s.require(features.iter().all(|&j| j < columns), format_args!("features_ go beyond {columns} columns"))?;
        Ok(Indicator { features, columns })
    }

    /// That of an imputer, where it has one.
    pub(crate) fn of_imputer(s: &State<'_, '_>, columns: usize) -> Result<Option<Self>> {
        if !s.opt("add_indicator")?.unwrap_or(false) {
            return Ok(None);
        }
        let indicator = Self::load(&s.child("indicator_")?)?;
        s.require(
            indicator.columns == columns,
            format_args!("indicator_ is for {} columns, not {columns}", indicator.columns),
        )?;
        Ok(Some(indicator))
    }

    /// The imputed samples, followed by what was missing.
    pub(crate) fn append(&self, x: Samples, mask: &Array2<bool>) -> Result<Samples> {
        let rows = x.rows();
        let chosen = take_columns(&mask.view(), &self.features);
        let sparse = matches!(x, Samples::Sparse(_));
        let part = match &x {
            Samples::Rows(_) | Samples::Table(_) => Samples::Rows(
                chosen.rows().into_iter().map(|row| row.iter().map(|&b| Value::Bool(b)).collect()).collect(),
            ),
            Samples::Dense32(_) => Samples::Dense32(chosen.mapv(|b| f32::from(u8::from(b)))),
            _ => Samples::Dense(chosen.mapv(|b| f64::from(u8::from(b)))),
        };
        hstack(vec![x, part], rows, sparse)
    }

    pub(crate) fn names(&self, input: &[String]) -> impl Iterator<Item = String> {
        self.features.iter().filter_map(|&j| Some(format!("missingindicator_{}", input.get(j)?)))
    }
}

struct MissingIndicator {
    missing: Missing,
    indicator: Indicator,
    /// Only columns with missing values in the fit are answered.
    only: bool,
    error_on_new: bool,
    /// Sparse answers: always, never, or as the input is.
    sparse: Option<bool>,
    names: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    s.require(!s.opt("_precomputed")?.unwrap_or(false), "the indicator is a part of an imputer")?;
    let only = s.choice("features", None, &[("missing-only", true), ("all", false)])?;
    let sparse = match s.raw("sparse")? {
        obj if obj.kind() == Kind::Str => match &*obj.str()? {
            "auto" => None,
            _ => return Err(obj.expected("'auto', True or False").into()),
        },
        obj => Some(obj.get()?),
    };
    Ok(Box::new(MissingIndicator {
        missing: Missing::load(s)?,
        indicator: Indicator::load(s)?,
        only,
        error_on_new: s.get("error_on_new")?,
        sparse,
        names: s.version() >= (1, 1),
    }))
}

impl Estimator for MissingIndicator {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.indicator.columns)
    }

    fn door(&self, _: Method) -> Door {
        self.missing.door(Door { values: true, ..Door::NUMERIC }).sparse().keep32()
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let marks = match x {
            Samples::Sparse(_) if self.missing.is_zero() => {
                return Err(Error::input(
                    "Sparse input with missing_values=0 is not supported. Provide a dense array instead.",
                ));
            }
            Samples::Sparse(x) => {
                let mut marks = x.clone();
                marks.data_mut().iter_mut().for_each(|v| *v = f64::from(u8::from(self.missing.is_number(*v))));
                Samples::Sparse(nonzero(&marks)?)
            }
            x => Samples::Array(mask(narrowed(x)?.as_ref().unwrap_or(x), &self.missing)?.into()),
        };
        if self.only && self.error_on_new {
            self.refuse_new(&marks)?;
        }
        let features = &self.indicator.features;
        Ok(match (marks, self.sparse) {
            (Samples::Sparse(marks), None | Some(true)) => select(&Samples::Sparse(marks), features)?,
            (Samples::Sparse(marks), Some(false)) => {
                let marks = marks.to_dense().mapv(|v| v != 0.0);
                Samples::Array(take_columns(&marks.view(), features).into())
            }
            (Samples::Array(Array::Bool(marks)), sparse) => {
                let marks = marks.into_dimensionality().map_err(Error::input)?;
                let marks = take_columns(&marks.view(), features);
                match sparse {
                    Some(true) => Samples::Sparse(Csr::from_dense(&marks.mapv(|b| f64::from(u8::from(b))))),
                    _ => Samples::Array(marks.into()),
                }
            }
            (other, _) => other,
        })
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        Ok(self.indicator.names(input).collect())
    }
}

impl MissingIndicator {
    fn refuse_new(&self, marks: &Samples) -> Result<()> {
        let mut new: Vec<usize> = match marks {
            Samples::Sparse(marks) => marks.indices().to_vec(),
            Samples::Array(Array::Bool(marks)) => {
                let columns = marks.shape()[1];
                marks.iter().enumerate().filter(|(_, on)| **on).map(|(i, _)| i % columns).collect()
            }
            _ => Vec::new(),
        };
        new.sort_unstable();
        new.dedup();
        new.retain(|j| !self.indicator.features.contains(j));
        if new.is_empty() {
            return Ok(());
        }
        let list: Vec<String> = new.iter().map(usize::to_string).collect();
        Err(Error::input(format_args!(
            "The features [{}] have missing values in transform but have no missing values in fit.",
            list.join(" ")
        )))
    }
}

/// The matrix without entries of zero.
fn nonzero(x: &Csr) -> Result<Csr> {
    let (mut indptr, mut indices) = (vec![0], Vec::new());
    for i in 0..x.rows() {
        let (columns, values) = x.row(i);
        indices.extend(columns.iter().zip(values).filter(|(_, v)| **v != 0.0).map(|(&j, _)| j));
        indptr.push(indices.len());
    }
    let data = vec![1.0; indices.len()];
    Csr::new(x.rows(), x.columns(), indptr, indices, data)
}
