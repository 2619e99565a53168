//! `sklearn.preprocessing._function_transformer.FunctionTransformer`: a function of numpy or of scikit-learn on all columns, or none.

use skpickle::{ErrorKind, Kind, Obj};

use crate::{
    data::{Column, ColumnData, Samples, Table},
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    state::State,
    validation::{self, Door, Finite},
};

/// A function of one number.
type Call = fn(f64) -> f64;

/// What is done to the samples. Only functions on this list can be run: a file holds a function's name, not its code.
enum Function {
    Identity,
    /// `sklearn.utils.check_array` with some of its options.
    Check(Door),
    /// A function of numpy, element by element.
    Each {
        name: String,
        call: fn(f64) -> f64,
        keeps_zero: bool,
    },
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
    let forward = function(s.raw_opt("func"), s.raw_opt("kw_args"))?;
    let backward = function(s.raw_opt("inverse_func"), s.raw_opt("inv_kw_args")).ok();
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
fn function(func: Option<Obj<'_>>, kwargs: Option<Obj<'_>>) -> Result<Function> {
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
    let found = match (module.as_str(), name.as_str()) {
        ("sklearn.utils.validation", "check_array") => check_array(&mut options)?,
        ("numpy" | "numpy.core.fromnumeric" | "numpy._core.fromnumeric", "clip") => Function::Clip {
            low: options.number(&["a_min", "min"])?.unwrap_or(f64::NEG_INFINITY),
            high: options.number(&["a_max", "max"])?.unwrap_or(f64::INFINITY),
        },
        ("numpy" | "numpy.lib.type_check" | "numpy.lib._type_check_impl", "nan_to_num") => {
            options.drop(&["copy"]);
            Function::NanToNum {
                nan: options.number(&["nan"])?.unwrap_or(0.0),
                high: options.number(&["posinf"])?,
                low: options.number(&["neginf"])?,
            }
        }
        (
            "numpy"
            | "numpy.core._multiarray_umath"
            | "numpy._core._multiarray_umath"
            | "numpy.core.umath"
            | "numpy.core.multiarray",
            name,
        ) => match elementwise(name) {
            Some((call, keeps_zero)) => Function::Each { name: name.to_owned(), call, keeps_zero },
            None => return Err(unknown(&callee, &module, name)),
        },
        (module, name) => return Err(unknown(&callee, module, name)),
    };
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
            "the function {name} cannot be run: its code is not in the file, and it is not one of numpy's known here"
        ),
    ))
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

    fn left(&self) -> Option<&str> {
        self.0.first().map(|(name, _)| name.as_str())
    }
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

fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else if x.is_nan() {
        x
    } else {
        0.0
    }
}

fn flag(on: bool) -> f64 {
    f64::from(u8::from(on))
}

/// A function of numpy that maps numbers one by one, for those who name one as a parameter.
pub(crate) fn numpy_function(obj: &Obj<'_>) -> Result<fn(f64) -> f64> {
    let (module, name) = callable(obj)?;
    let known = (module.split('.').next() == Some("numpy")).then(|| elementwise(&name)).flatten();
    known.map(|(call, _)| call).ok_or_else(|| {
        let name = skpickle::printable(&format!("{module}.{name}"));
        let message =
            format!("the function {name} cannot be run: only functions of numpy that map numbers one by one can");
        Error::unsupported(obj.error(ErrorKind::Unsupported, message))
    })
}

/// numpy's functions of one number, and whether zero stays zero.
fn elementwise(name: &str) -> Option<(Call, bool)> {
    let (call, keeps_zero): (Call, bool) = match name {
        "abs" | "absolute" | "fabs" => (f64::abs, true),
        "negative" => (|x| -x, true),
        "positive" => (|x| x, true),
        "sign" => (sign, true),
        "square" => (|x| x * x, true),
        "sqrt" => (f64::sqrt, true),
        "cbrt" => (f64::cbrt, true),
        "reciprocal" => (|x| 1.0 / x, false),
        "exp" => (f64::exp, false),
        "exp2" => (f64::exp2, false),
        "expm1" => (f64::exp_m1, true),
        "log" => (f64::ln, false),
        "log2" => (f64::log2, false),
        "log10" => (f64::log10, false),
        "log1p" => (f64::ln_1p, true),
        "sin" => (f64::sin, true),
        "cos" => (f64::cos, false),
        "tan" => (f64::tan, true),
        "arcsin" => (f64::asin, true),
        "arccos" => (f64::acos, false),
        "arctan" => (f64::atan, true),
        "sinh" => (f64::sinh, true),
        "cosh" => (f64::cosh, false),
        "tanh" => (f64::tanh, true),
        "arcsinh" => (f64::asinh, true),
        "arccosh" => (f64::acosh, false),
        "arctanh" => (f64::atanh, true),
        "floor" => (f64::floor, true),
        "ceil" => (f64::ceil, true),
        "trunc" => (f64::trunc, true),
        "rint" => (f64::round_ties_even, true),
        "deg2rad" | "radians" => (|x| x * (std::f64::consts::PI / 180.0), true),
        "rad2deg" | "degrees" => (|x| x * (180.0 / std::f64::consts::PI), true),
        "isnan" => (|x| flag(x.is_nan()), true),
        "isinf" => (|x| flag(x.is_infinite()), true),
        "isfinite" => (|x| flag(x.is_finite()), false),
        _ => return None,
    };
    Some((call, keeps_zero))
}

impl Function {
    fn apply(&self, x: &Samples) -> Result<Samples> {
        match self {
            Function::Identity => Ok(x.clone()),
            Function::Check(door) => {
                validation::check_array("check_array", None, *door, x).map(std::borrow::Cow::into_owned)
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
