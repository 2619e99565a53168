//! Elements of every type, byte order and array order, and the small ways of asking for them.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/craft.rs"]
mod craft;

use craft::*;
use skpickle::{ErrorKind, Graph, Kind, Limits, Obj, Scalar, Shared};

fn load(value: &[u8]) -> Graph {
    skpickle::load(stream(value), &Limits::default()).unwrap()
}

/// One number of a type, its bytes from the most significant on, and what it is.
const NUMBERS: [(&str, &[u8], f64); 13] = [
    ("b1", &[1], 1.0),
    ("i1", &[0xfe], -2.0),
    ("i2", &[0xff, 0xfe], -2.0),
    ("i4", &[0, 0, 1, 0], 256.0),
    ("i8", &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd], -3.0),
    ("u1", &[0xfe], 254.0),
    ("u2", &[0x80, 0], 32_768.0),
    ("u4", &[0x80, 0, 0, 0], 2_147_483_648.0),
    ("u8", &[0, 0, 0, 0, 0, 0, 1, 1], 257.0),
    ("f2", &[0x3e, 0], 1.5),
    ("f4", &[0xc0, 0x20, 0, 0], -2.5),
    ("f8", &[0x40, 0x0c, 0, 0, 0, 0, 0, 0], 3.5),
    // x87: sign and exponent, and a mantissa with its first bit; padding comes last in the file.
    ("f16", &[0, 0, 0, 0, 0, 0, 0xc0, 1, 0xe0, 0, 0, 0, 0, 0, 0, 0], -7.0),
];

#[test]
fn numbers_of_every_size_and_byte_order() {
    for (code, big, value) in NUMBERS {
        for order in ["<", ">"] {
            // The extended type is only ever written in the machine's own order.
            if code == "f16" && order == ">" {
                continue;
            }
            let one: Vec<u8> = if order == ">" { big.to_vec() } else { big.iter().rev().copied().collect() };
            let how = format!("{order}{code}");
            let graph = load(&array(dtype(code, order), &[2], false, b(&one.repeat(2))));
            let array = graph.root().array().unwrap();
            assert_eq!(
                (array.len(), array.is_empty(), &array.f64s().unwrap()[..]),
                (2, false, &[value; 2][..]),
                "{how}"
            );
            assert_eq!(array.as_bytes().unwrap().len(), 2 * big.len());
            assert_eq!(array.scalars().unwrap()[1].as_f64(), Some(value), "{how}");
            match array.i64s() {
                Ok(values) => assert_eq!(values[..], [value as i64; 2], "{how}"),
                Err(e) => assert!(value.fract() != 0.0 && e.message().contains("not whole"), "{how}: {e}"),
            }
            assert_eq!(array.f32s().is_ok(), code == "f4", "{how}");
            // A field of records, between two others.
            let fields =
                dict(&[("before", tuple(&[dtype("i1", "<"), i(0)])), ("x", tuple(&[dtype(code, order), i(1)]))]);
            let size = big.len() as i64 + 2;
            let names = tuple(&[s("before"), s("x")]);
            let state = tuple(&[i(3), s("|"), none(), names, fields, i(size), i(1), i(16)]);
            let record = call("numpy\ndtype", &[s(&format!("V{size}")), truth(false), truth(true)], Some(state));
            let row = [&[9u8], &one[..], &[9]].concat();
            let graph = load(&craft::array(record, &[3], false, b(&row.repeat(3))));
            let records = graph.root().array().unwrap();
            assert!(records.has_column("x") && !records.has_column("y"));
            assert_eq!(records.dtype().name(), "record of 2 fields");
            let column = records.column("x").unwrap();
            assert_eq!(column.f64s().unwrap(), [value; 3], "{how}");
            assert_eq!(column.i64s().ok(), (!code.starts_with('f')).then(|| vec![value as i64; 3]), "{how}");
        }
    }
}

