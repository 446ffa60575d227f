//! What runs write together, early, and read in part: the same on every engine, after a kill, and in the file.
//!
//! Worker processes are this test program once more, told to do one test only; so each test that has workers is itself
//! what they do, and comes in them as far as its study.

mod common;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::children;
use pypet::prelude::*;
use pypet::result::SharedArray;
use pypet::run::RunStatus;
use pypet::verify::{Rerun, verify};
use pypet::{Error, Result};

const N_RUNS: usize = 12;
/// Rows of a run that are too many to be kept in memory.
const N_ROWS: usize = 100_000;
/// Elements of a result that is.
const N_ELEMENTS: usize = 200_000;

/// What the runs differ in.
#[parameters]
struct Which {
    #[param(default = 0)]
    k: usize,
    /// The run that fails after all is written.
    #[param(default = 1000)]
    fails_at: usize,
    /// How long a run takes, in milliseconds.
    #[param(default = 0)]
    pause: u64,
}

/// Writes in all ways there are, some of it too large to be kept in memory.
#[experiment(result = "k", shared_arrays = arrays)]
fn study(p: &Which, run: &mut Run) -> Result<usize, String> {
    let k = p.k as f64;
    run.write("small", &vec![k; 3]);
    run.write("large", &Array2::from_elem((N_ELEMENTS / 4, 4), k));
    for part in 0..4 {
        let first = part * N_ROWS / 4;
        let numbers: Vec<f64> = (first..first + N_ROWS / 4).map(|row| k + row as f64 / 1e6).collect();
        let rows = Array2::from_shape_vec((N_ROWS / 8, 2), numbers).expect("as many as the shape says");
        run.append("rows", &rows);
        // As many as the number of the run says.
        for event in 0..p.k {
            let name = format!("event {event}");
            run.append("events", &Table::new().with("part", [part]).with("name", [name]));
        }
        std::thread::sleep(Duration::from_millis(p.pause));
    }
    if p.k >= 8 && children::folder().is_some() {
        children::wait_to_be_stopped(run);
    }
    // What is logged comes from workers in the midst of what they hand over.
    log::info!("all rows are there");
    run.append("texts", &vec![format!("run {}", p.k); p.k % 3]);
    run.write_slice("map", s![p.k, ..], &Array1::from_elem(N_ELEMENTS, k));
    // Neighbours write the same places.
    run.write_slice("overlap", s![p.k..p.k + 3, 1..3], &Array2::from_elem((3, 2), p.k.cast_signed()));
    run.write_slice("overlap", s![p.k, 0], &ndarray::arr0(-(p.k.cast_signed())));
    if p.k == p.fails_at {
        return Err("gone wrong".into());
    }
    Ok(p.k)
}

fn arrays(_: &Which) -> Vec<SharedArray> {
    let map = SharedArray::new::<f64>("map", [N_RUNS, N_ELEMENTS]).with_unit("mV").with_comment("a row for each run");
    vec![map, SharedArray::new::<isize>("overlap", [N_RUNS + 3, 3])]
}

fn points() -> Exploration<Which> {
    Which::names().k.over(0..N_RUNS)
}

