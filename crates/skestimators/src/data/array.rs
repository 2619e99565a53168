//! Arrays of any of the element types that labels and answers have.

use std::{borrow::Cow, sync::Arc};

use ndarray::{Array2, ArrayD, ArrayViewD, IxDyn};
use skpickle::{FromObj, Kind, Obj, Scalar};

/// One cell of a table, or one label of an object array.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    /// `None`.
    #[default]
    None,
    /// A bool.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float; NaN is a missing value too.
    Float(f64),
    /// Text.
    Str(Arc<str>),
    /// Bytes.
    Bytes(Box<[u8]>),
}

impl From<Scalar> for Value {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::None => Value::None,
            Scalar::Bool(b) => Value::Bool(b),
            Scalar::Int(n) | Scalar::Time(n) => Value::Int(n),
            Scalar::Float(x) => Value::Float(x),
            Scalar::Float32(x) => Value::Float(x.into()),
            Scalar::Str(s) => Value::Str(s.into()),
            Scalar::Bytes(b) => Value::Bytes(b.into()),
        }
    }
}

/// An array of any rank with the element type that scikit-learn's answer has.
///
/// ```
/// let labels = skestimators::Array::from(vec!["a".to_owned(), "b".to_owned()]);
/// assert_eq!(labels.shape(), [2]);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Array {
    /// 64-bit floats (and computed 32-bit ones, widened).
    F64(ArrayD<f64>),
    /// 32-bit floats: labels of that dtype.
    F32(ArrayD<f32>),
    /// Integers.
    I64(ArrayD<i64>),
    /// Bools.
    Bool(ArrayD<bool>),
    /// Text.
    Str(ArrayD<String>),
    /// Bytes (numpy's `S`).
    Bytes(ArrayD<Vec<u8>>),
    /// Python objects.
    Object(ArrayD<Value>),
}

macro_rules! each {
    ($self:expr, $a:ident => $body:expr) => {
        match $self {
            Array::F64($a) => $body,
            Array::F32($a) => $body,
            Array::I64($a) => $body,
            Array::Bool($a) => $body,
            Array::Str($a) => $body,
            Array::Bytes($a) => $body,
            Array::Object($a) => $body,
        }
    };
}

macro_rules! map_each {
    ($self:expr, $a:ident => $body:expr) => {
        match $self {
            Array::F64($a) => Array::F64($body),
            Array::F32($a) => Array::F32($body),
            Array::I64($a) => Array::I64($body),
            Array::Bool($a) => Array::Bool($body),
            Array::Str($a) => Array::Str($body),
            Array::Bytes($a) => Array::Bytes($body),
            Array::Object($a) => Array::Object($body),
        }
    };
}

