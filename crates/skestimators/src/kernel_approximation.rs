//! `sklearn.kernel_approximation`: features whose inner products come near the values of a kernel.

use std::f64::consts::PI;

use ndarray::Array2;
use skpickle::Shared;

use crate::{
    data::{Csr, Samples},
    decomposition::in_width,
    error::{Error, Result},
    estimator::Estimator,
    math::{
        Matrix, Row, dot,
        kernels::{Kernel, Parameters},
        rows,
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// `classname0`, `classname1`, ….
fn numbered(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|k| format!("{prefix}{k}")).collect()
}

fn methods(names: bool) -> Methods {
    Methods::of(&[Method::Transform]).with_if(names, Method::FeatureNamesOut)
}

/// `Nystroem`: kernel values with a few samples of the fit, made independent of one another.
struct Nystroem {
    kernel: Kernel,
    components: Matrix,
    normalization: Matrix,
    names: bool,
}

pub(crate) fn load_nystroem(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let components: Matrix = s.get("components_")?;
    s.require(components.rows > 0 && components.columns > 0, "components_ is empty")?;
    let normalization: Matrix = s.get("normalization_")?;
    let n = components.rows;
    s.require(
        (normalization.rows, normalization.columns) == (n, n),
        format_args!(
            "normalization_ is of shape ({}, {}), expected ({n}, {n})",
            normalization.rows, normalization.columns
        ),
    )?;
    let mut parameters = Parameters { gamma: s.opt("gamma")?, degree: s.opt("degree")?, coef0: s.opt("coef0")? };
    // What has a parameter of the sampler's own is not taken from the dict.
    if let Some(given) = s.raw_opt("kernel_params") {
        let from_dict = Parameters::default().with(&given)?;
        parameters = Parameters {
            gamma: parameters.gamma.or(from_dict.gamma),
            degree: parameters.degree.or(from_dict.degree),
            coef0: parameters.coef0.or(from_dict.coef0),
        };
    }
    let kernel = Kernel::load(s, "kernel", parameters, components.columns)?;
    Ok(Box::new(Nystroem { kernel, components, normalization, names: s.version() >= (1, 1) }))
}

impl Estimator for Nystroem {
    fn methods(&self) -> Methods {
        methods(self.names)
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC.sparse()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(if self.kernel == Kernel::Precomputed { self.components.rows } else { self.components.columns })
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let mut kernel = self.kernel.matrix(x, &self.components)?;
        for mut row in kernel.rows_mut() {
            let values = row.to_vec();
            row.iter_mut().enumerate().for_each(|(k, out)| *out = dot(&values, self.normalization.row(k)));
        }
        Ok(kernel.into())
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok(numbered("nystroem", self.components.rows))
    }
}

/// `RBFSampler` and `SkewedChi2Sampler`: cosines of random projections.
struct Cosines {
    prefix: String,
    /// One row a component.
    weights: Matrix,
    offset: Shared<f64>,
    factor: f64,
    /// Samples are taken by the logarithm, moved by this, of `SkewedChi2Sampler`.
    skewedness: Option<f64>,
    /// 0.18 refuses every negative value.
    negative_refused: bool,
    single: bool,
    names: bool,
}

fn load_cosines(s: &State<'_, '_>) -> Result<Cosines> {
    let field = s.raw("random_weights_")?;
    let array = field.array()?;
    let single = array.dtype().is_f32();
    let weights = field.get::<Matrix>()?.transposed();
    let offset: Shared<f64> = s.get("random_offset_")?;
    let count = weights.rows;
    s.require(count > 0 && weights.columns > 0, "random_weights_ is empty")?;
    s.require(offset.len() == count, format_args!("random_offset_ has {} values, expected {count}", offset.len()))?;
    Ok(Cosines {
        prefix: s.class().to_lowercase(),
        factor: (2.0 / count as f64).sqrt(),
        weights,
        offset,
        skewedness: None,
        negative_refused: false,
        single,
        names: s.version() >= (1, 1),
    })
}

pub(crate) fn load_rbf_sampler(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    Ok(Box::new(load_cosines(s)?))
}

pub(crate) fn load_skewed_chi2(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let mut sampler = load_cosines(s)?;
    sampler.skewedness = Some(s.get("skewedness")?);
    sampler.negative_refused = s.version() < (0, 19);
    Ok(Box::new(sampler))
}

impl Estimator for Cosines {
    fn methods(&self) -> Methods {
        methods(self.names)
    }

    fn door(&self, _: Method) -> Door {
        let door = if self.skewedness.is_some() { Door::NUMERIC.floats() } else { Door::NUMERIC.sparse() };
        if self.single { door.keep32() } else { door }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.weights.columns)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let moved;
        let input = match self.skewedness {
            Some(skewedness) => {
                let mut values = x.dense()?.into_owned();
                if self.negative_refused && values.iter().any(|&v| v < 0.0) {
                    return Err(Error::input("X may not contain entries smaller than zero."));
                }
                if values.iter().any(|&v| v <= -skewedness) {
                    return Err(Error::input("X may not contain entries smaller than -skewedness."));
                }
                values.mapv_inplace(|v| (v + skewedness).ln());
                moved = Samples::Dense(values);
                &moved
            }
            None => x,
        };
        let mut out = Array2::zeros((x.rows(), self.weights.rows));
        for (row, mut out) in rows(input)?.zip(out.rows_mut()) {
            for (k, out) in out.iter_mut().enumerate() {
                *out = (row.dot(self.weights.row(k)) + self.offset[k]).cos() * self.factor;
            }
        }
        Ok(in_width(out, x))
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok(numbered(&self.prefix, self.weights.rows))
    }
}

