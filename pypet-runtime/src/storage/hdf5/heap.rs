//! Checksums for text, which HDF5 itself stores without any.
//!
//! Text of variable length, attributes included, lies in *global heap collections*: blocks that begin with
//! `GCOL` and hold objects with a header each (HDF5 File Format Specification 3.0, III.E). Four bytes of that
//! header are reserved, and the library neither reads nor changes them. When a collection is written, each of its
//! objects gets a CRC-32 there; when one is read, it is compared, so that a flipped bit in a text is an
//! error. Zero means that an object has none, as in files that other programs wrote.
//!
//! A damaged collection may send the library into an endless loop, so its structure is checked as well. Where a file
//! is only read, what is damaged is hidden from the library, so that a damaged text costs no other.

use std::collections::HashSet;

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
    for piece in pieces(bytes, COLLECTION_HEADER) {
        let piece = piece.ok()?;
        if !piece.is_free() {
            copy[piece.start + 4..piece.start + 8].copy_from_slice(&piece.sum(bytes).to_le_bytes());
        }
    }
    Some(copy)
}

/// Whether a whole collection has a sound structure and its objects the bytes that were written.
pub(super) fn is_intact(collection: &[u8]) -> bool {
    pieces(collection, COLLECTION_HEADER).all(|piece| piece.is_ok_and(|piece| piece.is_intact(collection)))
}

/// Gives what is not as it was written an index that nothing refers to, if these bytes are one whole collection.
///
/// What refers to it then leads nowhere, and the other texts can be read.
pub(super) fn drop_damaged(collection: &mut [u8]) -> bool {
    if collection_size(collection) != Some(collection.len() as u64) {
        return false;
    }
    let (mut used, mut damaged) = (HashSet::new(), Vec::new());
    let mut position = COLLECTION_HEADER;
    while position + OBJECT_HEADER <= collection.len() {
        let piece = Piece::at(collection, position);
        position = match piece {
            Some(piece) if piece.is_intact(collection) => {
                used.insert(piece.index);
                piece.end
            }
            _ => {
                let end = end_of_damage(collection, position, piece.map(|piece| piece.end));
                damaged.push(position..end);
                end
            }
        };
    }
    // Free space would not do: the library refuses a second piece of it where the last one is tiny.
    let index = (1..=u16::MAX).rev().find(|index| !used.contains(index)).expect("no collection is that large");
    for place in damaged {
        let size = (place.len() - OBJECT_HEADER) as u64;
        let header = [u64::from(index) | 1 << 16, size].map(u64::to_le_bytes).concat();
        collection[place.start..place.start + OBJECT_HEADER].copy_from_slice(&header);
    }
    true
}

/// Where the next piece begins: at the next checksum that fits or the free space at the end, if there is none before that
/// where the damaged piece says that it ends, as texts of other programs may.
fn end_of_damage(collection: &[u8], start: usize, stated: Option<usize>) -> usize {
    let is_beyond_doubt = |&position: &usize| match Piece::at(collection, position) {
        Some(piece) if piece.is_free() => piece.end == collection.len(),
        Some(piece) => piece.has_sum(collection) && piece.is_intact(collection),
        None => false,
    };
    let next = (start + OBJECT_HEADER..collection.len()).step_by(8).find(is_beyond_doubt).unwrap_or(collection.len());
    stated.filter(|&end| end < next && pieces(collection, end).all(|piece| piece.is_ok())).unwrap_or(next)
}

/// An object in use, or free space.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Zero for free space.
    index: u16,
    start: usize,
    /// Where the bytes of an object end that count.
    end_of_data: usize,
    /// Where the next piece begins.
    end: usize,
}

impl Piece {
    /// What lies at a place where a header fits, if that can be.
    fn at(collection: &[u8], start: usize) -> Option<Self> {
        let header = collection.get(start..start + OBJECT_HEADER)?;
        let index = u16::from_le_bytes([header[0], header[1]]);
        let size = usize::try_from(number(&header[8..])).ok().filter(|&size| size <= collection.len())?;
        // The size of free space counts its header; objects are padded to eight bytes.
        let (end_of_data, end) = match index {
            0 => (start + size, start + size),
            _ => (start + OBJECT_HEADER + size, start + OBJECT_HEADER + size.next_multiple_of(8)),
        };
        let fits = end >= start + OBJECT_HEADER && end % 8 == 0 && end <= collection.len();
        fits.then_some(Self { index, start, end_of_data, end })
    }

