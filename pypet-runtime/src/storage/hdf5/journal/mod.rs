//! Atomic commits: an HDF5 file of which every change becomes part at once, or not at all.
//!
//! HDF5 itself leaves a file unreadable when its writer is killed. Here all its bytes go through a
//! [`Transaction`], by a file driver of ours. A commit is one of two things: where only new bytes were
//! written, an fsync; where old bytes change too, a checksummed journal beside the file that is applied
//! afterwards. Between commits the file is closed and consistent for any other program.
//!
//! `disk` is what the system does, `record` the bytes of a journal, `transaction` the protocol.
//!
//! # The protocol
//! 1. fsync the file: its new bytes, beyond the committed end, are durable.
//! 2. Write the journal under another name, fsync, rename, fsync the folder. **This is the commit.**
//! 3. Keep readers out by a lock on the file; if there are some who stay, the journal waits for a later commit.
//! 4. Replace the file's signature, so that no program reads a half-applied commit, and fsync.
//! 5. Apply the journal, fsync, put the signature back, let readers in.
//! 6. fsync, remove the journal, fsync the folder.

mod disk;
mod lock;
mod record;
mod superblock;
mod transaction;

#[cfg(all(test, feature = "bundled-hdf5"))]
mod crash_test;
#[cfg(all(test, feature = "bundled-hdf5"))]
mod failure_test;
#[cfg(all(test, feature = "bundled-hdf5"))]
mod test_study;

pub(super) use disk::journal_path;
#[cfg(feature = "bundled-hdf5")]
pub(super) use disk::{RealDisk, with_suffix};
pub(super) use lock::holder;
#[cfg(feature = "bundled-hdf5")]
pub(super) use lock::{SharedLock, WriterLock};
pub(super) use transaction::Signature;
#[cfg(feature = "bundled-hdf5")]
pub(super) use transaction::{Conflict, Transaction, has_damaged_journal, recover_if_alone};