/// Checks everything that runs have written, of which only some are done.
fn assert_all_is_there(traj: &Trajectory<study>, done: &[usize]) {
    let any = traj.any();
    let rows: Array2<f64> = any.rows_of_all("results.rows").unwrap();
    assert_eq!(rows.dim(), (done.len() * N_ROWS / 2, 2));
    let expected = done.iter().flat_map(|&k| (0..N_ROWS).map(move |row| k as f64 + row as f64 / 1e6));
    assert!(rows.iter().copied().eq(expected), "rows are in the order of their runs");
    let texts: Vec<String> = any.rows_of_all("results.texts").unwrap();
    let expected = done.iter().flat_map(|&k| vec![format!("run {k}"); k % 3]);
    assert_eq!(texts, expected.collect::<Vec<_>>());
    let events: Table = any.rows_of_all("results.events").unwrap();
    assert_eq!(events.n_rows(), done.iter().map(|k| 4 * k).sum::<usize>());

    let mut overlap = vec![[0_isize; 3]; N_RUNS + 3];
    for &k in done {
        overlap[k..k + 3].iter_mut().for_each(|row| row[1..].fill(k.cast_signed()));
        overlap[k][0] = -(k.cast_signed());
    }
    assert_eq!(any.get::<Vec<[isize; 3]>>("results.overlap").unwrap(), overlap);
    for k in 0..N_RUNS {
        let is_done = done.contains(&k);
        let row: ArrayD<f64> = any.get_slice("results.map", s![k, ..]).unwrap();
        assert!(
            row.iter().all(|x| if is_done { x.to_bits() == (k as f64).to_bits() } else { x.is_nan() }),
            "row {k} of the map"
        );
        let run = traj.run(k).unwrap();
        if !is_done {
            assert!(run.get_added::<Array2<f64>>("large").is_err());
            continue;
        }
        let events: Table = run.get_added_group("events").unwrap();
        let names: Vec<String> = (0..4).flat_map(|_| (0..k).map(|event| format!("event {event}"))).collect();
        assert_eq!(events.n_rows(), 4 * k);
        assert!(k == 0 || events.column::<String>("name").unwrap() == names);
        let large: Array2<f64> = run.get_added("large").unwrap();
        assert!(large == Array2::from_elem((N_ELEMENTS / 4, 4), k as f64));
        assert_eq!(run.get_added::<Vec<f64>>("small").unwrap(), [k as f64; 3]);
        let first: ArrayD<f64> = run.get_added_slice("rows", s![..2, 1]).unwrap();
        assert_eq!(first.into_raw_vec_and_offset().0, [k as f64 + 1e-6, k as f64 + 3e-6]);
    }
}

fn all() -> Vec<usize> {
    (0..N_RUNS).collect()
}

#[cfg(unix)]
#[test]
fn every_engine_stores_the_same() {
    common::with_trajectory_file(|file| {
        let environments = [
            Environment::new(file).with_name("serial").serial(),
            Environment::new(file).with_name("threads").with_threads(3),
            // One run at most waits for the writer.
            Environment::new(file).with_name("narrow").with_threads(3).with_memory_cap(1).with_compression(4),
            Environment::new(file)
                .with_name("processes")
                .with_processes(2)
                .with_worker_arguments(["every_engine_stores_the_same", "--exact"]),
        ];
        for environment in environments {
            let traj = environment.run::<study>(points()).expect("the study is carried out");
            assert_eq!(traj.failures().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
            assert_all_is_there(&traj, &all());
        }
        // Workers do not come here, where nobody writes any more.
        let verified = ["serial", "threads", "narrow", "processes"].map(|name| {
            let verified = verify(file, Some(name), &mut |_| {}).unwrap();
            assert!(verified.is_sound() && verified.n_checked == N_RUNS, "{verified:#?}");
            verified.content
        });
        assert_eq!(verified, [verified[0]; 4], "the engine makes no difference to any checksum");
        let left: Vec<_> =
            std::fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.iter().all(|path| path.to_string_lossy().contains("trajectory.")), "{left:?}");
    });
}

#[test]
fn a_trajectory_in_memory_has_it_all_as_well() {
    let traj = Environment::in_memory().with_threads(2).run::<study>(points()).unwrap();
    assert_all_is_there(&traj, &all());
}

#[test]
fn nothing_of_a_run_that_fails_is_in_the_file() {
    common::with_trajectory_file(|file| {
        let presets = Which { fails_at: 7, ..default() };
        let environment = Environment::new(file).with_threads(2).with_parameters(presets).with_retries(1);
        let traj = environment.run::<study>(points()).unwrap();
        assert_eq!(traj.failed(), [7]);
        let done: Vec<usize> = (0..N_RUNS).filter(|&k| k != 7).collect();
        assert_all_is_there(&traj, &done);
        // Whoever reads the column without a look at the states finds nothing either.
        let large: ndarray::Array3<f64> = traj.any().get("results.large").unwrap();
        assert!(large.index_axis(ndarray::Axis(0), 7).iter().all(|x| x.is_nan()));
        let slices = traj.any().rows("runs.slices.map", 7..8).unwrap();
        assert_eq!(slices.cell(0).shape(), [0, 0, 0], "no record of slices");
        drop(traj);

        // Retried with other parameters it could not be, so it fails again, and still nothing is there.
        let traj = Environment::new(file).with_failed().resume::<study>().unwrap();
        assert_all_is_there(&traj, &done);
    });
}

