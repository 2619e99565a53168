//! `sklearn.preprocessing._encoders.OneHotEncoder`: one column for each category.

use skpickle::{ErrorKind, Obj};

use crate::{
    compose::columns::not_two_dimensional,
    data::{Array, Csr, Dtype, Samples, Value},
    error::{Error, Result},
    estimator::Estimator,
    method::{Method, Methods},
    preprocessing::{
        categories::{Categories, Strange, cell, texts, values},
        one_hot_legacy,
    },
    state::State,
    validation::Door,
};

/// What becomes of a value that the fit has not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unknown {
    Error,
    /// No column is set.
    Ignore,
    /// It counts as infrequent where there are infrequent categories.
    Infrequent,
}

/// One column of the input.
struct Column {
    categories: Categories,
    /// From the number of a category to its number when the infrequent ones are one.
    mapping: Option<Vec<usize>>,
    /// The categories once the infrequent ones are one, and how their columns are called.
    grouped: Vec<Value>,
    names: Vec<String>,
    /// Which of the grouped ones has no column.
    drop: Option<usize>,
    /// The category that an unknown value counts as.
    rare: Option<usize>,
}

impl Column {
    fn width(&self) -> usize {
        self.grouped.len() - usize::from(self.drop.is_some())
    }

    /// Number of the grouped category that stands behind a column.
    fn behind(&self, at: usize) -> usize {
        at + usize::from(self.drop.is_some_and(|drop| at >= drop))
    }
}

struct OneHotEncoder {
    columns: Vec<Column>,
    unknown: Unknown,
    /// Categories are dropped, in some columns at least.
    drops: bool,
    sparse: bool,
    dtype: Dtype,
    /// Since 0.24: NaN is a category, and rows without a set column are refused on the way back.
    strict: bool,
    /// Since 1.5, the first to run with it.
    numpy2: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    // 0.20 and 0.21 have a mode that encodes as before 0.20.
    if s.opt("_legacy_mode")?.unwrap_or(false) {
        let known = s.has("categories_") && !s.objects("categories_")?.is_empty();
        return one_hot_legacy::load(s, Some(if known { Some(by_categories(s)?) } else { None }));
    }
    if !s.has("categories_") {
        return one_hot_legacy::load(s, None);
    }
    by_categories(s)
}

/// The encoder since 0.20.
fn by_categories(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let infrequent = s.opt("_infrequent_enabled")?.unwrap_or(false);
    let mut mappings = Vec::new();
    if infrequent {
        mappings = s.objects("_default_to_infrequent_mappings")?;
    }
    let drops = match s.raw_opt("_drop_idx_after_grouping").or_else(|| s.raw_opt("drop_idx_")) {
        Some(obj) => Some(values(&obj.get::<Array>()?).collect::<Vec<Value>>()),
        None => None,
    };
    let fields = s.objects("categories_")?;
    s.require(!fields.is_empty(), "categories_ is empty")?;
    s.require(!infrequent || mappings.len() == fields.len(), "the infrequent groups are not for the columns")?;
    s.require(drops.as_ref().is_none_or(|d| d.len() == fields.len()), "drop_idx_ is not for the columns")?;
    let mut columns = Vec::new();
    for (j, field) in fields.iter().enumerate() {
        let mapping = mappings.get(j).filter(|obj| !obj.is_none());
        let drop = match drops.as_ref().map(|drops| &drops[j]) {
            None | Some(Value::None) => None,
            Some(Value::Int(n)) => Some(usize::try_from(*n).map_err(|_| s.error("drop_idx_ is negative"))?),
            Some(_) => return Err(s.error("drop_idx_ holds other values than numbers of categories")),
        };
        columns.push(column(s, field, mapping, drop)?);
    }
    let unknown = s.choice(
        "handle_unknown",
        None,
        &[
            ("error", Unknown::Error),
            ("ignore", Unknown::Ignore),
            ("infrequent_if_exist", Unknown::Infrequent),
            // since 1.6, which as 1.7 did not count it as infrequent
            ("warn", if s.version() < (1, 8) { Unknown::Ignore } else { Unknown::Infrequent }),
        ],
    )?;
    if let Some(combiner) = s.raw_opt("feature_name_combiner")
        && combiner.str().ok().as_deref() != Some("concat")
    {
        return Err(
            s.unsupported("feature_name_combiner is a function of the user's own, whose code is not in the file")
        );
    }
    // called `sparse` until 1.2
    let sparse = s.renamed(&["sparse_output", "sparse"])?;
    let (strict, numpy2) = (s.version() >= (0, 24), s.version() >= (1, 5));
    let (drops, dtype) = (drops.is_some(), Dtype::load(s, Dtype::F64)?);
    Ok(Box::new(OneHotEncoder { columns, unknown, drops, sparse, dtype, strict, numpy2 }))
}

