//! The table of runs: how far each has come, when, how long and by whom; and the table of failures.

use std::ops::Range;

use hdf5::Group;

use super::columns::{self, Column};
use super::groups::new_group;
use super::views::Views;
use super::{attributes, raw};
use crate::run::RunStatus;
use crate::schema::Leaf;
use crate::storage::{Block, FailedRun};
use crate::value::{Cells, ElementType, ValueType};

const CHECKSUM_COMMENT: &str = "checksum of all results of the run; 0 for none";

/// The columns below `runs`.
#[derive(Debug)]
pub(super) struct RunTable {
    status: Column,
    started: Column,
    runtime: Column,
    worker: Column,
    attempt: Column,
    checksum: Column,
    pub(super) errors: Errors,
}

/// The table of failures, a row for each failed try of a run.
#[derive(Debug)]
pub(super) struct Errors {
    columns: [hdf5::Dataset; 4],
    /// Absent from files of older versions.
    attempt: Option<hdf5::Dataset>,
    n_rows: usize,
}

impl RunTable {
    pub(super) fn create(trajectory: &Group, n_runs: usize, views: &Views) -> hdf5::Result<Self> {
        let group = trajectory.group("runs")?;
        let column = |name: &str, element, comment: &str, unit: &str| {
            let mut leaf = Leaf::new(name, ValueType::scalar(element)).with_comment(comment).with_unit(unit);
            leaf.compress = Self::compression_of(name);
            let mut column = Column::new(group.clone(), name, leaf, n_runs);
            column.create_if_fixed()?;
            column.dataset().map_or(Ok(()), |dataset| views.add_dimensions(&column.leaf, dataset))?;
            Ok::<_, hdf5::Error>(column)
        };
        let status = column("status", ElementType::U8, "how far the run has come", "")?;
        if let Some(dataset) = status.dataset() {
            let codes = RunStatus::ALL.map(RunStatus::code);
            attributes::set_list(dataset, "flag_values", &codes)?;
            attributes::set_text(dataset, "flag_meanings", &RunStatus::ALL.map(RunStatus::word).join(" "))?;
        }
        Ok(Self {
            status,
            started: column("started", ElementType::F64, "start of the run, seconds since 1970-01-01 UTC", "s")?,
            // When a run began needs all digits.
            runtime: column("runtime", ElementType::F32, "duration of the run", "s")?,
            worker: column("worker", ElementType::U16, "number of the worker that carried the run out", "")?,
            attempt: column("attempt", ElementType::U8, "how often the run was tried", "")?,
            checksum: column("checksum", ElementType::U64, CHECKSUM_COMMENT, "")?,
            errors: Errors::create(&group)?,
        })
    }

    /// How hard a column of the run table is compressed: most say the same of all runs.
    fn compression_of(name: &str) -> Option<u8> {
        if ["status", "worker", "attempt"].contains(&name) { columns::STRETCHES } else { None }
    }

    pub(super) fn open(trajectory: &Group, n_runs: usize, views: &Views) -> hdf5::Result<Self> {
        let group = trajectory.group("runs")?;
        let column = |name: &str, element| {
            Column::new(group.clone(), name, Leaf::new(name, ValueType::scalar(element)), n_runs).open(&[])
        };
        let mut checksum = column("checksum", ElementType::U64)?;
        if !checksum.exists() {
            // A file of an older version.
            checksum.leaf.comment = CHECKSUM_COMMENT.into();
            checksum.create_if_fixed()?;
            checksum.dataset().map_or(Ok(()), |dataset| views.add_dimensions(&checksum.leaf, dataset))?;
        }
        Ok(Self {
            checksum,
            status: column("status", ElementType::U8)?,
            started: column("started", ElementType::F64)?,
            runtime: column("runtime", ElementType::F32)?,
            worker: column("worker", ElementType::U16)?,
            attempt: column("attempt", ElementType::U8)?,
            errors: Errors::open(&group.group("errors")?)?,
        })
    }

    /// All columns, in the order in which they are written: the status vouches for the data, so it comes last.
    pub(super) fn columns(&mut self) -> [&mut Column; 6] {
        let Self { status, started, runtime, worker, attempt, checksum, errors: _ } = self;
        [started, runtime, worker, attempt, checksum, status]
    }