/// What the child does; as a test of its own it does nothing.
#[test]
fn child_that_is_killed() {
    let Some(folder) = children::folder() else { return };
    let environment = Environment::new(folder.join("killed.h5")).with_threads(2).serial();
    let environment = environment.with_compression(4).with_commit_every(Duration::from_millis(1));
    let presets = Which { pause: 20, ..default() };
    environment.with_parameters(presets).run::<study>(points()).expect("it runs until it is killed");
}

#[test]
fn a_killed_study_is_resumed_to_what_an_undisturbed_one_yields() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("killed.h5");
    let mut command = children::test("child_that_is_killed", folder.path());
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    let n_done = || {
        let traj = Trajectory::<study>::open(&file).ok()?;
        Some(traj.statuses().iter().filter(|status| **status == RunStatus::Done).count())
    };
    children::wait_until(|| file.exists() && n_done().is_some_and(|n_done| n_done > 2));
    child.kill().unwrap();
    child.wait().unwrap();
    let traj = Trajectory::<study>::open(&file).unwrap();
    let done: Vec<usize> = (0..N_RUNS).filter(|&k| traj.statuses()[k] == RunStatus::Done).collect();
    assert!(done.len() < N_RUNS, "it was killed too late");
    assert_all_is_there(&traj, &done);
    drop(traj);
    let left = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<String> = left.map(|name| name.to_string_lossy().into_owned()).collect();
    assert!(left.iter().all(|name| name.starts_with("killed.")), "what was put aside has no name: {left:?}");

    let traj = Environment::new(&file).with_threads(2).resume::<study>().unwrap();
    assert_all_is_there(&traj, &all());
}

#[test]
fn runs_that_are_added_write_into_the_same_arrays() {
    common::with_trajectory_file(|file| {
        let k = Which::names().k;
        Environment::new(file).run::<study>(k.over(6..N_RUNS)).unwrap();
        let traj = Environment::new(file).expand::<study>(k.over(0..N_RUNS)).unwrap();
        assert_eq!(traj.len(), N_RUNS);
        // The runs of the lower places came later, so they have the higher indices.
        let overlap: Vec<[isize; 3]> = traj.any().get("results.overlap").unwrap();
        assert_eq!(overlap[5..8], [[-5, 5, 5], [-6, 5, 5], [-7, 5, 5]]);
        assert_eq!(overlap[8], [-8, 8, 8]);
        let texts: Vec<String> = traj.any().rows_of_all("results.texts").unwrap();
        assert_eq!(texts[..3], ["run 7", "run 8", "run 8"]);
    });
}

/// What goes wrong.
#[parameters]
struct Mistake {
    #[param(default = 0)]
    number: usize,
}

/// Makes one mistake in each run.
fn mistaken(p: &Mistake, run: &mut Run) {
    match p.number {
        0 => run.write_slice("map", s![3..5, 9..12], &Array2::<f64>::zeros((2, 3))),
        1 => run.write_slice("map", s![3..5, ..], &Array2::<f64>::zeros((2, 9))),
        2 => run.write_slice("map", s![3, ..], &Array1::<f32>::zeros(10)),
        3 => run.write_slice("mop", s![3, ..], &Array1::<f64>::zeros(10)),
        4 => run.write_slice("map", s![.., ..;2], &Array2::<f64>::zeros((10, 5))),
        5 => run.write_slice("map", s![3], &ndarray::arr0(1.0)),
        6 => {
            run.write("x", &1.0);
            run.write("x", &1.0);
        }
        7 => {
            run.append("x", &vec![1.0]);
            run.append("x", &vec![1]);
        }
        8 => {
            run.append("x", &Array2::<f64>::zeros((2, 3)));
            run.append("x", &Array2::<f64>::zeros((2, 4)));
        }
        9 => {
            run.append("x", &Table::new().with("a", [1]).with("b", [1]));
            run.append("x", &Table::new().with("a", [1]));
        }
        10 => run.write("map", &1.0),
        11 => run.write("../x", &1.0),
        _ => {
            run.append("x", &vec![1.0]);
            run.add_result("x", 1.0);
        }
    }
}

