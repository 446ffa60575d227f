//! Every example runs, leaves what its header promises, and says plainly what is wrong with bad arguments.

mod common;

use std::fs;
use std::path::Path;

use common::examples::{names, run_with, with_file_of};
use common::python;

#[test]
fn no_example_is_forgotten() {
    assert_eq!(
        names(),
        [
            "cellular_automata",
            "custom_type",
            "extend",
            "firing_rate",
            "isolation",
            "logging",
            "merge",
            "multiply",
            "overhead",
            "ragged_spikes",
            "shared",
            "torture",
            "tree",
            "units",
        ],
        "give each example a test in this file, which also lets its runs yield once more what is in the file"
    );
}

#[test]
fn multiply_stores_every_product() {
    with_file_of("multiply", |file| {
        python::run("multiply.py", [file]);
        others_agree(file, "");
        yields_again("multiply", file, "");
    });
}

#[test]
fn firing_rate_ends_with_303_done_runs_and_a_picture() {
    with_file_of("firing_rate", |file| {
        python::run("done_runs.py", [file.as_os_str(), "firing_rate".as_ref(), "303".as_ref()]);

        let picture = fs::read_to_string(file.with_extension("svg")).expect("there is a picture beside the file");
        for tau_ref in ["5", "7.5", "10"] {
            assert!(picture.contains(&format!("tau_ref = {tau_ref} ms")), "no line for {tau_ref}:\n{picture}");
        }
        python::run("well_formed.py", [file.with_extension("svg")]);
        // The traces are three million rows.
        others_agree(file, "rate,n_spikes");
        yields_again("firing_rate", file, "");
    });
}

#[test]
fn cellular_automata_store_patterns_and_a_picture() {
    with_file_of("cellular_automata", |file| {
        python::run("cellular_automata.py", [file]);
        others_agree(file, "");
        yields_again("cellular_automata", file, "");
        assert_picture_of_patterns(&file.with_extension("png"));
    });
}

#[cfg(unix)]
#[test]
fn isolation_survives_what_its_solver_does() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let begin = ["run", "-q", "--engine", "processes", "--threads", "2", "--timeout", "0.3", "-o", "spring.h5"];
    let output = run_with("isolation", folder.path(), begin);
    let said = python::report(&output);
    assert_eq!(output.status.code(), Some(1), "some runs fail, {said}");
    let lines = ["32 of 41 runs done", "8 failed: 19, 23, 27, 31, 34, 35, 38, 39\n", "1 timed out: 40\n"];
    for line in lines.into_iter().chain(["solver: diverged at t =", "try them again with `resume spring.h5 --failed`"])
    {
        assert!(said.contains(line), "`{line}` was not said, {said}");
    }
    let output = run_with("isolation", folder.path(), ["show", "spring.h5", "runs.errors.message"]);
    let said = python::report(&output);
    let reason = "the worker process died of signal 6 (SIGABRT): solver: diverged at t =";
    assert!(said.contains(reason), "`{reason}` was not said, {said}");
    others_agree(&folder.path().join("spring.h5"), "");
    yields_again("isolation", &folder.path().join("spring.h5"), "--engine processes --threads 2 --timeout 0.3");
}

#[test]
fn logging_keeps_a_log_beside_the_file() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let output = run_with("logging", folder.path(), ["run", "-q", "-o", "roots.h5"]);
    let said = python::report(&output);
    assert_eq!(output.status.code(), Some(1), "one run fails, {said}");
    let log = |name: &str| fs::read_to_string(folder.path().join("roots.logs").join(name)).expect("there is a log");
    assert!(log("logging.log").contains(" WARN run=2 logging: a large root root=3162.2"));
    assert!(log("logging.errors.log").contains("ERROR run=3 pypet: failed: no root of -2 after 60 steps"));
    others_agree(&folder.path().join("roots.h5"), "");
    yields_again("logging", &folder.path().join("roots.h5"), "");
}

