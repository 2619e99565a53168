//! Other programs' files, refused by their own names.
//!
//! None of the signatures can start a pickle that loads: where their first byte is an opcode at all, what follows
//! breaks the stream.

use super::{sniff, zip};
use crate::error::{Error, ErrorKind, Result, printable};

/// What a file turned out to be, and what to do about it.
pub(super) struct Foreign {
    pub(super) what: String,
    pub(super) advice: &'static str,
}

const NOT_A_MODEL: &str = "give the file that joblib.dump or pickle.dump wrote";
const OWN_FORMAT: &str = "only pickle and joblib files of scikit-learn models are read; save the fitted scikit-learn \
                          object with joblib.dump";
const UNPACK: &str = "unpack it and give the model file inside";
const NOT_DOWNLOADED: &str = "this is not the model; look at the text in it, then download or upload the model again";
const COPY_AGAIN: &str = "copy or download it again, in binary mode";

/// Signatures at fixed places: offset, bytes, name, advice.
const SIGNATURES: &[(usize, &[u8], &str, &str)] = &[
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (257, b"ustar", "a tar archive", UNPACK),
    (0, b"\x93NUMPY", "a numpy .npy array, no model", NOT_A_MODEL),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras, h5py or PyTables)", OWN_FORMAT),
    (0, b"GGUF", "a GGUF language model", OWN_FORMAT),
    (0, b"CBM1", "a CatBoost model (.cbm)", OWN_FORMAT),
    (4, b"TFL3", "a TensorFlow Lite model", OWN_FORMAT),
    (0, b"tree\nversion=", "a LightGBM text model", OWN_FORMAT),
    (0, b"tree\r\nversion=", "a LightGBM text model", OWN_FORMAT),
    (0, b"{L\0\0\0\0\0\0\0\x07learner", "an XGBoost UBJSON model", OWN_FORMAT),
    (0, b"{L\0\0\0\0\0\0\0\x07version", "an XGBoost UBJSON model", OWN_FORMAT),
    (0, b"binf", "an XGBoost binary model", OWN_FORMAT),
    (0, b"PAR1", "a Parquet table", NOT_A_MODEL),
    (0, b"ARROW1", "an Arrow (Feather) table", NOT_A_MODEL),
    (0, b"FEA1", "a Feather table", NOT_A_MODEL),
    (0, b"SQLite format 3\0", "an SQLite database", NOT_A_MODEL),
    (0, b"MATLAB 5.0 MAT-file", "a MATLAB file", NOT_A_MODEL),
    (0, b"X\n\0\0\0\x03\0", "an R object (saveRDS)", OWN_FORMAT),
    (0, b"X\n\0\0\0\x02\0", "an R object (saveRDS)", OWN_FORMAT),
    (0, b"RDX2\n", "an R workspace (.RData)", OWN_FORMAT),
    (0, b"RDX3\n", "an R workspace (.RData)", OWN_FORMAT),
    (0, b"\xac\xed\0\x05", "a serialized Java object", OWN_FORMAT),
    (0, b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "a PyTorch file of the old format", OWN_FORMAT),
    (0, b"\x89PNG", "a PNG image", NOT_A_MODEL),
    (0, b"\xff\xd8\xff", "a JPEG image", NOT_A_MODEL),
    (0, b"GIF8", "a GIF image", NOT_A_MODEL),
    (0, b"%PDF-", "a PDF document", NOT_A_MODEL),
    (0, b"\x7fELF", "an ELF program or library", NOT_A_MODEL),
    (0, b"MZ\x90\0", "a Windows program or library", NOT_A_MODEL),
    (0, b"\xcf\xfa\xed\xfe", "a macOS program or library", NOT_A_MODEL),
    (0, b"-----BEGIN ", "PEM text (a key, or an encrypted file)", NOT_A_MODEL),
    (
        0,
        b"version https://git-lfs.github.com/spec/v1",
        "a Git LFS pointer: the real file was not downloaded",
        "run `git lfs pull` and give the model file itself",
    ),
    (
        0,
        b"outs:\n- md5:",
        "a DVC pointer: the real file was not downloaded",
        "run `dvc pull` and give the model file itself",
    ),
    (0, b"artifact_path:", "MLflow's MLmodel description", "give the model.pkl beside it"),
    (0, b"b'\\x80\\x0", "Python's text for bytes (a repr), not the bytes", "write the bytes object itself to the file"),
    (
        0,
        b"b\"\\x80\\x0",
        "Python's text for bytes (a repr), not the bytes",
        "write the bytes object itself to the file",
    ),
    (0, b"gASV", "base64 text of a pickle", "decode it first (base64 -d)"),
    (0, b"gAN", "base64 text of a pickle", "decode it first (base64 -d)"),
    (0, b"gAJ", "base64 text of a pickle", "decode it first (base64 -d)"),
    (0, b"H4sI", "base64 text of a gzip file", "decode it first (base64 -d)"),
    (0, b"\xef\xbf\xbd", "a binary file that was read as UTF-8 text and written again, which destroyed it", COPY_AGAIN),
    (0, b"\xc2\x80", "a pickle that was read as Latin-1 text and written as UTF-8", COPY_AGAIN),
    (0, b"\xff\xfe", "UTF-16 text", NOT_A_MODEL),
    (0, b"\xfe\xff", "UTF-16 text", NOT_A_MODEL),
    (0, b"\x02\x21\x4c\x18", "an lz4 file of the legacy format", "decompress it first (lz4 -d)"),
    (0, b"\x1f\x9d", "a compress (.Z) file", "decompress it first"),
    (0, b"LZIP", "an lzip file", "decompress it first (lzip -d)"),
    (0, b"\xff\x06\0\0sNaPpY", "a snappy file", "decompress it first"),
];

