//! The arena: what a stream built, as plain data. Sharing and cycles are kept, since everything is an index.

use std::{
    borrow::Cow,
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use hashbrown::HashMap;

use crate::{
    Limits,
    called::Called,
    error::{Error, ErrorKind, Result},
    memory::Memory,
    numpy::{ArrayData, Dtype},
    obj::{Obj, Step},
    stream::{LEFT, Stream},
};

/// Index of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) u32);

/// A run of bytes in a piece of the stream, or where they were left in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Bytes {
    pub(crate) piece: u32,
    pub(crate) start: u32,
    pub(crate) len: u32,
}

/// A run of ids in the graph's table of elements; `cap` leaves room to append.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Items {
    start: u32,
    len: u32,
    cap: u32,
}

/// One value. Sixteen bytes, whatever it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Node {
    None,
    Bool(bool),
    Int(i64),
    /// An integer beyond `i64`, as little-endian two's complement.
    Long(Bytes),
    Float(f64),
    Bytes(Bytes),
    ByteArray(Bytes),
    /// Text, proven to be UTF-8.
    Str(Bytes),
    /// A `str` of Python 2: bytes or text, whichever its reader wants.
    Str2(Bytes),
    List(Items),
    Tuple(Items),
    Set(Items),
    FrozenSet(Items),
    /// Keys and values in turn.
    Dict(Items),
    /// A name (index into `names`).
    Global(u32),
    /// Something that Python would have called a function or class for (index into `objects`).
    Object(u32),
    /// An array whose bytes stood outside the pickle proper (index into `arrays`).
    Array(u32),
}

/// A call or an instance that Python would have made, kept as its parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object {
    /// What would have been called: a name, or rarely another object.
    pub(crate) callable: Id,
    /// Tuple of positional arguments.
    pub(crate) args: Id,
    /// Keyword arguments of `NEWOBJ_EX`.
    pub(crate) kwargs: Option<Id>,
    /// What `BUILD` brought.
    pub(crate) state: Option<Id>,
    /// What `APPENDS` or `ADDITEMS` added.
    pub(crate) items: Items,
    /// What `SETITEMS` added: keys and values in turn.
    pub(crate) pairs: Items,
}

/// A qualified Python name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name<'g> {
    /// The module, such as `sklearn.linear_model._logistic`.
    pub module: &'g str,
    /// The name in it, such as `LogisticRegression`.
    pub name: &'g str,
}

impl Name<'_> {
    /// Whether this is exactly `module.name`.
    pub fn is(&self, module: &str, name: &str) -> bool {
        self.module == module && self.name == name
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::printable(&format!("{}.{}", self.module, self.name)))
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The decoded stream. Several threads can read it at once.
///
/// ```
/// let graph = skpickle::load(b"\x80\x02]q\x00(K\x01K\x02e.".to_vec(), &Default::default())?;
/// assert_eq!(graph.root().get::<Vec<i64>>()?, [1, 2]);
/// # Ok::<(), skpickle::Error>(())
/// ```
pub struct Graph {
    nodes: Vec<Node>,
    offsets: Vec<u32>,
    elements: Vec<Id>,
    names: Vec<(Box<str>, Box<str>)>,
    /// What a call of each name is.
    called: Vec<Called>,
    name_ids: HashMap<(Box<str>, Box<str>), u32>,
    pub(crate) objects: Vec<Object>,
    pub(crate) arrays: Vec<ArrayData>,
    stream: Arc<Stream>,
    /// Text that could not be taken from the stream as it stands.
    decoded: Vec<u8>,
    /// What was left in the file and is in use, or was read last.
    fetched: Mutex<Fetched>,
    root: Id,
    trailing: usize,
    protocol: u8,
    left: AtomicU64,
    /// Numbers of arrays that were read, as often as they were.
    read: AtomicU64,
    dtypes: Mutex<VecDeque<KnownDtype>>,
    /// Those of the paths to values that were looked into.
    steps: Mutex<Vec<Step>>,
    budget: u64,
    limits: Limits,
}

/// A dtype that was read.
pub(crate) struct KnownDtype {
    /// Its object, and that object's state.
    pub(crate) of: (Id, Option<Id>),
    pub(crate) dtype: Dtype,
}

/// Bytes of a stream for each value, where there are many values, and values that room is made for at most.
const BYTES_OF_VALUE: usize = 16;
const MOST_EXPECTED: usize = 1 << 18;

/// An empty vector with room for so many elements, if there is so much memory.
fn room<T>(elements: usize) -> Vec<T> {
    let mut room = Vec::new();
    // Without it the vector grows as it can.
    let _ = room.try_reserve_exact(elements);
    room
}

/// Number that stands for the decoded text in place of a piece's.
const DECODED: u32 = LEFT - 1;

