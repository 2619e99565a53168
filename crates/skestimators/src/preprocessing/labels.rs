//! `sklearn.preprocessing._label`: `LabelEncoder`, `LabelBinarizer`, `MultiLabelBinarizer`.

use ndarray::Array2;

use crate::{
    data::{Array, Csr, Samples, Value},
    error::{Error, Result},
    estimator::{Classes, Estimator},
    method::{Method, Methods},
    preprocessing::categories::{Categories, cell, repr, values},
    state::State,
    validation::Door,
};

const BOTH: Methods = Methods::of(&[Method::Transform, Method::InverseTransform]);

/// The labels as a flat list, of one column at most.
fn flat(x: &Samples) -> Result<Vec<Value>> {
    match x {
        Samples::Text(texts) => Ok(texts.iter().map(|text| Value::Str(text.as_str().into())).collect()),
        Samples::Array(array) if array.shape().len() == 1 => Ok(values(array).collect()),
        x if x.columns() == Some(1) => Ok((0..x.rows()).map(|i| cell(x, i, 0)).collect()),
        x => {
            let shape = match x {
                Samples::Array(array) => format!("{:?}", array.shape()),
                x => format!("({}, {})", x.rows(), x.columns().unwrap_or(0)),
            };
            Err(Error::input(format!("y should be a 1d array, got an array of shape {shape} instead.")))
        }
    }
}

/// The charge for a hash table of labels, beside the labels.
fn lookup(s: &State<'_, '_>, classes: Array) -> Result<Categories> {
    s.obj().charge((classes.len() as u64).saturating_mul(96))?;
    Ok(Categories::new(classes))
}

fn unseen(mut strange: Vec<String>) -> Error {
    strange.sort_unstable();
    strange.dedup();
    strange.truncate(20);
    Error::input(format!("y contains previously unseen labels: [{}]", strange.join(", ")))
}

/// Labels become their numbers.
struct LabelEncoder {
    labels: Categories,
    classes: Array,
}

pub(crate) fn load_encoder(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    Ok(Box::new(LabelEncoder { labels: lookup(s, classes.clone())?, classes }))
}

