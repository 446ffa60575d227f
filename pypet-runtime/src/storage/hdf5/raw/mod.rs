//! Calls of the C library that its Rust bindings do not offer, each with the reason why it is sound.
//!
//! All of them run under the lock of the bindings, and all take typed handles, so that an identifier is valid
//! for as long as the call lasts.

#![expect(unsafe_code, reason = "foreign functions; the only such module of pypet")]

mod small;
#[cfg(feature = "bundled-hdf5")]
pub(super) mod vfd;

pub(super) use small::{has_attribute, new_compact_dataset, new_text_attribute, read_text_attribute};

use std::ffi::{CString, c_char, c_int, c_uint, c_void};
use std::ops::Range;

use hdf5::types::{VarLenAscii, VarLenUnicode};
use hdf5::{Dataset, Dataspace, Datatype, Group, Hyperslab, SliceOrIndex};
use hdf5_sys::h5::{herr_t, hsize_t, htri_t};
use hdf5_sys::h5d::{H5Dread, H5Dread_chunk, H5Dset_extent, H5Dwrite, H5Dwrite_chunk};
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::H5P_DEFAULT;

use super::text::{escaped, unescaped};
use crate::value::{Cells, ElementType, Stretch};

#[cfg_attr(feature = "bundled-hdf5", link(name = "hdf5_hl", kind = "static"))]
#[cfg_attr(not(feature = "bundled-hdf5"), link(name = "hdf5_hl"))]
unsafe extern "C" {
    fn H5DSset_scale(dataset: hid_t, name: *const c_char) -> herr_t;
    fn H5DSattach_scale(dataset: hid_t, scale: hid_t, dimension: c_uint) -> herr_t;
    fn H5DSis_attached(dataset: hid_t, scale: hid_t, dimension: c_uint) -> htri_t;
    fn H5DSdetach_scale(dataset: hid_t, scale: hid_t, dimension: c_uint) -> herr_t;
    fn H5DSiterate_scales(
        dataset: hid_t,
        dimension: c_uint,
        index: *mut c_int,
        visitor: Option<unsafe extern "C" fn(hid_t, c_uint, hid_t, *mut c_void) -> herr_t>,
        data: *mut c_void,
    ) -> herr_t;
}

// The bindings lack this one.
unsafe extern "C" {
    fn H5Dget_chunk_storage_size(dataset: hid_t, place: *const hsize_t, size: *mut hsize_t) -> herr_t;
}

/// The type of one element in memory; text is a pointer to a C string.
pub(super) fn memory_type(element: ElementType) -> hdf5::Result<Datatype> {
    match element {
        ElementType::Bool | ElementType::I8 => Datatype::from_type::<i8>(),
        ElementType::I16 => Datatype::from_type::<i16>(),
        ElementType::I32 => Datatype::from_type::<i32>(),
        ElementType::I64 => Datatype::from_type::<i64>(),
        ElementType::U8 => Datatype::from_type::<u8>(),
        ElementType::U16 => Datatype::from_type::<u16>(),
        ElementType::U32 => Datatype::from_type::<u32>(),
        ElementType::U64 => Datatype::from_type::<u64>(),
        ElementType::F32 => Datatype::from_type::<f32>(),
        ElementType::F64 => Datatype::from_type::<f64>(),
        ElementType::C32 | ElementType::C64 => Datatype::from_descriptor(&super::columns::file_type(element)),
        ElementType::Text => Datatype::from_type::<VarLenUnicode>(),
    }
}

/// Writes cells of one shape as consecutive rows of a dataset that has the row as its first dimension.
pub(super) fn write_rows(dataset: &Dataset, first: usize, cells: &Cells) -> hdf5::Result<()> {
    let shape = cells.common_shape().expect("rows of one dataset have one shape");
    let (memory, file) = row_spaces(dataset, first, cells.len(), shape)?;
    write(dataset, memory.id(), file.id(), cells)
}

/// Writes one cell as a whole dataset.
pub(super) fn write_value(dataset: &Dataset, cells: &Cells) -> hdf5::Result<()> {
    write(dataset, hdf5_sys::h5s::H5S_ALL, hdf5_sys::h5s::H5S_ALL, cells)
}

