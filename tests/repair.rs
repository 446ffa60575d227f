//! `repair` puts right what can be put right, saves what can be read, and says both.

#![cfg(feature = "bundled-hdf5")] // a library of the system has no journal, and keeps text without checksums

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use common::children;
use common::mutants::mutate;
use pypet::prelude::*;
use pypet::run::RunStatus;
use pypet::storage::{LeftOver, NodeKind, StorageError};
use pypet::trajectory::{RepairOptions, Repaired};
use pypet::value::Cells;

const N_RUNS: u64 = 60;
/// Mutants that are repaired unless the variable `PYPET_MUTANTS` says otherwise.
const N_MUTANTS: usize = 200;
/// Longer than this no repair may take.
const PATIENCE: Duration = children::PATIENCE;

/// Parameters of several kinds.
#[parameters]
struct Input {
    #[param(default = 0)]
    k: u64,
    #[param(default = 1_234.5)]
    number: f64,
    #[param(default = "explored".to_owned())]
    label: String,
}

/// Results of every layout.
#[results]
struct Output {
    x: f64,
    /// Eight runs of it are a chunk.
    field: [f64; 4096],
    /// What the run says of itself.
    word: String,
    words: Vec<String>,
    spikes: Vec<f64>,
    #[result(compress = 4)]
    packed: [u64; 8],
}

#[experiment]
fn study(p: &Input, run: &mut Run) -> Result<Output, String> {
    if p.k >= N_RUNS / 2 && children::folder().is_some() {
        children::wait_to_be_stopped(run);
    }
    if p.k == 13 {
        return Err("unlucky number thirteen".into());
    }
    if p.k.is_multiple_of(5) {
        run.add_result("net.fives", p.k / 5);
    }
    let k = p.k as f64;
    Ok(Output {
        x: k + 0.125,
        field: std::array::from_fn(|i| k * 10_000.0 + i as f64 + 0.625),
        word: format!("the word of run {}.", p.k),
        words: (0..p.k % 4).map(|i| format!("word {i} of run {}.", p.k)).collect(),
        spikes: (0..p.k % 3).map(|i| k + i as f64 + 0.375).collect(),
        packed: [p.k; 8],
    })
}

fn points() -> Exploration<Input> {
    let p = Input::names();
    let labels = (0..N_RUNS).map(|k| format!("the label of run {k}."));
    p.k.over(0..N_RUNS).zip(p.label.over(labels)).expect("both have one length")
}

fn with_study(test: impl FnOnce(&Path)) {
    common::with_trajectory_file(|file| {
        // Which texts share a piece of the heap should not depend on the state of the repository.
        let environment = Environment::new(file).with_threads(1).with_git(pypet::provenance::GitPolicy::Off);
        environment.run::<study>(points()).expect("the study runs");
        let mut traj = pypet::trajectory::TrajectoryEditor::open(file).expect("it can be edited");
        traj.annotate("results.word", "note", "kept with the column".to_owned()).expect("text can be noted");
        traj.commit().expect("the edit is stored");
        test(file);
    });
}

/// Folders do not count, since the log of a failed run is in one.
fn n_files_in(folder: &Path) -> usize {
    fs::read_dir(folder)
        .expect("readable")
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().is_file()))
        .count()
}

fn repaired(file: &Path) -> Repaired {
    pypet::repair(file, &RepairOptions::default()).expect("the file can be looked through")
}

fn storage_error<T>(result: pypet::Result<T>) -> StorageError {
    match result.err().expect("this is refused") {
        pypet::Error::Storage(error) => error,
        other => panic!("{other:?}"),
    }
}

/// What a study yields, by full name: nothing that depends on when and where it ran.
fn contents(file: &Path) -> BTreeMap<String, Cells> {
    let any = AnyTrajectory::open(file).expect("the file opens");
    let n_runs = any.header().n_runs;
    let mut contents = BTreeMap::new();
    for node in any.nodes() {
        let name = node.path.replace('/', ".");
        let of_study = ["parameters.", "explored.", "results.", "runs.status", "runs.errors.message"];
        if !of_study.iter().any(|branch| name.starts_with(branch)) {
            continue;
        }
        let cells = match node.kind {
            NodeKind::Group | NodeKind::Link { .. } => continue,
            NodeKind::Value(_) => any.cells(&name),
            NodeKind::Column(_) => any.rows(&name, 0..n_runs),
        };
        contents.insert(name, cells.expect("what was written anew can be read"));
    }
    contents
}

