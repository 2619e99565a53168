//! `sklearn.ensemble._gb`: `GradientBoostingClassifier`, `GradientBoostingRegressor`.

use std::ops::Range;

use ndarray::{Array2, ArrayD, ArrayView1, IxDyn};
use skpickle::{Kind, Shared};

use crate::math::scratch;
use crate::{
    data::{Array, Csr, Output, Samples},
    ensemble::{
        forest,
        gb_losses::{self, Classification, Loss},
    },
    error::{Error, Result},
    estimator::{Classes, Estimator, Fitted},
    method::{Method, Methods},
    state::State,
    tree::{classes::door, trees::Trees},
    validation::Door,
};

/// What the sum of trees begins with.
enum Init {
    /// The same for every sample, one value for each tree of a stage.
    Constant(Vec<f64>),
    /// What another estimator predicts.
    Estimator(Box<Fitted>),
}

/// The sum of the trees of all stages, on top of the initial prediction.
struct Boosting {
    /// The trees of the first stage, then those of the second, and so on.
    trees: Trees,
    /// Trees in one stage.
    width: usize,
    learning_rate: f64,
    init: Init,
    n_features: usize,
    /// How probabilities of the initial estimator become raw predictions; none in a regression.
    loss: Option<Classification>,
    /// Up to 0.18 only `apply` takes sparse samples.
    dense: bool,
}

impl Boosting {
    fn door(&self, method: Method) -> Door {
        Door { sparse: !self.dense || method == Method::Apply, ..door(false) }
    }

    fn read(s: &State<'_, '_>, width: usize, loss: Option<Classification>) -> Result<Self> {
        let field = s.raw("estimators_")?;
        let array = field.array()?;
        if !matches!(*array.shape(), [stages, found] if found == width && stages > 0) {
            return Err(field.expected(&format!("an array of trees with {width} in each row")).into());
        }
        let members = array.objects()?;
        let trees = forest::trees(s, &members, &["DecisionTreeRegressor"], 1, |s, stored| {
            s.require(stored.n_outputs() == 1, format_args!("tree_ has {} outputs, expected 1", stored.n_outputs()))?;
            stored.regression(s)
        })?;
        let n_features = trees.n_features();
        let learning_rate: f64 = s.get("learning_rate")?;
        s.require(learning_rate.is_finite(), "learning_rate is not finite")?;
        let init = init(s, width, loss.as_ref())?;
        let mut boosting =
            Boosting { trees, width, learning_rate, init, n_features, loss, dense: s.version() < (0, 19) };
        boosting.settle()?;
        Ok(boosting)
    }

    /// The usual initial estimators, dummies, answer the same whatever the sample: they are asked once.
    fn settle(&mut self) -> Result<()> {
        let Init::Estimator(estimator) = &self.init else { return Ok(()) };
        if estimator.estimator.ignores_samples() {
            let raw = self.initial(&Samples::Dense(Array2::zeros((1, self.n_features))))?;
            self.init = Init::Constant(raw.into_raw_vec_and_offset().0);
        }
        Ok(())
    }

    /// Raw predictions before the first stage.
    fn initial(&self, x: &Samples) -> Result<Array2<f64>> {
        let rows = x.rows();
        let estimator = match &self.init {
            Init::Constant(values) => {
                let mut raw = scratch::matrix(rows, self.width);
                raw.rows_mut().into_iter().for_each(|mut row| row.assign(&ArrayView1::from(values)));
                return Ok(raw);
            }
            Init::Estimator(estimator) => estimator,
        };
        let x = rounded(x)?;
        let wrong =
            || Error::input(format_args!("init_ ({}) answers in another shape than boosting needs", estimator.class));
        let Some(loss) = self.loss else {
            let y = estimator.predict(&x)?.to_f64().filter(|y| y.len() == rows).ok_or_else(wrong)?;
            return y.into_shape_with_order((rows, 1)).map_err(|_| wrong());
        };
        let p = estimator.predict_proba(&x)?.into_array().and_then(|p| p.to_f64()).ok_or_else(wrong)?;
        let p: Array2<f64> = p.into_dimensionality().map_err(|_| wrong())?;
        let classes = if self.width == 1 { 2 } else { self.width };
        if p.dim() != (rows, classes) {
            return Err(wrong());
        }
        let mut raw = if self.width == 1 {
            p.column(1).to_owned().insert_axis(ndarray::Axis(1))
        } else {
            p.as_standard_layout().into_owned()
        };
        for row in raw.rows_mut() {
            loss.link(row);
        }
        Ok(raw)
    }

