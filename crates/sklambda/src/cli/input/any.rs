//! Any bytes through the readers, for the fuzzer and for what it found.

use std::io::Cursor;

use super::{Format, Kind, Options, ROWS, Wanted, read, sniff};
use crate::metadata::Known;
use skestimators::{Method, Model};

/// Rows of a block that a model is asked with, at most: a fuzzer wants many inputs, not long ones.
const ASKED: usize = 1_000;

/// Reads an input to its end and asks a model with its rows. Two bytes choose the model, the format and what the command
/// line says; the rest is the file.
pub(in crate::cli) fn answer(data: &[u8], models: &[Model]) {
    let Some((choice, bytes)) = data.split_first_chunk() else { return };
    let mut choice = usize::from(u16::from_le_bytes(*choice));
    let mut choose = |from: usize| {
        let chosen = choice % from;
        choice /= from;
        chosen
    };
    // `parquet` is a build of its own; in its place the first bytes tell the format.
    let format = match Format::NAMES[choose(Format::NAMES.len())].1 {
        Format::Parquet => sniff::format(&bytes[..bytes.len().min(64 << 10)]),
        format => format,
    };
    let model = choose(models.len() + 1).checked_sub(1).map(|i| &models[i]);
    let mut options = Options {
        rows: choose(ROWS.len() * 2).checked_sub(ROWS.len()).map(|i| ROWS[i].to_owned()),
        header: [None, Some(true), Some(false)][choose(3)],
        ..Options::default()
    };
    match choose(8) {
        1 => options.whole = true,
        2 => options.untyped = true,
        3 => options.keep = vec!["a".into()],
        4 => options.columns = Some(vec!["b".into(), "a".into()]),
        5 => options.types = vec![("a".into(), Kind::Text), ("b".into(), Kind::Int)],
        6 => options.delimiter = Some(b';'),
        _ => {}
    }
    let known = Known::default();
    let method = model.and_then(|model| model.methods().next()).unwrap_or(Method::Predict);
    let wanted = model.map_or(Wanted::nothing(), |model| Wanted::new(model, method, &known));
    let size = Some(bytes.len() as u64);
    let Ok(mut source) = read(format, Box::new(Cursor::new(bytes.to_vec())), size, &options, &wanted) else { return };
    while let Ok(Some(block)) = source.next() {
        assert!(block.lines.is_empty() || block.lines.len() == block.samples.rows(), "a row without a line");
        assert!(
            block.kept.iter().all(|column| column.data.len() == block.samples.rows()),
            "a column of another length"
        );
        if let Some(model) = model.filter(|_| block.samples.rows() <= ASKED) {
            let _ = model.call(method, &block.samples);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The models of the target `rows`, in its order.
    fn models() -> Vec<Model> {
        let testdata = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
        let paths = std::fs::read_to_string(testdata.join("../fuzz/rows.models")).unwrap();
        paths.lines().map(|path| Model::from_path(testdata.join(path)).unwrap()).collect()
    }

    #[test]
    fn what_was_found_by_fuzzing_stays_mended() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/regressions/rows");
        let (models, mut files) = (models(), 0);
        for file in std::fs::read_dir(folder).unwrap().flatten() {
            answer(&std::fs::read(file.path()).unwrap(), &models);
            files += 1;
        }
        assert!(files > 0, "fuzz/regressions/rows is empty");
    }
}
