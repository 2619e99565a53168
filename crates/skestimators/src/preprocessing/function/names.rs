//! Functions by their names and options.

use skpickle::{ErrorKind, Kind, Obj};

use super::{
    Function,
    elementwise::{self, Call},
};
use crate::{
    data::Dtype,
    error::{Error, Result},
    preprocessing::{binarizer::Binarizer, normalizer::Normalizer},
    validation::{Door, Finite},
};

/// A function by its name, with the options that `partial` or `kw_args` bind.
pub(super) fn function(func: &Obj<'_>, kwargs: Option<Obj<'_>>, version: (u32, u32)) -> Result<Function> {
    let mut options = Options::new(kwargs)?;
    let mut callee = func.clone();
    if callee.class().is_some_and(|name| name.is("functools", "partial")) {
        let state = callee.state().map(|state| state.items()).transpose()?.unwrap_or_default();
        let [inner, args, bound, ..] = state.as_slice() else { return Err(func.expected("a partial function").into()) };
        if !args.items()?.is_empty() {
            return Err(unsupported(func, "a partial function with positional arguments"));
        }
        options.bind(bound)?;
        callee = inner.clone();
    }
    let (module, name) = callable(&callee)?;
    let found = match (home(&module), name.as_str()) {
        ("numpy", name) => numpy(name, &mut options)?,
        ("scipy.special" | "sklearn.utils.extmath", "softmax") => softmax(home(&module), &mut options)?,
        ("builtins" | "__builtin__", "abs") => numpy("absolute", &mut options)?,
        ("scipy.special", name) => {
            elementwise::scipy(name).map(|call| Function::Each { name: name.to_owned(), call, keeps_zero: false })
        }
        ("sklearn.utils.validation", "check_array") => Some(check_array(&mut options)?),
        ("sklearn.preprocessing", name) => preprocessing(name, &mut options, version)?,
        _ => None,
    };
    let found = found.ok_or_else(|| unknown(&callee, &module, &name))?;
    match options.left() {
        None => Ok(found),
        Some(option) => Err(unsupported(func, &format!("the option {option} of {module}.{name}"))),
    }
}

fn unsupported(obj: &Obj<'_>, what: &str) -> Error {
    Error::unsupported(
        obj.error(ErrorKind::Unsupported, format_args!("{what} is not supported in FunctionTransformer")),
    )
}

fn unknown(obj: &Obj<'_>, module: &str, name: &str) -> Error {
    let name = skpickle::printable(&format!("{module}.{name}"));
    Error::unsupported(obj.error(
        ErrorKind::Unsupported,
        format_args!(
            "the function {name} cannot be run: its code is not in the file, and it is not one of numpy's, SciPy's or scikit-learn's that are known here"
        ),
    ))
}

/// The package that offers a function, whichever of its modules defines it in this version or that.
fn home(module: &str) -> &str {
    let inside =
        |package: &str| module.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let numpy = module == "numpy" || ["numpy.core", "numpy._core", "numpy.lib"].into_iter().any(inside);
    // Its logarithms and roots of negative numbers are complex ones.
    if numpy && !module.contains("scimath") {
        return "numpy";
    }
    ["scipy.special", "sklearn.preprocessing"].into_iter().find(|package| inside(package)).unwrap_or(module)
}

/// Module and name of a function, also of a ufunc as numpy before 1.20 wrote it.
fn callable(obj: &Obj<'_>) -> Result<(String, String)> {
    if let Some(name) = obj.global() {
        return Ok((name.module.to_owned(), name.name.to_owned()));
    }
    if let Some(class) = obj.class()
        && matches!(class.module, "numpy.core" | "numpy._core")
        && class.name == "_ufunc_reconstruct"
    {
        let args = obj.args()?;
        let [module, name] = args.as_slice() else { return Err(obj.expected("a ufunc").into()) };
        return Ok((module.get()?, name.get()?));
    }
    Err(obj.expected("a function").into())
}

/// Keyword arguments that have been bound and not yet been understood.
struct Options<'g>(Vec<(String, Obj<'g>)>);

impl<'g> Options<'g> {
    fn new(kwargs: Option<Obj<'g>>) -> Result<Self> {
        let mut options = Options(Vec::new());
        if let Some(kwargs) = kwargs {
            options.bind(&kwargs)?;
        }
        Ok(options)
    }

    fn bind(&mut self, bound: &Obj<'g>) -> Result<()> {
        if bound.is_none() {
            return Ok(());
        }
        for (name, value) in bound.entries()? {
            let name: String = name.get()?;
            // The arguments of the call go before those that are bound.
            if !self.0.iter().any(|(other, _)| *other == name) {
                self.0.push((name, value));
            }
        }
        Ok(())
    }

    fn take(&mut self, names: &[&str]) -> Option<Obj<'g>> {
        let at = self.0.iter().position(|(name, _)| names.contains(&name.as_str()))?;
        Some(self.0.remove(at).1)
    }

    fn number(&mut self, names: &[&str]) -> Result<Option<f64>> {
        match self.take(names) {
            Some(value) if !value.is_none() => Ok(Some(value.get()?)),
            _ => Ok(None),
        }
    }

    fn drop(&mut self, names: &[&str]) {
        while self.take(names).is_some() {}
    }

    /// Leaves out an option, if it has one of these values.
    fn drop_if(&mut self, name: &str, harmless: &[f64]) -> Result<bool> {
        let found = self.0.iter().find(|(option, _)| option == name).map(|(_, value)| value.get()).transpose()?;
        let drops = found.is_some_and(|value| harmless.contains(&value));
        if drops {
            self.drop(&[name]);
        }
        Ok(drops)
    }

    fn left(&self) -> Option<&str> {
        self.0.first().map(|(name, _)| name.as_str())
    }
}

