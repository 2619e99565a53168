//! scikit-learn's input checks (`sklearn.utils.validation`), with its messages, once for every estimator.

use std::borrow::Cow;

use ndarray::Array2;

use crate::{
    data::{Array, Samples, Table, Value},
    error::{Error, Result},
    estimator::Fitted,
    math::wide,
    wording::{Age, Speaker},
};

/// Which values a method takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finite {
    /// Neither NaN nor infinity.
    Yes,
    /// NaN, but no infinity (`allow-nan`).
    AllowNan,
    /// NaN in dense input, but no infinity.
    DenseNan,
    /// Anything.
    Any,
}

/// How the input of a method is checked and converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Door {
    /// Nothing is checked here: the method passes its input on, or checks it itself.
    pub(crate) open: bool,
    /// Sparse input is taken as it is; otherwise it is refused.
    pub(crate) sparse: bool,
    /// Which values are taken.
    pub(crate) finite: Finite,
    /// Values are cast to 32 bits on the way (the trees).
    pub(crate) float32: bool,
    /// The width must be `n_features_in_`.
    pub(crate) width: bool,
    /// Input of 32 bits stays so, rather than being widened.
    pub(crate) keep32: bool,
    /// Cells of tables and rows stay what they are, text too (`dtype=None`).
    pub(crate) values: bool,
    /// Numbers that are spelled as text are read (`dtype` is one of floats, rather than `"numeric"`).
    pub(crate) floats: bool,
    /// The check is not told whose it is, and refuses without names.
    pub(crate) nameless: bool,
}

impl Door {
    /// Dense finite numbers of the model's width.
    pub(crate) const NUMERIC: Door = Door {
        open: false,
        sparse: false,
        finite: Finite::Yes,
        float32: false,
        width: true,
        keep32: false,
        values: false,
        floats: false,
        nameless: false,
    };

    /// No check here.
    pub(crate) const OPEN: Door = Door { open: true, ..Door::NUMERIC };

    /// Rows of values of any kind, of the model's width (the encoders).
    pub(crate) const VALUES: Door = Door { values: true, finite: Finite::AllowNan, ..Door::NUMERIC };

    /// Sparse input is taken too.
    pub(crate) const fn sparse(self) -> Door {
        Door { sparse: true, ..self }
    }

    /// NaN is taken too.
    pub(crate) const fn allow_nan(self) -> Door {
        Door { finite: Finite::AllowNan, ..self }
    }

    /// NaN is taken too, in dense input.
    pub(crate) const fn dense_nan(self) -> Door {
        Door { finite: Finite::DenseNan, ..self }
    }

    /// Neither NaN nor infinity is taken.
    pub(crate) const fn finite(self) -> Door {
        Door { finite: Finite::Yes, ..self }
    }

    /// Any value is taken.
    pub(crate) const fn any_value(self) -> Door {
        Door { finite: Finite::Any, ..self }
    }

    /// Values are cast to 32 bits, also from text.
    pub(crate) const fn float32(self) -> Door {
        Door { float32: true, floats: true, ..self }
    }

    /// Text that spells numbers is taken too.
    pub(crate) const fn floats(self) -> Door {
        Door { floats: true, ..self }
    }

    /// Refusals name neither the input nor the class.
    pub(crate) const fn nameless(self) -> Door {
        Door { nameless: true, ..self }
    }

    /// Input of 32 bits stays so.
    pub(crate) const fn keep32(self) -> Door {
        Door { keep32: true, ..self }
    }

    /// The width is not checked here.
    pub(crate) const fn any_width(self) -> Door {
        Door { width: false, ..self }
    }
}

/// Checks the input of a method and turns it into numbers.
pub(crate) fn check<'x>(fitted: &Fitted, door: Door, x: &'x Samples) -> Result<Cow<'x, Samples>> {
    if let Samples::Table(table) = x
        && door.width
        && !door.open
    {
        check_names(fitted, table)?;
    }
    let speaker = Speaker { key: fitted.key, class: &fitted.class, age: fitted.age, named: !door.nameless };
    check_as(speaker, fitted.n_features_in, door, x)
}

