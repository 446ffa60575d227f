//! What becomes of the checksums of runs where one of their results is removed.

use hdf5::Group;

use super::raw;
use super::survey::Found;
use crate::result::checksum::ValueHash;
use crate::storage::CHECKSUM;
use crate::value::{Cell, Cells, ElementType};

/// Elements that are read at a time.
const BLOCK: usize = 1 << 16;

/// Takes what a result counts back from the checksums of all runs.
pub(super) fn take_back(trajectory: &Group, result: &Found) -> hdf5::Result<()> {
    let (runs, name) = CHECKSUM.split_once('/').expect("the column lies below a branch");
    let runs = trajectory.group(runs)?;
    if !raw::link_exists(&runs, name)? {
        return Ok(());
    }
    let dataset = runs.dataset(name)?;
    let stored = raw::read_rows(&dataset, ElementType::U64, 0, dataset.shape()[0])?;
    let mut sums: Vec<u64> = bytemuck::pod_collect_to_vec(stored.bytes());
    let hash = ValueHash::new(&result.leaf.name, result.leaf.value_type.element);
    each_value(result, sums.len(), |run, value| {
        // 0 stands for none.
        if sums[run] != 0 {
            sums[run] = sums[run].wrapping_sub(hash.of(value));
        }
    })?;
    let sums = Cells::from_bytes(ElementType::U64, &[], sums.len(), bytemuck::cast_slice(&sums).to_vec());
    raw::write_rows(&dataset, 0, &sums)
}

fn each_value(column: &Found, n_runs: usize, mut take: impl FnMut(usize, &Cell<'_>)) -> hdf5::Result<()> {
    let element = column.leaf.value_type.element;
    if let Some(dataset) = &column.dataset {
        let step = (BLOCK / dataset.shape()[1..].iter().product::<usize>().max(1)).max(1);
        for first in (0..n_runs).step_by(step) {
            let cells = raw::read_rows(dataset, element, first, step.min(n_runs - first))?;
            (first..).zip(cells.iter()).for_each(|(run, value)| take(run, &value));
        }
        return Ok(());
    }
    let group = column.parent.group(&column.name)?;
    let values = group.dataset("values")?;
    let rank = column.leaf.value_type.shape.len();
    let numbers = |name: &str| -> hdf5::Result<Vec<u64>> {
        let cells = raw::read_rows(&group.dataset(name)?, ElementType::U64, 0, n_runs)?;
        Ok(bytemuck::pod_collect_to_vec(cells.bytes()))
    };
    let (starts, sizes) = (numbers("row_start")?, numbers("row_size")?);
    let shapes = if rank > 1 { numbers("row_shape")? } else { sizes.clone() };
    let size = |number: u64| usize::try_from(number).map_err(|_| hdf5::Error::from("a count is too large"));
    for run in 0..n_runs {
        let shape: hdf5::Result<Vec<usize>> = shapes[run * rank..(run + 1) * rank].iter().map(|&n| size(n)).collect();
        let flat = raw::read_rows(&values, element, size(starts[run])?, size(sizes[run])?)?;
        let mut value = Cells::new(element, rank);
        value.push_array_of(&flat, &shape?);
        take(run, &value.cell(0));
    }
    Ok(())
}
