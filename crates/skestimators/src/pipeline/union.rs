//! `FeatureUnion`: transformers on the same samples, their answers side by side.

use skpickle::Kind;

use crate::{
    compose::columns::{hstack, weighted},
    data::Samples,
    error::{Error, Result},
    estimator::{Estimator, Fitted},
    method::{Method, Methods},
    state::State,
    validation::Door,
};

/// A transformer that has not been dropped.
struct Part {
    name: String,
    /// `None` passes the samples on.
    transformer: Option<Fitted>,
    weight: Option<f64>,
}

struct FeatureUnion {
    parts: Vec<Part>,
    /// The names of transformers go before those of their columns.
    prefixed: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let weights = s.raw_opt("transformer_weights");
    let mut parts = Vec::new();
    for pair in s.objects("transformer_list")? {
        let items = pair.items()?;
        let [name, transformer] = items.as_slice() else {
            return Err(pair.expected("a pair of a name and a transformer").into());
        };
        // None meant 'drop' until 0.24.
        let word = if transformer.kind() == Kind::Str { Some(transformer.str()?) } else { None };
        let transformer = match word.as_deref() {
            Some("drop") => continue,
            None if transformer.is_none() => continue,
            Some("passthrough") => None,
            Some(_) => return Err(transformer.expected("a transformer, 'passthrough' or 'drop'").into()),
            None => Some(s.load(transformer)?),
        };
        if let Some(fitted) = transformer.as_ref().filter(|fitted| !fitted.has(Method::Transform)) {
            return Err(s.error(format_args!("'{}' in transformer_list has no transform", fitted.class)));
        }
        let name: String = name.get()?;
        let weight = match &weights {
            Some(weights) => weights.entry(&name).ok().filter(|w| !w.is_none()).map(|w| w.get()).transpose()?,
            None => None,
        };
        parts.push(Part { name, transformer, weight });
    }
    // since 1.5
    let prefixed = s.opt("verbose_feature_names_out")?.unwrap_or(true);
    Ok(Box::new(FeatureUnion { parts, prefixed }))
}

impl Estimator for FeatureUnion {
    fn methods(&self) -> Methods {
        let has = |part: &Part| part.transformer.as_ref().is_none_or(|t| t.has(Method::FeatureNamesOut));
        Methods::of(&[Method::Transform]).with_if(self.parts.iter().all(has), Method::FeatureNamesOut)
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn follow(&mut self) {
        self.parts.iter_mut().filter_map(|part| part.transformer.as_mut()).for_each(|fitted| fitted.follow());
    }

    fn n_features_in(&self) -> Option<usize> {
        self.parts.iter().find_map(|part| part.transformer.as_ref()?.n_features_in)
    }

    fn feature_names_in(&self) -> Option<&[String]> {
        self.parts.iter().find_map(|part| part.transformer.as_ref()?.feature_names_in.as_deref())
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        let lacking = self.parts.iter().find_map(|part| {
            let transformer = part.transformer.as_ref().filter(|t| !t.has(method))?;
            Some(format!("Transformer {} (type {}) does not provide {}.", part.name, transformer.class, method.name()))
        });
        lacking.filter(|_| method == Method::FeatureNamesOut)
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let mut outs = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let out = match &part.transformer {
                Some(transformer) => transformer.transform(x)?,
                None => x.clone(),
            };
            outs.push(match part.weight {
                Some(weight) => weighted(out, weight)?,
                None => out,
            });
        }
        let sparse = outs.iter().any(|out| matches!(out, Samples::Sparse(_)));
        hstack(outs, x.rows(), sparse)
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        let mut out: Vec<String> = Vec::new();
        for part in &self.parts {
            let names = match &part.transformer {
                Some(transformer) => transformer.feature_names_out(Some(input))?,
                None => input.to_vec(),
            };
            if self.prefixed {
                out.extend(names.iter().map(|name| format!("{}__{name}", part.name)));
            } else {
                out.extend(names);
            }
        }
        let unique: std::collections::BTreeSet<&String> = out.iter().collect();
        if unique.len() < out.len() {
            return Err(Error::input(
                "Output feature names are not unique. Please set verbose_feature_names_out=True to add prefixes to feature names",
            ));
        }
        Ok(out)
    }
}
