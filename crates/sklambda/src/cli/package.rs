//! `sklambda package`: the zip file that AWS Lambda runs, made of the program `bootstrap` and a model.

mod bootstrap;
mod report;

use std::{
    fs,
    io::{Cursor, Write},
    path::{Path, PathBuf},
};

use clap::{Arg, ArgMatches, Command};
use skpickle::{Limits, printable};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::{Failure, model};
use crate::source::{self, Source};
use bootstrap::Arch;

/// The model's name in the package, whatever its file is called: templates can rely on it.
const MODEL: &str = "model.joblib";

/// What the files of a function may have in all, unpacked.
const UNPACKED: u64 = 250 << 20;

pub(super) fn command() -> Command {
    let file = |id: &'static str, help: &'static str| Arg::new(id).long(id).value_name("FILE").help(help);
    Command::new("package")
        .about("Makes the zip file that AWS Lambda runs: the program `bootstrap` and a model")
        .arg(
            file("model", "File of joblib.dump or pickle.dump; one at s3://bucket/key is checked, and stays there")
                .required(true),
        )
        .arg(model::member())
        .arg(model::sha256())
        .arg(
            Arg::new("arch")
                .long("arch")
                .value_name("ARCH")
                .value_parser(Arch::NAMES)
                .help("Processor of the function [default: what the bootstrap that is found is for]"),
        )
        .arg(file("bootstrap", "The program [default: the variable SKLAMBDA_BOOTSTRAP, else beside this program]"))
        .arg(file("output", "File to write").default_value("function.zip"))
        .after_help(
            "The same model and the same bootstrap make the same bytes.\n\n\
             Exit status: 0 written, 2 usage or no fitting bootstrap, 3 model refused, 1 anything else",
        )
}

/// What the package is made of and what became of it.
struct Package<'a> {
    output: &'a str,
    bootstrap: bootstrap::Bootstrap,
    /// The model's file first, then those that belong to it.
    files: Vec<(String, Vec<u8>)>,
    zip: Vec<u8>,
    /// What the function's environment must hold.
    variables: Vec<(&'static str, String)>,
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let path = text("model").unwrap_or_default();
    let limits = crate::limits::current().map_err(Failure::usage)?;
    let source = Source { path: Some(path.to_owned()), member: None, sha256: text("sha256").map(str::to_owned) };
    let bytes = source.bytes(&limits).map_err(Failure::model)?;
    let in_s3 = path.starts_with("s3://");
    let beside = if in_s3 { Vec::new() } else { side_files(Path::new(path), &limits)? };
    let graph = match beside.as_slice() {
        [] => skpickle::load(bytes.clone(), &limits),
        _ => skpickle::load_path(path, &limits),
    };
    let graph = graph.map_err(|e| Failure::model(e.to_string()))?;
    let model = model::of(&graph, text("member"))?;

    let wish = text("arch").and_then(Arch::from_name);
    let variable = std::env::var("SKLAMBDA_BOOTSTRAP").ok().filter(|path| !path.is_empty());
    let bootstrap = bootstrap::find(text("bootstrap").or(variable.as_deref()), wish)?;

    let size = bytes.len().max(graph.stream_len()) as u64;
    let mut variables = vec![("SKLEARN_MODEL_PATH", if in_s3 { path } else { MODEL }.to_owned())];
    variables.extend(model.member().map(|member| ("SKLEARN_MODEL_MEMBER", member.to_owned())));
    let mut files = Vec::new();
    if in_s3 {
        // What was checked here is what shall run there.
        variables.push(("SKLEARN_MODEL_SHA256", source::sha256(&bytes)));
    } else {
        files.push((MODEL.to_owned(), bytes));
        files.extend(beside);
    }
    let unpacked = bootstrap.bytes.len() as u64 + files.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>();
    if unpacked > UNPACKED {
        return Err(Failure::model(format!(
            "the package would have {} unpacked, and Lambda takes 262,144,000 bytes: keep the model in S3 \
             (SKLEARN_MODEL_PATH=s3://bucket/key; see docs/deploying.md)",
            report::bytes(unpacked)
        )));
    }
    let zip = archive(&bootstrap.bytes, &files).map_err(|e| Failure::other(format!("cannot make the package: {e}")))?;
    let package = Package { output: text("output").unwrap_or_default(), bootstrap, files, zip, variables };
    fs::write(package.output, &package.zip)
        .map_err(|e| Failure::other(format!("cannot write '{}': {e}", printable(package.output))))?;
    let report = report::text(&package, Path::new(path), &model, size);
    let written = std::io::stdout().lock().write_all(report.as_bytes());
    written.map_err(|e| Failure::output(&e))
}

/// The `.npy` files that joblib 0.9 and older wrote beside a model, named after it, in the order of their names.
fn side_files(model: &Path, limits: &Limits) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let Some(name) = model.file_name().and_then(|name| name.to_str()) else { return Ok(Vec::new()) };
    let folder = model.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = fs::read_dir(folder)
        .map_err(|e| Failure::other(format!("cannot read '{}': {e}", printable(&folder.to_string_lossy()))))?;
    let belongs = |path: &PathBuf| {
        let number = path.file_name().and_then(|other| other.to_str()?.strip_prefix(name)?.strip_prefix('_'));
        number.is_some_and(|rest| rest.ends_with(".npy") || rest.ends_with(".npy.z")) && path.is_file()
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(belongs).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, source::read(&path.to_string_lossy(), limits).map_err(Failure::model)?))
    };
    paths.into_iter().map(read).collect()
}

/// A zip file whose bytes depend on nothing but its content.
fn archive(bootstrap: &[u8], files: &[(String, Vec<u8>)]) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", options.unix_permissions(0o755))?;
    zip.write_all(bootstrap)?;
    for (name, bytes) in files {
        zip.start_file(name.as_str(), options.unix_permissions(0o644))?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}