    fn is_free(&self) -> bool {
        self.index == 0
    }

    fn has_sum(&self, collection: &[u8]) -> bool {
        collection[self.start + 4..self.start + 8] != [0; 4]
    }

    fn is_intact(&self, collection: &[u8]) -> bool {
        let sum = self.sum(collection).to_le_bytes();
        self.is_free() || !self.has_sum(collection) || collection[self.start + 4..self.start + 8] == sum
    }

    /// Of index, size and data; the reference count may change without the library writing the object anew.
    fn sum(&self, collection: &[u8]) -> u32 {
        let mut hasher = Hasher::new();
        hasher.update(&collection[self.start..self.start + 2]);
        hasher.update(&collection[self.start + 8..self.end_of_data]);
        // Zero stands for none.
        hasher.finalize().max(1)
    }
}

/// The structure of a collection is broken.
#[derive(Debug)]
struct Broken;

/// What lies in a collection from a place on; what is too small for an object is free space.
fn pieces(collection: &[u8], mut position: usize) -> impl Iterator<Item = Result<Piece, Broken>> {
    std::iter::from_fn(move || {
        (position + OBJECT_HEADER <= collection.len()).then(|| {
            let piece = Piece::at(collection, position).ok_or(Broken);
            position = piece.as_ref().map_or(collection.len(), |piece| piece.end);
            piece
        })
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
        let free = 4096 - bytes.len();
        if free >= OBJECT_HEADER {
            bytes.extend([[0; 8].as_slice(), &(free as u64).to_le_bytes()].concat());
        }
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
    fn damage_anywhere_costs_one_text_at_most() {
        let texts: Vec<String> = (0..12).map(|i| "spikes per second ".repeat(i % 4) + &i.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let sealed = sealed(&collection(&texts)).expect("a sound collection");
        let free = pieces(&sealed, COLLECTION_HEADER).find_map(|piece| piece.ok().filter(Piece::is_free));
        let n_used = free.expect("there is room for more").start + OBJECT_HEADER;
        for bit in 8 * COLLECTION_HEADER..8 * n_used {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(drop_damaged(&mut damaged) && is_intact(&damaged), "bit {bit}");
            let left = texts_of(&damaged);
            assert!(left.iter().all(|(index, text)| texts[usize::from(*index) - 1] == text), "bit {bit}");
            assert!(left.len() >= texts.len() - 1, "bit {bit}: {} texts are left", left.len());
        }
    }

    #[test]
    fn a_full_collection_has_no_free_space_but_what_is_too_small_for_a_header() {
        let mut bytes = collection(&["x".repeat(1000).as_str(), "y".repeat(3040).as_str()]);
        assert_eq!(bytes.len() - (COLLECTION_HEADER + 2 * OBJECT_HEADER + 1000 + 3040), 8);
        bytes = sealed(&bytes).expect("a sound collection");
        bytes[500] ^= 1;
        assert!(drop_damaged(&mut bytes));
        assert_eq!(texts_of(&bytes), [(2, "y".repeat(3040))]);
        assert!(pieces(&bytes, COLLECTION_HEADER).all(|piece| piece.is_ok_and(|piece| !piece.is_free())));
    }

    /// What can be read, by its index.
    fn texts_of(collection: &[u8]) -> Vec<(u16, String)> {
        let pieces = pieces(collection, COLLECTION_HEADER).map(|piece| piece.expect("a sound structure"));
        let pieces = pieces.filter(|piece| !piece.is_free() && piece.has_sum(collection));
        let text = |piece: Piece| collection[piece.start + OBJECT_HEADER..piece.end_of_data].to_vec();
        pieces.map(|piece| (piece.index, String::from_utf8(text(piece)).expect("text"))).collect()
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
