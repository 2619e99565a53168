//! `sklearn.discriminant_analysis`: classes are normally distributed, with one covariance for all or one for each.

use ndarray::Array2;

use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    estimator::{Classes, Estimator, log_of},
    linear_model::classifier::{LinearClassifier, Probability},
    math::{
        Matrix, dot,
        special::{argmax, softmax_rows},
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// `LinearDiscriminantAnalysis`: a linear classifier, and a projection onto the directions in which the classes differ most.
struct LinearDiscriminantAnalysis {
    classifier: LinearClassifier,
    projection: Option<Projection>,
    /// Number of names that the projection's columns have; some versions name columns of a projection that is not there.
    columns: usize,
    names: bool,
    /// Probabilities of zero count as the smallest normal number when logarithms are taken (0.24).
    lift_zeros: bool,
    /// Coefficients and intercepts are of 32 bits: then samples of 32 bits get answers of 32 bits.
    float32: bool,
}

/// `(X - mean) @ scalings`.
struct Projection {
    /// `scalings_`, one row a column of the answer.
    directions: Matrix,
    /// `xbar_`, where the solver takes it off.
    mean: Option<Vec<f64>>,
    /// Samples of 32 bits give answers of 32 bits.
    float32: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Solver {
    Svd,
    Lsqr,
    Eigen,
}

pub(crate) fn load_linear(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    // Softmax since 0.21; with two classes both are the logistic function.
    let probability = if s.version() < (0, 21) || classes.len() == 2 {
        Probability::OneVsRest { uniform: false }
    } else {
        Probability::Softmax
    };
    let classifier = LinearClassifier::new(s, classes, probability)?;
    let solver = s.choice("solver", None, &[("svd", Solver::Svd), ("lsqr", Solver::Lsqr), ("eigen", Solver::Eigen)])?;
    let features = classifier.n_features_in().unwrap_or(0);
    // since 0.18
    let columns = match s.opt::<usize>("_max_components")? {
        Some(columns) => columns,
        None => s.opt::<usize>("n_components")?.unwrap_or(features),
    };
    let projection = if solver == Solver::Lsqr { None } else { Some(Projection::load(s, solver, columns)?) };
    if let Some(projection) = &projection {
        s.require(
            projection.directions.columns == features,
            format_args!("scalings_ has not one row for each of {features} features"),
        )?;
    }
    let version = s.version();
    Ok(Box::new(LinearDiscriminantAnalysis {
        classifier,
        columns: projection
            .as_ref()
            .map_or(columns.min(features), |projection| projection.directions.rows.max(columns.min(features))),
        projection,
        names: version >= (1, 1),
        lift_zeros: version >= (0, 24),
        float32: s.raw("coef_")?.array()?.dtype().is_f32() && s.raw("intercept_")?.array()?.dtype().is_f32(),
    }))
}

impl Projection {
    fn load(s: &State<'_, '_>, solver: Solver, columns: usize) -> Result<Self> {
        let field = s.raw("scalings_")?;
        let array = field.array()?;
        let float32 = field.array()?.dtype().is_f32();
        let scalings: Matrix = field.get()?;
        s.require(array.shape().len() == 2, "scalings_ is no matrix")?;
        let all = scalings.transposed();
        let kept = columns.min(all.rows);
        let directions = Matrix::new(all.data[..kept * all.columns].to_vec(), kept, all.columns);
        let mean = match solver {
            Solver::Svd => Some(s.get::<skpickle::Shared<f64>>("xbar_")?.to_vec()),
            _ => None,
        };
        s.require(mean.as_ref().is_none_or(|m| m.len() == directions.columns), "xbar_ and scalings_ differ in length")?;
        Ok(Projection { directions, mean, float32 })
    }

    fn project(&self, x: &Samples) -> Result<Array2<f64>> {
        let x = x.dense()?;
        let mut out = Array2::zeros((x.nrows(), self.directions.rows));
        let mut centred = vec![0.0; x.ncols()];
        for (row, mut out) in x.rows().into_iter().zip(out.rows_mut()) {
            for (j, (centred, x)) in centred.iter_mut().zip(row).enumerate() {
                *centred = x - self.mean.as_ref().map_or(0.0, |mean| mean[j]);
            }
            for (k, out) in out.iter_mut().enumerate() {
                *out = dot(&centred, self.directions.row(k));
            }
        }
        Ok(out)
    }
}

impl Estimator for LinearDiscriminantAnalysis {
    fn methods(&self) -> Methods {
        self.classifier
            .methods()
            .with_if(self.projection.is_some(), Method::Transform)
            .with_if(self.names, Method::FeatureNamesOut)
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        (method == Method::Transform)
            .then(|| "transform not implemented for 'lsqr' solver (use 'svd' or 'eigen').".to_owned())
    }

    fn n_features_in(&self) -> Option<usize> {
        self.classifier.n_features_in()
    }

    fn door(&self, method: Method) -> Door {
        if method == Method::Transform { Door::NUMERIC.keep32() } else { self.classifier.door(method) }
    }

    fn classes(&self) -> Classes<'_> {
        self.classifier.classes()
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        self.classifier.predict(x)
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        self.classifier.decision_function(x)
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        // One class has one decision, which is not two-dimensional.
        if matches!(self.classifier.classes(), Classes::One(classes) if classes.len() == 1) {
            return Err(Error::input(
                "axis 1 is out of bounds for array of dimension 1: the model knows one class alone, for which there are no probabilities; predict answers it",
            ));
        }
        self.classifier.predict_proba(x)
    }

    fn predict_log_proba(&self, x: &Samples) -> Result<Output> {
        let in32 = self.float32 && matches!(x, Samples::Dense32(_));
        let smallest = if in32 { f64::from(f32::MIN_POSITIVE) } else { f64::MIN_POSITIVE };
        let mut p = self.predict_proba(x)?;
        if let (true, Output::Array(Array::F64(p))) = (self.lift_zeros, &mut p) {
            p.mapv_inplace(|p| if p == 0.0 { smallest } else { p });
        }
        Ok(log_of(p))
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let Some(projection) = &self.projection else { return Ok(x.clone()) };
        let out = projection.project(x)?;
        let in32 = projection.float32 && matches!(x, Samples::Dense32(_));
        Ok(if in32 { Samples::Dense32(out.mapv(|v| v as f32)) } else { Samples::Dense(out) })
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok((0..self.columns).map(|i| format!("lineardiscriminantanalysis{i}")).collect())
    }
}

/// `QuadraticDiscriminantAnalysis`.
struct QuadraticDiscriminantAnalysis {
    classes: Array,
    means: Matrix,
    /// For each class the axes of its covariance, divided by the spread along them: one row an axis.
    axes: Vec<Matrix>,
    /// `log(priors_) - sum(log(scalings_)) / 2`, one for each class.
    offset: Vec<f64>,
    /// Logarithms of probabilities are computed as such (1.6), so that none is minus infinity.
    logarithmic: bool,
}

pub(crate) fn load_quadratic(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    let k = classes.len();
    let means: Matrix = s.get("means_")?;
    s.require(means.rows == k, format_args!("means_ has {} rows for {k} classes", means.rows))?;
    let priors = s.get::<skpickle::Shared<f64>>("priors_")?;
    let (rotations, scalings) = (s.objects("rotations_")?, s.objects("scalings_")?);
    s.require(
        priors.len() == k && rotations.len() == k && scalings.len() == k,
        format_args!("priors_, rotations_ and scalings_ have not one entry for each of {k} classes"),
    )?;
    let (mut axes, mut offset) = (Vec::new(), Vec::new());
    for (class, (rotation, scaling)) in rotations.iter().zip(&scalings).enumerate() {
        let spread = scaling.get::<skpickle::Shared<f64>>()?;
        let stored: Matrix = rotation.get()?;
        rotation.charge(16 * stored.data.len() as u64)?;
        let mut matrix = stored.transposed();
        s.require(
            (matrix.rows, matrix.columns) == (spread.len(), means.columns),
            format_args!("rotations_[{class}] does not fit means_ and scalings_[{class}]"),
        )?;
        let scale = |(i, v): (usize, &f64)| v * spread[i / means.columns].powf(-0.5);
        matrix = Matrix::new(matrix.data.iter().enumerate().map(scale).collect(), matrix.rows, matrix.columns);
        axes.push(matrix);
        offset.push(priors[class].ln() - 0.5 * spread.iter().map(|v| v.ln()).sum::<f64>());
    }
    Ok(Box::new(QuadraticDiscriminantAnalysis { classes, means, axes, offset, logarithmic: s.version() >= (1, 6) }))
}

impl QuadraticDiscriminantAnalysis {
    /// Log likelihoods up to a term of the sample, one column a class.
    fn scores(&self, x: &Samples) -> Result<Array2<f64>> {
        let x = x.dense()?;
        let mut out = Array2::zeros((x.nrows(), self.axes.len()));
        let mut centred = vec![0.0; x.ncols()];
        for (row, mut out) in x.rows().into_iter().zip(out.rows_mut()) {
            for (class, out) in out.iter_mut().enumerate() {
                let mean = self.means.row(class);
                centred.iter_mut().zip(row.iter().zip(mean)).for_each(|(c, (x, mean))| *c = x - mean);
                let axes = &self.axes[class];
                let distance: f64 = (0..axes.rows).map(|axis| dot(&centred, axes.row(axis)).powi(2)).sum();
                *out = self.offset[class] - 0.5 * distance;
            }
        }
        Ok(out)
    }

    fn log_probabilities(&self, x: &Samples) -> Result<Array2<f64>> {
        let mut scores = self.scores(x)?;
        for mut row in scores.rows_mut() {
            let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row -= max;
            let sum = row.iter().map(|v| v.exp()).sum::<f64>().ln();
            row -= sum;
        }
        Ok(scores)
    }
}

impl Estimator for QuadraticDiscriminantAnalysis {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::PredictProba, Method::PredictLogProba, Method::DecisionFunction])
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.means.columns)
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let scores = self.scores(x)?;
        let indices: Vec<usize> = scores.rows().into_iter().map(|row| argmax(row.iter().copied())).collect();
        Ok(self.classes.take(&indices))
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        let scores = self.scores(x)?;
        if self.classes.len() == 2 {
            return Ok(scores.rows().into_iter().map(|row| row[1] - row[0]).collect::<Vec<f64>>().into());
        }
        Ok(scores.into())
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        if self.logarithmic {
            return Ok(self.log_probabilities(x)?.mapv(f64::exp).into());
        }
        let mut scores = self.scores(x)?;
        softmax_rows(&mut scores);
        Ok(scores.into())
    }

    fn predict_log_proba(&self, x: &Samples) -> Result<Output> {
        if self.logarithmic {
            return self.log_probabilities(x).map(Output::from);
        }
        Ok(log_of(self.predict_proba(x)?))
    }
}