/// Refuses `head`, the start of a file or (inside `container`) of what it expands to, unless a pickle can start so.
pub(super) fn refuse_unless_pickle(head: &[u8], container: Option<&str>) -> Result<()> {
    let inside = container.map(|name| format!(" inside {name} compression")).unwrap_or_default();
    if let Some(Foreign { what, advice }) = name(head) {
        return Err(Error::new(ErrorKind::Format, format_args!("this is {what}{inside}; {advice}")).at(0));
    }
    if let (Some(outer), Some(inner)) = (container, sniff::sniff(head)) {
        let inner = inner.name();
        let message = format!("compressed twice ({inner} inside {outer}); undo the {outer} compression and try again");
        return Err(Error::new(ErrorKind::Format, message).at(0));
    }
    match head.first() {
        Some(first) if !is_opcode(*first) => {
            let key = match first {
                b'\'' => "\"'\"".to_owned(),
                b' '..=b'~' => format!("'{}'", char::from(*first)),
                _ => format!("'\\x{first:02x}'"),
            };
            let what = if head.iter().take(4096).all(|b| *b == 0) {
                "nothing but zeros; the copy or download failed".to_owned()
            } else {
                format!("no pickle or joblib stream; {NOT_A_MODEL}")
            };
            Err(Error::new(ErrorKind::Format, format_args!("invalid load key, {key}: this is {what}{inside}")).at(0))
        }
        _ => Ok(()),
    }
}

/// Whether `byte` is one of the 68 opcodes.
pub(super) fn is_opcode(byte: u8) -> bool {
    b"(.012FIJKLMNPQRSTUVXabcdeghijlopqrstu}])GBC".contains(&byte) || (0x80..=0x98).contains(&byte)
}

/// The format that `head` is recognised as.
fn name(head: &[u8]) -> Option<Foreign> {
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Some(zip::name(head));
    }
    let named = |what: &str, advice| Some(Foreign { what: what.to_owned(), advice });
    for (offset, signature, what, advice) in SIGNATURES {
        // PROTO is a pickle's own signature: only one that stands before it may overrule it.
        if *offset > 0 && head.first() == Some(&0x80) {
            continue;
        }
        if head.get(*offset..).is_some_and(|rest| rest.starts_with(signature)) {
            return named(what, advice);
        }
    }
    // A header length of 64 bits, then JSON.
    if head.first() != Some(&0x80) && head.get(6..9) == Some(b"\0\0{") {
        return named("a safetensors file", OWN_FORMAT);
    }
    // Protobuf: field 1 is a small version number, field 2 a text or one of the next fields a message.
    if let [0x08, 1..=20, 0x12 | 0x1a | 0x22 | 0x3a | 0x42, ..] = head {
        return named("a protobuf model (ONNX or TensorFlow)", OWN_FORMAT);
    }
    text(head)
}

/// Text formats, which may start with a byte order mark and white space.
fn text(head: &[u8]) -> Option<Foreign> {
    let bytes = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = bytes.get(..bytes.len().min(1024)).unwrap_or(&[]).trim_ascii_start();
    let has = |word: &[u8]| start.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    let (what, advice) = match start.first()? {
        b'<' if has(b"<PMML") => ("a PMML model", OWN_FORMAT),
        b'<' if has(b"<Error>") || has(b"<Code>") => ("an XML error message of an object store", NOT_DOWNLOADED),
        b'<' if has(b"<html") || has(b"<!doctype html") => {
            ("a web page (a login or error page, saved instead of the file?)", NOT_DOWNLOADED)
        }
        b'<' if has(b"<?xml") => ("an XML file", NOT_A_MODEL),
        b'{' if has(b"\"learner\"") => ("an XGBoost JSON model", OWN_FORMAT),
        b'{' if has(b"\"tree_info\"") || has(b"\"feature_names\"") => ("a LightGBM JSON model", OWN_FORMAT),
        b'{' if has(b"\"oblivious_trees\"") || has(b"\"features_info\"") => ("a CatBoost JSON model", OWN_FORMAT),
        b'{' | b'[' if looks_like_json(start) => ("a JSON file", NOT_A_MODEL),
        _ => return None,
    };
    // Neither `<` nor `{` nor `[` is an opcode, nor is white space.
    let quoted = start.get(..start.len().min(60)).unwrap_or(&[]);
    let quoted = printable(&String::from_utf8_lossy(quoted));
    let what = if advice == NOT_DOWNLOADED { format!("{what}: \"{quoted}\"") } else { what.to_owned() };
    Some(Foreign { what, advice })
}

/// The second word of JSON: a text, a number, a bracket, or a constant.
fn looks_like_json(start: &[u8]) -> bool {
    let second = start.get(1..).unwrap_or(&[]).trim_ascii_start().first();
    matches!(second, Some(b'"' | b'{' | b'}' | b'[' | b']' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n'))
}
