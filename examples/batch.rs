//! Scores a CSV file of numbers, a thousand rows at a time: as much memory for a billion rows as for a thousand.
//!
//!     cargo run -p skestimators --example batch -- testdata/examples/iris_logistic.joblib < rows.csv > labels.csv
//!
//! `sklambda predict` does the same for CSV of all kinds, with quotes, text and missing values.
#![allow(clippy::print_stderr)]

use std::io::{self, BufRead, Write};

use ndarray::Array2;
use skestimators::{Method, Model, Output, Samples};

/// Rows that are asked about together.
const ROWS: usize = 1_000;

type Fault = Box<dyn std::error::Error>;

fn main() -> Result<(), Fault> {
    let path = std::env::args().nth(1).ok_or("name a model file")?;
    let model = Model::from_path(path)?;
    let width = model.n_features_in().ok_or("the model does not say how wide its rows are")?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (mut cells, mut rows) = (Vec::with_capacity(ROWS * width), 0_usize);
    for (number, line) in io::stdin().lock().lines().enumerate() {
        let line = line?;
        // A first line of names is no row.
        if line.trim().is_empty() || number == 0 && line.split(',').all(|cell| cell.trim().parse::<f64>().is_err()) {
            continue;
        }
        let before = cells.len();
        for cell in line.split(',') {
            let value = cell.trim().parse::<f64>();
            cells.push(value.map_err(|e| format!("line {}: '{}': {e}", number + 1, cell.trim().escape_debug()))?);
        }
        if cells.len() - before != width {
            return Err(format!("line {}: {} values; the model takes {width}", number + 1, cells.len() - before).into());
        }
        rows += 1;
        if rows.is_multiple_of(ROWS) {
            score(&model, std::mem::take(&mut cells), width, &mut out)?;
        }
    }
    score(&model, cells, width, &mut out)?;
    out.flush()?;
    eprintln!("{rows} rows");
    Ok(())
}

/// Writes a line a row: the label, and its probability where the model tells one.
fn score(model: &Model, cells: Vec<f64>, width: usize, out: &mut impl Write) -> Result<(), Fault> {
    if cells.is_empty() {
        return Ok(());
    }
    let x = Samples::from(Array2::from_shape_vec((cells.len() / width, width), cells)?);
    let labels = model.predict(&x)?.to_f64().ok_or("the labels are no numbers")?;
    let probabilities = match model.has(Method::PredictProba).then(|| model.predict_proba(&x)).transpose()? {
        Some(Output::Array(array)) => array.to_f64(),
        _ => None,
    };
    for (i, label) in labels.iter().enumerate() {
        write!(out, "{label}")?;
        if let Some(row) = probabilities.as_ref().and_then(|p| p.outer_iter().nth(i)) {
            write!(out, ",{:.6}", row.iter().copied().fold(0.0, f64::max))?;
        }
        writeln!(out)?;
    }
    Ok(())
}
