//! The pickle machine: opcodes in, nodes out. One short method an opcode; nothing is ever called.

use std::sync::Arc;
#[cfg(feature = "threads")]
use std::sync::mpsc::Receiver;

use hashbrown::{HashMap, HashSet};

#[cfg(feature = "threads")]
use crate::stream::Piece;
use crate::{
    Limits,
    called::Called,
    error::{Error, ErrorKind, Result, printable},
    graph::{Graph, Id, Items, Node, Object},
    joblib::{self, SideFiles},
    opcode::Opcode,
    stream::{Reader, Stream},
    text,
};

/// Decodes a (decompressed) stream.
pub(crate) fn run(stream: Stream, limits: &Limits, side_files: &mut SideFiles<'_>) -> Result<Graph> {
    if u32::try_from(stream.len()).is_err() {
        return Err(Error::new(ErrorKind::Limit, "the stream is longer than 4 GiB, which 32-bit offsets cannot reach"));
    }
    let stream = Arc::new(stream);
    let mut graph = Graph::new(Arc::clone(&stream), limits);
    let mut machine = Machine::new(Reader::new(&stream), &mut graph, side_files);
    let root = machine.decode().map_err(|error| stream.explain(error))?;
    let (trailing, protocol) = (machine.reader.remaining(), machine.protocol);
    graph.finish(root, trailing, protocol);
    Ok(graph)
}

/// Decodes a stream that comes in pieces, and then is as long as `end` says once all have come. `None` for whatever is amiss: what is wrong
/// with a stream shows when it is there.
#[cfg(feature = "threads")]
pub(crate) fn run_coming(
    pieces: &Receiver<Piece>,
    expected: usize,
    limits: &Limits,
    side_files: &mut SideFiles<'_>,
    end: impl FnOnce() -> Option<usize>,
) -> Option<Graph> {
    let stream = Arc::new(Stream::coming(expected));
    let mut graph = Graph::new(Arc::clone(&stream), limits);
    let mut machine = Machine::new(Reader::of_coming(&stream, pieces), &mut graph, side_files);
    let root = machine.decode().ok()?;
    let (offset, frame_end, protocol) = (machine.reader.offset(), machine.last_frame_end, machine.protocol);
    // What follows the pickle is decompressed too, and ignored.
    pieces.iter().for_each(drop);
    let len = end().filter(|&len| frame_end <= len)?;
    stream.has(len);
    graph.pay_anew(0).ok()?;
    graph.finish(root, len - offset, protocol);
    Some(graph)
}

/// One pickle being decoded. Object arrays of joblib hold a whole pickle of their own, which gets its own machine.
pub(crate) struct Machine<'a, 'g, 's> {
    pub(crate) reader: Reader<'a>,
    pub(crate) graph: &'g mut Graph,
    pub(crate) side_files: &'g mut SideFiles<'s>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: Memo,
    /// Tuples that hold something which cannot be a key, at any depth.
    unhashable: HashSet<Id>,
    /// Whether this is the pickle of an array of objects. joblib writes and reads it with plain `pickle`, so that a wrapper in it
    /// stays an object; and so nothing is nested deeper.
    inner: bool,
    /// Where the last frame ends.
    frame_end: usize,
    /// Where the frame ends that ends last.
    last_frame_end: usize,
    protocol: u8,
    /// Offset of the opcode being carried out.
    at: usize,
}

type Step = Result<()>;

impl<'a, 'g, 's> Machine<'a, 'g, 's> {
    pub(crate) fn new(reader: Reader<'a>, graph: &'g mut Graph, side_files: &'g mut SideFiles<'s>) -> Self {
        Machine {
            at: reader.offset(),
            reader,
            graph,
            side_files,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Memo::default(),
            unhashable: HashSet::new(),
            inner: false,
            frame_end: 0,
            last_frame_end: 0,
            protocol: 0,
        }
    }