/// `AdditiveChi2Sampler`: every feature becomes `2 * steps - 1`.
struct AdditiveChi2 {
    steps: usize,
    interval: f64,
    features: Option<usize>,
    checked_words: bool,
    names: bool,
}

pub(crate) fn load_additive_chi2(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let steps: usize = s.get("sample_steps")?;
    s.require((1..=1 << 16).contains(&steps), format_args!("sample_steps={steps}, expected at least 1"))?;
    let interval = match (s.opt::<f64>("sample_interval_")?.or(s.opt("sample_interval")?), steps) {
        (Some(interval), _) => interval,
        (None, 1) => 0.8,
        (None, 2) => 0.5,
        (None, 3) => 0.4,
        (None, _) => {
            return Err(s.error("If sample_steps is not in [1, 2, 3], you need to provide sample_interval"));
        }
    };
    s.require(interval.is_finite(), "sample_interval is not finite")?;
    let features = s.opt::<usize>("n_features_in_")?.unwrap_or(0);
    let parts = (2 * steps as u64).saturating_mul(features as u64);
    s.row_cost(parts, parts.saturating_mul(8))?;
    Ok(Box::new(AdditiveChi2 {
        steps,
        interval,
        features: s.opt("n_features_in_")?,
        checked_words: s.version() >= (0, 23),
        names: s.version() >= (1, 1),
    }))
}

impl AdditiveChi2 {
    /// The value of one of the new features of a value that is not zero.
    fn value(&self, x: f64, part: usize) -> f64 {
        if part == 0 {
            return (x * self.interval).sqrt();
        }
        let j = part.div_ceil(2) as f64;
        let factor = (2.0 * x * self.interval / (PI * j * self.interval).cosh()).sqrt();
        let angle = j * (self.interval * x.ln());
        factor * if part % 2 == 1 { angle.cos() } else { angle.sin() }
    }

    fn parts(&self) -> usize {
        2 * self.steps - 1
    }
}

impl Estimator for AdditiveChi2 {
    fn methods(&self) -> Methods {
        methods(self.names)
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC.sparse()
    }

    fn n_features_in(&self) -> Option<usize> {
        self.features
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let columns = x.columns().unwrap_or(0);
        let width = columns
            .checked_mul(self.parts())
            .filter(|&width| width.checked_mul(x.rows()).is_some_and(|cells| (cells as u64) < 1 << 40))
            .ok_or_else(|| {
                Error::input(format_args!("{columns} features in {} parts each are too many", self.parts()))
            })?;
        let negative = match x {
            Samples::Sparse(x) => x.data().iter().any(|&v| v < 0.0),
            other => other.dense()?.iter().any(|&v| v < 0.0),
        };
        if negative {
            return Err(Error::input(if self.checked_words {
                "Negative values in data passed to X in AdditiveChi2Sampler.transform"
            } else {
                "Entries of X must be non-negative."
            }));
        }
        if let Samples::Sparse(x) = x {
            let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
            for i in 0..x.rows() {
                let (at, values) = x.row(i);
                for part in 0..self.parts() {
                    indices.extend(at.iter().map(|&j| part * columns + j));
                    data.extend(values.iter().map(|&v| self.value(v, part)));
                }
                indptr.push(indices.len());
            }
            return Csr::new(x.rows(), width, indptr, indices, data).map(Samples::Sparse);
        }
        let x = x.dense()?;
        let mut out = Array2::zeros((x.nrows(), width));
        for (row, mut out) in x.rows().into_iter().zip(out.rows_mut()) {
            for part in 0..self.parts() {
                for (j, &v) in row.iter().enumerate().filter(|(_, v)| **v != 0.0) {
                    out[part * columns + j] = self.value(v, part);
                }
            }
        }
        Ok(out.into())
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        let name = |part: usize, name: &String| match part {
            0 => format!("additivechi2sampler_{name}_sqrt"),
            part if part % 2 == 1 => format!("additivechi2sampler_{name}_cos{}", part.div_ceil(2)),
            part => format!("additivechi2sampler_{name}_sin{}", part / 2),
        };
        Ok((0..self.parts()).flat_map(|part| input.iter().map(move |n| name(part, n))).collect())
    }
}

