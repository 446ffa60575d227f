//! Wrong files, names and values: an error that names the thing and the way out, no panic, no half file.

mod common;

use std::fs;
use std::path::Path;

use pypet::prelude::*;

/// What is multiplied.
#[parameters]
struct Factors {
    #[param(default = 1, range = 0..=10)]
    x: i64,
    #[param(default = 1)]
    y: i64,
}

#[experiment(result = "z")]
fn product(p: &Factors) -> i64 {
    p.x * p.y
}

fn some() -> Exploration<Factors> {
    Factors::names().x.over([1, 2, 3])
}

fn message<T>(result: pypet::Result<T>) -> String {
    result.err().expect("the request is refused").to_string()
}

#[test]
fn a_taken_name_gets_the_time_unless_it_is_to_be_overwritten() {
    common::with_trajectory_file(|file| {
        let environment = || Environment::new(file).serial();
        assert_eq!(environment().run::<product>(some()).unwrap().name(), "product");
        let second = environment().run::<product>(some()).unwrap().name().to_owned();
        assert!(second.starts_with("product_20"), "{second}");
        let replaced = environment().overwrite().run::<product>(Factors::names().x.over([4])).unwrap();
        assert_eq!((replaced.name(), replaced.len()), ("product", 1));
        assert_eq!(Trajectory::<product>::open_named(file, &second).unwrap().len(), 3);
        assert_eq!(Trajectory::<product>::open(file).unwrap().len(), 1, "the newest is opened");
    });
}

#[test]
fn files_of_other_kinds_are_left_alone() {
    common::with_trajectory_file(|file| {
        fs::write(file, "x,y\n1,2\n").unwrap();
        let refused = message(Environment::new(file).run::<product>(some()));
        assert!(refused.contains("is no HDF5 file; choose another file"), "{refused}");
        assert_eq!(fs::read_to_string(file).unwrap(), "x,y\n1,2\n");
        fs::write(file, "SQLite format 3\0").unwrap();
        let refused = message(AnyTrajectory::open(file));
        assert!(refused.contains("an SQLite database"), "{refused}");
        fs::write(file, "").unwrap();
        assert!(message(AnyTrajectory::open(file)).contains("it is empty"));
        fs::remove_file(file).unwrap();
        assert!(message(AnyTrajectory::open(file)).starts_with("there is no file"));
    });
}

#[test]
fn an_hdf5_file_of_another_program_is_not_touched() {
    common::with_trajectory_file(|file| {
        common::python::run("foreign.py", [file]);
        let before = fs::read(file).unwrap();
        let refused = message(Environment::new(file).run::<product>(some()));
        assert!(refused.contains("not one of pypet's"), "{refused}");
        assert_eq!(fs::read(file).unwrap(), before);
        common::python::run("pythons.py", [file]);
        let refused = message(AnyTrajectory::open(file));
        assert!(refused.contains("one of Python's pypet") && refused.contains("docs/from-pypet.md"), "{refused}");
    });
}

#[test]
fn a_file_that_is_cut_short_is_an_error() {
    common::with_trajectory_file(|file| {
        Environment::new(file).serial().run::<product>(some()).unwrap();
        let whole = fs::read(file).unwrap();
        for length in (8..whole.len()).step_by(509) {
            fs::write(file, &whole[..length]).unwrap();
            assert!(AnyTrajectory::open(file).is_err(), "{length} of {} bytes", whole.len());
        }
    });
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    common::with_trajectory_file(|file| {
        fs::write(file, "").unwrap();
        let refused = message(Environment::new(file.join("below").join("x.h5")).run::<product>(some()));
        assert!(refused.starts_with("cannot create the folder"), "{refused}");
    });
}

/// The same name, but another schema.
mod other {
    use pypet::prelude::*;

    #[parameters]
    pub(crate) struct Factors {
        #[param(default = 1.0)]
        pub x: f64,
        #[param(default = 5)]
        pub added: u8,
        #[param(default = 1, alias = "y")]
        pub renamed: i64,
    }

    #[results]
    pub(crate) struct More {
        pub z: i64,
        pub w: i64,
    }

    #[experiment]
    pub(crate) fn product(p: &Factors) -> More {
        More { z: p.renamed, w: 0 }
    }
}

#[test]
fn another_schema_is_refused_with_all_differences() {
    common::with_trajectory_file(|file| {
        Environment::new(file).serial().run::<product>(some()).unwrap();
        let refused = message(Trajectory::<other::product>::open(file));
        assert!(refused.contains("the parameter `x` is `i64` in the file but `f64` in the program"), "{refused}");
        assert!(!["`added`", "`y`", "`w`"].iter().any(|fits| refused.contains(fits)), "{refused}");
    });
}

#[test]
fn values_outside_their_range_are_refused_before_any_file_is_made() {
    common::with_trajectory_file(|file| {
        let refused = message(Environment::new(file).run::<product>(Factors::names().x.over([1, 11])));
        assert_eq!(refused, "`x` is 11, but must be in 0..=10");
        let presets = Factors { x: -1, ..default() };
        let refused =
            message(Environment::new(file).with_parameters(presets).run::<product>(Factors::names().y.over([1])));
        assert_eq!(refused, "`x` is -1, but must be in 0..=10");
        let refused = message(Environment::new(file).run::<product>(Factors::names().x.over([])));
        assert!(refused.starts_with("`x` is explored over no values"), "{refused}");
        let refused = message(Environment::new(file).with_name("../x").run::<product>(some()));
        assert!(refused.starts_with("`../x` is no name for a trajectory"), "{refused}");
        assert!(!file.exists());
    });
}

