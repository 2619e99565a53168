//! `sklearn.preprocessing._function_transformer.FunctionTransformer`: a function of numpy, SciPy or scikit-learn on all columns, or none.

use skpickle::Kind;

use crate::{
    data::Samples,
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    preprocessing::function::Function,
    state::State,
    validation::Door,
};

struct FunctionTransformer {
    forward: Function,
    /// `None` when the function cannot be run: transforming does not need it.
    backward: Option<Function>,
    validate: bool,
    sparse: bool,
    names: bool,
    /// Number of columns that a table must have: their names are set anew (since 1.4).
    width: Option<usize>,
    /// Samples of another width are refused (since 0.24).
    counts: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    // None meant True until 0.21.
    let validate = s.opt("validate")?.unwrap_or(s.version() < (0, 22));
    let pass_y = s.raw_opt("pass_y").is_some_and(|field| field.get::<bool>().unwrap_or(false));
    s.require(!pass_y, "pass_y=True: the function needs y, which is not there in transform")?;
    let forward = Function::load(s.raw_opt("func"), s.raw_opt("kw_args"), s.version())?;
    let backward = Function::load(s.raw_opt("inverse_func"), s.raw_opt("inv_kw_args"), s.version()).ok();
    // since 1.1
    let names = match s.raw_opt("feature_names_out") {
        None => false,
        Some(field) => field.kind() == Kind::Str && field.str()? == "one-to-one",
    };
    let width = if names && s.version() >= (1, 4) { s.opt("n_features_in_")? } else { None };
    let sparse = s.raw_opt("accept_sparse").is_some_and(|field| field.get::<bool>().unwrap_or(true));
    Ok(Box::new(FunctionTransformer {
        forward,
        backward,
        validate,
        sparse,
        names,
        width,
        counts: s.version() >= (0, 24),
    }))
}

impl Estimator for FunctionTransformer {
    fn methods(&self) -> Methods {
        Methods::of(&[Method::Transform])
            .with_if(self.backward.is_some(), Method::InverseTransform)
            .with_if(self.names, Method::FeatureNamesOut)
    }

    fn door(&self, method: Method) -> Door {
        if !self.validate {
            return Door::OPEN;
        }
        let door = if self.sparse { Door::NUMERIC.sparse() } else { Door::NUMERIC };
        let any_width = method == Method::InverseTransform || !self.counts;
        if any_width { door.keep32().any_width() } else { door.keep32() }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        if let (Samples::Table(table), Some(width)) = (x, self.width)
            && table.columns().len() != width
        {
            return Err(Error::input(format_args!(
                "Length mismatch: Expected axis has {} elements, new values have {width} elements",
                table.columns().len()
            )));
        }
        self.forward.apply(x)
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        match &self.backward {
            Some(function) => function.apply(x),
            None => Err(Error::method("the inverse function cannot be run")),
        }
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        Ok(input.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Result, Samples, estimator::written_by};

    #[test]
    fn columns_are_counted_since_0_24() -> Result<()> {
        let x = Samples::from(ndarray::array![[1.0, 2.0]]);
        let class = ("sklearn.preprocessing._function_transformer", "FunctionTransformer");
        let attributes = "Vvalidate\nI01\nVfunc\nNVinverse_func\nNVn_features_in_\nI3\n";
        assert_eq!(written_by("0.23.2", class.0, class.1, attributes)?.transform(&x)?, x);
        assert!(written_by("0.24.2", class.0, class.1, attributes)?.transform(&x).is_err());
        Ok(())
    }
}
