//! `sklearn.gaussian_process.kernels`: covariances, and how they are put together.

use std::f64::consts::PI;

use ndarray::{CowArray, Ix2};
use skpickle::{ErrorKind, Obj};
use spec_math::cephes64::gamma;

use crate::{
    data::Samples,
    error::{Error, Result},
    math::{
        contiguous, dot,
        kernels::{Kernel as Pairwise, Parameters, callable, squared_distance},
        special::bessel_k,
    },
    state::State,
};

/// Kernels inside one another.
const DEPTH: usize = 64;

/// Kernels in all.
const NODES: usize = 1024;

/// Orders of `Matern` above this one have a gamma function that no double holds.
const LARGEST_NU: f64 = 170.0;

/// A covariance function.
pub(super) enum Kernel {
    Sum(Box<Kernel>, Box<Kernel>),
    Product(Box<Kernel>, Box<Kernel>),
    Exponentiation(Box<Kernel>, f64),
    Constant(f64),
    /// Between a sample and itself only.
    White(f64),
    Rbf(Scale),
    Matern {
        scale: Scale,
        nu: f64,
        /// What the powers are multiplied by, for an order that has no short form.
        factor: f64,
    },
    RationalQuadratic {
        alpha: f64,
        length_scale: f64,
    },
    ExpSineSquared {
        periodicity: f64,
        length_scale: f64,
    },
    DotProduct(f64),
    Pairwise(Pairwise),
}

/// `length_scale`: one for all features, or one for each.
pub(super) enum Scale {
    One(f64),
    Each(Vec<f64>),
}

impl Scale {
    fn load(s: &State<'_, '_>, features: usize) -> Result<Scale> {
        let field = s.raw("length_scale")?;
        let values: Vec<f64> = match field.get::<f64>() {
            Ok(value) => vec![value],
            Err(_) => field.get::<skpickle::Shared<f64>>()?.to_vec(),
        };
        s.require(values.iter().all(|v| v.is_finite()), "length_scale is not finite")?;
        match values[..] {
            [one] => Ok(Scale::One(one)),
            _ if values.len() == features => Ok(Scale::Each(values)),
            _ => Err(s.error(format_args!(
                "Anisotropic kernel must have the same number of dimensions as data ({}!={features})",
                values.len()
            ))),
        }
    }

    /// That of a feature.
    #[inline(always)]
    pub(super) fn of(&self, feature: usize) -> f64 {
        match self {
            Scale::One(scale) => *scale,
            Scale::Each(scales) => scales[feature],
        }
    }

    fn squared_distance(&self, x: &[f64], y: &[f64]) -> f64 {
        let squared = |x: f64, y: f64, scale: f64| {
            let difference = x / scale - y / scale;
            difference * difference
        };
        match self {
            Scale::One(scale) => x.iter().zip(y).map(|(&x, &y)| squared(x, y, *scale)).sum(),
            Scale::Each(scales) => x.iter().zip(y).zip(scales).map(|((&x, &y), &s)| squared(x, y, s)).sum(),
        }
    }
}

/// A parameter that is a finite number.
fn number(s: &State<'_, '_>, name: &str) -> Result<f64> {
    let value: f64 = s.get(name)?;
    s.require(value.is_finite(), format_args!("{name} is not finite"))?;
    Ok(value)
}

impl Kernel {
    /// That of an estimator to which none was given.
    pub(super) fn standard() -> Kernel {
        Kernel::Rbf(Scale::One(1.0))
    }

    /// Reads the kernel in an attribute, for samples of `features` columns.
    pub(super) fn load(s: &State<'_, '_>, name: &str, features: usize) -> Result<Kernel> {
        let mut nodes = 0;
        Self::read(s, &s.raw(name)?, features, DEPTH, &mut nodes)
    }

