//! `sklearn.preprocessing._polynomial.SplineTransformer`: each column becomes the values of B-splines.

use ndarray::Array2;
use skpickle::{ErrorKind, Obj, Shared};

use crate::{
    data::{Csr, Samples},
    error::{Error, Result},
    estimator::Estimator,
    math::Matrix,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extrapolation {
    Error,
    Constant,
    Linear,
    Continue,
    Periodic,
}

/// The splines of one column.
struct Splines {
    knots: Shared<f64>,
    /// One row for each basis function of the knots, one column for each spline.
    coefficients: Matrix,
    degree: usize,
}

struct SplineTransformer {
    columns: Vec<Splines>,
    degree: usize,
    splines: usize,
    extrapolation: Extrapolation,
    bias: bool,
    sparse: bool,
    /// NaN gives zeros (since 1.8).
    missing: bool,
    /// There are names for the splines that a period makes equal to others, too (1.0).
    surplus_names: bool,
}

/// More would take long, and no one fits them.
const MAX_DEGREE: usize = 64;

impl Splines {
    fn load(obj: &Obj<'_>, s: &State<'_, '_>) -> Result<Self> {
        let state = s.open(obj)?;
        let wrong = |message: &str| Error::from(obj.error(ErrorKind::Value, message));
        // Newer SciPy has them behind properties.
        let (knots, coefficients): (Shared<f64>, Matrix) = (state.renamed(&["_t", "t"])?, state.renamed(&["_c", "c"])?);
        let degree: usize = state.get("k")?;
        if degree > MAX_DEGREE || knots.len() < 2 * (degree + 1) || !knots.is_sorted() {
            return Err(wrong("the knots are too few for the degree, or not in order"));
        }
        let basis = knots.len() - degree - 1;
        if coefficients.rows < basis || coefficients.columns == 0 {
            return Err(wrong("there are fewer coefficients than basis functions"));
        }
        Ok(Splines { knots, coefficients, degree })
    }

    /// Number of basis functions.
    fn basis(&self) -> usize {
        self.knots.len() - self.degree - 1
    }

    /// The interval of the knots that holds x, or the nearest.
    fn interval(&self, x: f64) -> usize {
        let n = self.basis();
        self.knots.partition_point(|&t| t <= x).saturating_sub(1).clamp(self.degree, n - 1)
    }

    /// Values at x of the basis functions of a degree up to the splines' own that are not zero in an interval: the last
    /// one has the interval's number.
    fn functions(&self, x: f64, interval: usize, degree: usize) -> Vec<f64> {
        let t = &self.knots;
        let mut values = vec![1.0];
        for k in 1..=degree {
            let mut next = vec![0.0; k + 1];
            for (i, &value) in values.iter().enumerate() {
                let (left, right) = (t[interval + 1 + i - k], t[interval + 1 + i]);
                if right == left {
                    continue;
                }
                let share = value / (right - left);
                next[i] += share * (right - x);
                next[i + 1] += share * (x - left);
            }
            values = next;
        }
        values
    }

    fn combine(&self, first: usize, weights: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.coefficients.columns];
        for (i, weight) in weights.iter().enumerate() {
            out.iter_mut().zip(self.coefficients.row(first + i)).for_each(|(o, c)| *o += weight * c);
        }
        out
    }

    /// The splines at x, whose ends go on beyond the knots.
    fn at(&self, x: f64) -> Vec<f64> {
        let interval = self.interval(x);
        self.combine(interval - self.degree, &self.functions(x, interval, self.degree))
    }

    /// Their derivatives.
    fn slope(&self, x: f64) -> Vec<f64> {
        let (interval, k, t) = (self.interval(x), self.degree, &self.knots);
        if k == 0 {
            return vec![0.0; self.coefficients.columns];
        }
        let lower = self.functions(x, interval, k - 1);
        let mut weights = vec![0.0; k + 1];
        for (i, value) in lower.iter().enumerate() {
            // Number of this function of the lower degree.
            let number = interval + 1 + i - k;
            let width = t[number + k] - t[number];
            if width != 0.0 {
                let share = k as f64 * value / width;
                weights[i] -= share;
                weights[i + 1] += share;
            }
        }
        self.combine(interval - k, &weights)
    }
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let columns: Vec<Splines> =
        s.objects("bsplines_")?.iter().map(|obj| Splines::load(obj, s)).collect::<Result<_>>()?;
    let degree: usize = s.get("degree")?;
    let splines = columns.first().map_or(0, |first| first.coefficients.columns);
    s.require(
        splines > 0 && columns.iter().all(|c| c.coefficients.columns == splines && c.degree == degree),
        "the splines of the columns differ in number or degree",
    )?;
    let extrapolation = s.choice(
        "extrapolation",
        None,
        &[
            ("error", Extrapolation::Error),
            ("constant", Extrapolation::Constant),
            ("linear", Extrapolation::Linear),
            ("continue", Extrapolation::Continue),
            ("periodic", Extrapolation::Periodic),
        ],
    )?;
    s.require(degree <= splines, format!("degree {degree} of {splines} splines"))?;
    let missing = s.choice("handle_missing", Some("error"), &[("error", false), ("zeros", true)])?;
    Ok(Box::new(SplineTransformer {
        columns,
        degree,
        splines,
        extrapolation,
        bias: s.get("include_bias")?,
        // since 1.2
        sparse: s.opt("sparse_output")?.unwrap_or(false),
        missing,
        surplus_names: matches!(extrapolation, Extrapolation::Periodic) && s.version() < (1, 1),
    }))
}

