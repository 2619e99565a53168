//! Arrays, scalars and sparse matrices as numpy 1 and 2, scipy and joblib on Python 2.7 to 3.13 write them (see `arrays.py`).

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{hex, unhex};
use serde_json::{Value, json};
use skpickle::{Array, ErrorKind, Limits, Obj, Scalar, Sparse};

fn spell(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::None => Value::Null,
        Scalar::Bool(b) => json!(b),
        Scalar::Int(n) | Scalar::Time(n) => json!(n),
        Scalar::Float(x) => json!(x.to_bits()),
        Scalar::Float32(x) => json!(f64::from(*x).to_bits()),
        Scalar::Str(s) => json!(s),
        Scalar::Bytes(b) => json!({ "bytes": hex(b) }),
    }
}

/// Floats are spelled by Python's `repr`; they are compared bit by bit.
fn expect(value: &Value, float: bool) -> Value {
    match value {
        Value::String(text) if float => json!(python_float(text).to_bits()),
        other => other.clone(),
    }
}

fn python_float(text: &str) -> f64 {
    match text {
        "nan" => f64::NAN,
        "inf" => f64::INFINITY,
        "-inf" => f64::NEG_INFINITY,
        number => number.parse().unwrap(),
    }
}

fn check_array(array: &Array<'_>, case: &Value, how: &str) {
    let shape: Vec<usize> = serde_json::from_value(case["shape"].clone()).unwrap();
    assert_eq!(array.shape(), shape, "{how}");
    if let Some(fields) = case["values"].as_object() {
        for (name, values) in fields {
            let values = values.as_array().unwrap();
            let column = array.column(name).unwrap().f64s().unwrap();
            assert_eq!(column.len(), values.len(), "{how} {name}");
            for (found, value) in column.iter().zip(values) {
                let wanted = match value {
                    Value::Bool(b) => f64::from(u8::from(*b)),
                    Value::String(text) => python_float(text),
                    number => number.as_f64().unwrap(),
                };
                assert_eq!(*found, wanted, "{how} {name}");
            }
        }
        return;
    }
    let values = case["values"].as_array().unwrap();
    let kind = case["kind"].as_str().unwrap();
    let scalars = array.scalars().unwrap();
    let found: Vec<Value> = scalars.iter().map(spell).collect();
    let wanted: Vec<Value> = values
        .iter()
        .enumerate()
        .map(|(i, v)| expect(v, kind == "f" || kind == "O" && matches!(scalars[i], Scalar::Float(_))))
        .collect();
    assert_eq!(found, wanted, "{how}");
    if matches!(kind, "f" | "i" | "u" | "b") {
        let doubles = array.f64s().unwrap();
        for (x, scalar) in doubles.iter().zip(&scalars) {
            assert_eq!(x.to_bits(), scalar.as_f64().unwrap().to_bits(), "{how}");
        }
    }
}

/// Values of Python objects: a float is spelled as text, so is text.
fn check_values(found: &[Scalar], case: &Value, how: &str) {
    let wanted = case.as_array().unwrap();
    assert_eq!(found.len(), wanted.len(), "{how}");
    for (scalar, value) in found.iter().zip(wanted) {
        assert_eq!(spell(scalar), expect(value, matches!(scalar, Scalar::Float(_))), "{how}");
    }
}

fn check(root: &Obj<'_>, case: &Value, how: &str) {
    if let Some(columns) = case["frame"].as_array() {
        let frame = root.frame().unwrap_or_else(|e| panic!("{how}: {e}"));
        assert_eq!(frame.len(), columns.len(), "{how}");
        for ((name, values), column) in frame.iter().zip(columns) {
            assert_eq!(spell(name), column[0], "{how}");
            check_values(values, &column[1], how);
        }
    } else if case["values1d"] == true {
        check_values(&root.values().unwrap_or_else(|e| panic!("{how}: {e}")), &case["values"], how);
    } else if case["sparse"] == true {
        let sparse: Sparse = root.get().unwrap();
        let mut dense = vec![0.0; sparse.rows * sparse.columns];
        for row in 0..sparse.rows {
            for k in sparse.indptr[row]..sparse.indptr[row + 1] {
                dense[row * sparse.columns + sparse.indices[k]] += sparse.data[k];
            }
        }
        let wanted: Vec<f64> =
            case["values"].as_array().unwrap().iter().map(|v| python_float(v.as_str().unwrap())).collect();
        assert_eq!(dense, wanted, "{how}");
    } else if case["scalar"] == true {
        let scalar: Scalar = root.get().unwrap();
        assert_eq!(spell(&scalar), expect(&case["values"][0], case["kind"] == "f"), "{how}");
    } else if case["at"].is_array() {
        let items = root.items().unwrap();
        assert_eq!(items[1].str().unwrap(), "after", "{how}: what follows the array");
        check_array(&items[0].array().unwrap(), case, how);
    } else {
        check_array(&root.array().unwrap(), case, how);
    }
}

#[test]
fn arrays_of_every_age_read_the_same() {
    let document: serde_json::Map<String, Value> = serde_json::from_str(include_str!("arrays.json")).unwrap();
    assert!(document.len() >= 6, "environments: {}", document.len());
    for (environment, cases) in &document {
        let cases = cases.as_array().unwrap();
        assert!(cases.len() > 60, "{environment}: {} cases", cases.len());
        for case in cases {
            let how = format!("{environment}: {}", case["how"].as_str().unwrap());
            let graph = skpickle::load(unhex(case["hex"].as_str().unwrap()), &Default::default())
                .unwrap_or_else(|e| panic!("{how}: {e}"));
            check(&graph.root(), case, &how);
        }
    }
}

