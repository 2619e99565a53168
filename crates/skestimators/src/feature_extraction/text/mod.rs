//! `sklearn.feature_extraction.text`.

mod analyzer;
pub(crate) mod count;
pub(crate) mod hashing;
mod matcher;
mod pattern;
mod stop_words;
pub(crate) mod tfidf;
mod vocabulary;
mod words;

use std::borrow::Cow;

use crate::{
    data::{Array, Samples, Value},
    error::{Error, Result},
};

/// The documents of an input, in scikit-learn's words where there are none.
fn documents(x: &Samples) -> Result<Vec<Cow<'_, str>>> {
    let lacks = |kind: &str| {
        Error::method(format_args!(
            "'{kind}' object has no attribute 'lower': documents are expected, one text a sample"
        ))
    };
    match x {
        Samples::Text(texts) => Ok(texts.iter().map(|text| Cow::Borrowed(text.as_str())).collect()),
        Samples::Array(array) if array.shape().is_empty() => Err(Error::input(
            "Iterable over raw text documents expected, string object received. A list of documents is expected.",
        )),
        Samples::Array(array) if array.shape().len() > 1 => Err(lacks("numpy.ndarray")),
        Samples::Array(Array::Str(texts)) => Ok(texts.iter().map(|text| Cow::Borrowed(text.as_str())).collect()),
        Samples::Array(Array::Object(values)) => {
            values.iter().enumerate().map(|(i, value)| document(i, value)).collect()
        }
        Samples::Array(Array::I64(_)) => Err(lacks("int")),
        Samples::Array(Array::Bool(_)) => Err(lacks("bool")),
        Samples::Array(_) => Err(lacks("float")),
        Samples::Dense(_) | Samples::Dense32(_) => Err(lacks("numpy.ndarray")),
        Samples::Sparse(_) => Err(lacks("csr_matrix")),
        Samples::Rows(_) => Err(lacks("list")),
        Samples::Records(_) => Err(lacks("dict")),
        Samples::Table(_) => Err(Error::input(
            "Iterable over raw text documents expected, found a table: take the column that holds the documents",
        )),
    }
}

fn document(row: usize, value: &Value) -> Result<Cow<'_, str>> {
    let kind = match value {
        Value::Str(text) => return Ok(Cow::Borrowed(text)),
        Value::Bytes(bytes) => {
            return std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|e| {
                Error::input(format_args!(
                    "'utf-8' codec can't decode byte in position {}: invalid byte in document {row}",
                    e.valid_up_to()
                ))
            });
        }
        Value::Float(x) if x.is_nan() => {
            return Err(Error::input(format_args!(
                "np.nan is an invalid document, expected byte or unicode string. It is document {row}."
            )));
        }
        Value::Float(_) => "float",
        Value::Int(_) => "int",
        Value::Bool(_) => "bool",
        Value::None => "NoneType",
    };
    Err(Error::method(format_args!("'{kind}' object has no attribute 'lower': document {row} is no text")))
}
