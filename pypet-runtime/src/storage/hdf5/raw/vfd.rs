//! A file driver of HDF5 whose bytes go through a [`Transaction`].
//!
//! HDF5 calls these functions for every byte it reads or writes. They only find the transaction of a file and
//! pass the call on; what a transaction does is written in safe Rust. The layout of the two structures is that
//! of `H5FDdevelop.h` of HDF5 2.x, so the driver goes with the bundled library only.

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_uint, c_ulong, c_void};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use hdf5_sys::h5::{haddr_t, herr_t, hsize_t};
use hdf5_sys::h5i::hid_t;

use super::{check, made};
use crate::storage::hdf5::heap;
use crate::storage::hdf5::journal::Transaction;

/// A transaction that HDF5 and a writer share.
pub(in crate::storage) type Shared = Arc<Mutex<Transaction>>;

/// The transactions that may be opened, by the names under which HDF5 asks for them.
static OPENABLE: LazyLock<Mutex<HashMap<String, Shared>>> = LazyLock::new(Mutex::default);

fn openable() -> MutexGuard<'static, HashMap<String, Shared>> {
    // A panic elsewhere leaves the table as it was.
    OPENABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets HDF5 open a transaction under a name of its own, for as long as this lives.
#[derive(Debug)]
pub(in crate::storage) struct Opening {
    name: String,
}

impl Opening {
    pub(in crate::storage) fn of(label: &str, transaction: Shared) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("{label}#{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        openable().insert(name.clone(), transaction);
        Self { name }
    }

    pub(in crate::storage) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        openable().remove(&self.name);
    }
}

/// Makes a file access list use the driver.
pub(in crate::storage) fn use_driver(access: &hdf5::plist::FileAccess) -> hdf5::Result<()> {
    static DRIVER: LazyLock<hid_t> = LazyLock::new(|| {
        let class = (&raw const CLASS).cast();
        // SAFETY: the structure has the layout of this library's version and lives for ever; the library copies it.
        hdf5::sync::sync(|| unsafe { hdf5_sys::h5fd::H5FDregister(class) })
    });
    // SAFETY: both identifiers are valid; the driver has no properties of its own.
    check(|| unsafe { hdf5_sys::h5p::H5Pset_driver(access.id(), *DRIVER, std::ptr::null()) })
}

/// Opens or makes a file through an access list that uses the driver.
pub(in crate::storage) fn open(
    opening: &Opening,
    access: &hdf5::plist::FileAccess,
    mode: Mode,
) -> hdf5::Result<hdf5::File> {
    use hdf5_sys::h5f::{H5F_ACC_RDONLY, H5F_ACC_RDWR, H5F_ACC_TRUNC, H5Fcreate, H5Fopen};
    let name = std::ffi::CString::new(opening.name()).map_err(|_| hdf5::Error::from("a path holds a NUL character"))?;
    let default = hdf5_sys::h5p::H5P_DEFAULT;
    // SAFETY: the name is a C string that outlives the call, and the access list is open.
    let open = || unsafe {
        match mode {
            Mode::Read => H5Fopen(name.as_ptr(), H5F_ACC_RDONLY, access.id()),
            Mode::Write => H5Fopen(name.as_ptr(), H5F_ACC_RDWR, access.id()),
            Mode::Create => H5Fcreate(name.as_ptr(), H5F_ACC_TRUNC, default, access.id()),
        }
    };
    // SAFETY: the identifier is that of a file, new, and owned by nobody else.
    made(open, |id| unsafe { hdf5::from_id(id) })
}

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::storage) enum Mode {
    Read,
    Write,
    Create,
}

/// `H5FD_t`: what the library keeps of an open file.
#[repr(C)]
struct Public {
    driver: hid_t,
    class: *const c_void,
    file_number: c_ulong,
    access_flags: c_uint,
    feature_flags: c_ulong,
    max_address: haddr_t,
    base_address: haddr_t,
    threshold: hsize_t,
    alignment: hsize_t,
    paged_aggregation: bool,
}

/// An open file: the library's part, then ours.
#[repr(C)]
struct Handle {
    public: Public,
    end_of_addresses: haddr_t,
    transaction: Shared,
}