fn write(dataset: &Dataset, memory: hid_t, file: hid_t, cells: &Cells) -> hdf5::Result<()> {
    let memory_type = memory_type(cells.element())?;
    if cells.element() == ElementType::Text {
        let strings: Result<Vec<CString>, _> =
            cells.strings().map(|text| CString::new(escaped(text).into_owned())).collect();
        let strings = strings.map_err(|_| hdf5::Error::from("a text holds a NUL character"))?;
        let pointers: Vec<*const c_char> = strings.iter().map(|string| string.as_ptr()).collect();
        return write_bytes(dataset, &memory_type, memory, file, pointers.as_ptr().cast());
    }
    write_bytes(dataset, &memory_type, memory, file, cells.bytes().as_ptr().cast())
}

fn write_bytes(
    dataset: &Dataset,
    memory_type: &Datatype,
    memory: hid_t,
    file: hid_t,
    buffer: *const c_void,
) -> hdf5::Result<()> {
    // SAFETY: the callers' buffers hold one element of `memory_type` for each element that the memory space,
    // or the whole dataset, selects; they outlive the call, which only reads them.
    check(|| unsafe { H5Dwrite(dataset.id(), memory_type.id(), memory, file, H5P_DEFAULT, buffer) })
}

/// Reads consecutive rows of a dataset that has the row as its first dimension.
pub(super) fn read_rows(dataset: &Dataset, element: ElementType, first: usize, count: usize) -> hdf5::Result<Cells> {
    read_rows_of(dataset, element, &dataset.shape()[1..], first, count)
}

/// The same where the shape of a row is known.
pub(super) fn read_rows_of(
    dataset: &Dataset,
    element: ElementType,
    shape: &[usize],
    first: usize,
    count: usize,
) -> hdf5::Result<Cells> {
    if count == 0 || shape.contains(&0) {
        return Ok(empty(element, shape, count));
    }
    let (memory, file) = row_spaces(dataset, first, count, shape)?;
    let n_elements = count * shape.iter().product::<usize>();
    if element == ElementType::Text {
        return Ok(Cells::from_text(shape, count, read_text(dataset, memory.id(), file.id(), n_elements)?));
    }
    let bytes = read_bytes(dataset, element, memory.id(), file.id(), n_elements)?;
    Ok(Cells::from_bytes(element, shape, count, bytes))
}

/// Reads a whole dataset as one cell.
pub(super) fn read_value(dataset: &Dataset, element: ElementType) -> hdf5::Result<Cells> {
    let shape = dataset.shape();
    let n_elements: usize = shape.iter().product();
    if n_elements == 0 {
        return Ok(empty(element, &shape, 1));
    }
    let all = hdf5_sys::h5s::H5S_ALL;
    if element == ElementType::Text {
        return Ok(Cells::from_text(&shape, 1, read_text(dataset, all, all, n_elements)?));
    }
    Ok(Cells::from_bytes(element, &shape, 1, read_bytes(dataset, element, all, all, n_elements)?))
}

fn empty(element: ElementType, shape: &[usize], count: usize) -> Cells {
    let n_elements = count * shape.iter().product::<usize>();
    match element.size() {
        Some(size) => Cells::from_bytes(element, shape, count, vec![0; n_elements * size]),
        None => Cells::from_text(shape, count, vec![String::new(); n_elements]),
    }
}

fn read_bytes(
    dataset: &Dataset,
    element: ElementType,
    memory: hid_t,
    file: hid_t,
    n_elements: usize,
) -> hdf5::Result<Vec<u8>> {
    let memory_type = memory_type(element)?;
    let mut bytes = vec![0_u8; n_elements * memory_type.size()];
    let buffer = bytes.as_mut_ptr().cast();
    // SAFETY: the buffer has room for the elements that the memory space, or the whole dataset, selects.
    check(|| unsafe { H5Dread(dataset.id(), memory_type.id(), memory, file, H5P_DEFAULT, buffer) })?;
    Ok(bytes)
}