#[test]
fn extended_floats_have_no_number_infinity_and_zero() {
    let number = |mantissa: u64, top: u16| [&mantissa.to_le_bytes()[..], &top.to_le_bytes(), &[0; 2]].concat();
    let bytes = [number(1 << 63, 0x7fff), number(1 << 63, 0xffff), number(3 << 62, 0x7fff), number(0, 0)].concat();
    let graph = load(&array(dtype("f12", "<"), &[4], false, b(&bytes)));
    let values = graph.root().array().unwrap().f64s().unwrap();
    assert_eq!((values[0], values[1], values[3]), (f64::INFINITY, f64::NEG_INFINITY, 0.0));
    assert!(values[2].is_nan());
}

#[test]
fn the_first_index_may_run_fastest() {
    let numbers = |n: u8| (0..n).collect::<Vec<u8>>();
    let graph = load(&array(dtype("u1", "|"), &[2, 3], true, b(&numbers(6))));
    assert_eq!(graph.root().array().unwrap().f64s().unwrap()[..], [0.0, 2.0, 4.0, 1.0, 3.0, 5.0]);
    let graph = load(&array(dtype("u1", "|"), &[2, 2, 2], true, b(&numbers(8))));
    assert_eq!(graph.root().array().unwrap().i64s().unwrap()[..], [0, 4, 2, 6, 1, 5, 3, 7]);
}

#[test]
fn text_bytes_dates_and_objects() {
    let graph = load(&array(dtype("U2", "<"), &[2], false, b(b"\xe9\0\0\0\0\0\0\0a\0\0\0b\0\0\0")));
    let array = graph.root().array().unwrap();
    assert_eq!((array.dtype().name(), format!("{array:?}")), ("U2".into(), "U2 array of shape [2]".into()));
    assert_eq!(array.scalars().unwrap(), [Scalar::Str("\u{e9}".into()), Scalar::Str("ab".into())]);
    let graph = load(&craft::array(dtype("S3", "|"), &[2], false, b(b"a\0\0\0b\0")));
    let wanted = [Scalar::Bytes(b"a".to_vec()), Scalar::Bytes(b"\0b".to_vec())];
    assert_eq!(graph.root().array().unwrap().scalars().unwrap(), wanted);
    let graph = load(&craft::array(dtype("M8[ns]", "<"), &[1], false, b(&5i64.to_le_bytes())));
    assert_eq!(graph.root().array().unwrap().scalars().unwrap(), [Scalar::Time(5)]);
    assert_eq!((Scalar::Time(5).as_f64(), Scalar::Time(5).as_i64()), (None, None));
    let contents = list(&[i(1), truth(true), b"G?\xf8\0\0\0\0\0\0".to_vec()]);
    let graph = load(&craft::array(dtype("O8", "|"), &[3], false, contents));
    let array = graph.root().array().unwrap();
    assert_eq!((array.dtype().name().as_str(), array.objects().unwrap().len()), ("object", 3));
    assert_eq!(array.f64s().unwrap()[..], [1.0, 1.0, 1.5]);
    assert!(array.as_bytes().is_err() && array.i64s().is_err() && array.column("x").is_err());
    assert_eq!(graph.root().items().unwrap().len(), 3);
    let graph = load(&craft::array(dtype("U0", "<"), &[2], false, b(b"")));
    assert_eq!(
        graph.root().array().unwrap().scalars().unwrap(),
        [Scalar::Str(String::new()), Scalar::Str(String::new())]
    );
}

