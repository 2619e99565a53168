//! Columns of text cells as typed columns, by pandas' rules; what a column is, its first block decides.

use skestimators::{ColumnData, Run, Value};

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Float,
    Bool,
    Text,
}

impl Kind {
    /// The words of `--type`.
    pub(crate) const NAMES: [(&'static str, Kind); 4] =
        [("int", Kind::Int), ("float", Kind::Float), ("bool", Kind::Bool), ("text", Kind::Text)];

    pub(crate) fn of_word(word: &str) -> Option<Kind> {
        Kind::NAMES.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind)
    }
}

/// What pandas takes for a missing value.
fn is_missing(cell: &str) -> bool {
    const MISSING: [&str; 19] = [
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
        "NULL", "NaN", "None", "n/a", "nan", "null",
    ];
    cell.is_empty() || (cell.len() <= 8 && MISSING.contains(&cell))
}

fn float(cell: &str) -> Option<f64> {
    let cell = cell.trim();
    match cell.parse() {
        Ok(x) => Some(x),
        Err(_) => is_missing(cell).then_some(f64::NAN),
    }
}

fn int(cell: &str) -> Option<i64> {
    cell.trim().parse().ok()
}

fn truth(cell: &str) -> Option<bool> {
    match cell {
        "True" | "TRUE" | "true" => Some(true),
        "False" | "FALSE" | "false" => Some(false),
        _ => None,
    }
}

/// The type that holds these cells, as pandas chooses it for a whole column.
pub(super) fn infer<'c>(cells: &(impl Iterator<Item = &'c str> + Clone)) -> Kind {
    if cells.clone().all(|cell| int(cell).is_some()) {
        Kind::Int
    } else if cells.clone().all(|cell| float(cell).is_some()) {
        Kind::Float
    } else if cells.clone().all(|cell| truth(cell).is_some() || is_missing(cell)) {
        Kind::Bool
    } else {
        Kind::Text
    }
}

/// A column that grows cell by cell.
pub(super) struct Builder {
    kind: Kind,
    data: ColumnData,
}

impl Builder {
    pub(super) fn new(kind: Kind) -> Builder {
        Builder { kind, data: empty(kind) }
    }

    /// Adds a cell; false if it is not of the column's type.
    ///
    /// An integer column turns to floats at the first cell that is none, since as values they are equal.
    pub(super) fn push(&mut self, cell: &str) -> bool {
        match &mut self.data {
            ColumnData::F64(values) => match float(cell) {
                Some(x) => values.push(x),
                None => return false,
            },
            ColumnData::I64(values) => match (int(cell), float(cell)) {
                (Some(n), _) => values.push(n),
                (None, Some(x)) => {
                    let mut floats: Vec<f64> = values.iter().map(|&n| n as f64).collect();
                    floats.push(x);
                    self.kind = Kind::Float;
                    self.data = ColumnData::F64(floats);
                }
                (None, None) => return false,
            },
            ColumnData::Bool(values) => match truth(cell) {
                Some(b) => values.push(b),
                None if is_missing(cell) => {
                    // Bools beside missing values are objects in pandas too.
                    let mut objects: Vec<Value> = values.iter().map(|&b| Value::Bool(b)).collect();
                    objects.push(Value::Float(f64::NAN));
                    self.data = ColumnData::Mixed(objects.into());
                }
                None => return false,
            },
            ColumnData::Str(values) => values.push((!is_missing(cell)).then(|| cell.into())),
            ColumnData::Mixed(values) => match truth(cell) {
                Some(b) => values.push(Value::Bool(b)),
                None if is_missing(cell) => values.push(Value::Float(f64::NAN)),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    /// The column so far; the next one begins empty.
    pub(super) fn take(&mut self) -> ColumnData {
        let mut next = empty(self.kind);
        match &mut next {
            ColumnData::F64(values) => values.reserve(self.data.len()),
            ColumnData::I64(values) => values.reserve(self.data.len()),
            _ => {}
        }
        std::mem::replace(&mut self.data, next)
    }
}

fn empty(kind: Kind) -> ColumnData {
    match kind {
        Kind::Int => ColumnData::I64(Vec::new()),
        Kind::Float => ColumnData::F64(Vec::new()),
        Kind::Bool => ColumnData::Bool(Vec::new()),
        Kind::Text => ColumnData::Str(Run::default()),
    }
}

/// Values that have types of their own, as a column: one type for all where they allow it.
pub(super) fn of_values(values: Vec<Value>) -> ColumnData {
    macro_rules! all {
        ($($pattern:pat => $value:expr),+) => {
            values.iter().map(|v| match v { $($pattern => Some($value),)+ _ => None }).collect::<Option<Vec<_>>>()
        };
    }
    if let Some(values) = all!(Value::Int(n) => *n) {
        return ColumnData::I64(values);
    }
    if let Some(values) = all!(Value::Bool(b) => *b) {
        return ColumnData::Bool(values);
    }
    if let Some(values) = all!(Value::Int(n) => *n as f64, Value::Float(x) => *x, Value::None => f64::NAN) {
        return ColumnData::F64(values);
    }
    if let Some(values) = all!(Value::Str(text) => Some(text.clone()), Value::None => None) {
        return ColumnData::Str(values.into());
    }
    let missing = |value| if value == Value::None { Value::Float(f64::NAN) } else { value };
    ColumnData::Mixed(values.into_iter().map(missing).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cells: &[&str]) -> ColumnData {
        let mut builder = Builder::new(infer(&cells.iter().copied()));
        assert!(cells.iter().all(|cell| builder.push(cell)), "{cells:?}");
        builder.take()
    }

    #[test]
    fn columns_have_the_types_of_their_cells() {
        assert_eq!(column(&["1", "-2", " 3 "]), ColumnData::I64(vec![1, -2, 3]));
        assert!(matches!(column(&["1.5", "", "NA", "inf"]), ColumnData::F64(v) if v[0] == 1.5 && v[2].is_nan()));
        assert_eq!(column(&["True", "false"]), ColumnData::Bool(vec![true, false]));
        assert!(matches!(column(&["True", ""]), ColumnData::Mixed(v) if v[0] == Value::Bool(true)));
        assert_eq!(column(&["x", "", "12"]), ColumnData::Str(vec![Some("x".into()), None, Some("12".into())].into()));
    }

    #[test]
    fn integers_turn_to_floats_when_they_must() {
        let mut builder = Builder::new(Kind::Int);
        assert!(builder.push("1") && builder.push("2.5"));
        assert_eq!(builder.take(), ColumnData::F64(vec![1.0, 2.5]));
        assert!(builder.push("7") && !builder.push("x"));
        assert_eq!(builder.take(), ColumnData::F64(vec![7.0]));
    }

    #[test]
    fn values_keep_their_own_types() {
        assert_eq!(of_values(vec![Value::Int(1), Value::Float(0.5)]), ColumnData::F64(vec![1.0, 0.5]));
        assert_eq!(
            of_values(vec![Value::Str("a".into()), Value::None]),
            ColumnData::Str(vec![Some("a".into()), None].into())
        );
        assert!(matches!(of_values(vec![Value::Str("a".into()), Value::Int(1)]), ColumnData::Mixed(_)));
    }
}