/// Reads consecutive rows of numbers into memory that has exactly their bytes.
///
/// # Panics
/// If it has another number of bytes.
pub(super) fn read_rows_into(
    dataset: &Dataset,
    element: ElementType,
    shape: &[usize],
    first: usize,
    room: &mut [u8],
) -> hdf5::Result<()> {
    let memory_type = memory_type(element)?;
    let row_bytes = shape.iter().product::<usize>() * memory_type.size();
    if room.is_empty() {
        return Ok(());
    }
    assert!(element != ElementType::Text && room.len().is_multiple_of(row_bytes), "room for whole rows of numbers");
    let (memory, file) = row_spaces(dataset, first, room.len() / row_bytes, shape)?;
    let buffer = room.as_mut_ptr().cast();
    // SAFETY: the memory space selects as many elements as the buffer has room for.
    check(|| unsafe { H5Dread(dataset.id(), memory_type.id(), memory.id(), file.id(), H5P_DEFAULT, buffer) })
}

/// Whether the elements of a dataset lie in the file as they do in memory.
pub(super) fn is_native(dataset: &Dataset, element: ElementType) -> hdf5::Result<bool> {
    Ok(element != ElementType::Text && dataset.dtype()? == memory_type(element)?)
}

/// The place of the chunk that begins with a row, where chunks hold whole rows.
fn chunk_place(dataset: &Dataset, first: usize) -> Vec<hsize_t> {
    std::iter::once(first as hsize_t).chain(std::iter::repeat_n(0, dataset.ndim() - 1)).collect()
}

/// The filtered bytes of the chunk that begins with a row, in memory that grows as needed; `None` if there is none, it
/// has more than `most` bytes, or a filter was left out.
pub(super) fn read_chunk<'a>(
    dataset: &Dataset,
    first: usize,
    most: usize,
    memory: &'a mut Vec<u8>,
) -> hdf5::Result<Option<&'a [u8]>> {
    let place = chunk_place(dataset, first);
    let (mut size, mut left_out) = (0, 0);
    // SAFETY: there is one number for each dimension, and the library puts a number behind the reference.
    check(|| unsafe { H5Dget_chunk_storage_size(dataset.id(), place.as_ptr(), &raw mut size) })?;
    let Some(size) = usize::try_from(size).ok().filter(|&size| (1..=most).contains(&size)) else { return Ok(None) };
    if memory.len() < size {
        memory.resize(size, 0);
    }
    let bytes = &mut memory[..size];
    let buffer = bytes.as_mut_ptr().cast();
    #[cfg(hdf5_2)]
    let read = || {
        let mut size = size;
        // SAFETY: there is one number for each dimension, and the buffer has as much room as the library is told.
        unsafe { H5Dread_chunk(dataset.id(), H5P_DEFAULT, place.as_ptr(), &raw mut left_out, buffer, &raw mut size) }
    };
    #[cfg(not(hdf5_2))]
    // SAFETY: the buffer has room for the whole chunk, which stays as it is: nobody writes to a file that is read, and
    // one that is written has one writer.
    let read = || unsafe { H5Dread_chunk(dataset.id(), H5P_DEFAULT, place.as_ptr(), &raw mut left_out, buffer) };
    check(read)?;
    Ok(if left_out == 0 { Some(bytes) } else { None })
}

/// Writes the chunk that begins with a row, from bytes that have gone through all filters.
pub(super) fn write_chunk(dataset: &Dataset, first: usize, bytes: &[u8]) -> hdf5::Result<()> {
    let place = chunk_place(dataset, first);
    let buffer = bytes.as_ptr().cast();
    // SAFETY: there is one number for each dimension; the buffer outlives the call, which only reads it.
    check(|| unsafe { H5Dwrite_chunk(dataset.id(), H5P_DEFAULT, 0, place.as_ptr(), bytes.len(), buffer) })
}

