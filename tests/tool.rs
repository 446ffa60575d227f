//! The tool `pypet`, which knows files and no experiments.

mod common;

use std::path::Path;
use std::process::{Command, Output};

use pypet::prelude::*;

/// One number.
#[parameters]
struct Input {
    #[param(default = 0)]
    x: u32,
}

#[experiment]
fn double(p: &Input) -> u32 {
    2 * p.x
}

fn pypet(folder: &Path, arguments: &[&str]) -> Output {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_pypet"));
    tool.args(arguments).current_dir(folder).output().expect("the tool can be started")
}

#[test]
fn the_tool_looks_into_any_file() {
    common::with_trajectory_file(|file| {
        Environment::new(file).serial().run::<double>(Input::names().x.over(0..5)).expect("the study runs");
        let folder = file.parent().expect("in a folder");
        for verb in ["show", "status", "find", "params", "list"] {
            let condition = if verb == "find" { &["x > 2"][..] } else { &[] };
            let name = if matches!(verb, "show" | "status" | "find") { &["trajectory.h5"][..] } else { &[] };
            let output = pypet(folder, &[&[verb], name, condition].concat());
            let said = common::python::report(&output);
            // It has no experiment whose parameters it could show.
            assert_eq!(output.status.code(), Some(if verb == "params" { 2 } else { 0 }), "{verb}: {said}");
        }
        let output = pypet(folder, &["show", "trajectory.h5", "double"]);
        assert!(String::from_utf8_lossy(&output.stdout).contains("run 4"), "{}", common::python::report(&output));
        // It cannot carry runs out, not even none of them, and says who can.
        for rerun in [&["--rerun", "0"][..], &["--runs", "1"], &["--all"]] {
            let output = pypet(folder, &[&["verify", "trajectory.h5"], rerun].concat());
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{said}");
            let program = std::env::args().next().expect("a program has a name");
            assert!(
                said.contains(&format!("`double` can carry runs out once more; ask it: `{program} verify")),
                "{said}"
            );
        }
        let content = |arguments: &[&str]| {
            let output = pypet(folder, arguments);
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{said}");
            let line = said.lines().find(|line| line.trim_start().starts_with("content ")).map(str::to_owned);
            line.and_then(|line| Some(line.split_whitespace().last()?.to_owned())).expect("it prints the hash")
        };
        let any = AnyTrajectory::open(file).expect("the file opens");
        let expected = any.content_hash().expect("it can be read").to_string();
        assert_eq!(content(&["verify", "trajectory.h5"]), expected);
        assert_eq!(content(&["status", "trajectory.h5", "--content"]), expected);
        assert_eq!(pypet(folder, &["show", "missing.h5"]).status.code(), Some(3));
        assert_eq!(pypet(folder, &["run"]).status.code(), Some(2));
    });
}