fn column(s: &State<'_, '_>, field: &Obj<'_>, mapping: Option<&Obj<'_>>, drop: Option<usize>) -> Result<Column> {
    let array: Array = field.get()?;
    if array.shape().len() != 1 {
        return Err(field.expected("a 1-d array of categories").into());
    }
    field.charge((array.len() as u64).saturating_mul(192))?;
    let all: Vec<Value> = values(&array).collect();
    let names = texts(&array);
    let mut column =
        Column { categories: Categories::new(array), mapping: None, grouped: all, names, drop, rare: None };
    if let Some(obj) = mapping {
        let map: Vec<usize> = obj.array()?.i64s()?.iter().map(|&i| usize::try_from(i).unwrap_or(usize::MAX)).collect();
        let last = map.iter().copied().max().unwrap_or(0);
        let frequent: Vec<usize> = (0..map.len()).filter(|&i| map[i] < last).collect();
        let sound = map.len() == column.grouped.len()
            && !map.is_empty()
            && frequent.len() == last
            && frequent.iter().enumerate().all(|(to, &from)| map[from] == to);
        if !sound {
            return Err(obj.error(ErrorKind::Value, "the groups do not number the categories").into());
        }
        column.grouped = frequent.iter().map(|&i| column.grouped[i].clone()).collect();
        column.grouped.push(Value::Str("infrequent_sklearn".into()));
        column.names = frequent.iter().map(|&i| column.names[i].clone()).collect();
        column.names.push("infrequent_sklearn".into());
        column.rare = Some(last);
        column.mapping = Some(map);
    }
    let len = column.grouped.len();
    s.require(drop.is_none_or(|drop| drop < len), format_args!("drop_idx_ is {drop:?} among {len} categories"))?;
    if let Some(drop) = drop {
        column.names.remove(drop);
    }
    Ok(column)
}

impl OneHotEncoder {
    fn width(&self) -> usize {
        self.columns.iter().map(Column::width).sum()
    }

    /// The value that a column of the input had, by its part of a row; `None` for none of them.
    fn decode(&self, column: &Column, part: &[f64]) -> Option<Value> {
        let dropped = |drop: usize| column.grouped.get(drop).cloned();
        if part.is_empty() {
            return column.drop.and_then(|drop| column.categories.value(drop));
        }
        let zero = part.iter().sum::<f64>() == 0.0;
        let ignores = self.unknown == Unknown::Ignore || self.unknown == Unknown::Infrequent && column.rare.is_none();
        match (zero, column.drop) {
            (true, None) if ignores => return Some(Value::None),
            (true, Some(drop)) if ignores => return column.categories.value(drop),
            (true, Some(drop)) => return dropped(drop),
            // As in scikit-learn, a column without a dropped category is taken for one with all of them.
            (true, None) if self.drops => return column.grouped.first().filter(|_| column.grouped.len() == 1).cloned(),
            (true, None) if self.strict => return None,
            _ => {}
        }
        let best = crate::math::special::argmax(part.iter().copied());
        column.grouped.get(column.behind(best)).cloned()
    }

    /// The refusal of rows without a value in the first of the columns where there are some.
    #[cold]
    fn lost(&self, lost: &[(usize, usize)]) -> Error {
        let first = lost.iter().map(|&(column, _)| column).min().unwrap_or(0);
        let rows: Vec<usize> = lost.iter().filter(|&&(column, _)| column == first).map(|&(_, row)| row).collect();
        if self.drops {
            let width = self.columns[first].width();
            return Error::input(format_args!(
                "shape mismatch: value array of shape (1,{width}) could not be broadcast to indexing result of shape ({},)",
                rows.len()
            ));
        }
        let rows: Vec<String> = rows.iter().map(usize::to_string).collect();
        Error::input(format_args!(
            "Samples [{}] can not be inverted when drop=None and handle_unknown='error' because they contain all zeros",
            rows.join(" ")
        ))
    }
}

