//! Random opcode streams without globals, and what the decoder makes of each: `streams SEED COUNT`, one line a stream, of the stream
//! in hexadecimal and the value or the kind of refusal. `.ci/differential.py` asks CPython about the same streams.
#![allow(clippy::print_stdout)]

use std::{
    collections::{HashMap, HashSet},
    fmt::Write,
};

use skpickle::{Kind, Limits, Obj};

/// xorshift64*: the same streams for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// What a stack entry is good for.
#[derive(Clone, Copy, PartialEq)]
enum Entry {
    Mark,
    List,
    Dict,
    Set,
    /// Can be a key.
    Plain,
    /// A tuple with a list inside, or a bytearray.
    Unhashable,
}

/// A stream being made, and what CPython's stack would hold.
#[derive(Default)]
struct Maker {
    out: Vec<u8>,
    stack: Vec<Entry>,
    memo: Vec<Option<Entry>>,
}

impl Maker {
    /// A value that stands by itself: every way to spell numbers, text and bytes, at its edges.
    fn constant(&mut self, r: &mut Random) {
        const LINES: &[&str] = &[
            "I01",
            "I00",
            "I7",
            "I-12",
            "I9223372036854775807",
            "I99999999999999999999",
            "L5L",
            "L-7L",
            "L8",
            "L123456789012345678901234L",
            "F1.5",
            "F-0.0",
            "Fnan",
            "Finf",
            "F1e308",
            "S'ab'",
            "S\"q\\x41\\n\"",
            "S''",
            "Vtext",
            "V\\u20ac",
        ];
        const RAW: &[&[u8]] = &[
            b"N",
            b"\x88",
            b"\x89",
            b")",
            b"K\x05",
            b"K\xff",
            b"M\x01\x02",
            b"J\xff\xff\xff\xff",
            b"J\x00\x00\x00\x80",
            b"G?\xf0\0\0\0\0\0\0",
            b"G\x7f\xf8\0\0\0\0\0\0",
            b"G\xff\xf0\0\0\0\0\0\0",
            b"\x8a\x00",
            b"\x8a\x01\x80",
            b"\x8a\x02\xff\x00",
            b"\x8a\x09\0\0\0\0\0\0\0\0\x01",
            b"\x8b\x02\0\0\0\x01\x02",
            b"\x8c\x02hi",
            b"\x8c\x00",
            b"X\x01\0\0\0z",
            b"\x8d\x01\0\0\0\0\0\0\0y",
            b"\x8c\x03\xe2\x82\xac",
            b"U\x02py",
            b"T\x01\0\0\0p",
            b"C\x02by",
            b"B\x01\0\0\0b",
            b"\x8e\x01\0\0\0\0\0\0\0c",
        ];
        const ODD: &[&[u8]] = &[
            b"I 3\n",
            b"I1_0\n",
            b"F 2.5 \n",
            b"S'open\n",
            b"I\n",
            b"I007\n",
            b"F\n",
            b"L\n",
            b"\x8b\xff\xff\xff\xff",
            b"\x8c\x01\xff",
            b"B\xff\xff\x0f\0",
            b"\x8c\x05ab",
            b"\x8c\x03\xed\xa0\x80",
            b"U\x01\xe9",
            b"V\\ud800\n",
            b"I0x10\n",
            b"S'a'b'\n",
            b"L0L\n",
        ];
        let entry = match r.below(60) {
            0 => {
                self.out.extend(*r.pick(ODD));
                Entry::Plain
            }
            1..=4 => {
                self.out.push(b']');
                Entry::List
            }
            5..=8 => {
                self.out.push(b'}');
                Entry::Dict
            }
            9..=11 => {
                self.out.push(0x8f);
                Entry::Set
            }
            12 => {
                self.out.extend(b"\x96\x02\0\0\0\0\0\0\0ba");
                Entry::Unhashable
            }
            13..=25 => {
                self.out.extend(r.pick(LINES).as_bytes());
                self.out.push(b'\n');
                Entry::Plain
            }
            _ => {
                self.out.extend(*r.pick(RAW));
                Entry::Plain
            }
        };
        self.stack.push(entry);
    }

