//! The superblock, with which every HDF5 file begins: where the file ends, if its checksum fits.

use super::transaction::SIGNATURE;

/// Bytes of a superblock with addresses of eight bytes.
pub(super) const BYTES: usize = 48;

/// The end that a sound superblock states; of versions 2 and 3, which alone we write, with addresses of eight bytes.
pub(super) fn end(start: &[u8; BYTES]) -> Option<u64> {
    let (content, sum) = start.split_last_chunk::<4>()?;
    let is_sound = start.starts_with(&SIGNATURE)
        && matches!(start[8], 2 | 3)
        && start[9] == 8
        && lookup3(content) == u32::from_le_bytes(*sum);
    is_sound.then(|| u64::from_le_bytes(start[28..36].try_into().expect("eight bytes")))
}

/// The checksum of HDF5's metadata: `hashlittle` of lookup3 with the initial value 0 (Jenkins 2006).
fn lookup3(bytes: &[u8]) -> u32 {
    let length = u32::try_from(bytes.len()).expect("metadata are small");
    let [mut a, mut b, mut c] = [0xdead_beef_u32.wrapping_add(length); 3];
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte));
    let mut rest = bytes;
    while !rest.is_empty() {
        let (block, after) = rest.split_at(rest.len().min(12));
        let mut words = block.chunks(4).map(word).chain([0; 3]);
        for sum in [&mut a, &mut b, &mut c] {
            *sum = sum.wrapping_add(words.next().expect("three words at least"));
        }
        if after.is_empty() {
            return finish(a, b, c);
        }
        [a, b, c] = mix(a, b, c);
        rest = after;
    }
    c
}

fn mix(mut a: u32, mut b: u32, mut c: u32) -> [u32; 3] {
    for rounds in [[4, 6, 8], [16, 19, 4]] {
        a = a.wrapping_sub(c) ^ c.rotate_left(rounds[0]);
        c = c.wrapping_add(b);
        b = b.wrapping_sub(a) ^ a.rotate_left(rounds[1]);
        a = a.wrapping_add(c);
        c = c.wrapping_sub(b) ^ b.rotate_left(rounds[2]);
        b = b.wrapping_add(a);
    }
    [a, b, c]
}

fn finish(mut a: u32, mut b: u32, mut c: u32) -> u32 {
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_reference() {
        // From the self test of lookup3.c.
        assert_eq!(lookup3(b""), 0xdead_beef);
        assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
    }

    #[test]
    fn a_damaged_superblock_vouches_for_no_end() {
        let mut start = [0; BYTES];
        start[..8].copy_from_slice(&SIGNATURE);
        start[8..12].copy_from_slice(&[3, 8, 8, 0]);
        start[28..36].copy_from_slice(&4096_u64.to_le_bytes());
        let sum = lookup3(&start[..BYTES - 4]);
        start[BYTES - 4..].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(end(&start), Some(4096));
        for byte in 0..BYTES {
            let mut damaged = start;
            damaged[byte] ^= 1;
            assert_eq!(end(&damaged), None, "byte {byte}");
        }
    }
}