/// Everything in a saved file that is wrong: runs that are done have their values, and all else is as it was.
fn wrong(original: &BTreeMap<String, Cells>, saved: &Path) -> Vec<String> {
    let found = contents(saved);
    let statuses = AnyTrajectory::open(saved).and_then(|any| any.statuses().map(<[_]>::to_vec)).expect("readable");
    let mut wrong = Vec::new();
    for (name, cells) in &found {
        let Some(expected) = original.get(name) else {
            wrong.push(format!("{name} is new"));
            continue;
        };
        if name == "runs.errors.message" {
            continue;
        }
        if name.starts_with("results.") || name == "runs.status" {
            for (run, status) in statuses.iter().enumerate() {
                if *status != RunStatus::Pending && one(cells, run) != one(expected, run) {
                    wrong.push(format!("{name} in run {run}"));
                }
            }
        } else if cells != expected {
            wrong.push(name.clone());
        }
    }
    wrong
}

fn one(cells: &Cells, run: usize) -> Cells {
    let mut one = Cells::new(cells.element(), cells.rank());
    one.push_cell(&cells.cell(run));
    one
}

/// Resumes what was saved, and compares it with the undisturbed study.
fn resumes_to(original: &BTreeMap<String, Cells>, saved: &Path) {
    Environment::new(saved).with_threads(2).resume::<study>().expect("what was saved is resumed");
    let (found, mut expected) = (contents(saved), original.clone());
    // The one run that fails leaves what it says, unless just that was damaged.
    expected.remove("runs.errors.message");
    for (name, cells) in &expected {
        assert_eq!(found.get(name), Some(cells), "{name}");
    }
}

/// A copy of a file in which the last byte of something is another, wherever it stands.
fn damaged(file: &Path, bytes: &[u8]) -> PathBuf {
    let mut content = fs::read(file).expect("the study was stored");
    let found: Vec<usize> = (0..content.len() - bytes.len()).filter(|&at| content[at..].starts_with(bytes)).collect();
    assert!(!found.is_empty(), "{bytes:?} stands nowhere in the file");
    for at in found {
        content[at + bytes.len() - 1] ^= 1;
    }
    let copy = file.with_file_name("damaged.h5");
    fs::write(&copy, content).expect("there is room for a copy");
    let _ = fs::remove_file(file.with_file_name("damaged.repaired.h5"));
    copy
}

fn pypet(arguments: &[&str], folder: &Path) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_pypet")).args(arguments).current_dir(folder).output();
    let output = output.expect("the tool can be started");
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("text")).concat();
    (output.status.code().expect("it ends by itself"), text)
}

#[test]
fn a_sound_file_is_left_as_it_is() {
    with_study(|file| {
        let before = fs::read(file).expect("the study was stored");
        let report = repaired(file);
        assert!(report.is_sound() && !report.is_loss(), "{report}");
        assert!(report.to_string().ends_with("everything can be read; nothing was changed\n"), "{report}");
        assert_eq!(fs::read(file).expect("still there"), before);
        let folder = file.parent().expect("in a folder");
        assert_eq!(n_files_in(folder), 1);
        let (code, answer) = pypet(&["repair", "trajectory.h5", "--json"], folder);
        assert_eq!(code, 0);
        assert!(answer.contains("\"sound\": true"), "{answer}");
    });
}

#[test]
fn a_link_that_leads_nowhere_is_no_damage() {
    common::with_trajectory_file(|file| {
        let environment = Environment::new(file).serial().with_name("multiply");
        environment.run::<study>(Input::names().k.over(0..3)).expect("the study runs");
        common::python::run("dangling.py", [file.as_os_str()]);
        let report = repaired(file);
        assert!(report.is_sound(), "{report}");
    });
}

/// A file whose last commit waits in the journal, as a writer leaves it that was killed beside a reader.
fn with_waiting_commit(test: impl FnOnce(&Path, &Path)) {
    with_study(|file| {
        let folder = file.parent().expect("in a folder");
        let (copy, original) = (folder.join("copy.h5"), folder.join("before.h5"));
        fs::copy(file, &original).expect("there is room");
        let reader = AnyTrajectory::open(file).expect("the file opens");
        let mut traj = pypet::trajectory::TrajectoryEditor::open(file).expect("it can be edited");
        traj.annotate("results.x", "late", "committed beside a reader".to_owned()).expect("text can be noted");
        traj.commit().expect("the edit is stored");
        fs::copy(file, &copy).expect("there is room");
        fs::copy(file.with_extension("h5.journal"), copy.with_extension("h5.journal")).expect("a journal waits");
        drop(reader);
        test(&copy, &original);
    });
}

