//! Arrays: `_reconstruct` with its state, and those whose bytes joblib wrote beside the pickle.

use bytemuck::Pod;

use crate::{
    error::{Error, ErrorKind, Result},
    graph::{Bytes, Graph, Id, Node},
    numpy::{Dtype, Scalar, Shared, is_multiarray},
    obj::{Label, Obj},
};

/// An integer of either byte order.
macro_rules! int {
    ($t:ty, $raw:expr, $big_endian:expr) => {{
        let mut bytes = [0; size_of::<$t>()];
        bytes.copy_from_slice($raw);
        if $big_endian { <$t>::from_be_bytes(bytes) } else { <$t>::from_le_bytes(bytes) }
    }};
}

/// An array whose bytes stand outside the pickle proper, or whose elements are nodes.
#[derive(Debug, Clone)]
pub(crate) struct ArrayData {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    /// Whether the first index runs fastest.
    pub(crate) fortran: bool,
    pub(crate) data: Data,
}

#[derive(Debug, Clone)]
pub(crate) enum Data {
    Bytes(Bytes),
    Objects(Vec<Id>),
}

/// An array of a stream, any dtype and rank.
///
/// Conversions give elements in C order (last index fastest), whatever the order in the file.
#[derive(Clone)]
pub struct Array<'g> {
    obj: Obj<'g>,
    graph: &'g Graph,
    array: ArrayData,
}

/// Number of elements; `None` when it does not fit the machine.
pub(crate) fn len_of(shape: &[usize]) -> Option<usize> {
    // A zero makes the array empty, but the other extents must still be representable.
    shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d.max(1)))?;
    Some(shape.iter().product())
}

impl<'g> Array<'g> {
    /// Element type.
    pub fn dtype(&self) -> &Dtype {
        &self.array.dtype
    }

