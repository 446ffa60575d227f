//! A trajectory tells what its program was built from, whatever the sources have become since.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::python::report;
use pypet::prelude::*;

const MANIFEST: &str = r#"
[package]
name = "history"
version = "0.3.0"
edition = "2024"

[features]
default = ["spikes"]
spikes = []
plots = []

[dependencies]
pypet = { path = "PYPET", default-features = false, features = ["FEATURE"] }

[workspace]

# As in the workspace of the tests, so that HDF5 is not built again.
[profile.dev.package.hdf5-metno-src]
opt-level = 3
[profile.dev.package.libz-sys]
opt-level = 3
# Not that of pypet.
[profile.dev.package.history]
opt-level = 1
"#;

const SOURCE: &str = "
use pypet::prelude::*;

#[parameters]
struct Factors {
    #[param(default = 1.0)]
    x: f64,
}

#[experiment]
fn times(p: &Factors) -> f64 {
    p.x * FACTOR
}

pypet::main!();
";

/// What git is pointed at within a hook of another repository.
const ELSEWHERE: &str = "/another/.git";

/// A crate in a repository of its own.
struct History {
    folder: PathBuf,
}

impl History {
    /// Below the target folder, where cargo finds the settings of this workspace.
    fn begin() -> Self {
        let history = Self { folder: Path::new(env!("CARGO_TARGET_TMPDIR")).join("history") };
        // What an interrupted test left.
        let _ = fs::remove_dir_all(&history.folder);
        fs::create_dir_all(history.folder.join("src")).unwrap();
        let pypet = Path::new(env!("CARGO_MANIFEST_DIR"));
        let feature = if cfg!(feature = "bundled-hdf5") { "bundled-hdf5" } else { "system-hdf5" };
        let path = pypet.display().to_string().replace('\\', "/");
        history.write("Cargo.toml", &MANIFEST.replace("PYPET", &path).replace("FEATURE", feature));
        history.write(".gitignore", "*.h5\n");
        history.write_factor(2);
        fs::copy(pypet.join("Cargo.lock"), history.folder.join("Cargo.lock")).unwrap();
        // Drops from the lock file what only the workspace needs.
        history.cargo(&["update", "--workspace"]);

        history.git(&["init", "--quiet", "--initial-branch=trunk"]);
        history.git(&["config", "user.name", "Ada"]);
        history.git(&["config", "user.email", "ada@example.org"]);
        history.git(&["config", "commit.gpgsign", "false"]);
        history.git(&["add", "."]);
        history.git(&["commit", "--quiet", "--message=first"]);
        history
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }

    fn write_factor(&self, factor: u32) {
        self.write("src/main.rs", &SOURCE.replace("FACTOR", &format!("{factor}.0")));
    }

    fn cargo(&self, arguments: &[&str]) {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .current_dir(&self.folder)
            .args(arguments)
            .arg("--offline")
            .env("CARGO_TARGET_DIR", common::target_folder())
            .env("GIT_DIR", ELSEWHERE);
        let output = cargo.output().expect("the cargo that built this test can be started");
        assert!(output.status.success(), "cargo {arguments:?} failed, {}", report(&output));
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git").current_dir(&self.folder).args(arguments).output().expect("git is installed");
        assert!(output.status.success(), "git {arguments:?} failed, {}", report(&output));
        String::from_utf8_lossy(&output.stdout).trim().into()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let program = common::target_folder().join("debug").join(format!("history{}", std::env::consts::EXE_SUFFIX));
        let mut program = Command::new(program);
        program.current_dir(&self.folder).args(arguments).env("GIT_DIR", ELSEWHERE);
        program.output().expect("the program was built")
    }

    fn stored(&self, file: &str) -> AnyTrajectory {
        AnyTrajectory::open(self.folder.join(file)).unwrap()
    }
}

fn text(traj: &AnyTrajectory, name: &str) -> String {
    traj.get(name).unwrap()
}