/// `H5FD_class_t`.
#[repr(C)]
struct Class {
    version: c_uint,
    value: c_int,
    name: *const c_char,
    max_address: haddr_t,
    close_degree: c_int,
    terminate: Unused,
    superblock: [Unused; 3],
    access_list_size: usize,
    access_list: [Unused; 3],
    transfer_list_size: usize,
    transfer_list: [Unused; 2],
    open: extern "C" fn(*const c_char, c_uint, hid_t, haddr_t) -> *mut Handle,
    close: extern "C" fn(*mut Handle) -> herr_t,
    compare: extern "C" fn(*const Handle, *const Handle) -> c_int,
    query: extern "C" fn(*const Handle, *mut c_ulong) -> herr_t,
    get_type_map: Unused,
    allocate: Unused,
    free: Unused,
    get_end_of_addresses: extern "C" fn(*const Handle, c_int) -> haddr_t,
    set_end_of_addresses: extern "C" fn(*mut Handle, c_int, haddr_t) -> herr_t,
    get_end_of_file: extern "C" fn(*const Handle, c_int) -> haddr_t,
    get_handle: Unused,
    read: extern "C" fn(*mut Handle, c_int, hid_t, haddr_t, usize, *mut c_void) -> herr_t,
    write: extern "C" fn(*mut Handle, c_int, hid_t, haddr_t, usize, *const c_void) -> herr_t,
    vectors_and_selections: [Unused; 4],
    flush: Unused,
    truncate: extern "C" fn(*mut Handle, hid_t, bool) -> herr_t,
    /// Without these two the library keeps its hands off the system's locks, and no mark of an open writer
    /// stays in the file between commits.
    locks: [Unused; 2],
    delete: Unused,
    control: Unused,
    free_list_map: [c_int; 7],
}

/// A function of the table that the driver does without.
type Unused = Option<extern "C" fn()>;

// SAFETY: the table is never written to, and the name it points to is a constant.
unsafe impl Sync for Class {}

const _: () = {
    use std::mem::offset_of;
    // What `H5FDdevelop.h` of HDF5 2.2 gives on systems where `long` and pointers have 64 bits.
    #[cfg(all(target_pointer_width = "64", not(windows)))]
    assert!(size_of::<Class>() == 336 && size_of::<Public>() == 80);
    #[cfg(all(target_pointer_width = "64", not(windows)))]
    assert!(
        offset_of!(Class, open) == 120
            && offset_of!(Class, query) == 144
            && offset_of!(Class, get_end_of_addresses) == 176
            && offset_of!(Class, read) == 208
            && offset_of!(Class, flush) == 256
            && offset_of!(Class, locks) == 272
            && offset_of!(Class, free_list_map) == 304
    );
};

static CLASS: Class = Class {
    version: 1,
    value: 20_817,
    name: c"pypet".as_ptr(),
    max_address: i64::MAX as haddr_t,
    close_degree: 3,
    terminate: None,
    superblock: [None; 3],
    access_list_size: 0,
    access_list: [None; 3],
    transfer_list_size: 0,
    transfer_list: [None; 2],
    open: driver_open,
    close: driver_close,
    compare: driver_compare,
    query: driver_query,
    get_type_map: None,
    allocate: None,
    free: None,
    get_end_of_addresses: driver_get_end_of_addresses,
    set_end_of_addresses: driver_set_end_of_addresses,
    get_end_of_file: driver_get_end_of_file,
    get_handle: None,
    read: driver_read,
    write: driver_write,
    vectors_and_selections: [None; 4],
    flush: None,
    truncate: driver_truncate,
    locks: [None; 2],
    delete: None,
    control: None,
    // Raw data apart from everything else, as the default driver has it.
    free_list_map: [1, 1, 1, 3, 3, 1, 1],
};

/// Aggregation, sieve buffer, and files of the default driver's format; no locks, no descriptor, no SWMR.
const FEATURES: c_ulong = 0x801f;

fn lock(handle: &Handle) -> MutexGuard<'_, Transaction> {
    handle.transaction.lock().unwrap_or_else(PoisonError::into_inner)
}

extern "C" fn driver_open(name: *const c_char, _: c_uint, _: hid_t, max_address: haddr_t) -> *mut Handle {
    // SAFETY: the library passes the name that the file was opened with, a C string.
    let name = unsafe { CStr::from_ptr(name) };
    let Some(transaction) = name.to_str().ok().and_then(|name| openable().get(name).cloned()) else {
        return std::ptr::null_mut();
    };
    Box::into_raw(Box::new(Handle {
        public: Public {
            driver: 0,
            class: std::ptr::null(),
            file_number: 0,
            access_flags: 0,
            feature_flags: 0,
            max_address,
            base_address: 0,
            threshold: 0,
            alignment: 0,
            paged_aggregation: false,
        },
        end_of_addresses: 0,
        transaction,
    }))
}

extern "C" fn driver_close(handle: *mut Handle) -> herr_t {
    // SAFETY: the library closes once what `driver_open` returned.
    drop(unsafe { Box::from_raw(handle) });
    0
}

extern "C" fn driver_compare(one: *const Handle, other: *const Handle) -> c_int {
    // SAFETY: both are open handles.
    let (one, other) = unsafe { (&*one, &*other) };
    match Arc::as_ptr(&one.transaction).cmp(&Arc::as_ptr(&other.transaction)) {
        std::cmp::Ordering::Less => -1,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    }
}

extern "C" fn driver_query(_: *const Handle, flags: *mut c_ulong) -> herr_t {
    if !flags.is_null() {
        // SAFETY: where the library wants an answer it passes room for one. The handle may be null here.
        unsafe { *flags = FEATURES };
    }
    0
}

