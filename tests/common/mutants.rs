//! Files as bad disks and transfers leave them.

/// Numbers that look random and are the same in every call.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        // splitmix64 (Steele, Lea & Flood 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).expect("below a usize")
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).expect("below 256")
    }
}

/// Damages a file in one of the ways in which files are damaged.
pub(crate) fn mutate(bytes: &mut Vec<u8>, mutant: usize) -> &'static str {
    let mut chance = Chance(mutant as u64);
    let at = chance.below(bytes.len());
    match chance.below(8) {
        0..=2 => {
            bytes[at] ^= 1 << chance.below(8);
            "one bit flipped"
        }
        3 => {
            for _ in 0..=chance.below(32) {
                let at = chance.below(bytes.len());
                bytes[at] = chance.byte();
            }
            "some bytes changed"
        }
        4 => {
            let end = (at + 512).min(bytes.len());
            bytes[at..end].fill(0);
            "a sector of zeros"
        }
        5 => {
            let from = chance.below(bytes.len());
            let count = 512.min(bytes.len() - at.max(from));
            bytes.copy_within(from..from + count, at);
            "a sector of another place"
        }
        6 => {
            bytes.truncate(at);
            "cut short"
        }
        _ => {
            let extreme: [u64; 6] = [0, 1, u64::MAX, u64::MAX - 1, 1 << 63, bytes.len() as u64];
            let word = extreme[chance.below(extreme.len())].to_le_bytes();
            let end = (at + 8).min(bytes.len());
            bytes[at..end].copy_from_slice(&word[..end - at]);
            "an extreme number"
        }
    }
}