#[test]
fn a_file_tells_what_the_program_was_built_from_and_policies_keep_order() {
    let history = History::begin();
    let first = history.git(&["rev-parse", "HEAD"]);
    history.write_factor(3);
    history.cargo(&["build"]);
    history.write_factor(4);
    // The version stands in the lock file as well.
    let manifest = fs::read_to_string(history.folder.join("Cargo.toml")).unwrap();
    history.write("Cargo.toml", &manifest.replace("0.3.0", "0.3.1"));
    history.cargo(&["update", "--workspace"]);

    let output = history.run(&["run", "-o", "changed.h5"]);
    assert!(output.status.success(), "{}", report(&output));
    let traj = history.stored("changed.h5");
    let build = |name: &str| text(&traj, &format!("config.build.{name}"));
    assert_eq!(traj.get::<Vec<f64>>("results.times").unwrap(), [3.0]);
    assert_eq!((build("commit"), build("branch")), (first.clone(), "trunk".into()));
    assert_eq!((build("package"), build("version")), ("history".into(), "0.3.0".into()));
    assert!(traj.get::<bool>("config.build.dirty").unwrap());
    assert_eq!(traj.get::<Vec<String>>("config.build.changed").unwrap(), ["src/main.rs"]);
    assert_eq!(traj.get::<Vec<String>>("config.build.features").unwrap(), ["spikes"]);
    assert!(build("patch").contains("-    p.x * 2.0\n+    p.x * 3.0\n"), "{}", build("patch"));
    assert_eq!((build("diff_sha256").len(), build("lock_sha256").len()), (64, 64));
    assert_eq!(build("opt_level"), "1");
    assert!(build("rustc").starts_with("rustc 1."), "{}", build("rustc"));
    let command: Vec<String> = traj.get("config.environment.command").unwrap();
    assert_eq!(command[1..], ["run", "-o", "changed.h5"]);
    assert!(text(&traj, "config.environment.started") <= text(&traj, "config.environment.ended"));
    drop(traj);

    let output = history.run(&["run", "--git", "off", "-o", "off.h5"]);
    assert!(output.status.success(), "{}", report(&output));
    assert!(history.stored("off.h5").node("config.build.commit").is_err());

    // Built from changes: refused before anything is made.
    let output = history.run(&["run", "--git", "require_clean", "-o", "refused.h5"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3));
    assert!(said.contains("was built with uncommitted changes in `src/main.rs`"), "{said}");
    assert!(!history.folder.join("refused.h5").exists());

    let output = history.run(&["run", "--git", "commit", "--comment", "four is more", "-o", "committed.h5"]);
    assert!(output.status.success(), "{}", report(&output));
    let second = history.git(&["rev-parse", "HEAD"]);
    assert_eq!(history.git(&["log", "--max-count=1", "--format=%B"]), "pypet: times\n\nfour is more");
    assert_eq!(history.git(&["status", "--porcelain"]), "");
    let traj = history.stored("committed.h5");
    assert_eq!(text(&traj, "config.build.commit"), first);
    assert_eq!(text(&traj, "config.environment.git_commit"), second);
    assert!(!traj.get::<bool>("config.environment.git_commit_is_build").unwrap(), "the program still multiplies by 3");
    drop(traj);

    history.cargo(&["build"]);
    let output = history.run(&["run", "--git", "require_clean", "-o", "clean.h5"]);
    assert!(output.status.success(), "{}", report(&output));
    let traj = history.stored("clean.h5");
    assert_eq!(text(&traj, "config.build.commit"), second);
    assert!(!traj.get::<bool>("config.build.dirty").unwrap());
    assert!(traj.get::<bool>("config.environment.git_commit_is_build").unwrap());
    drop(traj);

    // Another build has other results, and says first what may be the reason.
    let verify = ["verify", "changed.h5", "--all", "-q"];
    let said = String::from_utf8_lossy(&history.run(&verify).stdout).into_owned();
    let place = |text: &str| said.find(text).unwrap_or_else(|| panic!("no `{text}` in\n{said}"));
    let begins = place("this program is not the one that carried the runs out:");
    let differences = ["version      0.3.0 → 0.3.1", &format!("commit       {first} → {second}"), "lock_sha256  "];
    let found = place("run 0: `times`: 3.0 in the file, 4.0 now");
    assert!(differences.into_iter().all(|difference| (begins..found).contains(&place(difference))), "{said}");
    assert!(!said.contains("rustc"), "what is the same is not told: {said}");
    assert_eq!(history.run(&verify).status.code(), Some(1));
    let answer = history.run(&[&verify[..], &["--json"]].concat()).stdout;
    let answer: serde_json::Value = serde_json::from_slice(&answer).expect("it is JSON");
    let named = |name: &str| answer["builds"].as_array().unwrap().iter().find(|build| build["name"] == name);
    assert_eq!(named("commit").unwrap()["here"], serde_json::Value::from(second.as_str()));
    assert_eq!(named("diff_sha256").unwrap()["here"], "", "it was dirty and is clean");

    // Another build goes on with an older file: both are told.
    let output = history.run(&["resume", "changed.h5"]);
    assert!(output.status.success(), "{}", report(&output));
    let traj = history.stored("changed.h5");
    assert_eq!(text(&traj, "config.build.commit"), first);
    assert_eq!(text(&traj, "config.resumed_0.build.commit"), second);
    assert!(traj.node("config.resumed_0.environment.ended").is_ok());
    drop(traj);

    history.write_factor(5);
    let output = history.run(&["run", "--git", "require_clean", "-o", "refused.h5"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("there are uncommitted changes in `src/main.rs`"), "{said}");
    assert!(!history.folder.join("refused.h5").exists());

    // No commit has the source that git did not know.
    history.write("src/unknown.rs", "");
    history.cargo(&["build"]);
    let output = history.run(&["run", "--git", "commit", "-o", "unknown.h5"]);
    assert!(output.status.success(), "{}", report(&output));
    let traj = history.stored("unknown.h5");
    assert_eq!(traj.get::<Vec<String>>("config.build.changed").unwrap(), ["src/main.rs", "src/unknown.rs"]);
    assert!(!traj.get::<bool>("config.environment.git_commit_is_build").unwrap());
    drop(traj);

    history.write_factor(6);
    fs::remove_file(history.folder.join("src/unknown.rs")).unwrap();
    history.cargo(&["build"]);
    let output = history.run(&["run", "--git", "commit", "-o", "known.h5"]);
    assert!(output.status.success(), "{}", report(&output));
    assert!(history.stored("known.h5").get::<bool>("config.environment.git_commit_is_build").unwrap());
}

#[test]
fn secrets_and_variables_that_no_list_names_stay_out() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["run", "-o", "x.h5", "--hook", "true hunter2", "--hook=echo hunter2"];
    let output = common::examples::run_with("multiply", folder.path(), arguments);
    assert!(output.status.success(), "{}", report(&output));
    let bytes = fs::read(folder.path().join("x.h5")).unwrap();
    assert!(!bytes.windows(7).any(|text| text == b"hunter2"), "what a hook is given may be a secret");
    let traj = AnyTrajectory::open(folder.path().join("x.h5")).unwrap();
    let command: Vec<String> = traj.get("config.environment.command").unwrap();
    assert_eq!(command[1..], ["run", "-o", "x.h5", "--hook", "…", "--hook=…"]);
    let variables = traj.nodes().iter().filter_map(|node| node.path.strip_prefix("config/environment/variables/"));
    let known = ["RUST_", "RAYON_", "OMP_", "OPENBLAS_", "MKL_", "CUDA_", "SLURM_", "PBS_", "SGE_", "LSB_"];
    for variable in variables {
        assert!(known.iter().any(|start| variable.starts_with(start)), "`{variable}` is in the file");
    }
}

