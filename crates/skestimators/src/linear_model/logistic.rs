//! `sklearn.linear_model._logistic`: `LogisticRegression`, `LogisticRegressionCV`.

use ndarray::Array2;

use crate::{
    data::{Array, Output, Samples},
    error::Result,
    estimator::{Classes, Estimator},
    linear_model::base::intercept,
    math::{
        Matrix, affine,
        special::{argmax, expit, softmax_rows},
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// How scores become probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// Softmax over the classes (over `[-d, d]` with two).
    Multinomial,
    /// One logistic function a class, divided by their sum.
    OneVsRest,
}

struct LogisticRegression {
    coef: Matrix,
    intercept: Vec<f64>,
    classes: Array,
    link: Link,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let coef: Matrix = s.get("coef_")?;
    let classes = s.classes()?;
    let intercept = intercept(s, coef.rows)?;
    let outputs = if classes.len() == 2 { 1 } else { classes.len() };
    s.require(coef.rows == outputs, format!("coef_ has {} rows for {} classes", coef.rows, classes.len()))?;
    let link = link(s, outputs == 1)?;
    Ok(Box::new(LogisticRegression { coef, intercept, classes, link }))
}

/// `multi_class` as its versions mean it: 'warn' (0.20, 0.21) is 'ovr', 'auto' depends on the problem and the solver, and from 1.8 on the
/// parameter is gone: binary problems are logistic, others multinomial, but for liblinear.
fn link(s: &State<'_, '_>, binary: bool) -> Result<Link> {
    let solver: String = s.get("solver")?;
    let default = if s.version() < (0, 22) { "ovr" } else { "auto" };
    let auto = |s: &State<'_, '_>| {
        let ovr_solver = solver == "liblinear" || solver == "newton-cholesky" && s.version() < (1, 6);
        if binary || ovr_solver { Link::OneVsRest } else { Link::Multinomial }
    };
    s.choice(
        "multi_class",
        Some(default),
        &[
            ("ovr", Link::OneVsRest),
            ("warn", Link::OneVsRest),
            ("multinomial", Link::Multinomial),
            ("auto", auto(s)),
            ("deprecated", auto(s)),
        ],
    )
}

impl LogisticRegression {
    fn scores(&self, x: &Samples) -> Result<Array2<f64>> {
        affine(x, &self.coef, &self.intercept)
    }
}

impl Estimator for LogisticRegression {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::PredictProba, Method::PredictLogProba, Method::DecisionFunction])
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.coef.columns)
    }

    fn door(&self, _: Method) -> Door {
        Door::NUMERIC.sparse()
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let scores = self.scores(x)?;
        let index = |row: ndarray::ArrayView1<'_, f64>| {
            if row.len() == 1 { usize::from(row[0] > 0.0) } else { argmax(row.iter().copied()) }
        };
        let indices: Vec<usize> = scores.rows().into_iter().map(index).collect();
        Ok(self.classes.take(&indices))
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        let scores = self.scores(x)?;
        Ok(if scores.ncols() == 1 { Array::from(scores.into_raw_vec_and_offset().0) } else { scores.into() })
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        let scores = self.scores(x)?;
        let binary = scores.ncols() == 1;
        let mut p = if binary {
            Array2::from_shape_fn((scores.nrows(), 2), |(i, j)| match (self.link, j) {
                (Link::Multinomial, 0) => -scores[[i, 0]],
                (Link::Multinomial, _) => scores[[i, 0]],
                (Link::OneVsRest, 0) => 1.0 - expit(scores[[i, 0]]),
                (Link::OneVsRest, _) => expit(scores[[i, 0]]),
            })
        } else {
            scores
        };
        match self.link {
            Link::Multinomial => softmax_rows(&mut p),
            Link::OneVsRest if !binary => {
                for mut row in p.rows_mut() {
                    row.mapv_inplace(expit);
                    let sum = row.sum();
                    row /= sum;
                }
            }
            Link::OneVsRest => {}
        }
        Ok(p.into())
    }
}
