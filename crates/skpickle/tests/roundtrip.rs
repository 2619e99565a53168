//! Values written by independent writers come back the same: plain values through `serde-pickle`, instances through a
//! small writer of this file's own.

#![allow(clippy::unwrap_used)]

mod common;

use common::{canonical, hex};
use proptest::prelude::*;
use serde_pickle::{HashableValue, SerOptions, Value};

fn key() -> impl Strategy<Value = HashableValue> {
    prop_oneof![
        any::<i64>().prop_map(HashableValue::I64),
        ".{0,8}".prop_map(HashableValue::String),
        proptest::collection::vec(any::<u8>(), 0..8).prop_map(HashableValue::Bytes),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::I64),
        any::<f64>().prop_map(Value::F64),
        ".{0,300}".prop_map(Value::String),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::List),
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::Tuple),
            proptest::collection::btree_map(key(), inner, 0..8).prop_map(Value::Dict),
            proptest::collection::btree_set(key(), 0..8).prop_map(Value::Set),
        ]
    })
}

fn text_of_key(key: &HashableValue) -> String {
    match key {
        HashableValue::I64(n) => format!("i{n}"),
        HashableValue::String(s) => format!("s{}", hex(s.as_bytes())),
        HashableValue::Bytes(b) => format!("b{}", hex(b)),
        other => unreachable!("{other:?} is not generated"),
    }
}

fn text_of(value: &Value) -> String {
    let sorted = |mut items: Vec<String>| {
        items.sort();
        items.join(",")
    };
    match value {
        Value::None => "None".into(),
        Value::Bool(b) => if *b { "True" } else { "False" }.into(),
        Value::I64(n) => format!("i{n}"),
        Value::F64(x) if x.is_nan() => "nan".into(),
        Value::F64(x) => format!("f{:016x}", x.to_bits()),
        Value::String(s) => format!("s{}", hex(s.as_bytes())),
        Value::Bytes(b) => format!("b{}", hex(b)),
        Value::List(v) => format!("[{}]", v.iter().map(text_of).collect::<Vec<_>>().join(",")),
        Value::Tuple(v) => format!("({})", v.iter().map(text_of).collect::<Vec<_>>().join(",")),
        Value::Set(v) => format!("{{{}}}", sorted(v.iter().map(text_of_key).collect())),
        Value::Dict(v) => {
            format!("<{}>", sorted(v.iter().map(|(k, v)| format!("{}:{}", text_of_key(k), text_of(v))).collect()))
        }
        other => unreachable!("{other:?} is not generated"),
    }
}

/// Writes an instance `module.name` with attributes, as protocol 2 does.
fn write_instance(module: &str, name: &str, attributes: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = b"\x80\x02c".to_vec();
    out.extend(format!("{module}\n{name}\n").bytes());
    out.extend(b")\x81}(");
    for (attribute, pickled) in attributes {
        out.push(b'X');
        out.extend((attribute.len() as u32).to_le_bytes());
        out.extend(attribute.bytes());
        out.extend(pickled);
    }
    out.extend(b"ub.");
    out
}

proptest! {
    #[test]
    fn plain_values_come_back(value in value(), old in any::<bool>()) {
        let options = if old { SerOptions::new().proto_v2() } else { SerOptions::new() };
        let bytes = serde_pickle::value_to_vec(&value, options).unwrap();
        let graph = skpickle::load(bytes, &Default::default()).unwrap();
        let text = canonical(&graph.root());
        prop_assert_eq!(text, Some(text_of(&value)));
        prop_assert_eq!(graph.trailing_bytes(), 0);
    }

    #[test]
    fn no_prefix_of_a_stream_decodes(value in value(), cut in any::<prop::sample::Index>()) {
        let bytes = serde_pickle::value_to_vec(&value, SerOptions::new()).unwrap();
        let len = cut.index(bytes.len());
        prop_assert!(skpickle::load(bytes[..len].to_vec(), &Default::default()).is_err());
    }

    #[test]
    fn instances_keep_their_class_and_attributes(numbers in proptest::collection::btree_map("[a-z_]{1,12}", any::<i64>(), 0..8)) {
        let attributes: Vec<(String, Vec<u8>)> = numbers
            .iter()
            .map(|(name, n)| {
                let mut pickled = vec![0x8a, 8];
                pickled.extend(n.to_le_bytes());
                (name.clone(), pickled)
            })
            .collect();
        let graph = skpickle::load(write_instance("pkg.mod", "Thing", &attributes), &Default::default()).unwrap();
        let root = graph.root();
        prop_assert!(root.class().unwrap().is("pkg.mod", "Thing"));
        prop_assert_eq!(root.fields().unwrap().len(), numbers.len());
        for (name, n) in &numbers {
            let field = root.field(name).unwrap();
            prop_assert_eq!(field.get::<i64>().unwrap(), *n);
            prop_assert_eq!(field.path(), format!("Thing.{name}"));
        }
    }

    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(graph) = skpickle::load(bytes, &Default::default()) {
            prop_assert!(!graph.root().describe().is_empty());
        }
    }
}

#[test]
fn a_named_tuple_of_protocol_0_keeps_its_elements() {
    let stream = b"ccopy_reg\n_reconstructor\n(cpkg\nPoint\nc__builtin__\ntuple\n(I1\nI2\nttR.".to_vec();
    let graph = skpickle::load(stream, &Default::default()).unwrap();
    let root = graph.root();
    assert!(root.class().unwrap().is("pkg", "Point"));
    let elements: Vec<i64> = root.args().unwrap().iter().map(|arg| arg.get().unwrap()).collect();
    assert_eq!(elements, [1, 2]);
}
