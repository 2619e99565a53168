//! pandas' `Index`, `Series`, `Categorical`, string arrays and `DataFrame`, as they occur inside scikit-learn objects
//! (column names, categories, stored tables), from pandas 0.18 to 3.

use crate::{
    error::{ErrorKind, Result},
    numpy::Scalar,
    obj::{Kind, Obj},
};

/// Containers inside one another that are followed: an index of a categorical of an index of a string array is four.
const DEPTH: usize = 8;

impl<'g> Obj<'g> {
    /// The values of anything one-dimensional: a list, a tuple, an array, a pandas `Index`, `Series`, `Categorical` or
    /// string array. Missing text is [`Scalar::None`] or NaN, as it is stored; `pandas.NA` is [`Scalar::None`].
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when this is none of these.
    pub fn values(&self) -> Result<Vec<Scalar>> {
        values(self, 0)
    }

    /// The columns of a pandas `DataFrame`, in order: name and values.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when this is no table of plain columns.
    pub fn frame(&self) -> Result<Vec<(Scalar, Vec<Scalar>)>> {
        let manager = manager(self, "DataFrame")?;
        let state = manager.state().map(|state| state.items()).transpose()?.unwrap_or_default();
        let (blocks, axes) = match blocks_of(&state) {
            Some((axes, blocks)) => {
                let part = |block: &Obj<'g>| Ok((block.entry("values")?, block.entry("mgr_locs")?));
                (blocks.items()?.iter().map(part).collect::<Result<Vec<_>>>()?, axes)
            }
            None => {
                // pandas 1.3 on: `BlockManager((block, …), [columns, index])`, each block `_unpickle_block(values, place, ndim)`.
                let args = manager.args()?;
                let [blocks, axes] = args.as_slice() else { return Err(manager.expected("blocks and axes")) };
                let part = |block: &Obj<'g>| {
                    let parts = block.args()?;
                    match parts.as_slice() {
                        [values, place, ..] => Ok((values.clone(), place.clone())),
                        _ => Err(block.expected("a block of a table")),
                    }
                };
                (blocks.items()?.iter().map(part).collect::<Result<Vec<_>>>()?, axes.clone())
            }
        };
        let axes = axes.items()?;
        let [names, index, ..] = axes.as_slice() else { return Err(self.expected("a table with two axes")) };
        let (names, rows) = (names.values()?, index.values()?.len());
        let mut columns: Vec<Option<Vec<Scalar>>> = vec![None; names.len()];
        for (block, place) in blocks {
            let places = places(&place, names.len())?;
            // A block of an extension type is one column; others are 2-d, one row a column of the table.
            let cells = if is_one_dimensional(&block) { values(&block, 1)? } else { block.array()?.scalars()? };
            if cells.len() != places.len().saturating_mul(rows) {
                return Err(block.error(
                    ErrorKind::Value,
                    format_args!("a block of {} cells for {} columns of {rows} rows", cells.len(), places.len()),
                ));
            }
            let mut cells = cells.into_iter();
            for column in places {
                columns[column] = Some(cells.by_ref().take(rows).collect());
            }
        }
        let columns: Option<Vec<Vec<Scalar>>> = columns.into_iter().collect();
        let columns = columns.ok_or_else(|| self.expected("a table with a block for every column"))?;
        Ok(names.into_iter().zip(columns).collect())
    }
}

fn pandas_class(obj: &Obj<'_>) -> Option<String> {
    let name = obj.class().filter(|name| name.module == "pandas" || name.module.starts_with("pandas."))?;
    Some(name.name.to_owned())
}

fn is_one_dimensional(obj: &Obj<'_>) -> bool {
    pandas_class(obj).is_some()
}

fn values(obj: &Obj<'_>, depth: usize) -> Result<Vec<Scalar>> {
    if depth > DEPTH {
        return Err(obj.error(ErrorKind::Limit, format_args!("containers of pandas nested more than {DEPTH} deep")));
    }
    if matches!(obj.kind(), Kind::List | Kind::Tuple) {
        return obj.items()?.iter().map(cell).collect();
    }
    let Some(class) = pandas_class(obj) else {
        let array = obj.array()?;
        if array.shape().len() > 1 {
            return Err(obj.expected("a 1-d array"));
        }
        return if array.dtype().is_object() { array.objects()?.iter().map(cell).collect() } else { array.scalars() };
    };
    match class.as_str() {
        "_new_Index" => index(obj, depth),
        "__pyx_unpickle_NDArrayBacked" => backed(obj, depth),
        "Categorical" => {
            let state = obj.fields()?;
            let categories = match state.get("_dtype").or_else(|| state.get("dtype")) {
                Some(dtype) => dtype.field("categories")?,
                None => state.get("_categories").ok_or_else(|| obj.expected("a categorical with its categories"))?,
            };
            categorical(
                &categories,
                &state.get("_codes").ok_or_else(|| obj.expected("a categorical with its codes"))?,
                depth,
            )
        }
        "Series" => {
            let manager = manager(obj, "Series")?;
            let state = manager.state().map(|state| state.items()).transpose()?.unwrap_or_default();
            match blocks_of(&state) {
                Some((_, blocks)) => match blocks.items()?.as_slice() {
                    [block] => values(&block.entry("values")?, depth + 1),
                    _ => Err(blocks.expected("one block")),
                },
                None => match manager.args()?.first() {
                    Some(block) => {
                        let parts = block.args()?;
                        let first = parts.first().ok_or_else(|| block.expected("a block of values"))?;
                        values(first, depth + 1)
                    }
                    None => Err(manager.expected("a block of values")),
                },
            }
        }
        // String arrays before pandas 1.3.
        "StringArray" | "PandasArray" => values(&obj.field("_ndarray")?, depth + 1),
        _ => Err(obj.expected("an Index, Series, Categorical or string array of pandas")),
    }
}

