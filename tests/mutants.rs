//! Damaged files give an error or the right data: no crash, no hang, nothing wrong that passes as good.
//!
//! A child process opens mutants of one file, one after the other; the parent watches the clock. How many there
//! are, and the number of the first, the variables `PYPET_MUTANTS` and `PYPET_FIRST_MUTANT` say.

#![cfg(feature = "bundled-hdf5")] // a library of the system keeps text without checksums

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use common::mutants::mutate;
use pypet::prelude::*;
use pypet::storage::NodeKind;
use pypet::value::Cells;

/// Tells the test program to be the child, and which folder is its own.
const FOLDER: &str = "PYPET_DAMAGE_TEST_FOLDER";
/// Tells the child with which mutant to begin and before which to end.
const RANGE: &str = "PYPET_DAMAGE_TEST_RANGE";
/// Mutants that are tried unless the variable says otherwise.
const N_MUTANTS: usize = 400;
/// Longer than this no mutant may take.
const PATIENCE: Duration = common::children::PATIENCE;

/// What tells the runs apart.
#[parameters]
struct Which {
    /// Number of the run.
    #[param(default = 0)]
    k: u64,
    /// A parameter of text.
    #[param(default = "plain".to_owned())]
    word: String,
    /// A parameter that is an array.
    #[param(default = vec![1.0, 2.0, 3.0])]
    weights: Vec<f64>,
}

/// Results of every layout.
#[results]
struct Yields {
    square: u64,
    trace: [f64; 16],
    #[result(compress = 4)]
    packed: [u16; 200],
    ragged: Vec<f32>,
    word: String,
    flag: bool,
}

#[experiment]
fn study(p: &Which, run: &mut Run) -> Result<Yields, String> {
    if p.k % 7 == 3 {
        return Err(format!("run {} fails", p.k));
    }
    if p.k.is_multiple_of(5) {
        run.add_result("net.fives", p.k / 5);
    }
    Ok(Yields {
        square: p.k * p.k,
        trace: std::array::from_fn(|i| (p.k + i as u64) as f64),
        packed: std::array::from_fn(|i| u16::try_from(i).unwrap_or(0) / 10),
        ragged: (0..p.k % 4).map(|i| i as f32).collect(),
        word: format!("{} {}", p.word, p.k),
        flag: p.k.is_multiple_of(2),
    })
}

/// Everything that a file holds, by full name.
fn contents(file: &Path) -> Result<BTreeMap<String, Result<Cells, String>>, String> {
    let say = |error: &dyn std::error::Error| error.to_string();
    let any = AnyTrajectory::open(file).map_err(|error| say(&error))?;
    let n_runs = any.header().n_runs;
    let mut contents = BTreeMap::new();
    for node in any.nodes() {
        let name = node.path.replace('/', ".");
        let cells = match node.kind {
            NodeKind::Group | NodeKind::Link { .. } => continue,
            NodeKind::Value(_) => any.cells(&name),
            NodeKind::Column(_) => any.rows(&name, 0..n_runs),
        };
        contents.insert(name, cells.map_err(|error| say(&error)));
    }
    Ok(contents)
}

/// Opens one mutant; tells what came of it in a word, and which nodes are wrong.
fn judge(original: &BTreeMap<String, Result<Cells, String>>, file: &Path) -> (&'static str, Vec<String>) {
    let Ok(found) = contents(file) else { return ("refused", Vec::new()) };
    let mut outcome = "intact";
    let mut wrong = Vec::new();
    for (name, expected) in original {
        match found.get(name) {
            Some(Err(_)) => outcome = "partly refused",
            Some(Ok(cells)) if Ok(cells) == expected.as_ref() => {}
            Some(Ok(_)) => wrong.push(format!("{name} has other values")),
            None => wrong.push(format!("{name} is gone")),
        }
    }
    let new = found.keys().filter(|name| !original.contains_key(*name));
    wrong.extend(new.map(|name| format!("{name} is new")));
    if wrong.is_empty() { (outcome, wrong) } else { ("wrong", wrong) }
}

/// What the child does; as a test of its own it does nothing.
#[test]
fn child() {
    let (Some(folder), Ok(range)) = (std::env::var_os(FOLDER), std::env::var(RANGE)) else { return };
    let (first, end) = range.split_once('-').expect("a range");
    let range: std::ops::Range<usize> = first.parse().expect("a number")..end.parse().expect("a number");
    let folder = Path::new(&folder);
    let whole = fs::read(folder.join("whole.h5")).expect("the file can be read");
    let original = contents(&folder.join("whole.h5")).expect("the whole file can be opened");
    let file = folder.join("mutant.h5");
    for mutant in range {
        let mut bytes = whole.clone();
        let how = mutate(&mut bytes, mutant);
        fs::write(&file, &bytes).expect("the mutant can be written");
        let (outcome, wrong) = judge(&original, &file);
        println!("mutant {mutant}: {outcome}: {how}: {}", wrong.join(", "));
    }
}

/// A child that opens mutants, and what it says.
struct Opener {
    child: Child,
    lines: Receiver<String>,
}

impl Opener {
    fn start(folder: &Path, range: std::ops::Range<usize>) -> Self {
        let program = std::env::current_exe().expect("a running program has a path");
        let mut child = Command::new(program)
            .args(["child", "--exact", "--nocapture"])
            .env(FOLDER, folder)
            .env(RANGE, format!("{}-{}", range.start, range.end))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the test program can be started again");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let mutants = stdout.lines().map_while(Result::ok).filter(|line| line.starts_with("mutant "));
            mutants.into_iter().try_for_each(|line| sender.send(line))
        });
        Self { child, lines }
    }
}

#[test]
fn a_damaged_file_gives_an_error_or_the_right_data() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let first = number("PYPET_FIRST_MUTANT", 0);
    let end = first + number("PYPET_MUTANTS", N_MUTANTS);
    common::with_trajectory_file(|file| {
        let folder = file.parent().expect("in a folder");
        let whole = folder.join("whole.h5");
        let points = Which::names().k.over(0..40);
        Environment::new(&whole).serial().run::<study>(points).expect("the study runs");
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        let mut bad = Vec::new();
        let mut next = first;
        while next < end {
            let mut opener = Opener::start(folder, next..end);
            while next < end {
                match opener.lines.recv_timeout(PATIENCE) {
                    Ok(line) => {
                        let outcome = line.split(": ").nth(1).unwrap_or("silent").to_owned();
                        if outcome == "wrong" {
                            bad.push(line);
                        }
                        *outcomes.entry(outcome).or_default() += 1;
                    }
                    Err(error) => {
                        let _ = opener.child.kill();
                        let status = opener.child.wait().expect("the child can be waited for");
                        let outcome = if error == RecvTimeoutError::Timeout { "hang" } else { "crash" };
                        bad.push(format!("mutant {next}: {outcome}: {status}"));
                        *outcomes.entry(outcome.into()).or_default() += 1;
                        next += 1;
                        break;
                    }
                }
                next += 1;
            }
            let _ = opener.child.kill();
            let _ = opener.child.wait();
        }
        println!("{} mutants of {} bytes: {outcomes:?}", end - first, fs::metadata(&whole).expect("it is there").len());
        assert!(bad.is_empty(), "{} of {}:\n{}", bad.len(), end - first, bad.join("\n"));
    });
}
