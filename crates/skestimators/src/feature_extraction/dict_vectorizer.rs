//! `sklearn.feature_extraction._dict_vectorizer.DictVectorizer`: columns by the names in records.

use std::collections::HashMap;

use skpickle::Scalar;

use crate::{
    data::{Csr, Dtype, Record, RowSum, RowSums, Samples, Value},
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct DictVectorizer {
    /// Names by column.
    names: Vec<Value>,
    /// Columns of the names that are text.
    text: HashMap<Box<str>, usize>,
    /// Columns of the others.
    others: Vec<(Value, usize)>,
    dtype: Dtype,
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
        format!("vocabulary_ has {} names, feature_names_ {}", entries.len(), names.len()),
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
    Ok(Box::new(DictVectorizer {
        names,
        text,
        others,
        dtype: Dtype::load(s, Dtype::F64)?,
        separator: s.get("separator")?,
        sparse,
        several: s.version() >= if sparse { (0, 24) } else { (1, 0) },
    }))
}

/// `str(value)` of a name.
fn text_of(value: &Value) -> String {
    match value {
        Value::None => "None".into(),
        Value::Bool(b) => if *b { "True" } else { "False" }.into(),
        Value::Int(n) => n.to_string(),
        Value::Float(x) if x.fract() == 0.0 && x.abs() < 1e16 => format!("{x:.1}"),
        Value::Float(x) => x.to_string(),
        Value::Str(text) => text.to_string(),
        Value::Bytes(bytes) => format!("b'{}'", bytes.escape_ascii()),
    }
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

    fn table(&self, records: &[Record]) -> Result<Csr> {
        if records.is_empty() {
            return Err(Error::input("Sample sequence X is empty."));
        }
        let (mut sums, mut row) = (RowSums::default(), RowSum::default());
        for (i, record) in records.iter().enumerate() {
            if !self.several && record.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                return Err(Error::input(format!(
                    "setting an array element with a sequence. Record {i} has a list of values, which DictVectorizer takes since \
                     scikit-learn 1.0; the model is older"
                )));
            }
            for (name, value) in record {
                let (column, value) = match value {
                    Value::Str(text) => {
                        let name = format!("{}{}{text}", text_of(name), self.separator);
                        (self.text.get(name.as_str()).copied(), 1.0)
                    }
                    Value::None => (self.column(name), f64::NAN),
                    Value::Bytes(_) => {
                        return Err(Error::input_type(format!(
                            "Unsupported value Type <class 'bytes'> for {}: record {i}",
                            skpickle::printable(&text_of(name))
                        )));
                    }
                    value => (self.column(name), number(value).unwrap_or(f64::NAN)),
                };
                if let Some(column) = column {
                    if value.is_nan() && matches!(self.dtype, Dtype::Int) {
                        return Err(Error::input(format!(
                            "cannot convert float NaN to integer: '{}' in record {i}",
                            skpickle::printable(&text_of(name))
                        )));
                    }
                    row.add(column, self.dtype.cast(value));
                }
            }
            sums.push(&mut row);
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
            return Err(Error::method(format!(
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
            return Err(Error::input(format!(
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
            return Err(Error::input(format!(
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
        Ok(self.names.iter().map(text_of).collect())
    }
}