#[test]
fn an_aligned_array_stays_in_the_file() {
    let document: serde_json::Map<String, Value> = serde_json::from_str(include_str!("arrays.json")).unwrap();
    let mut seen = 0;
    for (environment, cases) in &document {
        for case in cases.as_array().unwrap().iter().filter(|case| case["how"] == "joblib 0 f8") {
            let graph = skpickle::load(unhex(case["hex"].as_str().unwrap()), &Default::default()).unwrap();
            let array = graph.root().items().unwrap()[0].array().unwrap();
            // joblib pads to 16 bytes from 1.2 on; before, alignment is a matter of luck.
            if environment.contains("joblib 1.4") || environment.contains("joblib 1.6") {
                assert!(array.f64s().unwrap().is_view(), "{environment}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 2, "{seen} environments with padding");
}

/// In each of these the array is a part of its own shape, type or contents: reading it would never end.
#[test]
fn arrays_made_of_themselves_are_refused() {
    let array = "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntRp0\n";
    let dtype = |order: &str| format!("cnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\n{order}NNNI-1\nI-1\nI0\ntb");
    for state in [
        "(I1\n(g0\ntcnumpy\nfloat64\nI00\nS''\ntb.".to_owned(),
        "(I1\n(I0\nt".to_owned() + &dtype("g0\n") + "I00\nS''\ntb.",
        "(I1\n(I0\ntg0\nI00\nS''\ntb.".to_owned(),
        "(I1\n(I0\nt".to_owned() + &dtype("S'<'\n") + "g0\nS''\ntb.",
        "g0\nb.".to_owned(),
    ] {
        let stream = format!("{array}{state}");
        let Ok(graph) = skpickle::load(stream.clone().into_bytes(), &Default::default()) else { continue };
        let root = graph.root();
        assert!(root.array().is_err(), "{stream}");
        assert!(root.get::<f64>().is_err() && root.get::<String>().is_err() && root.items().is_err(), "{stream}");
        assert!(!root.describe().is_empty());
    }
}

/// Elements of no size need no bytes, so that a file may claim any number of them (found by fuzzing).
#[test]
fn elements_without_bytes_are_paid_for_like_others() {
    let stream = b"\x80\x04cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01(K\x03\x8a\x08\x00\x08\x00\x00\x00\x00\x00\x00\x8a\x08\x00\x00\x00\x00F\xb2\x00\x00K\x04tcnumpy\ndtype\n\x8c\x01a\x89\x88\x87R(K\x03\x8c\x01>NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89C\x00tb.";
    let graph = skpickle::load(stream.to_vec(), &Limits::default()).unwrap();
    let array = graph.root().array().unwrap();
    assert_eq!(array.shape(), [3, 2048, 196_013_717_454_848, 4]);
    assert_eq!(array.scalars().unwrap_err().kind(), ErrorKind::Limit);
}

/// A wrapper of joblib's whose array of objects follows as a pickle of its own.
const OBJECTS: &[u8] = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(X\x05\0\0\0dtypeX\x01\0\0\0O\
    X\x05\0\0\0shape)X\x05\0\0\0orderX\x01\0\0\0Cub";

/// joblib writes arrays of objects with plain `pickle`, and reads them so: a wrapper in there is no array, and a hundred thousand of
/// them inside one another use no stack.
#[test]
fn an_array_of_objects_is_a_plain_pickle() {
    let one = [OBJECTS, b"](K\x01e.."].concat();
    assert_eq!(skpickle::load(one, &Limits::default()).unwrap().root().get::<Vec<i64>>().unwrap(), [1]);
    let two = [OBJECTS, OBJECTS, b".."].concat();
    let graph = skpickle::load(two, &Limits::default()).unwrap();
    assert_eq!(graph.root().class().unwrap().name, "NumpyArrayWrapper");
    assert!(graph.root().array().is_err());
    let deep = [OBJECTS.repeat(100_000), b"N".to_vec(), b".".repeat(100_001)].concat();
    let load = move || skpickle::load(deep, &Limits::default()).map(|graph| graph.root().is_none());
    let small = std::thread::Builder::new().stack_size(256 << 10).spawn(load).unwrap();
    assert_eq!(small.join().unwrap(), Ok(true));
}

/// A vocabulary of a large text model has a scalar for each word, all with one dtype, which is read once: a model of 100,000 words
/// was refused because it was paid for each time.
#[test]
fn scalars_pay_once_for_the_dtype_that_they_share() {
    let dtype = b"cnumpy.core.multiarray\nscalar\nq\x000cnumpy\ndtype\n(X\x02\0\0\0i8\x89\x88tR\
        (K\x03X\x01\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tbq\x010";
    let mut stream = [b"\x80\x03", &dtype[..], b"]("].concat();
    for i in 0..200_000_i64 {
        stream.extend([b"h\x00h\x01C\x08", &i.to_le_bytes()[..], b"\x86R"].concat());
    }
    stream.extend(b"e.");
    let graph = skpickle::load(stream, &Limits::default()).unwrap();
    let numbers: Vec<i64> = graph.root().get().unwrap();
    assert!(numbers.iter().copied().eq(0..200_000));
}
