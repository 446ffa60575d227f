//! The floors: the same bytes through `std::fs`, and through HDF5 as a C program would write them.

use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Case, Phase, SHAPE, random, random_array, sampled};

/// The value of a run as bytes.
fn bytes(case: Case, run: usize) -> Vec<u8> {
    match case {
        Case::Returned | Case::Stored => random(run as u64).to_le_bytes().to_vec(),
        Case::Array => random_array(run as u64).iter().flat_map(|x| x.to_le_bytes()).collect(),
    }
}

/// One file, one `write` for each run that stores, fsynced at the end.
pub(super) fn files(case: Case, n_runs: usize, phase: Phase, folder: &Path) -> Duration {
    let path = folder.join("values.bin");
    let begun = Instant::now();
    match phase {
        Phase::Run => {
            let mut file = File::create(path).expect("a file can be made");
            if case == Case::Returned {
                let all: Vec<u8> = (0..n_runs).flat_map(|run| random(run as u64).to_le_bytes()).collect();
                file.write_all(&all).expect("the file can be written");
            } else {
                for run in 0..n_runs {
                    file.write_all(&bytes(case, run)).expect("the file can be written");
                }
            }
            file.sync_data().expect("the file can be synced");
        }
        Phase::LoadAll => {
            let all = std::fs::read(path).expect("the file can be read");
            let numbers: Vec<f64> = all.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().expect("8"))).collect();
            black_box(numbers);
        }
        Phase::LoadEach => {
            let mut file = File::open(path).expect("the file can be read");
            let mut buffer = vec![0; case.payload()];
            for run in sampled(n_runs) {
                file.seek(SeekFrom::Start((run * case.payload()) as u64)).expect("the file is long enough");
                file.read_exact(&mut buffer).expect("the file is long enough");
                black_box(&buffer);
            }
            return begun.elapsed().mul_f64(n_runs as f64 / sampled(n_runs).count() as f64);
        }
    }
    begun.elapsed()
}

/// One data set, one call of the library for each run that stores, flushed and fsynced at the end.
pub(super) fn hdf5(case: Case, n_runs: usize, phase: Phase, folder: &Path) -> Duration {
    let path = folder.join("values.h5");
    let begun = Instant::now();
    match phase {
        Phase::Run => {
            write_hdf5(case, n_runs, &path).expect("HDF5 writes");
            File::open(&path).and_then(|file| file.sync_data()).expect("the file can be synced");
        }
        Phase::LoadAll => {
            let file = hdf5::File::open(&path).expect("HDF5 opens");
            black_box(file.dataset("z").and_then(|z| z.read_raw::<f64>()).expect("HDF5 reads"));
        }
        Phase::LoadEach => {
            let file = hdf5::File::open(&path).expect("HDF5 opens");
            let z = file.dataset("z").expect("HDF5 opens");
            for run in sampled(n_runs) {
                if case == Case::Array {
                    black_box(z.read_slice_2d::<f64, _>(ndarray::s![run, .., ..]).expect("HDF5 reads"));
                } else {
                    black_box(z.read_slice_1d::<f64, _>(run..=run).expect("HDF5 reads"));
                }
            }
            return begun.elapsed().mul_f64(n_runs as f64 / sampled(n_runs).count() as f64);
        }
    }
    begun.elapsed()
}

fn write_hdf5(case: Case, n_runs: usize, path: &Path) -> hdf5::Result<()> {
    let file = hdf5::File::create(path)?;
    let builder = file.new_dataset::<f64>();
    match case {
        Case::Returned => {
            let all: Vec<f64> = (0..n_runs).map(|run| random(run as u64)).collect();
            builder.shape(n_runs).create("z")?.write_raw(&all)?;
        }
        Case::Stored => {
            let z = builder.chunk(16_384.min(n_runs)).shape(n_runs).create("z")?;
            for run in 0..n_runs {
                z.write_slice(&[random(run as u64)], run..=run)?;
            }
        }
        Case::Array => {
            let z = builder.chunk((1, SHAPE.0, SHAPE.1)).shape((n_runs, SHAPE.0, SHAPE.1)).create("z")?;
            for run in 0..n_runs {
                z.write_slice(&random_array(run as u64), ndarray::s![run, .., ..])?;
            }
        }
    }
    file.flush()
}
