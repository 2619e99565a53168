//! Held against what CPython 3.11 answers.

use super::{Json, Text, parse, parse_bytes};
use crate::python;

fn read(text: &str) -> Result<Json, String> {
    parse(&Text::from(text))
}

#[test]
fn refusals_have_pythons_words_and_positions() {
    let cases = [
        ("", "Expecting value: line 1 column 1 (char 0)"),
        ("{\"input\": [1,", "Expecting value: line 1 column 14 (char 13)"),
        ("{'input': 1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("{\"input\":1} x", "Extra data: line 1 column 13 (char 12)"),
        ("{\"input\":1,}", "Expecting property name enclosed in double quotes: line 1 column 12 (char 11)"),
        ("{\"input\":\"a\tb\"}", "Invalid control character at: line 1 column 12 (char 11)"),
        ("\u{feff}{\"input\":[]}", "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"),
        ("[tru", "Expecting value: line 1 column 2 (char 1)"),
        ("nul", "Expecting value: line 1 column 1 (char 0)"),
        ("-", "Expecting value: line 1 column 1 (char 0)"),
        ("1.", "Extra data: line 1 column 2 (char 1)"),
        ("01", "Extra data: line 1 column 2 (char 1)"),
        ("1e", "Extra data: line 1 column 2 (char 1)"),
        ("[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"),
        ("{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"),
        ("{\"a\":}", "Expecting value: line 1 column 6 (char 5)"),
        ("[1,]", "Expecting value: line 1 column 4 (char 3)"),
        ("\"abc", "Unterminated string starting at: line 1 column 1 (char 0)"),
        ("\"\\x\"", "Invalid \\escape: line 1 column 2 (char 1)"),
        ("\"\\u12\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
        ("\"\\u12g4 x\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
        ("\"\\ud800\\u12\"", "Invalid \\uXXXX escape: line 1 column 9 (char 8)"),
        ("\"é\\u12é4\"", "Invalid \\uXXXX escape: line 1 column 4 (char 3)"),
        ("\n\n [1,\n  é x]", "Expecting value: line 4 column 3 (char 9)"),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn values_are_written_as_json_and_as_repr() {
    let cases = [
        (
            "[1, 2.5, -3e10, \"é\\n\", null, true, false, NaN, Infinity, -Infinity]",
            "[1, 2.5, -30000000000.0, \"\\u00e9\\n\", null, true, false, NaN, Infinity, -Infinity]",
            "\"[1, 2.5, -30000000000.0, '\\u00e9\\\\n', None, True, False, nan, inf, -inf]\"",
        ),
        (
            "[1e5, 1e22, 1e16, 1e15, 1e-4, 1e-5, 0.1, -0, -0.0, 5e-324, 1.7976931348623157e308, 123456789012345678901234567890, 1E400]",
            "[100000.0, 1e+22, 1e+16, 1000000000000000.0, 0.0001, 1e-05, 0.1, 0, -0.0, 5e-324, 1.7976931348623157e+308, 123456789012345678901234567890, Infinity]",
            "\"[100000.0, 1e+22, 1e+16, 1000000000000000.0, 0.0001, 1e-05, 0.1, 0, -0.0, 5e-324, 1.7976931348623157e+308, 123456789012345678901234567890, inf]\"",
        ),
        ("\"\\ud83d\\ude00\\ud800\\u0041\"", "\"\\ud83d\\ude00\\ud800A\"", "\"'\\ud83d\\ude00\\\\ud800A'\""),
        ("{\"b\":1,\"a\":2,\"b\":3}", "{\"a\": 2, \"b\": 3}", "\"{'b': 3, 'a': 2}\""),
        (
            "\"\\u0000\\u001f\\u007f/\\\"\\\\\\b\\f\\r\\t\"",
            "\"\\u0000\\u001f\\u007f/\\\"\\\\\\b\\f\\r\\t\"",
            "\"'\\\\x00\\\\x1f\\\\x7f/\\\"\\\\\\\\\\\\x08\\\\x0c\\\\r\\\\t'\"",
        ),
        (
            "\"it's \\\"q\\\" \\u200b\\u00a0\\u00ad\\u0301 \\ud83d\\ude00\"",
            "\"it's \\\"q\\\" \\u200b\\u00a0\\u00ad\\u0301 \\ud83d\\ude00\"",
            "\"'it\\\\'s \\\"q\\\" \\\\u200b\\\\xa0\\\\xad\\u0301 \\ud83d\\ude00'\"",
        ),
        (
            "{\"it's\": [\"a\", {\"x\": [], \"y\": {}}]}",
            "{\"it's\": [\"a\", {\"x\": [], \"y\": {}}]}",
            "\"{\\\"it's\\\": ['a', {'x': [], 'y': {}}]}\"",
        ),
        ("\"日本\"", "\"\\u65e5\\u672c\"", "\"'\\u65e5\\u672c'\""),
    ];
    for (text, dumps, repr) in cases {
        let value = read(text).unwrap();
        assert_eq!(value.dumps(true), dumps, "{text}");
        assert_eq!(Json::Str(python::repr(&value)).dumps(true), repr, "{text}");
    }
}

#[test]
fn depth_and_digits_are_bounded() {
    let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
    assert!(read(&deep(900)).is_ok());
    let words = "maximum recursion depth exceeded while decoding a JSON array from a unicode string";
    assert_eq!(read(&deep(1_000)).unwrap_err(), words);
    assert_eq!(read(&"[".repeat(1_000_000)).unwrap_err(), words);
    assert!(read(&"{\"a\":".repeat(1_000_000)).unwrap_err().contains("a JSON object"));
    assert!(matches!(read(&"9".repeat(4_300)), Ok(Json::Big(_))));
    assert!(read(&"9".repeat(4_301)).unwrap_err().starts_with("Exceeds the limit (4300 digits)"));
}

#[test]
fn keys_sort_by_code_point() {
    let value = read(r#"{"\ufffd": 1, "\ud83d\ude00": 2, "a": 3, "B": 4, "10": 5, "2": 6, "\ud800": 7}"#).unwrap();
    let text = r#"{"10": 5, "2": 6, "B": 4, "a": 3, "\ud800": 7, "\ufffd": 1, "\ud83d\ude00": 2}"#;
    assert_eq!(value.dumps(true), text);
}

#[test]
fn bytes_must_be_utf8() {
    assert_eq!(parse_bytes(b"\xef\xbb\xbf[1]").unwrap(), Json::Array(vec![Json::Int(1)]));
    let error = parse_bytes(b"\"a\xff\"").unwrap_err();
    assert_eq!(error, "'utf-8' codec can't decode byte 0xff in position 2: invalid start byte");
}
