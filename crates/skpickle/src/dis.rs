//! A listing of a stream's opcodes, for bug reports.

use crate::{
    Limits, Result,
    error::printable,
    opcode::{Arg, Opcode},
    stream::{Reader, Stream},
};

/// Lists the opcodes of a pickle, one a line: offset, name, argument (cut at 60 characters).
///
/// The bytes of arrays that joblib writes into the stream are no opcodes: a listing of such a file ends at the first one,
/// and says so.
///
/// ```
/// let listing = skpickle::disassemble(b"\x80\x02K\x05.".to_vec(), &Default::default())?;
/// assert_eq!(listing, "     0 PROTO 2\n     2 BININT1 5\n     4 STOP\n");
/// # Ok::<(), skpickle::Error>(())
/// ```
///
/// # Errors
/// As [`load`](crate::load) where the file is no pickle at all; a fault further on ends the listing with its message.
pub fn disassemble(bytes: Vec<u8>, limits: &Limits) -> Result<String> {
    let stream = Stream::of(crate::container::open(bytes, limits)?);
    let mut reader = Reader::new(&stream);
    let mut out = String::new();
    let mut wrapper = false;
    loop {
        let at = reader.offset();
        let Some(op) = reader.byte().ok().and_then(Opcode::from_byte) else {
            out.push_str(&format!("{at:6} no opcode: the stream is damaged, or ends early\n"));
            return Ok(out);
        };
        let argument = match argument(&mut reader, op.arg()) {
            Ok(argument) => argument,
            Err(error) => {
                out.push_str(&format!("{at:6} {} {error}\n", op.name()));
                return Ok(out);
            }
        };
        wrapper |= argument.contains("ArrayWrapper");
        out.push_str(format!("{at:6} {} {argument}", op.name()).trim_end());
        out.push('\n');
        if op == Opcode::STOP {
            return Ok(out);
        }
        if wrapper && op == Opcode::BUILD {
            out.push_str("the bytes of an array may follow; the listing ends here\n");
            return Ok(out);
        }
    }
}

fn argument(reader: &mut Reader<'_>, arg: Arg) -> Result<String> {
    let text = |bytes: &[u8]| {
        let mut text = printable(&String::from_utf8_lossy(&bytes[..bytes.len().min(240)]));
        text.truncate(60);
        text
    };
    Ok(match arg {
        Arg::None => String::new(),
        Arg::U1 => reader.byte()?.to_string(),
        Arg::U2 => reader.u16()?.to_string(),
        Arg::I4 => reader.i32()?.to_string(),
        Arg::U4 => reader.u32()?.to_string(),
        Arg::U8 => reader.u64()?.to_string(),
        Arg::F8 => reader.f64_be()?.to_string(),
        Arg::Line => text(reader.line()?),
        Arg::Lines => format!("{} {}", text(reader.line()?), text(reader.line()?)),
        Arg::Bytes1 => reader.byte().and_then(|len| reader.take(len.into())).map(text)?,
        Arg::Bytes4 => reader.u32().and_then(|len| reader.take(len.into())).map(text)?,
        Arg::Bytes8 => reader.u64().and_then(|len| reader.take(len)).map(text)?,
    })
}