    /// Extents, one a dimension.
    pub fn shape(&self) -> &[usize] {
        &self.array.shape
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.array.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn fault(&self, message: String) -> Error {
        self.obj.error(ErrorKind::Value, message)
    }

    fn raw(&self) -> Result<Shared<u8>> {
        match self.array.data {
            Data::Bytes(bytes) => {
                let (piece, start) = self.graph.piece(bytes).map_err(|e| self.place(e))?;
                Ok(Shared::view(&piece, start, bytes.len as usize).unwrap_or_default())
            }
            Data::Objects(_) => Err(self.fault("an array of objects where numbers are expected".into())),
        }
    }

    /// Elements as doubles: bools, integers and floats of any size and byte order.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] for any other dtype, [`ErrorKind::Limit`] when a copy is needed that is not paid for.
    pub fn f64s(&self) -> Result<Shared<f64>> {
        self.graph.count_read(self.len());
        if matches!(self.array.data, Data::Objects(_)) {
            let values = self.scalars()?;
            let numbers: Option<Vec<f64>> = values.iter().map(Scalar::as_f64).collect();
            return numbers
                .map(Shared::from)
                .ok_or_else(|| self.fault("an array of objects that are not all numbers".into()));
        }
        let d = &self.array.dtype;
        if d.kind == b'f'
            && d.size == 8
            && !d.big_endian
            && self.in_c_order()
            && let Some(view) = self.view()?
        {
            return Ok(view);
        }
        let fail = || self.fault(format!("an array of dtype {}, expected numbers", d.name()));
        macro_rules! ints {
            ($t:ty) => {
                self.decode(|raw| int!($t, raw, d.big_endian) as f64)
            };
        }
        match (d.kind, d.size) {
            (b'f', 8) => self.decode(|raw| f64_at(raw, d.big_endian)),
            (b'f', _) => self.decode(|raw| float_at(raw, d.size, d.big_endian)),
            (b'b', 1) => self.decode(|raw| f64::from(u8::from(raw[0] != 0))),
            (b'i', 1) => ints!(i8),
            (b'i', 2) => ints!(i16),
            (b'i', 4) => ints!(i32),
            (b'i', 8) => ints!(i64),
            (b'u', 1) => ints!(u8),
            (b'u', 2) => ints!(u16),
            (b'u', 4) => ints!(u32),
            (b'u', 8) => ints!(u64),
            _ => Err(fail()),
        }
    }

    /// Elements as 32-bit floats, of an array that holds such.
    ///
    /// # Errors
    /// As [`Array::f64s`].
    pub fn f32s(&self) -> Result<Shared<f32>> {
        self.graph.count_read(self.len());
        let d = &self.array.dtype;
        if d.is_f32() {
            if !d.big_endian
                && self.in_c_order()
                && let Some(view) = self.view()?
            {
                return Ok(view);
            }
            return self.decode(|raw| float_at(raw, 4, d.big_endian) as f32);
        }
        Err(self.fault(format!("an array of dtype {}, expected f4", d.name())))
    }

    /// Elements as integers: bools and integers of any size; floats and objects if they are whole.
    ///
    /// # Errors
    /// As [`Array::f64s`].
    pub fn i64s(&self) -> Result<Shared<i64>> {
        self.graph.count_read(self.len());
        let d = &self.array.dtype;
        if d.kind == b'i'
            && d.size == 8
            && !d.big_endian
            && self.in_c_order()
            && let Some(view) = self.view()?
        {
            return Ok(view);
        }
        macro_rules! ints {
            ($t:ty) => {
                self.decode(|raw| int!($t, raw, d.big_endian) as i64)
            };
        }
        match (d.kind, d.size) {
            (b'b', 1) => self.decode(|raw| i64::from(raw[0] != 0)),
            (b'i', 1) => ints!(i8),
            (b'i', 2) => ints!(i16),
            (b'i', 4) => ints!(i32),
            (b'i' | b'm' | b'M', 8) => ints!(i64),
            (b'u', 1) => ints!(u8),
            (b'u', 2) => ints!(u16),
            (b'u', 4) => ints!(u32),
            (b'u', 8) => {
                let values = self.decode(|raw| int!(u64, raw, d.big_endian))?;
                let small: std::result::Result<Vec<i64>, _> = values.iter().map(|&n| i64::try_from(n)).collect();
                small.map(Shared::from).map_err(|_| self.fault("an unsigned integer beyond 63 bits".into()))
            }
            (b'f' | b'O', _) => {
                let whole: Option<Vec<i64>> = self.scalars()?.iter().map(Scalar::as_i64).collect();
                whole.map(Shared::from).ok_or_else(|| self.fault("values that are not whole numbers".into()))
            }
            _ => Err(self.fault(format!("an array of dtype {}, expected integers", d.name()))),
        }
    }

    /// Elements as bools: of a bool array, or of objects or integers that are all 0 or 1.
    ///
    /// # Errors
    /// As [`Array::f64s`].
    pub fn bools(&self) -> Result<Vec<bool>> {
        let values = self.i64s()?;
        if let Some(other) = values.iter().find(|&&n| n != 0 && n != 1) {
            return Err(self.fault(format!("{other} where a bool is expected")));
        }
        Ok(values.iter().map(|&n| n != 0).collect())
    }

    /// Elements one by one, each as what it is: text, bytes, numbers, objects that are plain values.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] for records and for objects that are no plain values.
    pub fn scalars(&self) -> Result<Vec<Scalar>> {
        self.graph.count_read(self.len());
        match &self.array.data {
            Data::Objects(_) => self.objects()?.iter().map(Obj::get).collect(),
            Data::Bytes(_) => {
                let raw = self.raw()?;
                let dtype = &self.array.dtype;
                self.graph.charge_for::<Scalar>(self.len()).map_err(|e| self.place(e))?;
                if dtype.size == 0 {
                    // `S0` and `U0`: every element is empty.
                    return (0..self.len()).map(|_| decode_scalar(dtype, &[]).map_err(|e| self.place(e))).collect();
                }
                self.positions()
                    .map(|at| decode_scalar(dtype, &raw[at * dtype.size..][..dtype.size]).map_err(|e| self.place(e)))
                    .collect()
            }
        }
    }

    fn place(&self, error: Error) -> Error {
        error.on_path(self.obj.path()).at(self.obj.offset())
    }

    /// Elements of an object array.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when the array holds no objects.
    pub fn objects(&self) -> Result<Vec<Obj<'g>>> {
        match &self.array.data {
            Data::Objects(ids) => Ok(self.positions().map(|at| self.obj.child(ids[at], Label::Index(at))).collect()),
            Data::Bytes(_) => {
                Err(self.fault(format!("an array of dtype {}, expected objects", self.array.dtype.name())))
            }
        }
    }

