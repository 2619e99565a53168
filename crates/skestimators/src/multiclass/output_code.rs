//! `OutputCodeClassifier`: one estimator for each bit of a code; the class with the nearest code wins.

use super::member::{Member, features_of, stack};
use crate::{
    data::{Array, Samples},
    error::Result,
    estimator::{Classes, Estimator},
    math::{
        Matrix,
        euclidean::{Compared, Targets},
    },
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// `OutputCodeClassifier`.
struct OutputCode {
    members: Vec<Member>,
    classes: Array,
    /// `code_book_`: the code of each class, one row each.
    codes: Targets,
    compared: Compared,
    /// How the samples are checked before the estimators see them.
    door: Door,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let members = Member::load_all(s)?;
    let classes = s.classes()?;
    let codes: Matrix = s.get("code_book_")?;
    s.require(
        (codes.rows, codes.columns) == (classes.len(), members.len()),
        format_args!(
            "code_book_ is of shape ({}, {}), expected ({}, {})",
            codes.rows,
            codes.columns,
            classes.len(),
            members.len()
        ),
    )?;
    let door = match s.version() {
        (0, ..=18) | (1.., _) => Door::OPEN,
        (0, ..=23) => Door::NUMERIC.keep32(),
        (0, _) => Door::NUMERIC.sparse().keep32(),
    };
    // `pairwise_distances_argmin` since 1.3
    let compared = if s.version() >= (1, 3) { Compared::ArgKmin } else { Compared::Distances };
    Ok(Box::new(OutputCode { members, classes, codes: Targets::new(codes), compared, door }))
}

impl Estimator for OutputCode {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict])
    }

    fn door(&self, _: Method) -> Door {
        self.door
    }

    fn n_features_in(&self) -> Option<usize> {
        features_of(&self.members)
    }

    fn classes(&self) -> Classes<'_> {
        Classes::One(&self.classes)
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let scores: Vec<Vec<f64>> = self.members.iter().map(|member| member.score(x)).collect::<Result<_>>()?;
        let scores = Samples::Dense(stack(&scores, x.rows()));
        let mut indices = Vec::with_capacity(scores.rows());
        self.codes.nearest(&scores, self.compared, |index| indices.push(index))?;
        Ok(self.classes.take(&indices))
    }
}
