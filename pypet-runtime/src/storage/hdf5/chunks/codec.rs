//! The two filters: shuffle, which puts bytes of one significance side by side, and deflate with its checksum.

use std::borrow::Cow;
use std::fmt;

use libdeflater::{CompressionLvl, Compressor, Decompressor};

/// What is done to the bytes of a chunk on their way into the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Codec {
    /// The level of deflate; at 0 it only adds its checksum.
    pub(super) level: u8,
    /// Bytes of one element whose bytes are shuffled; 1 for no shuffling.
    pub(super) shuffled: usize,
}

impl Codec {
    /// The most bytes that deflate makes of so many: a few for each of its blocks, the smallest of which have 5000.
    pub(super) fn most_bytes(n_bytes: usize) -> usize {
        n_bytes + n_bytes / 500 + 1024
    }
}

/// Turns values into chunks; keeps memory for the next.
pub(super) struct Encoder {
    codec: Codec,
    compressor: Compressor,
    packed: Vec<u8>,
}

impl Encoder {
    pub(super) fn new(codec: Codec) -> Self {
        Self { codec, compressor: compressor(codec.level), packed: Vec::new() }
    }

    /// Filters a chunk.
    ///
    /// What deflate makes at most a twentieth smaller is stored as it is, which reads faster.
    pub(super) fn encode(&mut self, chunk: &[u8]) -> &[u8] {
        let Codec { level, shuffled: size } = self.codec;
        let shuffled = if size == 1 { Cow::Borrowed(chunk) } else { Cow::Owned(shuffle(chunk, size)) };
        let mut n_bytes = deflate(&mut self.compressor, &shuffled, &mut self.packed);
        if level > 0 && n_bytes > chunk.len() / 20 * 19 {
            n_bytes = deflate(&mut compressor(0), &shuffled, &mut self.packed);
        }
        &self.packed[..n_bytes]
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoder {:?}", self.codec)
    }
}

/// Turns chunks into values; one for each thread, since it keeps memory for the next.
pub(super) struct Decoder {
    decompressor: Decompressor,
    shuffled: Vec<u8>,
    /// For whoever reads the next chunk.
    pub(super) memory: Vec<u8>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { decompressor: Decompressor::new(), shuffled: Vec::new(), memory: Vec::new() }
    }
}

impl Decoder {
    /// Fills `room` with what is in a chunk; `false` if the chunk is damaged or holds another number of bytes.
    pub(super) fn decode(&mut self, codec: Codec, chunk: &[u8], room: &mut [u8]) -> bool {
        if codec.shuffled == 1 {
            return self.decompressor.zlib_decompress(chunk, room) == Ok(room.len());
        }
        self.shuffled.resize(room.len(), 0);
        let is_whole = self.decompressor.zlib_decompress(chunk, &mut self.shuffled) == Ok(room.len());
        if is_whole {
            unshuffle(&self.shuffled, codec.shuffled, room);
        }
        is_whole
    }
}

fn compressor(level: u8) -> Compressor {
    Compressor::new(CompressionLvl::new(level.into()).expect("levels of HDF5 go from 0 to 9"))
}

fn deflate(compressor: &mut Compressor, bytes: &[u8], packed: &mut Vec<u8>) -> usize {
    let most = compressor.zlib_compress_bound(bytes.len());
    packed.resize(packed.len().max(most), 0);
    compressor.zlib_compress(bytes, packed).expect("there is room for the longest outcome")
}

/// Puts bytes of one significance side by side.
fn shuffle(elements: &[u8], size: usize) -> Vec<u8> {
    let mut shuffled = vec![0; elements.len()];
    for (byte, plane) in shuffled.chunks_exact_mut((elements.len() / size).max(1)).enumerate() {
        for (place, element) in plane.iter_mut().zip(elements.chunks_exact(size)) {
            *place = element[byte];
        }
    }
    shuffled
}

/// Puts the bytes of each element together again.
fn unshuffle(shuffled: &[u8], size: usize, elements: &mut [u8]) {
    match size {
        2 => unshuffle_of::<2>(shuffled, elements),
        4 => unshuffle_of::<4>(shuffled, elements),
        8 => unshuffle_of::<8>(shuffled, elements),
        16 => unshuffle_of::<16>(shuffled, elements),
        _ => elements.copy_from_slice(shuffled),
    }
}

fn unshuffle_of<const SIZE: usize>(shuffled: &[u8], elements: &mut [u8]) {
    let n_elements = elements.len() / SIZE;
    let planes: [&[u8]; SIZE] = std::array::from_fn(|byte| &shuffled[byte * n_elements..][..n_elements]);
    for (index, element) in elements.as_chunks_mut::<SIZE>().0.iter_mut().enumerate() {
        *element = planes.map(|plane| plane[index]);
    }
}
