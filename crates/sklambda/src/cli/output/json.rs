//! Answers as JSON.

use std::io::Write;

use skestimators::{Column, Method, Output, Samples};

use super::{Sink, file::File};
use crate::{
    cli::Failure,
    json::Json,
    output::{csr_json, to_json},
};

/// `{"output": …}`: the answer of one method; of several, an object of them. Rows are written as they come, where
/// the answer is a list of rows.
pub(super) struct Document {
    file: File,
    state: State,
}

enum State {
    /// The answers of the first block: there may be no other.
    Held(Vec<(Method, Output)>),
    /// The list is open in the file.
    Open,
    /// What cannot be written before it is complete.
    Whole(Vec<(Method, Whole)>),
}

/// Answers to several blocks as one.
enum Whole {
    Rows(Vec<Json>),
    /// A list for each output.
    Outputs(Vec<Vec<Json>>),
    Csr {
        rows: usize,
        columns: usize,
        indptr: Vec<usize>,
        indices: Vec<usize>,
        data: Vec<f64>,
    },
}

impl Document {
    pub(super) fn new(file: File) -> Document {
        Document { file, state: State::Held(Vec::new()) }
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.file.write_all(text.as_bytes()).map_err(|e| self.file.failed(&e))
    }

    fn rows(&mut self, answer: &Output, mut first: bool) -> Result<(), Failure> {
        let Json::Array(rows) = to_json(answer).map_err(Failure::other)? else { return Ok(()) };
        for row in rows {
            let text = row.dumps(false);
            self.write(if first { "" } else { ", " })?;
            self.write(&text)?;
            first = false;
        }
        Ok(())
    }
}

impl Sink for Document {
    fn block(&mut self, _kept: Vec<Column>, answers: Vec<(Method, Output)>) -> Result<(), Failure> {
        match &mut self.state {
            State::Held(held) if held.is_empty() => *held = answers,
            State::Held(held) => {
                let held = std::mem::take(held);
                if let ([(_, first)], [(_, second)]) = (held.as_slice(), answers.as_slice())
                    && !matches!(first, Output::Arrays(_) | Output::Samples(Samples::Sparse(_)))
                {
                    self.write("{\"output\": [")?;
                    self.rows(first, true)?;
                    self.rows(second, false)?;
                    self.state = State::Open;
                } else {
                    let whole = held.into_iter().map(|(method, first)| Ok((method, Whole::new(first)?)));
                    let mut whole = whole.collect::<Result<Vec<_>, String>>().map_err(Failure::other)?;
                    add(&mut whole, answers).map_err(Failure::other)?;
                    self.state = State::Whole(whole);
                }
            }
            State::Open => {
                for (_, answer) in &answers {
                    self.rows(answer, false)?;
                }
            }
            State::Whole(whole) => add(whole, answers).map_err(Failure::other)?,
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        let answers: Vec<(Method, Json)> = match std::mem::replace(&mut self.state, State::Open) {
            State::Open => {
                self.write("]}\n")?;
                return self.file.finish();
            }
            State::Held(answers) => {
                let answers = answers.into_iter().map(|(method, answer)| Ok((method, to_json(&answer)?)));
                answers.collect::<Result<_, String>>().map_err(Failure::other)?
            }
            State::Whole(answers) => answers.into_iter().map(|(method, whole)| (method, whole.json())).collect(),
        };
        let output = match <[_; 1]>::try_from(answers) {
            Ok([(_, only)]) => only,
            Err(many) => Json::Object(many.into_iter().map(|(method, json)| (method.name().into(), json)).collect()),
        };
        let line = Json::Object(vec![("output".into(), output)]).dumps(false) + "\n";
        self.write(&line)?;
        self.file.finish()
    }
}

fn add(whole: &mut [(Method, Whole)], answers: Vec<(Method, Output)>) -> Result<(), String> {
    whole.iter_mut().zip(answers).try_for_each(|((_, whole), (_, answer))| whole.add(answer))
}

impl Whole {
    fn new(answer: Output) -> Result<Whole, String> {
        Ok(match answer {
            Output::Samples(Samples::Sparse(csr)) => Whole::Csr {
                rows: csr.rows(),
                columns: csr.columns(),
                indptr: csr.indptr().to_vec(),
                indices: csr.indices().to_vec(),
                data: csr.data().to_vec(),
            },
            Output::Arrays(_) => Whole::Outputs(list(to_json(&answer)?).into_iter().map(list).collect()),
            other => Whole::Rows(list(to_json(&other)?)),
        })
    }

    fn add(&mut self, answer: Output) -> Result<(), String> {
        match (self, Whole::new(answer)?) {
            (Whole::Rows(rows), Whole::Rows(more)) => rows.extend(more),
            (Whole::Outputs(outputs), Whole::Outputs(more)) => {
                outputs.iter_mut().zip(more).for_each(|(rows, more)| rows.extend(more));
            }
            (
                Whole::Csr { rows, indptr, indices, data, .. },
                Whole::Csr { rows: n, indptr: p, indices: i, data: d, .. },
            ) => {
                let start = indices.len();
                *rows += n;
                indptr.extend(p.into_iter().skip(1).map(|end| start + end));
                indices.extend(i);
                data.extend(d);
            }
            _ => return Err("the answer to these rows has another form than that to the first".into()),
        }
        Ok(())
    }

    fn json(self) -> Json {
        match self {
            Whole::Rows(rows) => Json::Array(rows),
            Whole::Outputs(outputs) => Json::Array(outputs.into_iter().map(Json::Array).collect()),
            Whole::Csr { rows, columns, indptr, indices, data } => csr_json((rows, columns), &indptr, &indices, &data),
        }
    }
}

fn list(json: Json) -> Vec<Json> {
    match json {
        Json::Array(items) => items,
        other => vec![other],
    }
}
