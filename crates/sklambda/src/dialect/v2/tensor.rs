//! Tensors of a request.

use half::f16;
use ndarray::Array2;
use skestimators::{Column, ColumnData, Model, Samples, Table, Value};

use super::super::{input, refusal::Refusal};
use crate::{json::Json, samples};

/// A tensor whose data are as many as its shape says, each of its datatype.
pub(super) struct Tensor {
    name: String,
    shape: Vec<usize>,
    data: ColumnData,
}

/// The data types: bits of a number, and whether it has a sign.
#[derive(Clone, Copy)]
enum Kind {
    Bool,
    Int { bits: u32, signed: bool },
    Float { bits: u32 },
    Bytes,
}

fn kind(datatype: &str) -> Option<Kind> {
    let number = |prefix: &str| datatype.strip_prefix(prefix).and_then(|bits| bits.parse::<u32>().ok());
    Some(match (datatype, number("UINT"), number("INT"), number("FP")) {
        ("BOOL", ..) => Kind::Bool,
        ("BYTES", ..) => Kind::Bytes,
        (_, Some(bits @ (8 | 16 | 32 | 64)), ..) => Kind::Int { bits, signed: false },
        (_, _, Some(bits @ (8 | 16 | 32 | 64)), _) => Kind::Int { bits, signed: true },
        (_, _, _, Some(bits @ (16 | 32 | 64))) => Kind::Float { bits },
        _ => return None,
    })
}

/// Reads the tensor at a place in `inputs`.
pub(super) fn read(tensor: &Json, at: usize) -> Result<Tensor, Refusal> {
    let need = |key: &str, what: &str| Refusal::input(format_args!("inputs[{at}] needs \"{key}\": {what}"));
    let text = |key: &str| match tensor.get(key) {
        Some(Json::Str(text)) => text.as_str(),
        _ => None,
    };
    let name = text("name").ok_or_else(|| need("name", "text"))?.to_owned();
    let datatype = text("datatype").ok_or_else(|| need("datatype", "such as \"FP64\""))?;
    let place = format!("inputs[{at}] {}", input::quoted(&name));
    let kind = kind(datatype).ok_or_else(|| {
        let datatype = input::quoted(datatype);
        Refusal::input(format_args!("{place}: the datatype {datatype} is not known; send BOOL, INT8 to INT64, UINT8 to UINT64, FP16, FP32, FP64 or BYTES"))
    })?;
    let Some(Json::Array(shape)) = tensor.get("shape") else {
        return Err(need("shape", "a list of lengths, rows first"));
    };
    let length = |length: &Json| match length {
        Json::Int(n) => usize::try_from(*n).ok(),
        _ => None,
    };
    let shape: Vec<usize> = shape
        .iter()
        .map(length)
        .collect::<Option<_>>()
        .ok_or_else(|| need("shape", "a list of lengths, none of them negative"))?;
    let Some(data) = tensor.get("data") else { return Err(need("data", "a list of values")) };
    let count = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    let cells = flat(data, &shape).map_err(|e| Refusal::input(format_args!("{place}: {e}")))?;
    if count != Some(cells.len()) {
        return Err(Refusal::input(format_args!(
            "{place}: the data are {} values, the shape {shape:?} has others",
            cells.len()
        )));
    }
    let width = shape.get(1..).map_or(1, |rest| rest.iter().product::<usize>()).max(1);
    let wrong = |i: usize, cell: &Json| {
        let (row, column) = (i / width, i % width);
        let found = match (kind, cell) {
            (Kind::Int { .. }, Json::Int(n)) => format!("{n}, which is out of its range"),
            (Kind::Int { .. }, Json::Float(x)) => crate::json::float_repr(*x),
            (_, cell) => input::form(cell).to_owned(),
        };
        Refusal::input(format_args!("{place}: row {row}, column {column}: {datatype} is expected, found {found}"))
    };
    let data = values(kind, &cells).map_err(|i| wrong(i, cells[i]))?;
    Ok(Tensor { name, shape, data })
}