    /// One field of a record array, as an array of its own (one more dimension when the field is a sub-array).
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] when there is no such field.
    pub fn column(&self, name: &str) -> Result<Column<'g>> {
        let field =
            self.array.dtype.fields.iter().find(|field| field.name == name).ok_or_else(|| {
                self.obj.error(ErrorKind::Missing, format_args!("the records have no field '{name}'"))
            })?;
        if field.len != 1 {
            return Err(self.fault(format!("field '{name}' is a sub-array")));
        }
        Ok(Column {
            raw: self.raw()?,
            stride: self.array.dtype.size,
            offset: field.offset,
            dtype: field.dtype.clone(),
            len: self.len(),
            at: self.obj.clone(),
        })
    }

    /// The bytes of the records, if these fields stand in each at these places, as numbers of this kind and size in little-endian order:
    /// so they can be read without a copy of each column. Their values count as read.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when they were left in the file and cannot be read.
    pub fn records(&self, fields: &[(&str, usize, (u8, usize))]) -> Result<Option<Shared<u8>>> {
        let stands = |&(name, offset, (kind, size)): &(&str, usize, (u8, usize))| {
            self.array.dtype.fields.iter().any(|field| {
                let dtype = &field.dtype;
                field.name == name
                    && (field.offset, field.len) == (offset, 1)
                    && (dtype.kind, dtype.size, dtype.big_endian && size > 1) == (kind, size, false)
            })
        };
        if !fields.iter().all(stands) {
            return Ok(None);
        }
        self.graph.count_read(self.len().saturating_mul(fields.len()));
        self.raw().map(Some)
    }

    /// Whether records have this field.
    pub fn has_column(&self, name: &str) -> bool {
        self.array.dtype.fields.iter().any(|field| field.name == name)
    }

    /// Bytes as they stand, in the file's order.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when the elements are objects.
    pub fn as_bytes(&self) -> Result<Shared<u8>> {
        self.raw()
    }

    fn in_c_order(&self) -> bool {
        !self.array.fortran || self.array.shape.iter().filter(|&&d| d != 1).count() <= 1
    }

    /// The elements where they stand, if they are aligned there.
    fn view<T: Pod>(&self) -> Result<Option<Shared<T>>> {
        let Data::Bytes(bytes) = self.array.data else { return Ok(None) };
        let (piece, start) = self.graph.piece(bytes).map_err(|e| self.place(e))?;
        Ok(Shared::view(&piece, start, self.len()))
    }

    /// Positions in the file of the elements in C order.
    fn positions(&self) -> Box<dyn Iterator<Item = usize> + '_> {
        let shape = &self.array.shape;
        if self.in_c_order() {
            return Box::new(0..self.len());
        }
        if let &[rows, columns] = shape.as_slice() {
            return Box::new((0..rows).flat_map(move |r| (0..columns).map(move |c| c * rows + r)));
        }
        let len = self.len();
        Box::new((0..len).map(move |mut index| {
            // Split the C index into coordinates from the last, and put them together again from the first.
            let mut at = 0;
            let mut stride = len;
            for &d in shape.iter().rev() {
                stride /= d;
                at += (index % d) * stride;
                index /= d;
            }
            at
        }))
    }

    fn decode<T>(&self, read: impl Fn(&[u8]) -> T) -> Result<Shared<T>> {
        let raw = self.raw()?;
        let size = self.array.dtype.size;
        self.graph.charge_for::<T>(self.len()).map_err(|e| self.place(e))?;
        let values: Vec<T> = if self.in_c_order() {
            raw.chunks_exact(size).take(self.len()).map(read).collect()
        } else {
            self.positions().map(|at| read(&raw[at * size..][..size])).collect()
        };
        Ok(Shared::from(values))
    }
}

/// One field of an array of records.
pub struct Column<'g> {
    raw: Shared<u8>,
    stride: usize,
    offset: usize,
    dtype: Dtype,
    len: usize,
    at: Obj<'g>,
}

