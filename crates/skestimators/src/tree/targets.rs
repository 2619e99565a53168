//! What a classifier of one or several outputs predicts: `classes_`, and labels and probabilities in its shapes.

use ndarray::{Array2, Axis};

use crate::math::scratch;
use crate::{
    data::{Array, Output},
    error::{Error, Result},
    estimator::Classes,
    math::special::argmax,
    state::State,
};

/// The refusal of labels that are text where numpy's doubles are filled with them.
fn no_float(labels: &Array) -> Error {
    let first = match labels {
        Array::Str(labels) => labels.first().map(|label| skpickle::printable(label)),
        _ => None,
    };
    let first = first.map(|label| format!(": '{label}'")).unwrap_or_default();
    Error::input(format_args!(
        "could not convert string to float{first}: several outputs are predicted as numbers, and their labels are text; predict_proba answers them"
    ))
}

/// `classes_` of a classifier that may have several outputs.
pub(crate) struct Targets {
    classes: Vec<Array>,
    many: bool,
    /// Labels of several outputs are doubles, whatever their type was: the way of 0.20 and before.
    as_floats: bool,
}

impl Targets {
    /// Reads `classes_` and `n_outputs_`.
    pub(crate) fn read(s: &State<'_, '_>) -> Result<Self> {
        let many = s.get::<usize>("n_outputs_")? != 1;
        Self::read_as(s, many, many && s.version() < (0, 21))
    }

    /// Reads `classes_`, a list of arrays if the labels are to have one column for each output.
    pub(crate) fn read_as(s: &State<'_, '_>, many: bool, as_floats: bool) -> Result<Self> {
        let n_outputs: usize = s.get("n_outputs_")?;
        let classes = if many {
            let fields = s.objects("classes_")?;
            s.require(
                fields.len() == n_outputs && n_outputs > 0,
                format_args!("classes_ has {} entries for {n_outputs} outputs", fields.len()),
            )?;
            let mut classes = Vec::with_capacity(n_outputs);
            for field in fields {
                let array: Array = field.get()?;
                if array.shape().len() != 1 || array.is_empty() {
                    return Err(field.expected("a 1-d array of at least one label").into());
                }
                classes.push(array);
            }
            classes
        } else {
            vec![s.classes()?]
        };
        let targets = Targets { classes, many, as_floats };
        // Text among doubles only `predict` refuses.
        s.require(as_floats || targets.labels(&vec![0; n_outputs]).is_ok(), "classes_ of the outputs differ in type")?;
        Ok(targets)
    }

    /// Refuses an object whose parts were fitted for other numbers of classes.
    pub(crate) fn require(&self, s: &State<'_, '_>, name: &str, n_classes: &[usize]) -> Result<()> {
        let own: Vec<usize> = self.sizes().collect();
        s.require(
            own == n_classes,
            format_args!("classes_ has {own:?} labels, but {name} is for {n_classes:?} classes"),
        )
    }

    pub(crate) fn classes(&self) -> Classes<'_> {
        match self.classes.as_slice() {
            [one] if !self.many => Classes::One(one),
            many => Classes::Many(many),
        }
    }

    /// The classes of each output.
    pub(crate) fn arrays(&self) -> &[Array] {
        &self.classes
    }

    /// Number of classes of each output.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = usize> {
        self.classes.iter().map(Array::len)
    }

    pub(crate) fn n_outputs(&self) -> usize {
        self.classes.len()
    }

    /// Labels from their indices, the outputs of a sample side by side.
    pub(crate) fn labels(&self, indices: &[usize]) -> Result<Array> {
        let outputs = self.classes.len();
        let own = |k: usize| indices.iter().skip(k).step_by(outputs).copied();
        if let ([classes], false) = (self.classes.as_slice(), self.many) {
            return Ok(classes.take_each(own(0)));
        }
        let mut columns = Vec::with_capacity(outputs);
        for (k, classes) in self.classes.iter().enumerate() {
            let labels = classes.take_each(own(k));
            columns.push(if self.as_floats {
                Array::F64(labels.to_f64().ok_or_else(|| no_float(&labels))?)
            } else {
                labels
            });
        }
        Array::columns(&columns).ok_or_else(|| Error::input("labels of several types cannot stand side by side"))
    }

    /// The most probable labels. `p` has the classes of all outputs side by side.
    pub(crate) fn most_probable(&self, p: &Array2<f64>) -> Result<Array> {
        let mut indices = scratch::empty();
        for row in p.rows() {
            let mut start = 0;
            for size in self.sizes() {
                indices.push(argmax(row.iter().skip(start).take(size).copied()));
                start += size;
            }
        }
        let labels = self.labels(&indices);
        scratch::give(indices);
        labels
    }

    /// Probabilities as `predict_proba` gives them: one array, or a list of one for each output.
    pub(crate) fn probabilities(&self, p: Array2<f64>) -> Output {
        if !self.many {
            return p.into();
        }
        let mut start = 0;
        let mut arrays = Vec::with_capacity(self.classes.len());
        for size in self.sizes() {
            let columns = ndarray::Slice::from(start..start + size);
            arrays.push(p.slice_axis(Axis(1), columns).to_owned().into());
            start += size;
        }
        Output::Arrays(arrays)
    }
}