#[test]
fn types_are_named_in_many_ways() {
    let of = |names: &[&str], module: &str, size: usize| {
        for name in names {
            let kind = format!("c{module}\n{name}\n").into_bytes();
            let graph = load(&array(kind, &[1], false, b(&vec![0; size])));
            assert_eq!(graph.root().array().unwrap().dtype().size, size, "{module}.{name}");
        }
    };
    for (size, names) in [
        (8, &["float64", "float_", "double", "int64", "int_", "longlong", "intp", "uint64", "uint", "complex64"][..]),
        (4, &["float32", "single", "int32", "intc", "uint32", "uintc"]),
        (2, &["float16", "half", "int16", "short", "uint16", "ushort"]),
        (1, &["int8", "byte", "uint8", "ubyte", "bool_", "bool", "bool8"]),
        (16, &["longdouble", "float128", "complex128"]),
        (0, &["str_", "unicode_", "bytes_", "string_"]),
    ] {
        of(names, "numpy", size);
    }
    for (name, size) in [("float", 8), ("int", 8), ("long", 8), ("bool", 1), ("str", 0), ("unicode", 0)] {
        of(&[name], "__builtin__", size);
    }
    for kind in ["cnumpy\nobject_\n", "c__builtin__\nobject\n"] {
        let graph = load(&array(kind.as_bytes().to_vec(), &[1], false, list(&[i(7)])));
        assert_eq!(graph.root().array().unwrap().scalars().unwrap(), [Scalar::Int(7)]);
    }
    for (code, name) in [("bool", "bool"), ("?", "bool"), ("a2", "S2"), (">f8", ">f8"), ("=i4", "i4"), ("V3", "V3")] {
        assert_eq!(skpickle::Dtype::parse(code).unwrap().name(), name);
    }
}

#[test]
fn scalars_of_numpy_and_python() {
    let scalar =
        |kind: &[u8], value: &[u8]| call("numpy.core.multiarray\nscalar", &[kind.to_vec(), value.to_vec()], None);
    let get = |value: Vec<u8>| load(&value).root().get::<Scalar>();
    assert_eq!(get(scalar(&dtype("i4", "<"), &b(&[7, 0, 0, 0]))).unwrap(), Scalar::Int(7));
    assert_eq!(get(scalar(&dtype("f4", "<"), &b(&1.5f32.to_le_bytes()))).unwrap(), Scalar::Float32(1.5));
    assert_eq!(Scalar::Float32(2.0).as_i64(), Some(2));
    assert_eq!(get(scalar(&dtype("O8", "|"), &s("text"))).unwrap(), Scalar::Str("text".into()));
    assert_eq!(get(scalar(&dtype("u8", "<"), &b(&[0xff; 8]))).unwrap(), Scalar::Float(18_446_744_073_709_551_615.0));
    assert_eq!(get(call("numpy\nstr_", &[s("a")], None)).unwrap(), Scalar::Str("a".into()));
    assert_eq!(get(b(b"raw")).unwrap(), Scalar::Bytes(b"raw".to_vec()));
    assert_eq!(get(array(dtype("i1", "|"), &[1, 1], false, b(&[3]))).unwrap(), Scalar::Int(3));
    assert_eq!(load(&scalar(&dtype("U1", "<"), &b(&[b'x', 0, 0, 0]))).root().str().unwrap(), "x");
    assert_eq!(load(b"N").root().get::<Option<f64>>().unwrap(), None);
    assert_eq!(load(&i(3)).root().get::<Option<f64>>().unwrap(), Some(3.0));
    assert_eq!(load(&list(&[i(1), i(2)])).root().get::<Shared<i64>>().unwrap()[..], [1, 2]);
    assert_eq!(load(&list(&[i(1), i(2)])).root().get::<Shared<f64>>().unwrap(), Shared::from(vec![1.0, 2.0]));
    assert_eq!(
        load(&array(dtype("i1", "|"), &[2], false, b(&[3, 4]))).root().get::<Shared<i64>>().unwrap()[..],
        [3, 4]
    );
    let values = load(&array(dtype("f8", "<"), &[1], false, b(&[0; 8]))).root().get::<Shared<f64>>().unwrap();
    assert_eq!((format!("{values:?}"), values.clone() == values), ("[0.0]".into(), true));
    let bools = array(dtype("b1", "|"), &[3], false, b(&[0, 1, 7]));
    assert_eq!(load(&bools).root().array().unwrap().bools().unwrap(), [false, true, true]);
    assert_eq!(load(&bools).root().get::<skpickle::Array>().unwrap().len(), 3);
    assert_eq!(load(&i(1)).root().get::<Obj>().unwrap().get::<bool>(), Ok(true));
}