#[test]
fn mistakes_fail_their_run_and_name_what_was_meant() {
    common::with_trajectory_file(|file| {
        let environment = Environment::new(file).with_shared_array(SharedArray::new::<f64>("map", [10, 10]));
        let points = Mistake::names().number.over(0..13);
        let any = environment.run_with("mistakes", points, mistaken).unwrap();
        let said: Vec<String> = any.failures().unwrap().into_iter().map(|failure| failure.message).collect();
        let expected = [
            "a part of the shared array `map` cannot be written: the slice `[3..5, 9..12]` reaches beyond the array, \
             which has the shape [10, 10]",
            "the slice `[3..5, ..]` of the shared array `map` has the shape [2, 10], but the values have [2, 9]",
            "elements of `f32` were written to the shared array `map`, which is one of `f64[10, 10]`",
            "there is no shared array `mop`; there is `map`; declare it",
            "the slice `[.., ..;2]` leaves elements out",
            "the slice `[3]` is one of 1 dimensions, but the array has the shape [10, 10]",
            "the result `x` was added twice in one run",
            "rows of `i32[_]` were appended to `x`, which has rows of `f64[_]`",
            "rows of `f64[_, 4]` were appended to `x`, which has rows of `f64[_, 3]`",
            "a table of a was appended to `x`, which has the columns a, b",
            "`map` is declared as a result or a shared array",
            "`../x` is no name for a result",
            "the result `x` was added twice in one run",
        ];
        assert_eq!(said.len(), expected.len());
        for (said, expected) in said.iter().zip(expected) {
            assert!(said.contains(expected), "`{said}` instead of `{expected}`");
        }
        let map: Array2<f64> = any.get("results.map").unwrap();
        assert!(map.iter().all(|x| x.is_nan()), "nothing of it was written");
    });
}

#[test]
fn a_shared_array_that_is_declared_otherwise_is_refused() {
    common::with_trajectory_file(|file| {
        let other = |array: SharedArray| Environment::new(file).with_shared_array(array).resume::<study>();
        Environment::new(file).run::<study>(Which::names().k.over([0])).unwrap();
        let twice = other(SharedArray::new::<f64>("map", [3])).unwrap_err();
        assert!(matches!(&twice, Error::SharedArray(_)), "{twice}");
        assert!(twice.to_string().contains("shared array `map`"), "{twice}");
        let taken = other(SharedArray::new::<f64>("large", [3])).unwrap_err();
        let expected = "declared as `f64[3]`, but the trajectory has `a result of each run` under this name";
        assert!(taken.to_string().contains(expected), "{taken}");
    });
}

/// Parts of arrays of all layouts.
#[results]
struct Traces {
    /// As long in each run.
    v: Array2<f64>,
    /// Of another length in each.
    spikes: Array2<u32>,
    /// Three numbers.
    triple: [usize; 3],
}

#[experiment]
fn traces(p: &Which) -> Traces {
    let number = |i: usize, j: usize| u32::try_from(1000 * p.k + 10 * i + j).expect("a small number");
    Traces {
        v: Array2::from_shape_fn((50, 4), |(i, j)| f64::from(number(i, j))),
        spikes: Array2::from_shape_fn((5 * (p.k + 1), 3), |(i, j)| number(i, j)),
        triple: [p.k, 1, 2],
    }
}

