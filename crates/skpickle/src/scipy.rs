//! scipy's sparse matrices: csr, csc, coo, dia and the arrays of the same names, under old and new module names.

use crate::{
    Obj, Result,
    error::ErrorKind,
    obj::{FromObj, Kind},
};

/// A sparse matrix in compressed rows, checked: `indptr` grows, indices are below `columns`.
///
/// Whatever format the file holds is converted, and a 1-d array is one row. Entries keep their order, and duplicates stay.
#[derive(Debug, Clone, PartialEq)]
pub struct Sparse {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// Where each row starts in `indices` and `data`; one more than there are rows.
    pub indptr: Vec<usize>,
    /// Column of each entry.
    pub indices: Vec<usize>,
    /// Value of each entry.
    pub data: Vec<f64>,
}

/// Whether this is one of scipy's sparse matrices.
pub(crate) fn format_of(obj: &Obj<'_>) -> Option<&'static str> {
    let name = obj.class()?;
    let rest = name.module.strip_prefix("scipy.sparse.")?;
    let format = rest.strip_prefix('_').unwrap_or(rest);
    // scipy 1.8 to 1.10 kept the arrays in a module of their own.
    ["csr", "csc", "coo", "dia"].into_iter().find(|&f| {
        (f == format || rest == "_arrays") && matches!(name.name.strip_prefix(f), Some("_matrix" | "_array"))
    })
}

impl<'g> FromObj<'g> for Sparse {
    fn from_obj(obj: &Obj<'g>) -> Result<Self> {
        let format = format_of(obj).ok_or_else(|| obj.expected("a scipy sparse matrix"))?;
        let shape = obj.field("_shape").or_else(|_| obj.field("shape"))?;
        let dims: Vec<usize> = shape.get()?;
        let (rows, columns) = match *dims.as_slice() {
            [rows, columns] => (rows, columns),
            // A `csr_array` may be 1-d, and then is kept as one row.
            [columns] if format == "csr" => (1, columns),
            _ => return Err(shape.expected("the two extents of a matrix")),
        };
        // An empty row costs nothing in the file's own formats except csr, so it is paid for here.
        obj.charge((rows as u64).saturating_mul(8))?;
        let data = obj.field("data")?.array()?;
        let values = data.f64s()?;
        match format {
            "csr" => {
                let (indptr, indices) = compressed(obj, rows, columns, values.len())?;
                Ok(Sparse { rows, columns, indptr, indices, data: values.to_vec() })
            }
            "csc" => {
                let (starts, inner) = compressed(obj, columns, rows, values.len())?;
                let entries = (0..columns).flat_map(|c| (starts[c]..starts[c + 1]).map(move |k| (k, c)));
                let entries = entries.map(|(k, c)| (inner[k], c, values[k])).collect();
                Ok(from_entries(rows, columns, entries))
            }
            "coo" => {
                let (row, col) = match (obj.field("row"), obj.field("col")) {
                    (Ok(row), Ok(col)) => (row, col),
                    _ => {
                        let coords = obj.field("coords")?;
                        match coords.items()?.as_slice() {
                            [row, col] => (row.clone(), col.clone()),
                            _ => return Err(coords.expected("two arrays of coordinates")),
                        }
                    }
                };
                let (r, c) = (indices(&row, rows)?, indices(&col, columns)?);
                if r.len() != values.len() || c.len() != values.len() {
                    return Err(obj.error(ErrorKind::Value, "row, col and data differ in length"));
                }
                let entries = (0..values.len()).map(|k| (r[k], c[k], values[k])).collect();
                Ok(from_entries(rows, columns, entries))
            }
            _ => {
                // dia: data[k, j] stands at row j - offsets[k], column j.
                let offsets = obj.field("offsets")?.array()?.i64s()?;
                let &[count, width] = data.shape() else {
                    return Err(obj.error(ErrorKind::Value, "the diagonals are no 2-d array"));
                };
                if count != offsets.len() {
                    return Err(obj.error(ErrorKind::Value, "offsets and data differ in length"));
                }
                let mut entries = Vec::new();
                for (k, &offset) in offsets.iter().enumerate() {
                    for column in 0..width.min(columns) {
                        let row = (column as i64).checked_sub(offset).and_then(|r| usize::try_from(r).ok());
                        if let Some(row) = row.filter(|&row| row < rows) {
                            entries.push((row, column, values[k * width + column]));
                        }
                    }
                }
                Ok(from_entries(rows, columns, entries))
            }
        }
    }
}

fn indices(obj: &Obj<'_>, below: usize) -> Result<Vec<usize>> {
    let raw = if obj.kind() == Kind::None { return Err(obj.expected("indices")) } else { obj.array()?.i64s()? };
    let checked: Option<Vec<usize>> = raw.iter().map(|&i| usize::try_from(i).ok().filter(|&i| i < below)).collect();
    checked.ok_or_else(|| obj.error(ErrorKind::Value, format_args!("an index outside 0..{below}")))
}

/// `indptr` and `indices` of a matrix compressed along an axis of extent `major`.
fn compressed(obj: &Obj<'_>, major: usize, minor: usize, len: usize) -> Result<(Vec<usize>, Vec<usize>)> {
    let pointer = obj.field("indptr")?;
    let raw = pointer.array()?.i64s()?;
    let indptr: Option<Vec<usize>> = raw.iter().map(|&i| usize::try_from(i).ok()).collect();
    let indptr = indptr.unwrap_or_default();
    let grows = indptr.first() == Some(&0) && indptr.windows(2).all(|w| w[0] <= w[1]) && indptr.last() == Some(&len);
    if indptr.len() != major.saturating_add(1) || !grows {
        return Err(pointer.error(
            ErrorKind::Value,
            format_args!("indptr must grow from 0 to the {len} entries in {} steps", major.saturating_add(1)),
        ));
    }
    let indices = indices(&obj.field("indices")?, minor)?;
    if indices.len() != len {
        return Err(obj.error(ErrorKind::Value, "indices and data differ in length"));
    }
    Ok((indptr, indices))
}

/// Sorts entries (row, column, value) into rows; the sort is stable, so each row keeps its order.
fn from_entries(rows: usize, columns: usize, mut entries: Vec<(usize, usize, f64)>) -> Sparse {
    entries.sort_by_key(|&(row, column, _)| (row, column));
    let mut indptr = vec![0; rows + 1];
    for &(row, ..) in &entries {
        indptr[row + 1] += 1;
    }
    for row in 0..rows {
        indptr[row + 1] += indptr[row];
    }
    let (indices, data) = entries.into_iter().map(|(_, column, value)| (column, value)).unzip();
    Sparse { rows, columns, indptr, indices, data }
}
