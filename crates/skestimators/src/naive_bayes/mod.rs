//! `sklearn.naive_bayes`: classifiers by Bayes' theorem, which differ only in the likelihood of a sample in a class.

mod categorical;
mod discrete;
mod gaussian;

use ndarray::Array2;

use crate::{
    data::{Array, Output, Samples},
    error::{Error, Result},
    estimator::{Classes, Estimator},
    math::{
        float32,
        special::{argmax, logsumexp, logsumexp32},
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

pub(crate) use categorical::load as load_categorical;
pub(crate) use discrete::{load_bernoulli, load_complement, load_multinomial};
pub(crate) use gaussian::load as load_gaussian;

/// What makes one naive Bayes classifier differ from the others.
trait Likelihood: Send + Sync {
    /// How samples are checked.
    const DOOR: Door;

    /// Number of features.
    fn features(&self) -> usize;

    /// Whether these samples are computed with in 32 bits.
    fn in_32_bits(&self, _x: &Samples) -> bool {
        false
    }

    /// `_joint_log_likelihood`: the logarithm of `P(class) P(sample | class)` up to a term of the sample, one column a class.
    fn joint(&self, x: &Samples) -> Result<Array2<f64>>;
}

/// `_BaseNB`: labels and probabilities from joint log likelihoods.
struct NaiveBayes<L> {
    likelihood: L,
    classes: Array,
    /// Whether the joint log likelihoods can be asked for (1.2).
    joint: bool,
}

impl<L: Likelihood + 'static> NaiveBayes<L> {
    fn boxed(s: &State<'_, '_>, classes: Array, likelihood: L) -> Box<dyn Estimator> {
        Box::new(NaiveBayes { likelihood, classes, joint: s.version() >= (1, 2) })
    }
}

impl<L: Likelihood> Estimator for NaiveBayes<L> {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::PredictProba, Method::PredictLogProba])
            .with_if(self.joint, Method::PredictJointLogProba)
    }

    fn door(&self, _: Method) -> Door {
        L::DOOR
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.likelihood.features())
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let joint = self.likelihood.joint(x)?;
        let indices: Vec<usize> = joint.rows().into_iter().map(|row| argmax(row.iter().copied())).collect();
        // The one beside a single class has no label.
        if let Some(index) = indices.iter().find(|&&index| index >= self.classes.len()) {
            return Err(Error::input(format_args!(
                "index {index} is out of bounds for axis 0 with size {}: the model knows one class alone, and a sample that is likelier \
                 without it has no label; predict_proba answers it",
                self.classes.len()
            )));
        }
        Ok(self.classes.take(&indices))
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        let mut p = self.normalised(x)?;
        if self.likelihood.in_32_bits(x) {
            p.mapv_inplace(|x| float32::exp(x as f32).into());
        } else {
            p.mapv_inplace(f64::exp);
        }
        Ok(p.into())
    }

    fn predict_log_proba(&self, x: &Samples) -> Result<Output> {
        self.normalised(x).map(Output::from)
    }

    fn other(&self, _: Method, x: &Samples) -> Result<Output> {
        self.likelihood.joint(x).map(Output::from)
    }
}

impl<L: Likelihood> NaiveBayes<L> {
    fn normalised(&self, x: &Samples) -> Result<Array2<f64>> {
        let mut joint = self.likelihood.joint(x)?;
        let in_32_bits = self.likelihood.in_32_bits(x);
        for mut row in joint.rows_mut() {
            if in_32_bits {
                let norm = logsumexp32(row.iter().map(|&x| x as f32));
                row.mapv_inplace(|x| (x as f32 - norm).into());
            } else {
                let norm = logsumexp(row.iter());
                row -= norm;
            }
        }
        Ok(joint)
    }
}

/// An attribute with one number for each class.
fn per_class(s: &State<'_, '_>, name: &str, classes: usize) -> Result<Vec<f64>> {
    let values = s.get::<skpickle::Shared<f64>>(name)?.to_vec();
    s.require(values.len() == classes, format_args!("{name} has {} values for {classes} classes", values.len()))?;
    Ok(values)
}