#[test]
fn parts_of_arrays_are_those_of_the_whole() {
    common::with_trajectory_file(|file| {
        let points = || Which::names().k.over(0..6);
        for environment in [Environment::new(file), Environment::in_memory()] {
            let traj = environment.run::<traces>(points()).unwrap();
            let r = Traces::names();
            for run in traj.runs() {
                let (v, spikes) = (run.get(r.v).unwrap(), run.get(r.spikes).unwrap());
                assert_eq!(run.get_slice(r.v, s![10..20, 1]).unwrap(), v.slice(s![10..20, 1]));
                assert_eq!(run.get_slice(r.v, s![..;7, -1]).unwrap(), v.slice(s![..;7, -1]));
                assert_eq!(run.get_slice(r.spikes, s![1..4, ..;2]).unwrap(), spikes.slice(s![1..4, ..;2]));
                assert_eq!(run.get_slice(r.spikes, s![-2.., 1..]).unwrap(), spikes.slice(s![-2.., 1..]));
                assert_eq!(run.get_slice(r.spikes, s![2, 1]).unwrap()[()], spikes[[2, 1]]);
                assert_eq!(run.get_slice(r.triple, s![1..]).unwrap().to_vec(), [1, 2]);
                let any: ArrayD<f64> = run.any().get_slice("v", s![3, ..]).unwrap();
                assert_eq!(any, v.slice(s![3, ..]).into_dyn());
                let wide: ArrayD<u64> = run.any().get_slice("spikes", s![3, ..]).unwrap();
                assert_eq!(wide, spikes.slice(s![3, ..]).map(|&x| u64::from(x)).into_dyn());
            }
            let v = traj.all(r.v).unwrap();
            assert_eq!(traj.slice(r.v, 1..5, s![40.., 2..]).unwrap(), v.slice(s![1..5, 40.., 2..]));
            let firsts: Array2<u32> = traj.slice(r.spikes, 0..6, s![..5, 0]).unwrap();
            assert_eq!((firsts.dim(), firsts[[5, 4]]), ((6, 5), 5040));
            let any: ArrayD<f64> = traj.any().get_slice("v", s![2..4, 7, ..]).unwrap();
            assert_eq!(any, v.slice(s![2..4, 7, ..]).into_dyn());

            let said = |error: Error| pypet_chain(&error);
            let beyond = said(traj.run(2).unwrap().get_slice(r.spikes, s![..16, 0]).unwrap_err());
            assert!(beyond.contains("`results/spikes` in run 2 cannot be read: the slice `[..16, 0]`"), "{beyond}");
            assert!(beyond.contains("has the shape [15, 3]"), "{beyond}");
            let uneven = said(traj.slice(r.spikes, 0..6, s![.., 0]).unwrap_err());
            assert!(uneven.contains("differ in shape ([5] and [10])"), "{uneven}");
            assert!(matches!(traj.slice(r.v, 0..7, s![0, 0]), Err(Error::Trajectory(_))));
            let ragged = said(traj.any().get_slice::<u32>("spikes", s![.., .., ..]).map(|_| ()).unwrap_err());
            assert!(!ragged.is_empty());
            let text = said(traj.any().get_slice::<String>("v", s![0, 0, 0]).unwrap_err());
            assert!(text.contains("`f64`, not as `text`"), "{text}");
        }
    });
}

/// An error with its causes, as people see it.
fn pypet_chain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {}", pypet_chain(cause)));
    format!("{error}{}", cause.unwrap_or_default())
}

/// One long array in each run.
#[experiment(result = "long", shared_arrays = sparse)]
fn long_arrays(p: &Which) -> Array1<f64> {
    Array1::from_elem(1_000_000, p.k as f64)
}

/// 8 GB, of which nobody writes anything.
fn sparse(_: &Which) -> [SharedArray; 1] {
    [SharedArray::new::<f64>("sparse", [1_000_000, 1000])]
}

#[cfg(target_os = "linux")]
#[test]
fn no_more_is_read_than_is_asked_for() {
    common::with_trajectory_file(|file| {
        let traj = Environment::new(file).run::<long_arrays>(Which::names().k.over(0..4)).unwrap();
        let long = long_arrays::results();
        traj.get(long, 3).unwrap();
        let whole = n_bytes_read(|| assert_eq!(traj.get(long, 1).unwrap().len(), 1_000_000));
        let part = n_bytes_read(|| {
            let part = traj.run(2).unwrap().get_slice(long, s![500_000..500_100]).unwrap();
            assert_eq!(part.to_vec(), [2.0; 100]);
        });
        assert!(whole >= 8_000_000 && part < 1_200_000, "{part} bytes for 800, {whole} for all");
        let nothing = n_bytes_read(|| {
            let part: ArrayD<f64> = traj.any().get_slice("sparse", s![999_990.., 500]).unwrap();
            assert!(part.len() == 10 && part.iter().all(|x| x.is_nan()));
        });
        assert!(nothing < 100_000, "{nothing} bytes of an array that nobody has written");
        let size = std::fs::metadata(file).unwrap().len();
        assert!(size < 34_000_000, "{size} bytes, of which the arrays have 32 000 000");
    });
}

