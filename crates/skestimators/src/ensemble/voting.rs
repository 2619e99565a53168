//! `sklearn.ensemble._voting`: `VotingClassifier`, `VotingRegressor`.

use ndarray::Array2;

use crate::{
    compose::columns::hstack,
    data::{Array, Output, Samples},
    ensemble::members::{codes, expect, matrix, names, probabilities, stacked},
    error::{Error, Result},
    estimator::{Classes, Estimator, Fitted},
    math::special::argmax,
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// The estimators that vote.
struct Voters {
    members: Vec<Fitted>,
    /// `None` counts all alike.
    weights: Option<Vec<f64>>,
    names: Vec<String>,
    /// The names of the output can be asked for.
    named: bool,
}

fn voters(s: &State<'_, '_>) -> Result<Voters> {
    let members = s.estimators("estimators_")?;
    s.require(!members.is_empty(), "estimators_ is empty")?;
    for member in &members {
        s.require(member.has(Method::Predict), format_args!("a '{}' in estimators_ has no predict", member.class))?;
    }
    let given = names(s)?;
    let weights = match s.opt::<Vec<f64>>("weights") {
        Ok(weights) => weights,
        Err(_) => Some(s.raw("weights")?.array()?.f64s()?.to_vec()),
    };
    let weights = match weights {
        Some(weights) => {
            s.require(
                weights.len() == given.len(),
                format_args!("{} weights for {} estimators", weights.len(), given.len()),
            )?;
            Some(weights.iter().zip(&given).filter(|(_, (_, dropped))| !dropped).map(|(&w, _)| w).collect::<Vec<f64>>())
        }
        None => None,
    };
    let names: Vec<String> = given.into_iter().filter(|(_, dropped)| !dropped).map(|(name, _)| name).collect();
    s.require(
        names.len() == members.len(),
        format_args!("estimators_ has {} estimators, estimators {}", members.len(), names.len()),
    )?;
    // since 1.1
    Ok(Voters { members, weights, names, named: s.version() >= (1, 1) })
}

impl Voters {
    fn weight(&self, k: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[k])
    }

    fn total(&self) -> f64 {
        self.weights.as_ref().map_or(self.members.len() as f64, |weights| weights.iter().sum())
    }

    /// The weighted mean of matrices, one of each member.
    fn average(&self, parts: &[Array2<f64>]) -> Result<Array2<f64>> {
        let Some(first) = parts.first() else { return Err(Error::input("no estimators")) };
        let mut sum = Array2::zeros(first.dim());
        for (k, part) in parts.iter().enumerate() {
            expect(part, first.nrows(), first.ncols())?;
            let weight = self.weight(k);
            sum.zip_mut_with(part, |sum, &v| *sum += v * weight);
        }
        let total = self.total();
        if total == 0.0 {
            return Err(Error::input("Weights sum to zero, can't be normalized"));
        }
        sum.mapv_inplace(|v| v / total);
        Ok(sum)
    }
}