/// The remainder that has the sign of the divisor, as in numpy.
fn modulo(x: f64, by: f64) -> f64 {
    let rest = x % by;
    if rest != 0.0 && (rest < 0.0) != (by < 0.0) { rest + by } else { rest }
}

impl SplineTransformer {
    /// One value of one column. `degree` is the one that counts for the ends of the range.
    fn value(&self, x: f64, splines: &Splines, degree: usize) -> Result<Vec<f64>> {
        let t = &splines.knots;
        if x.is_nan() {
            return Ok(vec![0.0; self.splines]);
        }
        match self.extrapolation {
            Extrapolation::Continue => return Ok(splines.at(x)),
            Extrapolation::Periodic => {
                let (low, high) = (t[splines.degree], t[splines.basis()]);
                return Ok(splines.at(if high > low { low + modulo(x - low, high - low) } else { 0.0 }));
            }
            Extrapolation::Error => {
                if x < t[splines.degree] || x > t[splines.basis()] {
                    return Err(Error::input("`X` contains values beyond the limits of the knots."));
                }
                return Ok(splines.at(x));
            }
            Extrapolation::Constant | Extrapolation::Linear => {}
        }
        let (low, high) = (t[self.ends(degree)], t[t.len() - 1 - self.ends(degree)]);
        if low <= x && x <= high {
            return Ok(splines.at(x));
        }
        let edge = if x < low { low } else { high };
        let at_edge = splines.at(edge);
        let mut out = vec![0.0; self.splines];
        if self.extrapolation == Extrapolation::Constant {
            if self.degree == 0 && x > high {
                // A slice of no length from the end is the whole: it fits only the sparse answer.
                return if self.sparse {
                    Ok(at_edge)
                } else {
                    Err(Error::input(format!(
                        "shape mismatch: value array of shape ({},) could not be broadcast to indexing result of no columns",
                        self.splines
                    )))
                };
            }
            let range = if x < low { 0..self.degree } else { self.splines - self.degree..self.splines };
            out[range.clone()].copy_from_slice(&at_edge[range]);
            return Ok(out);
        }
        let slope = splines.slope(edge);
        for j in 0..if degree <= 1 { degree + 1 } else { degree }.min(self.splines) {
            let j = if x < low { j } else { self.splines - 1 - j };
            out[j] = at_edge[j] + (x - edge) * slope[j];
        }
        Ok(out)
    }

    /// How many knots from the end the range ends.
    fn ends(&self, degree: usize) -> usize {
        degree.min(self.columns.iter().map(|c| (c.knots.len() - 1) / 2).min().unwrap_or(0))
    }

    fn width(&self) -> usize {
        self.splines - usize::from(!self.bias)
    }
}

impl Estimator for SplineTransformer {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform, Method::FeatureNamesOut])
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.columns.len())
    }

    fn door(&self, _: Method) -> Door {
        let door = Door::NUMERIC.keep32();
        if self.missing { door.any_value() } else { door }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let narrow = matches!(x, Samples::Dense32(_));
        let x = x.dense()?;
        let width = self.width();
        let mut out = Array2::zeros((x.nrows(), width * self.columns.len()));
        let mut degree = self.degree;
        for (j, splines) in self.columns.iter().enumerate() {
            for (i, &v) in x.column(j).iter().enumerate() {
                let values = self.value(v, splines, degree)?;
                values[..width].iter().enumerate().for_each(|(k, &v)| out[[i, j * width + k]] = v);
            }
            // scikit-learn raises the degree for the first column, and it stays so for those after it.
            if self.extrapolation == Extrapolation::Linear && degree <= 1 {
                degree += 1;
            }
        }
        Ok(if self.sparse {
            Samples::Sparse(Csr::from_dense(&out))
        } else if narrow {
            Samples::Dense32(out.mapv(|v| v as f32))
        } else {
            Samples::Dense(out)
        })
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        let names = input.iter().take(self.columns.len());
        let width = if self.surplus_names { self.width() + self.degree } else { self.width() };
        Ok(names.flat_map(|name| (0..width).map(move |k| format!("{name}_sp_{k}"))).collect())
    }
}
