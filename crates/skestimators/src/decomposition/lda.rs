//! `sklearn.decomposition._lda`: `LatentDirichletAllocation`, whose `transform` finds the topics of a document by variational Bayes.

use ndarray::{Array2, NdFloat};

use super::{
    nmf::{MOST_ROUNDS, smallest},
    projection::is_single,
};
use crate::{
    data::Samples,
    error::{Error, Result},
    estimator::Estimator,
    math::{Matrix, Row, rows},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

struct LatentDirichletAllocation {
    /// `exp_dirichlet_component_`, one row a word.
    words: Matrix,
    prior: f64,
    max_iter: usize,
    tol: f64,
    /// Fitted in 32 bits (since 1.2), in which all samples are then taken.
    single: bool,
    /// The topics of a document add up to 1 (since 0.18).
    normalized: bool,
    own_width: bool,
    names: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let topics: Matrix = s.get("exp_dirichlet_component_")?;
    s.require(topics.rows > 0 && topics.columns > 0, "exp_dirichlet_component_ is empty")?;
    s.require(
        topics.data.iter().all(|v| v.is_finite() && *v >= 0.0),
        "exp_dirichlet_component_ has values that are negative or not finite",
    )?;
    // Every sample begins with the next of the drawn numbers.
    s.answers_whole_batches();
    let prior: f64 = s.get("doc_topic_prior_")?;
    s.require(prior.is_finite() && prior > 0.0, "doc_topic_prior_ is not positive")?;
    let max_iter: usize = s.get("max_doc_update_iter")?;
    s.require(max_iter <= MOST_ROUNDS, format_args!("max_doc_update_iter is {max_iter}, more than {MOST_ROUNDS}"))?;
    Ok(Box::new(LatentDirichletAllocation {
        words: topics.transposed(),
        prior,
        max_iter,
        tol: s.get("mean_change_tol")?,
        single: is_single(s, "exp_dirichlet_component_")?,
        normalized: s.version() >= (0, 18),
        own_width: s.version() < (0, 23),
        names: s.version() >= (1, 1),
    }))
}

/// The digamma function of positive numbers as scikit-learn approximates it.
fn psi<T: NdFloat>(mut x: T, c: &Constants<T>) -> T {
    if x <= c.small {
        return -c.euler - T::one() / x;
    }
    let mut result = T::zero();
    while x < c.six {
        result -= T::one() / x;
        x += T::one();
    }
    let r = T::one() / x;
    result += x.ln() - c.half * r;
    let r = r * r;
    result - r * (c.series[0] - r * (c.series[1] - r * c.series[2]))
}

/// Numbers in the width of the model.
struct Constants<T> {
    small: T,
    euler: T,
    six: T,
    half: T,
    series: [T; 3],
}

impl<T: NdFloat> Constants<T> {
    fn new(cast: impl Fn(f64) -> T) -> Self {
        let series = [cast(1.0 / 12.0), cast(1.0 / 120.0), cast(1.0 / 252.0)];
        Constants { small: cast(1e-6), euler: cast(0.577_215_664_901_532_9), six: cast(6.0), half: cast(0.5), series }
    }
}

impl LatentDirichletAllocation {
    fn topics<T: NdFloat>(&self, x: &Samples, cast: impl Fn(f64) -> T, widen: impl Fn(T) -> f64) -> Result<Array2<T>> {
        let (count, constants) = (self.words.columns, Constants::new(&cast));
        let (prior, tiny) = (cast(self.prior), T::epsilon());
        let start = (psi(T::one(), &constants) - psi(cast(count as f64), &constants)).exp();
        let mut out = Array2::ones((x.rows(), count));
        let (mut document, mut weights) = (Vec::new(), vec![start; count]);
        let mut last = vec![T::zero(); count];
        for (row, mut out) in rows(x)?.zip(out.rows_mut()) {
            document.clear();
            let mut push = |j: usize, n: f64| {
                document.push((cast(n), self.words.row(j).iter().map(|&w| cast(w)).collect::<Vec<T>>()));
            };
            match row {
                Row::F64(x) => x.iter().enumerate().filter(|(_, n)| **n != 0.0).for_each(|(j, &n)| push(j, n)),
                Row::F32(x) => x.iter().enumerate().filter(|(_, n)| **n != 0.0).for_each(|(j, &n)| push(j, n.into())),
                Row::Sparse(columns, counts) => columns.iter().zip(counts).for_each(|(&j, &n)| push(j, n)),
            }
            weights.fill(start);
            for _ in 0..self.max_iter {
                last.iter_mut().zip(&out).for_each(|(last, &topic)| *last = topic);
                out.fill(T::zero());
                for (n, word) in &document {
                    let norm = word.iter().zip(&weights).fold(T::zero(), |sum, (&w, &weight)| sum + w * weight) + tiny;
                    let share = *n / norm;
                    out.iter_mut().zip(word).for_each(|(topic, &w)| *topic += share * w);
                }
                let mut total = T::zero();
                for (topic, weight) in out.iter_mut().zip(&weights) {
                    *topic = *topic * *weight + prior;
                    total += *topic;
                }
                let total = psi(total, &constants);
                weights
                    .iter_mut()
                    .zip(&out)
                    .for_each(|(weight, &topic)| *weight = (psi(topic, &constants) - total).exp());
                let change: f64 = out.iter().zip(&last).map(|(&topic, &last)| widen((topic - last).abs())).sum();
                if change / (count as f64) < self.tol {
                    break;
                }
            }
            if self.normalized {
                let sum = out.sum();
                out.mapv_inplace(|topic| topic / sum);
            }
        }
        Ok(out)
    }
}

impl Estimator for LatentDirichletAllocation {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform]).with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, _: Method) -> Door {
        let door = Door::NUMERIC.sparse().floats();
        if self.own_width { door.any_width() } else { door }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.words.rows)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let columns = x.columns().unwrap_or(0);
        if smallest(x)? < 0.0 {
            return Err(Error::input("Negative values in data passed to LatentDirichletAllocation.transform"));
        }
        if columns != self.words.rows {
            return Err(Error::input(format_args!(
                "The provided data has {columns} dimensions while the model was trained with feature size {}.",
                self.words.rows
            )));
        }
        Ok(if self.single {
            Samples::Dense32(self.topics(x, |v| v as f32, f64::from)?)
        } else {
            Samples::Dense(self.topics(x, |v| v, |v| v)?)
        })
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok((0..self.words.columns).map(|k| format!("latentdirichletallocation{k}")).collect())
    }
}