/// `check_array`, and the width where it is known; `class` is named in refusals.
pub(crate) fn check_array<'x>(
    class: &str,
    n_features_in: Option<usize>,
    door: Door,
    x: &'x Samples,
) -> Result<Cow<'x, Samples>> {
    check_as(Speaker { key: "", class, age: Age::Now, named: !door.nameless }, n_features_in, door, x)
}

/// The same, in the words of the version of the one that asks.
pub(crate) fn check_as<'x>(
    speaker: Speaker<'_>,
    n_features_in: Option<usize>,
    door: Door,
    x: &'x Samples,
) -> Result<Cow<'x, Samples>> {
    let class = speaker.class;
    if door.open {
        return Ok(Cow::Borrowed(x));
    }
    // What is cast to floats is cast to 64 bits mostly; as numbers, 32 bits stay such until they are computed with.
    let narrow = matches!(x, Samples::Dense32(_)) && !door.floats;
    let x = match x {
        Samples::Dense(_) => Cow::Borrowed(x),
        Samples::Dense32(values) if !door.keep32 && !door.float32 => Cow::Owned(Samples::Dense(values.mapv(f64::from))),
        Samples::Dense32(_) => Cow::Borrowed(x),
        Samples::Sparse(_) if door.sparse => Cow::Borrowed(x),
        Samples::Sparse(_) => {
            return Err(Error::input_type(speaker.sparse()));
        }
        Samples::Table(table) => {
            if door.values {
                Cow::Borrowed(x)
            } else if let Some(values) = table_of_32_bits(table).filter(|_| door.keep32) {
                Cow::Owned(Samples::Dense32(values))
            } else {
                Cow::Owned(Samples::Dense(table_to_numbers(table)?))
            }
        }
        Samples::Rows(rows) if door.values => {
            check_lengths(rows)?;
            Cow::Borrowed(x)
        }
        Samples::Rows(rows) => Cow::Owned(Samples::Dense(rows_to_numbers(rows, door.floats)?)),
        Samples::Text(texts) => return Err(expected_2d(1, texts.len())),
        Samples::Records(records) => {
            return Err(Error::input_type(format_args!(
                "rows of numbers are expected by {class}, found {} records",
                records.len()
            )));
        }
        Samples::Array(array) => match array.shape().len() {
            rank @ (0 | 1) => return Err(expected_2d(rank, array.len())),
            2 if door.values => Cow::Owned(array_to_rows(array)),
            2 => Cow::Owned(Samples::Dense(array_to_numbers(array, door.floats)?)),
            rank => {
                return Err(Error::input(speaker.rank(rank)));
            }
        },
    };
    check_finite(speaker, door, narrow, &x)?;
    let (rows, columns) = (x.rows(), x.columns().unwrap_or(0));
    if rows == 0 {
        // Frames are looked at column by column.
        let shape = match &*x {
            Samples::Table(_) if door.nameless => String::from("0,"),
            _ => format!("{rows}, {columns}"),
        };
        return Err(Error::input(format_args!(
            "Found array with 0 sample(s) (shape=({shape})) while a minimum of 1 is required{}.",
            speaker.by()
        )));
    }
    if columns == 0 {
        return Err(Error::input(format_args!(
            "Found array with 0 feature(s) (shape=({rows}, {columns})) while a minimum of 1 is required{}.",
            speaker.by()
        )));
    }
    if let Some(expected) = n_features_in.filter(|&expected| door.width && expected != columns) {
        return Err(Error::input(speaker.width(rows, columns, expected, matches!(*x, Samples::Sparse(_)))));
    }
    Ok(x)
}

/// The refusal of an array that has not one row a sample.
pub(crate) fn expected_2d(rank: usize, len: usize) -> Error {
    let found = if rank == 0 { "scalar" } else { "1D" };
    Error::input(format_args!(
        "Expected 2D array, got {found} array instead:\narray of {len} values.\nReshape your data either using \
         array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1) if it contains a single sample."
    ))
}

