//! Typed access to the graph: every accessor names the object path and the byte offset when it refuses.

use std::{
    borrow::Cow,
    cell::Cell,
    fmt,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use hashbrown::HashMap;

use crate::{
    called::Called,
    error::{Error, ErrorKind, Result, printable},
    graph::{Bytes, Graph, Id, Items, KnownDtype, Name, Node, Object},
    numpy::{self, Array, Dtype, Scalar, Shared},
    text,
};

/// What an [`Obj`] is, roughly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool,
    /// An integer of any size.
    Int,
    /// A float.
    Float,
    /// Text, or a `str` of Python 2.
    Str,
    /// Bytes or a bytearray.
    Bytes,
    /// A list.
    List,
    /// A tuple.
    Tuple,
    /// A set or frozenset.
    Set,
    /// A dict.
    Dict,
    /// A reference to a function or class by name.
    Global,
    /// An instance, or the result of a call that was not made.
    Object,
    /// An array that joblib wrote beside the pickle.
    Array,
}

/// A value of the graph together with the path that led to it. The steps of paths are the graph's, so that nothing is to be done where a
/// value is no longer used: there are many such places.
pub struct Obj<'g> {
    graph: &'g Graph,
    id: Id,
    /// The last step of the path to the parent, where there is one.
    parent: Option<StepId>,
    /// How the value is reached from there; `None` while the graph is still being built.
    label: Option<Label>,
    /// Steps from the root.
    depth: u32,
    /// The last step of the path to this value, which its children share: 0 until there is one.
    step: AtomicU32,
}

impl Clone for Obj<'_> {
    fn clone(&self) -> Self {
        Obj { step: AtomicU32::new(self.step.load(Relaxed)), ..*self }
    }
}

/// What tells a plain key of a dict from another.
#[derive(PartialEq, Eq, Hash)]
enum Key<'g> {
    None,
    Int(i64),
    Text(Cow<'g, str>),
}

/// The attributes of an instance, in the order of the file.
///
/// ```
/// let graph = skpickle::load(b"cm\nC\n)\x81}(U\x01aK\x01U\x01bK\x02ub.".to_vec(), &Default::default())?;
/// let fields = graph.root().fields()?;
/// assert_eq!(fields.names().collect::<Vec<_>>(), ["a", "b"]);
/// # Ok::<(), skpickle::Error>(())
/// ```
pub struct Fields<'g> {
    of: Obj<'g>,
    /// Those of the dict, and those in slots; the names are known to be text.
    pairs: [&'g [[Id; 2]]; 2],
}

impl<'g> Fields<'g> {
    fn pairs(&self) -> impl Iterator<Item = [Id; 2]> + use<'g> {
        let [dict, slots] = self.pairs;
        dict.iter().chain(slots).copied()
    }

    /// Number of attributes.
    pub fn len(&self) -> usize {
        self.pairs.iter().map(|pairs| pairs.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn name(&self, key: Id) -> Cow<'g, str> {
        Obj::bare(self.of.graph, key).str().unwrap_or_default()
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = Cow<'g, str>> + '_ {
        self.pairs().map(|[key, _]| self.name(key))
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'g, str>, Obj<'g>)> + '_ {
        self.pairs().map(|[key, value]| (self.name(key), self.of.child(value, Label::Attribute(key))))
    }

    /// The place of the attribute of this name, and its value; the last one of several, which is the one that counts in Python.
    pub fn find(&self, name: &str) -> Option<(usize, Obj<'g>)> {
        let graph = self.of.graph;
        let is_name = |key: Id| match graph.node(key) {
            Node::Str(bytes) => bytes.len as usize == name.len() && graph.bytes(bytes) == name.as_bytes(),
            _ => Obj::bare(graph, key).str().is_ok_and(|text| text == name),
        };
        let mut before = self.len();
        for pairs in self.pairs.iter().rev() {
            before -= pairs.len();
            if let Some(at) = pairs.iter().rposition(|&[key, _]| is_name(key)) {
                let [key, value] = pairs[at];
                return Some((before + at, self.of.child(value, Label::Attribute(key))));
            }
        }
        None
    }

    /// The attribute of this name.
    pub fn get(&self, name: &str) -> Option<Obj<'g>> {
        self.find(name).map(|(_, value)| value)
    }
}

