//! Chunks that pypet filters itself, in place of the library: on all cores, and straight from and into the memory that
//! holds the values.
//!
//! The filters are HDF5's own, shuffle and deflate, so every reader understands them. What [`Chunking`] does not know,
//! such as chunks of another program, stays the library's business.

mod codec;
mod compressors;
mod packing;

use std::ops::Range;

use hdf5::Dataset;
use hdf5::filters::Filter;
use rayon::prelude::*;

use self::codec::{Codec, Decoder, Encoder};
pub(super) use self::compressors::Compressors;
pub(super) use self::packing::Packing;
use super::raw;
use crate::value::ElementType;

/// From here on it pays to wake other threads.
const PARALLEL_BYTES: usize = if cfg!(test) { 256 } else { 4 << 20 };

/// How the rows of a dataset of numbers lie in chunks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chunking {
    /// Rows of one chunk.
    rows: usize,
    row_bytes: usize,
    /// Of one row.
    shape: Vec<usize>,
    codec: Codec,
}

impl Chunking {
    /// That of a dataset, if its chunks are whole rows of numbers as they lie in memory, behind filters that we know.
    pub(super) fn of(dataset: &Dataset, element: ElementType) -> hdf5::Result<Option<Self>> {
        let (Some(size), Some(chunk)) = (element.size(), dataset.chunk()) else { return Ok(None) };
        let codec = match *dataset.filters() {
            [Filter::Deflate(level)] => Codec { level, shuffled: 1 },
            [Filter::Shuffle, Filter::Deflate(level)] => Codec { level, shuffled: size },
            _ => return Ok(None),
        };
        let shape = dataset.shape();
        if chunk.get(1..) != shape.get(1..) || !raw::is_native(dataset, element)? {
            return Ok(None);
        }
        let row_bytes = size * shape[1..].iter().product::<usize>();
        Ok(Some(Self { rows: chunk[0], row_bytes, shape: shape[1..].to_vec(), codec }))
    }

    /// Whether all rows of some chunk are among these.
    pub(super) fn has_whole(&self, rows: &Range<usize>) -> bool {
        rows.start.next_multiple_of(self.rows) + self.rows <= rows.end
    }

    /// Reads consecutive rows into memory that has exactly their bytes, many chunks at a time.
    ///
    /// # Errors
    /// The library's own for a chunk that it cannot read either.
    pub(super) fn read(
        &self,
        dataset: &Dataset,
        element: ElementType,
        first: usize,
        room: &mut [u8],
    ) -> hdf5::Result<()> {
        let shape = &self.shape;
        // Up to the first whole chunk and beyond the last one the library reads: it keeps those for the next rows.
        let before = (first.next_multiple_of(self.rows) - first) * self.row_bytes;
        let (before, chunks) = room.split_at_mut(before.min(room.len()));
        raw::read_rows_into(dataset, element, shape, first, before)?;
        let first = first.next_multiple_of(self.rows);
        let chunk_bytes = self.rows * self.row_bytes;
        let read = |decoder: &mut Decoder, (index, room): (usize, &mut [u8])| {
            let first = first + index * self.rows;
            let is_read = room.len() == chunk_bytes && self.read_chunk(dataset, first, decoder, room);
            // The library fills in what was never written, and says what is wrong with what cannot be read.
            if is_read { Ok(()) } else { raw::read_rows_into(dataset, element, shape, first, room) }
        };
        if chunks.len() < PARALLEL_BYTES {
            let mut decoder = Decoder::default();
            return chunks.chunks_mut(chunk_bytes).enumerate().try_for_each(|chunk| read(&mut decoder, chunk));
        }
        chunks.par_chunks_mut(chunk_bytes).enumerate().try_for_each_init(Decoder::default, read)
    }

    /// Reads one whole chunk; `false` if it is not there or not as it should be.
    fn read_chunk(&self, dataset: &Dataset, first: usize, decoder: &mut Decoder, room: &mut [u8]) -> bool {
        let mut memory = std::mem::take(&mut decoder.memory);
        let chunk = raw::read_chunk(dataset, first, Codec::most_bytes(room.len()), &mut memory);
        let is_read = matches!(chunk, Ok(Some(chunk)) if decoder.decode(self.codec, chunk, room));
        decoder.memory = memory;
        is_read
    }
}

#[cfg(test)]
mod tests {
    use hdf5::{Extent, File};
    use proptest::prelude::*;

    use super::super::columns;
    use super::*;

    const CHUNK_ROWS: usize = 7;
    const ROW: usize = 3;

