//! The loop behind `predict` and `compare`: blocks of rows through a model, reading ahead on a second thread.

use std::sync::mpsc::sync_channel;

use skestimators::{Column, ColumnData, Error, ErrorKind, Method, Model, Output, Samples, Value};

use super::{
    Failure,
    input::{Block, Source},
    model,
    progress::Progress,
};

/// Columns that a refusal names.
const NAMED: usize = 5;
/// Blocks that wait to be answered.
const AHEAD: usize = 2;

/// Whether a method answers each row by itself, so that blocks of rows can be answered one by one.
pub(super) fn is_row_wise(method: Method) -> bool {
    !matches!(
        method,
        Method::PredictCov
            | Method::StagedPredict
            | Method::StagedPredictProba
            | Method::StagedDecisionFunction
            | Method::FeatureNamesOut
    )
}

/// Answers a source block by block.
pub(super) fn each_block(
    model: &Model,
    methods: &[Method],
    mut source: Box<dyn Source>,
    progress: &mut Progress,
    mut answered: impl FnMut(Vec<Column>, Vec<(Method, Output)>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut answer = |block: Block| {
        let answer = |&method| match model.call(method, &block.samples) {
            Ok(answer) => Ok((method, answer)),
            Err(e) => Err(refusal(model, method, &block, &e)),
        };
        let answers = methods.iter().map(answer).collect::<Result<Vec<_>, _>>()?;
        let (rows, done) = (block.samples.rows() as u64, block.done);
        answered(block.kept, answers)?;
        progress.advance(rows, done);
        Ok(())
    };
    // The first block is answered at once: most inputs have no second.
    let Some(first) = source.next().map_err(Failure::input)? else {
        return Err(Failure::input("the input has no rows"));
    };
    answer(first)?;
    let (sender, receiver) = sync_channel(AHEAD);
    // Not joined: where the answer ends early, a reader may be waiting for input that never comes.
    std::thread::spawn(move || {
        loop {
            let next = source.next();
            let last = !matches!(next, Ok(Some(_)));
            if sender.send(next).is_err() || last {
                break;
            }
        }
    });
    loop {
        match receiver.recv() {
            Ok(Ok(Some(block))) => answer(block)?,
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(message)) => return Err(Failure::input(message)),
            Err(_) => return Err(Failure::other("the reading of the input broke off; please report this input")),
        }
    }
}

/// A model's refusal of a block, with the row and the column where one of them is at fault.
#[cold]
fn refusal(model: &Model, method: Method, block: &Block, e: &Error) -> Failure {
    if e.kind() != ErrorKind::Input {
        return model::refused(e);
    }
    let Some((row, own)) = first_refused(model, method, block, e) else {
        return Failure::input(format!("{e}{} ({})", advice(model, block, &e.to_string()), e.exception()));
    };
    let number = block.first + row as u64;
    let place = match block.lines.get(row) {
        Some(line) => format!("row {number} (line {line})"),
        None => format!("row {number}"),
    };
    // What the model says of all rows, as scikit-learn would, unless it says where; of what is wrong with a row alone it says more.
    let (whole, own) = (e.to_string(), own.to_string());
    let message = if whole.contains(": row ") || block.first > 0 { own } else { whole };
    // What the model says of a row alone is about its row 0; this row has a number of its own.
    let message = message.split("\nThe first one is in row ").next().unwrap_or_default();
    let message = if message.contains(": row 0, column") {
        message.replace(": row 0, column", &format!(": {place}, column"))
    } else {
        let column = match columns_at_fault(&block.samples, row, message).as_slice() {
            [] => String::new(),
            [name] => format!(", column {name}"),
            // Some of them may be filled in before the estimator that refuses the rest.
            several => {
                let more = if several.len() > NAMED { ", …" } else { "" };
                format!(", columns {}{more}", several[..several.len().min(NAMED)].join(", "))
            }
        };
        // The place stands after the first line: what follows is advice.
        let (first, advice) = message.split_once('\n').unwrap_or((message, ""));
        let place = if first.ends_with('.') { format!(" At {place}{column}.") } else { format!(": {place}{column}") };
        format!("{first}{place}\n{advice}").trim_end().to_owned()
    };
    Failure::input(format!("{message}{} ({})", advice(model, block, &message), e.exception()))
}

/// What to do where it is likely how the file was read that is at fault.
fn advice(model: &Model, block: &Block, message: &str) -> &'static str {
    let Samples::Table(table) = &block.samples else { return "" };
    // A file that is read by lines has no types of its own.
    let guessed = !block.lines.is_empty();
    let number = |column: &Column| matches!(column.data, ColumnData::F64(_) | ColumnData::I64(_));
    if message.starts_with("could not convert string to float") && model.feature_names_in().is_none() {
        "; the model names no columns and is given all: --keep takes one past it, --columns chooses"
    } else if message.starts_with("ufunc 'isnan' not supported") && guessed
        || message.starts_with("Found unknown categories") && guessed && table.columns().iter().any(number)
    {
        "; a column of numbers is read as numbers: where the categories are text, --type NAME=text reads it as text"
    } else {
        ""
    }
}

/// The first row at fault, and what the model says of it alone; `None` where the fault is that of the whole input.
fn first_refused(model: &Model, method: Method, block: &Block, e: &Error) -> Option<(usize, Error)> {
    let rows = block.samples.rows();
    let part = |from: usize, to: usize| block.samples.part(from..to).map(|x| model.call(method, &x).err());
    let (mut good, mut bad) = (0, rows);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        match part(0, middle)? {
            Some(_) => bad = middle,
            None => good = middle,
        }
    }
    let row = bad.checked_sub(1)?;
    let own = part(row, row + 1)?.unwrap_or_else(|| e.clone());
    // If the last row is refused in the same words, no row is at fault; but values that are not finite can be shown.
    let shown = !columns_at_fault(&block.samples, row, &own.to_string()).is_empty();
    let general = row == 0 && block.first == 0 && part(rows - 1, rows)?.is_some_and(|last| last == own);
    (shown || !general).then_some((row, own))
}

/// The columns of a row that are not finite, where that is what the model refuses.
fn columns_at_fault(x: &Samples, row: usize, message: &str) -> Vec<String> {
    if !message.contains("NaN") && !message.contains("infinity") {
        return Vec::new();
    }
    let missing = |value: &Value| match value {
        Value::Float(x) => !x.is_finite(),
        other => *other == Value::None,
    };
    fn numbers(at_fault: impl Iterator<Item = bool>) -> Vec<String> {
        at_fault.enumerate().filter(|&(_, fault)| fault).map(|(i, _)| i.to_string()).collect()
    }
    match x {
        Samples::Dense(x) => numbers(x.row(row).iter().map(|x| !x.is_finite())),
        Samples::Dense32(x) => numbers(x.row(row).iter().map(|x| !x.is_finite())),
        Samples::Rows(rows) => numbers(rows[row].iter().map(missing)),
        Samples::Table(table) => {
            let columns = table.columns().iter().filter(|column| missing(&column.data.value(row)));
            columns.map(|column| format!("'{}'", skpickle::printable(&column.name))).collect()
        }
        _ => Vec::new(),
    }
}
