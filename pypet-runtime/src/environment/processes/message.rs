//! What a program and its workers say to each other.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::environment::study::Study;
use crate::parameter::ParameterSet;
use crate::result::SharedArray;
use crate::run::{AddedResult, EarlyResult, Part, RunStatus, SliceWrite};
use crate::schema::Leaf;
use crate::storage::{Block, DynamicColumn, FailedRun};
use crate::value::Cells;

/// What a program tells its worker.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// Carry out runs with consecutive indices.
    CarryOut { first: usize, n_runs: usize, n_tries: usize },
    /// Let runs end early, if they ask.
    Cancel,
    /// There is nothing left to do.
    End,
}

/// What a worker tells its program.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Report {
    /// It is ready to carry out runs of this study.
    Ready(Fingerprint),
    /// It cannot be.
    Refused(String),
    /// What the next run hands over before its end.
    Part(Cells),
    /// The next run is done.
    Done(Yield),
    /// An entry of the log, as it stands there.
    Logged(String),
    /// The next run has failed.
    Failed(Failed),
}

/// By what a study is known; the same in a program and its workers.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    n_runs: usize,
    results: String,
    points: u64,
}

/// The results of one run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Yield {
    started: f64,
    runtime: f64,
    checksum: u64,
    results: Vec<Cells>,
    added: Vec<Added>,
    early: Vec<Early>,
    slices: Vec<SliceWrite>,
}

/// A result that the run has handed over before its end.
#[derive(Debug, Serialize, Deserialize)]
struct Early {
    /// The leaf as JSON.
    leaf: String,
    ragged: bool,
    parts: Vec<Part>,
}

/// A result that no result set declares.
#[derive(Debug, Serialize, Deserialize)]
struct Added {
    /// Whether it is a result or an annotation.
    branch: String,
    /// The leaf as JSON, since it leaves out what is empty.
    leaf: String,
    ragged: bool,
    cells: Cells,
}

/// Why one run has no results.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Failed {
    has_timed_out: bool,
    started: f64,
    runtime: f64,
    message: String,
    place: String,
    backtrace: String,
}

impl Fingerprint {
    pub(super) fn of<P: ParameterSet, R>(study: &Study<'_, P, R>) -> Self {
        let leaves = study.subject.results.iter().chain(study.arrays.iter().map(SharedArray::leaf));
        let results: Vec<String> = leaves.map(|leaf| format!("{}: {}", leaf.name, leaf.value_type)).collect();
        Self { n_runs: study.points.len(), results: results.join(", "), points: study.points.digest() }
    }

    /// In what a worker's study differs from the program's, in words.
    pub(super) fn difference(&self, worker: &Self) -> Option<String> {
        if self.n_runs != worker.n_runs {
            return Some(format!("{} runs instead of {}", worker.n_runs, self.n_runs));
        }
        if self.results != worker.results {
            return Some(format!("the results {} instead of {}", worker.results, self.results));
        }
        (self.points != worker.points).then(|| "other values of the parameters".into())
    }
}

impl Yield {
    /// From a block of one run.
    pub(super) fn from_block(block: Block) -> Self {
        Self {
            started: block.started[0],
            runtime: block.runtime[0],
            checksum: block.checksum[0],
            results: block.results,
            added: block.added.into_iter().map(Added::from_column).collect(),
            early: block.early.into_iter().map(Early::from_result).collect(),
            slices: block.slices,
        }
    }

    pub(super) fn end(&self) -> SystemTime {
        moment(self.started + self.runtime)
    }

    /// Joins it to the runs before it; nothing happens if it cannot be what a run of the study yields.
    ///
    /// `sent` is what the run has handed over before.
    pub(super) fn join(
        self,
        index: usize,
        sent: Vec<Part>,
        declared: &[Leaf],
        arrays: &[SharedArray],
        block: &mut Block,
    ) -> Option<()> {
        let is_one = |cells: &Cells| cells.is_whole() && cells.len() == 1;
        let fits = self.results.len() == declared.len()
            && self.results.iter().zip(declared).all(|(cells, leaf)| cells.expect(&leaf.value_type).is_ok())
            && self.results.iter().chain(self.added.iter().map(|added| &added.cells)).all(is_one);
        let added: Option<Vec<AddedResult>> = self.added.into_iter().map(Added::into_result).collect();
        let added = added.filter(|_| fits)?;
        let mut sent: Vec<Option<Part>> = sent.into_iter().map(Some).collect();
        let early: Option<Vec<EarlyResult>> =
            self.early.into_iter().map(|early| early.into_result(index, &mut sent)).collect();
        let slices = self.slices.into_iter().map(|slice| {
            let slice = SliceWrite { run: index, part: slice.part.received(&mut sent)?, ..slice };
            is_of(&slice, arrays).then_some(slice)
        });
        let (early, slices) = (early?, slices.collect::<Option<Vec<_>>>()?);
        if block.started.is_empty() {
            block.first = index;
        }
        block.started.push(self.started);
        block.runtime.push(self.runtime);
        block.checksum.push(self.checksum);
        block.results.iter_mut().zip(&self.results).for_each(|(column, cells)| column.append(cells));
        for added in added {
            block.add(index, added);
        }
        block.early.extend(early);
        block.slices.extend(slices);
        Some(())
    }
}