/// What this thread reads from files while it does something.
#[cfg(target_os = "linux")]
fn n_bytes_read(read: impl FnOnce()) -> u64 {
    let now = || {
        let counts = std::fs::read_to_string("/proc/thread-self/io").expect("Linux counts what threads read");
        counts
            .lines()
            .find_map(|line| line.strip_prefix("rchar: "))
            .and_then(|n| n.parse::<u64>().ok())
            .expect("a number")
    };
    let before = now();
    read();
    now() - before
}

/// How much a run yields.
#[parameters]
struct Parts {
    #[param(default = 0)]
    n_parts: usize,
}

/// A run that yields 4 MB for each part, and drops them as it goes.
fn heavy(p: &Parts, run: &mut Run) {
    for number in 0..p.n_parts {
        let part = Array2::from_elem((1000, 500), number as f64);
        match number % 3 {
            0 => run.write(&format!("part_{number}"), &part),
            1 => run.append("parts", &part),
            _ => run.write_slice("all", s![number, .., ..], &part),
        }
    }
}

/// What the child does; as a test of its own it does nothing. Its folder is named after the number of runs.
#[test]
fn child_with_heavy_results() {
    let Some(folder) = children::folder() else { return };
    let n_runs = folder.file_name().and_then(|name| name.to_str()?.parse().ok()).expect("a number of runs");
    let all = SharedArray::new::<f64>("all", [50, 1000, 500]);
    let environment = Environment::new(folder.join("heavy.h5")).serial().with_shared_array(all);
    environment.run_with("heavy", Parts::names().n_parts.over(vec![50; n_runs]), heavy).unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    std::fs::write(folder.join("kilobytes"), most.trim().trim_end_matches(" kB")).unwrap();
}

#[test]
fn memory_stays_flat_while_a_run_hands_over_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    // A process each, since the allocator keeps what the threads of an earlier study had.
    let most_kilobytes = |n_runs: usize| -> u64 {
        let folder = folder.path().join(n_runs.to_string());
        std::fs::create_dir(&folder).unwrap();
        children::succeed(children::test("child_with_heavy_results", &folder));
        std::fs::read_to_string(folder.join("kilobytes")).unwrap().parse().unwrap()
    };
    let (few, many) = (most_kilobytes(2), most_kilobytes(6));
    // Each of the columns keeps a mebibyte; the rest is what the allocator does not give back.
    assert!(few < 200_000 && many < few + 50_000, "{few} kB for 2 runs of 200 MB, {many} kB for 6");
    let file = folder.path().join("6/heavy.h5");
    let any = AnyTrajectory::open(&file).unwrap();
    for run in any.runs().unwrap() {
        assert_eq!(run.status(), RunStatus::Done);
        let parts: ArrayD<f64> = run.get_slice("parts", s![.., 7]).unwrap();
        assert_eq!((parts.len(), parts.as_slice().unwrap().last()), (17_000, Some(&49.0)));
        let part: ArrayD<f64> = run.get_slice("part_48", s![999, 498..]).unwrap();
        assert_eq!(part.into_raw_vec_and_offset().0, [48.0, 48.0]);
    }
    let all: ArrayD<f64> = any.get_slice("all", s![.., 500, 3]).unwrap();
    assert!(all[0].is_nan() && all[48].is_nan());
    assert_eq!(vec![all[2], all[47]], [2.0, 47.0]);
    assert_file_is_sound(&file);
}

#[test]
fn a_shared_array_is_removed_with_what_tells_who_has_written_it() {
    common::with_trajectory_file(|file| {
        Environment::new(file).run::<study>(Which::names().k.over(0..2)).unwrap();
        let remove = |name: &str| {
            let mut edit = pypet::trajectory::TrajectoryEditor::open(file).unwrap();
            edit.remove(name).unwrap();
            edit.commit().unwrap();
            let any = AnyTrajectory::open(file).unwrap();
            any.nodes().iter().filter(|node| node.path.contains("slices")).map(|node| node.path.clone()).collect()
        };
        let left: Vec<String> = remove("results.map");
        assert_eq!(left, ["runs/slices", "runs/slices/overlap"]);
        let left: Vec<String> = remove("results.overlap");
        assert!(left.is_empty(), "{left:?}");
        assert_file_is_sound(file);
        // Runs that are added begin with empty arrays.
        let traj = Environment::new(file).expand::<study>(Which::names().k.over([4])).unwrap();
        let column: ArrayD<f64> = traj.any().get_slice("results.map", s![.., 5]).unwrap();
        assert_eq!((0..N_RUNS).filter(|&row| !column[row].is_nan()).collect::<Vec<_>>(), [4]);
    });
}