impl Array {
    /// Extents, one a dimension.
    pub fn shape(&self) -> &[usize] {
        each!(self, a => a.shape())
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        each!(self, a => a.len())
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements along the first axis at `indices`, as `classes_.take(indices)` in Python.
    ///
    /// # Panics
    /// Never for indices below the extent of the first axis; callers prove that.
    pub(crate) fn take(&self, indices: &[usize]) -> Array {
        map_each!(self, a => select(a, indices))
    }

    /// The same for a 1-d array and indices that come one by one: nothing is allocated but the answer.
    ///
    /// # Panics
    /// Never for a 1-d array and indices below its extent; callers prove that.
    pub(crate) fn take_each(&self, indices: impl Iterator<Item = usize>) -> Array {
        map_each!(self, a => pick(a, indices))
    }

    /// The same elements in C order under another shape; `None` when it is for another number of them.
    pub(crate) fn reshaped(self, shape: &[usize]) -> Option<Array> {
        Some(map_each!(self, a => ArrayD::from_shape_vec(IxDyn(shape), a.into_iter().collect()).ok()?))
    }

    /// Bytes of the longest text in the array.
    pub(crate) fn longest(&self) -> usize {
        match self {
            Array::Str(a) => a.iter().map(String::len).max().unwrap_or(0),
            Array::Bytes(a) => a.iter().map(Vec::len).max().unwrap_or(0),
            Array::Object(a) => {
                let len = |value: &Value| match value {
                    Value::Str(text) => text.len(),
                    Value::Bytes(bytes) => bytes.len(),
                    _ => 0,
                };
                a.iter().map(len).max().unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// Elements as doubles where they are numbers or bools.
    pub fn to_f64(&self) -> Option<ArrayD<f64>> {
        let number = |value: &Value| match value {
            Value::Bool(b) => Some(f64::from(u8::from(*b))),
            Value::Int(n) => Some(*n as f64),
            Value::Float(x) => Some(*x),
            _ => None,
        };
        let values = match self {
            Array::F64(a) => return Some(a.clone()),
            Array::F32(a) => elements(a).iter().map(|&x| f64::from(x)).collect(),
            Array::I64(a) => elements(a).iter().map(|&n| n as f64).collect(),
            Array::Bool(a) => elements(a).iter().map(|&b| f64::from(u8::from(b))).collect(),
            Array::Object(a) => elements(a).iter().map(number).collect::<Option<Vec<f64>>>()?,
            Array::Str(_) | Array::Bytes(_) => return None,
        };
        ArrayD::from_shape_vec(IxDyn(self.shape()), values).ok()
    }

    /// A view of the floats, if these are floats of 64 bits.
    pub fn as_f64(&self) -> Option<ArrayViewD<'_, f64>> {
        match self {
            Array::F64(a) => Some(a.view()),
            _ => None,
        }
    }

    /// One element as a value of its own, by its position in C order.
    pub fn value(&self, index: usize) -> Option<Value> {
        Some(match self {
            Array::F64(a) => Value::Float(*a.iter().nth(index)?),
            Array::F32(a) => Value::Float(f64::from(*a.iter().nth(index)?)),
            Array::I64(a) => Value::Int(*a.iter().nth(index)?),
            Array::Bool(a) => Value::Bool(*a.iter().nth(index)?),
            Array::Str(a) => Value::Str(a.iter().nth(index)?.as_str().into()),
            Array::Bytes(a) => Value::Bytes(a.iter().nth(index)?.as_slice().into()),
            Array::Object(a) => a.iter().nth(index)?.clone(),
        })
    }

    /// Arrays of one element type and shape side by side: `np.vstack(columns).T`, or 1-d columns made 2-d.
    pub(crate) fn columns(columns: &[Array]) -> Option<Array> {
        macro_rules! stack {
            ($variant:ident) => {{
                let parts: Option<Vec<_>> = columns
                    .iter()
                    .map(|c| match c {
                        Array::$variant(a) => Some(a),
                        _ => None,
                    })
                    .collect();
                side_by_side(&parts?).map(Array::$variant)
            }};
        }
        match columns.first()? {
            Array::F64(_) => stack!(F64),
            Array::F32(_) => stack!(F32),
            Array::I64(_) => stack!(I64),
            Array::Bool(_) => stack!(Bool),
            Array::Str(_) => stack!(Str),
            Array::Bytes(_) => stack!(Bytes),
            Array::Object(_) => stack!(Object),
        }
    }
}

impl PartialEq for Array {
    /// Whether element type, shape and elements are the same. (That of ndarray's arrays is many times the code.)
    fn eq(&self, other: &Self) -> bool {
        fn same<T: Clone + PartialEq>(a: &ArrayD<T>, b: &ArrayD<T>) -> bool {
            a.shape() == b.shape() && elements(a) == elements(b)
        }
        match (self, other) {
            (Array::F64(a), Array::F64(b)) => same(a, b),
            (Array::F32(a), Array::F32(b)) => same(a, b),
            (Array::I64(a), Array::I64(b)) => same(a, b),
            (Array::Bool(a), Array::Bool(b)) => same(a, b),
            (Array::Str(a), Array::Str(b)) => same(a, b),
            (Array::Bytes(a), Array::Bytes(b)) => same(a, b),
            (Array::Object(a), Array::Object(b)) => same(a, b),
            _ => false,
        }
    }
}

/// Arrays of one shape along a new second axis. (`ndarray::stack` does the same in many times the code, which seven types would have.)
fn side_by_side<T: Clone>(columns: &[&ArrayD<T>]) -> Option<ArrayD<T>> {
    let mut shape = columns.first()?.shape().to_vec();
    let rows = *shape.first()?;
    if columns.iter().any(|column| column.shape() != shape) {
        return None;
    }
    let columns: Vec<Cow<'_, [T]>> = columns.iter().map(|column| elements(column)).collect();
    let mut values = Vec::with_capacity(columns.iter().map(|column| column.len()).sum());
    for row in 0..rows {
        for column in &columns {
            let width = column.len() / rows;
            values.extend_from_slice(&column[row * width..][..width]);
        }
    }
    shape.insert(1, columns.len());
    ArrayD::from_shape_vec(shape, values).ok()
}

/// All elements, in C order.
fn elements<T: Clone>(array: &ArrayD<T>) -> Cow<'_, [T]> {
    array.as_slice().map_or_else(|| array.iter().cloned().collect(), Cow::Borrowed)
}

/// The elements along the first axis at `indices`. (The method of ndarray's arrays is many times the code.)
fn select<T: Clone + Default>(from: &ArrayD<T>, indices: &[usize]) -> ArrayD<T> {
    let all = elements(from);
    let mut shape = from.shape().to_vec();
    let width: usize = shape.iter().skip(1).product();
    let mut values = Vec::with_capacity(indices.len() * width);
    indices.iter().for_each(|&i| values.extend_from_slice(&all[i * width..][..width]));
    shape.iter_mut().take(1).for_each(|rows| *rows = indices.len());
    ArrayD::from_shape_vec(shape, values).unwrap_or_default()
}

fn pick<T: Clone>(from: &ArrayD<T>, indices: impl Iterator<Item = usize>) -> ArrayD<T> {
    indices.map(|i| from[[i]].clone()).collect::<ndarray::Array1<_>>().into_dyn()
}

macro_rules! from_vec {
    ($($t:ty => $variant:ident),*) => { $(
        impl From<Vec<$t>> for Array {
            fn from(values: Vec<$t>) -> Self {
                Array::$variant(ndarray::Array1::from_vec(values).into_dyn())
            }
        }
        impl From<Array2<$t>> for Array {
            fn from(values: Array2<$t>) -> Self {
                Array::$variant(values.into_dyn())
            }
        }
    )* };
}

from_vec! { f64 => F64, f32 => F32, i64 => I64, bool => Bool, String => Str, Vec<u8> => Bytes, Value => Object }

impl<'g> FromObj<'g> for Array {
    /// An array of any plain dtype, or a list of plain values (as object labels).
    fn from_obj(obj: &Obj<'g>) -> skpickle::Result<Self> {
        if matches!(obj.kind(), Kind::List | Kind::Tuple) {
            let values: Vec<Scalar> = obj.get()?;
            return Ok(from_scalars(values));
        }
        let array = obj.array()?;
        let shape = IxDyn(array.shape());
        let dtype = array.dtype();
        let wrong = |_| obj.expected("an array whose parts agree");
        macro_rules! shaped {
            ($values:expr) => {
                ArrayD::from_shape_vec(shape, $values).map_err(wrong)?
            };
        }
        Ok(match (dtype.kind, dtype.size) {
            (b'f', 2 | 4) => {
                let values: Vec<f32> = array.f64s()?.iter().map(|&x| x as f32).collect();
                Array::F32(shaped!(values))
            }
            (b'f', _) => Array::F64(shaped!(array.f64s()?.to_vec())),
            (b'b', _) => Array::Bool(shaped!(array.bools()?)),
            (b'i' | b'u', _) => Array::I64(shaped!(array.i64s()?.to_vec())),
            (b'U', _) => {
                let text = |scalar| match scalar {
                    Scalar::Str(text) => text,
                    _ => String::new(),
                };
                Array::Str(shaped!(array.scalars()?.into_iter().map(text).collect()))
            }
            (b'S', _) => {
                let bytes = |scalar| match scalar {
                    Scalar::Bytes(bytes) => bytes,
                    _ => Vec::new(),
                };
                Array::Bytes(shaped!(array.scalars()?.into_iter().map(bytes).collect()))
            }
            (b'O', _) => Array::Object(shaped!(array.scalars()?.into_iter().map(Value::from).collect())),
            _ => return Err(obj.expected("an array of plain values")),
        })
    }
}

/// What `np.asarray` makes of a list of plain values: numbers if all are, objects otherwise.
fn from_scalars(values: Vec<Scalar>) -> Array {
    let all = |f: fn(&Scalar) -> bool| values.iter().all(f);
    if all(|v| matches!(v, Scalar::Bool(_))) {
        return Array::from(values.iter().filter_map(|v| v.as_i64()).map(|n| n != 0).collect::<Vec<bool>>());
    }
    if all(|v| matches!(v, Scalar::Int(_))) {
        return Array::from(values.iter().filter_map(Scalar::as_i64).collect::<Vec<i64>>());
    }
    if all(|v| matches!(v, Scalar::Int(_) | Scalar::Float(_))) {
        return Array::from(values.iter().filter_map(Scalar::as_f64).collect::<Vec<f64>>());
    }
    if all(|v| matches!(v, Scalar::Str(_))) {
        let text = |v| match v {
            Scalar::Str(text) => Some(text),
            _ => None,
        };
        return Array::from(values.into_iter().filter_map(text).collect::<Vec<String>>());
    }
    Array::from(values.into_iter().map(Value::from).collect::<Vec<Value>>())
}
