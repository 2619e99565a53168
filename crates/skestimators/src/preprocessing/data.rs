//! `sklearn.preprocessing._data`: `StandardScaler`, `MinMaxScaler`, `MaxAbsScaler`, `RobustScaler`: each column is shifted and scaled.

use skpickle::Shared;

use crate::{
    data::{Csr, Samples},
    error::{Error, Result},
    estimator::Estimator,
    math::{
        scratch,
        wide::{Wide, wide},
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// What is done to each column, with one number a column. The order and kind of the operations is scikit-learn's, so that rounding is too.
#[derive(Debug)]
enum Step {
    Add(Shared<f64>),
    Subtract(Shared<f64>),
    Multiply(Shared<f64>),
    Divide(Shared<f64>),
}

impl Step {
    fn values(&self) -> &[f64] {
        match self {
            Step::Add(v) | Step::Subtract(v) | Step::Multiply(v) | Step::Divide(v) => v,
        }
    }

    fn undone(&self) -> Step {
        match self {
            Step::Add(v) => Step::Subtract(v.clone()),
            Step::Subtract(v) => Step::Add(v.clone()),
            Step::Multiply(v) => Step::Divide(v.clone()),
            Step::Divide(v) => Step::Multiply(v.clone()),
        }
    }

    fn apply32(&self, x: f32, column: usize) -> f32 {
        match self {
            Step::Add(v) => x + v[column] as f32,
            Step::Subtract(v) => x - v[column] as f32,
            Step::Multiply(v) => x * v[column] as f32,
            Step::Divide(v) => x / v[column] as f32,
        }
    }

    #[inline(always)]
    fn apply_to(&self, row: &mut [f64]) {
        match self {
            Step::Add(v) => each(row, v, |x, v| x + v),
            Step::Subtract(v) => each(row, v, |x, v| x - v),
            Step::Multiply(v) => each(row, v, |x, v| x * v),
            Step::Divide(v) => each(row, v, |x, v| x / v),
        }
    }

    fn apply(&self, x: f64, column: usize) -> f64 {
        match self {
            Step::Add(v) => x + v[column],
            Step::Subtract(v) => x - v[column],
            Step::Multiply(v) => x * v[column],
            Step::Divide(v) => x / v[column],
        }
    }
}

/// Steps on rows that stand one after the other.
struct Apply<'a> {
    steps: &'a [Step],
    values: &'a mut [f64],
    columns: usize,
}

impl Wide for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSES: bool>(self) {
        for row in self.values.chunks_exact_mut(self.columns) {
            for step in self.steps {
                step.apply_to(row);
            }
        }
    }
}

/// Replaces each number of a row, given that of its column.
#[inline(always)]
fn each(row: &mut [f64], columns: &[f64], f: impl Fn(f64, f64) -> f64) {
    row.iter_mut().zip(columns).for_each(|(x, &v)| *x = f(*x, v));
}

/// What becomes of sparse samples.
#[derive(Debug)]
enum Sparse {
    /// They are refused at the door.
    No,
    /// They are refused, since zeros would not stay zeros.
    Centered,
    /// Entries are multiplied by one over these, or by these on the way back; nothing where there are none.
    Scaled(Option<Shared<f64>>),
}

/// A scaler of columns.
struct Scaler {
    steps: Vec<Step>,
    undo: Vec<Step>,
    sparse: Sparse,
    clip: Option<(f64, f64)>,
    columns: Option<usize>,
    /// NaN passes through.
    missing: bool,
    /// Input of the inverse is not checked for infinity.
    lax_inverse: bool,
    /// The fitted numbers are rounded to the 32 bits of the input before they are used.
    narrow: bool,
    /// The names of the columns can be asked for.
    names: bool,
}

impl Scaler {
    fn new(s: &State<'_, '_>, steps: Vec<Step>, sparse: Sparse) -> Result<Self> {
        let columns = steps.first().map(|step| step.values().len());
        s.require(
            steps.iter().all(|step| Some(step.values().len()) == columns),
            "the fitted arrays differ in their number of columns",
        )?;
        let undo = steps.iter().rev().map(Step::undone).collect();
        Ok(Scaler {
            steps,
            undo,
            sparse,
            clip: None,
            columns,
            // since 0.20
            missing: s.version() >= (0, 20),
            lax_inverse: false,
            narrow: false,
            // since 1.0
            names: s.version() >= (1, 0),
        })
    }

    fn apply(&self, steps: &[Step], x: &Samples) -> Result<Samples> {
        Ok(match x {
            Samples::Dense32(x) => {
                // numpy computes in 64 bits and rounds after each operation in place.
                let apply = |step: &Step, v: f32, j: usize| {
                    if self.narrow { step.apply32(v, j) } else { step.apply(f64::from(v), j) as f32 }
                };
                let mut x = x.clone();
                for step in steps {
                    for mut row in x.rows_mut() {
                        row.iter_mut().enumerate().for_each(|(j, v)| *v = apply(step, *v, j));
                    }
                }
                Samples::Dense32(x)
            }
            x => {
                let mut x = scratch::copy(&x.dense()?.view());
                let columns = x.ncols();
                if let (Some(values), true) = (x.as_slice_mut(), columns > 0) {
                    wide(Apply { steps, values, columns });
                }
                Samples::Dense(x)
            }
        })
    }

    fn clipped(&self, x: Samples) -> Samples {
        let Some((low, high)) = self.clip else { return x };
        // As `numpy.clip`: NaN stays NaN.
        let clip = |v: f64| {
            if v < low {
                low
            } else if v > high {
                high
            } else {
                v
            }
        };
        match x {
            Samples::Dense(mut x) => {
                x.mapv_inplace(clip);
                Samples::Dense(x)
            }
            Samples::Dense32(mut x) => {
                x.mapv_inplace(|v| clip(f64::from(v)) as f32);
                Samples::Dense32(x)
            }
            Samples::Sparse(mut x) => {
                x.data_mut().iter_mut().for_each(|v| *v = clip(*v));
                Samples::Sparse(x)
            }
            other => other,
        }
    }