/// A file can be opened by others as well, with all that is in it.
fn assert_file_is_sound(file: &Path) {
    common::python::run("reads_all.py", [file]);
}

#[test]
fn files_with_shared_arrays_are_merged_compacted_and_copied() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b, both] = ["a.h5", "b.h5", "both.h5"].map(|name| folder.path().join(name));
    let k = Which::names().k;
    Environment::new(&a).with_seed(1).run::<study>(k.over(0..6)).unwrap();
    Environment::new(&b).with_seed(1).run::<study>(k.over(6..N_RUNS)).unwrap();
    let merged = pypet::merge(&both, [&b, &a], &default()).unwrap();
    pypet::trajectory::compact(&both).unwrap();
    let any = AnyTrajectory::open(&both).unwrap();
    // The rows are in the order of the runs again, and so are their rows of the map.
    let texts: Vec<String> = any.rows_of_all("results.texts").unwrap();
    assert_eq!((texts.len(), texts[0].as_str(), texts[11].as_str()), (12, "run 1", "run 11"));
    let column: ArrayD<f64> = any.get_slice("results.map", s![.., 5]).unwrap();
    assert_eq!(column.into_raw_vec_and_offset().0, (0..N_RUNS).map(|k| k as f64).collect::<Vec<_>>());
    assert!(!any.contains("results.map_2"));
    // The last runs of one file have written elements that the first of the other have, too.
    let apart: Vec<(&Path, &str, &str)> =
        merged.apart.iter().map(|array| (array.file.as_path(), array.name.as_str(), array.new_name.as_str())).collect();
    assert_eq!(apart, [(b.as_path(), "results.overlap", "results.overlap_2")]);
    for (name, runs) in [("overlap", 0..6), ("overlap_2", 6..N_RUNS)] {
        let values: Vec<[isize; 3]> = any.get(&format!("results.{name}")).unwrap();
        let written: Vec<usize> =
            (0..N_RUNS).filter(|&row| values[row][0] != 0 || row == 0 && runs.contains(&0)).collect();
        assert_eq!(written, runs.clone().collect::<Vec<_>>(), "`{name}`");
        let writers: Vec<usize> = (0..N_RUNS)
            .filter(|&run| !any.rows(&format!("runs.slices.{name}"), run..run + 1).unwrap().bytes().is_empty())
            .collect();
        assert_eq!(writers, runs.collect::<Vec<_>>(), "who has written `{name}`");
    }
    drop(any);
    // Runs that are added go on with the array of the same name.
    let traj = Environment::new(&both).expand::<study>(Which::names().fails_at.over([500])).unwrap();
    assert_eq!(traj.statuses().len(), N_RUNS + 1);
}

/// Writes the row of its index, in an array of as many rows as there are runs.
#[experiment(result = "k")]
fn by_index(p: &Which, run: &mut Run) -> usize {
    run.write_slice("net.rows", s![run.index(), ..], &Array1::from_elem(3, p.k as f64));
    run.write_slice("net.names", s![run.index()], &ndarray::arr0(format!("run of {}", p.k)));
    p.k
}

