//! Answers as columns with names.

use skestimators::{Array, Column, ColumnData, Method, Model, Output, Samples, Value};

use crate::numpy;

/// Columns of a sparse answer that are written out, at most.
const SPARSE: usize = 4_096;

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::cli) enum Cell<'a> {
    Missing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Float32(f32),
    Text(&'a str),
}

impl<'a> Cell<'a> {
    fn float(x: f64) -> Cell<'a> {
        if x.is_nan() { Cell::Missing } else { Cell::Float(x) }
    }

    fn float32(x: f32) -> Cell<'a> {
        if x.is_nan() { Cell::Missing } else { Cell::Float32(x) }
    }

    fn value(value: &'a Value) -> Cell<'a> {
        match value {
            Value::Bool(b) => Cell::Bool(*b),
            Value::Int(n) => Cell::Int(*n),
            Value::Float(x) => Cell::float(*x),
            Value::Str(text) => Cell::Text(text),
            Value::None | Value::Bytes(_) => Cell::Missing,
        }
    }

    /// The cell of a column.
    pub(in crate::cli) fn of(data: &'a ColumnData, row: usize) -> Cell<'a> {
        match data {
            ColumnData::F64(v) => Cell::float(v[row]),
            ColumnData::F32(v) => Cell::float32(v[row]),
            ColumnData::I64(v) => Cell::Int(v[row]),
            ColumnData::Bool(v) => Cell::Bool(v[row]),
            ColumnData::Str(v) => v[row].as_deref().map_or(Cell::Missing, Cell::Text),
            ColumnData::Mixed(v) => Cell::value(&v[row]),
            _ => Cell::Missing,
        }
    }
}

/// Columns of one element type, row by row.
#[derive(Debug)]
enum Data {
    F64(Vec<f64>),
    F32(Vec<f32>),
    I64(Vec<i64>),
    Bool(Vec<bool>),
    Str(Vec<String>),
    Values(Vec<Value>),
    Column(ColumnData),
}

/// Columns that lie side by side.
#[derive(Debug)]
pub(in crate::cli) struct Group {
    data: Data,
    pub(in crate::cli) names: Vec<String>,
    /// One column that stands for a vector, not for a matrix.
    pub(in crate::cli) flat: bool,
}

impl Group {
    /// The cell of a row in one of the group's columns.
    pub(in crate::cli) fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let at = row * self.names.len() + column;
        match &self.data {
            Data::F64(v) => Cell::float(v[at]),
            Data::F32(v) => Cell::float32(v[at]),
            Data::I64(v) => Cell::Int(v[at]),
            Data::Bool(v) => Cell::Bool(v[at]),
            Data::Str(v) => Cell::Text(&v[at]),
            Data::Values(v) => Cell::value(&v[at]),
            Data::Column(column) => Cell::of(column, row),
        }
    }
}

/// The columns of a block.
#[derive(Debug)]
pub(in crate::cli) struct Columns {
    pub(in crate::cli) groups: Vec<Group>,
    pub(in crate::cli) rows: usize,
}

impl Columns {
    pub(in crate::cli) fn names(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flat_map(|group| group.names.iter().map(String::as_str))
    }

    /// The cells of one column; none if there is no such column.
    #[cfg(feature = "parquet")]
    pub(in crate::cli) fn column(&self, at: usize) -> impl Iterator<Item = Cell<'_>> {
        let mut left = at;
        let found = self.groups.iter().find(|group| match left.checked_sub(group.names.len()) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        });
        found.into_iter().flat_map(move |group| (0..self.rows).map(move |row| group.cell(row, left)))
    }

    /// The cells of a row, in the order of the names.
    pub(in crate::cli) fn cells(&self, row: usize) -> impl Iterator<Item = Cell<'_>> {
        self.groups.iter().flat_map(move |group| (0..group.names.len()).map(move |column| group.cell(row, column)))
    }
}

/// What names the columns of answers: the model's classes and the features it makes.
pub(in crate::cli) struct Names {
    classes: Vec<Vec<String>>,
    features: Vec<String>,
}

impl Names {
    pub(in crate::cli) fn of(model: &Model) -> Names {
        let none = Samples::Dense(ndarray::Array2::zeros((1, model.n_features_in().unwrap_or(1))));
        let features = match model.call(Method::FeatureNamesOut, &none) {
            Ok(Output::Names(names)) => names,
            _ => Vec::new(),
        };
        Names { classes: model.classes().iter().map(numpy::labels).collect(), features }
    }

    /// The columns that go through, and those of the answers.
    pub(in crate::cli) fn columns(&self, kept: Vec<Column>, answers: Vec<(Method, Output)>) -> Result<Columns, String> {
        let mut groups = Vec::new();
        let mut rows = None;
        for column in kept {
            rows = Some(column.data.len());
            groups.push(Group { names: vec![column.name], data: Data::Column(column.data), flat: true });
        }
        for (method, answer) in answers {
            let before = groups.len();
            self.add(&mut groups, method, answer)?;
            for (data, len, width) in
                groups[before..].iter().map(|group| (&group.data, len(&group.data), group.names.len()))
            {
                let found = if matches!(data, Data::Column(_)) { len } else { len / width.max(1) };
                if *rows.get_or_insert(found) != found {
                    return Err(format!("{} does not answer row by row: write its answer as .json", method.name()));
                }
            }
        }
        Ok(Columns { groups, rows: rows.unwrap_or(0) })
    }