/// The cells in order: of flat data, or of lists that are nested as the shape says.
fn flat<'j>(data: &'j Json, shape: &[usize]) -> Result<Vec<&'j Json>, String> {
    let Json::Array(items) = data else { return Err(format!("\"data\" is {}; a list is expected", input::form(data))) };
    if !items.iter().any(|item| matches!(item, Json::Array(_))) {
        return Ok(items.iter().collect());
    }
    let mut level = vec![items.as_slice()];
    for (depth, &length) in shape.iter().enumerate() {
        if level.iter().any(|list| list.len() != length) {
            return Err(format!(
                "the nested data do not have the shape {shape:?}: {length} values are expected at depth {depth}"
            ));
        }
        if depth + 1 == shape.len() {
            return Ok(level.into_iter().flatten().collect());
        }
        let inner = |item: &'j Json| match item {
            Json::Array(items) => Ok(items.as_slice()),
            other => Err(format!("the nested data hold {} where a list is expected", input::form(other))),
        };
        level = level.into_iter().flatten().map(inner).collect::<Result<_, _>>()?;
    }
    Err("the data are nested, the shape is not".into())
}

/// The values, or the index of the first that is not of the kind.
fn values(kind: Kind, cells: &[&Json]) -> Result<ColumnData, usize> {
    fn all<T>(cells: &[&Json], read: impl Fn(&Json) -> Option<T>) -> Result<Vec<T>, usize> {
        cells.iter().enumerate().map(|(i, cell)| read(cell).ok_or(i)).collect()
    }
    Ok(match kind {
        Kind::Bool => ColumnData::Bool(all(cells, |cell| match cell {
            Json::Bool(b) => Some(*b),
            Json::Int(n @ (0 | 1)) => Some(*n == 1),
            _ => None,
        })?),
        Kind::Int { bits: 64, signed: false } if cells.iter().any(|cell| matches!(cell, Json::Big(_))) => {
            ColumnData::F64(all(cells, |cell| match cell {
                Json::Int(n) => u64::try_from(*n).ok().map(|n| n as f64),
                Json::Big(digits) => digits.parse::<u64>().ok().map(|n| n as f64),
                _ => None,
            })?)
        }
        Kind::Int { bits, signed } => ColumnData::I64(all(cells, |cell| {
            let Json::Int(n) = cell else { return None };
            let n = *n;
            let fits = match (signed, bits) {
                (true, 64) => true,
                (true, bits) => (-(1i64 << (bits - 1))..1i64 << (bits - 1)).contains(&n),
                (false, 64) => n >= 0,
                (false, bits) => (0..1i64 << bits).contains(&n),
            };
            fits.then_some(n)
        })?),
        Kind::Float { bits } => {
            let number = |cell: &Json| match cell {
                // A missing value.
                Json::Null => Some(f64::NAN),
                Json::Bool(_) => None,
                cell => samples::number(cell).filter(|x| x.is_finite()),
            };
            let numbers = all(cells, number)?;
            match bits {
                64 => ColumnData::F64(numbers),
                32 => ColumnData::F32(numbers.into_iter().map(|x| x as f32).collect()),
                _ => ColumnData::F64(numbers.into_iter().map(|x| f16::from_f64(x).to_f64()).collect()),
            }
        }
        Kind::Bytes => {
            let texts = all(cells, |cell| match cell {
                Json::Str(text) => text.as_str().map(|text| Some(text.into())),
                Json::Null => Some(None),
                _ => None,
            });
            ColumnData::Str(texts?.into())
        }
    })
}