/// A step of a path to a value that has children.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    parent: Option<StepId>,
    label: Label,
}

/// Number of a step among those of the graph, from 1.
type StepId = NonZeroU32;

/// How a value is reached from its parent. Most paths are never written out, so that the text is made when it is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Label {
    /// By the same name.
    Same,
    /// The root, by its class.
    Root(Id),
    Index(usize),
    /// The entry of a dict under this key.
    Entry(Id),
    /// The attribute with this name.
    Attribute(Id),
}

impl Label {
    fn text(self, graph: &Graph) -> Cow<'static, str> {
        match self {
            Label::Same => Cow::Borrowed(""),
            Label::Root(id) => {
                Cow::Owned(Obj::bare(graph, id).class().map(|name| printable(name.name)).unwrap_or_default())
            }
            Label::Index(i) => Cow::Owned(format!("[{i}]")),
            Label::Entry(id) => {
                let key = Obj::bare(graph, id);
                Cow::Owned(match key.node() {
                    Node::Str(_) | Node::Str2(_) => format!("['{}']", printable(&key.str().unwrap_or_default())),
                    Node::Int(n) => format!("[{n}]"),
                    _ => "[…]".into(),
                })
            }
            Label::Attribute(id) => {
                Cow::Owned(format!(".{}", printable(&Obj::bare(graph, id).str().unwrap_or_default())))
            }
        }
    }
}

impl<'g> Obj<'g> {
    #[inline(always)]
    fn new(graph: &'g Graph, id: Id, label: Option<Label>) -> Self {
        Obj { graph, id, parent: None, label, depth: 0, step: AtomicU32::new(0) }
    }

    pub(crate) fn root(graph: &'g Graph, id: Id) -> Self {
        Obj::new(graph, id, Some(Label::Root(id)))
    }

    /// A value while the graph is still being built.
    #[inline(always)]
    pub(crate) fn bare(graph: &'g Graph, id: Id) -> Self {
        Obj::new(graph, id, None)
    }