    fn add(&self, groups: &mut Vec<Group>, method: Method, answer: Output) -> Result<(), String> {
        let name = method.name();
        let no_table = || Err(format!("{name} gives no table here: write its answer as .json"));
        let classes = self.classes.as_slice();
        match answer {
            Output::Array(array) => {
                let labels = match (method, classes) {
                    (Method::PredictProba | Method::PredictLogProba | Method::DecisionFunction, [only]) => Some(only),
                    _ => None,
                };
                groups.push(self.group(name, array, labels)?);
            }
            Output::Arrays(arrays) => {
                for (i, array) in arrays.into_iter().enumerate() {
                    groups.push(self.group(&format!("{name}_{i}"), array, classes.get(i))?);
                }
            }
            Output::Samples(Samples::Dense(x)) => groups.push(self.group(name, x.into(), None)?),
            Output::Samples(Samples::Dense32(x)) => groups.push(self.group(name, Array::F32(x.into_dyn()), None)?),
            Output::Samples(Samples::Array(array)) => groups.push(self.group(name, array, None)?),
            Output::Samples(Samples::Sparse(x)) if x.columns() > SPARSE => {
                return Err(format!("a sparse answer of {} columns is no table: write it as .json", x.columns()));
            }
            Output::Samples(Samples::Sparse(x)) => {
                let mut dense = vec![0.0; x.rows() * x.columns()];
                for row in 0..x.rows() {
                    let (places, values) = x.row(row);
                    for (place, value) in places.iter().zip(values) {
                        dense[row * x.columns() + place] = *value;
                    }
                }
                let names = self.names(name, x.columns(), None);
                groups.push(Group { data: Data::F64(dense), names, flat: false });
            }
            Output::Samples(Samples::Text(texts)) => {
                groups.push(Group { data: Data::Str(texts.into_vec()), names: vec![name.into()], flat: true });
            }
            Output::Samples(Samples::Rows(rows)) => {
                let width = rows.first().map_or(0, Vec::len);
                let names = self.names(name, width, None);
                let data = Data::Values(rows.into_iter().flatten().collect());
                groups.push(Group { data, names, flat: false });
            }
            Output::Samples(Samples::Table(table)) => {
                for column in table.columns() {
                    let data = Data::Column(column.data.clone());
                    groups.push(Group { names: vec![column.name.clone()], data, flat: true });
                }
            }
            _ => return no_table(),
        }
        Ok(())
    }

    /// An array of one or two dimensions.
    fn group(&self, name: &str, array: Array, labels: Option<&Vec<String>>) -> Result<Group, String> {
        let flat = array.shape().len() == 1;
        let names = match *array.shape() {
            [_] => vec![name.to_owned()],
            [_, width] => self.names(name, width, labels),
            ref shape => return Err(format!("{name} gives {} dimensions: write its answer as .json", shape.len())),
        };
        let data = match array {
            Array::F64(a) => Data::F64(a.into_iter().collect()),
            Array::F32(a) => Data::F32(a.into_iter().collect()),
            Array::I64(a) => Data::I64(a.into_iter().collect()),
            Array::Bool(a) => Data::Bool(a.into_iter().collect()),
            Array::Str(a) => Data::Str(a.into_iter().collect()),
            Array::Bytes(a) => Data::Str(a.into_iter().map(|b| String::from_utf8_lossy(&b).into_owned()).collect()),
            Array::Object(a) => Data::Values(a.into_iter().map(text_of_bytes).collect()),
            _ => return Err(format!("{name} gives no table here: write its answer as .json")),
        };
        Ok(Group { data, names, flat })
    }

    /// Names of the columns of a matrix: classes, features, or numbers.
    fn names(&self, name: &str, width: usize, labels: Option<&Vec<String>>) -> Vec<String> {
        match labels.filter(|labels| labels.len() == width) {
            Some(labels) => labels.iter().map(|label| format!("{name}_{label}")).collect(),
            None if name == Method::Transform.name() && self.features.len() == width => self.features.clone(),
            None => (0..width).map(|column| format!("{name}_{column}")).collect(),
        }
    }
}

fn text_of_bytes(value: Value) -> Value {
    match value {
        Value::Bytes(bytes) => Value::Str(String::from_utf8_lossy(&bytes).into()),
        other => other,
    }
}

fn len(data: &Data) -> usize {
    match data {
        Data::F64(v) => v.len(),
        Data::F32(v) => v.len(),
        Data::I64(v) => v.len(),
        Data::Bool(v) => v.len(),
        Data::Str(v) => v.len(),
        Data::Values(v) => v.len(),
        Data::Column(column) => column.len(),
    }
}