#[test]
fn custom_types_are_numbers_and_json_for_others() {
    with_file_of("custom_type", |file| {
        python::run("custom_type.py", [file]);
        others_agree(file, "");
        yields_again("custom_type", file, "");
    });
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let output = run_with("custom_type", folder.path(), ["run", "--set", "left=1.5"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("between 0 and 1"), "{}", python::report(&output));
    let output = run_with("custom_type", folder.path(), ["run", "--set", r#"start={"At": {"position": 3}}"#]);
    assert!(output.status.success(), "{}", python::report(&output));
}

#[test]
fn units_stand_in_the_file_and_on_the_command_line() {
    with_file_of("units", |file| {
        python::run("units.py", [file]);
        others_agree(file, "");
        yields_again("units", file, "");
    });
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let output = run_with("units", folder.path(), ["run", "--set", "gravity=1.62 m/s²"]);
    assert!(output.status.success(), "{}", python::report(&output));
    let output = run_with("units", folder.path(), ["run", "--set", "gravity=20 kg"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("m s-2"), "{}", python::report(&output));
}

#[test]
fn ragged_spikes_are_slices_of_columns() {
    with_file_of("ragged_spikes", |file| {
        python::run("ragged_spikes.py", [file]);
        others_agree(file, "");
        yields_again("ragged_spikes", file, "");
    });
}

#[test]
fn shared_is_one_picture_that_many_runs_have_made() {
    with_file_of("shared", |file| {
        python::run("shared.py", [file]);
        others_agree(file, "");
        yields_again("shared", file, "");
    });
}

#[test]
fn overhead_is_little_in_the_file() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let command = "run -q --threads 1 --explore x=0:1:1000000 -o many.h5";
    let output = run_with("overhead", folder.path(), command.split(' '));
    assert!(output.status.success(), "{}", python::report(&output));
    let size = fs::metadata(folder.path().join("many.h5")).expect("there is a file").len();
    assert!(size <= 48_000_000, "{size} bytes");
    python::run("overhead.py", [folder.path().join("many.h5")]);
    let output = run_with("overhead", folder.path(), "run -q --explore x=0:1:1000 -o few.h5".split(' '));
    assert!(output.status.success(), "{}", python::report(&output));
    others_agree(&folder.path().join("few.h5"), "");
    yields_again("overhead", &folder.path().join("few.h5"), "");
}

#[test]
fn extend_finds_where_the_population_begins_to_oscillate() {
    with_file_of("extend", |file| {
        let any = pypet::trajectory::AnyTrajectory::open(file).expect("the example leaves its file");
        let found: f64 = any.get("results.bifurcation").expect("the example keeps what it found");
        assert!((found - 3.0).abs() < 1e-3, "{found}");
        let rates: Vec<f64> = any.get("explored.r").expect("rates are explored");
        let n_runs = rates.len();
        assert!((10..100).contains(&n_runs), "{n_runs} runs");
        drop(any);
        others_agree(file, "");
        let arguments = ["run", "--expand", "--explore", "r=2.5:2.9:5", "-o"].map(std::ffi::OsStr::new);
        let output =
            run_with("extend", file.parent().expect("in a folder"), arguments.into_iter().chain([file.as_os_str()]));
        assert!(output.status.success(), "{}", python::report(&output));
        let any = pypet::trajectory::AnyTrajectory::open(file).expect("the file is whole");
        assert_eq!(any.header().n_runs, n_runs + 3, "two of five rates were there");
        python::run("opens.py", [file]);
        yields_again("extend", file, "");
    });
}

#[test]
fn merge_joins_two_nights_to_a_grid() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let output = run_with("merge", folder.path(), [""; 0]);
    assert!(output.status.success(), "{}", python::report(&output));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.starts_with("15 runs, 3 were in both"), "{stdout}");
    let printed = python::run("opens.py", [folder.path().join("hdf5").join("whole.h5")]);
    assert_eq!(printed.trim(), "distance/by_run distance/grid");
    others_agree(&folder.path().join("hdf5").join("whole.h5"), "");
    let proof = run_with("merge", folder.path(), "hdf5 verify hdf5/whole.h5 --all -q".split(' '));
    assert!(proof.status.success(), "{}", python::report(&proof));
    let command = "hdf5 merge hdf5/again.h5 hdf5/night_2.h5 hdf5/night_1.h5 hdf5/night_1.h5";
    let output = run_with("merge", folder.path(), command.split(' '));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        stdout.starts_with("15 runs of 3 files joined, 12 that were there twice left out"),
        "{}",
        python::report(&output)
    );
}

#[cfg(feature = "bundled-hdf5")]
#[test]
fn torture_loses_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let output = run_with("torture", folder.path(), ["--kills", "20"]);
    assert!(output.status.success(), "{}", python::report(&output));
    let stdout = String::from_utf8_lossy(&output.stdout);
    // Each study was verified with all runs carried out once more.
    assert!(stdout.contains("0 runs lost, 0 runs doubled, 0 runs not proved"), "{}", python::report(&output));
}

