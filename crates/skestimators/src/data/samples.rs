//! Inputs and answers.

use std::{borrow::Cow, ops::Range};

use ndarray::{Array2, Axis, CowArray, Ix2, Slice};

use super::{Array, Csr, Run, Table, Value};
use crate::error::{Error, Result};

/// Cells of the largest matrix that sparse rows are made into (2 GiB).
const LARGEST_DENSE: usize = 1 << 28;

/// A record for `DictVectorizer` and `FeatureHasher`: keys and values in order.
pub type Record = Vec<(Value, Value)>;

/// Rows to predict or transform, in one of the forms that scikit-learn takes.
///
/// ```
/// use skestimators::Samples;
/// let x = Samples::from(ndarray::array![[5.1, 3.5], [6.2, 2.9]]);
/// assert_eq!(x.rows(), 2);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Samples {
    /// Numbers, one row a sample. Integers and bools are numbers too.
    Dense(Array2<f64>),
    /// Numbers of 32 bits: some estimators then compute and answer in 32 bits, as scikit-learn does.
    Dense32(Array2<f32>),
    /// Sparse numbers.
    Sparse(Csr),
    /// Named and typed columns.
    Table(Table),
    /// Rows of Python objects (an object array): numbers, text and missing values mixed.
    Rows(Run<Vec<Value>>),
    /// Documents.
    Text(Run<String>),
    /// Dicts, or lists of pairs.
    Records(Run<Record>),
    /// An array of another rank: labels (1-d), or what scikit-learn refuses.
    Array(Array),
}

impl From<Array2<f64>> for Samples {
    fn from(values: Array2<f64>) -> Self {
        Samples::Dense(values)
    }
}

impl From<Csr> for Samples {
    fn from(values: Csr) -> Self {
        Samples::Sparse(values)
    }
}

impl From<Table> for Samples {
    fn from(values: Table) -> Self {
        Samples::Table(values)
    }
}

impl Samples {
    /// Number of samples.
    pub fn rows(&self) -> usize {
        match self {
            Samples::Dense(x) => x.nrows(),
            Samples::Dense32(x) => x.nrows(),
            Samples::Sparse(x) => x.rows(),
            Samples::Table(x) => x.rows(),
            Samples::Rows(x) => x.len(),
            Samples::Text(x) => x.len(),
            Samples::Records(x) => x.len(),
            Samples::Array(x) => x.shape().first().copied().unwrap_or(0),
        }
    }

    /// Number of columns, where there are columns.
    pub fn columns(&self) -> Option<usize> {
        match self {
            Samples::Dense(x) => Some(x.ncols()),
            Samples::Dense32(x) => Some(x.ncols()),
            Samples::Sparse(x) => Some(x.columns()),
            Samples::Table(x) => Some(x.columns().len()),
            Samples::Rows(x) => x.first().map(Vec::len),
            _ => None,
        }
    }

    /// Some of the samples, by their numbers: texts and objects are shared, numbers are copied. `None` for an array of another rank, and
    /// where there are not so many samples.
    pub fn part(&self, range: Range<usize>) -> Option<Self> {
        if range.start > range.end || range.end > self.rows() {
            return None;
        }
        Some(match self {
            Samples::Dense(x) => Samples::Dense(x.slice_axis(Axis(0), Slice::from(range)).to_owned()),
            Samples::Dense32(x) => Samples::Dense32(x.slice_axis(Axis(0), Slice::from(range)).to_owned()),
            Samples::Sparse(x) => Samples::Sparse(x.part(range)),
            Samples::Table(x) => Samples::Table(x.part(range)),
            Samples::Rows(x) => Samples::Rows(x.part(range)),
            Samples::Text(x) => Samples::Text(x.part(range)),
            Samples::Records(x) => Samples::Records(x.part(range)),
            Samples::Array(_) => return None,
        })
    }

