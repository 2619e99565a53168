//! Arrays that joblib writes beside the pickle: raw bytes after a wrapper's `BUILD` (0.10 on), or `.npy` files (before).

use crate::{
    container,
    error::{Error, ErrorKind, Result, printable},
    graph::{Id, Node},
    machine::{Machine, quoted},
    numpy::{ArrayData, Dtype, array_check_shape, array_len_of, array_shape, npy},
    obj::Obj,
};

/// Where the side files of joblib <= 0.9 come from: given a bare file name, its content.
pub(crate) type SideFiles<'s> = dyn FnMut(&str) -> Result<Vec<u8>> + 's;

/// The wrapper classes, by the modules that joblib has kept them in.
enum Wrapper {
    Inline,
    SideFile,
    ZippedSideFile,
}

/// Called when an object has received its state: if it is one of joblib's wrappers, its array takes its place.
pub(crate) fn after_build(machine: &mut Machine<'_, '_, '_>, id: Id) -> Result<()> {
    let obj = Obj::bare(machine.graph, id);
    let wrapper = match obj.class() {
        Some(name) => match (name.module, name.name) {
            ("joblib.numpy_pickle" | "sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper") => Wrapper::Inline,
            (
                "joblib.numpy_pickle"
                | "sklearn.externals.joblib.numpy_pickle"
                | "joblib.numpy_pickle_compat"
                | "sklearn.externals.joblib.numpy_pickle_compat",
                "NDArrayWrapper",
            ) => Wrapper::SideFile,
            (
                "joblib.numpy_pickle"
                | "sklearn.externals.joblib.numpy_pickle"
                | "joblib.numpy_pickle_compat"
                | "sklearn.externals.joblib.numpy_pickle_compat",
                "ZNDArrayWrapper",
            ) => Wrapper::ZippedSideFile,
            _ => return Ok(()),
        },
        None => return Ok(()),
    };
    let node = match wrapper {
        Wrapper::Inline => inline(machine, id)?,
        Wrapper::SideFile => side_file(machine, id)?,
        Wrapper::ZippedSideFile => zipped_side_file(machine, id)?,
    };
    machine.graph.set_node(id, node);
    Ok(())
}

/// `NumpyArrayWrapper`: the array's bytes follow at once, after padding if the wrapper says so; an object array follows as a pickle of its own.
fn inline(machine: &mut Machine<'_, '_, '_>, id: Id) -> Result<Node> {
    let wrapper = Obj::bare(machine.graph, id);
    let fields = wrapper.fields()?;
    let field = |name| fields.get(name).map_or_else(|| wrapper.field(name), Ok);
    let dtype = Dtype::from_obj(&field("dtype")?)?;
    let shape = array_shape(&field("shape")?)?;
    let fortran = match &*field("order")?.str()? {
        "C" => false,
        "F" => true,
        other => {
            return Err(wrapper.error(ErrorKind::Value, format_args!("array order {}, expected C or F", quoted(other))));
        }
    };
    array_check_shape(&shape, machine.graph.limits().array_dims)?;
    if dtype.is_object() {
        let root = machine.nested()?;
        return Ok(machine.graph.node(root));
    }
    // Absent before joblib 1.2; None where the writer could not tell its position.
    let alignment = match fields.get("numpy_array_alignment_bytes") {
        Some(value) => value.get::<Option<i64>>()?,
        None => None,
    };
    if let Some(alignment) = alignment {
        let padding = machine.reader.byte()?;
        if !(1..=255).contains(&alignment) || i64::from(padding) > alignment {
            return Err(Error::new(
                ErrorKind::Malformed,
                format_args!("array padding of {padding} bytes for an alignment of {alignment}"),
            ));
        }
        machine.reader.take(padding.into())?;
    }
    let len = array_len_of(&shape).and_then(|len| len.checked_mul(dtype.size));
    let len = len.ok_or_else(|| {
        Error::new(ErrorKind::Value, format_args!("an array of shape {shape:?} is larger than any memory"))
    })?;
    let bytes = machine.reader.pass(len as u64)?;
    let data = crate::numpy::Data::Bytes(bytes);
    Ok(Node::Array(machine.graph.add_array(ArrayData { dtype, shape, fortran, data })))
}