#[test]
fn tree_finds_everything_by_name() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let output = run_with("tree", folder.path(), [""; 0]);
    assert!(output.status.success(), "{}", python::report(&output));
    let stdout = String::from_utf8_lossy(&output.stdout);
    for expected in [
        "exc.weight = 1 mV",
        "`rate` could be `results.exc.rate` or `results.inh.rate`; write more of the name",
        "results.inh.rate has shape [Some(10)]",
        "inh.weight = 2.0, balance = 0.0",
        "run 0 failed: the network explodes at a balance of 80 mV",
        "run 7: balance -40.0",
        "parameters.exc.n_cells is the count 80",
    ] {
        assert!(stdout.contains(expected), "no `{expected}`, {}", python::report(&output));
    }
    others_agree(&folder.path().join("hdf5").join("tree.h5"), "");
    yields_again("tree", &folder.path().join("hdf5").join("tree.h5"), "");
    let commands = [
        ("show hdf5/tree.h5 exc.rate", "run 7      10.0"),
        ("show hdf5/tree.h5 --run 5", "run 5 of tree — done"),
        ("find hdf5/tree.h5 'inh.weight > 2 mV && exc.rate > 10'", "2 of 10 runs"),
    ];
    for (command, expected) in commands {
        let (verb, condition) = command.split_once(" '").unwrap_or((command, ""));
        let arguments = verb.split(' ').chain(condition.strip_suffix('\''));
        let output = run_with("multiply", folder.path(), arguments);
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(stdout.contains(expected), "`{command}`, {}", python::report(&output));
    }
}

#[test]
fn examples_without_arguments_run_into_the_folder_hdf5() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let output = run_with("multiply", folder.path(), [""; 0]);
    assert!(output.status.success(), "{}", python::report(&output));
    assert!(folder.path().join("hdf5").join("multiply.h5").is_file(), "{}", python::report(&output));
}

#[test]
fn the_commands_in_the_headers_work() {
    let commands = [
        ("multiply", "run --set x=10 --explore y=0:1:11"),
        ("multiply", "params"),
        ("firing_rate", "run --set neuron.tau_v=20 --explore neuron.i=0:2:201"),
        ("firing_rate", "show hdf5/firing_rate.h5"),
        ("cellular_automata", "run --set generations=400 --explore 'rule=[22,105,150]'"),
    ];
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, command) in commands {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name).with_extension("rs");
        let header = fs::read_to_string(source).expect("the example's source can be read");
        assert!(header.contains(&format!("-- {command}")), "the header of `{name}` does not show `{command}`");

        let output = run_with(name, folder.path(), command.split(' ').map(|word| word.replace('\'', "")));
        assert!(output.status.success(), "`{name} {command}` failed, {}", python::report(&output));
    }
}

/// What pandas and xarray find in the exports of a file is what h5py finds in the file, and its picture is one; of
/// these results alone, unless all are wanted.
fn others_agree(file: &Path, results: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (format, ending) in [("csv", "csv"), ("jsonl", "jsonl"), ("netcdf", "nc")] {
        let mut export = vec!["export".into(), file.as_os_str().to_owned(), "--to".into(), format.into()];
        export.extend(["-o".into(), format!("table.{ending}").into()]);
        if !results.is_empty() {
            export.extend(["--results".into(), results.into()]);
        }
        let output = run_with("multiply", folder.path(), export);
        assert!(output.status.success(), "{}", python::report(&output));
    }
    let plot = ["plot".as_ref(), file.as_os_str(), "-o".as_ref(), "picture.svg".as_ref()];
    let output = run_with("multiply", folder.path(), plot);
    let said = python::report(&output);
    assert!(output.status.success() || said.contains("no result of the trajectory holds real numbers"), "{said}");
    python::run("exported_example.py", [file, folder.path()]);
}

/// `verify --all` finds nothing wrong: what an example has stored is what its runs yielded, and yield again.
fn yields_again(name: &str, file: &Path, options: &str) {
    let arguments = ["verify".as_ref(), file.as_os_str(), "--all".as_ref(), "-q".as_ref()];
    let options = options.split_whitespace().map(std::ffi::OsStr::new);
    let output = run_with(name, file.parent().expect("in a folder"), arguments.into_iter().chain(options));
    let said = python::report(&output);
    assert!(output.status.success() && said.contains(": sound; "), "`{name}`: {said}");
    assert!(!said.contains("not the one that carried the runs out"), "`{name}`: {said}");
}

/// Six columns of 201 cells, two rows of 150 generations, frames of 10 pixels between and around them.
fn assert_picture_of_patterns(picture: &Path) {
    let file = fs::File::open(picture).expect("there is a picture beside the file");
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().expect("the picture is a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("the picture fits into memory")];
    let info = reader.next_frame(&mut pixels).expect("the picture decodes");
    assert_eq!((info.width, info.height), (6 * 211 + 10, 2 * 160 + 10));
    assert_eq!(pixels[0], 160, "the frame is grey");

    // The second column is rule 30; it begins with one black cell in the middle of a white row.
    let width = 6 * 211 + 10;
    let first_row = &pixels[10 * width + 211 + 10..][..201];
    let black: Vec<usize> = (0..201).filter(|&cell| first_row[cell] == 0).collect();
    assert_eq!(black, [100]);
}