/// Whether a slice lies in its array.
fn is_of(slice: &SliceWrite, arrays: &[SharedArray]) -> bool {
    let Some(array) = arrays.get(slice.array) else { return false };
    let shape = array.shape();
    let lengths: Vec<usize> = slice.place.iter().map(ExactSizeIterator::len).collect();
    let is_inside = slice.place.len() == shape.len()
        && slice.place.iter().zip(shape).all(|(range, length)| !range.is_empty() && range.end <= length);
    is_inside && slice.part.array() == Some((array.leaf().value_type.element, &lengths))
}

impl Early {
    fn from_result(result: EarlyResult) -> Self {
        let leaf = serde_json::to_string(&result.leaf).expect("a leaf is plain data");
        Self { leaf, ragged: result.leaf.ragged, parts: result.parts }
    }

    /// `None` if no worker of ours can have sent it.
    fn into_result(self, run: usize, sent: &mut [Option<Part>]) -> Option<EarlyResult> {
        let mut leaf: Leaf = serde_json::from_str(&self.leaf).ok()?;
        leaf.ragged = self.ragged;
        let parts: Option<Vec<Part>> = self.parts.into_iter().map(|part| part.received(sent)).collect();
        let result = EarlyResult { run, leaf, parts: parts? };
        result.is_whole().then_some(result)
    }
}

impl Added {
    fn from_column(column: DynamicColumn) -> Self {
        let leaf = serde_json::to_string(&column.leaf).expect("a leaf is plain data");
        Self { branch: column.branch.into(), leaf, ragged: column.leaf.ragged, cells: column.cells }
    }

    /// `None` if no worker of ours can have sent it.
    fn into_result(self) -> Option<AddedResult> {
        let mut leaf: Leaf = serde_json::from_str(&self.leaf).ok()?;
        leaf.ragged = self.ragged;
        self.cells.expect(&leaf.value_type).ok()?;
        Some(AddedResult::new(DynamicColumn::branch_of(&self.branch), leaf, self.cells))
    }
}

impl From<FailedRun> for Failed {
    fn from(run: FailedRun) -> Self {
        let FailedRun { status, started, runtime, message, place, backtrace, .. } = run;
        Self { has_timed_out: status == RunStatus::TimedOut, started, runtime, message, place, backtrace }
    }
}

impl Failed {
    pub(super) fn end(&self) -> SystemTime {
        moment(self.started + self.runtime)
    }

    pub(super) fn of_run(self, index: usize, worker: u16) -> FailedRun {
        let Self { has_timed_out, started, runtime, message, place, backtrace } = self;
        let status = if has_timed_out { RunStatus::TimedOut } else { RunStatus::Failed };
        FailedRun { index, worker, status, started, runtime, message, place, backtrace }
    }
}

