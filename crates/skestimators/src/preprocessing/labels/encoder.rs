//! `LabelEncoder`: labels become their numbers.

use super::{Code, Labels, coder, flat};
use crate::{
    data::{Samples, Value},
    error::{Error, Result},
    estimator::Estimator,
    preprocessing::categories::repr,
    state::State,
};

struct LabelEncoder;

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    coder(s, LabelEncoder)
}

fn unseen(mut strange: Vec<String>) -> Error {
    strange.sort_unstable();
    strange.dedup();
    strange.truncate(20);
    Error::input(format_args!("y contains previously unseen labels: [{}]", strange.join(", ")))
}

impl Code for LabelEncoder {
    fn encode(&self, labels: &Labels, x: &Samples) -> Result<Samples> {
        let given = flat(x)?;
        let codes: Vec<Option<usize>> = given.iter().map(|label| labels.known.find(label)).collect();
        if codes.contains(&None) {
            let strange = given.iter().zip(&codes).filter(|(_, code)| code.is_none());
            return Err(unseen(strange.map(|(label, _)| repr(label)).collect()));
        }
        let codes: Vec<i64> = codes.into_iter().flatten().map(|code| code as i64).collect();
        Ok(Samples::Array(codes.into()))
    }

    fn decode(&self, labels: &Labels, x: &Samples) -> Result<Samples> {
        let mut indices = Vec::new();
        let mut strange = Vec::new();
        for value in flat(x)? {
            let number = match value {
                Value::Int(n) => n as f64,
                Value::Bool(b) => f64::from(u8::from(b)),
                Value::Float(v) => v,
                _ => f64::NAN,
            };
            if number >= 0.0 && number < labels.classes.len() as f64 && number.fract() == 0.0 {
                indices.push(number as usize);
            } else {
                strange.push(repr(&value));
            }
        }
        if !strange.is_empty() {
            return Err(unseen(strange));
        }
        Ok(Samples::Array(labels.classes.take(&indices)))
    }
}
