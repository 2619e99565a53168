//! `sklearn.preprocessing._function_transformer.FunctionTransformer`: a function of numpy or of scikit-learn on all columns, or none.

use std::borrow::Cow;

use ndarray::Array2;
use skpickle::{ErrorKind, Kind, Obj};

use crate::{
    compose::columns::hstack,
    data::{Column, ColumnData, Dtype, Samples, Table},
    decomposition::in_width,
    error::{Error, Result},
    estimator::Estimator,
    math::special::softmax_rows,
    method::{Method, Methods},
    preprocessing::{
        binarizer::Binarizer,
        elementwise::{self, Call, flag},
        normalizer::Normalizer,
    },
    state::State,
    validation::{self, Door, Finite},
};

/// What is done to the samples. Only functions on this list can be run: a file holds a function's name, not its code.
enum Function {
    Identity,
    /// `sklearn.utils.check_array` with some of its options.
    Check(Door),
    /// `numpy.asarray` and its like, with a dtype if one is asked for.
    Array(Option<Dtype>),
    /// A function of numpy or SciPy, element by element.
    Each {
        name: String,
        call: Call,
        keeps_zero: bool,
    },
    /// `numpy.round`, to so many decimals.
    Round(i32),
    /// `numpy.clip`.
    Clip {
        low: f64,
        high: f64,
    },
    /// `numpy.nan_to_num`.
    NanToNum {
        nan: f64,
        high: Option<f64>,
        low: Option<f64>,
    },
    /// `softmax` of each row.
    Softmax,
    /// A function of scikit-learn that does what one of its transformers does.
    Step {
        name: &'static str,
        step: Box<dyn Estimator>,
    },
    /// `sklearn.preprocessing.add_dummy_feature`, of this value.
    Dummy(f64),
}

struct FunctionTransformer {
    forward: Function,
    /// `None` when the function cannot be run: transforming does not need it.
    backward: Option<Function>,
    validate: bool,
    sparse: bool,
    names: bool,
    /// Number of columns that a table must have: their names are set anew (since 1.4).
    width: Option<usize>,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    // None meant True until 0.21.
    let validate = s.opt("validate")?.unwrap_or(s.version() < (0, 22));
    let pass_y = s.raw_opt("pass_y").is_some_and(|field| field.get::<bool>().unwrap_or(false));
    s.require(!pass_y, "pass_y=True: the function needs y, which is not there in transform")?;
    let forward = function(s.raw_opt("func"), s.raw_opt("kw_args"), s.version())?;
    let backward = function(s.raw_opt("inverse_func"), s.raw_opt("inv_kw_args"), s.version()).ok();
    // since 1.1
    let names = match s.raw_opt("feature_names_out") {
        None => false,
        Some(field) => field.kind() == Kind::Str && field.str()? == "one-to-one",
    };
    let width = if names && s.version() >= (1, 4) { s.opt("n_features_in_")? } else { None };
    let sparse = s.raw_opt("accept_sparse").is_some_and(|field| field.get::<bool>().unwrap_or(true));
    Ok(Box::new(FunctionTransformer { forward, backward, validate, sparse, names, width }))
}

