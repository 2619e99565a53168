//! `sklearn.covariance`: distances by an estimated covariance, and outliers by such a distance.

mod inverse;

use crate::{
    data::{Array, Output, Samples},
    error::Result,
    estimator::Estimator,
    math::{Matrix, dot},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// `EmpiricalCovariance` and its relatives: where the samples are centred, and the inverse of their covariance.
struct Covariance {
    location: Vec<f64>,
    precision: Matrix,
    /// The distance is a root that is squared again (0.20), and NaN where a precision that is not definite makes it negative.
    /// Since then the samples must be finite too.
    rooted: bool,
}

impl Covariance {
    fn load(s: &State<'_, '_>) -> Result<Self> {
        let location = s.get::<skpickle::Shared<f64>>("location_")?.to_vec();
        let p = location.len();
        s.require(p > 0 && location.iter().all(|v| v.is_finite()), "location_ is empty or not finite")?;
        let square = |name: &str, matrix: &Matrix| {
            s.require(
                (matrix.rows, matrix.columns) == (p, p),
                format_args!("{name} is of shape ({}, {}), expected ({p}, {p})", matrix.rows, matrix.columns),
            )?;
            s.require(matrix.data.iter().all(|v| v.is_finite()), format_args!("{name} is not finite"))
        };
        let stored = s.opt::<bool>("store_precision")?.unwrap_or(true);
        let precision = if stored {
            let precision: Matrix = s.get("precision_")?;
            square("precision_", &precision)?;
            precision
        } else {
            let covariance: Matrix = s.get("covariance_")?;
            square("covariance_", &covariance)?;
            if p > inverse::LARGEST {
                return Err(s.unsupported(format_args!(
                    "store_precision=False with {p} features: the inverse would have to be computed at every load; \
                     store_precision=True keeps it in the file"
                )));
            }
            let precision = inverse::pseudo_inverse(&covariance);
            s.require(precision.data.iter().all(|v| v.is_finite()), "covariance_ cannot be inverted")?;
            precision
        };
        Ok(Covariance { location, precision, rooted: s.version() >= (0, 20) })
    }

    fn mahalanobis(&self, x: &Samples) -> Result<Vec<f64>> {
        let x = x.dense()?;
        let mut centred = vec![0.0; self.location.len()];
        let distance = |row: ndarray::ArrayView1<'_, f64>| {
            centred.iter_mut().zip(row.iter().zip(&self.location)).for_each(|(c, (x, at))| *c = x - at);
            let mut sum = 0.0;
            for (j, c) in centred.iter().enumerate() {
                sum += c * dot(self.precision.row(j), &centred);
            }
            if self.rooted && sum < 0.0 { f64::NAN } else { sum }
        };
        Ok(x.rows().into_iter().map(distance).collect())
    }
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    Ok(Box::new(Covariance::load(s)?))
}

impl Estimator for Covariance {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Mahalanobis])
    }

    fn door(&self, _: Method) -> Door {
        if self.rooted { Door::NUMERIC } else { Door::NUMERIC.any_value() }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.location.len())
    }

    fn other(&self, _: Method, x: &Samples) -> Result<Output> {
        Ok(Output::Array(self.mahalanobis(x)?.into()))
    }
}

/// How an envelope's distances become decisions.
enum Cut {
    /// `-distance - offset_`.
    Offset(f64),
    /// `threshold_ ** 0.33 - distance ** 0.33` (before 0.20).
    Threshold(f64),
}

/// `EllipticEnvelope`: samples far from the centre are outliers.
struct EllipticEnvelope {
    covariance: Covariance,
    cut: Cut,
    /// Whether values that are not finite are refused (0.19); before, they were outliers.
    checked: bool,
}

pub(crate) fn load_envelope(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let covariance = Covariance::load(s)?;
    let cut =
        if s.version() >= (0, 20) { Cut::Offset(s.get("offset_")?) } else { Cut::Threshold(s.get("threshold_")?) };
    Ok(Box::new(EllipticEnvelope { covariance, cut, checked: s.version() >= (0, 19) }))
}

impl Estimator for EllipticEnvelope {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::DecisionFunction, Method::Mahalanobis])
            .with_if(matches!(self.cut, Cut::Offset(_)), Method::ScoreSamples)
    }

    fn door(&self, method: Method) -> Door {
        match method {
            Method::Mahalanobis => self.covariance.door(method),
            _ if self.checked => Door::NUMERIC,
            _ => Door::NUMERIC.any_value(),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        self.covariance.n_features_in()
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let inside = |distance: f64| match self.cut {
            Cut::Offset(offset) => -distance - offset >= 0.0,
            Cut::Threshold(threshold) => distance <= threshold,
        };
        let label = |distance| if inside(distance) { 1 } else { -1 };
        Ok(self.covariance.mahalanobis(x)?.into_iter().map(label).collect::<Vec<i64>>().into())
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        let decision = |distance: f64| match self.cut {
            Cut::Offset(offset) => -distance - offset,
            Cut::Threshold(threshold) => threshold.powf(0.33) - distance.powf(0.33),
        };
        Ok(self.covariance.mahalanobis(x)?.into_iter().map(decision).collect::<Vec<f64>>().into())
    }

    fn score_samples(&self, x: &Samples) -> Result<Array> {
        Ok(self.covariance.mahalanobis(x)?.into_iter().map(|distance| -distance).collect::<Vec<f64>>().into())
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        self.covariance.other(method, x)
    }
}