impl Column<'_> {
    /// One value a record: `read` is given its bytes in the order of this machine, as many as the field has.
    fn each<const N: usize, T>(&self, read: impl Fn([u8; N]) -> T) -> Result<Vec<T>> {
        self.at.graph().count_read(self.len);
        let unpaid = |e: Error| e.on_path(self.at.path()).at(self.at.offset());
        self.at.graph().charge_for::<T>(self.len).map_err(unpaid)?;
        // A field lies within its record: where the first one begins, the others follow at equal distances.
        let fields = self.raw.get(self.offset..).unwrap_or_default().chunks(self.stride.max(1));
        let bytes = fields.map(|field| field.first_chunk().unwrap_or(&[0; N]));
        Ok(match self.dtype.big_endian == cfg!(target_endian = "big") {
            true => bytes.map(|&bytes| read(bytes)).collect(),
            false => bytes
                .map(|&(mut bytes)| {
                    bytes.reverse();
                    read(bytes)
                })
                .collect(),
        })
    }

    fn wrong(&self, expected: &str) -> Error {
        self.at.error(ErrorKind::Value, format_args!("a field of dtype {}, expected {expected}", self.dtype.name()))
    }

    /// Values as integers (bools count).
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when the field holds anything else.
    pub fn i64s(&self) -> Result<Vec<i64>> {
        match (self.dtype.kind, self.dtype.size) {
            (b'b', 1) => self.each(|[byte]| i64::from(byte != 0)),
            (b'i', 1) => self.each(|bytes| i8::from_ne_bytes(bytes).into()),
            (b'i', 2) => self.each(|bytes| i16::from_ne_bytes(bytes).into()),
            (b'i', 4) => self.each(|bytes| i32::from_ne_bytes(bytes).into()),
            (b'i', 8) => self.each(i64::from_ne_bytes),
            (b'u', 1) => self.each(|bytes| u8::from_ne_bytes(bytes).into()),
            (b'u', 2) => self.each(|bytes| u16::from_ne_bytes(bytes).into()),
            (b'u', 4) => self.each(|bytes| u32::from_ne_bytes(bytes).into()),
            (b'u', 8) => {
                let small: Option<Vec<i64>> =
                    self.each(u64::from_ne_bytes)?.into_iter().map(|n| i64::try_from(n).ok()).collect();
                small.ok_or_else(|| self.wrong("integers of 63 bits"))
            }
            _ => Err(self.wrong("integers")),
        }
    }

    /// Values as doubles.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] when the field holds no numbers.
    pub fn f64s(&self) -> Result<Vec<f64>> {
        match (self.dtype.kind, self.dtype.size) {
            (b'f', 8) => self.each(f64::from_ne_bytes),
            (b'f', 4) => self.each(|bytes| f32::from_ne_bytes(bytes).into()),
            (b'f', 2) => self.each(|bytes| half::f16::from_ne_bytes(bytes).into()),
            (b'f', 12) => self.each(|bytes: [u8; 12]| extended_at(&bytes)),
            (b'f', 16) => self.each(|bytes: [u8; 16]| extended_at(&bytes)),
            (b'u', 8) => self.each(|bytes| u64::from_ne_bytes(bytes) as f64),
            (b'b' | b'i' | b'u', _) => Ok(self.i64s()?.into_iter().map(|n| n as f64).collect()),
            _ => Err(self.wrong("numbers")),
        }
    }
}

fn f64_at(raw: &[u8], big_endian: bool) -> f64 {
    f64::from_bits(int!(u64, raw, big_endian))
}

/// A float of 2, 4, 8, 12 or 16 bytes.
fn float_at(raw: &[u8], size: usize, big_endian: bool) -> f64 {
    match size {
        2 => half::f16::from_bits(int!(u16, raw, big_endian)).to_f64(),
        4 => f32::from_bits(int!(u32, raw, big_endian)).into(),
        8 => f64_at(raw, big_endian),
        _ => extended_at(raw),
    }
}

/// x87's extended precision, as numpy's `longdouble` is on x86: 64 bits of mantissa, 15 of exponent, one of sign.
fn extended_at(raw: &[u8]) -> f64 {
    let mantissa = int!(u64, &raw[..8], false);
    let top = int!(u16, &raw[8..10], false);
    let sign = if top & 0x8000 != 0 { -1.0 } else { 1.0 };
    let exponent = i32::from(top & 0x7fff);
    let magnitude = match (exponent, mantissa << 1) {
        (0x7fff, 0) => f64::INFINITY,
        (0x7fff, _) => f64::NAN,
        // In two steps, since 2^e alone may overflow where the product does not.
        _ => mantissa as f64 * 2f64.powi((exponent - 16446) / 2) * 2f64.powi(exponent - 16446 - (exponent - 16446) / 2),
    };
    sign * magnitude
}

