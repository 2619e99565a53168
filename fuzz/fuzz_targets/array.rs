//! The reader of arrays: a joblib wrapper or a numpy array whose dtype, shape, order and bytes are anything.
#![no_main]

use skpickle::Limits;

fn string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'C');
    out.push(text.len() as u8);
    out.extend(text);
}

fn text(out: &mut Vec<u8>, text: &[u8]) {
    let text: Vec<u8> = text.iter().map(|b| b & 0x7f).collect();
    out.push(0x8c);
    out.push(text.len() as u8);
    out.extend(text);
}

fn numbers(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'(');
    for chunk in bytes.chunks(3) {
        match *chunk {
            // Extents from small to absurd.
            [shift, low, high] if shift < 64 => {
                let n = (i64::from(low) | i64::from(high) << 8).wrapping_shl(shift.into());
                out.extend([0x8a, 8]);
                out.extend(n.to_le_bytes());
            }
            [small, ..] => out.extend([b'K', small % 5]),
            [] => {}
        }
    }
    out.push(b't');
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&[kind, code, shape, order], rest)) = data.split_first_chunk() else { return };
    let (code, rest) = rest.split_at(usize::from(code % 8).min(rest.len()));
    let (shape, rest) = rest.split_at(usize::from(shape % 12).min(rest.len()));
    let mut out = vec![0x80, 4];
    let dtype = |out: &mut Vec<u8>| {
        out.extend(b"cnumpy\ndtype\n");
        text(out, code);
        out.extend(b"\x89\x88\x87R(K\x03");
        text(out, if order & 1 == 0 { b"<" } else { b">" });
        out.extend(b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb");
    };
    if kind & 1 == 0 {
        out.extend(b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\x01b\x87R(K\x01");
        numbers(&mut out, shape);
        dtype(&mut out);
        out.push(if order & 2 == 0 { 0x88 } else { 0x89 });
        string(&mut out, &rest[..rest.len().min(255)]);
        out.extend(b"tb.");
    } else {
        out.extend(
            b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(X\x08\0\0\0subclasscnumpy\nndarray\nX\x05\0\0\0shape",
        );
        numbers(&mut out, shape);
        out.extend(b"X\x05\0\0\0order");
        text(&mut out, if order & 2 == 0 { b"C" } else { b"F" });
        out.extend(b"X\x05\0\0\0dtype");
        dtype(&mut out);
        out.extend(b"X\x0a\0\0\0allow_mmap\x88");
        if order & 4 != 0 {
            out.extend(b"X\x1b\0\0\0numpy_array_alignment_bytesK");
            out.push(order >> 3);
        }
        out.extend(b"ub");
        out.extend(rest);
    }
    let Ok(graph) = skpickle::load(out, &Limits::default()) else { return };
    let Ok(array) = graph.root().array() else { return };
    let _ =
        (array.f64s(), array.i64s(), array.f32s(), array.scalars(), array.objects().is_ok(), array.as_bytes().is_ok());
});
