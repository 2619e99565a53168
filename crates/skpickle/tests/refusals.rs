//! Every refusal of the reader, each by a stream that meets it: what is wrong is said in these words, with the byte.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/craft.rs"]
mod craft;

use craft::*;
use skpickle::{ErrorKind, Limits, Obj, Result, Scalar, Shared, Sparse};

#[track_caller]
fn refuses_within(bytes: Vec<u8>, limits: &Limits, kind: ErrorKind, words: &str) {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
    let error = skpickle::load(bytes, limits).map(|graph| graph.root().describe()).expect_err(&shown);
    assert!(error.kind() == kind && error.message().contains(words), "{shown}: {error:?}, not {words}");
    assert!(error.message().is_ascii());
}

#[test]
fn streams() {
    use ErrorKind::{Format, Limit, Malformed, Truncated, Unsupported};
    let limits = Limits::default();
    let wrapper =
        |fields: &[(&str, Vec<u8>)]| cat(&[b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81", &dict(fields), b"b"]);
    let of = |order: &str, extents: &[i64], more: &[(&str, Vec<u8>)]| {
        let shape = tuple(&extents.iter().map(|&n| i(n)).collect::<Vec<_>>());
        let fields = [("dtype", s("f8")), ("shape", shape), ("order", s(order))];
        wrapper(&[&fields, more].concat())
    };
    let padded = |alignment: i64, padding: u8| {
        cat(&[&of("C", &[1], &[("numpy_array_alignment_bytes", i(alignment))]), &[padding], &[0; 40]])
    };
    let call = |function: &str, args: &[Vec<u8>]| craft::call(function, args, None);
    for (kind, words, value) in [
        (Unsupported, "unsupported pickle protocol: 6", b"\x80\x06N".to_vec()),
        (Unsupported, "a persistent id", b"P1\n".to_vec()),
        (Unsupported, "a persistent id", b"K\x01Q".to_vec()),
        (Unsupported, "an extension code", b"\x82\x01".to_vec()),
        (Unsupported, "an extension code", b"\x83\x01\0".to_vec()),
        (Unsupported, "an extension code", b"\x84\x01\0\0\0".to_vec()),
        (Unsupported, "an out-of-band buffer", b"\x97".to_vec()),
        (Unsupported, "an out-of-band buffer", b"N\x98".to_vec()),
        (Unsupported, "the stream calls builtins.eval", call("builtins\neval", &[s("1")])),
        (Unsupported, "the stream calls __builtin__.apply", call("__builtin__\napply", &[])),
        (Malformed, "no opcode has the byte 0xff", b"N\xff".to_vec()),
        (Malformed, "unpickling stack underflow", b"0".to_vec()),
        (Malformed, "unpickling stack underflow", b"a".to_vec()),
        (Malformed, "unpickling stack underflow", b"\x85".to_vec()),
        (Malformed, "unpickling stack underflow", b"N\x87".to_vec()),
        (Malformed, "unpickling stack underflow", b"2".to_vec()),
        (Malformed, "unexpected MARK found", b"N(\x85".to_vec()),
        (Malformed, "unexpected MARK found", b"N(".to_vec()),
        (Malformed, "could not find MARK", b"Nt".to_vec()),
        (Malformed, "could not find MARK", b"]e".to_vec()),
        (Limit, "more than 1000 marks", b"(".repeat(1_001)),
        (Truncated, "a frame of 99 bytes is announced", b"\x95\x63\0\0\0\0\0\0\0N".to_vec()),
        (
            Malformed,
            "a frame begins inside another and ends outside",
            b"\x95\x0a\0\0\0\0\0\0\0\x95\x03\0\0\0\0\0\0\0NNNNNN".to_vec(),
        ),
        (Malformed, "a length of -1", b"\x8b\xff\xff\xff\xff".to_vec()),
        (Malformed, "a length of -1", b"T\xff\xff\xff\xff".to_vec()),
        (Malformed, "is no integer", b"I1_0\n".to_vec()),
        (Malformed, "is no integer", b"L0x5L\n".to_vec()),
        (Malformed, "is no integer", b"I\n".to_vec()),
        (Malformed, "is no integer", b"I007\n".to_vec()),
        (Limit, "limit int_digits", cat(&[b"L", &b"9".repeat(4_302), b"\n"])),
        (Limit, "limit long_bytes", cat(&[b"\x8b\x01\0\x01\0", &vec![1; 65_537]])),
        (Malformed, "is no number", b"Fx\n".to_vec()),
        (Malformed, "is no memo index", b"Np-1\n".to_vec()),
        (Malformed, "is no memo index", b"gx\n".to_vec()),
        (Malformed, "text is not UTF-8 from its byte 1 on", b"X\x02\0\0\0a\xff".to_vec()),
        (Malformed, "truncated \\u escape", b"V\\u12\n".to_vec()),
        (Malformed, "which is no character", b"V\\ud800\n".to_vec()),
        (Malformed, "must be quoted", b"Sx\n".to_vec()),
        (Malformed, "a string ends in a lone backslash", b"S'\\'\n".to_vec()),
        (Malformed, "invalid \\x escape", b"S'\\x1'\n".to_vec()),
        (Malformed, "invalid \\x escape", b"S'\\xzz'\n".to_vec()),
        (Malformed, "odd number of items for a dict", b"(Nd".to_vec()),
        (Malformed, "odd number of items for a dict", b"}(Nu".to_vec()),
        (Malformed, "unhashable type", b"(]Nd".to_vec()),
        (Malformed, "unhashable type", b"(]\x91".to_vec()),
        (Malformed, "unhashable type", b"\x8f(}\x90".to_vec()),
        (Malformed, "unhashable type", b"}]\x85Ns".to_vec()),
        (Malformed, "appended to something that is no list", b"NNa".to_vec()),
        (Malformed, "items are set in something that is no dict", b"NK\x01Ns".to_vec()),
        (Malformed, "items are added to something that is no set", b"N(K\x01\x90".to_vec()),
        (Limit, "no pickler counts that far", b"Nr\xff\xff\xff\xff".to_vec()),
        (Malformed, "Memo value not found at index 7", b"h\x07".to_vec()),
        (Malformed, "a name without a module", b"c\nx\n".to_vec()),
        (Malformed, "a name without a module", b"cx\n\n".to_vec()),
        (Malformed, "text is not UTF-8", b"c\xff\nx\n".to_vec()),
        (Malformed, "a copy in text mode", b"cos\r\nsystem\r\n".to_vec()),
        (Malformed, "STACK_GLOBAL requires str", b"NN\x93".to_vec()),
        (Malformed, "something that is no name is called", b"N)R".to_vec()),
        (Malformed, "the arguments of a call are no tuple", b"ca\nB\nNR".to_vec()),
        (Malformed, "the keyword arguments of a call are no dict", b"ca\nB\n)N\x92".to_vec()),
        (Malformed, "OBJ without a class", b"(o".to_vec()),
        (Malformed, "_codecs.encode of something other", call("_codecs\nencode", &[s("a"), s("utf8")])),
        (Malformed, "holds a character beyond it", call("_codecs\nencode", &[s("\u{100}"), s("latin1")])),
        (Malformed, "a state is set on a class itself", b"ca\nB\n}b".to_vec()),
        (Malformed, "a state is set on something that takes none", b"N}b".to_vec()),
        (Malformed, "a second state is set", b"ca\nB\n)\x81}b}b".to_vec()),
        // joblib's wrappers
        (ErrorKind::Missing, "no attribute 'dtype'", wrapper(&[("shape", tuple(&[]))])),
        (ErrorKind::Value, "array order 'X', expected C or F", of("X", &[1], &[])),
        (Limit, "an array of 65 dimensions (limit array_dims: 64)", of("C", &[1; 65], &[])),
        (ErrorKind::Value, "is larger than any memory", of("C", &[i64::MAX, i64::MAX], &[])),
        (ErrorKind::Value, "is larger than any memory", of("C", &[i64::MAX / 2], &[])),
        (Truncated, "needs 8000 bytes", of("C", &[1_000], &[])),
        (Malformed, "array padding of 9 bytes for an alignment of 8", padded(8, 9)),
        (Malformed, "array padding of 1 bytes for an alignment of 256", padded(256, 1)),
        (Malformed, "array padding of 1 bytes for an alignment of 0", padded(0, 1)),
        (
            Malformed,
            "array padding of 46 bytes for an alignment of 16",
            of("C", &[1], &[("numpy_array_alignment_bytes", i(16))]),
        ),
    ] {
        // Without an end: what is wrong stands before it, or is that it is missing.
        refuses_within(cat(&[b"\x80\x02", &value, b"."]), &limits, kind, words);
    }
    refuses_within(b"\xffhello".to_vec(), &limits, Format, "invalid load key");
    refuses_within(b"\x80".to_vec(), &limits, Truncated, "the stream ends early");
    refuses_within(b"\x80\x02I5".to_vec(), &limits, Truncated, "a line of text needs 2 bytes");
    let tight = Limits { string_bytes: 3, ..Limits::default() };
    refuses_within(stream(&s("four")), &tight, Limit, "limit string_bytes: 3");
    refuses_within(stream(b"Vfour\n"), &tight, Limit, "limit string_bytes: 3");
    let built = Limits { built_bytes: Some(100), ..Limits::default() };
    refuses_within(stream(&b"N".repeat(10)), &built, Limit, "the limit built_bytes");
    let memory = Limits { memory_bytes: Some(1 << 20), ..Limits::default() };
    refuses_within(stream(&b"N".repeat(500_000)), &memory, Limit, "of memory, and this process has 1 MB");
}

type Read = fn(&Obj<'_>) -> Result<()>;

#[track_caller]
fn refused(value: &[u8], read: Read, kind: ErrorKind, words: &str) {
    let graph = skpickle::load(stream(value), &Limits::default()).unwrap();
    let error = read(&graph.root()).expect_err(words);
    assert!(error.kind() == kind && error.message().contains(words), "{error:?}, not {words}");
    assert!(error.offset().is_some(), "{error}");
}

const ARRAY: Read = |obj| obj.array().map(drop);
const SCALARS: Read = |obj| obj.array()?.scalars().map(drop);
const F64S: Read = |obj| obj.array()?.f64s().map(drop);
const F32S: Read = |obj| obj.array()?.f32s().map(drop);
const I64S: Read = |obj| obj.array()?.i64s().map(drop);
const BOOLS: Read = |obj| obj.array()?.bools().map(drop);
const SCALAR: Read = |obj| obj.get::<Scalar>().map(drop);
const ITEMS: Read = |obj| obj.items().map(drop);
const ENTRIES: Read = |obj| obj.entries().map(drop);
const VALUES: Read = |obj| obj.values().map(drop);
const FRAME: Read = |obj| obj.frame().map(drop);
const SPARSE: Read = |obj| obj.get::<Sparse>().map(drop);

#[test]
fn arrays() {
    use ErrorKind::{Limit, Missing, Unsupported, Value};
    let floats = |extents: &[i64], bytes: usize| array(dtype("f8", "<"), extents, false, b(&vec![0; bytes]));
    let text = |code: &[u8]| array(dtype("U1", "<"), &[1], false, b(code));
    let one = |code: &str, bytes: &[u8]| array(dtype(code, "<"), &[1], false, b(bytes));
    let objects = |items: &[Vec<u8>], n: i64| array(dtype("O8", "|"), &[n], false, list(items));
    let of_state = |parts: &[Vec<u8>]| call("numpy\ndtype", &[s("f8")], Some(tuple(parts)));
    let of_dtype = |dtype: Vec<u8>| array(dtype, &[1], false, b(&[0; 8]));
    let record = |size: i64, fields: Vec<u8>| {
        let state = tuple(&[i(3), s("|"), none(), tuple(&[s("x")]), fields, i(size), i(1), i(16)]);
        array(call("numpy\ndtype", &[s("V8")], Some(state)), &[1], false, b(&[0; 8]))
    };
    let sub = |part: Vec<u8>| {
        let state = tuple(&[i(3), s("|"), part, none(), none(), i(-1), i(1), i(0)]);
        record(8, dict(&[("x", tuple(&[call("numpy\ndtype", &[s("V8")], Some(state)), i(0)]))]))
    };
    let reconstruct =
        |args: &[Vec<u8>], state: Option<Vec<u8>>| call("numpy.core.multiarray\n_reconstruct", args, state);
    let ndarray = b"cnumpy\nndarray\n".to_vec();
    for (kind, words, value, read) in [
        (Value, "an array of shape [3] and dtype f8 has 16 bytes, expected 24", floats(&[3], 16), ARRAY),
        (Value, "is larger than any memory", floats(&[i64::MAX, 4], 0), ARRAY),
        (Value, "more than there is memory", floats(&[i64::MAX / 2], 0), ARRAY),
        (Value, "an integer that is not negative", floats(&[-1], 0), ARRAY),
        (Limit, "limit array_dims: 64", floats(&[1; 65], 8), ARRAY),
        (Value, "has 1 elements, expected 2", objects(&[i(1)], 2), ARRAY),
        (Value, "expected a list or tuple", array(dtype("O8", "|"), &[1], false, b(&[0; 8])), ARRAY),
        (Value, "expected bytes", array(dtype("f8", "<"), &[1], false, list(&[i(1)])), ARRAY),
        (Value, "expected an array", i(5), ARRAY),
        (Value, "expected an array", object("a\nB", &[]), ARRAY),
        (Value, "expected an array", reconstruct(&[], Some(tuple(&[]))), ARRAY),
        (Value, "expected numpy.ndarray", reconstruct(&[b"ca\nB\n".to_vec()], Some(tuple(&[]))), ARRAY),
        (Value, "expected an array with its state", reconstruct(std::slice::from_ref(&ndarray), None), ARRAY),
        (Value, "a tuple of 5", reconstruct(std::slice::from_ref(&ndarray), Some(tuple(&[i(1)]))), ARRAY),
        (Value, "expected an array", call("numpy._core.numeric\n_frombuffer", &[], None), ARRAY),
        (Value, "expected an array", call("dill._dill\n_create_array", &[], None), ARRAY),
        (Value, "numpy's _reconstruct", call("dill._dill\n_create_array", &[i(1), i(2), i(3)], None), ARRAY),
        (Value, "a masked array with its state", call("numpy.ma.core\n_mareconstruct", &[], None), ARRAY),
        (Value, "a tuple of 7", call("numpy.ma.core\n_mareconstruct", &[], Some(tuple(&[i(1)]))), ARRAY),
        // Elements
        (Value, "holds 0xd800, which is no character", text(&[0, 0xd8, 0, 0]), SCALARS),
        (Value, "holds 0x110000, which is no character", text(&[0, 0, 0x11, 0]), SCALARS),
        (Value, "an element of dtype c8 is no plain value", one("c8", &[0; 8]), SCALARS),
        (Value, "an array of dtype c8, expected numbers", one("c8", &[0; 8]), F64S),
        (Value, "an array of dtype f8, expected f4", one("f8", &[0; 8]), F32S),
        (Value, "an array of dtype S1, expected integers", one("S1", b"a"), I64S),
        (Value, "an unsigned integer beyond 63 bits", one("u8", &[0xff; 8]), I64S),
        (Value, "values that are not whole numbers", one("f8", &1.5f64.to_le_bytes()), I64S),
        (Value, "2 where a bool is expected", one("i1", &[2]), BOOLS),
        (Value, "an array of objects that are not all numbers", objects(&[s("a")], 1), F64S),
        (Value, "an array of objects where numbers are expected", objects(&[i(1)], 1), |o| {
            o.array()?.as_bytes().map(drop)
        }),
        (Value, "expected f4", objects(&[i(1)], 1), F32S),
        (Value, "an array of dtype f8, expected objects", floats(&[1], 8), |o| o.array()?.objects().map(drop)),
        // dtypes
        (Value, "expected a numpy dtype", of_dtype(i(1)), ARRAY),
        (Value, "expected a numpy dtype", of_dtype(b"cnumpy\nnothing\n".to_vec()), ARRAY),
        (Value, "expected a numpy dtype", of_dtype(b"cos\nsystem\n".to_vec()), ARRAY),
        (Value, "expected a numpy dtype", of_dtype(call("os\nsystem", &[], None)), ARRAY),
        (Value, "a numpy dtype with its type string", of_dtype(call("numpy\ndtype", &[], None)), ARRAY),
        (Value, "is no numpy dtype that is known here", of_dtype(s("q8")), ARRAY),
        (Value, "is no numpy dtype that is known here", of_dtype(s("")), ARRAY),
        (Value, "is no numpy dtype that is known here", of_dtype(s("f-8")), ARRAY),
        (Value, "is no numpy dtype that is known here", of_dtype(s("S99999999999")), ARRAY),
        (Value, "is no numpy dtype that is known here", of_dtype(s("i3")), ARRAY),
        (
            Limit,
            "dtypes nested more than 8 deep",
            of_dtype(cat(&[&b"cnumpy\ndtype\n".repeat(10), &s("f8"), &b"\x85R".repeat(10)])),
            ARRAY,
        ),
        (Value, "the state of a dtype, a tuple of at least 5", of_dtype(of_state(&[i(3)])), ARRAY),
        (Value, "byte order 'x', expected", of_dtype(of_state(&[i(3), s("x"), none(), none(), none()])), ARRAY),
        (Unsupported, "an array of sub-arrays", of_dtype(of_state(&[i(3), s("<"), i(1), none(), none()])), ARRAY),
        (
            Value,
            "itemsize 4 in the state of a dtype of 8 bytes",
            of_dtype(of_state(&[i(3), s("<"), none(), none(), none(), i(4)])),
            ARRAY,
        ),
        (
            Value,
            "a dtype with fields that is no record",
            of_dtype(of_state(&[i(3), s("<"), none(), tuple(&[s("x")]), dict(&[])])),
            ARRAY,
        ),
        // Records
        (Missing, "no entry 'x'", record(8, dict(&[])), ARRAY),
        (Value, "a dtype and an offset for each field", record(8, dict(&[("x", tuple(&[s("f8")]))])), ARRAY),
        (
            Value,
            "field 'x' reaches beyond the record of 8 bytes",
            record(8, dict(&[("x", tuple(&[s("f8"), i(1)]))])),
            ARRAY,
        ),
        (Value, "reaches beyond", record(8, dict(&[("x", tuple(&[s("f8"), i(i64::MAX)]))])), ARRAY),
        (Value, "a base dtype and a shape", sub(tuple(&[s("f8")])), ARRAY),
        (Value, "a sub-array with more elements", sub(tuple(&[s("f8"), tuple(&[i(i64::MAX), i(9)])])), ARRAY),
        (Value, "field 'x' is a sub-array", sub(tuple(&[s("i1"), i(2)])), |o| o.array()?.column("x").map(drop)),
        (Missing, "the records have no field 'y'", floats(&[1], 8), |o| o.array()?.column("y").map(drop)),
        (Value, "a field of dtype S8, expected numbers", record(8, dict(&[("x", tuple(&[s("S8"), i(0)]))])), |o| {
            o.array()?.column("x")?.f64s().map(drop)
        }),
        (Value, "a field of dtype f8, expected integers", record(8, dict(&[("x", tuple(&[s("f8"), i(0)]))])), |o| {
            o.array()?.column("x")?.i64s().map(drop)
        }),
        // Scalars
        (Value, "a numpy scalar with dtype and value", call("numpy.core.multiarray\nscalar", &[], None), SCALAR),
        (
            Value,
            "a f8 scalar of 1 bytes, expected 8",
            call("numpy.core.multiarray\nscalar", &[s("f8"), b(b"a")], None),
            SCALAR,
        ),
        (
            Value,
            "expected a plain value",
            call("numpy.core.multiarray\nscalar", &[s("O"), call("numpy.core.multiarray\nscalar", &[], None)], None),
            SCALAR,
        ),
        (Value, "expected a single value", floats(&[2], 16), SCALAR),
        (Value, "expected a single value", list(&[i(1)]), SCALAR),
    ] {
        refused(&value, read, kind, words);
    }
    let field = dict(&[("x", tuple(&[s("u8"), i(0)]))]);
    let state = tuple(&[i(3), s("|"), none(), tuple(&[s("x")]), field, i(8), i(1), i(16)]);
    let large = array(call("numpy\ndtype", &[s("V8")], Some(state)), &[1], false, b(&[0xff; 8]));
    refused(&large, |obj| obj.array()?.column("x")?.i64s().map(drop), Value, "expected integers of 63 bits");
}

#[test]
fn plain_values() {
    use ErrorKind::{Missing, Value};
    for (kind, words, value, read) in [
        (Value, "expected a number, found the str 'a'", s("a"), (|obj| obj.get::<f64>().map(drop)) as Read),
        (Value, "expected an integer, found the float 1.5", b"G?\xf8\0\0\0\0\0\0".to_vec(), |obj| {
            obj.get::<i64>().map(drop)
        }),
        (Value, "an integer that is not negative, found the int -1", i(-1), |obj| obj.get::<usize>().map(drop)),
        (Value, "expected True or False, found the int 2", i(2), |obj| obj.get::<bool>().map(drop)),
        (Value, "expected text, found None", none(), |obj| obj.get::<String>().map(drop)),
        (Value, "expected text, found an object of a.B", object("a\nB", &[]), |obj| obj.str().map(drop)),
        (Value, "expected bytes, found the int 1", i(1), |obj| obj.bytes().map(drop)),
        (Value, "expected bytes, found the str", s("\u{100}"), |obj| obj.bytes().map(drop)),
        (Value, "expected an object, found the int 1", i(1), |obj| obj.args().map(drop)),
        (Value, "expected a list or tuple, found the int 1", i(1), ITEMS),
        (Value, "expected a list, found an object of a.B", object("a\nB", &[]), ITEMS),
        (Value, "expected a list of elements", call("builtins\nset", &[i(1)], None), ITEMS),
        (Value, "expected a list of elements", call("builtins\nset", &[i(1), i(2)], None), ITEMS),
        (Value, "expected a dict, found the int 1", i(1), ENTRIES),
        (Value, "expected a dict", call("collections\nOrderedDict", &[list(&[tuple(&[i(1)])])], None), ENTRIES),
        (Value, "expected a dict, found the int 1", i(1), |obj| obj.entry("a").map(drop)),
        (Missing, "no entry 'a'", dict(&[]), |obj| obj.entry("a").map(drop)),
        (Missing, "no attribute 'a'", object("a\nB", &[]), |obj| obj.field("a").map(drop)),
        (Value, "a dict of attributes", b"ca\nB\n)\x81K\x01b".to_vec(), |obj| obj.field("a").map(drop)),
        (Value, "attributes with names", b"ca\nB\n)\x81}K\x01Nsb".to_vec(), |obj| obj.field("a").map(drop)),
        (Value, "expected an integer", list(&[s("a")]), |obj| obj.get::<Shared<i64>>().map(drop)),
        (ErrorKind::Limit, "the limit built_bytes", none(), |obj| obj.charge(u64::MAX)),
    ] {
        refused(&value, read, kind, words);
    }
}

#[test]
fn sparse_matrices() {
    use ErrorKind::{Limit, Missing, Value};
    let ints = |values: &[i64]| {
        let bytes: Vec<u8> = values.iter().flat_map(|n| n.to_le_bytes()).collect();
        array(dtype("i8", "<"), &[values.len() as i64], false, b(&bytes))
    };
    let shape = |rows: i64, columns: i64| tuple(&[i(rows), i(columns)]);
    let of =
        |format: &str, fields: &[(&str, Vec<u8>)]| object(&format!("scipy.sparse._{format}\n{format}_matrix"), fields);
    let csr = |rows: i64, indptr: &[i64], indices: &[i64]| {
        of(
            "csr",
            &[("_shape", shape(rows, 2)), ("data", ints(&[5])), ("indptr", ints(indptr)), ("indices", ints(indices))],
        )
    };
    let coo = |row: &[i64], col: &[i64]| {
        of("coo", &[("_shape", shape(2, 2)), ("data", ints(&[5])), ("row", ints(row)), ("col", ints(col))])
    };
    let dia = |data: Vec<u8>, offsets: &[i64]| {
        of("dia", &[("_shape", shape(2, 2)), ("data", data), ("offsets", ints(offsets))])
    };
    let coords = |coords: Vec<u8>| of("coo", &[("_shape", shape(2, 2)), ("data", ints(&[5])), ("coords", coords)]);
    for (kind, words, value) in [
        (Value, "a scipy sparse matrix, found the int 1", i(1)),
        (Value, "the two extents of a matrix", of("csr", &[("_shape", tuple(&[i(1), i(2), i(3)]))])),
        (Value, "an integer that is not negative", of("csr", &[("_shape", shape(-1, 2))])),
        (Limit, "the limit built_bytes", of("coo", &[("_shape", shape(1 << 60, 2))])),
        (Missing, "no attribute 'data'", of("csr", &[("_shape", shape(1, 2))])),
        (Value, "indptr must grow from 0 to the 1 entries in 3 steps", csr(2, &[0, 1], &[0])),
        (Value, "indptr must grow", csr(2, &[0, 2, 1], &[0])),
        (Value, "indptr must grow", csr(2, &[0, -1, 1], &[0])),
        (Value, "indptr must grow", csr(1, &[1, 1], &[0])),
        (Value, "an index outside 0..2", csr(1, &[0, 1], &[2])),
        (Value, "an index outside 0..2", csr(1, &[0, 1], &[-1])),
        (Value, "indices and data differ in length", csr(1, &[0, 1], &[0, 1])),
        (Value, "row, col and data differ in length", coo(&[0, 1], &[0])),
        (Value, "an index outside 0..2", coo(&[2], &[0])),
        (Value, "two arrays of coordinates", coords(tuple(&[i(1)]))),
        (Value, "expected indices, found None", coords(tuple(&[none(), none()]))),
        (Value, "the diagonals are no 2-d array", dia(ints(&[1]), &[0])),
        (Value, "offsets and data differ in length", dia(array(dtype("i1", "|"), &[1, 2], false, b(&[1, 2])), &[0, 1])),
    ] {
        refused(&value, SPARSE, kind, words);
    }
    // What is whole is read: a diagonal, coordinates as a tuple, and a csr of one dimension.
    for (value, dense) in [
        (
            dia(array(dtype("i1", "|"), &[2, 2], false, b(&[1, 2, 3, 4])), &[0, i64::MIN]),
            vec![(0, 0, 1.0), (1, 1, 2.0)],
        ),
        (coords(tuple(&[ints(&[1]), ints(&[0])])), vec![(1, 0, 5.0)]),
        (
            object(
                "scipy.sparse._arrays\ncsc_array",
                &[("_shape", shape(2, 1)), ("data", ints(&[5])), ("indptr", ints(&[0, 1])), ("indices", ints(&[1]))],
            ),
            vec![(1, 0, 5.0)],
        ),
        (
            object(
                "scipy.sparse._csr\ncsr_array",
                &[("_shape", tuple(&[i(2)])), ("data", ints(&[5])), ("indptr", ints(&[0, 1])), ("indices", ints(&[1]))],
            ),
            vec![(0, 1, 5.0)],
        ),
    ] {
        let graph = skpickle::load(stream(&value), &Limits::default()).unwrap();
        let x: Sparse = graph.root().get().unwrap();
        let cells = (0..x.rows).flat_map(|r| (x.indptr[r]..x.indptr[r + 1]).map(move |k| (r, k)));
        assert_eq!(cells.map(|(r, k)| (r, x.indices[k], x.data[k])).collect::<Vec<_>>(), dense);
        assert!(graph.root().is_sparse());
    }
}

#[test]
fn tables() {
    use ErrorKind::{Limit, Value};
    let index = |parts: Vec<u8>| call("pandas.core.indexes.base\n_new_Index", &[none(), parts], None);
    let range =
        |start: i64, stop: i64, step: i64| index(dict(&[("start", i(start)), ("stop", i(stop)), ("step", i(step))]));
    let series = |args: &[Vec<u8>]| {
        let manager = call("pandas.core.internals.managers\nSingleBlockManager", args, None);
        object("pandas.core.series\nSeries", &[("_mgr", manager)])
    };
    let frame = |blocks: Vec<Vec<u8>>, axes: Vec<Vec<u8>>| {
        let manager = call("pandas._libs.internals\nBlockManager", &[tuple(&blocks), list(&axes)], None);
        object("pandas.core.frame\nDataFrame", &[("_mgr", manager)])
    };
    let block =
        |values: Vec<u8>, place: Vec<u8>| call("pandas._libs.internals\n_unpickle_block", &[values, place, i(2)], None);
    let slice = |start: i64, stop: i64, step: i64| call("builtins\nslice", &[i(start), i(stop), i(step)], None);
    let cells = |n: u8| array(dtype("i1", "|"), &[1, n.into()], false, b(&(0..n).collect::<Vec<_>>()));
    let axes = |n: i64| vec![index(dict(&[("data", list(&[s("a")]))])), range(0, n, 1)];
    let codes = |code: u8| array(dtype("i1", "|"), &[1], false, b(&[code]));
    let categorical = |fields: &[(&str, Vec<u8>)]| object("pandas.core.arrays.categorical\nCategorical", fields);
    let nested = (0..12).fold(list(&[]), |inner, _| index(dict(&[("data", inner)])));
    let backed = |state: Option<Vec<u8>>| call("pandas._libs.arrays\n__pyx_unpickle_NDArrayBacked", &[], state);
    for (kind, words, value, read) in [
        (Limit, "containers of pandas nested more than 8 deep", nested, VALUES),
        (Value, "expected a 1-d array", array(dtype("i1", "|"), &[1, 1], false, b(&[1])), VALUES),
        (Value, "an Index, Series, Categorical or string array", object("pandas\nOther", &[]), VALUES),
        (Value, "an index with its parts", call("pandas.core.indexes.base\n_new_Index", &[], None), VALUES),
        (Value, "a range with a step of 0", range(0, 1, 0), VALUES),
        (Limit, "the limit built_bytes", range(i64::MIN, i64::MAX, 1), VALUES),
        (Value, "a categorical with its categories", categorical(&[]), VALUES),
        (Value, "a categorical with its codes", categorical(&[("_categories", list(&[s("a")]))]), VALUES),
        (
            Value,
            "code 1 for 1 categories",
            categorical(&[("_categories", list(&[s("a")])), ("_codes", codes(1))]),
            VALUES,
        ),
        (Value, "expected a block of values", series(&[]), VALUES),
        (Value, "expected a block of values", series(&[call("a\nb", &[], None)]), VALUES),
        (Value, "an array with its state", backed(None), VALUES),
        (Value, "a dtype and an array", backed(Some(tuple(&[i(1)]))), VALUES),
        (Value, "expected a pandas DataFrame", i(1), FRAME),
        (Value, "blocks and axes", object("pandas.core.frame\nDataFrame", &[("_mgr", call("a\nb", &[], None))]), FRAME),
        (Value, "a block of a table", frame(vec![call("a\nb", &[], None)], axes(1)), FRAME),
        (Value, "a table with two axes", frame(vec![], vec![]), FRAME),
        (
            Value,
            "a block of 3 cells for 1 columns of 2 rows",
            frame(vec![block(cells(3), slice(0, 1, 1))], axes(2)),
            FRAME,
        ),
        (Value, "a table with a block for every column", frame(vec![], axes(2)), FRAME),
        (Value, "a slice of the columns", frame(vec![block(cells(2), slice(0, 9, 1))], axes(2)), FRAME),
        (Value, "a slice of the columns", frame(vec![block(cells(2), slice(0, 1, 0))], axes(2)), FRAME),
        (Value, "a column outside 0..1", frame(vec![block(cells(2), codes(1))], axes(2)), FRAME),
    ] {
        refused(&value, read, kind, words);
    }
    let whole = frame(vec![block(cells(2), codes(0))], axes(2));
    let graph = skpickle::load(stream(&whole), &Limits::default()).unwrap();
    assert_eq!(graph.root().frame().unwrap(), [(Scalar::Str("a".into()), vec![Scalar::Int(0), Scalar::Int(1)])]);
    let na = list(&[b"cpandas._libs.missing\nNA\n".to_vec(), call("pandas._libs.missing\nC_NAType", &[], None), i(1)]);
    let graph = skpickle::load(stream(&na), &Limits::default()).unwrap();
    assert_eq!(graph.root().values().unwrap(), [Scalar::None, Scalar::None, Scalar::Int(1)]);
    let given = categorical(&[("_categories", list(&[s("a")])), ("_codes", codes(255))]);
    let graph = skpickle::load(stream(&given), &Limits::default()).unwrap();
    assert!(matches!(graph.root().values().unwrap()[..], [Scalar::Float(x)] if x.is_nan()));
}

#[test]
fn files_beside() {
    use ErrorKind::{Format, Io, Limit, Malformed, Truncated, Unsupported, Value};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.joblib");
    let side = folder.path().join("side");
    let npy = |header: &str, data: &[u8]| {
        cat(&[b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes(), header.as_bytes(), data])
    };
    let header = |descr: &str, shape: &str| format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}");
    let zf = |data: &[u8]| {
        use std::io::Write;
        let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(data).unwrap();
        cat(&[format!("ZF{:<19}", format!("{:#x}", data.len())).as_bytes(), &writer.finish().unwrap()])
    };
    let plain = object("joblib.numpy_pickle_compat\nNDArrayWrapper", &[("filename", s("side"))]);
    let zipped = |state: Vec<u8>| {
        object("joblib.numpy_pickle_compat\nZNDArrayWrapper", &[("filename", s("side")), ("state", state)])
    };
    let state = tuple(&[i(1), tuple(&[i(1)]), s("f8"), truth(false)]);
    for (kind, words, model, content) in [
        (Malformed, "the magic bytes are missing", &plain, b"nothing".to_vec()),
        (Malformed, "an unknown format version", &plain, b"\x93NUMPY\x09\x00\0\0\0\0".to_vec()),
        (Malformed, "the header is cut", &plain, b"\x93NUMPY\x02\x00\xff\xff\0\0".to_vec()),
        (Malformed, "the header is no text", &plain, b"\x93NUMPY\x01\x00\x01\0\xff".to_vec()),
        (Malformed, "no .npy file: 'descr':", &plain, npy("{}", b"")),
        (Malformed, "no .npy file: the dtype", &plain, npy(&header("1", "(1,)"), b"")),
        (Malformed, "no .npy file: the shape", &plain, npy(&header("'<f8'", "1"), b"")),
        (Malformed, "no .npy file: the shape", &plain, npy(&header("'<f8'", "(x,)"), b"")),
        (Unsupported, "more than plain numbers", &plain, npy(&header("[('a', [('b', '<f8')])]", "(1,)"), b"")),
        (Value, "is no numpy dtype that is known here", &plain, npy(&header("'<q8'", "(1,)"), b"")),
        (Unsupported, "holds an array of Python objects", &plain, npy(&header("'|O'", "(1,)"), b"")),
        (Truncated, "holds 7 bytes of array, expected 8", &plain, npy(&header("'<f8'", "(1,)"), &[0; 7])),
        (Format, "it must start with ZF", &zipped(state.clone()), b"no".to_vec()),
        (Value, "holds 7 bytes of array, expected 8", &zipped(state.clone()), zf(&[0; 7])),
        (Value, "the state of an array without its bytes", &zipped(tuple(&[])), zf(&[0; 8])),
    ] {
        std::fs::write(&path, stream(model)).unwrap();
        std::fs::write(&side, content).unwrap();
        let error = skpickle::load_path(&path, &Limits::default()).map(|graph| graph.root().describe()).unwrap_err();
        assert!(error.kind() == kind && error.message().contains(words), "{error:?}, not {words}");
    }
    std::fs::write(&path, stream(&zipped(state))).unwrap();
    std::fs::write(&side, zf(&1.5f64.to_le_bytes())).unwrap();
    let graph = skpickle::load_path(&path, &Limits::default()).unwrap();
    assert_eq!(graph.root().array().unwrap().f64s().unwrap()[..], [1.5]);
    for (kind, words, path, limits) in [
        (Io, "is no regular file", folder.path().to_owned(), Limits::default()),
        (Io, "cannot read", folder.path().join("missing"), Limits::default()),
        (Limit, "limit input_bytes: 1", path.clone(), Limits { input_bytes: 1, ..Limits::default() }),
    ] {
        let error = skpickle::load_path(path, &limits).map(|graph| graph.root().describe()).unwrap_err();
        assert!(error.kind() == kind && error.message().contains(words), "{error:?}, not {words}");
    }
}