/// A plain value; `pandas.NA`, a singleton kept by name, is `None`.
fn cell(obj: &Obj<'_>) -> Result<Scalar> {
    let is_na = |name: crate::Name<'_>| name.is("pandas", "NA") || name.is("pandas._libs.missing", "NA");
    if obj.global().is_some_and(is_na) {
        return Ok(Scalar::None);
    }
    match obj.class() {
        Some(name) if name.is("pandas._libs.missing", "C_NAType") || name.is("pandas._libs.missing", "NAType") => {
            Ok(Scalar::None)
        }
        _ => obj.get(),
    }
}

/// `_new_Index(class, {"data": …, "name": …})`, or with the bounds of a range.
fn index(obj: &Obj<'_>, depth: usize) -> Result<Vec<Scalar>> {
    let args = obj.args()?;
    let [_, parts] = args.as_slice() else { return Err(obj.expected("an index with its parts")) };
    if let Ok(data) = parts.entry("data") {
        return values(&data, depth + 1);
    }
    let bound = |name: &str| parts.entry(name)?.get::<i64>();
    let (start, stop, step) = (bound("start")?, bound("stop")?, bound("step")?);
    if step == 0 {
        return Err(parts.error(ErrorKind::Value, "a range with a step of 0"));
    }
    let span = (i128::from(stop) - i128::from(start)) * i128::from(step.signum());
    let len = (span.max(0) + i128::from(step.unsigned_abs()) - 1) / i128::from(step.unsigned_abs());
    let len = u64::try_from(len).unwrap_or(u64::MAX);
    parts.charge(len.saturating_mul(size_of::<Scalar>() as u64))?;
    Ok((0..len as i64).map(|i| Scalar::Int(start + i * step)).collect())
}

/// `__pyx_unpickle_NDArrayBacked(class, checksum, None)` with the state `(dtype, array, …)`, in either order.
fn backed(obj: &Obj<'_>, depth: usize) -> Result<Vec<Scalar>> {
    let state = obj.state().ok_or_else(|| obj.expected("an array with its state"))?.items()?;
    let [first, second, ..] = state.as_slice() else { return Err(obj.expected("a dtype and an array")) };
    let (dtype, array) = if first.array().is_ok() { (second, first) } else { (first, second) };
    match pandas_class(dtype).as_deref() {
        Some("CategoricalDtype") => categorical(&dtype.field("categories")?, array, depth),
        _ => values(array, depth + 1),
    }
}

fn categorical(categories: &Obj<'_>, codes: &Obj<'_>, depth: usize) -> Result<Vec<Scalar>> {
    let categories = values(categories, depth + 1)?;
    let numbers = codes.array()?.i64s()?;
    codes.charge((numbers.len() * size_of::<Scalar>()) as u64)?;
    numbers
        .iter()
        .map(|&code| match usize::try_from(code) {
            Ok(code) => categories.get(code).cloned().ok_or_else(|| {
                codes.error(ErrorKind::Value, format_args!("code {code} for {} categories", categories.len()))
            }),
            // -1 is a missing value.
            Err(_) => Ok(Scalar::Float(f64::NAN)),
        })
        .collect()
}

/// The block manager of a table or series.
fn manager<'g>(obj: &Obj<'g>, class: &str) -> Result<Obj<'g>> {
    if pandas_class(obj).as_deref() != Some(class) {
        return Err(obj.expected(&format!("a pandas {class}")));
    }
    obj.field("_mgr").or_else(|_| obj.field("_data"))
}

/// The state of managers: `(axes, arrays, items, {"0.14.1": {"axes", "blocks"}})`.
fn blocks_of<'g>(state: &[Obj<'g>]) -> Option<(Obj<'g>, Obj<'g>)> {
    let parts = state.last()?.entry("0.14.1").ok()?;
    Some((parts.entry("axes").ok()?, parts.entry("blocks").ok()?))
}

/// Which columns a block holds: a slice, or an array of indices.
fn places(obj: &Obj<'_>, columns: usize) -> Result<Vec<usize>> {
    let indices: Vec<i64> = match obj.class() {
        Some(name) if name.name == "slice" && matches!(name.module, "builtins" | "__builtin__") => {
            let bounds: Vec<i64> = obj.args()?.iter().map(Obj::get).collect::<Result<_>>()?;
            match *bounds.as_slice() {
                [start, stop, step] if step > 0 && start >= 0 && stop <= columns as i64 => {
                    (start..stop).step_by(step as usize).collect()
                }
                _ => return Err(obj.expected("a slice of the columns")),
            }
        }
        _ => obj.array()?.i64s()?.to_vec(),
    };
    let checked: Option<Vec<usize>> =
        indices.iter().map(|&i| usize::try_from(i).ok().filter(|&i| i < columns)).collect();
    checked.ok_or_else(|| obj.error(ErrorKind::Value, format_args!("a column outside 0..{columns}")))
}
