//! Columns of samples taken out and put side by side.

use ndarray::{Array2, ArrayView2, CowArray, Ix2};

use crate::{
    data::{Array, ColumnData, Csr, Samples, Table, Value},
    error::{Error, Result},
    validation,
};

/// `x[:, columns]`, which have been checked. (The method of ndarray's arrays is many times the code.)
pub(crate) fn take_columns<T: Copy + Default>(x: &ArrayView2<'_, T>, columns: &[usize]) -> Array2<T> {
    let mut values = Vec::with_capacity(x.nrows() * columns.len());
    for row in x.rows() {
        match row.to_slice() {
            Some(row) => values.extend(columns.iter().map(|&j| row[j])),
            None => values.extend(columns.iter().map(|&j| row[j])),
        }
    }
    // Each row gave a value for each of the columns.
    Array2::from_shape_vec((x.nrows(), columns.len()), values).unwrap_or_default()
}

/// `X[:, indices]`. Indices have been checked against the width of `x`.
pub(crate) fn select(x: &Samples, indices: &[usize]) -> Result<Samples> {
    Ok(match x {
        Samples::Dense(x) => Samples::Dense(take_columns(&x.view(), indices)),
        Samples::Dense32(x) => Samples::Dense32(take_columns(&x.view(), indices)),
        Samples::Sparse(x) => Samples::Sparse(select_sparse(x, indices)?),
        Samples::Table(x) => Samples::Table(Table::new(indices.iter().map(|&j| x.columns()[j].clone()).collect())?),
        Samples::Rows(rows) => {
            validation::check_lengths(rows)?;
            Samples::Rows(rows.iter().map(|row| indices.iter().map(|&j| row[j].clone()).collect()).collect())
        }
        other => return Err(not_two_dimensional(other)),
    })
}

/// `X[:, index]`, one-dimensional: documents where every value is text.
pub(crate) fn select_one(x: &Samples, index: usize) -> Result<Samples> {
    let text = |value: Value| match value {
        Value::Str(text) => Ok(text.to_string()),
        other => Err(other),
    };
    let values: Vec<Value> = match x {
        Samples::Dense(x) => return Ok(Samples::Array(Array::from(x.column(index).to_vec()))),
        Samples::Dense32(x) => return Ok(Samples::Array(Array::from(x.column(index).to_vec()))),
        Samples::Table(x) => {
            let data = &x.columns()[index].data;
            if let ColumnData::F64(values) = data {
                return Ok(Samples::Array(Array::from(values.clone())));
            }
            (0..x.rows()).map(|row| data.value(row)).collect()
        }
        Samples::Rows(rows) => rows.iter().map(|row| row.get(index).cloned().unwrap_or(Value::None)).collect(),
        other => return Err(not_two_dimensional(other)),
    };
    if values.iter().all(|value| matches!(value, Value::Str(_))) {
        return Ok(Samples::Text(values.into_iter().filter_map(|value| text(value).ok()).collect()));
    }
    Ok(Samples::Array(Array::from(values)))
}

/// The refusal of samples that have no columns.
pub(crate) fn not_two_dimensional(x: &Samples) -> Error {
    match x {
        Samples::Array(array) => validation::expected_2d(array.shape().len(), array.len()),
        Samples::Text(texts) => validation::expected_2d(1, texts.len()),
        other => Error::input(format_args!("rows with columns are expected, found {}", other.kind())),
    }
}

fn select_sparse(x: &Csr, indices: &[usize]) -> Result<Csr> {
    let mut places: Vec<Vec<usize>> = vec![Vec::new(); x.columns()];
    for (to, &from) in indices.iter().enumerate() {
        places[from].push(to);
    }
    let (mut indptr, mut columns, mut data) = (vec![0], Vec::new(), Vec::new());
    for i in 0..x.rows() {
        let (from, values) = x.row(i);
        for (&j, &value) in from.iter().zip(values) {
            columns.extend_from_slice(&places[j]);
            data.extend(std::iter::repeat_n(value, places[j].len()));
        }
        indptr.push(columns.len());
    }
    Csr::new(x.rows(), indices.len(), indptr, columns, data)
}

/// `hstack` of parts with the same number of rows: sparse if asked for; else numbers where all are numbers, rows of objects otherwise.
pub(crate) fn hstack(parts: Vec<Samples>, rows: usize, sparse: bool) -> Result<Samples> {
    if let Some(other) = parts.iter().find(|part| part.rows() != rows) {
        return Err(Error::input(format_args!(
            "all the input array dimensions except for the concatenation axis must match exactly, but a part has {} rows \
             and another {rows}",
            other.rows()
        )));
    }
    if parts.is_empty() {
        return Ok(Samples::Dense(Array2::zeros((rows, 0))));
    }
    if sparse {
        return hstack_sparse(parts, rows);
    }
    let narrow = parts.iter().map(|part| if let Samples::Dense32(x) = part { Some(x.view()) } else { None });
    if let Some(joined) = narrow.collect::<Option<Vec<_>>>().and_then(|parts| side_by_side(&parts)) {
        return Ok(Samples::Dense32(joined));
    }
    let numbers: Option<Vec<_>> = parts.iter().map(numbers).collect();
    if let Some(numbers) = numbers {
        let views: Vec<_> = numbers.iter().map(|part| part.view()).collect();
        if let Some(joined) = side_by_side(&views) {
            return Ok(Samples::Dense(joined));
        }
    }
    let mut out: Vec<Vec<Value>> = vec![Vec::new(); rows];
    for part in &parts {
        for (i, out) in out.iter_mut().enumerate() {
            row_values(part, i, out)?;
        }
    }
    Ok(Samples::Rows(out.into()))
}

