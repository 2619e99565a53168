//! `sklearn.dummy`: `DummyClassifier`, `DummyRegressor`.

use std::hash::{BuildHasher, Hasher};

use ndarray::Array2;
use skpickle::Shared;

use crate::{
    data::{Array, Output, Samples, Value},
    error::Result,
    estimator::{Classes, Estimator},
    math::{random::RandomState, special::argmax},
    method::{Method, Methods},
    state::State,
    tree::targets::Targets,
    validation::Door,
};

/// What is predicted for an output.
enum Rule {
    /// Always this class, with probability 1.
    Always(usize),
    /// The most frequent class; the probabilities are those of the fit.
    Prior(Vec<f64>),
    /// Drawn with the probabilities of the fit.
    Stratified(Vec<f64>),
    /// Drawn with equal probabilities.
    Uniform,
}

/// Where draws come from.
#[derive(Clone, Copy)]
enum Seed {
    /// The same draws at every call.
    Fixed(u32),
    /// Other draws at every call (`random_state=None`).
    Fresh,
}

struct DummyClassifier {
    targets: Targets,
    rules: Vec<Rule>,
    seed: Seed,
    door: Door,
}

#[derive(Clone, Copy)]
enum Strategy {
    MostFrequent,
    Prior,
    Stratified,
    Uniform,
    Constant,
}

pub(crate) fn classifier(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let n_outputs: usize = s.get("n_outputs_")?;
    let many = n_outputs != 1 || s.opt("output_2d_")?.unwrap_or(false);
    let targets = Targets::read_as(s, many, false)?;
    if s.opt("sparse_output_")?.unwrap_or(false) {
        return Err(s.unsupported("sparse_output_ is True: predictions as sparse matrices are not supported"));
    }
    let known = [
        ("most_frequent", Strategy::MostFrequent),
        ("prior", Strategy::Prior),
        ("stratified", Strategy::Stratified),
        ("uniform", Strategy::Uniform),
        ("constant", Strategy::Constant),
        // 0.22 and 0.23, where the default was about to change.
        ("warn", Strategy::Stratified),
    ];
    let name = if s.has("_strategy") { "_strategy" } else { "strategy" };
    let strategy = s.choice(name, None, &known)?;
    let priors: Vec<Shared<f64>> = if many { s.get("class_prior_")? } else { vec![s.get("class_prior_")?] };
    let sizes: Vec<usize> = targets.sizes().collect();
    let found: Vec<usize> = priors.iter().map(|prior| prior.len()).collect();
    s.require(found == sizes, format_args!("class_prior_ is for {found:?} classes, classes_ has {sizes:?}"))?;
    s.require(
        priors.iter().flat_map(|prior| prior.iter()).all(|p| (0.0..=1.0).contains(p)),
        "class_prior_ has values that are no probabilities",
    )?;
    let constants = if matches!(strategy, Strategy::Constant) { constants(s, &targets)? } else { Vec::new() };
    let rules = priors.iter().enumerate().map(|(k, prior)| match strategy {
        Strategy::MostFrequent => Rule::Always(argmax(prior.iter().copied())),
        Strategy::Prior => Rule::Prior(prior.to_vec()),
        Strategy::Stratified => Rule::Stratified(prior.to_vec()),
        Strategy::Uniform => Rule::Uniform,
        Strategy::Constant => Rule::Always(constants[k]),
    });
    let rules = rules.collect();
    let draws = matches!(strategy, Strategy::Stratified | Strategy::Uniform);
    let seed = match s.raw_opt("random_state").filter(|_| draws) {
        None => Seed::Fresh,
        Some(state) => match state.get::<i64>().ok().and_then(|seed| u32::try_from(seed).ok()) {
            Some(seed) => Seed::Fixed(seed),
            None => {
                return Err(s.unsupported("random_state is a generator, whose draws depend on all that it drew before"));
            }
        },
    };
    Ok(Box::new(DummyClassifier { targets, rules, seed, door: door(s.version()) }))
}

/// Versions up to 0.19 look at the samples, though nothing comes of it.
fn door(version: (u32, u32)) -> Door {
    let checked = Door::NUMERIC.sparse().any_width();
    match version {
        (0, 19) => checked.any_value(),
        (0, ..19) => checked,
        _ => Door::OPEN,
    }
}

/// Index of the `constant` of each output among its classes.
fn constants(s: &State<'_, '_>, targets: &Targets) -> Result<Vec<usize>> {
    let field = s.raw("constant")?;
    let values: Vec<Value> = match field.get::<skpickle::Scalar>() {
        Ok(scalar) => vec![scalar.into()],
        Err(_) => {
            let array: Array = field.get()?;
            (0..array.len()).filter_map(|i| array.value(i)).collect()
        }
    };
    let classes = targets.arrays();
    s.require(
        values.len() == classes.len(),
        format_args!("constant has {} values for {} outputs", values.len(), classes.len()),
    )?;
    let index = |(value, classes): (&Value, &Array)| {
        (0..classes.len()).find(|&i| classes.value(i).is_some_and(|class| same(&class, value)))
    };
    let indices: Option<Vec<usize>> = values.iter().zip(classes).map(index).collect();
    indices.ok_or_else(|| s.error("constant is not among classes_"))
}