    /// Runs up to `STOP` and gives the value left on the stack.
    pub(crate) fn decode(&mut self) -> Result<Id> {
        loop {
            self.at = self.reader.offset();
            let byte = self.reader.byte()?;
            let Some(op) = Opcode::from_byte(byte) else {
                return Err(self.unknown(byte));
            };
            if op == Opcode::STOP {
                return self.pop().map_err(|e| e.at(self.at as u64).in_opcode(op.name()));
            }
            self.step(op).and_then(|()| self.check_frame(op)).map_err(|e| e.at(self.at as u64).in_opcode(op.name()))?;
        }
    }

    /// Readers of a file and of a buffer disagree about an opcode that lies on both sides of a frame's end; no pickler writes one.
    /// (The bytes of an array stand behind `BUILD`, whose frame ends before them.)
    #[inline(always)]
    fn check_frame(&self, op: Opcode) -> Step {
        if self.at < self.frame_end
            && self.frame_end < self.reader.offset()
            && !matches!(op, Opcode::BUILD | Opcode::FRAME)
        {
            return Err(malformed(format_args!("the frame ends at byte {}, inside the opcode", self.frame_end)));
        }
        Ok(())
    }

    /// An array of objects: a complete pickle inside this one, at the reader's position.
    pub(crate) fn nested(&mut self) -> Result<Id> {
        let mut inner = Machine::new(self.reader.clone(), &mut *self.graph, &mut *self.side_files);
        inner.inner = true;
        let root = inner.decode()?;
        self.last_frame_end = self.last_frame_end.max(inner.last_frame_end);
        self.reader = inner.reader;
        Ok(root)
    }

    /// (A stream's first byte was looked at when it was opened.)
    #[cold]
    fn unknown(&self, byte: u8) -> Error {
        malformed(format_args!("no opcode has the byte 0x{byte:02x}")).at(self.at as u64)
    }

