//! `sklearn.preprocessing._data.QuantileTransformer`: each value becomes its rank among the quantiles of the fit.

use skpickle::Shared;

use crate::{
    data::Samples,
    error::{Error, Result},
    estimator::Estimator,
    math::{Matrix, normal},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// Values this near the bounds count as at the bounds.
const BOUNDS_THRESHOLD: f64 = 1e-7;

struct QuantileTransformer {
    /// One row for each column of the samples.
    quantiles: Matrix,
    references: Shared<f64>,
    normal: bool,
    /// Bounds have a margin, and answers are clipped, for the uniform distribution too (until 0.20).
    wide: bool,
    /// Sparse samples may have negative entries.
    negative: bool,
    takes_nan: bool,
    names: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let references: Shared<f64> = s.get("references_")?;
    let quantiles: Matrix = s.get("quantiles_")?;
    s.require(
        !references.is_empty() && references.is_sorted() && quantiles.rows == references.len(),
        "references_ are not in order, or not one for each row of quantiles_",
    )?;
    let normal = s.choice("output_distribution", None, &[("normal", true), ("uniform", false)])?;
    Ok(Box::new(QuantileTransformer {
        quantiles: quantiles.transposed(),
        references,
        normal,
        wide: normal || s.version() < (0, 21),
        negative: s.get("ignore_implicit_zeros")?,
        takes_nan: s.version() >= (0, 20),
        names: s.version() >= (1, 0),
    }))
}

/// `numpy.interp`, of points `(xp(i), fp(i))` whose `xp` do not fall.
fn interpolate(x: f64, n: usize, xp: impl Fn(usize) -> f64, fp: impl Fn(usize) -> f64) -> f64 {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = (low + high) / 2;
        if xp(middle) <= x { low = middle + 1 } else { high = middle }
    }
    // The last point at or below x.
    let Some(at) = low.checked_sub(1) else { return fp(0) };
    if at + 1 == n || xp(at) == x {
        return fp(at);
    }
    let slope = (fp(at + 1) - fp(at)) / (xp(at + 1) - xp(at));
    slope * (x - xp(at)) + fp(at)
}

impl QuantileTransformer {
    /// `narrow`: the samples are of 32 bits.
    fn value(&self, x: f64, column: usize, inverse: bool, narrow: bool) -> f64 {
        let (quantiles, references, n) = (self.quantiles.row(column), &self.references, self.references.len());
        let (first, last) = (quantiles[0], quantiles[n - 1]);
        let (low_x, high_x, low_y, high_y) = if inverse { (0.0, 1.0, first, last) } else { (first, last, 0.0, 1.0) };
        let x = if inverse && self.normal {
            normal::cdf(x)
        } else if inverse && self.wide {
            x.clamp(0.0, 1.0)
        } else {
            x
        };
        if x.is_nan() {
            return x;
        }
        let (below, above) = if self.wide {
            let near = |x: f64| if narrow { f64::from(x as f32) } else { x };
            (near(x - BOUNDS_THRESHOLD) < low_x, near(x + BOUNDS_THRESHOLD) > high_x)
        } else {
            (x == low_x, x == high_x)
        };
        let y = if below {
            low_y
        } else if above {
            high_y
        } else if inverse {
            interpolate(x, n, |i| references[i], |i| quantiles[i])
        } else {
            // The mean of both directions, for quantiles that are repeated.
            let up = interpolate(x, n, |i| quantiles[i], |i| references[i]);
            let down = interpolate(-x, n, |i| -quantiles[n - 1 - i], |i| -references[n - 1 - i]);
            0.5 * (up - down)
        };
        if inverse || !self.wide {
            return y;
        }
        let edge = BOUNDS_THRESHOLD - f64::EPSILON;
        if self.normal {
            return normal::ppf(y).clamp(normal::ppf(edge), normal::ppf(1.0 - edge));
        }
        y.clamp(edge, 1.0 - edge)
    }

    fn each(&self, x: &Samples, inverse: bool) -> Result<Samples> {
        Ok(match x {
            Samples::Sparse(x) => {
                if !self.negative && x.data().iter().any(|&v| v < 0.0) && !inverse {
                    return Err(Error::input("QuantileTransformer only accepts non-negative sparse matrices."));
                }
                let mut out = x.canonical();
                let columns = out.indices().to_vec();
                out.data_mut().iter_mut().zip(columns).for_each(|(v, j)| *v = self.value(*v, j, inverse, false));
                Samples::Sparse(out)
            }
            Samples::Dense32(x) => {
                let mut x = x.clone();
                x.indexed_iter_mut().for_each(|((_, j), v)| *v = self.value(f64::from(*v), j, inverse, true) as f32);
                Samples::Dense32(x)
            }
            x => {
                let mut x = x.dense()?.into_owned();
                x.indexed_iter_mut().for_each(|((_, j), v)| *v = self.value(*v, j, inverse, false));
                Samples::Dense(x)
            }
        })
    }
}

impl Estimator for QuantileTransformer {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform, Method::InverseTransform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.quantiles.rows)
    }

    fn door(&self, method: Method) -> Door {
        // NaN stays what it is since 0.20.
        let door = Door::NUMERIC.sparse().keep32().floats();
        let door = if self.takes_nan { door.allow_nan() } else { door };
        if method == Method::InverseTransform { door.any_width() } else { door }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        self.each(x, false)
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let found = x.columns().unwrap_or(0);
        if found != self.quantiles.rows {
            return Err(Error::input(format_args!(
                "X has {found} features, but QuantileTransformer is expecting {} features as input.",
                self.quantiles.rows
            )));
        }
        self.each(x, true)
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        Ok(input.to_vec())
    }
}