#[test]
fn unknown_and_ambiguous_names_are_told_with_near_ones() {
    common::with_trajectory_file(|file| {
        let traj = Environment::new(file).serial().run::<product>(some()).unwrap();
        let any = traj.any();
        assert!(message(any.get::<i64>("parameters.xx")).contains("did you mean `parameters.x`"));
        assert!(message(any.get::<i64>("parameters")).contains("is a group, not a value"));
        let refused = any.get::<f64>("x").unwrap_err();
        assert!(format!("{refused:?}").contains("i64"), "{refused:?}");
        assert_eq!(message(traj.run(3)), "there is no run 3; the trajectory has 3 runs, from 0 on");
    });
}

/// Exit code and standard error of the example `multiply`.
fn multiply(folder: &Path, arguments: &str) -> (Option<i32>, String) {
    let output = common::examples::run_with("multiply", folder, arguments.split_whitespace());
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_command_line_says_what_is_wrong_and_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("run --set xx=1", 2, "did you mean `x`?"),
        ("run --set x=one", 2, "cannot set `x`: `one` is no number"),
        ("run --set x", 2, "write `--set name=value`"),
        ("run --explore x=[]", 2, "explored over no values"),
        ("run --explore x=0:1", 2, "`0:1` is no number"),
        ("run --explore x=0:1:many", 2, "range `start:stop:count`"),
        ("run --explore x=[1,2] x=[3]", 2, "explored twice"),
        ("run nonsense", 2, "there is no experiment `nonsense`"),
        ("run --threads many", 2, "invalid value 'many'"),
        ("run --engine serial --threads 4", 2, "has one thread, not 4"),
        ("run --name a/b", 2, "is no name for a trajectory"),
        ("walk", 2, "unrecognized subcommand"),
        ("resume missing.h5", 3, "there is no file `missing.h5`"),
        ("resume", 2, "<FILE>"),
        ("show missing.h5", 3, "there is no file `missing.h5`"),
        ("run -o /proc/nowhere/x.h5", 3, "cannot create the folder"),
    ];
    for (arguments, code, expected) in cases {
        let (found, stderr) = multiply(folder.path(), arguments);
        assert_eq!(found, Some(code), "`{arguments}`: {stderr}");
        assert!(stderr.contains(expected), "`{arguments}`: {stderr}");
        assert!(!stderr.contains("panicked"), "`{arguments}`: {stderr}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_is_only_asked_for_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in ["--help", "run --help", "list", "params", "run --dry-run"] {
        let output = common::examples::run_with("multiply", folder.path(), arguments.split_whitespace());
        assert!(output.status.success(), "`{arguments}` fails");
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(!stdout.is_empty(), "`{arguments}` says nothing");
        if arguments.contains("dry") {
            assert_eq!(stdout, "multiply would carry out 12 runs, 96 bytes of results\n");
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(feature = "bundled-hdf5")]
#[test]
fn a_file_has_one_writer_and_readers_do_not_disturb_it() {
    common::with_trajectory_file(|file| {
        let reading = Environment::new(file).serial().run::<product>(some()).unwrap();
        // The reader keeps the second study's commits waiting in the journal, and sees its own trajectory.
        let second = Environment::new(file).serial().with_name("second").run::<product>(some()).unwrap();
        assert_eq!((reading.name(), second.name()), ("product", "second"));
        assert_eq!(reading.all(product::results()).unwrap().to_vec(), [1, 2, 3]);
        assert_eq!(second.all(product::results()).unwrap().to_vec(), [1, 2, 3]);
        // A third one goes on from the journal, and changes nothing under the readers.
        let before = fs::read(file).unwrap();
        Environment::new(file).serial().with_name("third").run::<product>(some()).unwrap();
        assert_eq!(fs::read(file).unwrap()[..before.len()], before);
        drop((reading, second));
        assert_eq!(pypet::storage::hdf5::trajectories(file).unwrap(), ["product", "second", "third"]);
        let folder = file.parent().unwrap();
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "neither journal nor lock is left behind");
    });
}

#[cfg(feature = "bundled-hdf5")]
#[test]
fn a_second_writer_is_told_who_the_first_is() {
    common::with_trajectory_file(|file| {
        let study = |_: &Factors, _: &mut Run| message(Environment::new(file).serial().run::<product>(some()));
        let any = Environment::new(file).run_with("study", Factors::names().x.over([1]), study).unwrap();
        let refusal = any.get::<Vec<String>>("results.study").unwrap().remove(0);
        assert!(refusal.contains(&format!("is being written by process {}", std::process::id())), "{refusal}");
    });
}

#[test]
fn runs_that_disagree_about_what_is_a_group_are_told() {
    common::with_trajectory_file(|file| {
        let points = Factors::names().x.over([0, 1]);
        let done = Environment::new(file).serial().run_with("clash", points, |p: &Factors, run: &mut Run| {
            run.add_result(if p.x == 0 { "net" } else { "net.size" }, p.x);
        });
        let message = done.expect_err("the file cannot hold both").to_string();
        assert!(message.contains("run 1 adds the result `net.size`") && message.contains("`net`"), "{message}");
    });
}