    #[inline(always)]
    fn step(&mut self, op: Opcode) -> Step {
        use Opcode as O;
        match op {
            O::PROTO => self.proto(),
            O::FRAME => self.frame(),
            O::STOP => Ok(()),
            // Constants
            O::NONE => self.value(Node::None),
            O::NEWTRUE => self.value(Node::Bool(true)),
            O::NEWFALSE => self.value(Node::Bool(false)),
            O::EMPTY_LIST => self.value(Node::List(Items::default())),
            O::EMPTY_TUPLE => self.value(Node::Tuple(Items::default())),
            O::EMPTY_DICT => self.value(Node::Dict(Items::default())),
            O::EMPTY_SET => self.value(Node::Set(Items::default())),
            // Numbers
            O::BININT => self.reader.i32().and_then(|n| self.value(Node::Int(n.into()))),
            O::BININT1 => self.reader.byte().and_then(|n| self.value(Node::Int(n.into()))),
            O::BININT2 => self.reader.u16().and_then(|n| self.value(Node::Int(n.into()))),
            O::BINFLOAT => self.reader.f64_be().and_then(|x| self.value(Node::Float(x))),
            O::INT => self.int_line(),
            O::LONG => self.long_line(),
            O::FLOAT => self.float_line(),
            O::LONG1 => self.reader.byte().and_then(|len| self.long(len.into())),
            O::LONG4 => self.len_i32().and_then(|len| self.long(len)),
            // Bytes and text
            O::BINBYTES => self.reader.u32().and_then(|len| self.bytes(len.into())),
            O::SHORT_BINBYTES => self.reader.byte().and_then(|len| self.bytes(len.into())),
            O::BINBYTES8 => self.reader.u64().and_then(|len| self.bytes(len)),
            O::BYTEARRAY8 => self.byte_array(),
            O::BINUNICODE => self.reader.u32().and_then(|len| self.unicode(len.into())),
            O::SHORT_BINUNICODE => self.reader.byte().and_then(|len| self.unicode(len.into())),
            O::BINUNICODE8 => self.reader.u64().and_then(|len| self.unicode(len)),
            O::UNICODE => self.unicode_line(),
            O::STRING => self.string_line(),
            O::BINSTRING => self.len_i32().and_then(|len| self.string(len)),
            O::SHORT_BINSTRING => self.reader.byte().and_then(|len| self.string(len.into())),
            // Stack
            O::MARK => self.mark(),
            O::POP => self.pop_or_mark(),
            O::POP_MARK => self.pop_mark().map(|at| self.stack.truncate(at)),
            O::DUP => self.top().map(|id| self.stack.push(id)),
            // Containers
            O::TUPLE => self.marked().and_then(|items| self.tuple_of(items)),
            O::TUPLE1 => self.tuple(1),
            O::TUPLE2 => self.tuple(2),
            O::TUPLE3 => self.tuple(3),
            O::LIST => self.marked().and_then(|items| self.value(Node::List(items))),
            O::DICT => self.dict(),
            O::FROZENSET => self.frozen_set(),
            O::APPEND => self.append(),
            O::APPENDS => self.appends(),
            O::SETITEM => self.set_item(),
            O::SETITEMS => self.set_items(),
            O::ADDITEMS => self.add_items(),
            // Memo
            O::PUT => self.index_line().and_then(|index| self.put(index)),
            O::BINPUT => self.reader.byte().and_then(|index| self.put(index.into())),
            O::LONG_BINPUT => self.reader.u32().and_then(|index| self.put(index.into())),
            O::MEMOIZE => self.put(self.memo.count as u64),
            O::GET => self.index_line().and_then(|index| self.get(index)),
            O::BINGET => self.reader.byte().and_then(|index| self.get(index.into())),
            O::LONG_BINGET => self.reader.u32().and_then(|index| self.get(index.into())),
            // Names, and what Python would call
            O::GLOBAL => self.global_lines(),
            O::STACK_GLOBAL => self.stack_global(),
            O::REDUCE => self.reduce(),
            O::NEWOBJ => self.reduce(),
            O::NEWOBJ_EX => self.new_object_ex(),
            O::INST => self.inst(),
            O::OBJ => self.obj(),
            O::BUILD => self.build(),
            // Refused
            O::PERSID | O::BINPERSID => {
                Err(unsupported("a persistent id, which only the program that wrote it can resolve"))
            }
            O::EXT1 | O::EXT2 | O::EXT4 => {
                Err(unsupported("an extension code, whose meaning only the program that wrote it knows"))
            }
            O::NEXT_BUFFER | O::READONLY_BUFFER => Err(unsupported("an out-of-band buffer, which is not in this file")),
        }
    }

    // Stack

    #[inline(always)]
    fn value(&mut self, node: Node) -> Step {
        let id = self.graph.push(node, self.at)?;
        self.stack.push(id);
        Ok(())
    }

