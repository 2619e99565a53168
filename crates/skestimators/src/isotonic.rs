//! `sklearn.isotonic.IsotonicRegression`: a monotonic function given by points, straight between them.

use crate::{
    data::{Array, Samples, Value},
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::{Door, check_array, rows_to_numbers},
};

/// What becomes of values outside the points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OutOfBounds {
    Nan,
    Clip,
    Raise,
}

/// The function itself, which calibration has too.
pub(crate) struct IsotonicRegression {
    x: Vec<f64>,
    y: Vec<f64>,
    /// The range that values are moved into with `out_of_bounds='clip'`.
    range: (f64, f64),
    out_of_bounds: OutOfBounds,
    /// Values and answers are of 32 bits.
    float32: bool,
    names: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    Ok(Box::new(IsotonicRegression::load(s)?))
}

impl IsotonicRegression {
    pub(crate) fn load(s: &State<'_, '_>) -> Result<Self> {
        // since 0.24, 0.18 and 0.17
        let names = [("X_thresholds_", "y_thresholds_"), ("_necessary_X_", "_necessary_y_"), ("X_", "y_")];
        let (x, y) = names.into_iter().find(|(x, _)| s.has(x)).unwrap_or(names[0]);
        let field = s.raw(x)?;
        let array = field.array()?;
        let float32 = array.dtype().is_f32();
        // Many calibrators may share their points in the file.
        field.charge(16 * array.len() as u64)?;
        let x = array.f64s()?.to_vec();
        let y: Vec<f64> = s.get::<skpickle::Shared<f64>>(y)?.to_vec();
        s.require(
            !x.is_empty() && x.len() == y.len(),
            "X_thresholds_ and y_thresholds_ differ in length, or are empty",
        )?;
        s.require(
            x.iter().chain(&y).all(|v| v.is_finite()) && x.windows(2).all(|pair| pair[0] <= pair[1]),
            "X_thresholds_ and y_thresholds_ are no points in order",
        )?;
        let out_of_bounds = s.choice(
            "out_of_bounds",
            None,
            &[("nan", OutOfBounds::Nan), ("clip", OutOfBounds::Clip), ("raise", OutOfBounds::Raise)],
        )?;
        let range = (s.get::<f64>("X_min_")?, s.get::<f64>("X_max_")?);
        s.require(range.0 <= range.1, "X_min_ is above X_max_")?;
        Ok(IsotonicRegression { x, y, range, out_of_bounds, float32, names: s.version() >= (1, 1) })
    }

    /// The function's values.
    pub(crate) fn evaluate(&self, values: &[f64]) -> Result<Vec<f64>> {
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            let what = if values[at].is_nan() { "NaN." } else { "infinity or a value too large for dtype('float64')." };
            return Err(Error::input(format_args!(
                "Input contains {what}\nThe first one is in row {at} (counted from 0)."
            )));
        }
        // Of all samples, those below are refused first.
        let below =
            values.iter().find(|&&v| self.out_of_bounds == OutOfBounds::Raise && self.x.len() > 1 && v < self.x[0]);
        if let Some(&below) = below {
            self.at(below)?;
        }
        values.iter().map(|&v| self.at(v)).collect()
    }

    fn at(&self, mut v: f64) -> Result<f64> {
        if self.float32 {
            v = f64::from(v as f32);
        }
        if self.out_of_bounds == OutOfBounds::Clip {
            v = v.clamp(self.range.0, self.range.1);
        }
        let last = self.x.len() - 1;
        let (low, high) = (self.x[0], self.x[last]);
        if last == 0 {
            return Ok(self.y[0]);
        }
        if v < low || v > high {
            if self.out_of_bounds != OutOfBounds::Raise {
                return Ok(f64::NAN);
            }
            let (side, end, limit) = if v < low { ("below", "minimum", low) } else { ("above", "maximum", high) };
            return Err(Error::input(format_args!(
                "A value ({v:?}) in x_new is {side} the interpolation range's {end} value ({limit:?})."
            )));
        }
        let i = self.x.partition_point(|&x| x <= v) - 1;
        let y = if i == last || self.x[i] == v {
            self.y[i]
        } else {
            let slope = (self.y[i + 1] - self.y[i]) / (self.x[i + 1] - self.x[i]);
            slope * (v - self.x[i]) + self.y[i]
        };
        Ok(if self.float32 { f64::from(y as f32) } else { y })
    }

    fn answer(&self, x: &Samples) -> Result<Array> {
        let wrong = || Error::input("Isotonic regression input X should be a 1d array or 2d array with 1 feature");
        let values: Vec<f64> = match x {
            Samples::Array(array) if array.shape().len() == 1 || matches!(array.shape(), [_, 1]) => array
                .to_f64()
                .ok_or_else(|| Error::input("could not convert the input to numbers"))?
                .into_iter()
                .collect(),
            Samples::Dense(x) if x.ncols() == 1 => x.iter().copied().collect(),
            Samples::Dense32(x) if x.ncols() == 1 => x.iter().map(|&v| f64::from(v)).collect(),
            Samples::Table(_) | Samples::Rows(_) if x.columns() == Some(1) => {
                let door = Door::NUMERIC.any_value().floats().any_width();
                check_array("IsotonicRegression", None, door, x)?.dense()?.iter().copied().collect()
            }
            Samples::Text(texts) => {
                let rows: Vec<_> = texts.iter().map(|text| vec![Value::Str(text.as_str().into())]).collect();
                rows_to_numbers(&rows, true)?.into_iter().collect()
            }
            _ => return Err(wrong()),
        };
        if values.is_empty() {
            return Err(Error::input("Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required."));
        }
        Ok(self.evaluate(&values)?.into())
    }
}

impl Estimator for IsotonicRegression {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::Transform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        self.answer(x)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        self.answer(x).map(Samples::Array)
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok(vec!["isotonicregression0".to_owned()])
    }
}