    fn dataset(file: &File, element: ElementType, n_rows: usize, level: u8) -> Dataset {
        let builder = file.new_dataset_builder().chunk((CHUNK_ROWS, ROW));
        let builder = if level == 0 { builder.deflate(0) } else { builder.shuffle().deflate(level) };
        let builder = match element {
            ElementType::F32 => builder.fill_value(f32::NAN),
            ElementType::F64 => builder.fill_value(f64::NAN),
            _ => builder,
        };
        let shape = [Extent::resizable(n_rows), Extent::fixed(ROW)];
        builder.empty_as(columns::file_type(element)).shape(shape).create("rows").unwrap()
    }

    /// Elements, stretches of rows in the order of writing with a commit after some, and a level.
    fn studies() -> impl Strategy<Value = (ElementType, Vec<(usize, usize, bool)>, u8)> {
        use ElementType::{C64, F32, F64, I8, U16};
        let elements = prop::sample::select(vec![I8, U16, F32, F64, C64]);
        let stretches = prop::collection::vec((0_usize..40, 1_usize..30, any::<bool>()), 1..12);
        (elements, stretches, prop::sample::select(vec![0_u8, 1, 9]))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn rows_written_in_any_order_are_read_by_us_as_by_the_library((element, stretches, level) in studies()) {
            let folder = tempfile::tempdir().unwrap();
            let file = File::create(folder.path().join("chunks.h5")).unwrap();
            let n_rows = 53;
            let row_bytes = ROW * element.size().unwrap();
            let dataset = dataset(&file, element, n_rows, level);
            let mut packing = Packing::of(&dataset, element, &Compressors::default()).unwrap().unwrap();
            let mut expected = raw::read_rows(&dataset, element, 0, n_rows).unwrap().bytes().to_vec();
            for (number, &(first, count, commits)) in stretches.iter().enumerate() {
                let end = (first + count).min(n_rows);
                let bytes: Vec<u8> = (0..(end - first) * row_bytes).map(|i| ((i * i) ^ number).to_le_bytes()[0]).collect();
                packing.write(first, &bytes).unwrap();
                expected[first * row_bytes..end * row_bytes].copy_from_slice(&bytes);
                if commits {
                    packing.submit().and_then(|()| packing.settle()).unwrap();
                }
            }
            drop(packing);
            let by_library = raw::read_rows(&dataset, element, 0, n_rows).unwrap();
            prop_assert_eq!(by_library.bytes(), &expected);

            let chunking = Chunking::of(&dataset, element).unwrap().unwrap();
            for first in [0, 5, CHUNK_ROWS, 50] {
                let mut room = vec![0; (n_rows - first) * row_bytes];
                chunking.read(&dataset, element, first, &mut room).unwrap();
                prop_assert_eq!(&room, &expected[first * row_bytes..]);
            }

            // What lies behind the last row stands for runs without results once there are more.
            raw::set_rows(&dataset, 60).unwrap();
            let fill = raw::read_rows(&dataset, element, n_rows, 7).unwrap();
            let is_fill = fill.iter().all(|cell| match element {
                ElementType::F32 | ElementType::F64 => cell.to_f64s().iter().all(|x| x.is_nan()),
                _ => cell.bytes().iter().all(|&byte| byte == 0),
            });
            prop_assert!(is_fill);
        }
    }

    #[test]
    fn a_damaged_chunk_is_the_library_s_to_report() {
        let codec = Codec { level: 1, shuffled: 8 };
        let mut packed = Encoder::new(codec).encode(&[3; 800]).to_vec();
        let mut room = [0; 800];
        assert!(Decoder::default().decode(codec, &packed, &mut room));
        assert_eq!(room, [3; 800]);
        assert!(!Decoder::default().decode(codec, &packed, &mut [0; 792]));
        *packed.last_mut().unwrap() ^= 1;
        assert!(!Decoder::default().decode(codec, &packed, &mut room));
    }

    #[test]
    fn what_does_not_shrink_is_stored_as_it_is() {
        let noise: Vec<u8> = (0..4096_u32).flat_map(|i| crc32fast::hash(&i.to_ne_bytes()).to_ne_bytes()).collect();
        let mut encoder = Encoder::new(Codec { level: 9, shuffled: 1 });
        let packed = encoder.encode(&noise);
        assert!((noise.len()..Codec::most_bytes(noise.len())).contains(&packed.len()));
        assert!(packed.windows(64).any(|bytes| bytes == &noise[..64]));
    }
}
