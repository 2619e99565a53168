//! `sklearn.linear_model._glm`: `PoissonRegressor`, `GammaRegressor`, `TweedieRegressor`: the inverse link of a linear function.

use crate::{
    data::{Array, Samples},
    error::Result,
    estimator::Estimator,
    linear_model::predictor::{LinearPredictor, round_to},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// The function whose inverse makes the prediction from the linear predictor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Identity,
    Log,
}

struct GeneralizedLinearRegressor {
    linear: LinearPredictor,
    link: Link,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let linear = LinearPredictor::load(s)?;
    s.require(linear.outputs() == 1, format_args!("coef_ has {} rows, expected one", linear.outputs()))?;
    Ok(Box::new(GeneralizedLinearRegressor { linear, link: link(s)? }))
}

/// The fitted link: in the loss since 1.1, an attribute of its own before.
fn link(s: &State<'_, '_>) -> Result<Link> {
    let link = match s.raw_opt("_base_loss") {
        Some(loss) => loss.field("link")?,
        None => s.raw("_link_instance")?,
    };
    let known =
        |class: &skpickle::Name<'_>| matches!(class.module, "sklearn._loss.link" | "sklearn.linear_model._glm.link");
    match link.class().filter(known).map(|class| class.name) {
        Some("IdentityLink") => Ok(Link::Identity),
        Some("LogLink") => Ok(Link::Log),
        _ => Err(link.expected("the identity link or the log link").into()),
    }
}

impl Estimator for GeneralizedLinearRegressor {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Predict])
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.linear.features())
    }

    fn door(&self, _: Method) -> Door {
        LinearPredictor::DOOR.floats()
    }

    fn predict(&self, x: &Samples) -> Result<Array> {
        let mut y = self.linear.single(x)?;
        if self.link == Link::Log {
            let in32 = self.linear.in32(x);
            y.iter_mut().for_each(|eta| *eta = round_to(in32, eta.exp()));
        }
        Ok(y.into())
    }
}