/// As picklers write them: the function and the types once, and then by their numbers in the memo.
#[test]
fn words_and_numbers_of_numpy() {
    let (small, large) = (cat(&[&dtype("i4", "<"), b"q\x01"]), cat(&[&dtype("i8", ">"), b"q\x02"]));
    let memo = cat(&[&small, b"0", &large, b"0cnumpy._core.multiarray\nscalar\nq\x03", b"0"]);
    let scalar = |number: u8, bytes: &[u8]| cat(&[b"h\x03", &tuple(&[vec![b'h', number], b(bytes)]), b"R"]);
    let ints = |values: &[Vec<u8>]| {
        let words: Vec<String> = (0..values.len()).map(|i| format!("w{i}")).collect();
        let pairs: Vec<_> = words.iter().map(String::as_str).zip(values.iter().cloned()).collect();
        let graph = load(&cat(&[&memo, &dict(&pairs)]));
        let found = graph.root().text_to_ints().unwrap();
        found.map(|entries| entries.iter().map(|&(_, int)| int).collect::<Vec<_>>())
    };
    let (one, two) = (scalar(1, &[1, 0, 0, 0]), scalar(1, &[2, 0, 0, 0]));
    let (three, four) = (scalar(2, &[0, 0, 0, 0, 0, 0, 0, 3]), scalar(2, &[0, 0, 0, 0, 0, 0, 0, 4]));
    assert_eq!(ints(&[one.clone(), two.clone(), three, four, i(5), two, one.clone()]), Some(vec![1, 2, 3, 4, 5, 2, 1]));
    // Bytes of another size than the one before, and what is no number.
    assert_eq!(ints(&[one.clone(), scalar(1, &[1, 0, 0])]), None);
    assert_eq!(ints(&[one, s("1")]), None);
}

/// A view of an array goes on where the graph ends.
#[test]
fn shared_numbers_outlive_the_graph() {
    let mut seen = 0;
    for pad in 0..8 {
        let value = cat(&[&s(&"-".repeat(pad)), b"0", &array(dtype("f8", "<"), &[2], false, b(&[0; 16]))]);
        let numbers = load(&value).root().array().unwrap().f64s().unwrap();
        seen += usize::from(numbers.is_view());
        assert_eq!(numbers.clone()[..], [0.0, 0.0]);
    }
    assert!(seen > 0, "no padding aligned the numbers");
}

#[test]
fn arrays_in_other_wrappings() {
    let numbers = b(&[1, 2]);
    let shape = tuple(&[i(2)]);
    let buffer =
        call("numpy._core.numeric\n_frombuffer", &[numbers.clone(), dtype("u1", "|"), shape.clone(), s("C")], None);
    let state = tuple(&[i(1), shape.clone(), dtype("u1", "|"), truth(false), numbers.clone()]);
    let reconstruct = b"cnumpy.core.multiarray\n_reconstruct\n".to_vec();
    let dill = call("dill._dill\n_create_array", &[reconstruct, tuple(&[]), state, dict(&[])], None);
    let masked = |mask: &[u8]| {
        let state = tuple(&[i(1), shape.clone(), dtype("u1", "|"), truth(false), numbers.clone(), b(mask), none()]);
        call("numpy.ma.core\n_mareconstruct", &[tuple(&[])], Some(state))
    };
    // The oldest files have no version before the shape.
    let old = call(
        "numpy.core.multiarray\n_reconstruct",
        &[b"cnumpy\nndarray\n".to_vec(), tuple(&[i(0)]), b(b"b")],
        Some(tuple(&[shape.clone(), dtype("u1", "|"), truth(false), numbers.clone()])),
    );
    for value in [buffer, dill, masked(&[0, 0]), old] {
        assert_eq!(load(&value).root().array().unwrap().f64s().unwrap()[..], [1.0, 2.0]);
    }
    let error = load(&masked(&[0, 1])).root().array().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("masked elements"), "{error}");
}