    /// The numbers as a dense matrix: borrowed where they are one, made dense or widened otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when there are no numbers; tables and rows are turned into numbers at the door, before
    /// an estimator sees them.
    pub(crate) fn dense(&self) -> Result<CowArray<'_, f64, Ix2>> {
        match self {
            Samples::Dense(x) => Ok(CowArray::from(x.view())),
            Samples::Dense32(x) => Ok(CowArray::from(x.mapv(f64::from))),
            Samples::Sparse(x) if x.rows().checked_mul(x.columns()).is_none_or(|cells| cells > LARGEST_DENSE) => {
                Err(Error::input(format_args!(
                    "{} sparse rows of {} columns are too much to be made dense, which this estimator needs; give fewer rows at a time",
                    x.rows(),
                    x.columns()
                )))
            }
            Samples::Sparse(x) => Ok(CowArray::from(x.to_dense())),
            Samples::Array(x) if x.shape().len() == 2 => {
                let numbers = x.to_f64().and_then(|x| x.into_dimensionality().ok());
                numbers.map(CowArray::from).ok_or_else(|| Error::input("numbers in rows are expected, found labels"))
            }
            other => Err(Error::input(format_args!("numbers in rows are expected, found {}", other.kind()))),
        }
    }

    /// The numbers as compressed rows.
    pub(crate) fn csr(&self) -> Result<Cow<'_, Csr>> {
        match self {
            Samples::Sparse(x) => Ok(Cow::Borrowed(x)),
            other => Ok(Cow::Owned(Csr::from_dense(&other.dense()?.to_owned()))),
        }
    }

    /// The form in a word or two, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Samples::Dense(_) | Samples::Dense32(_) => "a matrix of numbers",
            Samples::Sparse(_) => "a sparse matrix",
            Samples::Table(_) => "a table",
            Samples::Rows(_) => "rows of objects",
            Samples::Text(_) => "documents",
            Samples::Records(_) => "records",
            Samples::Array(_) => "an array",
        }
    }
}

/// What an inference method answers.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Output {
    /// An array: labels, values, probabilities, leaf indices.
    Array(Array),
    /// One array for each output of a multi-output model.
    Arrays(Vec<Array>),
    /// What a transformer makes of the samples.
    Samples(Samples),
    /// Names of features.
    Names(Vec<String>),
}

impl Output {
    /// The array, if the answer is one (a dense matrix counts).
    pub fn into_array(self) -> Option<Array> {
        match self {
            Output::Array(array) | Output::Samples(Samples::Array(array)) => Some(array),
            Output::Samples(Samples::Dense(x)) => Some(x.into()),
            _ => None,
        }
    }
}

impl From<Array> for Output {
    fn from(array: Array) -> Self {
        Output::Array(array)
    }
}

impl From<Array2<f64>> for Output {
    fn from(array: Array2<f64>) -> Self {
        Output::Array(array.into())
    }
}

impl From<Samples> for Output {
    fn from(samples: Samples) -> Self {
        Output::Samples(samples)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn sparse_rows_too_wide_to_be_made_dense_are_refused() {
        let wide = |columns| Samples::Sparse(Csr::new(1, columns, vec![0, 1], vec![1], vec![2.0]).unwrap());
        assert_eq!(wide(2).dense().unwrap(), array![[0.0, 2.0]]);
        for columns in [LARGEST_DENSE + 1, usize::MAX] {
            assert!(wide(columns).dense().unwrap_err().to_string().contains("too much to be made dense"), "{columns}");
        }
    }

    #[test]
    fn labels_in_rows_are_numbers_too() {
        // What a binarizer undoes may be read as labels, of which there are several in a row.
        let x = Samples::Array(Array::from(array![[0_i64, 1], [1, 0]]));
        assert_eq!(x.dense().map(|x| x.to_owned()), Ok(array![[0.0, 1.0], [1.0, 0.0]]));
        assert!(Samples::Array(Array::from(vec![0_i64, 1])).dense().is_err());
    }
}
