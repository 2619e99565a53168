//! `sklearn.feature_extraction._dict_vectorizer.DictVectorizer`: columns by the names in records.

use std::{collections::HashMap, sync::Arc};

use skpickle::Scalar;

use crate::{
    data::{Csr, Dtype, Record, RowSum, RowSums, Samples, Value},
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    preprocessing::categories,
    state::State,
    validation::Door,
};

struct DictVectorizer {
    /// Names by column.
    names: Vec<Value>,
    /// Columns of the names that are text.
    text: HashMap<Arc<str>, usize>,
    /// Columns of the others.
    others: Vec<(Value, usize)>,
    dtype: Dtype,
    /// What `dtype(None)` is, where Python does not refuse it.
    nothing: Option<f64>,
    separator: String,
    sparse: bool,
    /// A name may have several texts (since 0.24, and since 1.0 where the answer is dense).
    several: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    s.ignored(&["sort"]);
    let list = s.raw("feature_names_")?;
    let names: Vec<Value> = list.get::<Vec<Scalar>>()?.into_iter().map(Value::from).collect();
    let entries = s.raw("vocabulary_")?.entries()?;
    s.require(
        entries.len() == names.len(),
        format_args!("vocabulary_ has {} names, feature_names_ {}", entries.len(), names.len()),
    )?;
    let mut taken = vec![false; names.len()];
    let (mut text, mut others) = (HashMap::new(), Vec::new());
    for (name, column) in &entries {
        let index: usize = column.get()?;
        let name = Value::from(name.get::<Scalar>()?);
        let fits = taken.get_mut(index).is_some_and(|taken| !std::mem::replace(taken, true));
        if !fits || names[index] != name {
            let message = "a column that is not that of its name in feature_names_";
            return Err(column.error(skpickle::ErrorKind::Value, message).into());
        }
        match name {
            Value::Str(name) => {
                column.charge(64 + name.len() as u64)?;
                text.insert(name, index);
            }
            other => others.push((other, index)),
        }
    }
    let sparse = s.get("sparse")?;
    let dtype = Dtype::load(s, Dtype::F64)?;
    let float = s.raw_opt("dtype").is_some_and(|dtype| dtype.global().is_some_and(|name| name.name == "float"));
    let nothing = match dtype {
        Dtype::Bool => Some(0.0),
        Dtype::F64 | Dtype::F32 | Dtype::F16 if !float => Some(f64::NAN),
        _ => None,
    };
    Ok(Box::new(DictVectorizer {
        names,
        text,
        others,
        dtype,
        nothing,
        separator: s.get("separator")?,
        sparse,
        several: s.version() >= if sparse { (0, 24) } else { (1, 0) },
    }))
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::Int(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        Value::None | Value::Str(_) | Value::Bytes(_) => None,
    }
}

impl DictVectorizer {
    fn column(&self, name: &Value) -> Option<usize> {
        if let Value::Str(name) = name {
            return self.text.get(name).copied();
        }
        // 1, 1.0 and True are one key in Python.
        let same = |known: &Value| known == name || number(known).is_some() && number(known) == number(name);
        self.others.iter().find(|(known, _)| same(known)).map(|&(_, column)| column)
    }

    /// The column of one value of a record, if it has one, and the number there. An error says what is wrong with the value.
    fn entry(&self, name: &Value, value: &Value) -> std::result::Result<Option<(usize, f64)>, &'static str> {
        let (column, number) = match value {
            Value::Str(text) => {
                let name = format!("{}{}{text}", categories::text(name), self.separator);
                (self.text.get(name.as_str()).copied(), 1.0)
            }
            Value::Bytes(_) => return Err("Unsupported value Type <class 'bytes'>"),
            Value::None => (self.column(name), self.nothing.unwrap_or(f64::NAN)),
            value => (self.column(name), number(value).unwrap_or(f64::NAN)),
        };
        let Some(column) = column else { return Ok(None) };
        let integers = matches!(self.dtype, Dtype::Int | Dtype::Small { .. });
        match value {
            Value::None if integers => {
                Err("int() argument must be a string, a bytes-like object or a real number, not 'NoneType'")
            }
            Value::None if self.nothing.is_none() => {
                Err("float() argument must be a string or a real number, not 'NoneType'")
            }
            _ if integers && number.is_nan() => Err("cannot convert float NaN to integer"),
            _ => Ok(Some((column, self.dtype.cast(number)))),
        }
    }

    fn table(&self, records: &[Record]) -> Result<Csr> {
        if records.is_empty() {
            return Err(Error::input("Sample sequence X is empty."));
        }
        let (mut sums, mut row) = (RowSums::default(), RowSum::default());
        for (i, record) in records.iter().enumerate() {
            if !self.several && record.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                return Err(Error::input(format_args!(
                    "setting an array element with a sequence. Record {i} has a list of values, which DictVectorizer takes since \
                     scikit-learn 1.0; the model is older"
                )));
            }
            for (name, value) in record {
                if let Some((column, value)) = self.entry(name, value).map_err(|e| {
                    let name = skpickle::printable(&categories::text(name));
                    Error::input_type(format_args!("{e}: '{name}' in record {i}"))
                })? {
                    row.add(column, value);
                }
            }
            // Of bools the sum is a bool, too.
            sums.extend(row.drain().map(|(column, sum)| (column, self.dtype.cast(sum))));
        }
        sums.finish(self.names.len())
    }
}