/// `a == b` of two labels.
fn same(a: &Value, b: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::Int(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        _ => None,
    };
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a == b,
        // A text of Python 2, which is bytes there.
        _ if let (Value::Bytes(a), Value::Str(b)) = (a, b) => **a == *b.as_bytes(),
        _ => a == b,
    }
}

impl DummyClassifier {
    fn random_state(&self) -> RandomState {
        RandomState::new(match self.seed {
            Seed::Fixed(seed) => seed,
            // The hasher's keys are random: the only such source that needs no system call of ours.
            Seed::Fresh => std::hash::RandomState::new().build_hasher().finish() as u32,
        })
    }

    /// The classes drawn or fixed for each sample and output; the draws of one output come one after the other.
    fn indices(&self, rows: usize) -> Vec<usize> {
        let outputs = self.rules.len();
        let mut random = self.random_state();
        let mut indices = vec![0; rows * outputs];
        for (k, (rule, classes)) in self.rules.iter().zip(self.targets.sizes()).enumerate() {
            let fixed = match rule {
                Rule::Always(index) => *index,
                Rule::Prior(prior) => argmax(prior.iter().copied()),
                Rule::Stratified(_) | Rule::Uniform => 0,
            };
            for out in indices.iter_mut().skip(k).step_by(outputs) {
                *out = match rule {
                    Rule::Stratified(prior) => random.pick(prior),
                    Rule::Uniform => random.below(classes as u32) as usize,
                    Rule::Always(_) | Rule::Prior(_) => fixed,
                };
            }
        }
        indices
    }
}

impl Estimator for DummyClassifier {
    fn ignores_samples(&self) -> bool {
        // Draws differ from sample to sample.
        !self.rules.iter().any(|rule| matches!(rule, Rule::Stratified(_) | Rule::Uniform))
    }

    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::PredictProba, Method::PredictLogProba])
    }

    fn door(&self, _: Method) -> Door {
        self.door
    }

    fn classes(&self) -> Classes<'_> {
        self.targets.classes()
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        self.targets.labels(&self.indices(x.rows()))
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        let outputs = self.rules.len();
        let indices = self.indices(x.rows());
        let mut p = Array2::zeros((x.rows(), self.targets.sizes().sum()));
        for (i, mut row) in p.rows_mut().into_iter().enumerate() {
            let mut start = 0;
            for (k, (rule, classes)) in self.rules.iter().zip(self.targets.sizes()).enumerate() {
                match rule {
                    Rule::Always(_) | Rule::Stratified(_) => row[start + indices[i * outputs + k]] = 1.0,
                    Rule::Prior(prior) => row.iter_mut().skip(start).zip(prior).for_each(|(p, &prior)| *p = prior),
                    Rule::Uniform => row.iter_mut().skip(start).take(classes).for_each(|p| *p = 1.0 / classes as f64),
                }
                start += classes;
            }
        }
        Ok(self.targets.probabilities(p))
    }
}

struct DummyRegressor {
    constant: Vec<f64>,
    many: bool,
    door: Door,
    /// `return_std` came with 0.20.
    std: bool,
}

pub(crate) fn regressor(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let n_outputs: usize = s.get("n_outputs_")?;
    let field = s.raw("constant_")?;
    let mut constant = match field.get::<f64>() {
        Ok(value) => vec![value],
        Err(_) => field.array()?.f64s()?.to_vec(),
    };
    s.require(
        constant.len() == n_outputs || constant.len() == 1,
        format_args!("constant_ has {} values for {n_outputs} outputs", constant.len()),
    )?;
    s.require(n_outputs > 0, "n_outputs_ is 0")?;
    s.require(constant.iter().all(|value| value.is_finite()), "constant_ is not finite")?;
    if constant.len() < n_outputs {
        s.row_cost(n_outputs as u64, (n_outputs as u64).saturating_mul(8))?;
        constant.resize(n_outputs, constant[0]);
    }
    let many = n_outputs != 1 || s.opt("output_2d_")?.unwrap_or(false);
    Ok(Box::new(DummyRegressor { constant, many, door: door(s.version()), std: s.version() >= (0, 20) }))
}

impl DummyRegressor {
    fn filled(&self, rows: usize, value: impl Fn(usize) -> f64) -> Array {
        let y = Array2::from_shape_fn((rows, self.constant.len()), |(_, k)| value(k));
        if self.many { y.into() } else { Array::from(y.into_raw_vec_and_offset().0) }
    }
}

impl Estimator for DummyRegressor {
    fn ignores_samples(&self) -> bool {
        true
    }

    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict]).with_if(self.std, Method::PredictStd)
    }

    fn door(&self, _: Method) -> Door {
        self.door
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        Ok(self.filled(x.rows(), |k| self.constant[k]))
    }

    fn other(&self, _: Method, x: &Samples) -> Result<Output> {
        Ok(self.filled(x.rows(), |_| 0.0).into())
    }
}
