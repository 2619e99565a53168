//! Sparse matrices as `scipy.sparse.save_npz` writes them.

use skestimators::{Array, Csr, Samples};

use super::{npy, zip};

/// Rows without an entry that a matrix has at most, where the file does not hold a place for each.
const EMPTY: usize = 1 << 24;

/// A matrix of `scipy.sparse.save_npz`: csr, csc or coo.
pub(super) fn sparse(bytes: &[u8]) -> Result<Samples, String> {
    let array = |name: &str| -> Result<Option<Array>, String> {
        zip::entry(bytes, &format!("{name}.npy"))?.map(|content| npy::read(&content)).transpose()
    };
    let need =
        |name: &str| array(name)?.ok_or_else(|| format!("the .npz file has no array '{name}', as save_npz writes it"));
    let counts = |name: &str| -> Result<Vec<usize>, String> {
        let bad = || format!("the array '{name}' of the .npz file does not hold counts");
        match need(name)? {
            Array::I64(values) => values.iter().map(|&n| usize::try_from(n).map_err(|_| bad())).collect(),
            _ => Err(bad()),
        }
    };
    let format = match need("format")? {
        Array::Bytes(text) => text.iter().next().map(|text| String::from_utf8_lossy(text).into_owned()),
        Array::Str(text) => text.iter().next().cloned(),
        _ => None,
    };
    let shape = counts("shape")?;
    let &[rows, columns] = shape.as_slice() else { return Err("a sparse input that is no matrix".into()) };
    let data =
        need("data")?.to_f64().ok_or("a sparse input that holds no numbers")?.iter().copied().collect::<Vec<f64>>();
    if format.as_deref() != Some("csr") && rows.saturating_sub(data.len()) > EMPTY {
        return Err(format!(
            "a sparse input of {rows} rows with {} entries: too few to hold places for all",
            data.len()
        ));
    }
    let csr = match format.as_deref() {
        Some("csr") => Csr::new(rows, columns, counts("indptr")?, counts("indices")?, data),
        Some("csc") => {
            // The columns are the rows of the transposed matrix: checked as such, then turned.
            let turned =
                Csr::new(columns, rows, counts("indptr")?, counts("indices")?, data).map_err(|e| e.to_string())?;
            let entries = (0..columns).flat_map(|column| {
                let (rows, values) = turned.row(column);
                rows.iter().zip(values).map(move |(&row, &value)| (row, column, value))
            });
            from_entries(rows, columns, entries.collect())
        }
        Some("coo") => {
            let (row, col) = (counts("row")?, counts("col")?);
            if row.len() != data.len() || col.len() != data.len() || row.iter().any(|&r| r >= rows) {
                return Err("a sparse input whose entries do not fit its shape".into());
            }
            from_entries(rows, columns, row.into_iter().zip(col).zip(data).map(|((r, c), v)| (r, c, v)).collect())
        }
        _ => return Err("a sparse input that is not csr, csc or coo".into()),
    };
    csr.map(Samples::Sparse).map_err(|e| e.to_string())
}

fn from_entries(rows: usize, columns: usize, mut entries: Vec<(usize, usize, f64)>) -> skestimators::Result<Csr> {
    entries.sort_by_key(|&(row, column, _)| (row, column));
    let mut indptr = vec![0];
    let mut at = 0;
    for row in 0..rows {
        at += entries[at..].iter().take_while(|entry| entry.0 == row).count();
        indptr.push(at);
    }
    let (indices, data) = entries.into_iter().map(|(_, column, value)| (column, value)).unzip();
    Csr::new(rows, columns, indptr, indices, data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};

    /// A matrix in coordinates with one entry.
    fn coo(rows: i64) -> Vec<u8> {
        let array = |descr: &str, shape: &str, data: &[u8]| {
            let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
            let len = (header.len() as u16).to_le_bytes();
            [b"\x93NUMPY\x01\x00".as_slice(), &len, header.as_bytes(), data].concat()
        };
        let shape = [rows.to_le_bytes(), 2i64.to_le_bytes()].concat();
        let mut zip = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in [
            ("format", array("|S3", "()", b"coo")),
            ("shape", array("<i8", "(2,)", &shape)),
            ("data", array("<f8", "(1,)", &1.5f64.to_le_bytes())),
            ("row", array("<i4", "(1,)", &1i32.to_le_bytes())),
            ("col", array("<i4", "(1,)", &0i32.to_le_bytes())),
        ] {
            zip.start_file(format!("{name}.npy"), ::zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(&content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn rows_that_are_only_claimed_buy_no_memory() {
        let Samples::Sparse(x) = sparse(&coo(3)).unwrap() else { panic!("no sparse matrix") };
        assert_eq!((x.rows(), x.row(1)), (3, (&[0][..], &[1.5][..])));
        let error = sparse(&coo(1 << 60)).unwrap_err();
        assert!(error.contains("1152921504606846976 rows with 1 entries"), "{error}");
    }
}