/// `PolynomialCountSketch`: features thrown into few places by hashes, once for each degree, and the circular
/// convolution of the results.
struct PolynomialCountSketch {
    gamma: f64,
    coef0: f64,
    count: usize,
    /// Place of each feature, one row a degree; the constant comes last where there is one.
    places: Vec<Vec<usize>>,
    /// Sign of each feature, in the same order.
    signs: Vec<Vec<f64>>,
    features: usize,
    names: bool,
}

pub(crate) fn load_count_sketch(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let count: usize = s.get("n_components")?;
    s.require((1..=1 << 24).contains(&count), format_args!("n_components={count} is out of range"))?;
    let (gamma, coef0): (f64, f64) = (s.get("gamma")?, s.get("coef0")?);
    let (index, bit): (Matrix, Matrix) = (s.get("indexHash_")?, s.get("bitHash_")?);
    s.require(
        index.rows > 0 && (index.rows, index.columns) == (bit.rows, bit.columns),
        format_args!(
            "indexHash_ and bitHash_ are of shapes ({}, {}) and ({}, {})",
            index.rows, index.columns, bit.rows, bit.columns
        ),
    )?;
    s.require(
        index.data.iter().all(|&place| place >= 0.0 && place < count as f64 && place.fract() == 0.0),
        format_args!("indexHash_ has a place that is not below n_components={count}"),
    )?;
    let constant = usize::from(coef0 != 0.0);
    s.require(index.columns > constant, "indexHash_ is empty")?;
    s.obj().charge(16 * index.data.len() as u64)?;
    // Each degree but the first folds all places with those that a feature fell into.
    let filled = count.min(index.columns) as u64;
    s.row_cost((index.rows as u64 - 1).saturating_mul(filled).saturating_mul(count as u64), 8 * count as u64)?;
    Ok(Box::new(PolynomialCountSketch {
        gamma,
        coef0,
        count,
        places: (0..index.rows).map(|d| index.row(d).iter().map(|&place| place as usize).collect()).collect(),
        signs: (0..bit.rows).map(|d| bit.row(d).to_vec()).collect(),
        features: index.columns - constant,
        names: s.version() >= (1, 1),
    }))
}

impl Estimator for PolynomialCountSketch {
    fn methods(&self) -> Methods {
        methods(self.names)
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC.sparse()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.features)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let (scale, constant) = (self.gamma.sqrt(), self.coef0.sqrt());
        let mut out = Array2::zeros((x.rows(), self.count));
        let mut entries: Vec<(usize, f64)> = Vec::new();
        let (mut sum, mut sketch) = (vec![0.0; self.count], vec![0.0; self.count]);
        for (row, mut out) in rows(x)?.zip(out.rows_mut()) {
            entries.clear();
            match &row {
                Row::F64(values) => entries.extend(values.iter().copied().enumerate()),
                Row::F32(values) => entries.extend(values.iter().map(|&v| f64::from(v)).enumerate()),
                Row::Sparse(columns, values) => entries.extend(columns.iter().copied().zip(values.iter().copied())),
            }
            entries.iter_mut().for_each(|(_, v)| *v *= scale);
            if self.coef0 != 0.0 {
                entries.push((self.features, constant));
            }
            for (degree, (places, signs)) in self.places.iter().zip(&self.signs).enumerate() {
                sketch.fill(0.0);
                entries.iter().for_each(|&(j, v)| sketch[places[j]] += signs[j] * v);
                if degree == 0 {
                    std::mem::swap(&mut sum, &mut sketch);
                    continue;
                }
                // What most places hold is zero, which this skips; it stands for products of Fourier transforms.
                let factors: Vec<(usize, f64)> =
                    sketch.iter().copied().enumerate().filter(|(_, factor)| *factor != 0.0).collect();
                sketch.fill(0.0);
                for (shift, factor) in factors {
                    let (head, tail) = sum.split_at(self.count - shift);
                    sketch[shift..].iter_mut().zip(head).for_each(|(o, v)| *o += factor * v);
                    sketch[..shift].iter_mut().zip(tail).for_each(|(o, v)| *o += factor * v);
                }
                std::mem::swap(&mut sum, &mut sketch);
            }
            out.iter_mut().zip(&sum).for_each(|(o, v)| *o = *v);
        }
        Ok(out.into())
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok(numbered("polynomialcountsketch", self.count))
    }
}