#[test]
fn an_environment_that_resumes_tells_what_differs_from_the_ones_before() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = common::examples::run_with("multiply", folder.path(), arguments);
        assert!(output.status.success(), "{}", report(&output));
        output.stdout
    };
    run(&["run", "-o", "x.h5", "--threads", "1"]);
    for threads in ["1", "1", "2"] {
        run(&["resume", "x.h5", "--threads", threads]);
    }
    let traj = AnyTrajectory::open(folder.path().join("x.h5")).unwrap();
    let told = |number: usize| -> Vec<String> {
        let group = format!("config/resumed_{number}/environment/");
        traj.nodes().iter().filter_map(|node| node.path.strip_prefix(&group).map(str::to_owned)).collect()
    };
    assert_eq!(told(0), ["started", "command", "ended"]);
    assert_eq!(told(1), ["started", "ended"], "the same command as before");
    assert_eq!(told(2), ["started", "command", "n_workers", "ended"]);
    assert!(traj.node("config.resumed_0.machine").is_err());

    let records: serde_json::Value =
        serde_json::from_slice(&run(&["provenance", "x.h5", "--as", "sumatra"])).expect("it is JSON");
    for (number, n_workers) in [(0, 1), (1, 1), (2, 1), (3, 2)] {
        assert_eq!(records[number]["platforms"], records[0]["platforms"]);
        assert_eq!(records[number]["launch_mode"]["parameters"]["options"], format!("threads ({n_workers})"));
        assert!(records[number]["duration"].as_f64().unwrap() > 0.0, "each has times of its own");
    }
    assert_eq!(records[2]["script_arguments"], "resume x.h5 --threads 1");
}