    fn sparse(&self, x: &Csr, forward: bool) -> Result<Samples> {
        match &self.sparse {
            Sparse::Scaled(scale) => {
                let mut out = x.clone();
                if let Some(scale) = scale {
                    let factor = |j: usize| if forward { 1.0 / scale[j] } else { scale[j] };
                    for (value, &j) in out.data_mut().iter_mut().zip(x.indices()) {
                        *value *= factor(j);
                    }
                }
                Ok(Samples::Sparse(out))
            }
            _ if forward => Err(Error::input(
                "Cannot center sparse matrices: pass `with_mean=False` instead. See docstring for motivation and alternatives.",
            )),
            _ => Err(Error::input(
                "Cannot uncenter sparse matrices: pass `with_mean=False` instead See docstring for motivation and alternatives.",
            )),
        }
    }
}

impl Estimator for Scaler {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform, Method::InverseTransform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn n_features_in(&self) -> Option<usize> {
        self.columns
    }

    fn door(&self, method: Method) -> Door {
        let mut door = Door::NUMERIC.keep32().floats();
        if !matches!(self.sparse, Sparse::No) {
            door = door.sparse();
        }
        if self.missing {
            door = door.allow_nan();
        }
        if method == Method::InverseTransform {
            door = door.any_width();
            if self.lax_inverse {
                door = door.any_value();
            }
        }
        door
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        Ok(self.clipped(match x {
            Samples::Sparse(x) => self.sparse(x, true)?,
            x => self.apply(&self.steps, x)?,
        }))
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let (rows, found) = (x.rows(), x.columns().unwrap_or(0));
        if let Some(columns) = self.columns.filter(|&columns| columns != found) {
            return Err(Error::input(format_args!(
                "operands could not be broadcast together with shapes ({rows},{found}) ({columns},) ({rows},{found})"
            )));
        }
        match x {
            Samples::Sparse(x) => self.sparse(x, false),
            x => self.apply(&self.undo, x),
        }
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        Ok(input.to_vec())
    }
}

/// `scale_`, which scikit-learn never leaves at zero.
fn scale(s: &State<'_, '_>) -> Result<Shared<f64>> {
    let scale: Shared<f64> = s.get("scale_")?;
    let zero = scale.iter().position(|&v| v == 0.0);
    s.require(zero.is_none(), format_args!("scale_ is 0 for column {}", zero.unwrap_or(0)))?;
    Ok(scale)
}

/// Centers by `mean_`, then divides by `scale_`.
pub(crate) fn load_standard(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let (with_mean, with_std): (bool, bool) = (s.get("with_mean")?, s.get("with_std")?);
    let scale = if s.has("scale_") { Some(scale(s)?) } else { None };
    let mut steps = Vec::new();
    if with_mean {
        steps.push(Step::Subtract(s.get("mean_")?));
    }
    if with_std {
        steps.push(Step::Divide(scale.clone().map_or_else(|| s.get("scale_"), Ok)?));
    }
    let sparse = if with_mean { Sparse::Centered } else { Sparse::Scaled(scale.clone()) };
    let mut scaler = Scaler::new(s, steps, sparse)?;
    let by_mean = s.opt::<Shared<f64>>("mean_")?.map(|mean| mean.len());
    scaler.columns = scaler.columns.or_else(|| scale.map(|scale| scale.len())).or(by_mean);
    scaler.lax_inverse = s.version() < (1, 0);
    // since 1.8
    scaler.narrow = s.version() >= (1, 8);
    Ok(Box::new(scaler))
}

/// Multiplies by `scale_`, then adds `min_`.
pub(crate) fn load_min_max(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let steps = vec![Step::Multiply(s.get("scale_")?), Step::Add(s.get("min_")?)];
    let mut scaler = Scaler::new(s, steps, Sparse::No)?;
    // since 0.24
    if s.opt("clip")?.unwrap_or(false) {
        let range: Vec<f64> = s.get("feature_range")?;
        let [low, high] = range[..] else {
            return Err(s.error(format_args!("feature_range has {} values, expected 2", range.len())));
        };
        scaler.clip = Some((low, high));
    }
    Ok(Box::new(scaler))
}

/// Divides by `scale_`.
pub(crate) fn load_max_abs(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let scale = scale(s)?;
    let mut scaler = Scaler::new(s, vec![Step::Divide(scale.clone())], Sparse::Scaled(Some(scale)))?;
    // since 1.9
    if s.opt("clip")?.unwrap_or(false) {
        scaler.clip = Some((-1.0, 1.0));
    }
    Ok(Box::new(scaler))
}

/// Centers by `center_`, then divides by `scale_`.
pub(crate) fn load_robust(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let mut steps = Vec::new();
    if s.get("with_centering")? {
        steps.push(Step::Subtract(s.get("center_")?));
    }
    let mut scales = None;
    if s.get("with_scaling")? {
        let scale = scale(s)?;
        steps.push(Step::Divide(scale.clone()));
        scales = Some(scale);
    }
    let mut scaler = Scaler::new(s, steps, Sparse::Scaled(scales))?;
    // Files of 0.18 and 0.19 refuse sparse samples when they center; later ones only scale them.
    if s.version() < (0, 20) && s.get("with_centering")? {
        scaler.sparse = Sparse::Centered;
    }
    Ok(Box::new(scaler))
}