/// One element.
pub(crate) fn decode_scalar(dtype: &Dtype, raw: &[u8]) -> Result<Scalar> {
    let big = dtype.big_endian;
    Ok(match (dtype.kind, dtype.size) {
        (b'b', 1) => Scalar::Bool(raw[0] != 0),
        (b'i', 1) => Scalar::Int(int!(i8, raw, big).into()),
        (b'i', 2) => Scalar::Int(int!(i16, raw, big).into()),
        (b'i', 4) => Scalar::Int(int!(i32, raw, big).into()),
        (b'i', 8) => Scalar::Int(int!(i64, raw, big)),
        (b'u', 1) => Scalar::Int(int!(u8, raw, big).into()),
        (b'u', 2) => Scalar::Int(int!(u16, raw, big).into()),
        (b'u', 4) => Scalar::Int(int!(u32, raw, big).into()),
        (b'u', 8) => {
            let n = int!(u64, raw, big);
            i64::try_from(n).map_or(Scalar::Float(n as f64), Scalar::Int)
        }
        (b'f', 2 | 4) => Scalar::Float32(float_at(raw, dtype.size, big) as f32),
        (b'f', size @ (8 | 12 | 16)) => Scalar::Float(float_at(raw, size, big)),
        (b'M' | b'm', 8) => Scalar::Time(int!(i64, raw, big)),
        (b'S', _) => {
            let end = raw.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
            Scalar::Bytes(raw[..end].to_vec())
        }
        (b'U', _) => {
            let codes = raw.chunks_exact(4).map(|code| int!(u32, code, big));
            let mut text = String::new();
            for code in codes {
                text.push(char::from_u32(code).ok_or_else(|| {
                    Error::new(
                        ErrorKind::Value,
                        format_args!("the text of an array holds {code:#x}, which is no character"),
                    )
                })?);
            }
            text.truncate(text.trim_end_matches('\0').len());
            Scalar::Str(text)
        }
        _ => {
            return Err(Error::new(
                ErrorKind::Value,
                format_args!("an element of dtype {} is no plain value", dtype.name()),
            ));
        }
    })
}

/// Whether arrays may be of this class: `ndarray` and the subclasses that only add methods.
fn is_array_class(obj: &Obj<'_>) -> bool {
    obj.global().is_some_and(|name| {
        matches!(
            (name.module, name.name),
            ("numpy", "ndarray" | "matrix" | "memmap" | "recarray")
                | ("numpy.matrixlib.defmatrix" | "numpy.core.defmatrix" | "numpy.matrixlib", "matrix")
                | ("numpy.core.memmap" | "numpy._core.memmap", "memmap")
        )
    })
}

/// Reads an array node, or an array object of the stream.
pub(crate) fn from_obj<'g>(obj: &Obj<'g>) -> Result<Array<'g>> {
    let graph = obj.graph();
    if let Node::Array(index) = obj.node() {
        return Ok(Array { obj: obj.clone(), graph, array: graph.arrays[index as usize].clone() });
    }
    let expected = || obj.expected("an array");
    let name = obj.class().ok_or_else(expected)?;
    let args = obj.args()?;
    // numpy 2.? on protocol 5 writes contiguous arrays as `_frombuffer(bytes, dtype, shape, order)`.
    if name.name == "_frombuffer" && matches!(name.module, "numpy.core.numeric" | "numpy._core.numeric") {
        let [bytes, dtype, shape, order] = args.as_slice() else { return Err(expected()) };
        let dtype = Dtype::from_obj(dtype)?;
        let fortran = order.get::<String>()? == "F";
        return build(obj, dtype, self::shape(shape)?, fortran, bytes);
    }
    if name.is("dill._dill", "_create_array") || name.is("dill.dill", "_create_array") {
        // dill: `_create_array(_reconstruct, args, state, attributes)`.
        let [function, _, state, ..] = args.as_slice() else { return Err(expected()) };
        if !function.global().is_some_and(|name| is_multiarray(name, "_reconstruct")) {
            return Err(function.expected("numpy's _reconstruct"));
        }
        return from_state(obj, state);
    }
    if matches!(name.module, "numpy.ma.core" | "numpy.ma") && name.name == "_mareconstruct" {
        return masked(obj);
    }
    if !is_multiarray(name, "_reconstruct") {
        return Err(expected());
    }
    match args.first() {
        Some(class) if is_array_class(class) => {}
        Some(class) => return Err(class.expected("numpy.ndarray")),
        None => return Err(expected()),
    }
    let state = obj.state().ok_or_else(|| obj.expected("an array with its state"))?;
    from_state(obj, &state)
}

