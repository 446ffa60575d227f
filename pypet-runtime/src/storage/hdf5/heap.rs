//! Checksums for text, which HDF5 itself stores without any.
//!
//! Text of variable length, attributes included, lies in *global heap collections*: blocks that begin with
//! `GCOL` and hold objects with a header each (HDF5 File Format Specification 3.0, III.E). Four bytes of that
//! header are reserved, and the library neither reads nor changes them. When a collection is written, each of its
//! objects gets a CRC-32 there; when one is read, it is compared, so that a flipped bit in a text is an
//! error. Zero means that an object has none, as in files that other programs wrote.
//!
//! A damaged collection may send the library into an endless loop, so its structure is checked as well.

use crc32fast::Hasher;

/// What a collection begins with: signature, version 1, three reserved bytes.
const START: [u8; 8] = *b"GCOL\x01\0\0\0";
/// The size of most collections; no other is smaller.
const SMALLEST: usize = 4096;
/// Bytes before the first object: [`START`] and the size of the collection.
const COLLECTION_HEADER: usize = 16;
/// Bytes before the data of an object: index (2), reference count (2), reserved (4), size (8).
const OBJECT_HEADER: usize = 16;

/// The size of the collection that begins here, if one does.
pub(super) fn collection_size(bytes: &[u8]) -> Option<u64> {
    let header = bytes.get(..COLLECTION_HEADER)?;
    header.starts_with(&START).then(|| number(&header[8..]))
}

/// Whether the library reads so many bytes of a collection first; numbers that happen to look like one come in
/// chunks of other sizes.
pub(super) fn is_first_read(n_bytes: usize, size: u64) -> bool {
    n_bytes == SMALLEST || n_bytes as u64 == size
}

/// A copy with checksums, if these bytes are exactly one sound collection.
pub(super) fn sealed(bytes: &[u8]) -> Option<Vec<u8>> {
    if collection_size(bytes)? != bytes.len() as u64 {
        return None;
    }
    let mut copy = bytes.to_vec();
    for object in objects(bytes) {
        let object = object.ok()?;
        copy[object.start + 4..object.start + 8].copy_from_slice(&object.sum(bytes).to_le_bytes());
    }
    Some(copy)
}

/// Whether a whole collection has a sound structure and its objects the bytes that were written.
pub(super) fn is_intact(collection: &[u8]) -> bool {
    objects(collection).all(|object| object.is_ok_and(|object| object.is_intact(collection)))
}

/// Makes free space of the objects that are not as they were written, if these bytes are one whole collection.
///
/// What refers to them then leads nowhere, and the other texts can be read.
pub(super) fn drop_damaged(collection: &mut [u8]) -> bool {
    if collection_size(collection) != Some(collection.len() as u64) {
        return false;
    }
    let found: Result<Vec<Object>, Broken> = objects(collection).collect();
    let Ok(found) = found else { return false };
    for object in found {
        if !object.is_intact(collection) {
            let size = (OBJECT_HEADER + object.size.next_multiple_of(8)) as u64;
            collection[object.start..object.start + 2].fill(0);
            collection[object.start + 8..object.start + OBJECT_HEADER].copy_from_slice(&size.to_le_bytes());
        }
    }
    true
}

/// An object in use.
struct Object {
    start: usize,
    size: usize,
}

impl Object {
    fn is_intact(&self, collection: &[u8]) -> bool {
        let sum = &collection[self.start + 4..self.start + 8];
        sum == [0; 4] || sum == self.sum(collection).to_le_bytes()
    }

    /// Of index, size and data; the reference count may change without the library writing the object anew.
    fn sum(&self, collection: &[u8]) -> u32 {
        let mut hasher = Hasher::new();
        hasher.update(&collection[self.start..self.start + 2]);
        hasher.update(&collection[self.start + 8..self.start + OBJECT_HEADER + self.size]);
        // Zero stands for none.
        hasher.finalize().max(1)
    }
}

/// The structure of a collection is broken.
struct Broken;

/// The objects in use, in the order in which they lie.
fn objects(collection: &[u8]) -> impl Iterator<Item = Result<Object, Broken>> {
    let mut position = COLLECTION_HEADER;
    std::iter::from_fn(move || {
        loop {
            // What is too small for an object is free space.
            let header = collection.get(position..position + OBJECT_HEADER)?;
            let start = position;
            let left = collection.len() - start;
            let size = usize::try_from(number(&header[8..])).ok().filter(|&size| size <= left);
            let is_free = header[..2] == [0, 0];
            // The size of free space counts its header; objects are padded to eight bytes.
            let needed = match size {
                Some(size) if is_free => Some(size).filter(|&size| size >= OBJECT_HEADER),
                Some(size) => Some(OBJECT_HEADER + size.next_multiple_of(8)),
                None => None,
            };
            let Some(needed) = needed.filter(|&needed| needed <= left) else {
                position = collection.len();
                return Some(Err(Broken));
            };
            position += needed;
            if !is_free {
                return Some(Ok(Object { start, size: size.unwrap_or(0) }));
            }
        }
    })
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_behind_the_signature_are_intact_or_not(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let collection = [START.as_slice(), &(16 + bytes.len() as u64).to_le_bytes(), &bytes].concat();
            // What is sound can be sealed, and what was sealed is intact.
            prop_assert!(sealed(&collection).is_none_or(|sealed| is_intact(&sealed)));
        }
    }

    /// A collection of 4096 bytes with these texts.
    fn collection(texts: &[&str]) -> Vec<u8> {
        let mut bytes = [START.as_slice(), &4096_u64.to_le_bytes()].concat();
        for (index, text) in (1_u16..).zip(texts) {
            bytes.extend([index.to_le_bytes(), 1_u16.to_le_bytes()].concat());
            bytes.extend([[0; 4].as_slice(), &(text.len() as u64).to_le_bytes(), text.as_bytes()].concat());
            bytes.resize(bytes.len().next_multiple_of(8), 0);
        }
        let free = 4096 - bytes.len() as u64;
        bytes.extend([[0; 8].as_slice(), &free.to_le_bytes()].concat());
        bytes.resize(4096, 0);
        bytes
    }

    #[test]
    fn a_sealed_collection_tells_each_flipped_bit_of_its_texts() {
        let sealed = sealed(&collection(&["spikes per second", "", "Hz"])).expect("a sound collection");
        assert!(is_intact(&sealed));
        let text = COLLECTION_HEADER + OBJECT_HEADER;
        for bit in 0..8 * "spikes per second".len() {
            let mut damaged = sealed.clone();
            damaged[text + bit / 8] ^= 1 << (bit % 8);
            assert!(!is_intact(&damaged), "bit {bit}");
        }
    }

    #[test]
    fn collections_of_other_programs_have_no_checksums_and_pass() {
        assert!(is_intact(&collection(&["made by h5py"])));
    }

    #[test]
    fn free_space_without_a_size_is_broken() {
        let mut bytes = collection(&["x"]);
        let free = COLLECTION_HEADER + OBJECT_HEADER + 8;
        assert_eq!(bytes[free..free + 8], [0; 8]);
        bytes[free + 8..free + 16].fill(0);
        assert!(!is_intact(&bytes) && sealed(&bytes).is_none());
    }

    #[test]
    fn other_bytes_are_no_collection() {
        assert_eq!(collection_size(b"GCOL\x02\0\0\0\0\0\0\0\0\0\0\0"), None);
        assert_eq!(collection_size(b"GCOL"), None);
        assert!(sealed(&collection(&["x"])[..4000]).is_none());
    }
}