    #[inline(always)]
    pub(crate) fn child(&self, id: Id, label: Label) -> Obj<'g> {
        Obj { parent: self.step(), depth: self.depth + 1, ..Obj::new(self.graph, id, Some(label)) }
    }

    /// The last step of the path to this value. Two threads that ask at once may make one each, of which either will do.
    fn step(&self) -> Option<StepId> {
        let step = StepId::new(self.step.load(Relaxed));
        // Without a label this is no part of a path.
        let Some(label) = self.label.filter(|_| step.is_none()) else { return step };
        let mut steps = self.graph.steps();
        steps.push(Step { parent: self.parent, label });
        let number = steps.len() as u32;
        self.step.store(number, Relaxed);
        StepId::new(number)
    }

    pub(crate) fn graph(&self) -> &'g Graph {
        self.graph
    }

    pub(crate) fn id(&self) -> Id {
        self.id
    }

    #[inline(always)]
    pub(crate) fn node(&self) -> Node {
        self.graph.node(self.id)
    }

    /// A number that is the same for two references to one object, and only then.
    pub fn identity(&self) -> u32 {
        self.id.0
    }

    /// Byte offset in the stream of the opcode that made this value.
    pub fn offset(&self) -> u64 {
        self.graph.offset(self.id)
    }

    /// Steps from the root.
    pub fn depth(&self) -> usize {
        self.depth as usize
    }

    /// The path from the root, such as `Pipeline.steps[1][1].coef_`.
    pub fn path(&self) -> String {
        let mut labels: Vec<Label> = self.label.into_iter().collect();
        {
            let steps = self.graph.steps();
            let mut parent = self.parent;
            while let Some(step) = parent.and_then(|id| steps.get(id.get() as usize - 1)) {
                labels.push(step.label);
                parent = step.parent;
            }
        }
        let mut labels: Vec<_> = labels.into_iter().rev().map(|label| label.text(self.graph)).collect();
        if labels.len() > 24 {
            let cut = labels.len() - 12;
            labels.splice(12..cut, [Cow::Borrowed(" ... ")]);
        }
        labels.concat().trim_start_matches('.').to_owned()
    }

    /// What this is.
    pub fn kind(&self) -> Kind {
        match self.node() {
            Node::None => Kind::None,
            Node::Bool(_) => Kind::Bool,
            Node::Int(_) | Node::Long(_) => Kind::Int,
            Node::Float(_) => Kind::Float,
            Node::Str(_) | Node::Str2(_) => Kind::Str,
            Node::Bytes(_) | Node::ByteArray(_) => Kind::Bytes,
            Node::List(_) => Kind::List,
            Node::Tuple(_) => Kind::Tuple,
            Node::Set(_) | Node::FrozenSet(_) => Kind::Set,
            Node::Dict(_) => Kind::Dict,
            Node::Global(_) => Kind::Global,
            Node::Object(_) => Kind::Object,
            Node::Array(_) => Kind::Array,
        }
    }

    /// Whether this is `None`.
    pub fn is_none(&self) -> bool {
        self.kind() == Kind::None
    }

    /// The value in a few words, for messages.
    pub fn describe(&self) -> String {
        match self.node() {
            Node::None => "None".into(),
            Node::Bool(b) => if b { "True" } else { "False" }.into(),
            Node::Int(n) => format!("the int {n}"),
            Node::Long(_) => "a large int".into(),
            Node::Float(x) => format!("the float {x}"),
            Node::Str2(bytes) if !self.graph.bytes(bytes).is_ascii() => {
                format!("the Python 2 str b'{}'", printable(&self.graph.bytes(bytes).escape_ascii().to_string()))
            }
            Node::Str(_) | Node::Str2(_) => {
                format!("the str '{}'", self.str().map(|s| printable(&s)).unwrap_or_default())
            }
            Node::Bytes(b) | Node::ByteArray(b) => format!("{} bytes", b.len),
            Node::List(items) => format!("a list of {}", self.graph.items(items).len()),
            Node::Tuple(items) => format!("a tuple of {}", self.graph.items(items).len()),
            Node::Set(items) | Node::FrozenSet(items) => format!("a set of {}", self.graph.items(items).len()),
            Node::Dict(items) => format!("a dict of {}", self.graph.items(items).len() / 2),
            Node::Global(index) => format!("a reference to {}", self.graph.name(index)),
            // Not read as an array here: a refusal to do so would describe it again.
            Node::Object(_) => match self.class() {
                Some(name) if numpy::is_multiarray(name, "_reconstruct") => "a numpy array".into(),
                Some(name) if numpy::is_multiarray(name, "scalar") => "a numpy scalar".into(),
                Some(name) => format!("an object of {name}"),
                None => "an object".into(),
            },
            Node::Array(index) => {
                let array = &self.graph.arrays[index as usize];
                format!("a {} array of shape {:?}", array.dtype.name(), array.shape)
            }
        }
    }

    /// A refusal that concerns this value.
    #[cold]
    #[inline(never)]
    pub fn error(&self, kind: ErrorKind, message: impl fmt::Display) -> Error {
        let error = Error::new(kind, message).at(self.offset());
        if self.label.is_some() { error.on_path(self.path()) } else { error }
    }

    /// The refusal `expected WHAT, found …`.
    #[cold]
    #[inline(never)]
    pub fn expected(&self, what: &str) -> Error {
        self.error(ErrorKind::Value, format_args!("expected {what}, found {}", self.describe()))
    }

    /// Reads the value as `T`.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when it is something else.
    pub fn get<T: FromObj<'g>>(&self) -> Result<T> {
        T::from_obj(self)
    }

    // Names and objects

    /// The name that a [`Kind::Global`] refers to.
    pub fn global(&self) -> Option<Name<'g>> {
        match self.node() {
            Node::Global(index) => Some(self.graph.name(index)),
            _ => None,
        }
    }

    #[inline(always)]
    fn object(&self) -> Option<&'g Object> {
        match self.node() {
            Node::Object(index) => Some(&self.graph.objects[index as usize]),
            _ => None,
        }
    }

    /// `copy_reg._reconstructor(cls, object, None)`, protocol 0's way to make an instance: its arguments.
    fn reconstructor(&self) -> Option<&'g [Id]> {
        let object = self.object()?;
        let Node::Global(index) = self.graph.node(object.callable) else { return None };
        let Node::Tuple(args) = self.graph.node(object.args) else { return None };
        (self.graph.called(index) == Called::Reconstructor).then(|| self.graph.items(args))
    }

    /// The class of an instance, or the function whose call it stands for.
    pub fn class(&self) -> Option<Name<'g>> {
        let callable = match self.reconstructor() {
            Some(args) => *args.first()?,
            None => self.object()?.callable,
        };
        match self.graph.node(callable) {
            Node::Global(index) => Some(self.graph.name(index)),
            _ => None,
        }
    }

    /// Positional arguments of the call that an object stands for.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when this is no object.
    pub fn args(&self) -> Result<Vec<Obj<'g>>> {
        let object = self.object().ok_or_else(|| self.expected("an object"))?;
        if let Some(parts) = self.reconstructor() {
            // `_reconstructor(cls, tuple, (…))` is how protocols 0 and 1 spell a named tuple.
            let [_, base, content] = parts else { return Ok(Vec::new()) };
            let base = Obj::bare(self.graph, *base).global();
            let tuple =
                base.is_some_and(|name| matches!(name.module, "builtins" | "__builtin__") && name.name == "tuple");
            return match self.graph.node(*content) {
                Node::Tuple(items) if tuple => Ok(self.children(items)),
                _ => Ok(Vec::new()),
            };
        }
        match self.graph.node(object.args) {
            Node::Tuple(items) => Ok(self.children(items)),
            _ => Ok(Vec::new()),
        }
    }

    /// Keyword arguments of the call, if the stream spelled any.
    pub fn kwargs(&self) -> Option<Obj<'g>> {
        self.object()?.kwargs.map(|id| self.child(id, Label::Same))
    }

    /// The state that the stream sets on an object.
    pub fn state(&self) -> Option<Obj<'g>> {
        self.object()?.state.map(|id| self.child(id, Label::Same))
    }

    /// Attributes of an instance: its state, a dict (or `(dict, dict)` where slots are used).
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when the state is no dict of names.
    pub fn fields(&self) -> Result<Fields<'g>> {
        let none: [&'g [[Id; 2]]; 2] = [&[]; 2];
        let Some(state) = self.state() else { return Ok(Fields { of: self.clone(), pairs: none }) };
        let dicts = match state.node() {
            Node::Tuple(items) if self.graph.items(items).len() == 2 => self.graph.items(items),
            _ => &[state.id],
        };
        let mut pairs = none;
        for (&id, pairs) in dicts.iter().zip(&mut pairs) {
            *pairs = match self.graph.node(id) {
                Node::None => &[],
                Node::Dict(items) => self.graph.items(items).as_chunks::<2>().0,
                _ => return Err(state.expected("a dict of attributes")),
            };
            let is_text = |key: Id| match self.graph.node(key) {
                Node::Str(_) | Node::Str2(_) => true,
                _ => Obj::bare(self.graph, key).str().is_ok(),
            };
            if !pairs.iter().all(|&[key, _]| is_text(key)) {
                return Err(state.expected("attributes with names"));
            }
        }
        Ok(Fields { of: self.clone(), pairs })
    }

    /// One attribute of an instance.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] when there is none of this name.
    pub fn field(&self, name: &str) -> Result<Obj<'g>> {
        let field = self.fields()?.get(name);
        field.ok_or_else(|| self.error(ErrorKind::Missing, format_args!("no attribute '{name}'")))
    }

    // Containers

    fn children(&self, items: Items) -> Vec<Obj<'g>> {
        self.graph.items(items).iter().enumerate().map(|(i, &id)| self.child(id, Label::Index(i))).collect()
    }

    /// Elements of a list, tuple, set, of a 1-d object array, or of an object that elements were appended to.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when this is none of these.
    pub fn items(&self) -> Result<Vec<Obj<'g>>> {
        let ids = self.item_ids()?;
        self.charge(64 * ids.len() as u64)?;
        Ok(ids.iter().enumerate().map(|(i, &id)| self.child(id, Label::Index(i))).collect())
    }

    fn item_ids(&self) -> Result<Cow<'g, [Id]>> {
        match self.node() {
            Node::List(items) | Node::Tuple(items) | Node::Set(items) | Node::FrozenSet(items) => {
                Ok(Cow::Borrowed(self.graph.items(items)))
            }
            Node::Object(_) => {
                if let Some(name) = self.class() {
                    // Sets of protocols below 4, and the `set` and `frozenset` of Python 2.
                    let builtin = matches!(name.module, "builtins" | "__builtin__");
                    if builtin && matches!(name.name, "set" | "frozenset" | "list" | "tuple") {
                        return match self.args()?.as_slice() {
                            [] => Ok(Cow::Borrowed(&[])),
                            [only] => match only.node() {
                                Node::List(items) | Node::Tuple(items) => Ok(Cow::Borrowed(self.graph.items(items))),
                                _ => Err(self.expected("a list of elements")),
                            },
                            _ => Err(self.expected("a list of elements")),
                        };
                    }
                }
                let array = self.array().ok().filter(|array| array.shape().len() == 1 && array.dtype().is_object());
                if let Some(array) = array {
                    return Ok(Cow::Owned(array.objects()?.iter().map(Obj::id).collect()));
                }
                let object = self.object().ok_or_else(|| self.expected("a list"))?;
                let items = self.graph.items(object.items);
                if items.is_empty() { Err(self.expected("a list")) } else { Ok(Cow::Borrowed(items)) }
            }
            _ => Err(self.expected("a list or tuple")),
        }
    }

    /// Keys and values of a dict, or of an instance of a subclass of dict. Of equal keys the last value counts, as in Python.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when this is no dict.
    pub fn entries(&self) -> Result<Vec<(Obj<'g>, Obj<'g>)>> {
        let pairs: Vec<Id> = match self.node() {
            Node::Dict(items) => self.graph.items(items).to_vec(),
            Node::Object(index) => {
                let object = self.graph.objects[index as usize];
                let mut pairs = Vec::new();
                // Python 2 wrote `OrderedDict` as a call with a list of pairs.
                if let Some(list) = self.args()?.first().filter(|list| matches!(list.kind(), Kind::List | Kind::Dict)) {
                    if list.kind() == Kind::Dict {
                        return list.entries();
                    }
                    for pair in list.items()? {
                        pairs.extend_from_slice(&pair.item_ids()?);
                    }
                }
                pairs.extend_from_slice(self.graph.items(object.pairs));
                pairs
            }
            _ => return Err(self.expected("a dict")),
        };
        if !pairs.len().is_multiple_of(2) {
            return Err(self.expected("a dict"));
        }
        self.charge(128 * pairs.len() as u64 / 2)?;
        let mut entries: Vec<(Obj<'g>, Obj<'g>)> = Vec::with_capacity(pairs.len() / 2);
        let mut seen: HashMap<Key<'g>, usize> = HashMap::with_capacity(pairs.len() / 2);
        for pair in pairs.chunks_exact(2) {
            let key = Obj { parent: self.parent, depth: self.depth, ..Obj::new(self.graph, pair[0], self.label) };
            let value = self.child(pair[1], Label::Entry(pair[0]));
            // 1, 1.0 and True are one key.
            let same = match key.node() {
                Node::Str(_) | Node::Str2(_) => Some(Key::Text(key.str()?)),
                Node::Int(n) => Some(Key::Int(n)),
                Node::Bool(b) => Some(Key::Int(b.into())),
                Node::Float(x) if x as i64 as f64 == x && x.abs() < 2f64.powi(63) => Some(Key::Int(x as i64)),
                Node::None => Some(Key::None),
                _ => None,
            };
            if let Some(same) = same {
                if let Some(&at) = seen.get(&same) {
                    entries[at].1 = value;
                    continue;
                }
                seen.insert(same, entries.len());
            }
            entries.push((key, value));
        }
        Ok(entries)
    }

    /// The entries of a dict whose keys are all text and whose values are all integers, Python's or numpy's, as they were written: a key
    /// that was written twice is there twice. `None` of anything else. Vocabularies are such: no path is made for each of their words.
    ///
    /// ```
    /// let graph = skpickle::load(b"}(U\x01aK\x01U\x01bK\x02u.".to_vec(), &Default::default())?;
    /// assert_eq!(graph.root().text_to_ints()?, Some(vec![("a", 1), ("b", 2)]));
    /// # Ok::<(), skpickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when the list is not paid for.
    pub fn text_to_ints(&self) -> Result<Option<Vec<(&'g str, i64)>>> {
        let Node::Dict(items) = self.node() else { return Ok(None) };
        let (pairs, rest) = self.graph.items(items).as_chunks::<2>();
        self.charge(size_of::<(&str, i64)>() as u64 * pairs.len() as u64)?;
        // The numpy scalar that was read last, by what it calls and its type: most are like the one before.
        let mut last: Option<([Id; 2], Dtype)> = None;
        let mut entry = |&[key, value]: &[Id; 2]| {
            let (Node::Str(text) | Node::Str2(text)) = self.graph.node(key) else { return None };
            let int = match self.graph.node(value) {
                Node::Int(int) => int,
                _ => Obj::bare(self.graph, value).int_like(&mut last)?,
            };
            Some((std::str::from_utf8(self.graph.bytes(text)).ok()?, int))
        };
        let mut entries = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let Some(entry) = entry(pair) else { return Ok(None) };
            entries.push(entry);
        }
        Ok(Some(entries).filter(|_| rest.is_empty()))
    }

    /// The value that a dict holds under a text key.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] when there is none.
    pub fn entry(&self, key: &str) -> Result<Obj<'g>> {
        let pairs = match self.node() {
            Node::Dict(items) => self.graph.items(items),
            Node::Object(index) => self.graph.items(self.graph.objects[index as usize].pairs),
            _ => return Err(self.expected("a dict")),
        };
        for pair in pairs.chunks_exact(2).rev() {
            if matches!(self.graph.node(pair[0]), Node::Str(_) | Node::Str2(_))
                && Obj::bare(self.graph, pair[0]).str().is_ok_and(|text| text == key)
            {
                return Ok(self.child(pair[1], Label::Entry(pair[0])));
            }
        }
        Err(self.error(ErrorKind::Missing, format_args!("no entry '{}'", printable(key))))
    }

    // Plain values

    /// Text. A `str` of Python 2 counts when it is UTF-8 (latin-1 otherwise).
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when this is no text.
    pub fn str(&self) -> Result<Cow<'g, str>> {
        match self.node() {
            Node::Str(bytes) => text::check_utf8(self.graph.bytes(bytes)).map(Cow::Borrowed),
            Node::Str2(bytes) => {
                let raw = self.graph.bytes(bytes);
                Ok(match std::str::from_utf8(raw) {
                    Ok(text) => Cow::Borrowed(text),
                    Err(_) => Cow::Owned(raw.iter().map(|&b| char::from(b)).collect()),
                })
            }
            Node::Object(_) => match self.nested(|| numpy::scalar_from_obj(self)) {
                Ok(Scalar::Str(text)) => Ok(Cow::Owned(text)),
                _ => Err(self.expected("text")),
            },
            _ => Err(self.expected("text")),
        }
    }

    /// Bytes: also a `str` of Python 2.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when this is something else.
    pub fn bytes(&self) -> Result<Cow<'g, [u8]>> {
        match self.node() {
            Node::Bytes(bytes) | Node::ByteArray(bytes) | Node::Str2(bytes) => self.graph.read(bytes),
            // Bytes that a Python 2 pickle's reader re-wrote as text.
            Node::Str(_) => latin1(&self.str()?).map(Cow::Owned).ok_or_else(|| self.expected("bytes")),
            _ => Err(self.expected("bytes")),
        }
    }

    /// The bytes of an array, kept where they stand if they stand in the stream.
    pub(crate) fn byte_span(&self) -> Result<Bytes> {
        match self.node() {
            Node::Bytes(bytes) | Node::ByteArray(bytes) | Node::Str2(bytes) | Node::Str(bytes)
                if !matches!(self.node(), Node::Str(_)) || self.graph.bytes(bytes).is_ascii() =>
            {
                Ok(bytes)
            }
            _ => Err(self.expected("bytes")),
        }
    }

    pub(crate) fn number(&self) -> Result<Scalar> {
        match self.node() {
            Node::Bool(b) => Ok(Scalar::Bool(b)),
            Node::Int(n) => Ok(Scalar::Int(n)),
            Node::Long(bytes) => Ok(Scalar::Float(text::long_to_f64(self.graph.bytes(bytes)))),
            Node::Float(x) => Ok(Scalar::Float(x)),
            _ => Err(self.expected("a number")),
        }
    }

    /// An integer too large for 64 bits, as little-endian two's complement; any integer counts.
    pub fn big_int(&self) -> Option<Cow<'g, [u8]>> {
        match self.node() {
            Node::Int(n) => Some(Cow::Owned(n.to_le_bytes().to_vec())),
            Node::Long(bytes) => Some(Cow::Borrowed(self.graph.bytes(bytes))),
            _ => None,
        }
    }

    /// An array.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when this is none, or one whose parts disagree.
    pub fn array(&self) -> Result<Array<'g>> {
        self.nested(|| numpy::array_from_obj(self))
    }

    /// The dtype that this object is. A model has few, which its arrays and scalars share: each is read once.
    pub(crate) fn dtype(&self, read: impl FnOnce() -> Result<Dtype>) -> Result<Dtype> {
        /// So many are remembered.
        const FEW: usize = 8;
        if let Some(dtype) = self.known_dtype(Dtype::clone) {
            return Ok(dtype);
        }
        let (of, dtype) = (self.dtype_key(), read()?);
        let mut dtypes = self.graph.dtypes();
        if dtypes.len() == FEW {
            dtypes.pop_front();
        }
        dtypes.push_back(KnownDtype { of, dtype: dtype.clone() });
        Ok(dtype)
    }

    /// What tells a dtype that was read from another: the object, and the state that it had.
    fn dtype_key(&self) -> (Id, Option<Id>) {
        (self.id, self.object().and_then(|object| object.state))
    }

    /// What `read` makes of the dtype, if it was read before.
    #[inline(always)]
    fn known_dtype<T>(&self, read: impl FnOnce(&Dtype) -> T) -> Option<T> {
        let of = self.dtype_key();
        self.graph.dtypes().iter().find(|known| known.of == of).map(|known| read(&known.dtype))
    }

    /// What `read` makes of a numpy scalar's dtype and bytes, if the dtype was read before. A vocabulary has one for each of its words: no
    /// path to the parts is made.
    pub(crate) fn known_scalar<T>(&self, read: impl FnOnce(&Dtype, &'g [u8]) -> T) -> Option<T> {
        let ([_, dtype], bytes) = self.scalar_parts()?;
        Obj::bare(self.graph, dtype).known_dtype(|dtype| read(dtype, bytes))
    }

    /// An integer, read at once if it is a numpy scalar like the last one.
    fn int_like(&self, last: &mut Option<([Id; 2], Dtype)>) -> Option<i64> {
        let parts = self.scalar_parts();
        if let (Some((of, bytes)), Some((same, dtype))) = (parts, &*last)
            && of == *same
            && bytes.len() == dtype.size
        {
            return numpy::decode_scalar(dtype, bytes).ok()?.as_i64();
        }
        let int = self.get().ok()?;
        let known = |of: [Id; 2]| Some((of, Obj::bare(self.graph, of[1]).known_dtype(Dtype::clone)?));
        *last = parts.and_then(|(of, _)| known(of)).filter(|(_, dtype)| !dtype.is_object());
        Some(int)
    }

    /// What would be called with a dtype and bytes, that dtype, and the bytes.
    #[inline]
    fn scalar_parts(&self) -> Option<([Id; 2], &'g [u8])> {
        let Node::Object(index) = self.node() else { return None };
        let object = &self.graph.objects[index as usize];
        let Node::Tuple(items) = self.graph.node(object.args) else { return None };
        let &[dtype, value] = self.graph.items(items) else { return None };
        let Node::Bytes(bytes) = self.graph.node(value) else { return None };
        Some(([object.callable, dtype], self.graph.bytes_at_hand(bytes)?))
    }

    /// A number out of a scalar, or the refusal: of what it is, or of what it costs.
    fn number_of<T>(&self, number: impl FnOnce(Scalar) -> Option<T>, wanted: &str) -> Result<T> {
        match self.get::<Scalar>() {
            Err(e) if e.kind() == ErrorKind::Limit => Err(e),
            scalar => scalar.ok().and_then(number).ok_or_else(|| self.expected(wanted)),
        }
    }

    /// Reads an array or scalar. Its shape, its type and their parts may be objects that are read in the same way, and in a
    /// crafted file they lead back to the object itself.
    #[inline(always)]
    pub(crate) fn nested<T>(&self, read: impl FnOnce() -> Result<T>) -> Result<T> {
        /// numpy writes a scalar in the shape of an array at most.
        const DEEPEST: u32 = 8;
        thread_local! {
            /// How many arrays and scalars are being read, each for the sake of the one before it.
            static READING: Cell<u32> = const { Cell::new(0) };
        }
        if READING.get() >= DEEPEST {
            return Err(self.error(
                ErrorKind::Limit,
                format_args!("arrays and scalars that are made of one another, more than {DEEPEST} deep"),
            ));
        }
        READING.set(READING.get() + 1);
        let result = read();
        READING.set(READING.get() - 1);
        result
    }
}