/// So many seconds after the beginning of 1970, and a little before, since clocks are never quite the same.
fn moment(seconds: f64) -> SystemTime {
    let seconds = Duration::try_from_secs_f64(seconds - 0.01).unwrap_or_default();
    SystemTime::UNIX_EPOCH.checked_add(seconds).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Appends a message to what is sent.
pub(super) fn encode(message: &impl Serialize) -> impl FnOnce(&mut Vec<u8>) {
    |bytes| {
        let encoded = postcard::to_extend(message, std::mem::take(bytes));
        *bytes = encoded.expect("memory takes any number of bytes");
    }
}

/// What was sent; `None` if it is no such message.
pub(super) fn decode<'a, M: Deserialize<'a>>(bytes: &'a [u8]) -> Option<M> {
    postcard::from_bytes(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::ResultValue;

    fn of(list: &[f64], word: &str) -> Yield {
        let mut results = vec![Cells::of(&Vec::<f64>::value_type())];
        list.to_vec().write(&mut results[0]);
        let mut added = Cells::of(&String::value_type());
        word.to_owned().write(&mut added);
        let leaf = serde_json::to_string(&Leaf::new("word", String::value_type())).expect("plain data");
        let added = Added { branch: DynamicColumn::RESULTS.into(), leaf, ragged: false, cells: added };
        let (early, slices) = (Vec::new(), Vec::new());
        Yield { started: 1.0, runtime: 2.0, checksum: 3, results, added: vec![added], early, slices }
    }

    fn sent(message: Yield) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(&Report::Done(message))(&mut bytes);
        bytes
    }

    #[test]
    fn runs_arrive_as_they_were_sent_and_are_joined() {
        let declared = [Leaf::new("list", Vec::<f64>::value_type())];
        let mut block = Block::new(&declared, 3);
        for (run, length) in [(7, 2), (8, 2), (9, 0)] {
            let bytes = sent(of(&vec![f64::NAN; length], "τ"));
            let Some(Report::Done(run_yield)) = decode(&bytes) else { panic!("no run") };
            run_yield.join(run, Vec::new(), &declared, &[], &mut block).expect("it fits");
        }
        assert_eq!((block.runs(), block.added[0].runs.clone()), (7..10, vec![7, 8, 9]));
        let lengths: Vec<usize> = block.results[0].iter().map(|cell| cell.shape()[0]).collect();
        assert_eq!(lengths, [2, 2, 0]);
        assert!(block.added[0].cells.strings().all(|text| text == "τ"));
    }

    fn cells(list: &[f64]) -> Cells {
        let mut cells = Cells::of(&Vec::<f64>::value_type());
        list.to_vec().write(&mut cells);
        cells
    }

    /// A run that has sent rows before, more of which come now, and has written a slice.
    fn of_early_rows() -> Vec<u8> {
        let leaf = serde_json::to_string(&Leaf::new("rows", Vec::<f64>::value_type())).expect("plain data");
        let early = Early { leaf, ragged: true, parts: vec![Part::Sent(0), Part::Kept(cells(&[3.0]))] };
        let slice = SliceWrite { run: 0, array: 0, place: vec![2..4; 1], part: Part::Kept(cells(&[4.0, 5.0])) };
        sent(Yield { early: vec![early], slices: vec![slice], ..of(&[], "") })
    }

    #[test]
    fn early_results_are_joined_with_what_was_sent_before_unless_they_are_damaged() {
        let declared = [Leaf::new("list", Vec::<f64>::value_type())];
        let arrays = [SharedArray::new::<f64>("map", [4])];
        let join = |bytes: &[u8], before: Vec<Part>| {
            let Some(Report::Done(run_yield)) = decode(bytes) else { return None };
            let mut block = Block::new(&declared, 0);
            run_yield.join(5, before, &declared, &arrays, &mut block).map(|()| block)
        };
        let before = || vec![Part::Kept(cells(&[1.0, 2.0]))];
        let bytes = of_early_rows();
        let block = join(&bytes, before()).expect("it fits");
        assert_eq!(block.early[0].cells().unwrap(), cells(&[1.0, 2.0, 3.0]));
        assert_eq!((block.slices[0].run, &block.slices[0].place[0]), (5, &(2..4)));
        assert!(join(&bytes, Vec::new()).is_none(), "what was sent before is missing");
        for position in 0..bytes.len() {
            for change in [1, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[position] ^= change;
                let Some(block) = join(&damaged, before()) else { continue };
                // Whatever still is a run can be stored.
                assert!(block.early.iter().all(|early| early.cells().is_ok_and(|cells| cells.is_whole())));
                assert!(block.slices.iter().all(|slice| slice.place[0].end <= 4 && slice.part.cells().is_ok()));
            }
        }
    }

    #[test]
    fn damaged_messages_are_refused_and_nothing_is_joined() {
        let declared = [Leaf::new("list", Vec::<f64>::value_type())];
        let bytes = sent(of(&[1.0, 2.0], "word"));
        for position in 0..bytes.len() {
            for change in [1, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[position] ^= change;
                damaged.truncate(if change == 1 { position } else { bytes.len() });
                let Some(Report::Done(run_yield)) = decode(&damaged) else { continue };
                let mut block = Block::new(&declared, 0);
                // Whatever still is a run can be looked at from end to end.
                match run_yield.join(0, Vec::new(), &declared, &[], &mut block) {
                    Some(()) => assert!(block.results[0].is_whole() && block.results[0].len() == 1),
                    None => assert!(block.started.is_empty() && block.results[0].is_empty()),
                }
            }
        }
    }
}