/// The answers of all members for so many samples, side by side.
fn together(parts: Vec<Array2<f64>>, rows: usize) -> Result<Samples> {
    hstack(parts.into_iter().map(Samples::Dense).collect(), rows, false)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voting {
    Hard,
    Soft,
}

struct VotingClassifier {
    voters: Voters,
    classes: Array,
    voting: Voting,
    flatten: bool,
    /// A missing `predict_proba` is reported in the words of `available_if`.
    own_words: bool,
}

pub(crate) fn load_classifier(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let voters = voters(s)?;
    let classes = s.child("le_")?.classes()?;
    let voting = s.choice("voting", None, &[("hard", Voting::Hard), ("soft", Voting::Soft)])?;
    if voting == Voting::Soft {
        for member in &voters.members {
            s.require(
                member.has(Method::PredictProba),
                format_args!("a '{}' in estimators_ has no predict_proba, which voting='soft' needs", member.class),
            )?;
        }
    }
    for member in &voters.members {
        super::members::class_codes(s, member, classes.len())?;
    }
    // Absent until 0.18, and None then meant False.
    let flatten = s.opt("flatten_transform")?.unwrap_or(false);
    Ok(Box::new(VotingClassifier { voters, classes, voting, flatten, own_words: s.version() >= (1, 4) }))
}

impl VotingClassifier {
    fn probabilities(&self, x: &Samples) -> Result<Vec<Array2<f64>>> {
        self.voters.members.iter().map(|member| probabilities(member.predict_proba(x)?)).collect()
    }

    /// Class numbers, one list a member.
    fn votes(&self, x: &Samples) -> Result<Vec<Vec<usize>>> {
        self.voters.members.iter().map(|member| codes(&member.predict(x)?, self.classes.len())).collect()
    }
}

impl Estimator for VotingClassifier {
    fn methods(&self) -> Methods {
        let named = self.voters.named && (self.voting == Voting::Hard || self.flatten);
        Methods::of(&[Method::Predict, Method::Transform])
            .with_if(self.voting == Voting::Soft, Method::PredictProba)
            .with_if(named, Method::FeatureNamesOut)
    }

    fn n_features_in(&self) -> Option<usize> {
        self.voters.members.first().and_then(|member| member.n_features_in)
    }

    fn feature_names_in(&self) -> Option<&[String]> {
        self.voters.members.first().and_then(|member| member.feature_names_in.as_deref())
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        match method {
            Method::PredictProba if self.own_words => {
                Some("This 'VotingClassifier' has no attribute 'predict_proba'".into())
            }
            Method::PredictProba => Some("predict_proba is not available when voting='hard'".into()),
            Method::FeatureNamesOut if self.voters.named => {
                Some("get_feature_names_out is not supported when `voting='soft'` and `flatten_transform=False`".into())
            }
            _ => None,
        }
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let labels: Vec<usize> = match self.voting {
            Voting::Soft => {
                let p = self.voters.average(&self.probabilities(x)?)?;
                p.rows().into_iter().map(|row| argmax(row.iter().copied())).collect()
            }
            Voting::Hard => {
                let votes = self.votes(x)?;
                let mut counts = vec![0.0; self.classes.len()];
                let rows = votes.iter().map(Vec::len).min().unwrap_or(0);
                let most = |i: usize| {
                    counts.fill(0.0);
                    votes.iter().enumerate().for_each(|(k, votes)| counts[votes[i]] += self.voters.weight(k));
                    argmax(counts.iter().copied())
                };
                (0..rows).map(most).collect()
            }
        };
        Ok(self.classes.take(&labels))
    }

    fn predict_proba(&self, x: &Samples) -> Result<Output> {
        Ok(self.voters.average(&self.probabilities(x)?)?.into())
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        match self.voting {
            Voting::Soft if self.flatten => together(self.probabilities(x)?, x.rows()),
            Voting::Soft => {
                let parts = self.probabilities(x)?;
                let rows = parts.first().map_or(0, Array2::nrows);
                Ok(Samples::Array(stacked(&parts, rows, self.classes.len())?))
            }
            Voting::Hard => {
                let votes = self.votes(x)?;
                let rows = votes.iter().map(Vec::len).min().unwrap_or(0);
                Ok(Samples::Dense(Array2::from_shape_fn((rows, votes.len()), |(i, k)| votes[k][i] as f64)))
            }
        }
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        let name = |name: &String| format!("votingclassifier_{name}");
        Ok(match self.voting {
            Voting::Hard => self.voters.names.iter().map(name).collect(),
            Voting::Soft => {
                let each = |member: &String| {
                    let name = name(member);
                    (0..self.classes.len()).map(move |i| format!("{name}{i}"))
                };
                self.voters.names.iter().flat_map(each).collect()
            }
        })
    }
}

struct VotingRegressor {
    voters: Voters,
}

pub(crate) fn load_regressor(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    Ok(Box::new(VotingRegressor { voters: voters(s)? }))
}

impl VotingRegressor {
    fn predictions(&self, x: &Samples) -> Result<Vec<Array2<f64>>> {
        self.voters.members.iter().map(|member| matrix(member.predict(x)?)).collect()
    }
}

impl Estimator for VotingRegressor {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict, Method::Transform]).with_if(self.voters.named, Method::FeatureNamesOut)
    }

    fn n_features_in(&self) -> Option<usize> {
        self.voters.members.first().and_then(|member| member.n_features_in)
    }

    fn feature_names_in(&self) -> Option<&[String]> {
        self.voters.members.first().and_then(|member| member.feature_names_in.as_deref())
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let mean = self.voters.average(&self.predictions(x)?)?;
        let rows = mean.nrows();
        expect(&mean, rows, 1)?;
        Ok(Array::from(mean.into_raw_vec_and_offset().0))
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        together(self.predictions(x)?, x.rows())
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        Ok(self.voters.names.iter().map(|name| format!("votingregressor_{name}")).collect())
    }
}
