//! What a trajectory was carried out with can be printed as a configuration, and gives the same trajectory again.

mod common;

use std::fs;
use std::path::Path;

use common::examples::run_with;
use common::python::report;
use pypet::prelude::*;

/// Runs an example, which has to succeed; gives what it printed.
fn said(example: &str, folder: &Path, arguments: &str) -> String {
    let output = run_with(example, folder, arguments.split(' ').map(|word| word.replace('~', " ")));
    assert!(output.status.success(), "`{example} {arguments}` failed, {}", report(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn content(file: &Path) -> String {
    AnyTrajectory::open(file).unwrap().content_hash().unwrap().to_string()
}

/// Carries an example out, and once more as the file says it was; gives the configuration.
fn again(example: &str, arguments: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    said(example, folder.path(), format!("run -q -o first.h5 {arguments}").trim_end());
    let config = said(example, folder.path(), "params --from first.h5");
    fs::write(folder.path().join("again.toml"), &config).expect("there is room");
    said(example, folder.path(), "run -q -o second.h5 --config again.toml");
    let [first, second] = ["first.h5", "second.h5"].map(|file| content(&folder.path().join(file)));
    assert_eq!(first, second, "`{example} {arguments}`:\n{config}");
    let proof = said(example, folder.path(), "verify second.h5 --all -q");
    assert!(proof.contains(": sound;") && proof.contains(&second), "{proof}");
    config
}

#[test]
fn a_trajectory_is_carried_out_again_from_what_it_says() {
    let config = again("multiply", "--set y=0.1 --explore x=0:1:4 --comment a~\"product\" --seed 18446744073709551615");
    for line in [
        "experiment = \"multiply\"",
        "y = 0.1",
        "[explore]\nx = [0.0, 0.3333333333333333, 0.6666666666666666, 1.0]",
        "seed = \"18446744073709551615\"",
        "comment = \"a \\\"product\\\"\"",
    ] {
        assert!(config.contains(line), "no `{line}` in\n{config}");
    }
    let config = again("multiply", "--zip x=[1,2] y=[nan,inf] --repeat trial=3");
    assert!(config.contains("[[zip]]\nx = [1.0, 2.0]\ny = [nan, inf]\n"), "{config}");
    assert!(config.contains("repeat = \"trial=3\""), "{config}");
    let config = again("firing_rate", "--explore neuron.i=[0.5,1] --set simulation.duration=10 --compression 2");
    assert!(config.contains("[parameters.simulation]\n") && config.contains("neuron.i = [0.5, 1.0]"), "{config}");
    assert!(config.contains("compression = 2"), "{config}");
}

#[test]
fn every_example_can_be_carried_out_again() {
    for example in ["cellular_automata", "custom_type", "extend", "ragged_spikes", "units"] {
        again(example, "");
    }
}

#[test]
fn an_expanded_trajectory_is_a_list_of_points() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    said("multiply", folder.path(), "run -q -o first.h5 --explore x=[1,2] y=[3,4]");
    said("multiply", folder.path(), "run -q -o first.h5 --expand --explore x=[9] y=[3]");
    let config = said("multiply", folder.path(), "params --from first.h5");
    assert!(config.contains("[[zip]]\nx = [1.0, 1.0, 2.0, 2.0, 9.0]\ny = [3.0, 4.0, 3.0, 4.0, 3.0]\n"), "{config}");
}

#[test]
fn repetitions_of_the_command_line_have_streams_of_their_own() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let output = run_with("multiply", folder.path(), ["run", "--dry-run", "--repeat", "trial=0"]);
    assert_eq!(output.status.code(), Some(2), "{}", report(&output));
    let printed = said("multiply", folder.path(), "run --dry-run --explore x=[1,2] --repeat trial=5");
    assert_eq!(printed, "multiply would carry out 10 runs, 80 bytes of results\n");
}