/// What was read of that which was left in the file: as long as somebody uses it, it is not read again.
#[derive(Default)]
struct Fetched {
    used: HashMap<Bytes, Weak<Memory>>,
    /// What was read last, the newest at the end: one for each of a few threads that read one array after the other.
    last: VecDeque<Arc<Memory>>,
}

impl Fetched {
    const LAST: usize = 4;

    /// Memory that nobody uses any more, and that is not much too large for so many bytes: they may stay in it for long. Or none.
    fn free(&mut self, len: usize) -> Memory {
        let most = len.saturating_mul(4).saturating_add(1 << 20);
        let free = self.last.iter().position(|last| Arc::strong_count(last) == 1 && last.capacity() <= most);
        free.and_then(|at| self.last.remove(at)).and_then(Arc::into_inner).unwrap_or_default()
    }
}

/// What a thread that panicked leaves behind is whole: nothing here is changed in more than one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Graph {
    pub(crate) fn new(stream: Arc<Stream>, limits: &Limits) -> Self {
        let budget = limits.budget(stream.len());
        // As many as most streams of this length hold, so that tables seldom move. The stream, which is there, pays for this room: it is twice
        // as long at most, and costs nothing until it is used.
        let values = (stream.len() / BYTES_OF_VALUE).min(MOST_EXPECTED);
        Graph {
            nodes: room(values),
            offsets: room(values),
            elements: room(values / 2),
            names: Vec::new(),
            called: Vec::new(),
            name_ids: HashMap::new(),
            objects: room(values / 4),
            arrays: Vec::new(),
            stream,
            decoded: Vec::new(),
            fetched: Mutex::default(),
            root: Id(0),
            trailing: 0,
            protocol: 0,
            left: AtomicU64::new(budget),
            read: AtomicU64::new(0),
            dtypes: Mutex::default(),
            steps: Mutex::default(),
            budget,
            limits: limits.clone(),
        }
    }

    /// The object that the stream stands for.
    pub fn root(&self) -> Obj<'_> {
        Obj::root(self, self.root)
    }

    /// Bytes after the end of the pickle. Python ignores them, and so does this reader; a strict caller may not.
    pub fn trailing_bytes(&self) -> usize {
        self.trailing
    }

    /// The pickle protocol that the stream declares (0 when it declares none).
    pub fn protocol(&self) -> u8 {
        self.protocol
    }

    /// The bounds that the graph was read under.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Bytes of the decompressed stream.
    pub fn stream_len(&self) -> usize {
        self.stream.len()
    }

    /// Every name in the stream, in order of first use.
    pub fn names(&self) -> impl Iterator<Item = Name<'_>> {
        self.names.iter().map(|(module, name)| Name { module, name })
    }

    /// Pays for so many elements, whose number may be any that a file claims: elements of no size need no bytes.
    pub(crate) fn charge_for<T>(&self, count: usize) -> Result<()> {
        self.charge((count as u64).saturating_mul(size_of::<T>() as u64))
    }

    /// Pays for `bytes` of memory that the file is about to cost.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when [`Limits::built_bytes`] is used up.
    pub fn charge(&self, bytes: u64) -> Result<()> {
        let paid = self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(bytes));
        paid.map(|_| ()).map_err(|left| self.unpaid(left, bytes))
    }

    /// As [`Graph::charge`], while nobody else reads the graph.
    #[inline(always)]
    pub(crate) fn pay(&mut self, bytes: u64) -> Result<()> {
        match self.left.get_mut().checked_sub(bytes) {
            Some(left) => *self.left.get_mut() = left,
            None => self.pay_anew(bytes)?,
        }
        Ok(())
    }

    /// As [`Graph::pay`], out of what the stream allows by its length now: one that still comes has grown.
    #[cold]
    pub(crate) fn pay_anew(&mut self, bytes: u64) -> Result<()> {
        let spent = self.budget - *self.left.get_mut();
        self.budget = self.limits.budget(self.stream.len());
        let left = spent.checked_add(bytes).and_then(|spent| self.budget.checked_sub(spent));
        *self.left.get_mut() = left.ok_or_else(|| self.unpaid(self.budget.saturating_sub(spent), bytes))?;
        Ok(())
    }

    /// The refusal of so many bytes more than are left.
    #[cold]
    fn unpaid(&self, left: u64, bytes: u64) -> Error {
        if self.limits.room().is_some_and(|room| room == self.budget + self.stream_len() as u64) {
            let spent = self.stream_len() as u64 + self.budget - left;
            return self.limits.out_of_memory(spent.saturating_add(bytes));
        }
        let message = format!(
            "the file needs more than {} bytes to build, the limit built_bytes; raise it if the file is to be trusted",
            self.budget
        );
        Error::new(ErrorKind::Limit, message)
    }

    /// Numbers that typed accessors have read out of arrays, counted as often as they were read: what a model computes with for a row
    /// is bounded by them, however often the file refers to one array.
    pub fn numbers_read(&self) -> u64 {
        self.read.load(Relaxed)
    }

    pub(crate) fn count_read(&self, numbers: usize) {
        // The closure gives a number always.
        let _ = self.read.fetch_update(Relaxed, Relaxed, |read| Some(read.saturating_add(numbers as u64)));
    }

    /// The dtypes that were read last.
    pub(crate) fn dtypes(&self) -> MutexGuard<'_, VecDeque<KnownDtype>> {
        lock(&self.dtypes)
    }

    /// The steps of paths.
    pub(crate) fn steps(&self) -> MutexGuard<'_, Vec<Step>> {
        lock(&self.steps)
    }

    pub(crate) fn finish(&mut self, root: Id, trailing: usize, protocol: u8) {
        self.root = root;
        self.trailing = trailing;
        self.protocol = protocol;
        self.name_ids = HashMap::new();
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, node: Node, offset: usize) -> Result<Id> {
        self.pay((size_of::<Node>() + size_of::<u32>()) as u64)?;
        let id = u32::try_from(self.nodes.len()).map_err(|_| Error::new(ErrorKind::Limit, "more than 2^32 values"))?;
        self.nodes.push(node);
        self.offsets.push(u32::try_from(offset).unwrap_or(u32::MAX));
        Ok(Id(id))
    }

    #[inline(always)]
    pub(crate) fn push_object(&mut self, object: Object, offset: usize) -> Result<Id> {
        self.pay(size_of::<Object>() as u64)?;
        self.objects.push(object);
        self.push(Node::Object(self.objects.len() as u32 - 1), offset)
    }

    #[inline(always)]
    pub(crate) fn node(&self, id: Id) -> Node {
        self.nodes[id.0 as usize]
    }

    pub(crate) fn set_node(&mut self, id: Id, node: Node) {
        self.nodes[id.0 as usize] = node;
    }

    pub(crate) fn offset(&self, id: Id) -> u64 {
        u64::from(self.offsets[id.0 as usize])
    }

    #[inline(always)]
    pub(crate) fn items(&self, items: Items) -> &[Id] {
        &self.elements[items.start as usize..(items.start + items.len) as usize]
    }

    /// A new run holding `ids`.
    #[inline(always)]
    pub(crate) fn new_items(&mut self, ids: &[Id]) -> Result<Items> {
        let start = self.elements.len();
        u32::try_from(start + ids.len()).map_err(|_| too_many())?;
        self.pay(size_of_val(ids) as u64)?;
        match *ids {
            [id] => self.elements.push(id),
            _ => self.elements.extend_from_slice(ids),
        }
        let len = ids.len() as u32;
        Ok(Items { start: start as u32, len, cap: len })
    }

    /// Appends to a run; one that has no room and does not stand last moves to the end, with room to double.
    pub(crate) fn extend(&mut self, items: &mut Items, ids: &[Id]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        // Most runs are made in one go, and there may be very many.
        if items.cap == 0 {
            *items = self.new_items(ids)?;
            return Ok(());
        }
        let len = items.len as usize + ids.len();
        if len > items.cap as usize {
            let last = items.start as usize + items.cap as usize == self.elements.len();
            let cap = len.max(2 * items.cap as usize);
            let start = if last { items.start as usize } else { self.elements.len() };
            u32::try_from(start + cap).map_err(|_| too_many())?;
            self.pay(((start + cap).saturating_sub(self.elements.len()) * size_of::<Id>()) as u64)?;
            self.elements.resize(start + cap, Id(0));
            if start != items.start as usize {
                let from = items.start as usize;
                self.elements.copy_within(from..from + items.len as usize, start);
            }
            *items = Items { start: start as u32, len: items.len, cap: cap as u32 };
        }
        let at = (items.start + items.len) as usize;
        self.elements[at..at + ids.len()].copy_from_slice(ids);
        items.len = len as u32;
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn name(&self, index: u32) -> Name<'_> {
        let (module, name) = &self.names[index as usize];
        Name { module, name }
    }

    /// What a call of the name is.
    #[inline(always)]
    pub(crate) fn called(&self, index: u32) -> Called {
        self.called[index as usize]
    }

    pub(crate) fn intern(&mut self, module: &str, name: &str) -> Result<u32> {
        let key: (Box<str>, Box<str>) = (module.into(), name.into());
        if let Some(&index) = self.name_ids.get(&key) {
            return Ok(index);
        }
        self.pay(2 * (module.len() + name.len()) as u64 + 100)?;
        let index = self.names.len() as u32;
        self.names.push(key.clone());
        self.called.push(Called::of(module, name));
        self.name_ids.insert(key, index);
        Ok(index)
    }

    /// Text or a number, which is always in memory.
    #[inline(always)]
    pub(crate) fn bytes(&self, bytes: Bytes) -> &[u8] {
        let whole: &[u8] = if bytes.piece == DECODED { &self.decoded } else { self.stream.piece(bytes.piece) };
        &whole[bytes.start as usize..][..bytes.len as usize]
    }

    /// Bytes, unless they were left in the file.
    pub(crate) fn bytes_at_hand(&self, bytes: Bytes) -> Option<&[u8]> {
        (bytes.piece != LEFT).then(|| self.bytes(bytes))
    }

    /// Bytes that may have been left in the file.
    pub(crate) fn read(&self, bytes: Bytes) -> Result<Cow<'_, [u8]>> {
        if let Some(bytes) = self.bytes_at_hand(bytes) {
            return Ok(Cow::Borrowed(bytes));
        }
        let mut read = Memory::default();
        self.stream.fetch(bytes, &mut read)?;
        Ok(Cow::Owned(read.into_vec()))
    }

    /// The piece that bytes of an array stand in, and where: what was left in the file is read, and forgotten when it is no longer used.
    pub(crate) fn piece(&self, bytes: Bytes) -> Result<(Arc<Memory>, usize)> {
        match bytes.piece {
            LEFT => {}
            DECODED => return Ok((Arc::new(self.bytes(bytes).to_vec().into()), 0)),
            piece => return Ok((Arc::clone(self.stream.piece(piece)), bytes.start as usize)),
        }
        let mut fetched = lock(&self.fetched);
        if let Some(piece) = fetched.used.get(&bytes).and_then(Weak::upgrade) {
            return Ok((piece, 0));
        }
        // Most arrays are only read to make something else of them: then the next one takes their place.
        let mut piece = fetched.free(bytes.len as usize);
        // Other threads read theirs meanwhile.
        drop(fetched);
        self.stream.fetch(bytes, &mut piece)?;
        let piece = Arc::new(piece);
        let mut fetched = lock(&self.fetched);
        fetched.used.insert(bytes, Arc::downgrade(&piece));
        if fetched.last.len() == Fetched::LAST {
            fetched.last.pop_front();
        }
        fetched.last.push_back(Arc::clone(&piece));
        Ok((piece, 0))
    }

    /// Keeps text that does not stand in the stream in this form.
    pub(crate) fn keep(&mut self, decoded: &[u8]) -> Result<Bytes> {
        self.pay(decoded.len() as u64)?;
        let start = u32::try_from(self.decoded.len() + decoded.len())
            .map(|end| end - decoded.len() as u32)
            .map_err(|_| Error::new(ErrorKind::Limit, "more than 4 GiB of text"))?;
        self.decoded.extend_from_slice(decoded);
        Ok(Bytes { piece: DECODED, start, len: decoded.len() as u32 })
    }

    /// Adds the content of a side file.
    pub(crate) fn add_piece(&mut self, content: Memory) -> Result<u32> {
        self.pay(content.len() as u64)?;
        Ok(self.stream.add(content))
    }

    /// Everything that was decoded, value by value, wherever its bytes stand.
    #[cfg(any(test, fuzzing))]
    #[doc(hidden)]
    pub fn dump(&self) -> Vec<String> {
        let read = |bytes: &Bytes| self.read(*bytes).map(|bytes| bytes.escape_ascii().to_string());
        let node = |node: &Node| match node {
            Node::Long(b) | Node::Bytes(b) | Node::ByteArray(b) | Node::Str(b) | Node::Str2(b) => {
                format!("{:?} {:?}", std::mem::discriminant(node), read(b))
            }
            Node::Array(index) => match &self.arrays[*index as usize] {
                ArrayData { data: crate::numpy::Data::Bytes(b), dtype, shape, fortran } => {
                    format!("{dtype:?} {shape:?} {fortran} {:?}", read(b))
                }
                objects => format!("{objects:?}"),
            },
            other => format!("{other:?}"),
        };
        let places = self.nodes.iter().zip(&self.offsets).map(|(n, at)| format!("{at} {}", node(n)));
        let rest = format!("{:?} {:?} {:?} {:?} {}", self.elements, self.names, self.objects, self.root, self.trailing);
        places.chain([rest]).collect()
    }

    pub(crate) fn add_array(&mut self, array: ArrayData) -> u32 {
        self.arrays.push(array);
        self.arrays.len() as u32 - 1
    }
}

#[cold]
fn too_many() -> Error {
    Error::new(ErrorKind::Limit, "more than 2^32 elements")
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Graph of {} values, root {}", self.nodes.len(), self.root().describe())
    }
}