impl Estimator for DictVectorizer {
    fn methods(&self) -> Methods {
        // Up to 0.24 the names came from get_feature_names.
        Methods::of(&[Method::Transform, Method::InverseTransform, Method::FeatureNamesOut])
    }

    fn door(&self, method: Method) -> Door {
        match method {
            Method::InverseTransform => Door::NUMERIC.sparse().any_width(),
            _ => Door::OPEN,
        }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let Samples::Records(records) = x else {
            return Err(Error::method(format_args!(
                "an object has no attribute 'items': records (dicts) are expected by DictVectorizer, found {}",
                x.kind()
            )));
        };
        let csr = self.table(records)?;
        if self.sparse {
            return Ok(Samples::Sparse(csr));
        }
        let cells = csr.rows().saturating_mul(csr.columns());
        if cells > 1 << 27 {
            return Err(Error::input(format_args!(
                "{} records of {} columns come to too many cells with sparse=False; give fewer at a time",
                csr.rows(),
                csr.columns()
            )));
        }
        Ok(Samples::Dense(csr.to_dense()))
    }

    /// Records of what is not 0, with the names of the columns.
    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let x = x.csr()?;
        if x.columns() > self.names.len() {
            return Err(Error::input(format_args!(
                "list index out of range: X has {} columns, DictVectorizer {} features",
                x.columns(),
                self.names.len()
            )));
        }
        let x = x.canonical();
        let record = |i| {
            let (columns, values) = x.row(i);
            let there = columns.iter().zip(values).filter(|&(_, &value)| value != 0.0);
            there.map(|(&column, &value)| (self.names[column].clone(), Value::Float(value))).collect()
        };
        Ok(Samples::Records((0..x.rows()).map(record).collect()))
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok(self.names.iter().map(categories::text).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Model, data::Run, estimator::written};

    /// A vectorizer of the names "a", "a=x" and `third`; `dtype` is written as a pickle writes it.
    fn vectorizer(dtype: &str, third: &str) -> Result<Model> {
        let names = format!("Vfeature_names_\n(Va\nVa=x\n{third}lVvocabulary_\n}}(Va\nI0\nVa=x\nI1\n{third}I2\nu");
        let rest = "Vsparse\nI00\nVseparator\nV=\n";
        written(
            "sklearn.feature_extraction._dict_vectorizer",
            "DictVectorizer",
            &format!("{names}{rest}Vdtype\nc{dtype}\n"),
        )
    }

    fn row(dtype: &str, record: Vec<(&str, Value)>) -> Result<Vec<f64>> {
        let record = record.into_iter().map(|(name, value)| (Value::Str(name.into()), value)).collect();
        let out = vectorizer(dtype, "Vb\n")?.transform(&Samples::Records(vec![record].into()))?;
        Ok(out.dense()?.iter().copied().collect())
    }

    #[test]
    fn none_is_what_the_dtype_makes_of_it() -> Result<()> {
        let none = || vec![("a", Value::None)];
        assert!(row("numpy\nfloat64", none())?[0].is_nan());
        assert_eq!(row("builtins\nbool", none())?, [0.0, 0.0, 0.0]);
        assert!(row("builtins\nfloat", none()).is_err());
        assert!(row("numpy\nint8", none()).is_err());
        assert!(row("numpy\nint8", vec![("a", Value::Float(f64::NAN))]).is_err());
        assert_eq!(row("builtins\nfloat", vec![("unknown", Value::None)])?, [0.0, 0.0, 0.0]);
        Ok(())
    }

    #[test]
    fn sums_are_of_the_dtype() -> Result<()> {
        let twice = || vec![("a", Value::Str("x".into())), ("a", Value::Str("x".into())), ("b", Value::Float(300.7))];
        assert_eq!(row("builtins\nbool", twice())?, [0.0, 1.0, 1.0]);
        assert_eq!(row("builtins\nint", twice())?, [0.0, 2.0, 300.0]);
        Ok(())
    }

    #[test]
    fn names_are_written_as_in_python() -> Result<()> {
        for (number, name) in
            [("F1e-05\n", "1e-05"), ("F1e17\n", "1e+17"), ("F2.5\n", "2.5"), ("F1e15\n", "1000000000000000.0")]
        {
            let names =
                vectorizer("numpy\nfloat64", number)?.call(Method::FeatureNamesOut, &Samples::Text(Run::default()))?;
            assert_eq!(names, crate::Output::Names(vec!["a".into(), "a=x".into(), name.into()]));
        }
        Ok(())
    }
}