    /// Raw predictions after the last stage.
    fn raw(&self, x: &Samples) -> Result<Array2<f64>> {
        let mut raw = self.initial(x)?;
        self.add(&mut raw, x, 0..self.trees.len())?;
        Ok(raw)
    }

    /// Adds what some of the trees answer.
    fn add(&self, raw: &mut Array2<f64>, x: &Samples, trees: Range<usize>) -> Result<()> {
        let (width, rate) = (self.width, self.learning_rate);
        let wrong = || Error::input("the raw predictions are not in rows");
        let raw = raw.as_slice_mut().ok_or_else(wrong)?;
        if width == 1 {
            return self.trees.answers(x, (raw, 1), trees, |raw, _, answer| raw[0] += rate * answer[0]);
        }
        self.trees.answers(x, (raw, width), trees, |raw, tree, answer| raw[tree % width] += rate * answer[0])
    }

    /// What `each` makes of the raw predictions after every stage, one after the other.
    fn staged<T>(&self, x: &Samples, mut each: impl FnMut(&Array2<f64>) -> Result<T>) -> Result<Vec<T>> {
        let mut raw = self.initial(x)?;
        let mut answers = Vec::with_capacity(self.stages());
        for stage in 0..self.stages() {
            self.add(&mut raw, x, stage * self.width..(stage + 1) * self.width)?;
            answers.push(each(&raw)?);
        }
        Ok(answers)
    }

    fn stages(&self) -> usize {
        self.trees.len() / self.width
    }

    /// Numbers of all stages under one shape, the stages first.
    fn stacked(&self, shape: &[usize], parts: &[Vec<f64>]) -> Result<Output> {
        let shape: Vec<usize> = std::iter::once(parts.len()).chain(shape.iter().copied()).collect();
        let array = ArrayD::from_shape_vec(IxDyn(&shape), parts.concat());
        Ok(Array::F64(array.map_err(|_| Error::input("the stages differ in shape"))?).into())
    }

    /// Nodes of the leaves: doubles, by sample, stage and tree (no last axis in a regression).
    fn apply(&self, x: &Samples) -> Result<Output> {
        let nodes = self.trees.apply(x)?.mapv(|node| node as f64);
        if self.loss.is_none() {
            return Ok(Array::from(nodes).into());
        }
        let shape = (x.rows(), self.stages(), self.width);
        let nodes = nodes.into_shape_with_order(shape).map_err(|_| Error::input("the stages differ in shape"))?;
        Ok(Array::F64(nodes.into_dyn()).into())
    }
}

/// The samples in 32 bits, as the initial estimator sees them too.
fn rounded(x: &Samples) -> Result<Samples> {
    Ok(match x {
        Samples::Dense32(_) => x.clone(),
        Samples::Sparse(x) => {
            let data = x.data().iter().map(|&value| f64::from(value as f32)).collect();
            Csr::new(x.rows(), x.columns(), x.indptr().to_vec(), x.indices().to_vec(), data)?.into()
        }
        other => Samples::Dense32(other.dense()?.mapv(|value| value as f32)),
    })
}

/// `init_`: an estimator, 'zero', or one of the private classes of 0.20 and before, which answer raw predictions.
fn init(s: &State<'_, '_>, width: usize, loss: Option<&Classification>) -> Result<Init> {
    let field = s.raw("init_")?;
    if field.kind() == Kind::Str {
        s.choice("init_", None, &[("zero", ())])?;
        return Ok(Init::Constant(vec![0.0; width]));
    }
    let private = field.class().filter(|class| class.module == "sklearn.ensemble.gradient_boosting");
    if let Some(class) = private {
        let state = s.open(&field)?;
        let values = match class.name {
            "ZeroEstimator" => vec![0.0; width],
            "MeanEstimator" => vec![state.get("mean")?],
            "QuantileEstimator" => vec![state.get("quantile")?],
            "LogOddsEstimator" | "ScaledLogOddsEstimator" => vec![state.get("prior")?],
            "PriorProbabilityEstimator" => state.get::<Shared<f64>>("priors")?.to_vec(),
            _ => return Err(field.expected("an initial estimator of gradient boosting").into()),
        };
        state.require(
            values.len() == width && values.iter().all(|value| value.is_finite()),
            format_args!("{} finite initial values, expected {width}", values.len()),
        )?;
        return Ok(Init::Constant(values));
    }
    if s.version() < (0, 21) {
        return Err(
            s.unsupported("init_ is an estimator of the user's; up to 0.20 scikit-learn cannot predict with one")
        );
    }
    let estimator = s.load(&field)?;
    let needed = if loss.is_some() { Method::PredictProba } else { Method::Predict };
    s.require(estimator.has(needed), format_args!("init_ ({}) has no {}", estimator.class, needed.name()))?;
    if loss.is_some()
        && let Classes::One(classes) = estimator.estimator.classes()
    {
        let expected = width.max(2);
        s.require(classes.len() == expected, format_args!("init_ has {} classes, expected {expected}", classes.len()))?;
    }
    Ok(Init::Estimator(Box::new(estimator)))
}

