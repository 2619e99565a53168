//! Pickled pieces, for streams that no pickler writes.

/// Text.
pub(crate) fn s(text: &str) -> Vec<u8> {
    [b"X".as_slice(), &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

/// An integer.
pub(crate) fn i(value: i64) -> Vec<u8> {
    [b"\x8a\x08".as_slice(), &value.to_le_bytes()].concat()
}

/// Bytes.
pub(crate) fn b(bytes: &[u8]) -> Vec<u8> {
    [b"B".as_slice(), &(bytes.len() as u32).to_le_bytes(), bytes].concat()
}

pub(crate) fn cat(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

pub(crate) fn tuple(parts: &[Vec<u8>]) -> Vec<u8> {
    cat(&[b"(", &parts.concat(), b"t"])
}

pub(crate) fn list(parts: &[Vec<u8>]) -> Vec<u8> {
    cat(&[b"](", &parts.concat(), b"e"])
}

pub(crate) fn dict(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let pairs: Vec<u8> = pairs.iter().flat_map(|(key, value)| [s(key), value.clone()].concat()).collect();
    cat(&[b"}(", &pairs, b"u"])
}

/// The call of a function of the form `module\nname`, with a state where there is one.
pub(crate) fn call(function: &str, args: &[Vec<u8>], state: Option<Vec<u8>>) -> Vec<u8> {
    let call = cat(&[b"c", function.as_bytes(), b"\n", &tuple(args), b"R"]);
    state.map_or(call.clone(), |state| cat(&[&call, &state, b"b"]))
}

pub(crate) const NONE: &[u8] = b"N";

pub(crate) fn none() -> Vec<u8> {
    NONE.to_vec()
}

pub(crate) fn truth(value: bool) -> Vec<u8> {
    if value { b"\x88" } else { b"\x89" }.to_vec()
}

/// A dtype of plain elements, with its byte order.
pub(crate) fn dtype(code: &str, order: &str) -> Vec<u8> {
    let state = tuple(&[i(3), s(order), none(), none(), none(), i(-1), i(-1), i(0)]);
    call("numpy\ndtype", &[s(code), truth(false), truth(true)], Some(state))
}

fn shape(extents: &[i64]) -> Vec<u8> {
    tuple(&extents.iter().map(|&n| i(n)).collect::<Vec<_>>())
}

/// An array of this dtype, with bytes or a list as its contents.
pub(crate) fn array(dtype: Vec<u8>, extents: &[i64], fortran: bool, contents: Vec<u8>) -> Vec<u8> {
    let state = tuple(&[i(1), shape(extents), dtype, truth(fortran), contents]);
    call("numpy.core.multiarray\n_reconstruct", &[b"cnumpy\nndarray\n".to_vec(), shape(&[0]), b(b"b")], Some(state))
}

/// An instance with these attributes.
pub(crate) fn object(class: &str, fields: &[(&str, Vec<u8>)]) -> Vec<u8> {
    cat(&[b"c", class.as_bytes(), b"\n)\x81", &dict(fields), b"b"])
}

pub(crate) fn stream(value: &[u8]) -> Vec<u8> {
    cat(&[b"\x80\x04", value, b"."])
}