fn late_note(file: &Path) -> Option<String> {
    AnyTrajectory::open(file).expect("the file opens").annotation("results.x", "late").ok()
}

#[test]
fn a_commit_that_waits_is_applied_also_where_it_was_being_applied() {
    for is_half in [false, true] {
        with_waiting_commit(|file, _| {
            let journal = fs::metadata(file.with_extension("h5.journal")).expect("a journal waits").len();
            if is_half {
                let mut bytes = fs::read(file).expect("readable");
                bytes[..8].copy_from_slice(b"\x89pypet\r\n");
                fs::write(file, bytes).expect("writable");
            }
            let report = repaired(file);
            assert_eq!(report.found, [LeftOver::Commit { bytes: journal }], "{report}");
            assert!(!report.is_loss() && !report.is_damaged());
            assert_eq!(late_note(file).as_deref(), Some("committed beside a reader"));
            assert!(!file.with_extension("h5.journal").exists());
            assert!(repaired(file).is_sound());
        });
    }
}

#[test]
fn a_journal_that_does_not_fit_is_put_aside_and_the_file_looked_through() {
    with_waiting_commit(|file, before| {
        let journal = fs::read(file.with_extension("h5.journal")).expect("a journal waits");
        fs::remove_file(file.with_extension("h5.journal")).expect("it can go");
        fs::copy(before, file).expect("there is room");
        let mut other = pypet::trajectory::TrajectoryEditor::open(file).expect("it can be edited");
        other.annotate("results.x", "meanwhile", "by another program".to_owned()).expect("text can be noted");
        other.commit().expect("the edit is stored");
        fs::write(file.with_extension("h5.journal"), &journal).expect("writable");

        let error = with_causes(&AnyTrajectory::open(file).expect_err("it is refused"));
        assert!(error.contains("`repair` sets the journal aside"), "{error}");
        let report = repaired(file);
        let aside = file.with_extension("h5.journal.conflict");
        assert!(matches!(&report.found[..], [LeftOver::Conflict { journal, .. }] if *journal == aside), "{report:?}");
        assert!(report.is_loss() && !report.is_damaged() && report.to_string().contains("may be missing"), "{report}");
        assert_eq!(fs::read(&aside).expect("it is kept"), journal);
        assert_eq!(late_note(file), None);
        assert!(AnyTrajectory::open(file).expect("opens").annotation::<String>("results.x", "meanwhile").is_ok());
        // A second one does not take the place of the first.
        fs::write(file.with_extension("h5.journal"), &journal[..journal.len() / 2]).expect("writable");
        assert!(repaired(file).is_loss());
        assert!(aside.exists() && file.with_extension("h5.journal.conflict.2").exists());
    });
}