    /// Where the topmost mark is.
    fn mark(&self) -> Option<usize> {
        self.stack.iter().rposition(|&e| e == Entry::Mark)
    }

    fn above(&self, at: usize) -> &[Entry] {
        &self.stack[at + 1..]
    }

    fn all_plain(entries: &[Entry]) -> bool {
        entries.iter().all(|&e| e == Entry::Plain)
    }

    fn tuple(entries: &[Entry]) -> Entry {
        if Maker::all_plain(entries) { Entry::Plain } else { Entry::Unhashable }
    }

    /// What the stack is after an opcode without argument; `None` when CPython would refuse it.
    fn after(&self, op: u8) -> Option<Vec<Entry>> {
        let mut stack = self.stack.clone();
        let pairs =
            |above: &[Entry]| above.len().is_multiple_of(2) && above.iter().step_by(2).all(|&e| e == Entry::Plain);
        let top =
            |n: usize| (stack.len() >= n).then(|| &self.stack[stack.len() - n..]).filter(|t| !t.contains(&Entry::Mark));
        let below = self.mark().and_then(|at| Some((at, *self.stack.get(at.checked_sub(1)?)?)));
        match op {
            b'(' => stack.push(Entry::Mark),
            b't' | b'l' | b'd' | 0x91 => {
                let at = self.mark()?;
                let above = self.above(at);
                let made = match op {
                    b't' => Maker::tuple(above),
                    b'l' => Entry::List,
                    b'd' => pairs(above).then_some(Entry::Dict)?,
                    _ => Maker::all_plain(above).then_some(Entry::Plain)?,
                };
                stack.truncate(at);
                stack.push(made);
            }
            0x85..=0x87 => {
                let n = usize::from(op - 0x84);
                let made = Maker::tuple(top(n)?);
                stack.truncate(stack.len() - n);
                stack.push(made);
            }
            b'a' => {
                top(2).filter(|t| t[0] == Entry::List)?;
                stack.pop();
            }
            b's' => {
                top(3).filter(|t| t[0] == Entry::Dict && t[1] == Entry::Plain)?;
                stack.truncate(stack.len() - 2);
            }
            b'e' | b'u' | 0x90 => {
                let (at, target) = below?;
                let above = self.above(at);
                let fits = match op {
                    b'e' => target == Entry::List,
                    b'u' => target == Entry::Dict && pairs(above),
                    _ => target == Entry::Set && Maker::all_plain(above),
                };
                fits.then_some(())?;
                stack.truncate(at);
            }
            b'0' => {
                stack.pop()?;
            }
            b'1' => stack.truncate(self.mark()?),
            b'2' => stack.push(top(1)?[0]),
            _ => return None,
        }
        Some(stack)
    }

    fn step(&mut self, r: &mut Random) {
        match r.below(40) {
            0..14 => self.constant(r),
            14..30 => {
                let op = *r.pick(b"((((tld\x91\x85\x86\x87aseu\x90e0122");
                // Now and then what does not fit.
                match self.after(op) {
                    Some(stack) => self.stack = stack,
                    None if r.below(60) > 0 => return,
                    None => {}
                }
                self.out.push(op);
            }
            30..33 => {
                let Some(&top) = self.stack.last().filter(|&&e| e != Entry::Mark) else { return };
                let index = r.below(4);
                match r.below(4) {
                    0 => self.out.extend([b'q', index as u8]),
                    1 => self.out.extend(format!("p{index}\n").into_bytes()),
                    2 => self.out.extend([b'r', index as u8, 0, 0, 0]),
                    _ => self.out.push(0x94),
                }
                if self.out.last() != Some(&0x94) {
                    self.memo.resize(self.memo.len().max(index + 1), None);
                    self.memo[index] = Some(top);
                }
            }
            33..37 => {
                let index = r.below(5);
                let known = self.memo.get(index).copied().flatten();
                if known.is_none() && r.below(40) > 0 {
                    return;
                }
                match r.below(3) {
                    0 => self.out.extend([b'h', index as u8]),
                    1 => self.out.extend(format!("g{index}\n").into_bytes()),
                    _ => self.out.extend([b'j', index as u8, 0, 0, 0]),
                }
                self.stack.push(known.unwrap_or(Entry::Plain));
            }
            // What would call something, had it something to call; and a frame that ends anywhere.
            37 if r.below(20) == 0 => self.out.push(*r.pick(b"Rbo\x81\x92\x97\x98QP.")),
            38 if r.below(20) == 0 => self.out.extend([0x95, r.below(30) as u8, 0, 0, 0, 0, 0, 0, 0]),
            39 if r.below(40) == 0 => self.out.push(r.below(256) as u8),
            _ => {}
        }
    }
}