fn file_name(wrapper: &Obj<'_>) -> Result<String> {
    let name: String = wrapper.field("filename")?.get()?;
    // Only a file beside the model: no folders, no drive, nothing hidden behind dots.
    let bare = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', ':', '\0']);
    if bare {
        return Ok(name);
    }
    Err(wrapper.error(
        ErrorKind::Unsupported,
        format_args!(
            "the array is kept in the file {}; only a bare file name in the model's own folder is followed",
            quoted(&name)
        ),
    ))
}

/// `NDArrayWrapper` of joblib <= 0.9: the array is an `.npy` file.
fn side_file(machine: &mut Machine<'_, '_, '_>, id: Id) -> Result<Node> {
    let name = file_name(&Obj::bare(machine.graph, id))?;
    let content = (machine.side_files)(&name)?;
    let in_file = |e: Error| Error::new(e.kind(), format_args!("side file '{}': {e}", printable(&name)));
    let (dtype, shape, fortran, start) = npy::header(&content, machine.graph.limits()).map_err(in_file)?;
    if dtype.is_object() {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format_args!("side file '{}' holds an array of Python objects", printable(&name)),
        ));
    }
    let len = array_len_of(&shape).and_then(|len| len.checked_mul(dtype.size)).unwrap_or(usize::MAX);
    if content.len() - start < len || u32::try_from(content.len()).is_err() {
        return Err(Error::new(
            ErrorKind::Truncated,
            format_args!(
                "side file '{}' holds {} bytes of array, expected {len}",
                printable(&name),
                content.len() - start
            ),
        ));
    }
    let piece = machine.graph.add_piece(content.into())?;
    let bytes = crate::graph::Bytes { piece, start: start as u32, len: len as u32 };
    let data = crate::numpy::Data::Bytes(bytes);
    Ok(Node::Array(machine.graph.add_array(ArrayData { dtype, shape, fortran, data })))
}

/// `ZNDArrayWrapper`: the state of the array without its bytes, which a compressed file holds.
fn zipped_side_file(machine: &mut Machine<'_, '_, '_>, id: Id) -> Result<Node> {
    let wrapper = Obj::bare(machine.graph, id);
    let name = file_name(&wrapper)?;
    let state = wrapper.field("state")?.items()?;
    let [.., shape, dtype, fortran] = state.as_slice() else {
        return Err(wrapper.expected("the state of an array without its bytes"));
    };
    let (shape, fortran): (Vec<usize>, bool) = (shape.get()?, fortran.get()?);
    let dtype = Dtype::from_obj(dtype)?;
    array_check_shape(&shape, machine.graph.limits().array_dims)?;
    let content = (machine.side_files)(&name)?;
    let content = container::open_side_file(&content, machine.graph.limits())
        .map_err(|e| Error::new(e.kind(), format_args!("side file '{}': {e}", printable(&name))))?;
    let len = array_len_of(&shape).and_then(|len| len.checked_mul(dtype.size)).unwrap_or(usize::MAX);
    if dtype.is_object() || content.len() != len || u32::try_from(len).is_err() {
        return Err(Error::new(
            ErrorKind::Value,
            format_args!("side file '{}' holds {} bytes of array, expected {len}", printable(&name), content.len()),
        ));
    }
    let piece = machine.graph.add_piece(content)?;
    let data = crate::numpy::Data::Bytes(crate::graph::Bytes { piece, start: 0, len: len as u32 });
    Ok(Node::Array(machine.graph.add_array(ArrayData { dtype, shape, fortran, data })))
}
