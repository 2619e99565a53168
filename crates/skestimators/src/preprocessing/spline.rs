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
    s.require(degree <= splines, format_args!("degree {degree} of {splines} splines"))?;
    let missing = s.choice("handle_missing", Some("error"), &[("error", false), ("zeros", true)])?;
    let transformer = SplineTransformer {
        columns,
        degree,
        splines,
        extrapolation,
        bias: s.get("include_bias")?,
        // since 1.2
        sparse: s.opt("sparse_output")?.unwrap_or(false),
        missing,
        surplus_names: matches!(extrapolation, Extrapolation::Periodic) && s.version() < (1, 2),
    };
    if transformer.columns.len() > 1 && transformer.sees_batches() {
        s.answers_whole_batches();
    }
    Ok(Box::new(transformer))
}

/// The remainder that has the sign of the divisor, as in numpy.
fn modulo(x: f64, by: f64) -> f64 {
    let rest = x % by;
    if rest != 0.0 && (rest < 0.0) != (by < 0.0) { rest + by } else { rest }
}

fn out_of_bounds(index: usize, size: usize) -> Error {
    Error::input(format_args!("index {index} is out of bounds for axis 0 with size {size}"))
}

impl SplineTransformer {
    /// A number within the period, where there is one.
    fn wrapped(&self, x: f64, splines: &Splines) -> f64 {
        let (low, high) = (splines.knots[splines.degree], splines.knots[splines.basis()]);
        if self.extrapolation != Extrapolation::Periodic || x.is_nan() {
            x
        } else if high > low {
            low + modulo(x - low, high - low)
        } else {
            0.0
        }
    }

    /// Puts a number for NaN into a column whose splines scikit-learn forgets to make zero: with sparse output, it looks for them in the
    /// first column alone.
    fn fill(&self, column: usize, x: &mut [f64]) {
        if column == 0 || !self.sees_batches() {
            return;
        }
        let least = x.iter().copied().fold(f64::NAN, f64::min);
        let filling = if least.is_nan() { 0.0 } else { least };
        x.iter_mut().filter(|x| x.is_nan()).for_each(|x| *x = filling);
    }

    /// Whether what stands for NaN in some columns depends on the batch.
    fn sees_batches(&self) -> bool {
        self.sparse && self.missing && !matches!(self.extrapolation, Extrapolation::Constant | Extrapolation::Linear)
    }

    /// One value of one column. `degree` is the one that counts for the ends of the range.
    fn value(&self, x: f64, splines: &Splines, degree: usize) -> Result<Vec<f64>> {
        let t = &splines.knots;
        if x.is_nan() {
            return Ok(vec![0.0; self.splines]);
        }
        match self.extrapolation {
            Extrapolation::Continue | Extrapolation::Periodic => return Ok(splines.at(x)),
            Extrapolation::Error => {
                if x < t[splines.degree] || x > t[splines.basis()] {
                    return Err(Error::input("`X` contains values beyond the limits of the knots."));
                }
                return Ok(splines.at(x));
            }
            Extrapolation::Constant | Extrapolation::Linear => {}
        }
        if degree >= t.len() {
            return Err(out_of_bounds(degree, t.len()));
        }
        let (low, high) = (t[degree], t[t.len() - 1 - degree]);
        if low <= x && x <= high {
            return Ok(splines.at(x));
        }
        if self.extrapolation == Extrapolation::Linear {
            return self.linear(x, splines, degree, [low, high]);
        }
        let at_edge = splines.at(if x < low { low } else { high });
        let mut out = vec![0.0; self.splines];
        if self.degree == 0 && x > high {
            // A slice of no length from the end is the whole: it fits the sparse answer, or one spline.
            return if self.sparse {
                Ok(at_edge)
            } else if self.splines == 1 {
                Ok(out)
            } else {
                Err(Error::input(format_args!(
                    "shape mismatch: value array of shape ({},) could not be broadcast to indexing result of no columns",
                    self.splines
                )))
            };
        }
        let range = if x < low { 0..self.degree } else { self.splines - self.degree..self.splines };
        out[range.clone()].copy_from_slice(&at_edge[range]);
        Ok(out)
    }