impl Tensor {
    fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }

    /// One tensor that holds all rows.
    pub(super) fn into_samples(self, model: &Model) -> Result<Samples, Refusal> {
        let (rows, name) = (self.rows(), input::quoted(&self.name));
        if rows == 0 {
            return Err(Refusal::input(format_args!("the tensor {name} has no rows")));
        }
        let width = match (self.shape.as_slice(), &self.data) {
            ([_, 1], ColumnData::Str(texts)) if input::takes_text(model) => return Ok(samples::documents(texts)),
            (&[_, width], _) => width,
            ([_], data) => match data {
                ColumnData::Str(texts) if model.n_features_in().is_none_or(|n| n != 1) => {
                    return Ok(samples::documents(texts));
                }
                _ if model.n_features_in() == Some(1) => 1,
                _ => {
                    let text = format!("the tensor {name} has the shape [{rows}]; rows are expected: [rows, features]");
                    return Err(Refusal::input(text));
                }
            },
            _ => {
                let text = format!("the tensor {name} has the shape {:?}; expected [rows, features]", self.shape);
                return Err(Refusal::input(text));
            }
        };
        input::check_width(model, width, 0)?;
        if let Some(names) = model.feature_names_in() {
            let column = |(j, name): (usize, &String)| Column { name: name.clone(), data: every(&self.data, j, width) };
            return Table::new(names.iter().enumerate().map(column).collect())
                .map(Samples::Table)
                .map_err(Refusal::from);
        }
        let fault = |e: ndarray::ShapeError| Refusal::new(500, e.to_string());
        Ok(match self.data {
            ColumnData::F32(values) => Samples::Dense32(Array2::from_shape_vec((rows, width), values).map_err(fault)?),
            ColumnData::Str(_) => {
                let row = |i: usize| (0..width).map(|j| self.data.value(i * width + j)).collect();
                Samples::Rows((0..rows).map(row).collect())
            }
            data => {
                let number = |i: usize| match data.value(i) {
                    Value::Bool(b) => f64::from(u8::from(b)),
                    Value::Int(n) => n as f64,
                    Value::Float(x) => x,
                    _ => f64::NAN,
                };
                let numbers = (0..data.len()).map(number).collect();
                Samples::Dense(Array2::from_shape_vec((rows, width), numbers).map_err(fault)?)
            }
        })
    }
}

/// Column `j` of values that stand row by row.
fn every(data: &ColumnData, j: usize, width: usize) -> ColumnData {
    fn take<T: Clone>(values: &[T], j: usize, width: usize) -> Vec<T> {
        values.iter().skip(j).step_by(width.max(1)).cloned().collect()
    }
    match data {
        ColumnData::F64(v) => ColumnData::F64(take(v, j, width)),
        ColumnData::F32(v) => ColumnData::F32(take(v, j, width)),
        ColumnData::I64(v) => ColumnData::I64(take(v, j, width)),
        ColumnData::Bool(v) => ColumnData::Bool(take(v, j, width)),
        ColumnData::Str(v) => ColumnData::Str(take(v, j, width).into()),
        other => ColumnData::Mixed((0..other.len()).skip(j).step_by(width.max(1)).map(|i| other.value(i)).collect()),
    }
}

/// One tensor a column, of shape `[rows]` or `[rows, 1]`.
pub(super) fn columns(model: &Model, tensors: Vec<Tensor>) -> Result<Samples, Refusal> {
    let rows = tensors.first().map_or(0, Tensor::rows);
    if rows == 0 {
        return Err(Refusal::input("the tensors have no rows"));
    }
    let mut columns = Vec::with_capacity(tensors.len());
    for tensor in tensors {
        let name = input::quoted(&tensor.name);
        if !matches!(tensor.shape.as_slice(), [_] | [_, 1]) {
            let text = format!(
                "the tensor {name} has the shape {:?}; a column is expected: [rows] or [rows, 1]",
                tensor.shape
            );
            return Err(Refusal::input(text));
        }
        if tensor.rows() != rows {
            return Err(Refusal::input(format_args!(
                "the tensor {name} has {} rows, the first one has {rows}",
                tensor.rows()
            )));
        }
        columns.push(Column { name: tensor.name, data: tensor.data });
    }
    input::from_columns(model, columns)
}