    /// Values below the last mark are out of reach, as in CPython.
    #[inline(always)]
    fn fence(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    #[inline(always)]
    fn pop(&mut self) -> Result<Id> {
        if self.stack.len() > self.fence()
            && let Some(id) = self.stack.pop()
        {
            return Ok(id);
        }
        Err(underflow(self.marks.is_empty()))
    }

    #[inline(always)]
    fn top(&self) -> Result<Id> {
        match self.stack.last() {
            Some(&id) if self.stack.len() > self.fence() => Ok(id),
            _ => Err(underflow(self.marks.is_empty())),
        }
    }

    fn mark(&mut self) -> Step {
        let max = self.graph.limits().marks;
        if self.marks.len() >= max {
            return Err(Error::new(
                ErrorKind::Limit,
                format_args!("more than {max} marks are open at once (limit marks)"),
            ));
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    fn pop_mark(&mut self) -> Result<usize> {
        self.marks.pop().ok_or_else(|| malformed("could not find MARK"))
    }

    fn pop_or_mark(&mut self) -> Step {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }

    /// The values above the last mark, taken off the stack with it.
    fn marked(&mut self) -> Result<Items> {
        let at = self.pop_mark()?;
        let items = self.graph.new_items(&self.stack[at..])?;
        self.stack.truncate(at);
        Ok(items)
    }

    // Framing

    fn proto(&mut self) -> Step {
        let protocol = self.reader.byte()?;
        if protocol > 5 {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format_args!("unsupported pickle protocol: {protocol}; protocols 0 to 5 exist"),
            ));
        }
        self.protocol = self.protocol.max(protocol);
        Ok(())
    }

    fn frame(&mut self) -> Step {
        let len = self.reader.u64()?;
        let left = self.reader.remaining() as u64;
        if len > left {
            return Err(Error::new(
                ErrorKind::Truncated,
                format_args!("a frame of {len} bytes is announced, {left} are left; is the file complete?"),
            ));
        }
        let end = self.reader.offset() + len as usize;
        if self.at < self.frame_end && end > self.frame_end {
            return Err(malformed("a frame begins inside another and ends outside"));
        }
        self.frame_end = end;
        self.last_frame_end = self.last_frame_end.max(end);
        Ok(())
    }

    // Numbers

    fn len_i32(&mut self) -> Result<u64> {
        let len = self.reader.i32()?;
        u64::try_from(len).map_err(|_| malformed(format_args!("a length of {len}")))
    }

    fn int_line(&mut self) -> Step {
        match self.reader.line()? {
            b"01" => self.value(Node::Bool(true)),
            b"00" => self.value(Node::Bool(false)),
            line => self.int_text(line),
        }
    }

    fn long_line(&mut self) -> Step {
        let line = self.reader.line()?;
        self.int_text(line.strip_suffix(b"L").unwrap_or(line))
    }

    fn int_text(&mut self, line: &[u8]) -> Step {
        let max = self.graph.limits().int_digits;
        if line.len() > max + 1 {
            return Err(Error::new(
                ErrorKind::Limit,
                format_args!("an integer spelled with {} digits (limit int_digits: {max})", line.len()),
            ));
        }
        match text::parse_int(line)? {
            text::Int::Small(n) => self.value(Node::Int(n)),
            text::Int::Long(bytes) => {
                let bytes = self.graph.keep(&bytes)?;
                self.value(Node::Long(bytes))
            }
        }
    }

    fn long(&mut self, len: u64) -> Step {
        let max = self.graph.limits().long_bytes as u64;
        if len > max {
            return Err(Error::new(
                ErrorKind::Limit,
                format_args!("an integer of {len} bytes (limit long_bytes: {max})"),
            ));
        }
        let start = self.reader.offset();
        let raw = self.reader.take(len)?;
        match text::small_int(raw) {
            Some(n) => self.value(Node::Int(n)),
            None => self.value(Node::Long(self.reader.span(start, raw.len()))),
        }
    }

    fn float_line(&mut self) -> Step {
        let x = text::parse_float(self.reader.line()?)?;
        self.value(Node::Float(x))
    }

    fn index_line(&mut self) -> Result<u64> {
        text::parse_index(self.reader.line()?)
    }

    // Bytes and text

    #[inline(always)]
    fn bytes(&mut self, len: u64) -> Step {
        let bytes = self.reader.pass(len)?;
        self.value(Node::Bytes(bytes))
    }

    fn byte_array(&mut self) -> Step {
        let len = self.reader.u64()?;
        let bytes = self.reader.pass(len)?;
        self.value(Node::ByteArray(bytes))
    }

    #[inline(always)]
    fn check_text(&self, len: usize) -> Step {
        let max = self.graph.limits().string_bytes;
        if len > max {
            return Err(Error::new(
                ErrorKind::Limit,
                format_args!("a text of {len} bytes (limit string_bytes: {max})"),
            ));
        }
        Ok(())
    }

    #[inline(always)]
    fn unicode(&mut self, len: u64) -> Step {
        let start = self.reader.offset();
        let raw = self.reader.take(len)?;
        self.check_text(raw.len())?;
        // Most texts are a few letters.
        if !raw.is_ascii() {
            text::check_utf8(raw)?;
        }
        self.value(Node::Str(self.reader.span(start, raw.len())))
    }

    fn unicode_line(&mut self) -> Step {
        let start = self.reader.offset();
        let line = self.reader.line()?;
        self.check_text(line.len())?;
        if line.is_ascii() && !line.contains(&b'\\') {
            return self.value(Node::Str(self.reader.span(start, line.len())));
        }
        let decoded = text::raw_unicode_escape(line)?;
        let bytes = self.graph.keep(decoded.as_bytes())?;
        self.value(Node::Str(bytes))
    }

    fn string(&mut self, len: u64) -> Step {
        let start = self.reader.offset();
        let raw = self.reader.take(len)?;
        self.value(Node::Str2(self.reader.span(start, raw.len())))
    }

    fn string_line(&mut self) -> Step {
        let start = self.reader.offset();
        let line = self.reader.line()?;
        let inner = text::quoted(line)?;
        if !inner.contains(&b'\\') {
            return self.value(Node::Str2(self.reader.span(start + 1, inner.len())));
        }
        let decoded = text::string_escape(inner)?;
        let bytes = self.graph.keep(&decoded)?;
        self.value(Node::Str2(bytes))
    }

    // Containers

    /// A tuple cannot change, so whether it can be a key is known when it is made.
    #[inline(always)]
    fn tuple_of(&mut self, items: Items) -> Step {
        let bad = self.graph.items(items).iter().any(|&id| self.is_unhashable(id));
        self.value(Node::Tuple(items))?;
        if let Some(&id) = self.stack.last().filter(|_| bad) {
            self.graph.pay(8)?;
            self.unhashable.insert(id);
        }
        Ok(())
    }

    #[inline(always)]
    fn tuple(&mut self, len: usize) -> Step {
        let Some(at) = self.stack.len().checked_sub(len).filter(|&at| at >= self.fence()) else {
            return Err(underflow(self.marks.is_empty()));
        };
        let items = self.graph.new_items(&self.stack[at..])?;
        self.stack.truncate(at);
        self.tuple_of(items)
    }

    fn dict(&mut self) -> Step {
        let items = self.marked()?;
        self.check_pairs(self.graph.items(items))?;
        self.value(Node::Dict(items))
    }

    fn frozen_set(&mut self) -> Step {
        let items = self.marked()?;
        for &id in self.graph.items(items) {
            self.check_hashable(id)?;
        }
        self.value(Node::FrozenSet(items))
    }

    fn check_pairs(&self, pairs: &[Id]) -> Step {
        if !pairs.len().is_multiple_of(2) {
            return Err(malformed("odd number of items for a dict"));
        }
        pairs.iter().step_by(2).try_for_each(|&key| self.check_hashable(key))
    }

    /// Python refuses a list, a dict or a set as a key, and a tuple with one inside.
    #[inline(always)]
    fn is_unhashable(&self, id: Id) -> bool {
        match self.graph.node(id) {
            Node::List(_) | Node::Dict(_) | Node::Set(_) | Node::ByteArray(_) | Node::Array(_) => true,
            Node::Tuple(_) => self.unhashable.contains(&id),
            _ => false,
        }
    }

    fn check_hashable(&self, key: Id) -> Step {
        let bad = self.is_unhashable(key);
        if bad { Err(malformed("unhashable type as a dict key or in a set")) } else { Ok(()) }
    }

    fn append(&mut self) -> Step {
        let value = self.pop()?;
        let list = self.top()?;
        self.extend_list(list, &[value])
    }

    fn appends(&mut self) -> Step {
        let at = self.pop_mark()?;
        let values = self.stack.split_off(at);
        let list = self.top()?;
        self.extend_list(list, &values)
    }

    fn extend_list(&mut self, list: Id, values: &[Id]) -> Step {
        // Nothing is asked of the target when there is nothing to add, as in CPython.
        if values.is_empty() {
            return Ok(());
        }
        match self.graph.node(list) {
            Node::List(mut items) => {
                self.graph.extend(&mut items, values)?;
                self.graph.set_node(list, Node::List(items));
                Ok(())
            }
            Node::Object(index) => {
                let mut items = self.graph.objects[index as usize].items;
                self.graph.extend(&mut items, values)?;
                self.graph.objects[index as usize].items = items;
                Ok(())
            }
            _ => Err(malformed("values are appended to something that is no list")),
        }
    }

    fn set_item(&mut self) -> Step {
        let value = self.pop()?;
        let key = self.pop()?;
        let dict = self.top()?;
        self.extend_dict(dict, &[key, value])
    }

    fn set_items(&mut self) -> Step {
        let at = self.pop_mark()?;
        let pairs = self.stack.split_off(at);
        let dict = self.top()?;
        self.extend_dict(dict, &pairs)
    }

    fn extend_dict(&mut self, dict: Id, pairs: &[Id]) -> Step {
        self.check_pairs(pairs)?;
        if pairs.is_empty() {
            return Ok(());
        }
        match self.graph.node(dict) {
            Node::Dict(mut items) => {
                self.graph.extend(&mut items, pairs)?;
                self.graph.set_node(dict, Node::Dict(items));
                Ok(())
            }
            Node::Object(index) => {
                let mut items = self.graph.objects[index as usize].pairs;
                self.graph.extend(&mut items, pairs)?;
                self.graph.objects[index as usize].pairs = items;
                Ok(())
            }
            _ => Err(malformed("items are set in something that is no dict")),
        }
    }

    fn add_items(&mut self) -> Step {
        let at = self.pop_mark()?;
        let values = self.stack.split_off(at);
        for &value in &values {
            self.check_hashable(value)?;
        }
        let set = self.top()?;
        if values.is_empty() {
            return Ok(());
        }
        match self.graph.node(set) {
            Node::Set(mut items) => {
                self.graph.extend(&mut items, &values)?;
                self.graph.set_node(set, Node::Set(items));
                Ok(())
            }
            Node::Object(_) => self.extend_list(set, &values),
            _ => Err(malformed("items are added to something that is no set")),
        }
    }

    // Memo

    #[inline(always)]
    fn put(&mut self, index: u64) -> Step {
        let id = self.top()?;
        if index > 1 << 31 {
            return Err(Error::new(ErrorKind::Limit, format_args!("memo index {index}; no pickler counts that far")));
        }
        self.graph.pay(8)?;
        self.memo.put(index, id);
        Ok(())
    }

    #[inline(always)]
    fn get(&mut self, index: u64) -> Step {
        let Some(id) = self.memo.get(index) else {
            return Err(malformed(format_args!("Memo value not found at index {index}")));
        };
        self.graph.pay(4)?;
        self.stack.push(id);
        Ok(())
    }

    // Names and objects

    fn name(&mut self, module: &str, name: &str) -> Result<Id> {
        if name.is_empty() || module.is_empty() {
            return Err(malformed("a name without a module or without text"));
        }
        let index = self.graph.intern(module, name)?;
        self.graph.push(Node::Global(index), self.at)
    }

    fn line_name(&mut self) -> Result<Id> {
        let (module, name) = (self.reader.line()?, self.reader.line()?);
        if module.ends_with(b"\r") && name.ends_with(b"\r") {
            return Err(damaged());
        }
        let module = text::check_utf8(module)?;
        let name = text::check_utf8(name)?;
        self.name(module, name)
    }

    fn global_lines(&mut self) -> Step {
        let id = self.line_name()?;
        self.stack.push(id);
        Ok(())
    }

    fn stack_global(&mut self) -> Step {
        let (name, module) = (self.pop()?, self.pop()?);
        let (Node::Str(name), Node::Str(module)) = (self.graph.node(name), self.graph.node(module)) else {
            return Err(malformed("STACK_GLOBAL requires str"));
        };
        let text = |bytes| text::check_utf8(self.graph.bytes(bytes)).map(str::to_owned);
        let (module, name) = (text(module)?, text(name)?);
        let id = self.name(&module, &name)?;
        self.stack.push(id);
        Ok(())
    }

    #[inline(always)]
    fn object(&mut self, callable: Id, args: Id, kwargs: Option<Id>) -> Step {
        match self.graph.node(callable) {
            Node::Global(index) if self.graph.called(index) == Called::Function => {
                return Err(refused_call(self.graph.name(index)));
            }
            Node::Global(_) => {}
            Node::Object(_) => {}
            _ => return Err(malformed("something that is no name is called")),
        }
        if !matches!(self.graph.node(args), Node::Tuple(_)) {
            return Err(malformed("the arguments of a call are no tuple"));
        }
        let object = Object { callable, args, kwargs, state: None, items: Items::default(), pairs: Items::default() };
        let id = self.graph.push_object(object, self.at)?;
        self.stack.push(id);
        Ok(())
    }

    /// Bytes as Python 3 spells them for protocols below 3: `_codecs.encode(text, "latin1")`, or `bytes()` for none.
    fn spelled_bytes(&mut self, called: Called, args: Id) -> Result<Option<Node>> {
        let Node::Tuple(items) = self.graph.node(args) else { return Ok(None) };
        let items = self.graph.items(items);
        match called {
            Called::Bytes if items.is_empty() => {
                return Ok(Some(Node::Bytes(self.reader.span(self.reader.offset(), 0))));
            }
            Called::Encode => {}
            _ => return Ok(None),
        }
        let text = |id: &Id| match self.graph.node(*id) {
            Node::Str(bytes) | Node::Str2(bytes) => std::str::from_utf8(self.graph.bytes(bytes)).ok(),
            _ => None,
        };
        let (Some(text), Some("latin1" | "latin-1")) = (items.first().and_then(text), items.get(1).and_then(text))
        else {
            return Err(malformed("_codecs.encode of something other than text to latin1"));
        };
        let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
        let bytes = bytes.ok_or_else(|| malformed("text to be encoded as latin1 holds a character beyond it"))?;
        self.graph.keep(&bytes).map(|bytes| Some(Node::Bytes(bytes)))
    }

    #[inline(always)]
    fn reduce(&mut self) -> Step {
        let args = self.pop()?;
        let callable = self.pop()?;
        if let Node::Global(index) = self.graph.node(callable)
            && let called @ (Called::Bytes | Called::Encode) = self.graph.called(index)
            && let Some(node) = self.spelled_bytes(called, args)?
        {
            return self.value(node);
        }
        self.object(callable, args, None)
    }

    fn new_object_ex(&mut self) -> Step {
        let kwargs = self.pop()?;
        let args = self.pop()?;
        let class = self.pop()?;
        if !matches!(self.graph.node(kwargs), Node::Dict(_)) {
            return Err(malformed("the keyword arguments of a call are no dict"));
        }
        self.object(class, args, Some(kwargs))
    }

    fn inst(&mut self) -> Step {
        let class = self.line_name()?;
        let items = self.marked()?;
        let args = self.graph.push(Node::Tuple(items), self.at)?;
        self.object(class, args, None)
    }

    fn obj(&mut self) -> Step {
        let at = self.pop_mark()?;
        let mut values = self.stack.split_off(at).into_iter();
        let class = values.next().ok_or_else(|| malformed("OBJ without a class"))?;
        let items = self.graph.new_items(values.as_slice())?;
        let args = self.graph.push(Node::Tuple(items), self.at)?;
        self.object(class, args, None)
    }

    fn build(&mut self) -> Step {
        let state = self.pop()?;
        let id = self.top()?;
        let Node::Object(index) = self.graph.node(id) else {
            return Err(malformed(match self.graph.node(id) {
                Node::Global(_) => "a state is set on a class itself, which would change it for every object",
                _ => "a state is set on something that takes none",
            }));
        };
        let object = &mut self.graph.objects[index as usize];
        if object.state.is_some() {
            return Err(malformed("a second state is set on the same object"));
        }
        object.state = Some(state);
        if self.inner { Ok(()) } else { joblib::after_build(self, id) }
    }
}

/// Where `PUT` leaves values: dense where the indices are those that picklers write, a map where they are not.
#[derive(Default)]
struct Memo {
    dense: Vec<Option<Id>>,
    sparse: HashMap<u64, Id>,
    /// Entries, which is the index that `MEMOIZE` takes next.
    count: usize,
}

impl Memo {
    #[inline(always)]
    fn put(&mut self, index: u64, id: Id) {
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        let old = if at == self.dense.len() && self.sparse.is_empty() {
            self.dense.push(Some(id));
            None
        } else if at < self.dense.len() {
            self.dense[at].replace(id)
        } else if at <= 2 * self.count + 1_024 {
            self.dense.resize(at, None);
            self.dense.push(Some(id));
            // The index may have been out of the dense part's reach before.
            if self.sparse.is_empty() { None } else { self.sparse.remove(&index) }
        } else {
            self.sparse.insert(index, id)
        };
        if old.is_none() {
            self.count += 1;
        }
    }