fn read_text(dataset: &Dataset, memory: hid_t, file: hid_t, n_elements: usize) -> hdf5::Result<Vec<String>> {
    // Both string types own one pointer that the library allocates, and release it when they are dropped.
    let ascii = matches!(dataset.dtype()?.to_descriptor()?, hdf5::types::TypeDescriptor::VarLenAscii);
    if ascii {
        let mut strings = vec![VarLenAscii::new(); n_elements];
        read_strings(dataset, &Datatype::from_type::<VarLenAscii>()?, memory, file, strings.as_mut_ptr().cast())?;
        return Ok(strings.iter().map(|text| text.as_str().to_owned()).collect());
    }
    let mut strings = vec![VarLenUnicode::new(); n_elements];
    read_strings(dataset, &Datatype::from_type::<VarLenUnicode>()?, memory, file, strings.as_mut_ptr().cast())?;
    // A foreign or damaged file may hold bytes that are not UTF-8 behind this type.
    Ok(strings.iter().map(|text| unescaped(String::from_utf8_lossy(text.as_bytes()).into_owned())).collect())
}

fn read_strings(
    dataset: &Dataset,
    memory_type: &Datatype,
    memory: hid_t,
    file: hid_t,
    buffer: *mut c_void,
) -> hdf5::Result<()> {
    // SAFETY: the buffer has one string slot for each selected element; the slots are new, so overwriting
    // their null pointers leaks nothing, and what the library puts there the slots release as their own.
    check(|| unsafe { H5Dread(dataset.id(), memory_type.id(), memory, file, H5P_DEFAULT, buffer) })
}

/// The spaces of `count` rows from `first` on: all of a new buffer, and a part of the file.
fn row_spaces(dataset: &Dataset, first: usize, count: usize, shape: &[usize]) -> hdf5::Result<(Dataspace, Dataspace)> {
    let dims: Vec<usize> = std::iter::once(count).chain(shape.iter().copied()).collect();
    let inner = shape.iter().map(|&length| SliceOrIndex::from(0..length));
    let rows: Vec<SliceOrIndex> = std::iter::once(SliceOrIndex::from(first..first + count)).chain(inner).collect();
    let memory = Dataspace::try_new(dims)?;
    let file = dataset.space()?.select(Hyperslab::from(rows))?;
    Ok((memory, file))
}

/// Writes one cell into a rectangle of a dataset.
pub(super) fn write_rectangle(dataset: &Dataset, place: &[Range<usize>], cells: &Cells) -> hdf5::Result<()> {
    let lengths: Vec<usize> = place.iter().map(ExactSizeIterator::len).collect();
    assert_eq!(cells.common_shape(), Some(lengths.as_slice()), "a cell fills its rectangle");
    let ranges: Vec<SliceOrIndex> = place.iter().map(|range| SliceOrIndex::from(range.clone())).collect();
    let (memory, file) = (Dataspace::try_new(lengths)?, dataset.space()?.select(Hyperslab::from(ranges))?);
    write(dataset, memory.id(), file.id(), cells)
}

/// Reads a part of a dataset as `count` cells of this shape.
pub(super) fn read_part(
    dataset: &Dataset,
    element: ElementType,
    axes: &[Stretch],
    shape: &[usize],
    count: usize,
) -> hdf5::Result<Cells> {
    let lengths: Vec<usize> = axes.iter().map(|axis| axis.count).collect();
    let n_elements: usize = lengths.iter().product();
    assert_eq!(n_elements, count * shape.iter().product::<usize>(), "cells take all elements of the part");
    if n_elements == 0 {
        return Ok(empty(element, shape, count));
    }
    let slab = |&Stretch { start, step, count }: &Stretch| SliceOrIndex::SliceCount { start, step, count, block: 1 };
    let slabs: Vec<SliceOrIndex> = axes.iter().map(slab).collect();
    let (memory, file) = (Dataspace::try_new(lengths)?, dataset.space()?.select(Hyperslab::from(slabs))?);
    if element == ElementType::Text {
        return Ok(Cells::from_text(shape, count, read_text(dataset, memory.id(), file.id(), n_elements)?));
    }
    let bytes = read_bytes(dataset, element, memory.id(), file.id(), n_elements)?;
    Ok(Cells::from_bytes(element, shape, count, bytes))
}