    /// The splines at both ends continued as lines. Few knots can end the range below its start: x is then beyond both ends.
    fn linear(&self, x: f64, splines: &Splines, degree: usize, [low, high]: [f64; 2]) -> Result<Vec<f64>> {
        let line = |edge: f64| {
            let (at_edge, slope) = (splines.at(edge), splines.slope(edge));
            move |j: usize| at_edge[j] + (x - edge) * slope[j]
        };
        let (below, above) = (line(low), line(high));
        let mut out = vec![0.0; self.splines];
        for j in 0..if degree <= 1 { degree + 1 } else { degree } {
            if j >= self.splines {
                return Err(out_of_bounds(j, self.splines));
            }
            if x < low {
                out[j] = below(j);
            }
            if x > high {
                out[self.splines - 1 - j] = above(self.splines - 1 - j);
            }
        }
        Ok(out)
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
        if self.sparse && self.degree == 0 && self.extrapolation == Extrapolation::Periodic {
            // The last splines, of which there are none, are added to the first: no column from the end is all of them.
            return Err(Error::input("inconsistent shapes"));
        }
        let narrow = matches!(x, Samples::Dense32(_));
        let x = x.dense()?;
        let width = self.width();
        let mut out = Array2::zeros((x.nrows(), width * self.columns.len()));
        let mut degree = self.degree;
        for (j, splines) in self.columns.iter().enumerate() {
            let mut column: Vec<f64> = x.column(j).iter().map(|&x| self.wrapped(x, splines)).collect();
            self.fill(j, &mut column);
            for (i, &x) in column.iter().enumerate() {
                let values = self.value(x, splines, degree)?;
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

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    /// A transformer of columns with the knots 0, 1, … each.
    fn transformer(
        columns: usize,
        knots: usize,
        degree: usize,
        extrapolation: Extrapolation,
        sparse: bool,
    ) -> SplineTransformer {
        let t: Vec<f64> = (0..knots + 2 * degree).map(|i| i as f64 - degree as f64).collect();
        let basis = knots + degree - 1;
        let splines = if extrapolation == Extrapolation::Periodic { basis - degree } else { basis };
        let coefficients = Array2::from_shape_fn((basis, splines), |(i, j)| f64::from(u8::from(i % splines == j)));
        let column = || Splines {
            knots: t.clone().into(),
            coefficients: Matrix::new(coefficients.iter().copied().collect(), basis, splines),
            degree,
        };
        SplineTransformer {
            columns: (0..columns).map(|_| column()).collect(),
            degree,
            splines,
            extrapolation,
            bias: true,
            sparse,
            missing: true,
            surplus_names: false,
        }
    }

    fn answer(transformer: &SplineTransformer, x: Array2<f64>) -> Result<Array2<f64>> {
        Ok(transformer.transform(&x.into())?.dense()?.into_owned())
    }

    #[test]
    fn missing_values_of_sparse_answers_become_the_least() -> Result<()> {
        let nan = f64::NAN;
        let x = array![[nan, nan], [0.5, 0.5], [1.5, 1.25]];
        let open = transformer(2, 3, 1, Extrapolation::Continue, true);
        let expected =
            array![[0.0, 0.0, 0.0, 0.5, 0.5, 0.0], [0.5, 0.5, 0.0, 0.5, 0.5, 0.0], [0.0, 0.5, 0.5, 0.0, 0.75, 0.25]];
        assert_eq!(answer(&open, x.clone())?, expected);
        let periodic = transformer(2, 3, 1, Extrapolation::Periodic, true);
        assert_eq!(answer(&periodic, x)?, array![[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.25, 0.75]]);
        assert_eq!(
            answer(&periodic, array![[5.0, nan], [7.0, -0.5]])?,
            array![[0.0, 1.0, 0.5, 0.5], [0.0, 1.0, 0.5, 0.5]]
        );
        assert_eq!(answer(&periodic, array![[nan, nan]])?, array![[0.0, 0.0, 1.0, 0.0]]);
        Ok(())
    }

    #[test]
    fn steps_have_ends_of_their_own() -> Result<()> {
        assert!(answer(&transformer(1, 3, 0, Extrapolation::Periodic, true), array![[0.5]]).is_err());
        let one = transformer(1, 2, 0, Extrapolation::Constant, false);
        assert_eq!(answer(&one, array![[0.5], [3.0]])?, array![[1.0], [0.0]]);
        assert!(answer(&transformer(1, 3, 0, Extrapolation::Constant, false), array![[3.0]]).is_err());
        let lines = transformer(3, 3, 0, Extrapolation::Linear, false);
        let row = |x: f64| answer(&lines, array![[x, x, x]]);
        assert_eq!(row(0.5)?, array![[1.0, 0.0, 0.0, 1.0, 1.0, 1.0]]);
        assert_eq!(row(3.0)?, array![[0.0, 1.0, 0.0, 1.0, 1.0, 0.0]]);
        assert_eq!(row(-1.0)?, array![[1.0, 0.0, 0.0, 1.0, 0.0, 1.0]]);
        assert!(answer(&transformer(2, 2, 0, Extrapolation::Linear, false), array![[0.5, 0.5]]).is_err());
        Ok(())
    }
}