/// A function by its name, with the options that `partial` or `kw_args` bind.
fn function(func: Option<Obj<'_>>, kwargs: Option<Obj<'_>>, version: (u32, u32)) -> Result<Function> {
    let Some(func) = func else { return Ok(Function::Identity) };
    let mut options = Options::new(kwargs)?;
    let mut callee = func.clone();
    if callee.class().is_some_and(|name| name.is("functools", "partial")) {
        let state = callee.state().map(|state| state.items()).transpose()?.unwrap_or_default();
        let [inner, args, bound, ..] = state.as_slice() else { return Err(func.expected("a partial function").into()) };
        if !args.items()?.is_empty() {
            return Err(unsupported(&func, "a partial function with positional arguments"));
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
        Some(option) => Err(unsupported(&func, &format!("the option {option} of {module}.{name}"))),
    }
}

fn unsupported(obj: &Obj<'_>, what: &str) -> Error {
    Error::unsupported(obj.error(ErrorKind::Unsupported, format!("{what} is not supported in FunctionTransformer")))
}

fn unknown(obj: &Obj<'_>, module: &str, name: &str) -> Error {
    let name = skpickle::printable(&format!("{module}.{name}"));
    Error::unsupported(obj.error(
        ErrorKind::Unsupported,
        format!(
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

impl Function {
    fn apply(&self, x: &Samples) -> Result<Samples> {
        match self {
            Function::Identity => Ok(x.clone()),
            Function::Check(door) => validation::check_array("check_array", None, *door, x).map(Cow::into_owned),
            Function::Array(None) => match x {
                Samples::Table(_) => hstack(vec![x.clone()], x.rows(), false),
                x => Ok(x.clone()),
            },
            Function::Array(Some(dtype)) => Ok(dtype.samples(numbers(x)?.dense()?.mapv(|v| dtype.cast(v)))),
            &Function::Round(decimals) => {
                let in32 = matches!(x, Samples::Dense32(_));
                map(x, "round", elementwise::round(decimals, in32), |x| x, true)
            }
            Function::Softmax => {
                let x = numbers(x)?;
                let mut out = x.dense()?.into_owned();
                softmax_rows(&mut out);
                Ok(in_width(out, &x))
            }
            Function::Step { name, step } => {
                let door = step.door(Method::Transform).any_width();
                step.transform(&*validation::check_array(name, None, door, x)?)
            }
            Function::Dummy(value) => {
                let door = Door::NUMERIC.sparse().floats().any_width();
                let x = validation::check_array("the add_dummy_feature function", None, door, x)?.into_owned();
                let (rows, sparse) = (x.rows(), matches!(x, Samples::Sparse(_)));
                let dummy = Array2::from_elem((rows, 1), *value);
                hstack(vec![dummy.into(), x], rows, sparse)
            }
            Function::Each { name, call, keeps_zero } => {
                let integers = if name == "reciprocal" { f64::trunc } else { |x| x };
                map(x, name, call, integers, *keeps_zero)
            }
            &Function::Clip { low, high } => {
                let clip = |v: f64| {
                    let v = if v < low { low } else { v };
                    if v > high { high } else { v }
                };
                map(x, "clip", clip, |x| x, low <= 0.0 && high >= 0.0)
            }
            &Function::NanToNum { nan, high, low } => {
                let wide = |bound: Option<f64>, x: &Samples| {
                    bound.unwrap_or(if matches!(x, Samples::Dense32(_)) { f32::MAX.into() } else { f64::MAX })
                };
                let (high, low) = (wide(high, x), low.unwrap_or(-wide(None, x)));
                let replace = |v: f64| {
                    if v.is_nan() {
                        nan
                    } else if v == f64::INFINITY {
                        high
                    } else if v == f64::NEG_INFINITY {
                        low
                    } else {
                        v
                    }
                };
                map(x, "nan_to_num", replace, |x| x, true)
            }
        }
    }
}

/// The numbers of dense samples, whatever they are.
fn numbers(x: &Samples) -> Result<Cow<'_, Samples>> {
    validation::check_array("asarray", None, Door::NUMERIC.any_value().floats().keep32().any_width(), x)
}

/// Each number by `call`; what comes of integers also by `integers`.
fn map(
    x: &Samples,
    name: &str,
    call: impl Fn(f64) -> f64,
    integers: fn(f64) -> f64,
    keeps_zero: bool,
) -> Result<Samples> {
    Ok(match x {
        Samples::Dense(x) => Samples::Dense(x.mapv(call)),
        Samples::Dense32(x) => Samples::Dense32(x.mapv(|v| call(f64::from(v)) as f32)),
        Samples::Sparse(x) if keeps_zero => {
            let mut x = x.canonical();
            x.data_mut().iter_mut().for_each(|v| *v = call(*v));
            Samples::Sparse(x)
        }
        Samples::Table(table) => {
            let mut columns = Vec::with_capacity(table.columns().len());
            for column in table.columns() {
                let data = match &column.data {
                    ColumnData::F64(v) => ColumnData::F64(v.iter().map(|&x| call(x)).collect()),
                    ColumnData::F32(v) => ColumnData::F32(v.iter().map(|&x| call(x.into()) as f32).collect()),
                    ColumnData::I64(v) => ColumnData::F64(v.iter().map(|&n| integers(call(n as f64))).collect()),
                    ColumnData::Bool(v) => ColumnData::F64(v.iter().map(|&b| call(flag(b))).collect()),
                    _ => {
                        return Err(Error::input_type(format!(
                            "ufunc '{name}' not supported for the input types: column '{}' holds text",
                            skpickle::printable(&column.name)
                        )));
                    }
                };
                columns.push(Column { name: column.name.clone(), data });
            }
            Samples::Table(Table::new(columns)?)
        }
        Samples::Rows(rows) => Samples::Dense(validation::rows_to_numbers(rows, false)?.mapv(call)),
        other => {
            return Err(Error::input_type(format!(
                "ufunc '{name}' not supported for the input types: rows of numbers are expected, found {}",
                other.kind()
            )));
        }
    })
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
        if method == Method::InverseTransform { door.keep32().any_width() } else { door.keep32() }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        if let (Samples::Table(table), Some(width)) = (x, self.width)
            && table.columns().len() != width
        {
            return Err(Error::input(format!(
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
    use ndarray::array;

    use super::*;
    use crate::{data::Csr, estimator::written};

    /// What a function with these options, written as a pickle writes them, makes of some numbers.
    fn answer(func: &str, options: &str, x: &Samples) -> Result<Samples> {
        let class = ("sklearn.preprocessing._function_transformer", "FunctionTransformer");
        written(class.0, class.1, &format!("Vfunc\nc{func}\nVkw_args\n}}({options}u"))?.transform(x)
    }

    #[test]
    fn functions_of_scipy_and_scikit_learn_are_run() -> Result<()> {
        let x = Samples::from(array![[3.0, -4.0], [0.0, 2.0]]);
        let close = |func: &str, options: &str, expected: [[f64; 2]; 2]| -> Result<()> {
            let found = answer(func, options, &x)?;
            let near = found.dense()?.iter().zip(expected.as_flattened()).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(near, "{func} {options}: {found:?}");
            Ok(())
        };
        close(
            "scipy.special._special_ufuncs\nexpit",
            "",
            [[0.9525741268224334, 0.017986209962091559], [0.5, 0.8807970779778823]],
        )?;
        close("numpy\nround", "Vdecimals\nI-1\n", [[0.0, 0.0], [0.0, 0.0]])?;
        close("sklearn.preprocessing._data\nnormalize", "", [[0.6, -0.8], [0.0, 1.0]])?;
        close("sklearn.preprocessing._data\nnormalize", "Vnorm\nVmax\n", [[0.75, -1.0], [0.0, 1.0]])?;
        close("sklearn.preprocessing._data\nbinarize", "Vthreshold\nF1\n", [[1.0, 0.0], [0.0, 1.0]])?;
        close("numpy\nasarray", "Vdtype\ncnumpy\nfloat16\n", [[3.0, -4.0], [0.0, 2.0]])?;
        close(
            "scipy.special._logsumexp\nsoftmax",
            "Vaxis\nI1\n",
            [[0.9990889488055994, 0.0009110511944006454], [0.11920292202211755, 0.8807970779778823]],
        )?;
        let sparse = Samples::Sparse(Csr::from_dense(&array![[1.26, 0.0]]));
        let rounded = answer("numpy\nround", "Vdecimals\nI1\n", &sparse)?;
        assert_eq!(rounded, Samples::Sparse(Csr::from_dense(&array![[1.3, 0.0]])));
        let dummy = answer("sklearn.preprocessing._data\nadd_dummy_feature", "Vvalue\nF7\n", &x)?;
        assert_eq!(dummy, array![[7.0, 3.0, -4.0], [7.0, 0.0, 2.0]].into());
        Ok(())
    }

    #[test]
    fn functions_of_the_whole_batch_are_refused() {
        let x = Samples::from(array![[1.0]]);
        for (func, options) in [
            ("scipy.special._logsumexp\nsoftmax", ""),
            ("sklearn.preprocessing._data\nnormalize", "Vaxis\nI0\n"),
            ("sklearn.preprocessing._data\nscale", ""),
            ("numpy.lib.scimath\nsqrt", ""),
        ] {
            assert!(answer(func, options, &x).is_err(), "{func}");
        }
    }
}