/// Gives a dataset with room to grow a new length along its first dimension.
pub(super) fn set_rows(dataset: &Dataset, count: usize) -> hdf5::Result<()> {
    let dims: Vec<hsize_t> =
        std::iter::once(count).chain(dataset.shape().into_iter().skip(1)).map(|length| length as hsize_t).collect();
    // SAFETY: there is one length for each dimension of the dataset.
    check(|| unsafe { H5Dset_extent(dataset.id(), dims.as_ptr()) })
}

/// Makes a dataset a dimension scale of this name.
pub(super) fn set_scale(dataset: &Dataset, name: &str) -> hdf5::Result<()> {
    let name = c_string(name)?;
    // SAFETY: the name is a C string that outlives the call, which copies it.
    check(|| unsafe { H5DSset_scale(dataset.id(), name.as_ptr()) })
}

/// Gives a dimension of a dataset its scale.
pub(super) fn attach_scale(dataset: &Dataset, scale: &Dataset, dimension: usize) -> hdf5::Result<()> {
    let dimension = c_uint::try_from(dimension).expect("HDF5 has at most 32 dimensions");
    // SAFETY: both are open datasets; the library checks the number of the dimension.
    check(|| unsafe { H5DSattach_scale(dataset.id(), scale.id(), dimension) })
}

/// Whether a dimension of a dataset has this scale.
pub(super) fn has_scale(dataset: &Dataset, scale: &Dataset, dimension: usize) -> hdf5::Result<bool> {
    let dimension = c_uint::try_from(dimension).expect("HDF5 has at most 32 dimensions");
    // SAFETY: both are open datasets; the library checks the number of the dimension.
    is_so(|| unsafe { H5DSis_attached(dataset.id(), scale.id(), dimension) })
}

/// Takes the scale of a dimension away again; a dataset that is deleted must leave no reference behind.
pub(super) fn detach_scale(dataset: &Dataset, scale: &Dataset, dimension: usize) -> hdf5::Result<()> {
    let dimension = c_uint::try_from(dimension).expect("HDF5 has at most 32 dimensions");
    // SAFETY: both are open datasets; the library checks the number of the dimension.
    check(|| unsafe { H5DSdetach_scale(dataset.id(), scale.id(), dimension) })
}

/// Opens the scales of all dimensions of a dataset.
pub(super) fn look_at_scales(dataset: &Dataset) -> hdf5::Result<()> {
    (0..dataset.ndim()).try_for_each(|dimension| {
        let dimension = c_uint::try_from(dimension).expect("HDF5 has at most 32 dimensions");
        let (from, data) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the dataset is open; without an index the search begins at the first scale, and `next` touches no data.
        check(|| unsafe { H5DSiterate_scales(dataset.id(), dimension, from, Some(next), data) })
    })
}

/// Goes on to the next scale.
unsafe extern "C" fn next(_: hid_t, _: c_uint, _: hid_t, _: *mut c_void) -> herr_t {
    0
}

/// Reads what the library keeps of an object beside its data: its indices and heaps with the lists of their free space.
#[cfg(feature = "bundled-hdf5")]
pub(super) fn look_at_metadata(object: &hdf5::Location) -> hdf5::Result<()> {
    use hdf5_sys::h5o::{H5O_NATIVE_INFO_META_SIZE, H5O_native_info_t, H5Oget_native_info};
    let mut info = std::mem::MaybeUninit::<H5O_native_info_t>::uninit();
    // SAFETY: the library writes to a structure of its own, which nobody reads.
    check(|| unsafe { H5Oget_native_info(object.id(), info.as_mut_ptr(), H5O_NATIVE_INFO_META_SIZE) })
}

/// Older libraries have other functions for it.
#[cfg(not(feature = "bundled-hdf5"))]
pub(super) fn look_at_metadata(_: &hdf5::Location) -> hdf5::Result<()> {
    Ok(())
}