struct GradientBoostingClassifier {
    boosting: Boosting,
    loss: Classification,
    classes: Array,
}

pub(crate) fn classifier(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let classes = s.classes()?;
    let loss = Classification::read(s)?;
    let two = loss.loss != Loss::Multinomial;
    s.require(
        if two { classes.len() == 2 } else { classes.len() > 2 },
        format_args!("classes_ has {} labels, which is not for the loss {:?}", classes.len(), loss.loss),
    )?;
    let boosting = Boosting::read(s, if two { 1 } else { classes.len() }, Some(loss))?;
    Ok(Box::new(GradientBoostingClassifier { boosting, loss, classes }))
}

impl Estimator for GradientBoostingClassifier {
    fn methods(&self) -> Methods {
        Methods::of(&[
            Method::Predict,
            Method::PredictProba,
            Method::PredictLogProba,
            Method::DecisionFunction,
            Method::Apply,
            Method::StagedPredict,
            Method::StagedPredictProba,
            Method::StagedDecisionFunction,
        ])
    }

    fn door(&self, method: Method) -> Door {
        self.boosting.door(method)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.boosting.n_features)
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let raw = self.boosting.raw(x)?;
        let decisions = self.loss.decisions(&raw);
        let labels = self.classes.take_each(decisions.iter().copied());
        scratch::give(decisions);
        scratch::give_matrix(raw);
        Ok(labels)
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        Ok(self.loss.probabilities(self.boosting.raw(x)?).into())
    }

    fn decision_function(&self, x: &Samples) -> Result<Array> {
        let raw = self.boosting.raw(x)?;
        Ok(if raw.ncols() == 1 { Array::from(raw.into_raw_vec_and_offset().0) } else { raw.into() })
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        let b = &self.boosting;
        match method {
            Method::StagedPredict => {
                let labels = b.staged(x, |raw| Ok(self.loss.decisions(raw)))?.concat();
                let labels = self.classes.take(&labels).reshaped(&[b.stages(), x.rows()]);
                Ok(labels.ok_or_else(|| Error::input("the stages differ in shape"))?.into())
            }
            Method::StagedPredictProba => {
                let p = |raw: &Array2<f64>| Ok(self.loss.probabilities(raw.clone()).into_raw_vec_and_offset().0);
                b.stacked(&[x.rows(), self.classes.len()], &b.staged(x, p)?)
            }
            Method::StagedDecisionFunction => {
                b.stacked(&[x.rows(), b.width], &b.staged(x, |raw| Ok(raw.iter().copied().collect()))?)
            }
            _ => b.apply(x),
        }
    }
}

struct GradientBoostingRegressor {
    boosting: Boosting,
}

pub(crate) fn regressor(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    gb_losses::regression(s)?;
    Ok(Box::new(GradientBoostingRegressor { boosting: Boosting::read(s, 1, None)? }))
}

impl Estimator for GradientBoostingRegressor {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::Apply, Method::StagedPredict])
    }

    fn door(&self, method: Method) -> Door {
        self.boosting.door(method)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.boosting.n_features)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        Ok(Array::from(self.boosting.raw(x)?.into_raw_vec_and_offset().0))
    }

    fn other(&self, method: Method, x: &Samples) -> Result<Output> {
        if method == Method::Apply {
            return self.boosting.apply(x);
        }
        let stages = self.boosting.staged(x, |raw| Ok(raw.iter().copied().collect()))?;
        self.boosting.stacked(&[x.rows()], &stages)
    }
}
