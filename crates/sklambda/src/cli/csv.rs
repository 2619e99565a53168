//! CSV with a header line, as pandas would read it: numbers make typed columns, the rest is text.

use skestimators::{Column, ColumnData, Table};

/// Reads a table.
pub(crate) fn read(text: &str) -> Result<Table, String> {
    let mut records = Records { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 };
    let (_, names) =
        records.next().transpose()?.ok_or("the CSV file is empty; it must begin with a line of column names")?;
    let mut cells: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    while let Some((line, record)) = records.next().transpose()? {
        if record.len() != names.len() {
            return Err(format!("CSV line {line} has {} values, the line of names has {}", record.len(), names.len()));
        }
        for (column, cell) in cells.iter_mut().zip(record) {
            column.push(cell);
        }
    }
    let columns = names.into_iter().zip(cells).map(|(name, cells)| Column { name, data: typed(cells) }).collect();
    Table::new(columns).map_err(|e| e.to_string())
}

/// What pandas takes for a missing value.
fn is_missing(cell: &str) -> bool {
    const MISSING: [&str; 18] = [
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
        "NULL", "NaN", "None", "n/a", "nan",
    ];
    MISSING.contains(&cell) || cell == "null"
}

fn typed(cells: Vec<String>) -> ColumnData {
    let int = |cell: &String| cell.trim().parse::<i64>().ok();
    let float = |cell: &String| if is_missing(cell.trim()) { Some(f64::NAN) } else { number(cell.trim()) };
    let truth = |cell: &String| match cell.as_str() {
        "True" | "TRUE" | "true" => Some(true),
        "False" | "FALSE" | "false" => Some(false),
        _ => None,
    };
    if let Some(values) = cells.iter().map(int).collect() {
        return ColumnData::I64(values);
    }
    if let Some(values) = cells.iter().map(truth).collect() {
        return ColumnData::Bool(values);
    }
    if let Some(values) = cells.iter().map(float).collect() {
        return ColumnData::F64(values);
    }
    let text = |cell: String| (!is_missing(&cell)).then(|| cell.into_boxed_str());
    ColumnData::Str(cells.into_iter().map(text).collect())
}

/// A number as pandas spells them; Rust's own words for infinity and NaN are pandas' too.
fn number(cell: &str) -> Option<f64> {
    cell.parse().ok()
}

/// Lines split into cells; quotes hold commas, line breaks, and quotes that are doubled.
struct Records<'a> {
    rest: &'a str,
    line: usize,
}

impl Iterator for Records<'_> {
    /// Number of the first line, and the cells.
    type Item = Result<(usize, Vec<String>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        // Lines with nothing on them are passed over.
        while let Some(rest) = self.rest.strip_prefix("\r\n").or_else(|| self.rest.strip_prefix('\n')) {
            self.rest = rest;
            self.line += 1;
        }
        if self.rest.is_empty() {
            return None;
        }
        let first = self.line;
        let mut record = Vec::new();
        loop {
            let mut cell = String::new();
            let start = self.line;
            if let Some(mut quoted) = self.rest.strip_prefix('"') {
                loop {
                    let Some((part, after)) = quoted.split_once('"') else {
                        return Some(Err(format!("CSV line {start}: a quote is opened and not closed")));
                    };
                    self.line += part.matches('\n').count();
                    cell.push_str(part);
                    quoted = after;
                    match after.strip_prefix('"') {
                        Some(more) => {
                            cell.push('"');
                            quoted = more;
                        }
                        None => break,
                    }
                }
                self.rest = quoted;
            }
            let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
            let (plain, after) = self.rest.split_at(end);
            cell.push_str(if after.starts_with(',') { plain } else { plain.strip_suffix('\r').unwrap_or(plain) });
            record.push(cell);
            match after.strip_prefix(',') {
                Some(after) => self.rest = after,
                None => {
                    self.line += 1;
                    self.rest = after.strip_prefix('\n').unwrap_or(after);
                    return Some(Ok((first, record)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_types_of_their_cells() {
        let text = "\u{feff}a,b,\"c, \"\"d\"\"\",e,f\r\n1,1.5,x,True,\r\n\r\n-2,,\"two\nlines\",False,z\r\n";
        let table = read(text).unwrap();
        let names: Vec<&str> = table.names().collect();
        assert_eq!(names, ["a", "b", "c, \"d\"", "e", "f"]);
        let data: Vec<&ColumnData> = table.columns().iter().map(|column| &column.data).collect();
        assert_eq!(*data[0], ColumnData::I64(vec![1, -2]));
        assert!(matches!(data[1], ColumnData::F64(v) if v[0] == 1.5 && v[1].is_nan()));
        assert_eq!(*data[2], ColumnData::Str(vec![Some("x".into()), Some("two\nlines".into())]));
        assert_eq!(*data[3], ColumnData::Bool(vec![true, false]));
        assert_eq!(*data[4], ColumnData::Str(vec![None, Some("z".into())]));
    }

    #[test]
    fn faults_name_their_line() {
        assert_eq!(read("a,b\n1,2\n\n3\n").unwrap_err(), "CSV line 4 has 1 values, the line of names has 2");
        assert_eq!(read("a\n\"x\n").unwrap_err(), "CSV line 2: a quote is opened and not closed");
        assert!(read("").is_err());
    }
}