    fn get(&self, index: u64) -> Option<Id> {
        usize::try_from(index)
            .ok()
            .and_then(|at| self.dense.get(at).copied().flatten())
            .or_else(|| self.sparse.get(&index).copied())
    }
}

#[cold]
#[inline(never)]
pub(crate) fn malformed(message: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Malformed, message)
}

#[cold]
fn unsupported(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format_args!("the stream refers to {what}"))
}

#[cold]
fn refused_call(name: crate::graph::Name<'_>) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format_args!("the stream calls {name}; nothing in a file is ever called, and no pickler writes this"),
    )
}

#[cold]
fn underflow(no_marks: bool) -> Error {
    malformed(if no_marks { "unpickling stack underflow" } else { "unexpected MARK found" })
}

#[cold]
fn damaged() -> Error {
    malformed("the file was damaged by a copy in text mode (LF became CR LF); copy it again in binary mode")
}

/// A name quoted for a message.
pub(crate) fn quoted(name: &str) -> String {
    format!("'{}'", printable(name))
}

#[cfg(test)]
mod tests {
    use crate::Limits;

    fn refusal(stream: &[u8]) -> String {
        crate::load(stream.to_vec(), &Limits::default()).unwrap_err().to_string()
    }

    #[test]
    fn a_frame_that_ends_inside_an_opcode_is_refused() {
        // CPython reads other values here from a file than from a buffer.
        let error = refusal(b"\x95\x02\0\0\0\0\0\0\0\x8c\x03abc.");
        assert!(error.contains("the frame ends at byte 11, inside the opcode"), "{error}");
        let error = refusal(b"\x95\x0a\0\0\0\0\0\0\0\x95\x03\0\0\0\0\0\0\0NNNN.");
        assert!(error.contains("begins inside another"), "{error}");
        assert!(crate::load(b"\x95\x02\0\0\0\0\0\0\0K\x01.".to_vec(), &Limits::default()).is_ok());
    }

    #[test]
    fn a_tuple_with_a_list_at_any_depth_is_no_key() {
        for depth in 1..5 {
            let tuples = b"\x85".repeat(depth);
            let stream = [b"}]".as_slice(), &tuples, b"Ns."].concat();
            assert!(refusal(&stream).contains("unhashable"), "{depth}");
            let stream = [b"}K\x05".as_slice(), &tuples, b"Ns."].concat();
            assert!(crate::load(stream, &Limits::default()).is_ok(), "{depth}");
        }
    }

    #[test]
    fn equal_keys_of_a_dict_are_one_whatever_their_type() {
        let graph =
            crate::load(b"}(K\x01K\x0a\x88K\x0bG?\xf0\0\0\0\0\0\0K\x0cNK\x0dNK\x0eu.".to_vec(), &Limits::default());
        let entries: Vec<(String, i64)> = graph
            .unwrap()
            .root()
            .entries()
            .unwrap()
            .iter()
            .map(|(key, value)| (key.describe(), value.get().unwrap()))
            .collect();
        assert_eq!(entries, [("the int 1".to_owned(), 12), ("None".to_owned(), 14)]);
    }
}