/// The target of a soft link.
pub(super) fn soft_link(group: &hdf5::Group, name: &str) -> hdf5::Result<String> {
    let name = c_string(name)?;
    let mut target = vec![0_u8; 1 << 16];
    let (buffer, size) = (target.as_mut_ptr().cast(), target.len() - 1);
    // SAFETY: the buffer has room for `size` bytes, and the name is a C string that outlives the call.
    check(|| unsafe { hdf5_sys::h5l::H5Lget_val(group.id(), name.as_ptr(), buffer, size, H5P_DEFAULT) })?;
    let end = target.iter().position(|&byte| byte == 0).unwrap_or(size);
    Ok(String::from_utf8_lossy(&target[..end]).into_owned())
}

/// Keeps programs that a run starts from inheriting the file and with it the lock on it.
///
/// The library opens files without this flag, so a child that outlives the study would keep it locked.
#[cfg(all(unix, not(feature = "bundled-hdf5")))]
pub(super) fn close_on_exec(file: &hdf5::File) -> hdf5::Result<()> {
    let mut handle: *mut c_void = std::ptr::null_mut();
    // SAFETY: the file is open, and the library puts a pointer into its own memory behind the reference.
    check(|| unsafe { hdf5_sys::h5f::H5Fget_vfd_handle(file.id(), H5P_DEFAULT, &raw mut handle) })?;
    if handle.is_null() {
        return Ok(());
    }
    // SAFETY: the default driver's handle is a pointer to its file descriptor, valid while the file is open;
    // setting the flag touches nothing else.
    check(|| unsafe { libc::fcntl(*handle.cast::<c_int>(), libc::F_SETFD, libc::FD_CLOEXEC) })
}

/// Handles are not inherited on other systems unless a program asks for it.
#[cfg(all(not(unix), not(feature = "bundled-hdf5")))]
pub(super) fn close_on_exec(_: &hdf5::File) -> hdf5::Result<()> {
    Ok(())
}

/// Whether a group has a member of this name; unlike that of the bindings, damage is an error and no `false`.
pub(super) fn link_exists(group: &Group, name: &str) -> hdf5::Result<bool> {
    let name = c_string(name)?;
    // SAFETY: the name is a C string that outlives the call.
    is_so(|| unsafe { hdf5_sys::h5l::H5Lexists(group.id(), name.as_ptr(), H5P_DEFAULT) })
}

/// Lets a write beyond the limit for the size of files fail like one to a full disk, instead of killing the process.
#[cfg(unix)]
pub(super) fn outlive_file_size_limit() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    // SAFETY: ignoring a signal touches no memory of ours, and a handler that the program has set is put back.
    ONCE.call_once(|| unsafe {
        let before = libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        if before != libc::SIG_DFL && before != libc::SIG_ERR {
            libc::signal(libc::SIGXFSZ, before);
        }
    });
}

/// Other systems have no such limit.
#[cfg(not(unix))]
pub(super) fn outlive_file_size_limit() {}

fn c_string(text: &str) -> hdf5::Result<CString> {
    CString::new(text).map_err(|_| hdf5::Error::from("a name or a text holds a NUL character"))
}

/// Runs a call that answers a question.
fn is_so(call: impl FnOnce() -> htri_t) -> hdf5::Result<bool> {
    let mut answer = 0;
    check(|| {
        answer = call();
        answer
    })?;
    Ok(answer > 0)
}

/// Runs a call under the library's lock and turns a negative answer into the library's error.
fn check(call: impl FnOnce() -> c_int) -> hdf5::Result<()> {
    hdf5::sync::sync(|| if call() < 0 { Err(library_error()) } else { Ok(()) })
}

/// Runs a call that opens or makes something; `owned_by` gives the identifier its owner.
fn made<T>(call: impl FnOnce() -> hid_t, owned_by: impl FnOnce(hid_t) -> hdf5::Result<T>) -> hdf5::Result<T> {
    hdf5::sync::sync(|| match call() {
        id if id < 0 => Err(library_error()),
        id => owned_by(id),
    })
}

/// What the library says of the call that has just failed.
fn library_error() -> hdf5::Error {
    hdf5::Error::query().unwrap_or_else(|error| error)
}