#[test]
fn the_rows_of_runs_follow_them_where_files_are_merged() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b, both] = ["a.h5", "b.h5", "both.h5"].map(|name| folder.path().join(name));
    // One run is in both files.
    let points: [&[usize]; 2] = [&[7, 1, 5], &[3, 9, 5, 0]];
    for (file, ks) in [&a, &b].into_iter().zip(points) {
        let environment = Environment::new(file)
            .with_seed(1)
            .with_shared_array(SharedArray::new::<f64>("net.rows", [ks.len(), 3]))
            .with_shared_array(SharedArray::new::<String>("net.names", [ks.len()]));
        environment.run::<by_index>(Which::names().k.over(ks.iter().copied())).unwrap();
    }
    let merged = pypet::merge(&both, [&a, &b], &default()).unwrap();
    assert!(merged.apart.is_empty() && merged.n_duplicates == 1, "{merged:?}");
    let traj = Trajectory::<by_index>::open(&both).unwrap();
    let ks = traj.all(by_index::results()).unwrap().to_vec();
    let rows: Vec<[f64; 3]> = traj.any().get("results.net.rows").unwrap();
    assert_eq!(rows, ks.iter().map(|&k| [k as f64; 3]).collect::<Vec<_>>());
    let names: Vec<String> = traj.any().get("results.net.names").unwrap();
    assert_eq!(names, ks.iter().map(|k| format!("run of {k}")).collect::<Vec<_>>());
    let again = folder.path().join("again.h5");
    pypet::merge(&again, [&both], &default()).unwrap();
    pypet::merge(folder.path().join("thrice.h5"), [&again, &both, &a], &default()).unwrap();
    let thrice = AnyTrajectory::open(folder.path().join("thrice.h5")).unwrap();
    assert_eq!(thrice.get::<Vec<[f64; 3]>>("results.net.rows").unwrap(), rows, "what is joined may be joined again");
}

static N_CALLS: AtomicUsize = AtomicUsize::new(0);

/// Appends something else each time, far behind.
#[experiment]
fn moody(p: &Which, run: &mut Run) {
    let calls = N_CALLS.fetch_add(1, Ordering::Relaxed);
    let mut rows = vec![0.5; 2 * N_ELEMENTS];
    rows[N_ELEMENTS + 7] = if p.k == 3 { calls as f64 } else { 1.0 };
    rows.chunks(N_ELEMENTS / 4).for_each(|part| run.append("rows", &part.to_vec()));
}

#[test]
fn runs_that_are_carried_out_again_are_compared_with_what_they_handed_over() {
    common::with_trajectory_file(|file| {
        Environment::new(file).with_name("sound").run::<study>(points()).unwrap();
        let verified = Environment::new(file).with_name("sound").verify::<study>(&Rerun::All).unwrap();
        assert!(verified.is_sound() && verified.n_rerun == N_RUNS, "{verified:#?}");
        let note = "what runs write together was not compared: `map`, `overlap`";
        assert!(verified.notes.iter().any(|other| other == note), "{:?}", verified.notes);

        let environment = || Environment::new(file).with_name("moody").with_threads(2);
        environment().run::<moody>(Which::names().k.over(0..5)).unwrap();
        let verified = environment().verify::<moody>(&Rerun::These(vec![2, 3])).unwrap();
        let said: Vec<String> = verified.problems.iter().map(ToString::to_string).collect();
        let place = format!("run 3: `rows`: at [{}] ", N_ELEMENTS + 7);
        assert!(said.len() == 1 && said[0].starts_with(&place), "{said:?}");
    });
}

#[test]
fn closures_write_shared_arrays_and_go_on_with_them_in_files_and_in_memory() {
    let k = Which::names().k;
    let map = |n_runs| SharedArray::new::<f64>("map", [n_runs]);
    let write = |p: &Which, run: &mut Run| run.write_slice("map", s![..=run.index()], &vec_of(run.index(), p.k));
    common::with_trajectory_file(|file| {
        for environment in [Environment::new(file), Environment::in_memory()] {
            let any = environment.with_shared_array(map(5)).run_with("closure", k.over([10, 11]), write).unwrap();
            assert_eq!(any.get::<Vec<f64>>("results.map").unwrap()[..2], [11.0, 11.0]);
            let environment = Environment::of(any).unwrap().with_shared_array(map(5)).with_order(Order::Shuffled);
            let any = environment.expand_with("closure", k.over([12, 13, 14]), write).unwrap();
            assert_eq!(any.get::<Vec<f64>>("results.map").unwrap(), [14.0; 5]);
            let other = Environment::of(any).unwrap().with_shared_array(map(4));
            let error = other.expand_with("closure", k.over([15]), write).unwrap_err();
            assert!(pypet_chain(&error).contains("is declared as `f64[4]`"), "{error}");
        }
    });
}

fn vec_of(run: usize, k: usize) -> Array1<f64> {
    Array1::from_elem(run + 1, k as f64)
}
