//! Functions that are run by their names: what they do to samples.

mod elementwise;
mod names;

use std::{borrow::Cow, slice};

use ndarray::Array2;
use skpickle::Obj;

use self::elementwise::{Call, flag};
use crate::{
    compose::columns::hstack,
    data::{Column, ColumnData, Dtype, Samples, Table},
    decomposition::in_width,
    error::{Error, Result},
    estimator::Estimator,
    math::special::softmax_rows,
    method::Method,
    validation::{self, Door},
};

pub(crate) use self::names::numpy_function;

/// What is done to the samples. Only functions on this list can be run: a file holds a function's name, not its code.
pub(super) enum Function {
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

impl Function {
    /// A function of a file, with the options that `partial` or `kw_args` bind; none leaves the samples as they are.
    pub(super) fn load(func: Option<Obj<'_>>, kwargs: Option<Obj<'_>>, version: (u32, u32)) -> Result<Function> {
        func.map_or(Ok(Function::Identity), |func| names::function(&func, kwargs, version))
    }

    pub(super) fn apply(&self, x: &Samples) -> Result<Samples> {
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
                map(x, "round", &each(elementwise::round(decimals, in32)), |x| x, true)
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
                map(x, name, &each(call), integers, *keeps_zero)
            }
            &Function::Clip { low, high } => {
                let clip = |v: f64| {
                    let v = if v < low { low } else { v };
                    if v > high { high } else { v }
                };
                map(x, "clip", &each(clip), |x| x, low <= 0.0 && high >= 0.0)
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
                map(x, "nan_to_num", &each(replace), |x| x, true)
            }
        }
    }
}

/// The numbers of dense samples, whatever they are.
fn numbers(x: &Samples) -> Result<Cow<'_, Samples>> {
    validation::check_array("asarray", None, Door::NUMERIC.any_value().floats().keep32().any_width(), x)
}

/// A function of numbers as one of many at a time: it is called for so many that what calls it needs no copy for each function.
fn each(call: impl Fn(f64) -> f64) -> impl Fn(&mut [f64]) {
    move |numbers| numbers.iter_mut().for_each(|x| *x = call(*x))
}

/// All numbers by `call`; what comes of integers also by `integers`.
fn map(
    x: &Samples,
    name: &str,
    call: &dyn Fn(&mut [f64]),
    integers: fn(f64) -> f64,
    keeps_zero: bool,
) -> Result<Samples> {
    let matrix = |mut x: Array2<f64>| {
        match x.as_slice_memory_order_mut() {
            Some(numbers) => call(numbers),
            None => x.iter_mut().for_each(|v| call(slice::from_mut(v))),
        }
        x
    };
    let vector = |numbers: &mut dyn Iterator<Item = f64>| {
        let mut numbers: Vec<f64> = numbers.collect();
        call(&mut numbers);
        numbers
    };
    Ok(match x {
        Samples::Dense(x) => Samples::Dense(matrix(x.clone())),
        Samples::Dense32(x) => Samples::Dense32(matrix(x.mapv(f64::from)).mapv(|v| v as f32)),
        Samples::Sparse(x) if keeps_zero => {
            let mut x = x.canonical();
            call(x.data_mut());
            Samples::Sparse(x)
        }
        Samples::Table(table) => {
            let mut columns = Vec::with_capacity(table.columns().len());
            for column in table.columns() {
                let data = match &column.data {
                    ColumnData::F64(v) => ColumnData::F64(vector(&mut v.iter().copied())),
                    ColumnData::F32(v) => {
                        let numbers = vector(&mut v.iter().map(|&x| x.into()));
                        ColumnData::F32(numbers.into_iter().map(|x| x as f32).collect())
                    }
                    ColumnData::I64(v) => {
                        let numbers = vector(&mut v.iter().map(|&n| n as f64));
                        ColumnData::F64(numbers.into_iter().map(integers).collect())
                    }
                    ColumnData::Bool(v) => ColumnData::F64(vector(&mut v.iter().map(|&b| flag(b)))),
                    _ => {
                        return Err(Error::input_type(format_args!(
                            "ufunc '{name}' not supported for the input types: column '{}' holds text",
                            skpickle::printable(&column.name)
                        )));
                    }
                };
                columns.push(Column { name: column.name.clone(), data });
            }
            Samples::Table(Table::new(columns)?)
        }
        Samples::Rows(rows) => Samples::Dense(matrix(validation::rows_to_numbers(rows, false)?)),
        other => {
            return Err(Error::input_type(format_args!(
                "ufunc '{name}' not supported for the input types: rows of numbers are expected, found {}",
                other.kind()
            )));
        }
    })
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
            [[0.9525741268224334, 0.01798620996209156], [0.5, 0.8807970779778823]],
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
