//! `LabelBinarizer`: one column for each label; one column for two labels.

use ndarray::Array2;

use super::{Code, Labels, Marks, coder, flat};
use crate::{
    data::{Csr, Samples, Value},
    error::{Error, Result},
    estimator::Estimator,
    preprocessing::categories::repr,
    state::State,
    validation::{self, Door},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Binary,
    Multiclass,
    Indicator,
}

struct LabelBinarizer {
    marks: Marks,
    target: Target,
    sparse_back: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let target = s.choice(
        "y_type_",
        None,
        &[("binary", Target::Binary), ("multiclass", Target::Multiclass), ("multilabel-indicator", Target::Indicator)],
    )?;
    let (low, high): (i64, i64) = (s.get("neg_label")?, s.get("pos_label")?);
    let sparse: bool = s.get("sparse_output")?;
    s.require(low < high, format_args!("neg_label={low} must be strictly less than pos_label={high}."))?;
    s.require(!sparse || low == 0, "sparse_output with a neg_label other than 0")?;
    coder(s, LabelBinarizer { marks: Marks { low, high, sparse }, target, sparse_back: s.get("sparse_input_")? })
}

impl LabelBinarizer {
    fn wide(&self, labels: &Labels, x: &Samples) -> Result<Samples> {
        if self.target != Target::Indicator {
            return Err(Error::input("The object was not fitted with multilabel input."));
        }
        let x = validation::check_array("LabelBinarizer", None, Door::NUMERIC.sparse().any_width(), x)?;
        let x = x.dense()?;
        if x.ncols() != labels.classes.len() {
            return Err(Error::input(format_args!(
                "classes mismatch with the labels found in the data: {} columns for {} classes",
                x.ncols(),
                labels.classes.len()
            )));
        }
        let rows = x.rows().into_iter().map(|row| (0..row.len()).filter(|&j| row[j] != 0.0).collect()).collect();
        self.marks.matrix(rows, labels.classes.len())
    }
}

impl Code for LabelBinarizer {
    fn encode(&self, labels: &Labels, x: &Samples) -> Result<Samples> {
        if x.columns().is_some_and(|columns| columns > 1) {
            return self.wide(labels, x);
        }
        let given = flat(x)?;
        if given.is_empty() {
            return Err(Error::input("y has 0 samples"));
        }
        if given.iter().any(|label| matches!(label, Value::Float(v) if v.fract() != 0.0)) {
            return Err(Error::input("continuous target data is not supported with label binarization"));
        }
        let n = labels.classes.len();
        let codes = given.iter().map(|label| labels.known.find(label));
        // Whether there is one column depends on how many labels this input has.
        let mut distinct: Vec<String> = given.iter().map(repr).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let binary = distinct.len() <= 2;
        let rows = match (binary, n) {
            (true, 1) => vec![Vec::new(); given.len()],
            (true, 2) => codes.map(|code| if code == Some(1) { vec![0] } else { Vec::new() }).collect(),
            _ => codes.map(|code| code.into_iter().collect()).collect(),
        };
        self.marks.matrix(rows, if binary && n == 2 { 1 } else { n })
    }

    fn decode(&self, labels: &Labels, x: &Samples) -> Result<Samples> {
        let x: Array2<f64> = match x {
            Samples::Array(array) if array.shape().len() == 1 && self.target == Target::Multiclass => {
                return Err(Error::input("axis 1 is out of bounds for array of dimension 1"));
            }
            Samples::Array(array) if array.shape().len() == 1 => {
                let values = array.to_f64().ok_or_else(|| Error::input("numbers are expected"))?;
                Array2::from_shape_vec((values.len(), 1), values.into_iter().collect()).map_err(Error::input)?
            }
            x => x.dense()?.into_owned(),
        };
        let n = labels.classes.len();
        let threshold = (self.marks.high + self.marks.low) as f64 / 2.0;
        if self.target == Target::Multiclass {
            if x.ncols() == 0 {
                return Err(Error::input("attempt to get argmax of an empty sequence"));
            }
            let best = x.rows().into_iter().map(|row| crate::math::special::argmax(row.iter().copied()).min(n - 1));
            return Ok(Samples::Array(labels.classes.take(&best.collect::<Vec<_>>())));
        }
        if self.target == Target::Binary {
            if x.ncols() == 0 || x.ncols() > 2 {
                let (rows, columns) = x.dim();
                return Err(Error::input(format_args!("output_type='binary', but y.shape = ({rows}, {columns})")));
            }
            let last = x.ncols() - 1;
            let above = |row: ndarray::ArrayView1<'_, f64>| row[last] > threshold;
            if n == 1 && last == 1 && x.rows().into_iter().any(above) {
                return Err(Error::input("index 1 is out of bounds for axis 0 with size 1"));
            }
            let codes = x.rows().into_iter().map(|row| usize::from(above(row)).min(n - 1));
            return Ok(Samples::Array(labels.classes.take(&codes.collect::<Vec<_>>())));
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

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::{data::Array, preprocessing::categories::Categories};

    #[test]
    fn columns_that_are_not_there_are_refused() {
        let decode = |target, classes: &[i64], x: Samples| {
            let classes = Array::from(classes.to_vec());
            let labels = Labels { known: Categories::new(classes.clone()), classes };
            let marks = Marks { low: 0, high: 1, sparse: false };
            LabelBinarizer { marks, target, sparse_back: false }.decode(&labels, &x)
        };
        let flat = || Samples::Array(Array::from(vec![0.0, 1.0]));
        assert!(decode(Target::Multiclass, &[1, 2, 3], flat()).is_err());
        assert!(decode(Target::Binary, &[1, 2], flat()).is_ok());
        assert!(decode(Target::Binary, &[1], flat()).is_ok());
        assert!(decode(Target::Binary, &[1], array![[1.0, 0.0]].into()).is_ok());
        assert!(decode(Target::Binary, &[1], array![[0.0, 1.0]].into()).is_err());
    }
}