impl Estimator for LabelEncoder {
    fn methods(&self) -> Methods {
        BOTH
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let labels = flat(x)?;
        let codes: Vec<Option<usize>> = labels.iter().map(|label| self.labels.find(label)).collect();
        if codes.contains(&None) {
            let strange = labels.iter().zip(&codes).filter(|(_, code)| code.is_none());
            return Err(unseen(strange.map(|(label, _)| repr(label)).collect()));
        }
        let codes: Vec<i64> = codes.into_iter().flatten().map(|code| code as i64).collect();
        Ok(Samples::Array(codes.into()))
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let mut indices = Vec::new();
        let mut strange = Vec::new();
        for value in flat(x)? {
            let number = match value {
                Value::Int(n) => n as f64,
                Value::Bool(b) => f64::from(u8::from(b)),
                Value::Float(v) => v,
                _ => f64::NAN,
            };
            if number >= 0.0 && number < self.classes.len() as f64 && number.fract() == 0.0 {
                indices.push(number as usize);
            } else {
                strange.push(repr(&value));
            }
        }
        if !strange.is_empty() {
            return Err(unseen(strange));
        }
        Ok(Samples::Array(self.classes.take(&indices)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Binary,
    Multiclass,
    Indicator,
}

/// One column for each label; one column for two labels.
struct LabelBinarizer {
    labels: Categories,
    classes: Array,
    low: i64,
    high: i64,
    target: Target,
    sparse: bool,
    sparse_back: bool,
}

pub(crate) fn load_binarizer(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    let target = s.choice(
        "y_type_",
        None,
        &[("binary", Target::Binary), ("multiclass", Target::Multiclass), ("multilabel-indicator", Target::Indicator)],
    )?;
    let (low, high): (i64, i64) = (s.get("neg_label")?, s.get("pos_label")?);
    let sparse: bool = s.get("sparse_output")?;
    s.require(low < high, format!("neg_label={low} must be strictly less than pos_label={high}."))?;
    s.require(!sparse || low == 0, "sparse_output with a neg_label other than 0")?;
    let labels = lookup(s, classes.clone())?;
    Ok(Box::new(LabelBinarizer { labels, classes, low, high, target, sparse, sparse_back: s.get("sparse_input_")? }))
}

impl LabelBinarizer {
    /// The answer with `high` at the places given, by row.
    fn answer(&self, hits: &[Vec<usize>], columns: usize) -> Result<Samples> {
        if self.sparse {
            let mut indptr = vec![0];
            indptr.extend(hits.iter().scan(0, |sum, row| {
                *sum += row.len();
                Some(*sum)
            }));
            let indices: Vec<usize> = hits.iter().flatten().copied().collect();
            let data = vec![self.high as f64; indices.len()];
            return Ok(Samples::Sparse(Csr::new(hits.len(), columns, indptr, indices, data)?));
        }
        let mut out = Array2::from_elem((hits.len(), columns), self.low);
        for (mut row, hits) in out.rows_mut().into_iter().zip(hits) {
            hits.iter().for_each(|&j| row[j] = self.high);
        }
        Ok(Samples::Array(out.into()))
    }

    fn wide(&self, x: &Samples) -> Result<Samples> {
        if self.target != Target::Indicator {
            return Err(Error::input("The object was not fitted with multilabel input."));
        }
        let x = x.dense()?;
        if x.ncols() != self.classes.len() {
            return Err(Error::input(format!(
                "classes mismatch with the labels found in the data: {} columns for {} classes",
                x.ncols(),
                self.classes.len()
            )));
        }
        let hits: Vec<Vec<usize>> =
            x.rows().into_iter().map(|row| (0..row.len()).filter(|&j| row[j] != 0.0).collect()).collect();
        self.answer(&hits, self.classes.len())
    }
}

impl Estimator for LabelBinarizer {
    fn methods(&self) -> Methods {
        BOTH
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        if x.columns().is_some_and(|columns| columns > 1) {
            return self.wide(x);
        }
        let labels = flat(x)?;
        if labels.is_empty() {
            return Err(Error::input("y has 0 samples"));
        }
        if labels.iter().any(|label| matches!(label, Value::Float(v) if v.fract() != 0.0)) {
            return Err(Error::input("continuous target data is not supported with label binarization"));
        }
        let n = self.classes.len();
        let codes: Vec<Option<usize>> = labels.iter().map(|label| self.labels.find(label)).collect();
        // Whether there is one column depends on how many labels this input has.
        let mut distinct: Vec<String> = labels.iter().map(repr).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let binary = distinct.len() <= 2;
        let hits: Vec<Vec<usize>> = match (binary, n) {
            (true, 1) => vec![Vec::new(); labels.len()],
            (true, 2) => codes.iter().map(|code| if *code == Some(1) { vec![0] } else { Vec::new() }).collect(),
            _ => codes.iter().map(|code| code.iter().copied().collect()).collect(),
        };
        self.answer(&hits, if binary && n == 2 { 1 } else { n })
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let x: Array2<f64> = match x {
            Samples::Array(array) if array.shape().len() == 1 => {
                let values = array.to_f64().ok_or_else(|| Error::input("numbers are expected"))?;
                Array2::from_shape_vec((values.len(), 1), values.into_iter().collect())
                    .map_err(|e| Error::input(e.to_string()))?
            }
            x => x.dense()?.into_owned(),
        };
        let n = self.classes.len();
        let threshold = (self.high + self.low) as f64 / 2.0;
        if self.target == Target::Multiclass {
            if x.ncols() == 0 {
                return Err(Error::input("attempt to get argmax of an empty sequence"));
            }
            let best = x.rows().into_iter().map(|row| crate::math::special::argmax(row.iter().copied()).min(n - 1));
            return Ok(Samples::Array(self.classes.take(&best.collect::<Vec<_>>())));
        }
        if self.target == Target::Binary {
            if x.ncols() == 0 || x.ncols() > 2 {
                return Err(Error::input(format!(
                    "output_type='binary', but y.shape = ({}, {})",
                    x.nrows(),
                    x.ncols()
                )));
            }
            let last = x.ncols() - 1;
            let codes = x.rows().into_iter().map(|row| usize::from(row[last] > threshold).min(n - 1));
            return Ok(Samples::Array(self.classes.take(&codes.collect::<Vec<_>>())));
        }
        if x.ncols() != n {
            return Err(Error::input("The number of class is not equal to the number of dimension of y."));
        }
        if self.sparse_back {
            return Ok(Samples::Sparse(Csr::from_dense(&x.mapv(|v| f64::from(u8::from(v > threshold))))));
        }
        Ok(Samples::Array(x.mapv(|v| i64::from(v > threshold)).into()))
    }
}

/// Sets of labels: one column for each label.
struct MultiLabelBinarizer {
    labels: Categories,
    classes: Array,
    sparse: bool,
}

pub(crate) fn load_multilabel(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    let labels = lookup(s, classes.clone())?;
    Ok(Box::new(MultiLabelBinarizer { labels, classes, sparse: s.get("sparse_output")? }))
}

impl Estimator for MultiLabelBinarizer {
    fn methods(&self) -> Methods {
        BOTH
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let find = |label: &Value| self.labels.find(label);
        let mut hits: Vec<Vec<usize>> = match x {
            Samples::Records(records) => {
                records.iter().map(|record| record.iter().filter_map(|(label, _)| find(label)).collect()).collect()
            }
            Samples::Rows(rows) => rows.iter().map(|row| row.iter().filter_map(find).collect()).collect(),
            // A text is iterated by its letters.
            Samples::Text(texts) => {
                let letters = |text: &String| {
                    text.chars().filter_map(|c| find(&Value::Str(c.to_string().into()))).collect::<Vec<usize>>()
                };
                texts.iter().map(letters).collect()
            }
            x if x.columns().is_some() && !matches!(x, Samples::Sparse(_)) => (0..x.rows())
                .map(|i| (0..x.columns().unwrap_or(0)).filter_map(|j| find(&cell(x, i, j))).collect())
                .collect(),
            x => return Err(Error::input_type(format!("lists of labels are expected, found {}", x.kind()))),
        };
        let columns = self.classes.len();
        if self.sparse {
            let (mut indptr, mut indices) = (vec![0], Vec::new());
            for row in &mut hits {
                row.sort_unstable();
                row.dedup();
                indices.extend_from_slice(row);
                indptr.push(indices.len());
            }
            let data = vec![1.0; indices.len()];
            return Ok(Samples::Sparse(Csr::new(hits.len(), columns, indptr, indices, data)?));
        }
        let mut out = Array2::<i64>::zeros((hits.len(), columns));
        for (mut row, hits) in out.rows_mut().into_iter().zip(&hits) {
            hits.iter().for_each(|&j| row[j] = 1);
        }
        Ok(Samples::Array(out.into()))
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let x = x.dense()?;
        if x.ncols() != self.classes.len() {
            return Err(Error::input(format!(
                "Expected indicator for {} classes, but got {}",
                self.classes.len(),
                x.ncols()
            )));
        }
        if let Some(other) = x.iter().find(|&&v| v != 0.0 && v != 1.0) {
            return Err(Error::input(format!("Expected only 0s and 1s in label indicator. Also got [{other}]")));
        }
        let classes: Vec<Value> = values(&self.classes).collect();
        let set = |row: ndarray::ArrayView1<'_, f64>| {
            row.iter().zip(&classes).filter(|(v, _)| **v == 1.0).map(|(_, label)| label.clone()).collect()
        };
        Ok(Samples::Rows(x.rows().into_iter().map(set).collect()))
    }
}