fn is_nan(value: &Value) -> bool {
    matches!(value, Value::Float(x) if x.is_nan())
}

/// `assert_all_finite`; `narrow` samples have come in 32 bits.
fn check_finite(speaker: Speaker<'_>, door: Door, narrow: bool, x: &Samples) -> Result<()> {
    if door.finite == Finite::Any {
        return Ok(());
    }
    // A number that 32 bits cannot hold becomes infinite when it is cast.
    let too_large = |v: f64| v.is_infinite() || door.float32 && (v as f32).is_infinite();
    let mut nan = None;
    let mut infinite = None;
    let mut visit = |row: usize, column: usize, v: f64| {
        if v.is_nan() {
            nan.get_or_insert((row, column));
        } else if too_large(v) {
            infinite.get_or_insert((row, column));
        }
    };
    match x {
        Samples::Dense(x) => {
            if x.as_slice_memory_order().is_some_and(|all| wide::all_finite(all, door.float32)) {
                return Ok(());
            }
            x.indexed_iter().for_each(|((i, j), &v)| visit(i, j, v));
        }
        Samples::Dense32(x) => x.indexed_iter().for_each(|((i, j), &v)| visit(i, j, v.into())),
        // Among objects NaN alone is looked for.
        Samples::Rows(rows) => {
            for (i, row) in rows.iter().enumerate() {
                row.iter().enumerate().filter(|(_, v)| is_nan(v)).for_each(|(j, _)| visit(i, j, f64::NAN));
            }
        }
        Samples::Table(table) => {
            for (j, column) in table.columns().iter().enumerate() {
                (0..table.rows()).filter(|&i| is_nan(&column.data.value(i))).for_each(|i| visit(i, j, f64::NAN));
            }
        }
        Samples::Sparse(x) => {
            for i in 0..x.rows() {
                let (columns, values) = x.row(i);
                columns.iter().zip(values).for_each(|(&j, &v)| visit(i, j, v));
            }
        }
        _ => {}
    }
    let place =
        |(row, column): (usize, usize)| format!("\nThe first one is in row {row}, column {column} (counted from 0).");
    let refuses_nan = match door.finite {
        Finite::Yes => true,
        Finite::DenseNan => matches!(x, Samples::Sparse(_)),
        Finite::AllowNan | Finite::Any => false,
    };
    let dtype = if door.float32 || narrow || matches!(x, Samples::Dense32(_)) { "float32" } else { "float64" };
    let class = speaker.class;
    let found = nan.filter(|_| refuses_nan).or(infinite);
    if let Some((at, old)) = found.zip(speaker.old_infinite(dtype, !refuses_nan)) {
        return Err(Error::input(format_args!("{old}{}", place(at))));
    }
    match (nan, infinite) {
        (Some(at), _) if refuses_nan && !speaker.named => {
            Err(Error::input(format_args!("Input contains NaN.{}", place(at))))
        }
        (Some(at), _) if refuses_nan => Err(Error::input(format_args!(
            "Input X contains NaN.\n{class} does not accept missing values encoded as NaN natively. For supervised learning, \
             you might want to consider sklearn.ensemble.HistGradientBoostingClassifier and Regressor which accept missing values \
             encoded as NaNs natively. Alternatively, it is possible to preprocess the data, for instance by using an imputer \
             transformer in a pipeline or drop samples with missing values. See https://scikit-learn.org/stable/modules/impute.html \
             You can find a list of all estimators that handle NaN values at the following page: \
             https://scikit-learn.org/stable/modules/impute.html#estimators-that-handle-nan-values{}",
            place(at)
        ))),
        (_, Some(at)) => Err(Error::input(format_args!(
            "Input{} contains infinity or a value too large for dtype('{dtype}').{}",
            speaker.input(),
            place(at)
        ))),
        _ => Ok(()),
    }
}