#[test]
fn other_tools_are_told_in_their_words() {
    let folder = tempfile::tempdir().unwrap();
    let output = common::examples::run_with("multiply", folder.path(), ["run", "-o", "two words.h5", "--set", "x=3"]);
    assert!(output.status.success(), "{}", report(&output));
    let told = |form: &str| -> serde_json::Value {
        let arguments = ["provenance", "two words.h5", "--as", form];
        let output = common::examples::run_with("multiply", folder.path(), arguments);
        assert!(output.status.success(), "{}", report(&output));
        serde_json::from_slice(&output.stdout).expect("it is JSON")
    };

    let crate_ = told("ro-crate");
    let graph = crate_["@graph"].as_array().unwrap();
    let mut ids: Vec<&str> = graph.iter().map(|entity| entity["@id"].as_str().unwrap()).collect();
    let entity = |id: &str| graph.iter().find(|entity| entity["@id"] == id).unwrap_or_else(|| panic!("no `{id}`"));
    assert_eq!(entity("ro-crate-metadata.json")["about"]["@id"], "./");
    assert_eq!(entity("./")["hasPart"]["@id"], "two%20words.h5");
    assert_eq!(entity(entity("./")["conformsTo"]["@id"].as_str().unwrap())["name"], "Process Run Crate");
    let action = entity("#run-0");
    assert_eq!(action["@type"], "CreateAction");
    assert_eq!(action["actionStatus"]["@id"], "http://schema.org/CompletedActionStatus");
    assert!(action["startTime"].as_str() <= action["endTime"].as_str());
    for referred in [&action["object"], &action["additionalProperty"], &entity("./")["mentions"]] {
        referred.as_array().unwrap().iter().for_each(|reference| _ = entity(reference["@id"].as_str().unwrap()));
    }
    assert_eq!(entity(action["instrument"]["@id"].as_str().unwrap())["@type"], "SoftwareApplication");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), graph.len(), "every entity has its own id");

    let records = told("sumatra");
    let record = &records[0];
    assert_eq!(record["label"], "multiply");
    assert_eq!(record["outcome"], "finished");
    assert_eq!(record["output_data"][0]["path"], "two words.h5");
    assert_eq!(record["script_arguments"], "run -o two words.h5 --set x=3");
    assert!(record["duration"].as_f64().unwrap() > 0.0);
    // As Sumatra 0.8 reads it, which fails for what is missing.
    let timestamp = record["timestamp"].as_str().unwrap();
    assert!(timestamp.len() == "2026-03-01T12:00:00+01:00".len() && !timestamp.contains('.'), "{timestamp}");
    assert_eq!(record["datastore"]["type"], "FileSystemDataStore");
    let has = |value: &serde_json::Value, keys: &[&str]| keys.iter().all(|key| value.get(key).is_some());
    assert!(has(&record["output_data"][0], &["digest", "creation", "metadata"]), "{record}");
    assert!(has(&record["dependencies"][0], &["name", "path", "version", "diff", "module"]), "{record}");
    let parameters: serde_json::Value =
        serde_json::from_str(record["parameters"]["content"].as_str().unwrap()).unwrap();
    assert_eq!(parameters["x"].as_f64(), Some(3.0));
}