extern "C" fn driver_get_end_of_addresses(handle: *const Handle, _: c_int) -> haddr_t {
    // SAFETY: an open handle.
    unsafe { (*handle).end_of_addresses }
}

extern "C" fn driver_set_end_of_addresses(handle: *mut Handle, _: c_int, address: haddr_t) -> herr_t {
    // SAFETY: an open handle, which the library uses on one thread at a time.
    unsafe { (*handle).end_of_addresses = address };
    0
}

extern "C" fn driver_get_end_of_file(handle: *const Handle, _: c_int) -> haddr_t {
    // SAFETY: an open handle.
    lock(unsafe { &*handle }).end()
}

extern "C" fn driver_read(
    handle: *mut Handle,
    _: c_int,
    _: hid_t,
    address: haddr_t,
    size: usize,
    buffer: *mut c_void,
) -> herr_t {
    if size == 0 {
        return 0;
    }
    // SAFETY: an open handle, and a buffer of this size that nobody else uses during the call.
    let (handle, buffer) = unsafe { (&*handle, std::slice::from_raw_parts_mut(buffer.cast::<u8>(), size)) };
    let mut transaction = lock(handle);
    let read = transaction.read(address, buffer).and_then(|()| is_intact(&transaction, address, buffer));
    let problem = match read {
        Ok(true) => return 0,
        Ok(false) if transaction.is_view() && drop_damaged(&mut transaction, address, buffer) => return 0,
        Ok(false) => Some(c"a text has another checksum than when it was written"),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Some(c"the file was cut off before this"),
        Err(_) => None,
    };
    drop(transaction);
    problem.into_iter().for_each(say);
    -1
}

/// Makes what is sound in a damaged heap of texts readable, for this and later reads.
fn drop_damaged(transaction: &mut Transaction, address: haddr_t, beginning: &mut [u8]) -> bool {
    let Some(Ok(size)) = heap::collection_size(beginning).map(usize::try_from) else { return false };
    let is_there = (size as u64).checked_add(address).is_some_and(|end| end <= transaction.end());
    let mut collection = vec![0; if is_there { size } else { 0 }];
    if transaction.read(address, &mut collection).is_err() || !heap::drop_damaged(&mut collection) {
        return false;
    }
    // In memory only: the file is open for reading.
    transaction.write(address, &collection);
    beginning.copy_from_slice(&collection[..beginning.len()]);
    true
}

/// Puts a reason on the library's list of errors; it holds no `%`.
fn say(reason: &'static CStr) {
    use hdf5_sys::h5e::{H5E_DEFAULT, H5E_ERR_CLS, H5E_IO, H5E_READERROR, H5Epush2};
    let (file, function) = (c"vfd.rs".as_ptr(), c"driver_read".as_ptr());
    let reason = reason.as_ptr();
    // SAFETY: all texts are constants, no reason holds a `%`, and drivers may call this while the library reads.
    unsafe { H5Epush2(H5E_DEFAULT, file, function, 0, *H5E_ERR_CLS, *H5E_IO, *H5E_READERROR, reason) };
}

/// Whether these bytes are something else than a damaged heap of texts.
fn is_intact(transaction: &Transaction, address: haddr_t, bytes: &[u8]) -> std::io::Result<bool> {
    let Some(size) = heap::collection_size(bytes).filter(|&size| heap::is_first_read(bytes.len(), size)) else {
        return Ok(true);
    };
    // The library reads the beginning of a large collection first, and the rest without looking at it.
    let Some(end) = address.checked_add(size).filter(|&end| end <= transaction.end()) else { return Ok(false) };
    let mut collection = vec![0; usize::try_from(end - address).expect("part of an open file")];
    transaction.read(address, &mut collection)?;
    Ok(heap::is_intact(&collection))
}

extern "C" fn driver_write(
    handle: *mut Handle,
    _: c_int,
    _: hid_t,
    address: haddr_t,
    size: usize,
    buffer: *const c_void,
) -> herr_t {
    if size == 0 {
        return 0;
    }
    // SAFETY: an open handle, and a buffer of this size that nobody changes during the call.
    let (handle, bytes) = unsafe { (&*handle, std::slice::from_raw_parts(buffer.cast::<u8>(), size)) };
    // A failure is kept for the commit, so that the library can still close the file.
    match heap::sealed(bytes) {
        Some(sealed) => lock(handle).write(address, &sealed),
        None => lock(handle).write(address, bytes),
    }
    0
}

extern "C" fn driver_truncate(handle: *mut Handle, _: hid_t, _: bool) -> herr_t {
    // SAFETY: an open handle.
    let handle = unsafe { &*handle };
    let end = handle.end_of_addresses;
    let mut transaction = lock(handle);
    if transaction.end() != end {
        transaction.set_end(end);
    }
    0
}