/// `_check_feature_names`: the names must be those of the fit, in their order.
pub(crate) fn check_names(fitted: &Fitted, table: &Table) -> Result<()> {
    let Some(expected) = &fitted.feature_names_in else { return Ok(()) };
    if !fitted.names_bind || table.names().eq(expected.iter().map(String::as_str)) {
        return Ok(());
    }
    let mut message = String::from("The feature names should match those that were passed during fit.\n");
    let known: std::collections::HashSet<&str> = expected.iter().map(String::as_str).collect();
    let given: std::collections::HashSet<&str> = table.names().collect();
    let list = |message: &mut String, title: &str, mut names: Vec<&str>| {
        names.sort_unstable();
        if !names.is_empty() {
            message.push_str(title);
            for (i, name) in names.iter().enumerate() {
                if i == 5 {
                    message.push_str("- ...\n");
                    break;
                }
                message.push_str(&format!("- {}\n", skpickle::printable(name)));
            }
        }
    };
    let unseen: Vec<&str> = given.difference(&known).copied().collect();
    let missing: Vec<&str> = known.difference(&given).copied().collect();
    let order = unseen.is_empty() && missing.is_empty();
    list(&mut message, "Feature names unseen at fit time:\n", unseen);
    list(&mut message, "Feature names seen at fit time, yet now missing:\n", missing);
    if order {
        message.push_str("Feature names must be in the same order as they were in fit.\n");
    }
    Err(Error::input(message))
}

/// A table all of whose columns are of 32 bits: an array of it is, too.
fn table_of_32_bits(table: &Table) -> Option<Array2<f32>> {
    use crate::data::ColumnData;
    let columns = table.columns().iter().map(|column| match &column.data {
        ColumnData::F32(values) => Some(values.as_slice()),
        _ => None,
    });
    let columns: Vec<&[f32]> = columns.collect::<Option<_>>()?;
    Some(Array2::from_shape_fn((table.rows(), columns.len()), |(i, j)| columns[j][i]))
}

/// A table as numbers, as `check_array(dtype="numeric")` makes them of a DataFrame.
pub(crate) fn table_to_numbers(table: &Table) -> Result<Array2<f64>> {
    use crate::data::ColumnData;
    let mut out = Array2::zeros((table.rows(), table.columns().len()));
    for (column, mut out) in table.columns().iter().zip(out.columns_mut()) {
        match &column.data {
            ColumnData::F64(values) => out.iter_mut().zip(values).for_each(|(o, &v)| *o = v),
            ColumnData::F32(values) => out.iter_mut().zip(values).for_each(|(o, &v)| *o = v.into()),
            ColumnData::I64(values) => out.iter_mut().zip(values).for_each(|(o, &v)| *o = v as f64),
            ColumnData::Bool(values) => out.iter_mut().zip(values).for_each(|(o, &v)| *o = f64::from(u8::from(v))),
            mixed => {
                for (row, out) in out.iter_mut().enumerate() {
                    *out = to_number(&mixed.value(row)).map_err(|e| {
                        Error::input(format_args!("{e}: row {row}, column '{}'", skpickle::printable(&column.name)))
                    })?;
                }
            }
        }
    }
    Ok(out)
}

/// Rows of objects as numbers; `floats` as in [`Door`].
pub(crate) fn rows_to_numbers(rows: &[Vec<Value>], floats: bool) -> Result<Array2<f64>> {
    let columns = rows.first().map_or(0, Vec::len);
    check_lengths(rows)?;
    numbers_at(rows, &(0..columns).collect::<Vec<_>>(), floats)
}

/// Some columns of rows of objects as numbers.
pub(crate) fn numbers_at(rows: &[Vec<Value>], places: &[usize], floats: bool) -> Result<Array2<f64>> {
    let mut out = Array2::zeros((rows.len(), places.len()));
    for (i, (row, mut out)) in rows.iter().zip(out.rows_mut()).enumerate() {
        for (j, (&place, out)) in places.iter().zip(&mut out).enumerate() {
            let value = row.get(place).unwrap_or(&Value::None);
            // Rows come as lists, of which one text makes an array of text.
            if !floats && matches!(value, Value::Str(_)) {
                return Err(no_numbers());
            }
            *out = to_number(value).map_err(|e| Error::input(format_args!("{e}: row {i}, column {j}")))?;
        }
    }
    Ok(out)
}