#[test]
fn everything_is_described() {
    let array = cat(&[
        b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81",
        &dict(&[("dtype", s("f8")), ("shape", tuple(&[i(0)])), ("order", s("C"))]),
        b"b",
    ]);
    for (value, kind, words) in [
        (none(), Kind::None, "None"),
        (truth(true), Kind::Bool, "True"),
        (truth(false), Kind::Bool, "False"),
        (i(5), Kind::Int, "the int 5"),
        (b"\x8a\x09\0\0\0\0\0\0\0\0\x01".to_vec(), Kind::Int, "a large int"),
        (b"G?\xf8\0\0\0\0\0\0".to_vec(), Kind::Float, "the float 1.5"),
        (s("a\u{7}"), Kind::Str, "the str 'a\\u{7}'"),
        (b"U\x01\xff".to_vec(), Kind::Str, "the Python 2 str b'\\xff'"),
        (b(b"abc"), Kind::Bytes, "3 bytes"),
        (list(&[i(1)]), Kind::List, "a list of 1"),
        (tuple(&[]), Kind::Tuple, "a tuple of 0"),
        (b"\x8f(K\x01\x90".to_vec(), Kind::Set, "a set of 1"),
        (b"(K\x01\x91".to_vec(), Kind::Set, "a set of 1"),
        (dict(&[("a", i(1))]), Kind::Dict, "a dict of 1"),
        (b"cos\nsystem\n".to_vec(), Kind::Global, "a reference to os.system"),
        (object("a\nB", &[]), Kind::Object, "an object of a.B"),
        (call("numpy.core.multiarray\nscalar", &[], None), Kind::Object, "a numpy scalar"),
        (craft::array(dtype("f8", "<"), &[0], false, b(&[])), Kind::Object, "a numpy array"),
        (cat(&[&object("a\nB", &[]), b")R"]), Kind::Object, "an object"),
        (array, Kind::Array, "a f8 array of shape [0]"),
    ] {
        let graph = load(&value);
        let root = graph.root();
        assert_eq!((root.kind(), root.describe().as_str()), (kind, words));
        assert!(format!("{root:?}").ends_with(words));
        assert!(format!("{graph:?}").ends_with(words), "{graph:?}");
        if let Some(name) = root.global() {
            assert_eq!(format!("{name:?}"), "os.system");
        }
    }
}