impl Estimator for OneHotEncoder {
    fn methods(&self) -> Methods {
        // The names were `get_feature_names` before 1.0.
        Methods::of(&[Method::Transform, Method::InverseTransform, Method::FeatureNamesOut])
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.columns.len())
    }

    fn door(&self, method: Method) -> Door {
        match method {
            Method::InverseTransform => Door::NUMERIC.sparse().any_width().nameless(),
            _ if self.strict => Door::VALUES.nameless(),
            _ => Door::VALUES.finite().nameless(),
        }
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        if x.columns() != Some(self.columns.len()) {
            return Err(not_two_dimensional(x));
        }
        let rows = x.rows();
        // By row, which of the output's columns each column sets.
        let mut set: Vec<Option<usize>> = vec![None; rows.saturating_mul(self.columns.len())];
        let mut offset = 0;
        for (j, column) in self.columns.iter().enumerate() {
            column.categories.check_column(x, j)?;
            let mut strange = Strange::default();
            for i in 0..rows {
                let found = column.categories.find_cell(x, i, j);
                let found = found.map(|code| column.mapping.as_ref().map_or(code, |m| m[code]));
                let code = match (found, self.unknown) {
                    (Some(code), _) => Some(code),
                    (None, Unknown::Ignore) => None,
                    (None, Unknown::Infrequent) => column.rare,
                    (None, Unknown::Error) => {
                        strange.add(cell(x, i, j));
                        None
                    }
                };
                set[i * self.columns.len() + j] = code
                    .filter(|_| code != column.drop)
                    .map(|code| offset + code - usize::from(column.drop.is_some_and(|drop| code > drop)));
            }
            strange.refuse(&column.categories, x, j, self.numpy2)?;
            offset += column.width();
        }
        let (mut indptr, mut indices) = (vec![0], Vec::with_capacity(set.len()));
        for row in set.chunks(self.columns.len()) {
            indices.extend(row.iter().flatten());
            indptr.push(indices.len());
        }
        let data = vec![1.0; indices.len()];
        let out = Csr::new(rows, offset, indptr, indices, data)?;
        Ok(if self.sparse { Samples::Sparse(out) } else { self.dtype.samples(out.to_dense()) })
    }

    fn inverse_transform(&self, x: &Samples) -> Result<Samples> {
        let (width, found) = (self.width(), x.columns().unwrap_or(0));
        if found != width {
            return Err(Error::input(format_args!(
                "Shape of the passed X data is not correct. Expected {width} columns, got {found}."
            )));
        }
        let mut row = vec![0.0; width];
        let mut out = Vec::with_capacity(x.rows());
        // Columns and rows without a value.
        let mut lost = Vec::new();
        for i in 0..x.rows() {
            row.fill(0.0);
            match x {
                Samples::Sparse(x) => {
                    let (columns, values) = x.row(i);
                    columns.iter().zip(values).for_each(|(&j, &v)| row[j] += v);
                }
                Samples::Dense(x) => row.iter_mut().zip(x.row(i)).for_each(|(to, &v)| *to = v),
                Samples::Dense32(x) => row.iter_mut().zip(x.row(i)).for_each(|(to, &v)| *to = v.into()),
                other => return Err(not_two_dimensional(other)),
            }
            let (mut rest, mut values) = (&row[..], Vec::with_capacity(self.columns.len()));
            for (j, column) in self.columns.iter().enumerate() {
                let (part, after) = rest.split_at(column.width());
                rest = after;
                values.push(self.decode(column, part).unwrap_or_else(|| {
                    lost.push((j, i));
                    Value::None
                }));
            }
            out.push(values);
        }
        if lost.is_empty() { Ok(Samples::Rows(out.into())) } else { Err(self.lost(&lost)) }
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        if input.len() != self.columns.len() {
            return Err(Error::input("input_features should have length equal to number of features"));
        }
        let names = self.columns.iter().zip(input);
        Ok(names.flat_map(|(column, input)| column.names.iter().map(move |name| format!("{input}_{name}"))).collect())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn encoder(drops: bool, columns: &[(&[&str], Option<usize>)]) -> OneHotEncoder {
        let column = |&(names, drop): &(&[&str], Option<usize>)| {
            let names: Vec<String> = names.iter().map(|&name| name.into()).collect();
            let array = Array::from(names.clone());
            Column {
                grouped: values(&array).collect(),
                categories: Categories::new(array),
                mapping: None,
                names,
                drop,
                rare: None,
            }
        };
        let columns = columns.iter().map(column).collect();
        OneHotEncoder {
            columns,
            unknown: Unknown::Error,
            drops,
            sparse: false,
            dtype: Dtype::F64,
            strict: true,
            numpy2: false,
        }
    }

    #[test]
    fn zeros_in_a_column_that_drops_nothing() {
        let refusal = |encoder: &OneHotEncoder, x: ndarray::Array2<f64>| {
            encoder.inverse_transform(&x.into()).err().map(|e| e.to_string()).unwrap_or_default()
        };
        // drop="if_binary" drops nothing of three categories, or of one.
        let binary = encoder(true, &[(&["a", "b"], Some(0)), (&["c"], None)]);
        let x = Samples::from(array![[0.0, 0.0], [1.0, 1.0]]);
        let found = binary.inverse_transform(&x).ok();
        let rows = [["a", "c"], ["b", "c"]].map(|row| row.map(|text| Value::Str(text.into())).to_vec());
        assert_eq!(found, Some(Samples::Rows(rows.to_vec().into())));
        let wide = encoder(true, &[(&["a", "b"], Some(0)), (&["c", "d", "e"], None)]);
        assert!(refusal(&wide, array![[0.0, 0.0, 0.0, 0.0]]).contains("shape mismatch: value array of shape (1,3)"));
        let all = encoder(false, &[(&["a", "b"], None), (&["c", "d"], None)]);
        let x = array![[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]];
        assert!(refusal(&all, x).contains("Samples [1 2] can not"));
    }
}