/// Refuses rows of unequal length.
pub(crate) fn check_lengths(rows: &[Vec<Value>]) -> Result<()> {
    let columns = rows.first().map_or(0, Vec::len);
    match rows.iter().position(|row| row.len() != columns) {
        Some(i) => Err(Error::input(format_args!(
            "setting an array element with a sequence. Row {i} has {} values, row 0 has {columns}",
            rows[i].len()
        ))),
        None => Ok(()),
    }
}

/// A 2-d array as rows: of numbers where it holds numbers, of values otherwise.
pub(crate) fn array_to_rows(array: &Array) -> Samples {
    if let Some(numbers) = array.to_f64().and_then(|a| a.into_dimensionality().ok()) {
        return Samples::Dense(numbers);
    }
    let columns = array.shape().get(1).copied().unwrap_or(0);
    let cells: Vec<Value> = match array {
        Array::Str(a) => a.iter().map(|text| Value::Str(text.as_str().into())).collect(),
        Array::Bytes(a) => a.iter().map(|bytes| Value::Bytes(bytes.as_slice().into())).collect(),
        Array::Object(a) => a.iter().cloned().collect(),
        _ => Vec::new(),
    };
    Samples::Rows(cells.chunks(columns.max(1)).map(<[Value]>::to_vec).collect())
}

fn array_to_numbers(array: &Array, floats: bool) -> Result<Array2<f64>> {
    if let Some(numbers) = array.to_f64().and_then(|a| a.into_dimensionality().ok()) {
        return Ok(numbers);
    }
    match array_to_rows(array) {
        Samples::Rows(rows) if floats => rows_to_numbers(&rows, floats),
        _ => Err(no_numbers()),
    }
}

fn no_numbers() -> Error {
    Error::input(
        "dtype='numeric' is not compatible with arrays of bytes/strings.Convert your data to numeric values explicitly instead.",
    )
}

/// `float(value)`.
fn to_number(value: &Value) -> Result<f64> {
    match value {
        Value::Bool(b) => Ok(f64::from(u8::from(*b))),
        Value::Int(n) => Ok(*n as f64),
        Value::Float(x) => Ok(*x),
        Value::Str(text) => text.trim().parse().map_err(|_| {
            Error::input(format_args!("could not convert string to float: '{}'", skpickle::printable(text)))
        }),
        // pandas' and numpy's way with None in a column of objects.
        Value::None => Ok(f64::NAN),
        Value::Bytes(_) => Err(Error::input("could not convert bytes to float")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_spelled_are_read_where_floats_are_asked_for() {
        let rows = |text: &str| Samples::Rows(vec![vec![Value::Str(text.into()), Value::Int(2)]].into());
        let read = |door, x: &Samples| match check_array("C", None, door, x) {
            Ok(x) => Ok(x.dense().map(|x| x.row(0).to_vec()).unwrap_or_default()),
            Err(e) => Err(e.to_string()),
        };
        assert_eq!(read(Door::NUMERIC.floats(), &rows(" 3.5")), Ok(vec![3.5, 2.0]));
        assert_eq!(read(Door::NUMERIC.float32(), &rows("1e1")), Ok(vec![10.0, 2.0]));
        let refused = read(Door::NUMERIC.floats(), &rows("a")).unwrap_err();
        assert!(refused.starts_with("could not convert string to float: 'a'"), "{refused}");
        for text in ["3.5", "a"] {
            let refused = read(Door::NUMERIC, &rows(text)).unwrap_err();
            assert!(refused.starts_with("dtype='numeric' is not compatible"), "{refused}");
        }
    }
}
