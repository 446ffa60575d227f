//! Chunks that pypet filters itself, in place of the library: on all cores, and straight from and into the memory that
//! holds the values.
//!
//! The filters are HDF5's own, shuffle and deflate, so every reader understands them. What [`Chunking`] does not know,
//! such as chunks of another program, stays the library's business.

mod codec;
mod compressors;
mod packing;
mod unpacking;

use hdf5::Dataset;
use hdf5::filters::Filter;

use self::codec::{Codec, Decoder, Encoder};
pub(super) use self::compressors::Compressors;
pub(super) use self::packing::Packing;
pub(super) use self::unpacking::{DecodedChunks, Unpacking};
use super::raw;
use crate::value::ElementType;

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
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
            let compressors = Compressors::default();
            let compressors = (stretches.len() % 2 == 0).then_some(&compressors);
            let mut packing = Packing::of(&dataset, element, compressors).unwrap().unwrap();
            let mut expected = raw::read_rows(&dataset, element, 0, n_rows).unwrap().bytes().to_vec();
            for (number, &(first, count, commits)) in stretches.iter().enumerate() {
                let end = (first + count).min(n_rows);
                let bytes: Vec<u8> = (0..(end - first) * row_bytes).map(|i| ((i * i) ^ number).to_le_bytes()[0]).collect();
                let mut before = vec![0; bytes.len()];
                packing.read(first, &mut before).unwrap();
                prop_assert_eq!(&before, &expected[first * row_bytes..end * row_bytes]);
                packing.write(first, &bytes).unwrap();
                expected[first * row_bytes..end * row_bytes].copy_from_slice(&bytes);
                if commits {
                    packing.submit().and_then(|()| packing.settle()).unwrap();
                }
            }
            drop(packing);
            let by_library = raw::read_rows(&dataset, element, 0, n_rows).unwrap();
            prop_assert_eq!(by_library.bytes(), &expected);

            let unpacking = Unpacking::of(&dataset, element, &Arc::default()).unwrap().unwrap();
            let parts = [0..n_rows, 5..n_rows, CHUNK_ROWS..n_rows, 50..n_rows, 5..6, 8..8, 3..17];
            let singly = (0..n_rows).rev().map(|row| row..row + 1);
            for rows in parts.into_iter().chain(singly) {
                let bytes = rows.start * row_bytes..rows.end * row_bytes;
                let mut room = vec![0; bytes.len()];
                unpacking.read(rows.start, &mut room).unwrap();
                prop_assert_eq!(&room, &expected[bytes]);
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
