//! `sklearn.neighbors._nearest_centroid.NearestCentroid`.

use ndarray::{Array2, Axis};
use skpickle::Shared;

use super::metric::Metric;
use crate::{
    data::{Array, Output, Samples},
    error::Result,
    estimator::{Classes, Estimator},
    math::{Matrix, special},
    method::{Method, Methods},
    state::State,
    validation::{Door, Finite},
};

struct NearestCentroid {
    classes: Array,
    centroids: Matrix,
    metric: Metric,
    /// Since 1.6.
    discriminant: Option<Discriminant>,
    version: (u32, u32),
}

struct Discriminant {
    /// What the columns are divided by: the deviations within the classes, 1 in place of 0.
    scale: Vec<f64>,
    log_priors: Vec<f64>,
    /// Whether all classes are equally likely: then the nearest one is taken as it is.
    even: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    let centroids: Matrix = s.get("centroids_")?;
    let n = classes.len();
    s.require(
        centroids.rows == n && centroids.columns > 0,
        format_args!("centroids_ has {} rows for {n} classes", centroids.rows),
    )?;
    let metric = Metric::load(s, centroids.columns)?;
    s.require(!matches!(metric, Metric::Precomputed), "metric='precomputed' has no centroids")?;
    let discriminant = if s.version() >= (1, 6) {
        let priors: Shared<f64> = s.get("class_prior_")?;
        let deviations: Shared<f64> = s.get("within_class_std_dev_")?;
        s.require(priors.len() == n, format_args!("class_prior_ has {} values for {n} classes", priors.len()))?;
        s.require(deviations.len() == centroids.columns, "within_class_std_dev_ has not one value for each feature")?;
        let share = 1.0 / n as f64;
        Some(Discriminant {
            scale: deviations.iter().map(|&d| if d == 0.0 { 1.0 } else { d }).collect(),
            even: priors.iter().all(|p| (p - share).abs() <= 1e-8 + 1e-5 * share),
            log_priors: priors.iter().map(|p| p.ln()).collect(),
        })
    } else {
        None
    };
    Ok(Box::new(NearestCentroid { classes, centroids, metric, discriminant, version: s.version() }))
}

impl NearestCentroid {
    /// Logarithm of each class's share in the density, up to a constant.
    fn scores(&self, x: &Samples) -> Result<Array2<f64>> {
        let mut out = Array2::zeros((x.rows(), self.centroids.rows));
        let Some(discriminant) = &self.discriminant else { return Ok(out) };
        let scaled = |row: &[f64]| row.iter().zip(&discriminant.scale).map(|(v, s)| v / s).collect::<Vec<f64>>();
        let centroids: Vec<Vec<f64>> = (0..self.centroids.rows).map(|k| scaled(self.centroids.row(k))).collect();
        for (row, mut out) in x.dense()?.rows().into_iter().zip(out.rows_mut()) {
            let row = scaled(&row.to_vec());
            for ((out, centroid), prior) in out.iter_mut().zip(&centroids).zip(&discriminant.log_priors) {
                let distance = self.metric.distance(self.metric.reduced(&row, centroid));
                *out = -(distance * distance) + 2.0 * prior;
            }
        }
        Ok(out)
    }
}

impl Estimator for NearestCentroid {
    fn methods(&self) -> Methods {
        let scores = self.discriminant.is_some() && matches!(self.metric, Metric::Euclidean);
        Methods::of(&[Method::Predict])
            .with_if(scores, Method::DecisionFunction)
            .with_if(scores, Method::PredictProba)
            .with_if(scores, Method::PredictLogProba)
    }

    fn door(&self, _: Method) -> Door {
        let nan = matches!(self.metric, Metric::NanEuclidean(_));
        Door { finite: if nan { Finite::AllowNan } else { Finite::Yes }, ..Door::NUMERIC.sparse() }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.centroids.columns)
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        if self.discriminant.as_ref().is_some_and(|discriminant| !discriminant.even) {
            let scores = self.scores(x)?;
            return Ok(self
                .classes
                .take_each(scores.rows().into_iter().map(|row| special::argmax(row.iter().copied()))));
        }
        self.metric.check_sparse(x, self.version)?;
        let x = x.dense()?;
        let nearest = x.rows().into_iter().map(|row| {
            let row = row.to_vec();
            special::argmax((0..self.centroids.rows).map(|k| -self.metric.reduced(&row, self.centroids.row(k))))
        });
        Ok(self.classes.take_each(nearest))
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        let scores = self.scores(x)?;
        if scores.ncols() == 2 {
            return Ok(Array::F64((&scores.column(1) - &scores.column(0)).into_dyn()));
        }
        Ok(scores.into())
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        let mut scores = self.scores(x)?;
        special::softmax_rows(&mut scores);
        Ok(scores.into())
    }

    fn predict_log_proba(&self, x: &Samples) -> Result<Output> {
        let mut scores = self.scores(x)?;
        for mut row in scores.axis_iter_mut(Axis(0)) {
            let total = special::logsumexp(row.iter());
            row.mapv_inplace(|v| v - total);
        }
        Ok(scores.into())
    }
}