/// Matrices as one; `None` unless they have the same number of rows. (`ndarray::concatenate` is many times the code.)
fn side_by_side<T: Clone>(parts: &[ArrayView2<'_, T>]) -> Option<Array2<T>> {
    let rows = parts.first()?.nrows();
    if parts.iter().any(|part| part.nrows() != rows) {
        return None;
    }
    let columns = parts.iter().map(|part| part.ncols()).sum();
    let mut values = Vec::with_capacity(rows * columns);
    for i in 0..rows {
        for part in parts {
            let row = part.row(i);
            match row.to_slice() {
                Some(row) => values.extend_from_slice(row),
                None => values.extend(row.iter().cloned()),
            }
        }
    }
    Array2::from_shape_vec((rows, columns), values).ok()
}

/// The numbers of a part, if it holds nothing else by its type.
fn numbers(part: &Samples) -> Option<CowArray<'_, f64, Ix2>> {
    match part {
        Samples::Dense(_) | Samples::Dense32(_) | Samples::Sparse(_) => part.dense().ok(),
        Samples::Table(table) if table.columns().iter().all(|column| column.data.is_numeric()) => {
            validation::table_to_numbers(table).ok().map(CowArray::from)
        }
        Samples::Array(array) if array.shape().len() == 2 => {
            array.to_f64()?.into_dimensionality().ok().map(CowArray::from)
        }
        _ => None,
    }
}

fn row_values(part: &Samples, row: usize, out: &mut Vec<Value>) -> Result<()> {
    match part {
        Samples::Table(table) => out.extend(table.columns().iter().map(|column| column.data.value(row))),
        Samples::Rows(rows) => out.extend(rows[row].iter().cloned()),
        Samples::Array(array) if array.shape().len() == 2 => {
            let columns = array.shape()[1];
            out.extend((0..columns).filter_map(|j| array.value(row * columns + j)));
        }
        part => out.extend(part.dense()?.row(row).iter().map(|&x| Value::Float(x))),
    }
    Ok(())
}

fn hstack_sparse(parts: Vec<Samples>, rows: usize) -> Result<Samples> {
    let convert = |part: Samples| -> Result<Csr> {
        Ok(match part {
            Samples::Sparse(x) => x,
            Samples::Dense(x) => Csr::from_dense(&x),
            Samples::Dense32(x) => Csr::from_dense(&x.mapv(f64::from)),
            Samples::Table(table) => Csr::from_dense(&validation::table_to_numbers(&table).map_err(|_| not_numeric())?),
            Samples::Rows(rows) => {
                Csr::from_dense(&validation::rows_to_numbers(&rows, false).map_err(|_| not_numeric())?)
            }
            other => Csr::from_dense(&numbers(&other).ok_or_else(not_numeric)?.into_owned()),
        })
    };
    let parts: Vec<Csr> = parts.into_iter().map(convert).collect::<Result<_>>()?;
    let entries = parts.iter().map(|part| part.data().len()).sum();
    let (mut indices, mut data) = (Vec::with_capacity(entries), Vec::with_capacity(entries));
    let mut indptr = Vec::with_capacity(rows + 1);
    indptr.push(0);
    for i in 0..rows {
        let mut offset = 0;
        for part in &parts {
            let (columns, values) = part.row(i);
            indices.extend(columns.iter().map(|&j| j + offset));
            data.extend_from_slice(values);
            offset += part.columns();
        }
        indptr.push(indices.len());
    }
    let width = parts.iter().map(Csr::columns).sum();
    Ok(Samples::Sparse(Csr::new(rows, width, indptr, indices, data)?))
}

fn not_numeric() -> Error {
    Error::input("For a sparse output, all columns should be a numeric or convertible to a numeric.")
}

/// The numbers of a part times its weight.
pub(crate) fn weighted(x: Samples, weight: f64) -> Result<Samples> {
    Ok(match x {
        Samples::Dense(x) => Samples::Dense(x * weight),
        Samples::Dense32(x) => Samples::Dense32(x.mapv(|v| (f64::from(v) * weight) as f32)),
        Samples::Sparse(mut x) => {
            x.data_mut().iter_mut().for_each(|v| *v *= weight);
            Samples::Sparse(x)
        }
        // What was passed through: numbers, if it can be multiplied.
        Samples::Table(table) => Samples::Dense(validation::table_to_numbers(&table)? * weight),
        Samples::Rows(rows) => Samples::Dense(validation::rows_to_numbers(&rows, false)? * weight),
        Samples::Array(array) => match array.to_f64() {
            Some(numbers) => Samples::Array(Array::F64(numbers * weight)),
            None => {
                return Err(Error::input_type(
                    "can't multiply sequence by non-int of type 'float': a column of text has a weight in transformer_weights; \
                     encode it, or take the weight away",
                ));
            }
        },
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_unequal_length_are_named() {
        let row = |text: &str| text.split(' ').map(|cell| Value::Str(cell.into())).collect::<Vec<_>>();
        let x = Samples::Rows(vec![row("a b"), row("c d"), row("e")].into());
        let error = select(&x, &[1]).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("Row 2 has 1 values, row 0 has 2"), "{error}");
    }
}