fn with_causes(error: &pypet::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[test]
fn what_is_left_beside_a_file_is_removed_and_told() {
    with_study(|file| {
        let sound = fs::read(file).expect("readable");
        fs::write(file, [&sound[..], &[7; 1000]].concat()).expect("writable");
        for (ending, bytes) in [("h5.journal.new", 10), ("h5.new", 20), ("h5.compact", 30), ("h5.lock", 0)] {
            fs::write(file.with_extension(ending), vec![1; bytes]).expect("writable");
        }
        let report = repaired(file);
        let text = report.to_string();
        for said in ["1000 bytes", "(10 bytes)", "h5.new` (20 bytes)", "h5.compact` (30 bytes)", "a lock"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(!report.is_loss() && !report.is_sound());
        assert_eq!(fs::read(file).expect("readable"), sound);
        assert_eq!(n_files_in(file.parent().expect("in a folder")), 1);
    });
}

#[test]
fn a_study_without_a_first_commit_leaves_nothing_to_repair() {
    common::with_trajectory_file(|file| {
        fs::write(file.with_extension("h5.new"), [0; 64]).expect("writable");
        let report = repaired(file);
        assert!(!report.is_loss() && report.to_string().contains("(64 bytes) without a commit; removed"), "{report}");
        assert!(!file.exists() && !file.with_extension("h5.new").exists());
        assert!(matches!(storage_error(pypet::repair(file, &RepairOptions::default())), StorageError::NoFile { .. }));
    });
}

#[test]
fn a_killed_study_is_recovered_and_resumed() {
    if let Some(folder) = children::folder() {
        let environment = Environment::new(folder.join("killed.h5")).with_threads(1);
        let environment = environment.with_commit_every(Duration::from_millis(5));
        environment.run::<study>(points()).expect("it runs until it is killed");
        return;
    }
    with_study(|file| {
        let folder = file.parent().expect("in a folder");
        let mut command = children::test("a_killed_study_is_recovered_and_resumed", folder);
        let mut child = command.stdout(Stdio::null()).spawn().expect("the test program can be started again");
        let killed = folder.join("killed.h5");
        let done =
            || AnyTrajectory::open(&killed).is_ok_and(|any| any.statuses().expect("readable")[5] == RunStatus::Done);
        children::wait_until(|| killed.exists() && done());
        child.kill().expect("the child can be killed");
        child.wait().expect("the child can be waited for");
        let report = repaired(&killed);
        assert!(report.found.contains(&LeftOver::Lock) && !report.is_loss() && !report.is_damaged(), "{report}");
        assert!(repaired(&killed).is_sound());
        Environment::new(&killed).resume::<study>().expect("it is resumed");
        assert_eq!(contents(&killed), contents(file));
    });
}

static IN_USE: OnceLock<PathBuf> = OnceLock::new();

/// Asks for a repair of the file that its own study writes.
#[experiment(result = "text")]
fn impatient(_: &Input) -> String {
    let file = IN_USE.get().expect("set before the study");
    let error = pypet::repair(file, &RepairOptions::default()).expect_err("the file is being written");
    assert!(matches!(error, pypet::Error::Storage(StorageError::InUse { .. })), "{error:?}");
    error.to_string()
}

#[test]
fn a_file_that_is_being_written_is_not_touched() {
    common::with_trajectory_file(|file| {
        IN_USE.set(file.into()).expect("set once");
        let traj = Environment::new(file).serial().run::<impatient>(Exploration::single()).expect("it runs");
        assert!(traj.get(impatient::results(), 0).expect("it is refused").contains("is being written by process"));
    });
}

#[test]
fn what_can_be_read_of_a_damaged_file_is_saved_and_resumed() {
    with_study(|file| {
        let original = contents(file);
        let done_of = |runs: std::ops::Range<usize>| runs.filter(|&run| run != 13).collect::<Vec<_>>();
        let in_field = 250_000.625_f64.to_le_bytes();
        let cases: [(&[u8], &str, Vec<usize>); 7] = [
            (&7.125_f64.to_le_bytes(), "results/x", done_of(0..60)),
            (&in_field, "results/field", done_of(24..32)),
            (b"the word of run 31.", "results/word", vec![31]),
            (b"word 0 of run 31.", "results/words", vec![31]),
            (&32.375_f64.to_le_bytes(), "results/spikes", Vec::new()),
            (b"unlucky number thirteen", "runs/errors/message", Vec::new()),
            (b"kept with the column", "results/word, annotation `note`", Vec::new()),
        ];
        for (bytes, path, pending) in cases {
            let damaged = damaged(file, bytes);
            let before = fs::read(&damaged).expect("readable");
            let report = repaired(&damaged);
            assert!(report.is_loss() && report.is_damaged(), "{report}");
            assert_eq!(fs::read(&damaged).expect("readable"), before, "{path}: a damaged file is not changed");
            let trajectory = &report.trajectories[0];
            let lost: Vec<&str> = trajectory.losses.iter().map(|loss| loss.path.as_str()).collect();
            assert_eq!(lost, [path], "{report}");
            let found: Vec<usize> = trajectory.pending.iter().cloned().flatten().collect();
            if path == "results/spikes" {
                assert!(found.contains(&32), "{report}");
            } else {
                assert_eq!(found, pending, "{path}: {report}");
            }
            let saved = report.saved.clone().unwrap_or_else(|| panic!("{path}: nothing can be saved: {report}"));
            assert_eq!(saved, file.with_file_name("damaged.repaired.h5"));
            assert_eq!(wrong(&original, &saved), [] as [String; 0], "{path}");
            assert!(repaired(&saved).is_sound(), "{path}");
            // Once more is refused, since there is a file in that place.
            let again = pypet::repair(&damaged, &RepairOptions::default()).map(|_| ());
            assert!(matches!(storage_error(again), StorageError::Io { .. }));
            for script in ["opens.py", "reads_all.py"] {
                common::python::run(script, [saved.as_os_str()]);
            }
            resumes_to(&original, &saved);
        }
    });
}

#[test]
fn the_tool_says_what_is_lost_and_where_the_rest_is() {
    with_study(|file| {
        damaged(file, &250_000.625_f64.to_le_bytes());
        let folder = file.parent().expect("in a folder");
        let (code, text) = pypet(&["repair", "damaged.h5", "-o", "out.h5"], folder);
        assert_eq!(code, 1);
        assert!(text.contains("`results/field` in the runs 24 to 31: its bytes are not those"), "{text}");
        assert!(text.contains("pending again: 8 runs, 24 to 31") && text.contains("resume out.h5"), "{text}");
        let (code, text) = pypet(&["repair", "damaged.h5", "-o", "other.h5", "--json"], folder);
        assert_eq!(code, 1);
        assert!(text.contains("\"lost\": true") && text.contains("\"saved\": \"other.h5\""), "{text}");
        fs::write(folder.join("notes.txt"), "no HDF5").expect("writable");
        for (name, said) in [("notes.txt", "is no HDF5 file"), ("none.h5", "there is no file")] {
            let (code, text) = pypet(&["repair", name], folder);
            assert!(code == 3 && text.contains(said), "{code}: {text}");
        }
    });
}

#[test]
fn a_study_whose_parameters_are_damaged_cannot_be_saved_but_its_neighbours_can() {
    with_study(|file| {
        let original = contents(file);
        let other = Environment::new(file).with_threads(1).with_name("other");
        let p = Input { number: 77.25, ..Input::default() };
        other.with_parameters(p).run::<study>(Input::names().k.over(0..3)).expect("a second study runs");
        let damaged_file = damaged(file, &77.25_f64.to_le_bytes());
        let report = repaired(&damaged_file);
        assert!(report.is_loss(), "{report}");
        let beyond = report.trajectories.iter().filter(|trajectory| trajectory.beyond_repair.is_some());
        assert_eq!(beyond.map(|trajectory| trajectory.name.as_str()).collect::<Vec<_>>(), ["other"], "{report}");
        assert!(report.to_string().contains("beyond repair: `parameters/number` cannot be read"), "{report}");
        assert_eq!(wrong(&original, report.saved.as_deref().expect("one is left")), [] as [String; 0]);

        let report = repaired(&damaged(file, b"the label of run 8."));
        let explored = report.trajectories.iter().find(|trajectory| trajectory.name == "study").expect("it is there");
        assert!(explored.beyond_repair.as_deref().is_some_and(|why| why.contains("`explored/label`")), "{report}");
        let lost: Vec<&str> = explored.losses.iter().map(|loss| loss.path.as_str()).collect();
        assert_eq!(lost, ["explored/label", "grid/label"], "{report}");
    });
}

#[test]
fn a_file_that_was_cut_off_gives_what_is_left_of_it() {
    with_study(|file| {
        let original = contents(file);
        let whole = fs::read(file).expect("readable");
        let mut n_saved = 0;
        for len in (0..20).map(|i| whole.len() * i / 20).chain([47, 600, whole.len() - 4096, whole.len() - 1]) {
            let cut = file.with_file_name("cut.h5");
            let _ = fs::remove_file(file.with_file_name("cut.repaired.h5"));
            fs::write(&cut, &whole[..len]).expect("writable");
            match pypet::repair(&cut, &RepairOptions::default()) {
                Ok(report) => {
                    assert!(report.is_damaged() && report.to_string().contains("bytes are missing"), "{len}: {report}");
                    if let Some(saved) = report.saved {
                        n_saved += 1;
                        assert_eq!(wrong(&original, &saved), [] as [String; 0], "{len}");
                        resumes_to(&original, &saved);
                    }
                }
                Err(error) => {
                    let text = error.to_string();
                    assert!(text.contains("from a backup") || text.contains("is no HDF5 file"), "{len}: {text}");
                }
            }
            assert_eq!(fs::read(&cut).expect("readable"), whole[..len], "a damaged file is not changed");
        }
        println!("{n_saved} of 24 cut files could be saved");
        assert!(n_saved > 4, "{n_saved}");
    });
}

#[test]
fn a_file_whose_superblock_is_damaged_is_beyond_repair() {
    with_study(|file| {
        let mut bytes = fs::read(file).expect("readable");
        bytes[30] ^= 1;
        fs::write(file, &bytes).expect("writable");
        let error = storage_error(pypet::repair(file, &RepairOptions::default()));
        assert!(matches!(error, StorageError::BeyondRepair { .. }), "{error:?}");
        assert!(error.to_string().contains("take a copy of the file from a backup"), "{error}");
        assert_eq!(
            fs::read(file).expect("readable"),
            bytes,
            "no end is cut off that only a damaged superblock asks for"
        );
    });
}

/// Tells the child with which mutant to begin.
const FIRST: &str = "PYPET_REPAIR_FIRST_MUTANT";

#[test]
fn mutants_are_repaired_without_a_crash_a_hang_or_a_wrong_value() {
    if let Some(folder) = children::folder() {
        let first: usize = std::env::var(FIRST).expect("the parent says it").parse().expect("a number");
        repair_mutants(&folder, first);
        return;
    }
    let n_mutants = n_mutants();
    common::with_trajectory_file(|file| {
        let points = Input::names().k.over(0..40);
        Environment::new(file).serial().run::<study>(points).expect("the study runs");
        let (mut next, mut bad) = (0, Vec::new());
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        while next < n_mutants {
            let folder = file.parent().expect("in a folder");
            let name = "mutants_are_repaired_without_a_crash_a_hang_or_a_wrong_value";
            let mut command = children::test(name, folder);
            command.env(FIRST, next.to_string()).stdout(Stdio::piped()).stderr(Stdio::null());
            let mut child = command.spawn().expect("the test program can be started again");
            let stdout = BufReader::new(child.stdout.take().expect("piped"));
            let (sender, lines) = mpsc::channel();
            std::thread::spawn(move || {
                let mut mutants = stdout.lines().map_while(Result::ok).filter(|line| line.starts_with("mutant "));
                mutants.try_for_each(|line| sender.send(line))
            });
            while next < n_mutants {
                let line = lines.recv_timeout(PATIENCE);
                let line = line.unwrap_or_else(|error| format!("mutant {next}: no answer: {error}"));
                let outcome = line.split(": ").nth(1).unwrap_or("silent").to_owned();
                let is_silent = outcome == "no answer";
                if is_silent || outcome == "wrong" {
                    bad.push(line);
                }
                *outcomes.entry(outcome).or_default() += 1;
                next += 1;
                if is_silent {
                    break;
                }
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        println!("{n_mutants} mutants: {outcomes:?}");
        assert!(bad.is_empty(), "{}", bad.join("\n"));
        assert!(outcomes.contains_key("saved"), "{outcomes:?}");
    });
}

fn n_mutants() -> usize {
    std::env::var("PYPET_MUTANTS").map_or(N_MUTANTS, |number| number.parse().expect("a number"))
}

fn repair_mutants(folder: &Path, first: usize) {
    let whole_file = folder.join("trajectory.h5");
    let (whole, original) = (fs::read(&whole_file).expect("readable"), contents(&whole_file));
    let (file, saved) = (folder.join("mutant.h5"), folder.join("mutant.repaired.h5"));
    for mutant in first..n_mutants() {
        let mut bytes = whole.clone();
        let how = mutate(&mut bytes, mutant);
        let _ = fs::remove_file(&saved);
        fs::write(&file, &bytes).expect("writable");
        let (outcome, problems) = match pypet::repair(&file, &RepairOptions::default()) {
            Err(_) => ("refused", Vec::new()),
            Ok(report) if report.saved.is_some() => ("saved", wrong(&original, &saved)),
            Ok(report) if report.is_damaged() => ("beyond repair", Vec::new()),
            Ok(_) => ("sound", wrong(&original, &file)),
        };
        let mut problems = problems;
        // A tail that somebody else wrote is cut off; all else stays.
        if outcome != "sound" && fs::read(&file).expect("readable") != bytes {
            problems.push("the damaged file was changed".into());
        }
        let outcome = if problems.is_empty() { outcome } else { "wrong" };
        println!("mutant {mutant}: {outcome}: {how}: {}", problems.join(", "));
    }
}