/// A function of numpy, if it is known.
fn numpy(name: &str, options: &mut Options<'_>) -> Result<Option<Function>> {
    Ok(Some(match name {
        "clip" => Function::Clip {
            low: options.number(&["a_min", "min"])?.unwrap_or(f64::NEG_INFINITY),
            high: options.number(&["a_max", "max"])?.unwrap_or(f64::INFINITY),
        },
        "nan_to_num" => {
            options.drop(&["copy"]);
            Function::NanToNum {
                nan: options.number(&["nan"])?.unwrap_or(0.0),
                high: options.number(&["posinf"])?,
                low: options.number(&["neginf"])?,
            }
        }
        "round" | "round_" | "around" => {
            let decimals: Option<i64> = options.take(&["decimals"]).map(|decimals| decimals.get()).transpose()?;
            Function::Round(decimals.unwrap_or(0).clamp(-300, 300) as i32)
        }
        "array" | "asarray" | "asanyarray" | "ascontiguousarray" | "copy" => {
            options.drop(&["copy", "order"]);
            let dtype = options.take(&["dtype"]).filter(|dtype| !dtype.is_none());
            Function::Array(dtype.map(|dtype| Dtype::of(&dtype)).transpose()?)
        }
        _ => {
            return Ok(elementwise::numpy(name).map(|(call, keeps_zero)| Function::Each {
                name: name.to_owned(),
                call,
                keeps_zero,
            }));
        }
    }))
}

/// The softmax of rows alone: SciPy's is that of the whole batch unless it is told the axis.
fn softmax(home: &str, options: &mut Options<'_>) -> Result<Option<Function>> {
    options.drop(&["copy"]);
    let rows = options.drop_if("axis", &[1.0, -1.0])? || home != "scipy.special";
    Ok(rows.then_some(Function::Softmax))
}

/// A function of `sklearn.preprocessing`, if it takes its samples row by row.
fn preprocessing(name: &str, options: &mut Options<'_>, version: (u32, u32)) -> Result<Option<Function>> {
    options.drop(&["copy"]);
    Ok(match name {
        "normalize" => {
            options.drop_if("axis", &[1.0])?;
            let norm = options.take(&["norm"]).map(|norm| norm.get()).transpose()?.unwrap_or_else(|| "l2".to_owned());
            Normalizer::of(&norm, version)
                .map(|step| Function::Step { name: "the normalize function", step: Box::new(step) })
        }
        "binarize" => {
            let step = Binarizer::of(options.number(&["threshold"])?.unwrap_or(0.0), version);
            Some(Function::Step { name: "the binarize function", step: Box::new(step) })
        }
        "add_dummy_feature" => Some(Function::Dummy(options.number(&["value"])?.unwrap_or(1.0))),
        _ => None,
    })
}

fn check_array(options: &mut Options<'_>) -> Result<Function> {
    let mut door = Door::NUMERIC.any_width();
    if let Some(finite) = options.take(&["ensure_all_finite", "force_all_finite"]) {
        door.finite = match finite.kind() {
            Kind::Str if finite.str()? == "allow-nan" => Finite::AllowNan,
            Kind::Bool if finite.get()? => Finite::Yes,
            Kind::Bool => Finite::Any,
            _ => return Err(finite.expected("True, False or 'allow-nan'").into()),
        };
    }
    if let Some(dtype) = options.take(&["dtype"]) {
        let only = match dtype.kind() {
            Kind::List | Kind::Tuple => dtype.items()?,
            _ => vec![dtype.clone()],
        };
        let double = |obj: &Obj<'_>| {
            obj.global().is_some_and(|name| name.module == "numpy" && name.name == "float64")
                || obj.str().is_ok_and(|text| matches!(&*text, "numeric" | "float64"))
        };
        if !only.iter().all(double) {
            return Err(unsupported(&dtype, "a dtype other than float64 in check_array"));
        }
    }
    if let Some(sparse) = options.take(&["accept_sparse"]) {
        door.sparse = sparse.kind() != Kind::Bool || sparse.get()?;
    }
    options.drop(&["copy", "order", "input_name", "force_writeable"]);
    Ok(Function::Check(door))
}

/// A function of numpy that maps numbers one by one, for those who name one as a parameter.
pub(crate) fn numpy_function(obj: &Obj<'_>) -> Result<Call> {
    let (module, name) = callable(obj)?;
    let known = (home(&module) == "numpy").then(|| elementwise::numpy(&name)).flatten();
    known.map(|(call, _)| call).ok_or_else(|| {
        let name = skpickle::printable(&format!("{module}.{name}"));
        let message =
            format!("the function {name} cannot be run: only functions of numpy that map numbers one by one can");
        Error::unsupported(obj.error(ErrorKind::Unsupported, message))
    })
}
