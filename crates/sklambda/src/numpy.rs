//! How numpy prints arrays of one dimension, and its scalars.

use skestimators::{Array, Value};

use crate::{
    json::{Json, float_repr},
    python,
};

/// Columns of a line.
const WIDTH: usize = 75;

/// Arrays longer than this are printed with their ends only.
const THRESHOLD: usize = 1000;

/// Elements shown at each end then.
const EDGE: usize = 3;

/// Digits after the point at most.
const PRECISION: usize = 8;

/// `str(array)` of an array of one dimension (others are printed as if they were flat).
pub(crate) fn print(array: &Array) -> String {
    let len = array.len();
    let summary = len > THRESHOLD;
    let shown: Vec<usize> = if summary { (0..EDGE).chain(len - EDGE..len).collect() } else { (0..len).collect() };
    let values: Vec<Value> = shown.iter().filter_map(|&i| array.value(i)).collect();
    let words = match array {
        Array::F64(_) => floats(&values, 1e8, &|x| (x.to_string(), format!("{x:e}"))),
        Array::F32(_) => floats(&values, 1e6, &|x| ((x as f32).to_string(), format!("{:e}", x as f32))),
        Array::I64(_) => right_aligned(values.iter().map(str).collect()),
        // `True` is padded even where no `False` stands beside it.
        Array::Bool(_) => values.iter().map(|value| format!("{:>5}", str(value))).collect(),
        _ => values.iter().map(repr).collect(),
    };
    lines(&words, summary)
}

/// Words between brackets, wrapped where a line is full.
pub(crate) fn lines(words: &[String], summary: bool) -> String {
    let mut out = String::new();
    let mut line = String::from(" ");
    let mut add = |word: &str| {
        if count(&line) + count(word) > WIDTH - 1 && line.len() > 1 {
            out.push_str(line.trim_end_matches(' '));
            out.push('\n');
            line = String::from(" ");
        }
        line.push_str(word);
        line.push(' ');
    };
    for (i, word) in words.iter().enumerate() {
        if summary && i == EDGE {
            add("...");
        }
        add(word);
    }
    if words.is_empty() {
        return "[]".into();
    }
    // The separator after the last word is not there.
    line.pop();
    out.push_str(&line);
    format!("[{}]", &out[1..])
}

fn count(text: &str) -> usize {
    text.chars().count()
}

fn right_aligned(words: Vec<String>) -> Vec<String> {
    let width = words.iter().map(String::len).max().unwrap_or(0);
    words.into_iter().map(|word| format!("{word:>width$}")).collect()
}

/// Floats of one array, with points aligned. `digits` gives the shortest text of a number, positional and scientific.
fn floats(values: &[Value], exponent_from: f64, digits: &dyn Fn(f64) -> (String, String)) -> Vec<String> {
    let values: Vec<f64> = values.iter().map(|v| if let Value::Float(x) = v { *x } else { f64::NAN }).collect();
    let finite = || values.iter().copied().filter(|x| x.is_finite());
    let sizes = || finite().map(f64::abs).filter(|&x| x != 0.0);
    let (largest, smallest) = (sizes().fold(0.0, f64::max), sizes().fold(f64::INFINITY, f64::min));
    let scientific =
        sizes().next().is_some() && (largest >= exponent_from || smallest < 1e-4 || largest / smallest > 1000.0);
    let parts: Vec<Option<(String, String, String)>> = values
        .iter()
        .map(|&x| {
            x.is_finite().then(|| {
                let (plain, exponential) = digits(x);
                if scientific { in_exponents(x, &exponential) } else { positional(x, &plain) }
            })
        })
        .collect();
    let longest = |part: fn(&(String, String, String)) -> &String| {
        parts.iter().flatten().map(|parts| part(parts).len()).max().unwrap_or(0)
    };
    let (mut left, right, exponent) = (longest(|p| &p.0), longest(|p| &p.1), longest(|p| &p.2));
    // Columns after the point, the exponent's letter and sign among them.
    let tail = if scientific { right + exponent + 1 } else { right };
    for x in values.iter().filter(|x| !x.is_finite()) {
        let negative = values.contains(&f64::NEG_INFINITY);
        left = left.max((if x.is_nan() { 3 } else { 3 + usize::from(negative) }).saturating_sub(tail + 1));
    }
    let word = |(x, parts): (&f64, &Option<(String, String, String)>)| match parts {
        None => format!("{:>1$}", float_repr(*x), left + tail + 1),
        Some((int, fraction, _)) if !scientific => format!("{int:>left$}.{fraction:<right$}"),
        Some((int, fraction, exp)) => {
            let (sign, exp) = exp.split_at(1);
            format!("{int:>left$}.{fraction:0<right$}e{sign}{exp:0>0$}", exponent - 1)
        }
    };
    values.iter().zip(&parts).map(word).collect()
}

