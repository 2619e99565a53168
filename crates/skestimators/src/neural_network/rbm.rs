//! `sklearn.neural_network._rbm`: `BernoulliRBM`.

use ndarray::Array2;
use skpickle::Shared;

use crate::{
    data::{Array, Samples},
    error::{Error, Result},
    estimator::Estimator,
    math::{
        Matrix, dot,
        random::RandomState,
        rows,
        special::{expit, log_expit},
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// Hidden units of the samples: `expit(X @ components_.T + intercept_hidden_)`.
struct BernoulliRbm {
    components: Matrix,
    intercept_hidden: Shared<f64>,
    intercept_visible: Shared<f64>,
    /// `random_state` where it is a number: what `score_samples` draws is then the same each time.
    seed: Option<u32>,
    /// Fitted in 32 bits (since 1.0): samples of 32 bits then give units of 32 bits.
    single: bool,
    /// Whether there is `get_feature_names_out` (since 1.1).
    names: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let components: Matrix = s.get("components_")?;
    let intercept_hidden: Shared<f64> = s.get("intercept_hidden_")?;
    let intercept_visible: Shared<f64> = s.get("intercept_visible_")?;
    let (units, features) = (components.rows, components.columns);
    s.require(units > 0 && features > 0, "components_ is empty")?;
    for (name, values, expected) in
        [("intercept_hidden_", &intercept_hidden, units), ("intercept_visible_", &intercept_visible, features)]
    {
        s.require(
            values.len() == expected,
            format_args!("{name} has {} values, components_ has shape ({units}, {features})", values.len()),
        )?;
    }
    let mut single = true;
    for name in ["components_", "intercept_hidden_"] {
        let array = s.raw(name)?.array()?;
        single &= array.dtype().is_f32();
    }
    let seed = match s.raw_opt("random_state") {
        None => None,
        // A generator has a state of its own, which each call moves on.
        Some(state) => match state.get::<i64>() {
            Ok(seed) => Some(u32::try_from(seed).map_err(|_| state.expected("a seed from 0 to 2**32 - 1"))?),
            Err(_) => None,
        },
    };
    let names = s.version() >= (1, 1);
    Ok(Box::new(BernoulliRbm { components, intercept_hidden, intercept_visible, seed, single, names }))
}

impl BernoulliRbm {
    /// `F(v) = -log(sum over h of exp(-E(v, h)))`.
    fn free_energy(&self, v: &[f64]) -> f64 {
        let hidden = self.intercept_hidden.iter().enumerate();
        // log(1 + exp(x)) is -log(expit(-x)).
        let terms = hidden.map(|(unit, b)| -log_expit(-(dot(v, self.components.row(unit)) + b)));
        -dot(v, &self.intercept_visible) - terms.sum::<f64>()
    }
}

impl Estimator for BernoulliRbm {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform, Method::ScoreSamples]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, method: Method) -> Door {
        match method {
            Method::Transform if self.single => Door::NUMERIC.sparse().floats().keep32(),
            Method::Transform => Door::NUMERIC.sparse().floats(),
            _ => Door::NUMERIC.sparse(),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.components.columns)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let mut out = Array2::zeros((x.rows(), self.components.rows));
        for (row, mut out) in rows(x)?.zip(out.rows_mut()) {
            for ((unit, out), b) in out.iter_mut().enumerate().zip(self.intercept_hidden.iter()) {
                *out = expit(row.dot(self.components.row(unit)) + b);
            }
        }
        Ok(match x {
            Samples::Dense32(_) => Samples::Dense32(out.mapv(|p| p as f32)),
            _ => out.into(),
        })
    }

    /// The pseudo-likelihood: how much less likely each sample is with one random bit of it turned over.
    fn score_samples(&self, x: &Samples) -> Result<Array> {
        let Some(seed) = self.seed else {
            return Err(Error::method(
                "score_samples turns over a random bit of each sample, and random_state is not an integer: \
                 scikit-learn's answer differs from call to call",
            ));
        };
        let features = self.components.columns;
        let mut random = RandomState::new(seed);
        let below = u32::try_from(features).map_err(|_| Error::input("score_samples: more than 2**32 features"))?;
        let mut v = vec![0.0; features];
        let mut scores = Vec::with_capacity(x.rows());
        for i in 0..x.rows() {
            match x {
                Samples::Sparse(x) => {
                    v.fill(0.0);
                    let (columns, values) = x.row(i);
                    columns.iter().zip(values).for_each(|(&j, value)| v[j] += value);
                }
                other => v.iter_mut().zip(other.dense()?.row(i)).for_each(|(v, &value)| *v = value),
            }
            let before = self.free_energy(&v);
            let bit = random.below(below) as usize;
            v[bit] = 1.0 - v[bit];
            let after = self.free_energy(&v);
            scores.push(features as f64 * log_expit(after - before));
        }
        Ok(scores.into())
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok((0..self.components.rows).map(|unit| format!("bernoullirbm{unit}")).collect())
    }
}