/// A masked array with nothing masked: `(version, shape, dtype, is Fortran, bytes, mask bytes, fill value)`.
fn masked<'g>(obj: &Obj<'g>) -> Result<Array<'g>> {
    let state = obj.state().ok_or_else(|| obj.expected("a masked array with its state"))?;
    let parts = state.items()?;
    let [_, shape, dtype, fortran, data, mask, ..] = parts.as_slice() else {
        return Err(state.expected("the state of a masked array, a tuple of 7"));
    };
    if mask.bytes()?.iter().any(|&b| b != 0) {
        return Err(mask.error(ErrorKind::Unsupported, "an array with masked elements, which have no value"));
    }
    build(obj, Dtype::from_obj(dtype)?, self::shape(shape)?, fortran.get()?, data)
}

/// `(version, shape, dtype, is Fortran, bytes or list)`, the first being absent in the oldest files.
fn from_state<'g>(obj: &Obj<'g>, state: &Obj<'g>) -> Result<Array<'g>> {
    let parts = state.items()?;
    let [shape, dtype, fortran, data] = (match parts.as_slice() {
        [_, rest @ ..] if parts.len() == 5 => rest,
        all => all,
    }) else {
        return Err(state.expected("the state of an array, a tuple of 5"));
    };
    let dtype = Dtype::from_obj(dtype)?;
    build(obj, dtype, self::shape(shape)?, fortran.get()?, data)
}

fn build<'g>(obj: &Obj<'g>, dtype: Dtype, shape: Vec<usize>, fortran: bool, data: &Obj<'g>) -> Result<Array<'g>> {
    let graph = obj.graph();
    check_shape(&shape, graph.limits().array_dims).map_err(|e| e.on_path(obj.path()).at(obj.offset()))?;
    let len = len_of(&shape).unwrap_or(usize::MAX);
    let wrong = |found: usize, unit: &str, wanted: Option<usize>| {
        let wanted = wanted.map_or("more than there is memory".to_owned(), |n| n.to_string());
        data.error(
            ErrorKind::Value,
            format_args!(
                "an array of shape {shape:?} and dtype {} has {found} {unit}, expected {wanted}",
                dtype.name()
            ),
        )
    };
    let data = if dtype.is_object() {
        let items = data.items()?;
        if items.len() != len {
            return Err(wrong(items.len(), "elements", Some(len)));
        }
        graph.charge_for::<Id>(len)?;
        Data::Objects(items.iter().map(Obj::id).collect())
    } else {
        let bytes = data.byte_span()?;
        let wanted = len.checked_mul(dtype.size);
        if wanted != Some(bytes.len as usize) {
            return Err(wrong(bytes.len as usize, "bytes", wanted));
        }
        Data::Bytes(bytes)
    };
    Ok(Array { obj: obj.clone(), graph, array: ArrayData { dtype, shape, fortran, data } })
}

/// The extents of an array.
pub(crate) fn shape(obj: &Obj<'_>) -> Result<Vec<usize>> {
    // Most are tuples of a few plain integers.
    if let Node::Tuple(items) = obj.node()
        && obj.graph().items(items).len() <= 4
    {
        let extent = |&id: &Id| match obj.graph().node(id) {
            Node::Int(n) => usize::try_from(n).ok(),
            _ => None,
        };
        if let Some(shape) = obj.graph().items(items).iter().map(extent).collect() {
            return Ok(shape);
        }
    }
    obj.get()
}

/// Refuses shapes that no array can have.
pub(crate) fn check_shape(shape: &[usize], max: usize) -> Result<()> {
    if shape.len() > max {
        return Err(Error::new(
            ErrorKind::Limit,
            format_args!("an array of {} dimensions (limit array_dims: {max})", shape.len()),
        ));
    }
    if len_of(shape).is_none() {
        return Err(Error::new(
            ErrorKind::Value,
            format_args!("an array of shape {shape:?} is larger than any memory"),
        ));
    }
    Ok(())
}

impl std::fmt::Debug for Array<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} array of shape {:?}", self.array.dtype.name(), self.array.shape)
    }
}