#[test]
fn dicts_lists_and_attributes_in_all_their_forms() {
    let root = |value: &[u8], check: &dyn Fn(Obj<'_>)| check(load(value).root());
    // An OrderedDict as Python 2 and 3 write it, and a defaultdict.
    let pairs = list(&[tuple(&[s("a"), i(1)]), tuple(&[s("b"), i(2)])]);
    let ordered = call("collections\nOrderedDict", &[pairs], None);
    let set = cat(&[&call("collections\nOrderedDict", &[], None), b"(", &s("a"), &i(1), &s("b"), &i(2), b"u"]);
    let of_dict = call("collections\nOrderedDict", &[dict(&[("a", i(1)), ("b", i(2))])], None);
    for value in [ordered, set.clone(), of_dict] {
        root(&value, &|obj| {
            let entries = obj.entries().unwrap();
            let texts: Vec<_> = entries.iter().map(|(key, value)| (key.str().unwrap(), value.get().unwrap())).collect();
            assert_eq!(texts, [("a".into(), 1i64), ("b".into(), 2)]);
        });
    }
    root(&set, &|obj| assert_eq!(obj.entry("b").unwrap().get::<i64>(), Ok(2)));
    // Sets of protocols below 4, with and without elements.
    for (value, n) in
        [(call("__builtin__\nset", &[list(&[i(1), i(2)])], None), 2), (call("builtins\nlist", &[], None), 0)]
    {
        root(&value, &|obj| assert_eq!(obj.items().unwrap().len(), n));
    }
    // A subclass of list.
    root(&cat(&[&object("a\nList", &[]), b"(K\x01K\x02e"]), &|obj| assert_eq!(obj.get::<Vec<i64>>().unwrap(), [1, 2]));
    // Slots beside a dict, keyword arguments, numbers as keys.
    let slots = cat(&[b"ca\nB\n)\x81", &tuple(&[none(), dict(&[("x", i(1))])]), b"b"]);
    root(&slots, &|obj| assert_eq!(obj.field("x").unwrap().get::<i64>(), Ok(1)));
    let keywords = cat(&[b"ca\nB\n)", &dict(&[("k", i(1))]), b"\x92"]);
    root(&keywords, &|obj| assert_eq!(obj.kwargs().unwrap().entry("k").unwrap().get::<i64>(), Ok(1)));
    root(b"}(K\x01K\x05\x88K\x06NK\x07G?\xf0\0\0\0\0\0\0K\x08u", &|obj| {
        let entries = obj.entries().unwrap();
        assert_eq!((entries.len(), entries[0].1.get::<i64>()), (2, Ok(8)));
    });
    // Text that was bytes, and bytes that are text.
    root(&s("\u{e9}"), &|obj| assert_eq!(obj.bytes().unwrap()[..], [0xe9]));
    root(b"U\x01\xe9", &|obj| assert_eq!((obj.str().unwrap(), obj.bytes().unwrap().len()), ("\u{e9}".into(), 1)));
    // A path that is long is cut in its middle.
    let nested = cat(&[&b"]".repeat(40), b"N", &b"a".repeat(40)]);
    root(&nested, &|obj| {
        let mut inner = obj;
        while inner.kind() == Kind::List {
            inner = inner.items().unwrap()[0].clone();
        }
        assert_eq!((inner.depth(), inner.path().matches("[0]").count()), (40, 23));
    });
}

#[test]
fn a_listing_shows_every_kind_of_argument_and_ends_where_it_must() {
    let list = |bytes: &[u8]| skpickle::disassemble(bytes.to_vec(), &Limits::default()).unwrap();
    let all = cat(&[
        b"\x80\x04\x95\x05\0\0\0\0\0\0\0M\x01\x02J\xff\xff\xff\xffG?\xf8\0\0\0\0\0\0I5\ncos\nsystem\n",
        &s("text"),
        b"\x8c\x01a\x8d\x01\0\0\0\0\0\0\0br\x05\0\0\0.",
    ]);
    let listing = list(&all);
    for line in ["FRAME 5", "BININT2 513", "BININT -1", "BINFLOAT 1.5", "INT 5", "GLOBAL os system", "BINUNICODE text"]
    {
        assert!(listing.contains(line), "{line}: {listing}");
    }
    for line in ["SHORT_BINUNICODE a", "BINUNICODE8 b", "LONG_BINPUT 5", "STOP"] {
        assert!(listing.contains(line), "{line}: {listing}");
    }
    assert!(list(b"\x80\x02\xff").ends_with("no opcode: the stream is damaged, or ends early\n"));
    assert!(list(b"\x80\x02X\xff\0\0\0").contains("BINUNICODE the stream ends early"));
    let wrapper = b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}b\0\0\0";
    assert!(list(wrapper).ends_with("the listing ends here\n"));
}

#[test]
fn an_error_tells_its_kind_path_place_and_opcode() {
    let error = skpickle::Error::new(ErrorKind::Value, "a fault");
    assert_eq!((error.to_string(), error.path(), error.offset()), ("a fault".into(), "", None));
    let error = error.in_opcode("BUILD");
    assert_eq!(error.to_string(), "a fault (opcode BUILD)");
    let error = error.on_path("A.b").on_path("ignored").at(5);
    assert_eq!((error.path(), error.to_string().as_str()), ("A.b", "A.b: a fault (byte 5, opcode BUILD)"));
    assert_eq!(format!("{error:?}"), "Value: A.b: a fault (byte 5, opcode BUILD)");
}