    /// How often each of these runs was tried, this time included.
    fn attempts(&mut self, runs: Range<usize>) -> hdf5::Result<Cells> {
        let before = self.attempt.read(runs.start, runs.len())?;
        let attempts: Vec<u8> = before.bytes().iter().map(|attempts| attempts.saturating_add(1)).collect();
        Ok(numbers(ElementType::U8, &attempts))
    }

    pub(super) fn write_done(&mut self, block: &Block) -> hdf5::Result<()> {
        let n_runs = block.runs().len();
        let attempts = self.attempts(block.runs())?;
        self.started.write(block.first, &numbers(ElementType::F64, &block.started))?;
        self.runtime.write(block.first, &durations(&block.runtime))?;
        self.worker.write(block.first, &numbers(ElementType::U16, &vec![block.worker; n_runs]))?;
        self.attempt.write(block.first, &attempts)?;
        self.checksum.write(block.first, &numbers(ElementType::U64, &block.checksum))?;
        self.status.write(block.first, &numbers(ElementType::U8, &vec![RunStatus::Done.code(); n_runs]))?;
        Ok(())
    }

    pub(super) fn write_failed(&mut self, run: &FailedRun) -> hdf5::Result<()> {
        let attempts = self.attempts(run.index..run.index + 1)?;
        self.errors.append(run, &attempts)?;
        self.started.write(run.index, &numbers(ElementType::F64, &[run.started]))?;
        self.runtime.write(run.index, &durations(&[run.runtime]))?;
        self.worker.write(run.index, &numbers(ElementType::U16, &[run.worker]))?;
        self.attempt.write(run.index, &attempts)?;
        self.status.write(run.index, &numbers(ElementType::U8, &[run.status.code()]))?;
        Ok(())
    }
}

impl Errors {
    fn create(runs: &Group) -> hdf5::Result<Self> {
        let group = new_group(runs, "errors")?;
        attributes::set_text(&group, "comment", "one row for each failed try of a run")?;
        let column = |name, element| columns::new_rows(&group, name, element, 0, &[]);
        Ok(Self {
            columns: [
                column("run", ElementType::U64)?,
                column("message", ElementType::Text)?,
                column("place", ElementType::Text)?,
                column("backtrace", ElementType::Text)?,
            ],
            attempt: Some(column("attempt", ElementType::U8)?),
            n_rows: 0,
        })
    }

    fn open(group: &Group) -> hdf5::Result<Self> {
        let columns =
            [group.dataset("run")?, group.dataset("message")?, group.dataset("place")?, group.dataset("backtrace")?];
        let attempt = raw::link_exists(group, "attempt")?.then(|| group.dataset("attempt")).transpose()?;
        Ok(Self { n_rows: columns[0].shape()[0], columns, attempt })
    }

    /// Adds a row; `attempt` is the number of the try, from 1.
    pub(super) fn append(&mut self, run: &FailedRun, attempt: &Cells) -> hdf5::Result<()> {
        let row = self.n_rows;
        let text = |text: &str| Cells::from_text(&[], 1, [text.to_owned()]);
        let cells = [
            numbers(ElementType::U64, &[run.index as u64]),
            text(&run.message),
            text(&run.place),
            text(&run.backtrace),
        ];
        let with_attempt = self.attempt.iter().map(|dataset| (dataset, attempt));
        for (dataset, cells) in self.columns.iter().zip(&cells).chain(with_attempt) {
            raw::set_rows(dataset, row + 1)?;
            raw::write_rows(dataset, row, cells)?;
        }
        self.n_rows += 1;
        Ok(())
    }
}

/// Seconds as they are stored; the library makes the wider numbers of older files of them.
#[expect(clippy::cast_possible_truncation, reason = "seven digits are more than a clock has to say of a duration")]
fn durations(seconds: &[f64]) -> Cells {
    let seconds: Vec<f32> = seconds.iter().map(|&seconds| seconds as f32).collect();
    numbers(ElementType::F32, &seconds)
}

fn numbers<T: bytemuck::Pod>(element: ElementType, numbers: &[T]) -> Cells {
    Cells::from_bytes(element, &[], numbers.len(), bytemuck::cast_slice(numbers).to_vec())
}