/// Whole part and fraction; the exact value is rounded where its shortest text is too long.
fn positional(x: f64, shortest: &str) -> (String, String, String) {
    let split = |text: &str| {
        let (int, fraction) = text.split_once('.').unwrap_or((text, ""));
        (int.to_owned(), fraction.trim_end_matches('0').to_owned())
    };
    let (int, fraction) = split(shortest);
    let (int, fraction) = if fraction.len() > PRECISION { split(&format!("{x:.PRECISION$}")) } else { (int, fraction) };
    (int, fraction, String::new())
}

/// Whole part, fraction, and exponent with its sign.
fn in_exponents(x: f64, shortest: &str) -> (String, String, String) {
    let split = |text: &str| {
        let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (int, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
        (int.to_owned(), fraction.trim_end_matches('0').to_owned(), format!("{sign}{exponent:0>2}"))
    };
    let parts = split(shortest);
    if parts.1.len() > PRECISION { split(&format!("{x:.PRECISION$e}")) } else { parts }
}

/// `str` of a label, as `map(str, classes_)` gives it.
pub(crate) fn str(value: &Value) -> String {
    match value {
        Value::None => "None".into(),
        Value::Bool(b) => if *b { "True" } else { "False" }.into(),
        Value::Int(n) => n.to_string(),
        Value::Float(x) => float_repr(*x),
        Value::Str(text) => text.to_string(),
        Value::Bytes(bytes) => python::repr_bytes(bytes),
    }
}

fn repr(value: &Value) -> String {
    match value {
        Value::Str(text) => python::repr_str(text),
        other => str(other),
    }
}

/// `str` of the labels of an array, in order.
pub(crate) fn labels(array: &Array) -> Vec<String> {
    match array {
        Array::F32(a) => a.iter().map(|&x| float32(x)).collect(),
        other => (0..other.len()).filter_map(|i| other.value(i)).map(|value| str(&value)).collect(),
    }
}

/// `str(numpy.float32(x))`.
pub(crate) fn float32(x: f32) -> String {
    let size = f64::from(x).abs();
    if x.is_finite() && x != 0.0 && !(1e-4..1e6).contains(&size) {
        let text = format!("{x:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    let text = x.to_string();
    if !x.is_finite() {
        float_repr(x.into())
    } else if text.contains('.') {
        text
    } else {
        text + ".0"
    }
}

/// `str(numpy.asarray(input))`, for inputs that are no table: a single value, or a list of them.
pub(crate) fn print_input(input: &Json) -> String {
    let text = |value: &Json| python::repr(value).as_str().map(str::to_owned).unwrap_or_default();
    let Json::Array(items) = input else {
        return python::str(input).as_str().map(str::to_owned).unwrap_or_default();
    };
    let all = |f: fn(&Json) -> bool| items.iter().all(f);
    let number = |value: &Json| match value {
        Json::Bool(b) => f64::from(u8::from(*b)),
        Json::Int(n) => *n as f64,
        Json::Big(digits) => digits.parse().unwrap_or(f64::INFINITY),
        Json::Float(x) => *x,
        _ => f64::NAN,
    };
    if all(|v| matches!(v, Json::Bool(_))) {
        return print(&Array::from(items.iter().map(Json::truthy).collect::<Vec<bool>>()));
    }
    if all(|v| matches!(v, Json::Bool(_) | Json::Int(_))) {
        return print(&Array::from(
            items.iter().map(|v| if let Json::Int(n) = v { *n } else { v.truthy().into() }).collect::<Vec<i64>>(),
        ));
    }
    if all(|v| matches!(v, Json::Bool(_) | Json::Int(_) | Json::Big(_) | Json::Float(_)))
        && items.iter().any(|v| matches!(v, Json::Float(_)))
    {
        return print(&Array::from(items.iter().map(number).collect::<Vec<f64>>()));
    }
    let summary = items.len() > THRESHOLD;
    let shown = items.iter().enumerate().filter(|(i, _)| !summary || *i < EDGE || *i >= items.len() - EDGE);
    let plain = all(|v| !matches!(v, Json::Null | Json::Object(_) | Json::Array(_)));
    let words: Vec<String> = if plain && items.iter().any(|v| matches!(v, Json::Str(_))) {
        // Numbers beside text become text.
        shown.map(|(_, v)| text(&Json::Str(python::str(v)))).collect()
    } else {
        shown.map(|(_, v)| text(v)).collect()
    };
    lines(&words, summary)
}

#[cfg(test)]
mod tests {
    //! Held against what numpy 2.4 prints.

    use super::*;

    #[test]
    fn floats_line_up() {
        let cases: [(&[f64], &str); 15] = [
            (&[5.306, 3.714, 1.482, 0.183], "[5.306 3.714 1.482 0.183]"),
            (&[0.0, 0.04081633, 0.95918367], "[0.         0.04081633 0.95918367]"),
            (&[0.0, 0.04081632653061224, 0.9591836734693877], "[0.         0.04081633 0.95918367]"),
            (&[1.0, 0.0, 0.0], "[1. 0. 0.]"),
            (&[1e-05, 1.0], "[1.e-05 1.e+00]"),
            (&[100000000.0, 1.5], "[1.0e+08 1.5e+00]"),
            (&[1234.5, 1.0], "[1.2345e+03 1.0000e+00]"),
            (&[0.5, f64::NAN], "[0.5 nan]"),
            (&[f64::NEG_INFINITY, 1.25], "[-inf 1.25]"),
            (&[f64::NAN], "[nan]"),
            (&[-1.5, 22.25], "[-1.5  22.25]"),
            (&[0.3333333333333333, 0.6666666666666666], "[0.33333333 0.66666667]"),
            (&[1e-300, 1.0], "[1.e-300 1.e+000]"),
            (&[-0.0, 0.0], "[-0.  0.]"),
            (&[123456.789, -1000.0], "[123456.789  -1000.   ]"),
        ];
        for (values, expected) in cases {
            assert_eq!(print(&Array::from(values.to_vec())), expected);
        }
    }

    #[test]
    fn long_arrays_wrap_and_then_lose_their_middle() {
        let floats = |n: i32, by: f64| Array::from((0..n).map(|i| f64::from(i) / by).collect::<Vec<f64>>());
        assert_eq!(
            print(&floats(40, 8.0)),
            "[0.    0.125 0.25  0.375 0.5   0.625 0.75  0.875 1.    1.125 1.25  1.375\n 1.5   1.625 1.75  1.875 2.    2.125 2.25  2.375 2.5   2.625 2.75  2.875\n 3.    3.125 3.25  3.375 3.5   3.625 3.75  3.875 4.    4.125 4.25  4.375\n 4.5   4.625 4.75  4.875]"
        );
        assert_eq!(print(&floats(1001, 4.0)), "[  0.     0.25   0.5  ... 249.5  249.75 250.  ]");
        assert_eq!(print(&Array::from((0..1001).collect::<Vec<i64>>())), "[   0    1    2 ...  998  999 1000]");
    }

    #[test]
    fn other_types() {
        assert_eq!(print(&Array::from(vec![-1i64, 10, 200])), "[ -1  10 200]");
        assert_eq!(print(&Array::from(vec![true])), "[ True]");
        assert_eq!(print(&Array::from(vec!["a".to_owned(), "b'c".to_owned()])), "['a' \"b'c\"]");
        assert_eq!(print(&Array::from(vec![b"a\xc3".to_vec()])), "[b'a\\xc3']");
        assert_eq!(print(&Array::from(Vec::<f64>::new())), "[]");
        assert_eq!(print(&Array::from(vec![1e6f32, 2.5])), "[1.0e+06 2.5e+00]");
        assert_eq!(labels(&Array::from(vec![1e22, 1e-7, f64::NAN, 0.0])), ["1e+22", "1e-07", "nan", "0.0"]);
        assert_eq!(labels(&Array::from(vec![0.1f32, 16_777_216.0, 999_999.0])), ["0.1", "1.6777216e+07", "999999.0"]);
    }

    #[test]
    fn inputs_that_are_no_table() {
        let print = |text: &str| print_input(&crate::json::parse(&text.into()).unwrap());
        assert_eq!(print("5"), "5");
        assert_eq!(print("\"hello\""), "hello");
        assert_eq!(print("null"), "None");
        assert_eq!(print("{\"a\": 1}"), "{'a': 1}");
        assert_eq!(print("[1, 0.5]"), "[1.  0.5]");
        assert_eq!(print("[1, true]"), "[1 1]");
        assert_eq!(print("[1, \"a\"]"), "['1' 'a']");
        assert_eq!(print("[1, null]"), "[1 None]");
    }
}
