//! `sklearn.decomposition._nmf`: `NMF`, `MiniBatchNMF` and the old `ProjectedGradientNMF`: `transform` solves `X = W @ components_` for `W`.

use ndarray::Array2;

use super::{
    factorization::{Problem, Start},
    projection::{back, components, in_width, is_single, require_width},
};
use crate::{
    data::Samples,
    error::{Error, Result},
    estimator::Estimator,
    math::{Matrix, random::RandomState},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// Most rounds of a solver: more would only occupy the processor.
pub(super) const MOST_ROUNDS: usize = 10_000_000;

/// What finds `W`.
#[derive(Debug, Clone, Copy)]
enum Solver {
    /// `cd`; shuffled with this seed.
    CoordinateDescent { shuffle: Option<u32> },
    /// `mu`.
    Multiplicative,
    /// The multiplicative updates of `MiniBatchNMF`, which end by another rule.
    MiniBatch,
    /// `pg`, up to 0.18.
    ProjectedGradient,
}

struct Nmf {
    class: String,
    /// One row a component.
    components: Matrix,
    /// One row a feature.
    back: Matrix,
    solver: Solver,
    /// `beta_loss` as a number.
    beta: f64,
    l1: f64,
    l2: f64,
    /// What enforces sparsity in the projected gradients: added to every product of two components, and to that of one with itself.
    extra: (f64, f64),
    tol: f64,
    max_iter: usize,
    /// Products that are too small are raised to a floor; up to 1.2 only those that are zero.
    floor_all: bool,
    /// Fitted in 32 bits, and taking samples of no other width.
    single: bool,
    /// Samples must be of the width in bits that the components have.
    width_in_bits: bool,
    /// Who refuses negative samples; nobody.
    non_negative: Option<&'static str>,
    /// The number of features is checked by the factorization, which has its own words.
    own_width: bool,
    inverse: bool,
    names: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let mini_batch = s.class() == "MiniBatchNMF";
    // The solver stops when all samples together have come near enough.
    s.answers_whole_batches();
    let components = components(s)?;
    s.require(components.data.iter().all(|v| *v >= 0.0), "components_ has negative values")?;
    let beta = if s.version() < (0, 19) { 2.0 } else { beta_loss(s)? };
    let solver = if mini_batch {
        Solver::MiniBatch
    } else {
        match s.choice("solver", Some("cd"), &[("cd", 'c'), ("mu", 'm'), ("pg", 'p')])? {
            'c' => Solver::CoordinateDescent { shuffle: shuffle(s)? },
            'm' => Solver::Multiplicative,
            _ => Solver::ProjectedGradient,
        }
    };
    s.require(
        beta == 2.0 || matches!(solver, Solver::Multiplicative | Solver::MiniBatch),
        "solver and beta_loss differ",
    )?;
    let (l1, l2) = penalties(s, components.columns, matches!(solver, Solver::ProjectedGradient))?;
    let mut extra = (0.0, 0.0);
    let mut rounds = "max_iter";
    match solver {
        Solver::ProjectedGradient => {
            rounds = "nls_max_iter";
            if s.has("sparseness") {
                extra = if s.choice("sparseness", None, &[("data", true), ("components", false)])? {
                    (s.get("beta")?, 0.0)
                } else {
                    (0.0, s.get("eta")?)
                };
            }
        }
        Solver::MiniBatch if s.has("transform_max_iter") => rounds = "transform_max_iter",
        _ => {}
    }
    let max_iter: usize = s.get(rounds)?;
    s.require(max_iter <= MOST_ROUNDS, format_args!("{rounds} is {max_iter}, more than {MOST_ROUNDS}"))?;
    let tol: f64 = s.get("tol")?;
    s.require(tol >= 0.0, "tol is negative")?;
    Ok(Box::new(Nmf {
        class: s.class().to_owned(),
        back: components.transposed(),
        components,
        solver,
        beta,
        l1,
        l2,
        extra,
        tol,
        max_iter,
        floor_all: s.version() >= (1, 3),
        single: is_single(s, "components_")?,
        width_in_bits: s.version() >= (0, 23),
        non_negative: match s.version() {
            _ if mini_batch => None,
            (0, _) | (1, ..=5) => Some("NMF (input X)"),
            _ => Some("NMF."),
        },
        own_width: s.version() < (0, 24),
        inverse: s.version() >= (0, 18),
        names: s.version() >= (1, 1),
    }))
}

fn beta_loss(s: &State<'_, '_>) -> Result<f64> {
    let beta = match s.raw_opt("beta_loss").map(|beta| beta.get::<f64>()) {
        Some(Ok(beta)) => beta,
        _ => s.choice(
            "beta_loss",
            Some("frobenius"),
            &[("frobenius", 2.0), ("kullback-leibler", 1.0), ("itakura-saito", 0.0)],
        )?,
    };
    s.require(beta.is_finite(), "beta_loss is not finite")?;
    Ok(beta)
}

/// The seed that orders the components, if they are shuffled.
fn shuffle(s: &State<'_, '_>) -> Result<Option<u32>> {
    if !s.opt("shuffle")?.unwrap_or(false) {
        return Ok(None);
    }
    match s.opt::<i64>("random_state").map(|seed| seed.map(u32::try_from)) {
        Ok(Some(Ok(seed))) => Ok(Some(seed)),
        _ => Err(s.unsupported("shuffle=True without a number as random_state: each transform draws another order")),
    }
}

/// `l1_reg_W` and `l2_reg_W`.
fn penalties(s: &State<'_, '_>, features: usize, projected: bool) -> Result<(f64, f64)> {
    let number = |name: &str| s.opt::<f64>(name).ok().flatten();
    let ratio: f64 = s.get("l1_ratio")?;
    let scaled = match s.version() {
        (0, _) => false,
        // Both ways were there, and the new one went first where it was used.
        (1, 0 | 1) => number("alpha_W").unwrap_or(0.0) != 0.0 || s.opt::<String>("alpha_H").ok().flatten().is_none(),
        _ => true,
    };
    let alpha = if scaled {
        features as f64 * number("alpha_W").unwrap_or(0.0)
    } else {
        // None is no penalty; "deprecated" counts as both. Before 0.24 it was always both.
        let on = s.version() < (0, 24)
            || s.has("regularization")
                && s.choice(
                    "regularization",
                    None,
                    &[("both", true), ("transformation", true), ("deprecated", true), ("components", false)],
                )?;
        if on { number("alpha").unwrap_or(0.0) } else { 0.0 }
    };
    s.require(alpha.is_finite() && ratio.is_finite(), "the penalties are not finite")?;
    // The projected gradients add the whole penalty either as a constant or in proportion.
    let l1 = if projected && alpha <= 0.0 { 0.0 } else { alpha * ratio };
    Ok((l1, alpha * (1.0 - ratio)))
}

impl Nmf {
    fn check(&self, x: &Samples) -> Result<()> {
        let columns = x.columns().unwrap_or(0);
        if columns != self.components.columns {
            return Err(Error::input(format_args!(
                "Array with wrong shape passed to NMF (input H). Expected ({rows}, {columns}), but got ({rows}, {}) ",
                self.components.columns,
                rows = self.components.rows
            )));
        }
        if self.components.data.iter().all(|&v| v == 0.0) {
            return Err(Error::input("Array passed to NMF (input H) is full of zeros."));
        }
        let smallest = smallest(x)?;
        if let Some(whom) = self.non_negative.filter(|_| smallest < 0.0) {
            return Err(Error::input(format_args!("Negative values in data passed to {whom}")));
        }
        if self.beta <= 0.0 && smallest == 0.0 && matches!(self.solver, Solver::Multiplicative) {
            return Err(Error::input(
                "When beta_loss <= 0 and X contains zeros, the solver may diverge. Please add small values to X, or use a \
                 positive beta_loss.",
            ));
        }
        // Sparse samples do not say how wide their numbers were.
        let other_width = match x {
            Samples::Sparse(_) => false,
            Samples::Dense32(_) => !self.single,
            _ => self.single,
        };
        if self.width_in_bits && !matches!(self.solver, Solver::MiniBatch) && other_width {
            let dtype = if self.single { "float32" } else { "float64" };
            return Err(Error::input_type(format_args!("H should have the same dtype as X. Got H.dtype = {dtype}.")));
        }
        Ok(())
    }
}

/// The smallest value, of which a sparse matrix also has those it does not store.
pub(super) fn smallest(x: &Samples) -> Result<f64> {
    Ok(match x {
        Samples::Sparse(x) => {
            let zero = if x.data().len() < x.rows().saturating_mul(x.columns()) { 0.0 } else { f64::INFINITY };
            x.data().iter().copied().fold(zero, f64::min)
        }
        Samples::Dense32(x) => x.iter().fold(f64::INFINITY, |least, &v| least.min(v.into())),
        other => other.dense()?.iter().copied().fold(f64::INFINITY, f64::min),
    })
}

impl Estimator for Nmf {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform])
            .with_if(self.inverse, Method::InverseTransform)
            .with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, method: Method) -> Door {
        let door = if self.width_in_bits { Door::NUMERIC.keep32() } else { Door::NUMERIC }.floats();
        match method {
            Method::InverseTransform => Door::NUMERIC.sparse().any_width().any_value(),
            _ if self.own_width => door.sparse().any_width(),
            _ => door.sparse(),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.components.columns)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        self.check(x)?;
        let problem = Problem::new(x, &self.components, self.beta, (self.l1, self.l2), self.floor_all)?;
        let w = match self.solver {
            Solver::CoordinateDescent { shuffle } => {
                let order = shuffle.map(RandomState::new);
                problem.coordinate_descent(self.tol, self.max_iter, order)
            }
            Solver::Multiplicative => problem.multiplicative(self.tol, self.max_iter, Start::Mean),
            Solver::MiniBatch => problem.multiplicative(self.tol, self.max_iter, Start::MeanByBatch),
            Solver::ProjectedGradient => problem.projected_gradient(self.tol, self.max_iter, self.extra),
        };
        let w = Array2::from_shape_vec((x.rows(), self.components.rows), w)
            .map_err(|_| Error::input("the answer has no rows"))?;
        Ok(if self.single { in_width(w, x) } else { Samples::Dense(w) })
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        require_width(x, self.back.columns)?;
        Ok(Samples::Dense(back(&x.dense()?.view(), &self.back, None)))
    }

    fn feature_names_out(&self, _: &[String]) -> Result<Vec<String>> {
        let prefix = self.class.to_lowercase();
        Ok((0..self.components.rows).map(|k| format!("{prefix}{k}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Model,
        estimator::{doubles, written_by},
    };

    fn model(version: &str, component: f64) -> Result<Model> {
        let components = doubles(&[1, 2], &[component, component]);
        let attributes = format!(
            "Vcomponents_\n{components}Vsolver\nVcd\nVbeta_loss\nVfrobenius\nVn_components\nI1\nVn_components_\nI1\nVn_features_in_\nI2\n\
             Vmax_iter\nI5\nVtol\nF1e-4\nVshuffle\nI00\nValpha\nF0\nValpha_W\nF0\nValpha_H\nVsame\nVl1_ratio\nF0\nVinit\nNVrandom_state\nN"
        );
        written_by(version, "sklearn.decomposition._nmf", "NMF", &attributes)
    }

    #[test]
    fn components_of_zeros_are_refused() -> Result<()> {
        let refused =
            model("1.9.1", 0.0)?.transform(&Samples::from(ndarray::array![[1.0, 2.0]])).unwrap_err().to_string();
        assert!(refused.starts_with("Array passed to NMF (input H) is full of zeros."), "{refused}");
        Ok(())
    }

    #[test]
    fn samples_of_another_width_in_bits_are_refused_since_0_23() -> Result<()> {
        let x = Samples::Dense32(ndarray::array![[1.0, 2.0]]);
        assert!(model("0.22.2", 1.0)?.transform(&x).is_ok());
        let refused = model("0.23.2", 1.0)?.transform(&x).unwrap_err().to_string();
        assert!(refused.starts_with("H should have the same dtype as X."), "{refused}");
        Ok(())
    }
}