    fn read<'g>(
        parent: &State<'_, 'g>,
        obj: &Obj<'g>,
        features: usize,
        depth: usize,
        nodes: &mut usize,
    ) -> Result<Kernel> {
        *nodes += 1;
        if depth == 0 || *nodes > NODES {
            let message = format!("more than {DEPTH} kernels inside one another, or more than {NODES} in all");
            return Err(obj.error(ErrorKind::Limit, message).into());
        }
        let class = obj.class().filter(|class| class.module == "sklearn.gaussian_process.kernels");
        let Some(class) = class else { return Err(callable(obj, "the kernel")) };
        let s = &parent.open(obj)?;
        let mut inner = |name: &str| -> Result<Box<Kernel>> {
            Ok(Box::new(Self::read(s, &s.raw(name)?, features, depth - 1, nodes)?))
        };
        Ok(match class.name {
            "Sum" => Kernel::Sum(inner("k1")?, inner("k2")?),
            "Product" => Kernel::Product(inner("k1")?, inner("k2")?),
            "Exponentiation" => Kernel::Exponentiation(inner("kernel")?, number(s, "exponent")?),
            "ConstantKernel" => Kernel::Constant(number(s, "constant_value")?),
            "WhiteKernel" => Kernel::White(number(s, "noise_level")?),
            "RBF" => Kernel::Rbf(Scale::load(s, features)?),
            "Matern" => {
                let nu: f64 = s.get("nu")?;
                s.require(nu > 0.0, format_args!("nu={nu}, expected a positive number"))?;
                if nu > LARGEST_NU && nu.is_finite() {
                    return Err(s.unsupported(format_args!(
                        "nu={nu}: orders up to {LARGEST_NU}, and infinity, can be computed"
                    )));
                }
                Kernel::Matern { scale: Scale::load(s, features)?, nu, factor: (1.0 - nu).exp2() / gamma(nu) }
            }
            "RationalQuadratic" => {
                Kernel::RationalQuadratic { alpha: number(s, "alpha")?, length_scale: number(s, "length_scale")? }
            }
            "ExpSineSquared" => Kernel::ExpSineSquared {
                periodicity: number(s, "periodicity")?,
                length_scale: number(s, "length_scale")?,
            },
            "DotProduct" => Kernel::DotProduct(number(s, "sigma_0")?.powi(2)),
            "PairwiseKernel" => {
                let mut parameters = Parameters { gamma: Some(number(s, "gamma")?), ..Parameters::default() };
                if let Some(given) = s.raw_opt("pairwise_kernels_kwargs") {
                    parameters = parameters.with(&given)?;
                }
                let kernel = Pairwise::load(s, "metric", parameters, features)?;
                s.require(kernel != Pairwise::Precomputed, "metric='precomputed' has no values between samples")?;
                Kernel::Pairwise(kernel)
            }
            other => {
                return Err(s.unsupported(format_args!("the kernel {} is not supported", skpickle::printable(other))));
            }
        })
    }

    /// Whether samples must not be negative.
    fn refuses_negative(&self) -> bool {
        match self {
            Kernel::Sum(a, b) | Kernel::Product(a, b) => a.refuses_negative() || b.refuses_negative(),
            Kernel::Exponentiation(a, _) => a.refuses_negative(),
            Kernel::Pairwise(kernel) => kernel.refuses_negative(),
            _ => false,
        }
    }

    /// The samples, if the kernel takes them.
    pub(super) fn samples<'x>(&self, x: &'x Samples) -> Result<CowArray<'x, f64, Ix2>> {
        let x = x.dense()?;
        if self.refuses_negative() && x.iter().any(|&v| v < 0.0) {
            return Err(Error::input("X contains negative values."));
        }
        Ok(x)
    }

    /// The same as rows side by side.
    pub(super) fn rows(&self, x: &Samples) -> Result<Vec<Vec<f64>>> {
        let x = self.samples(x)?;
        Ok(x.rows().into_iter().map(|row| contiguous(&row).into_owned()).collect())
    }

    /// The covariance of two samples; `same` says that they are one and the same, not only alike.
    pub(super) fn value(&self, x: &[f64], y: &[f64], same: bool) -> f64 {
        match self {
            Kernel::Sum(a, b) => a.value(x, y, same) + b.value(x, y, same),
            Kernel::Product(a, b) => a.value(x, y, same) * b.value(x, y, same),
            Kernel::Exponentiation(a, exponent) => {
                let base = a.value(x, y, same);
                if *exponent == 2.0 { base * base } else { base.powf(*exponent) }
            }
            Kernel::Constant(value) => *value,
            Kernel::White(noise) => {
                if same {
                    *noise
                } else {
                    0.0
                }
            }
            Kernel::Rbf(_) | Kernel::Matern { .. } if same => 1.0,
            Kernel::Rbf(scale) => (-0.5 * scale.squared_distance(x, y)).exp(),
            Kernel::Matern { scale, nu, factor } => matern(scale.squared_distance(x, y).sqrt(), *nu, *factor),
            Kernel::RationalQuadratic { alpha, length_scale } => {
                rational_quadratic(squared_distance(x, y), *alpha, *length_scale)
            }
            Kernel::ExpSineSquared { periodicity, length_scale } => {
                finish_sine(squared_distance(x, y), *periodicity, *length_scale)
            }
            Kernel::DotProduct(sigma) => dot(x, y) + sigma,
            Kernel::Pairwise(kernel) => kernel.value(x, y),
        }
    }
}

/// `RationalQuadratic` of a squared distance.
pub(super) fn rational_quadratic(squared: f64, alpha: f64, length_scale: f64) -> f64 {
    (1.0 + squared / (2.0 * alpha * length_scale * length_scale)).powf(-alpha)
}

/// `ExpSineSquared` of a squared distance.
pub(super) fn finish_sine(squared: f64, periodicity: f64, length_scale: f64) -> f64 {
    let sine = (PI / periodicity * squared.sqrt()).sin() / length_scale;
    (-2.0 * (sine * sine)).exp()
}

/// `Matern` of a distance.
pub(super) fn matern(distance: f64, nu: f64, factor: f64) -> f64 {
    if nu == 0.5 {
        (-distance).exp()
    } else if nu == 1.5 {
        let k = distance * 3f64.sqrt();
        (1.0 + k) * (-k).exp()
    } else if nu == 2.5 {
        let k = distance * 5f64.sqrt();
        (1.0 + k + k * k / 3.0) * (-k).exp()
    } else if nu.is_infinite() {
        (-distance * distance / 2.0).exp()
    } else {
        let x = (2.0 * nu).sqrt() * if distance == 0.0 { f64::EPSILON } else { distance };
        factor * x.powf(nu) * bessel_k(nu, x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matern_of_any_order_passes_through_the_short_forms() {
        for distance in [0.01, 0.3, 1.0, 4.0] {
            for nu in [0.5, 1.5, 2.5] {
                let near = nu + 1e-9;
                let general = matern(distance, near, (1.0 - near).exp2() / gamma(near));
                assert!((general / matern(distance, nu, 0.0) - 1.0).abs() < 1e-7, "{distance} {nu}");
            }
        }
        assert!((matern(0.0, 0.8, (0.2f64).exp2() / gamma(0.8)) - 1.0).abs() < 1e-10);
    }
}