fn stream(r: &mut Random) -> Vec<u8> {
    let mut maker = Maker::default();
    if r.below(3) > 0 {
        maker.out.extend([0x80, if r.below(30) == 0 { 6 } else { r.below(6) as u8 }]);
    }
    maker.constant(r);
    for _ in 0..r.below(40) {
        maker.step(r);
    }
    // What is left becomes one tuple for each open mark, as a pickler would end it.
    while let Some(at) = maker.mark() {
        maker.out.push(b't');
        maker.stack.truncate(at);
        maker.stack.push(Entry::Unhashable);
    }
    maker.out.push(b'.');
    maker.out
}

/// The value in a form that Python can write too. A container that was met before is its number.
fn value(obj: &Obj<'_>, seen: &mut HashMap<u32, usize>, out: &mut String) -> skpickle::Result<()> {
    let kind = obj.kind();
    let container = match kind {
        Kind::List | Kind::Dict => true,
        Kind::Set | Kind::Tuple => !obj.items()?.is_empty(),
        _ => false,
    };
    if container {
        if let Some(number) = seen.get(&obj.identity()) {
            let _ = write!(out, "#{number}");
            return Ok(());
        }
        seen.insert(obj.identity(), seen.len());
    }
    let _ = match kind {
        Kind::None => write!(out, "None"),
        Kind::Bool => write!(out, "{}", if obj.get()? { "True" } else { "False" }),
        Kind::Int => match obj.get::<i64>() {
            Ok(n) => write!(out, "{n}"),
            Err(_) => write!(out, "L{:016x}", obj.get::<f64>()?.to_bits()),
        },
        Kind::Float => {
            let x: f64 = obj.get()?;
            write!(out, "F{:016x}", if x.is_nan() { f64::NAN } else { x }.to_bits())
        }
        Kind::Str => write!(out, "S{}", hex(obj.str()?.as_bytes())),
        Kind::Bytes => write!(out, "B{}", hex(&obj.bytes()?)),
        Kind::List | Kind::Tuple => {
            out.push(if kind == Kind::List { '[' } else { '(' });
            for item in obj.items()? {
                value(&item, seen, out)?;
                out.push(',');
            }
            write!(out, "]")
        }
        Kind::Set => {
            // Hashable elements hold no container that could have a number, but tuples.
            let mut items = HashSet::new();
            for item in obj.items()? {
                let mut text = String::new();
                value(&item, &mut HashMap::new(), &mut text)?;
                items.insert(text);
            }
            let mut items: Vec<String> = items.into_iter().collect();
            items.sort();
            write!(out, "{{{}}}", items.join(","))
        }
        Kind::Dict => {
            out.push('<');
            for (key, item) in obj.entries()? {
                value(&key, seen, out)?;
                out.push(':');
                value(&item, seen, out)?;
                out.push(',');
            }
            write!(out, ">")
        }
        Kind::Global | Kind::Object | Kind::Array => write!(out, "?"),
    };
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse().unwrap_or(1u64));
    let mut r = Random(arguments.next().unwrap_or(1).max(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for _ in 0..arguments.next().unwrap_or(1000) {
        let bytes = stream(&mut r);
        let told = match skpickle::load(bytes.clone(), &Limits::default()) {
            Err(e) => format!("! {e}"),
            Ok(graph) => {
                let mut out = String::new();
                match value(&graph.root(), &mut HashMap::new(), &mut out) {
                    Ok(()) => format!("= {out}"),
                    Err(e) => format!("? {e}"),
                }
            }
        };
        println!("{}\t{told}", hex(&bytes));
    }
}