impl fmt::Debug for Obj<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path(), self.describe())
    }
}

fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

/// A type that can read itself from a value of the graph.
pub trait FromObj<'g>: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when the value is something else.
    fn from_obj(obj: &Obj<'g>) -> Result<Self>;
}

impl<'g> FromObj<'g> for Obj<'g> {
    fn from_obj(obj: &Obj<'g>) -> Result<Self> {
        Ok(obj.clone())
    }
}

impl<'g> FromObj<'g> for Scalar {
    fn from_obj(obj: &Obj<'g>) -> Result<Self> {
        obj.nested(|| numpy::scalar_from_obj(obj))
    }
}

impl<'g> FromObj<'g> for f64 {
    fn from_obj(obj: &Obj<'g>) -> Result<Self> {
        obj.number_of(|value| value.as_f64(), "a number")
    }
}

impl<'g> FromObj<'g> for i64 {
    fn from_obj(obj: &Obj<'g>) -> Result<Self> {
        obj.number_of(|value| value.as_i64(), "an integer")
    }
}

impl<'g> FromObj<'g> for usize {
    fn from_obj(obj: &Obj<'g>) -> Result<Self> {
        usize::try_from(obj.get::<i64>()?).map_err(|_| obj.expected("an integer that is not negative"))
    }
}

