//! A journal: what a commit changes in the bytes that were there before, and a checksum over all of it.

/// The first bytes of a journal.
const MAGIC: [u8; 8] = *b"pypetJ01";
/// Magic, old length, new length, number of changes, length of the rest.
const HEADER_BYTES: usize = 8 + 8 + 8 + 8 + 8;

/// A commit that changes old bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// Bytes of the file that the commit before vouches for.
    pub(super) old_len: u64,
    /// Bytes of the file after the commit.
    pub(super) new_len: u64,
    /// The changes, by address.
    pub(super) changes: Vec<Change>,
}

/// New bytes at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) address: u64,
    /// Checksum of the bytes that were there.
    pub(super) old_sum: u32,
    pub(super) bytes: Vec<u8>,
}

impl Record {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for change in &self.changes {
            body.extend(change.address.to_le_bytes());
            body.extend((change.bytes.len() as u64).to_le_bytes());
            body.extend(change.old_sum.to_le_bytes());
            body.extend(&change.bytes);
        }
        let mut bytes = MAGIC.to_vec();
        for number in [self.old_len, self.new_len, self.changes.len() as u64, body.len() as u64] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(body);
        let sum = crc32fast::hash(&bytes);
        bytes.extend(sum.to_le_bytes());
        bytes
    }

    /// Reads a journal; `None` if it is not whole, as one is whose writing was cut short.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (content, sum) = bytes.split_last_chunk::<4>()?;
        if content.len() < HEADER_BYTES
            || !content.starts_with(&MAGIC)
            || crc32fast::hash(content) != u32::from_le_bytes(*sum)
        {
            return None;
        }
        let mut rest = &content[MAGIC.len()..];
        let old_len = take_u64(&mut rest)?;
        let new_len = take_u64(&mut rest)?;
        let n_changes = take_u64(&mut rest)?;
        let body_len = take_u64(&mut rest)?;
        if rest.len() as u64 != body_len {
            return None;
        }
        let mut changes = Vec::new();
        for _ in 0..n_changes {
            let address = take_u64(&mut rest)?;
            let len = usize::try_from(take_u64(&mut rest)?).ok()?;
            let (old_sum, after) = rest.split_first_chunk::<4>()?;
            let (bytes, after) = after.split_at_checked(len)?;
            changes.push(Change { address, old_sum: u32::from_le_bytes(*old_sum), bytes: bytes.to_vec() });
            rest = after;
        }
        rest.is_empty().then_some(Self { old_len, new_len, changes })
    }
}

fn take_u64(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn record()(
            old_len in any::<u64>(),
            new_len in any::<u64>(),
            changes in prop::collection::vec((any::<u64>(), any::<u32>(), prop::collection::vec(any::<u8>(), 0..99)), 0..9),
        ) -> Record {
            let change = |(address, old_sum, bytes)| Change { address, old_sum, bytes };
            Record { old_len, new_len, changes: changes.into_iter().map(change).collect() }
        }
    }

    proptest! {
        #[test]
        fn a_record_is_read_as_it_was_written(record in record()) {
            prop_assert_eq!(Record::decode(&record.encode()), Some(record));
        }

        #[test]
        fn any_bytes_are_a_journal_or_not(mut bytes in prop::collection::vec(any::<u8>(), 0..300), is_sealed: bool) {
            if is_sealed {
                // Only with magic and checksum does the rest get looked at.
                bytes.splice(0..MAGIC.len().min(bytes.len()), MAGIC);
                bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
            }
            if let Some(record) = Record::decode(&bytes) {
                prop_assert_eq!(record.encode(), bytes);
            }
        }
    }

    #[test]
    fn only_a_whole_journal_is_one() {
        let change = Change { address: 4096, old_sum: 7, bytes: vec![1, 2, 3] };
        let record = Record { old_len: 10, new_len: 20, changes: vec![change] };
        let bytes = record.encode();
        assert_eq!(Record::decode(&bytes), Some(record));
        for len in 0..bytes.len() {
            assert_eq!(Record::decode(&bytes[..len]), None);
        }
        for position in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[position] ^= 1;
            assert_eq!(Record::decode(&flipped), None);
        }
    }
}
