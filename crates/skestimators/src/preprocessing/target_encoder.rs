//! `sklearn.preprocessing._target_encoder.TargetEncoder`: each category becomes the mean target that it had.

use ndarray::Array2;
use skpickle::Shared;

use crate::{
    compose::columns::not_two_dimensional,
    data::{Array, Samples},
    error::Result,
    estimator::{Classes, Estimator},
    method::{Method, Methods},
    preprocessing::categories::{Categories, texts},
    state::State,
    validation::Door,
};

struct TargetEncoder {
    categories: Vec<Categories>,
    /// For each column and class, a number a category.
    encodings: Vec<Shared<f64>>,
    /// One a class, for values that the fit has not seen.
    means: Vec<f64>,
    /// Of a classification.
    classes: Option<Array>,
    /// Names of the classes, of more than two.
    names: Option<Vec<String>>,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let mut categories = Vec::new();
    for field in s.objects("categories_")? {
        let values: Array = field.get()?;
        if values.shape().len() != 1 {
            return Err(field.expected("a 1-d array of categories").into());
        }
        field.charge((values.len() as u64).saturating_mul(96))?;
        categories.push(Categories::new(values));
    }
    s.require(!categories.is_empty(), "categories_ is empty")?;
    let several = s.choice("target_type_", None, &[("binary", false), ("continuous", false), ("multiclass", true)])?;
    let classes = if s.raw_opt("classes_").is_some() { Some(s.classes()?) } else { None };
    s.require(!several || classes.is_some(), "classes_ is missing")?;
    let names = classes.as_ref().filter(|_| several).map(texts);
    let n = names.as_ref().map_or(1, Vec::len);
    let mean = s.raw("target_mean_")?;
    let means: Vec<f64> = if several { mean.get::<Shared<f64>>()?.to_vec() } else { vec![mean.get()?] };
    let encodings: Vec<Shared<f64>> =
        s.objects("encodings_")?.iter().map(|obj| obj.get()).collect::<skpickle::Result<_>>()?;
    s.require(means.len() == n, format_args!("target_mean_ has {} values for {n} classes", means.len()))?;
    let sound = encodings.len() == n.saturating_mul(categories.len())
        && encodings.chunks(n).zip(&categories).all(|(part, known)| part.iter().all(|e| e.len() == known.len()));
    s.require(sound, "encodings_ is not for the categories")?;
    Ok(Box::new(TargetEncoder { categories, encodings, means, classes, names }))
}

impl Estimator for TargetEncoder {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform, Method::FeatureNamesOut])
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.categories.len())
    }

    fn classes(&self) -> Classes<'_> {
        self.classes.as_ref().map_or(Classes::None, Classes::One)
    }

    fn door(&self, _: Method) -> Door {
        Door::VALUES.nameless()
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        if x.columns() != Some(self.categories.len()) {
            return Err(not_two_dimensional(x));
        }
        let n = self.means.len();
        let mut out = Array2::zeros((x.rows(), self.encodings.len()));
        for (j, known) in self.categories.iter().enumerate() {
            known.check_column(x, j)?;
            for i in 0..x.rows() {
                let code = known.find_cell(x, i, j);
                for (k, mean) in self.means.iter().enumerate() {
                    out[[i, j * n + k]] = code.map_or(*mean, |code| self.encodings[j * n + k][code]);
                }
            }
        }
        Ok(Samples::Dense(out))
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        let Some(classes) = &self.names else { return Ok(input.to_vec()) };
        Ok(input.iter().flat_map(|name| classes.iter().map(move |class| format!("{name}_{class}"))).collect())
    }
}