impl<'g> FromObj<'g> for bool {
    /// `True`, `False`, and what numpy and the oldest protocols write for them (1 and 0).
    fn from_obj(obj: &Obj<'g>) -> Result<Self> {
        match obj.get::<Scalar>().ok().and_then(|value| value.as_i64()) {
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            _ => Err(obj.expected("True or False")),
        }
    }
}

impl<'g> FromObj<'g> for String {
    fn from_obj(obj: &Obj<'g>) -> Result<Self> {
        obj.str().map(Cow::into_owned)
    }
}

impl<'g, T: FromObj<'g>> FromObj<'g> for Option<T> {
    fn from_obj(obj: &Obj<'g>) -> Result<Self> {
        if obj.is_none() { Ok(None) } else { obj.get().map(Some) }
    }
}

impl<'g, T: FromObj<'g>> FromObj<'g> for Vec<T> {
    fn from_obj(obj: &Obj<'g>) -> Result<Self> {
        obj.items()?.iter().map(Obj::get).collect()
    }
}

impl<'g> FromObj<'g> for Array<'g> {
    fn from_obj(obj: &Obj<'g>) -> Result<Self> {
        obj.array()
    }
}

impl<'g> FromObj<'g> for Shared<f64> {
    fn from_obj(obj: &Obj<'g>) -> Result<Self> {
        match obj.kind() {
            Kind::List | Kind::Tuple => obj.get::<Vec<f64>>().map(Shared::from),
            _ => obj.array()?.f64s(),
        }
    }
}

impl<'g> FromObj<'g> for Shared<i64> {
    fn from_obj(obj: &Obj<'g>) -> Result<Self> {
        match obj.kind() {
            Kind::List | Kind::Tuple => obj.get::<Vec<i64>>().map(Shared::from),
            _ => obj.array()?.i64s(),
        }
    }
}

impl Obj<'_> {
    /// Whether this is a scipy sparse matrix.
    pub fn is_sparse(&self) -> bool {
        crate::scipy::format_of(self).is_some()
    }
}

impl Obj<'_> {
    /// Pays for `bytes` of memory that this value is about to cost; see [`Graph::charge`].
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when [`Limits::built_bytes`](crate::Limits::built_bytes) is used up.
    pub fn charge(&self, bytes: u64) -> Result<()> {
        self.graph.charge(bytes).map_err(|e| e.on_path(self.path()).at(self.offset()))
    }
}
