//! What is said about a package: sizes, checksums, memory, and how to deploy it.

use std::{fmt::Write, path::Path};

use serde_json::json;
use skestimators::Model;
use skpickle::printable;

use super::Package;
use crate::source::sha256;

/// What a package may have to be sent to Lambda itself; a larger one goes through S3.
const DIRECT: usize = 50 << 20;

/// The program and its libraries in memory, before any model: 16 MB were seen.
const PROGRAM: u64 = 20 << 20;

/// Memory while a model is decoded, as a multiple of its file, unpacked: the file, the unpacked stream and the model
/// are there at one time.
const MODEL_TIMES: u64 = 4;

/// Lambda's smallest.
const SMALLEST: u64 = 128;

pub(super) fn text(package: &Package<'_>, path: &Path, model: &Model, size: u64) -> String {
    let mut out = String::new();
    let mut line = |name: &str, text: String| {
        // Nothing goes wrong in writing to a string.
        let _ = writeln!(out, "{name:<14}{text}");
    };
    let checked = |content: &[u8]| format!("{}, SHA-256 {}", bytes(content.len() as u64), sha256(content));
    line("package", printable(package.output));
    line("", checked(&package.zip));
    line(
        "  bootstrap",
        format!("{}, for {}", bytes(package.bootstrap.bytes.len() as u64), package.bootstrap.arch.name()),
    );
    line("", printable(&package.bootstrap.path.to_string_lossy()));
    for (name, content) in &package.files {
        line(&format!("  {name}"), checked(content));
    }
    let version = model.sklearn_version().map(|v| format!(" of scikit-learn {}", printable(v))).unwrap_or_default();
    let methods: Vec<&str> = model.methods().map(|method| method.name()).collect();
    line("model", format!("{}{version}: {}", printable(model.class()), methods.join(", ")));
    let needed = PROGRAM + MODEL_TIMES * size;
    let memory = needed.div_ceil(1 << 20).max(SMALLEST);
    line(
        "memory",
        format!(
            "{memory} MB: {} for the program and {MODEL_TIMES} times the {} of the unpacked model, at least {SMALLEST} MB;",
            bytes(PROGRAM),
            bytes(size)
        ),
    );
    line("", "more memory brings more processor: 1,769 MB are one whole".into());
    out.push_str(&deploy(package, path, memory));
    out
}

/// The commands that bring the package to Lambda.
fn deploy(package: &Package<'_>, path: &Path, memory: u64) -> String {
    let name = function(path);
    let variables: serde_json::Map<String, serde_json::Value> =
        package.variables.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
    let environment = quoted(&json!({ "Variables": variables }).to_string());
    let arch = package.bootstrap.arch.name();
    let (upload, create, update) = if package.zip.len() > DIRECT {
        let key = format!("{name}.zip");
        (
            format!("  aws s3 cp {} s3://BUCKET/{key}\n", quoted(package.output)),
            format!("--code S3Bucket=BUCKET,S3Key={key}"),
            format!("--s3-bucket BUCKET --s3-key {key}"),
        )
    } else {
        let file = format!("--zip-file {}", quoted(&format!("fileb://{}", package.output)));
        (String::new(), file.clone(), file)
    };
    format!(
        "\nDeploy it, with a role that Lambda may take on and that may write its log:\n\n{upload}  \
         aws lambda create-function --function-name {name} --runtime provided.al2023 --handler bootstrap \\\n    \
         --architectures {arch} --memory-size {memory} --timeout 30 --environment {environment} \\\n    \
         {create} --role arn:aws:iam::ACCOUNT:role/ROLE\n\nLater versions:\n\n{upload}  \
         aws lambda update-function-code --function-name {name} {update}\n\n\
         serverless/ has templates that make role, log group and URL as well.\n"
    )
}

/// A name that Lambda takes for a function, from the model's file.
fn function(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let name: String = stem.chars().map(plain).take(64).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "model".into() } else { name.into() }
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=,".contains(c);
    let word = printable(word);
    if word.chars().all(plain) { word } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// `4,085,724 bytes`.
pub(super) fn bytes(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + " bytes"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_the_shell_and_for_lambda() {
        assert_eq!(quoted("fileb://function.zip"), "fileb://function.zip");
        assert_eq!(quoted("a b'c"), r"'a b'\''c'");
        assert_eq!(function(Path::new("/a/my model.v2.joblib")), "my-model-v2");
        assert_eq!(function(Path::new("/a/é.pkl")), "model");
        assert_eq!(
            (bytes(7), bytes(1234), bytes(123_456)),
            ("7 bytes".into(), "1,234 bytes".into(), "123,456 bytes".into())
        );
    }
}
