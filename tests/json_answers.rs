//! What every verb answers with `--json` is what docs/json-schema.json says.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use common::examples::{program, run_with};
use common::python;
use serde_json::Value;

/// Names of answers, the verb before a dot; examples; arguments; exit codes.
const ANSWERS: &[(&str, &str, &str, i32)] = &[
    ("list", "multiply", "list", 0),
    ("params", "multiply", "params", 0),
    ("params.groups", "firing_rate", "params", 0),
    ("dry-run", "multiply", "run --dry-run --explore x=0:1:11", 0),
    ("dry-run.measured", "firing_rate", "run --dry-run=measure --set simulation.duration=10", 0),
    ("run", "multiply", "run -q -o study.h5", 0),
    ("run.by_default", "multiply", "", 0),
    ("run.arrays", "firing_rate", "run -q -o rates.h5 --set simulation.duration=10 --explore neuron.i=[0,1]", 0),
    ("run.failures", "logging", "run -q -o roots.h5", 1),
    #[cfg(unix)]
    ("run.of_a_program_that_prints", "ragged_spikes", "run -q -o spikes.h5 --explore rate=[0,5]", 0),
    ("run.again", "multiply", "run -q -o turned.h5 --explore y=[8,7,6] x=[4,3,2]", 0),
    ("run.reused", "multiply", "run -q -o study.h5 --reuse --explore x=[1,9]", 0),
    ("resume", "logging", "resume roots.h5 --failed", 1),
    ("status", "multiply", "status study.h5", 0),
    ("status.content", "multiply", "status roots.h5 --content", 1),
    ("show", "multiply", "show study.h5", 0),
    ("show.arrays", "firing_rate", "show rates.h5", 0),
    ("show.node", "multiply", "show study.h5 z", 0),
    ("show.group", "multiply", "show study.h5 results", 0),
    ("show.run", "logging", "show roots.h5 --run 3", 0),
    ("show.log", "logging", "show roots.h5 --log", 0),
    ("find", "multiply", "find study.h5 z>20", 0),
    ("find.none", "multiply", "find study.h5 z>2000", 0),
    ("diff", "multiply", "diff study.h5 turned.h5", 1),
    ("diff.schema", "multiply", "diff study.h5 rates.h5", 1),
    ("diff.same", "multiply", "diff study.h5 study.h5", 0),
    ("export", "firing_rate", "export rates.h5 --to csv", 0),
    ("plot", "multiply", "plot study.h5", 0),
    ("merge", "multiply", "merge joined.h5 study.h5 turned.h5", 0),
    ("compact", "multiply", "compact study.h5", 0),
    ("repair", "multiply", "repair study.h5", 0),
    ("verify", "multiply", "verify study.h5", 0),
    ("verify.again", "multiply", "verify study.h5 --rerun 2 --rerun-seed 1 -q", 0),
    ("provenance", "multiply", "provenance study.h5", 0),
    ("provenance.sumatra", "multiply", "provenance study.h5 --as sumatra", 0),
    ("completions", "multiply", "completions bash", 0),
];

#[test]
fn every_verb_answers_programs_as_the_schema_says() {
    let folder = tempfile::tempdir().unwrap();
    let answers = folder.path().join("answers");
    fs::create_dir(&answers).unwrap();
    for (name, example, arguments, code) in ANSWERS {
        let output = run_with(example, folder.path(), arguments.split_whitespace().chain(["--json"]));
        assert_eq!(output.status.code(), Some(*code), "`{arguments}`: {}", python::report(&output));
        fs::write(answers.join(format!("{name}.json")), &output.stdout).unwrap();
    }
    repair_damage(folder.path(), &answers);
    let serves_pages = cfg!(feature = "view");
    if serves_pages {
        view(&folder.path().join("study.h5"), &answers);
    }
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join("json-schema.json");
    let n_checked = python::judge("schema.py", [schema.as_os_str(), answers.as_os_str()]);
    assert_eq!(n_checked.trim().parse(), Ok(ANSWERS.len() + 1 + usize::from(serves_pages)));

    let help = run_with("multiply", folder.path(), ["--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    let verbs = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // What goes on in the next line is indented further.
    let verbs = verbs.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    let verbs: BTreeSet<&str> = verbs.filter(|verb| *verb != "help").collect();
    let answered: BTreeSet<&str> = ANSWERS.iter().map(|(name, ..)| name.split('.').next().unwrap()).collect();
    let missing: Vec<&&str> = verbs.difference(&answered).filter(|verb| **verb != "view").collect();
    assert!(verbs.len() > 15 && missing.is_empty(), "no answer of {missing:?} is checked, of {verbs:?}");

    let read = |name: &str| -> Value { serde_json::from_slice(&fs::read(answers.join(name)).unwrap()).unwrap() };
    let failures = read("run.failures.json");
    assert_eq!((&failures["failures"][0]["run"], &failures["runs"]["failed"]), (&3.into(), &1.into()));
    assert_eq!(failures["failures"][0]["message"], "no root of -2 after 60 steps");
    let summary = &read("run.json")["results"][0]["summary"];
    let summary = ["min", "median", "max"].map(|key| summary[key].as_f64().unwrap());
    assert!(
        summary.iter().zip([6.0, 18.0, 32.0]).all(|(found, wanted)| found.total_cmp(&wanted).is_eq()),
        "{summary:?}"
    );
    assert_eq!((&read("dry-run.json")["n_runs"], &read("dry-run.json")["bytes"]), (&11.into(), &88.into()));
    let measured = read("dry-run.measured.json");
    assert_eq!(measured["unknown_sizes"], serde_json::json!(["v"]));
    assert!(measured["measured"]["bytes"].as_u64().unwrap() > measured["bytes"].as_u64().unwrap());
    let provenance = read("diff.json")["provenance"].clone();
    let command = provenance.as_array().unwrap().iter().find(|found| found["name"] == "environment.command").unwrap();
    assert!(command["values"][1].as_str().unwrap().contains("turned.h5"), "{command}");
    assert_eq!(read("diff.same.json")["provenance"], serde_json::json!([]));
}

/// Of a damaged file there is more to say.
fn repair_damage(folder: &Path, answers: &Path) {
    let file = folder.join("rates.h5");
    let length = fs::metadata(&file).unwrap().len();
    fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(length - 4096).unwrap();
    let output = run_with("firing_rate", folder, ["repair", "rates.h5", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", python::report(&output));
    fs::write(answers.join("repair.damaged.json"), &output.stdout).unwrap();
}

/// The page is served until the program is ended, so its answer is what has come by then.
fn view(file: &Path, answers: &Path) {
    let mut view = Command::new(program("multiply"));
    let mut child = view.arg("view").arg(file).arg("--json").stdout(Stdio::piped()).spawn().unwrap();
    let (mut answer, mut byte) = (Vec::new(), [0]);
    while !answer.ends_with(b"}") && child.stdout.as_mut().unwrap().read(&mut byte).unwrap() == 1 {
        answer.push(byte[0]);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(answers.join("view.json"), answer).unwrap();
}
