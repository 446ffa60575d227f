//! What a program logs while it carries a trajectory out is found by run, wherever and however the run was carried out.
//!
//! Worker processes are this test program once more, told to do one test only.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Barrier;

use common::children;
use common::examples::run_with;
use common::with_trajectory_file;
use pypet::logs::LogLine;
use pypet::prelude::*;
use pypet::run::RunStatus;
use tracing::Level;

#[parameters]
struct Talk {
    #[param(default = 0)]
    k: u32,
}

fn talks(n_runs: u32) -> Exploration<Talk> {
    Talk::names().k.over(0..n_runs)
}

/// Says something at every level, in both dialects.
#[experiment(result = "k")]
fn talkative(p: &Talk) -> u32 {
    tracing::info!(k = p.k, "begins");
    tracing::debug!(target: "solver::newton", "a detail");
    log::warn!(target: "old_crate", "said by log {}", p.k);
    tracing::trace!("nobody wants to know");
    p.k
}

/// Says nothing.
#[experiment(result = "k")]
fn silent(p: &Talk) -> u32 {
    p.k
}

fn texts(lines: &[LogLine]) -> Vec<String> {
    lines.iter().map(|line| format!("{} {}: {}", line.level, line.target, line.text)).collect()
}

#[test]
fn each_run_finds_what_it_has_said() {
    with_trajectory_file(|file| {
        let traj = Environment::new(file).with_threads(3).run::<talkative>(talks(50)).unwrap();
        for run in 0..50 {
            let lines = traj.any().log(Some(run)).unwrap();
            assert_eq!(
                texts(&lines),
                [format!("INFO logs: begins k={run}"), format!("WARN old_crate: said by log {run}")]
            );
            assert!(lines.iter().all(|line| line.run == Some(run) && line.n_tries == 0));
            assert!(lines.is_sorted_by_key(|line| line.time.clone()));
        }
        assert_eq!(traj.any().log(None).unwrap().len(), 100);
        let error = traj.any().log(Some(50)).unwrap_err().to_string();
        assert!(error.contains("no run 50"), "{error}");
        assert!(!file.with_extension("logs").join("talkative.errors.log").exists(), "nothing went wrong");
    });
}

#[test]
fn where_nothing_is_logged_nothing_is_made() {
    with_trajectory_file(|file| {
        let traj = Environment::new(file).with_threads(2).run::<silent>(talks(20)).unwrap();
        assert!(!file.with_extension("logs").exists());
        let error = traj.any().log(None).unwrap_err().to_string();
        assert!(error.contains("there is nothing in") && error.contains("silent.log"), "{error}");

        let traj = Environment::new(file).with_log_level("off").run::<talkative>(talks(20)).unwrap();
        assert!(!file.with_extension("logs").exists());
        assert!(!traj.any().contains("config.environment.log"));
        assert!(traj.any().log(None).unwrap_err().to_string().contains("--log-level off"));
    });
}

#[test]
fn targets_have_levels_of_their_own() {
    with_trajectory_file(|file| {
        let environment = Environment::new(file).serial().with_log_level("error,solver=debug");
        let traj = environment.run::<talkative>(talks(2)).unwrap();
        assert_eq!(texts(&traj.any().log(Some(1)).unwrap()), ["DEBUG solver::newton: a detail"]);
        assert_eq!(traj.any().get::<String>("config.environment.log_level").unwrap(), "error,solver=debug");

        let error = Environment::new(file).with_log_level("loud").run::<talkative>(talks(2)).unwrap_err();
        assert!(error.to_string().contains("`loud` is no log level"), "{error}");
    });
}

#[test]
fn a_log_folder_has_wildcards_and_moves_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("here");
    let environment = Environment::new(here.join("hdf5/study.h5")).with_name("second");
    environment.with_log_dir(here.join("logs/$file/$traj")).run::<talkative>(talks(3)).unwrap();
    assert!(here.join("logs/study/second/second.log").exists());

    let there = folder.path().join("there");
    fs::rename(&here, &there).unwrap();
    let moved = AnyTrajectory::open(there.join("hdf5/study.h5")).unwrap();
    let log = moved.get::<String>("config.environment.log").unwrap();
    assert_eq!(Path::new(&log), Path::new("../logs/study/second/second.log"));
    assert_eq!(moved.log(Some(2)).unwrap().len(), 2);

    let wrong = Environment::new(there.join("hdf5/other.h5")).with_log_dir("logs/$run").run::<talkative>(talks(3));
    assert!(wrong.unwrap_err().to_string().contains("all runs are in one log"));
    assert!(!there.join("hdf5/other.h5").exists(), "a trajectory that cannot be begun leaves nothing");
}

#[test]
fn several_trajectories_share_a_log_folder_and_even_a_log() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    let run = |file: &str, n_runs| {
        let environment = Environment::new(folder.path().join(file)).with_log_dir(&logs);
        environment.run::<talkative>(talks(n_runs)).unwrap()
    };
    let (first, second) = (run("first.h5", 2), run("second.h5", 3));
    assert_eq!(fs::read_dir(&logs).unwrap().count(), 1);
    assert_eq!(first.any().log(None).unwrap().len(), 4);
    assert_eq!(second.any().log(None).unwrap().len(), 6);
    assert_eq!(first.any().log(Some(1)).unwrap().len(), 2);
}

/// Two studies have to be at it to get on.
#[experiment(result = "k")]
fn meets(p: &Talk) -> u32 {
    static BOTH: Barrier = Barrier::new(2);
    tracing::info!("comes");
    BOTH.wait();
    tracing::info!("goes");
    p.k
}

#[test]
fn studies_of_one_name_at_once_share_a_log_folder_and_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    let trajectories = std::thread::scope(|scope| {
        let studies = ["first.h5", "second.h5"].map(|file| {
            let environment = Environment::new(folder.path().join(file)).with_log_dir(&logs).serial();
            scope.spawn(move || environment.run::<meets>(talks(3)).unwrap())
        });
        studies.map(|study| study.join().unwrap())
    });
    for traj in &trajectories {
        assert_eq!(traj.any().log(None).unwrap().len(), 6);
        for run in 0..3 {
            let lines = traj.any().log(Some(run)).unwrap();
            assert_eq!(texts(&lines), ["INFO logs: comes", "INFO logs: goes"]);
        }
    }
    let mut names: Vec<_> = fs::read_dir(&logs).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["meets.2.log", "meets.log"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_before_the_first_run() {
    with_trajectory_file(|file| {
        let taken = file.with_file_name("taken");
        fs::write(&taken, "a file").unwrap();
        let error = Environment::new(file).with_log_dir(taken.join("logs")).run::<talkative>(talks(2)).unwrap_err();
        assert!(error.to_string().starts_with("cannot write the log"), "{error}");
        assert!(!file.exists(), "a trajectory that cannot be begun leaves nothing");
    });
}

#[test]
fn a_log_that_cannot_be_written_any_more_is_told_once_and_fails_no_run() {
    if let Some(folder) = children::folder() {
        let file = folder.join("study.h5");
        let traj = Environment::new(file).run::<talkative>(talks(100)).unwrap();
        assert_eq!(traj.all(talkative::results()).unwrap().len(), 100);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // The way to the log is closed, as on a disk that is full.
    fs::write(folder.path().join("study.logs"), "in the way").unwrap();
    let name = "a_log_that_cannot_be_written_any_more_is_told_once_and_fails_no_run";
    let output = children::test(name, folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("the study goes on without it").count(), 1, "{said}");
    assert!(said.contains("200 entries are missing in the log"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_entries_and_no_runs() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("study.logs")).unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.path().join("study.logs/talkative.log")).unwrap();
    let file = folder.path().join("study.h5");
    let traj = Environment::new(&file).run::<talkative>(talks(10)).unwrap();
    assert_eq!(traj.all(talkative::results()).unwrap().len(), 10);

    let asked_for = Environment::new(&file).with_name("talkative").with_log_dir(folder.path().join("study.logs"));
    let error = asked_for.overwrite().run::<talkative>(talks(10)).unwrap_err();
    assert!(error.to_string().contains("talkative.log"), "{error}");
    let kept = AnyTrajectory::open(&file).unwrap();
    assert_eq!(kept.header().n_runs, 10, "the old trajectory was not replaced");
}

/// Computes something once, and says so.
fn weights(_: &Talk) -> Array1<f64> {
    tracing::info!("computing the weights");
    Array1::ones(3)
}

/// Fails where it was told to, after some words.
#[experiment(result = "k", prepare = weights, finish = look_back)]
fn fragile(p: &Talk, weights: &Array1<f64>, run: &mut Run) -> Result<u32, String> {
    let _span = tracing::info_span!("solving", k = p.k, steps = tracing::field::Empty).entered();
    tracing::Span::current().record("steps", 7);
    tracing::info!(weights = weights.len(), "in two\nlines");
    assert_ne!(p.k, 2, "rocks ahead");
    if run.index() == 1 { Err("no wind".into()) } else { Ok(p.k) }
}

#[expect(clippy::unnecessary_wraps, reason = "as `finish` is called")]
fn look_back(_: &mut Trajectory<fragile>) -> Result<Option<Exploration<Talk>>, std::convert::Infallible> {
    tracing::warn!("looking back");
    Ok(None)
}

#[test]
fn failures_are_in_the_log_and_among_the_errors_with_their_tries() {
    with_trajectory_file(|file| {
        let environment = Environment::new(file).with_threads(2).with_retries(1);
        let traj = environment.run::<fragile>(talks(3)).unwrap();
        let lines = traj.any().log(Some(1)).unwrap();
        let tries: Vec<usize> = lines.iter().map(|line| line.n_tries).collect();
        assert_eq!(tries, [0, 0, 1, 1]);
        assert_eq!(lines[0].text, "solving{k=1 steps=7}: in two\nlines weights=3");
        assert!(lines[1].level == Level::WARN && lines[1].text.ends_with("; it will be tried again"), "{}", lines[1]);
        assert!(lines[3].level == Level::ERROR && lines[3].text.starts_with("failed: no wind"), "{}", lines[3]);

        let of_none: Vec<LogLine> =
            traj.any().log(None).unwrap().into_iter().filter(|line| line.run.is_none()).collect();
        assert_eq!(texts(&of_none), ["INFO logs: computing the weights", "WARN logs: looking back"]);

        let errors = fs::read_to_string(file.with_extension("logs").join("fragile.errors.log")).unwrap();
        let errors: Vec<&str> = errors.lines().filter(|line| line.contains(" ERROR ")).collect();
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert!(
            errors.iter().any(|line| line.contains(" run=2 try=2 pypet: failed: ") && line.contains("rocks ahead"))
        );
    });
}

#[test]
fn resuming_goes_on_with_the_log() {
    with_trajectory_file(|file| {
        Environment::new(file).serial().on_failure(OnFailure::Stop).run::<fragile>(talks(5)).unwrap();
        let elsewhere = file.with_file_name("elsewhere");
        let environment = Environment::new(file).with_log_dir(&elsewhere).with_failed();
        let traj = environment.resume::<fragile>().unwrap();
        let runs: BTreeSet<usize> = traj.any().log(None).unwrap().iter().filter_map(|line| line.run).collect();
        assert_eq!(runs.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert_eq!(traj.any().log(Some(1)).unwrap().len(), 4, "two entries of each environment");
        assert_eq!(traj.any().get::<String>("config.resumed_0.environment.log").unwrap(), "elsewhere/fragile.log");
    });
}

/// Threads that it starts itself work for no run in particular.
#[experiment(result = "k")]
fn threaded(p: &Talk) -> u32 {
    std::thread::scope(|scope| {
        scope.spawn(|| tracing::info!("from a thread of {}", p.k));
    });
    p.k
}

#[test]
fn what_other_threads_log_is_there_without_a_run() {
    let name = "what_other_threads_log_is_there_without_a_run";
    let Some(folder) = children::folder() else {
        // In a process of its own: nobody knows which of all studies such a thread works for.
        let folder = tempfile::tempdir().unwrap();
        let output = children::test(name, folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    };
    let traj = Environment::new(folder.join("study.h5")).serial().run::<threaded>(talks(2)).unwrap();
    let lines = traj.any().log(None).unwrap();
    let own: Vec<&LogLine> = lines.iter().filter(|line| line.text.starts_with("from a thread")).collect();
    assert_eq!(own.len(), 2);
    assert!(own.iter().all(|line| line.run.is_none()));
}

/// Computes in pieces, which other threads help with: those of the pool, and one of its own.
#[experiment(result = "k")]
fn pieces(p: &Talk) -> u32 {
    use rayon::prelude::*;

    let span = tracing::info_span!("pieces", of = p.k);
    let say = |piece: u32| {
        let _own = tracing::info_span!("piece", piece).entered();
        std::thread::sleep(std::time::Duration::from_millis(1));
        tracing::info!("a piece of {}", p.k);
    };
    (0..16_u32).into_par_iter().for_each(|piece| span.in_scope(|| say(piece)));
    std::thread::scope(|scope| _ = scope.spawn(|| span.in_scope(|| say(16))));
    tracing::info!("outside");
    p.k
}

#[test]
fn a_span_takes_its_run_along_to_threads_that_help() {
    with_trajectory_file(|file| {
        let traj = Environment::new(file).with_threads(4).run::<pieces>(talks(8)).unwrap();
        for run in 0..8 {
            let lines = traj.any().log(Some(run)).unwrap();
            let mut texts: Vec<String> = lines.iter().map(|line| line.text.clone()).collect();
            assert_eq!(texts.pop().unwrap(), "outside");
            let expected = (0..17).map(|piece| format!("pieces{{of={run}}}: piece{{piece={piece}}}: a piece of {run}"));
            assert_eq!(texts.into_iter().collect::<BTreeSet<_>>(), expected.collect());
        }
    });
}

/// Carries out a study of its own, which has no log.
#[experiment(result = "k")]
fn nesting(p: &Talk) -> u32 {
    let inner = Environment::in_memory().serial().run::<talkative>(talks(2)).unwrap();
    tracing::info!("{} runs were carried out", inner.len());
    p.k
}

#[test]
fn what_a_study_without_a_log_says_is_in_no_other_log() {
    with_trajectory_file(|file| {
        let traj = Environment::new(file).with_threads(2).run::<nesting>(talks(3)).unwrap();
        for run in 0..3 {
            assert_eq!(texts(&traj.any().log(Some(run)).unwrap()), ["INFO logs: 2 runs were carried out"]);
        }
        assert_eq!(traj.any().log(None).unwrap().len(), 3);
    });
}

/// Prints, logs, and may take its process with it.
#[cfg(unix)]
#[experiment(result = "k")]
fn printing(p: &Talk) -> u32 {
    println!("out of {}", p.k);
    eprint!("\x1b[31mhalf a line of {}", p.k);
    tracing::info!("logged by {}", p.k);
    log::debug!("not wanted");
    if p.k == 5 {
        abort();
    }
    p.k
}

#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "this is what the test is about")]
fn abort() {
    std::process::abort();
}

#[cfg(unix)]
#[test]
fn worker_processes_send_what_they_log_and_print() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("logs-processes.h5");
    let logs = file.with_extension("logs");
    let environment = Environment::new(&file).overwrite().with_processes(2).with_log_dir(&logs);
    let name = "worker_processes_send_what_they_log_and_print";
    let environment = environment.with_worker_arguments([name, "--exact", "--nocapture"]);
    let traj = environment.run::<printing>(talks(40)).unwrap();
    for run in 0..40 {
        let lines = traj.any().log(Some(run)).unwrap();
        let mut texts: Vec<String> = lines.iter().map(|line| format!("{}: {}", line.target, line.text)).collect();
        texts.sort();
        let mut expected = vec![
            format!("logs: logged by {run}"),
            format!("stderr: \\u{{1b}}[31mhalf a line of {run}"),
            format!("stdout: out of {run}"),
        ];
        if run == 5 {
            assert!(texts.iter().any(|text| text.contains("pypet: failed: the worker process died of signal 6")));
            texts.retain(|text| !text.starts_with("pypet: "));
            // The newline of the test's harness and what follows are the dying process's.
            expected.retain(|text| texts.contains(text));
            assert!(expected.len() >= 2, "{texts:?}");
            continue;
        }
        assert_eq!(texts, expected);
    }
    assert_eq!(traj.statuses().iter().filter(|status| **status == RunStatus::Done).count(), 39);
    fs::remove_dir_all(logs).unwrap();
    fs::remove_file(file).unwrap();
}

#[test]
fn a_program_with_a_subscriber_of_its_own_adds_our_layer_to_it() {
    use tracing_subscriber::layer::SubscriberExt;

    /// Counts the spans of runs and everything that is logged.
    struct Own;
    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Own {
        fn on_new_span(
            &self,
            span: &tracing::span::Attributes<'_>,
            _: &tracing::span::Id,
            _: tracing_subscriber::layer::Context<'_, S>,
        ) {
            println!("span {} of {}: {}", span.metadata().name(), span.metadata().target(), span.values());
        }

        fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            println!("event at {}", event.metadata().level());
        }
    }

    let name = "a_program_with_a_subscriber_of_its_own_adds_our_layer_to_it";
    let Some(folder) = children::folder() else {
        let folder = tempfile::tempdir().unwrap();
        let output = children::test(name, folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
        assert_eq!(said.matches("span run of pypet::run").count(), 3, "{said}");
        assert!(said.contains("{run: 2, point: k=2}"), "{said}");
        assert_eq!(said.matches("event at TRACE").count(), 3, "its own layer gets what our levels leave out: {said}");
        assert!(String::from_utf8_lossy(&output.stderr).is_empty(), "its terminal is its own business");
        return;
    };
    let subscriber = tracing_subscriber::registry().with(pypet::logs::layer()).with(Own);
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let traj = Environment::new(folder.join("study.h5")).serial().run::<talkative>(talks(3)).unwrap();
    assert_eq!(texts(&traj.any().log(Some(2)).unwrap()), ["INFO logs: begins k=2"], "`log` is not ours then");
}

fn logging(folder: &Path, arguments: &str) -> Output {
    run_with("logging", folder, arguments.split_whitespace())
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn show_finds_the_log_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let ran = logging(here, "run -o study.h5 --log-level info,logging::newton=debug --log-dir logs/$traj");
    assert_eq!(ran.status.code(), Some(1));
    let all = stdout(&logging(here, "show study.h5 --log"));
    let of_run_5 = stdout(&logging(here, "show study.h5 --log --run 5"));
    assert!(of_run_5.contains(" INFO run=5 logging: looking for a root number=9.0"), "{of_run_5}");
    assert!(of_run_5.contains("DEBUG run=5 logging::newton: newton{start=3.0}: step step=0 x=3.0"), "{of_run_5}");
    assert!(of_run_5.lines().all(|line| line.contains(" run=5 ") && all.contains(line)));

    let grave = stdout(&logging(here, "show study.h5 --log --level warn"));
    assert_eq!(grave.lines().count(), 2, "{grave}");
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&logging(here, "show study.h5 --log --run 3 --json"))).unwrap();
    let last = json["log"].as_array().unwrap().last().unwrap();
    assert_eq!((last["level"].as_str(), last["run"].as_u64()), (Some("error"), Some(3)));

    // The file and the folder beside it are moved together, also where both are in the current one.
    logging(here, "run -q -o here.h5");
    fs::create_dir(here.join("there")).unwrap();
    for name in ["here.h5", "here.logs"] {
        fs::rename(here.join(name), here.join("there").join(name)).unwrap();
    }
    assert_eq!(stdout(&logging(here, "show there/here.h5 --log --level warn")).lines().count(), 2);

    fs::remove_dir_all(here.join("logs")).unwrap();
    let gone = logging(here, "show study.h5 --log");
    assert_eq!(gone.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("has no log: there is nothing in"));
    let wrong = logging(here, "run -o other.h5 --log-level logging=loud");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("`loud` is not one of"));
}

#[test]
fn a_configuration_file_has_the_options_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("run.toml"), "[environment]\nlog_dir = \"my_logs\"\nlog_level = \"warn\"\n").unwrap();
    logging(folder.path(), "run -o study.h5 --config run.toml");
    let log = fs::read_to_string(folder.path().join("my_logs/logging.log")).unwrap();
    assert!(log.contains("WARN run=2 logging: a large root"), "{log}");
    assert!(!log.contains("INFO"), "{log}");
}

#[test]
fn killing_a_program_leaves_whole_entries() {
    let name = "killing_a_program_leaves_whole_entries";
    if let Some(folder) = children::folder() {
        let _ = Environment::new(folder.join("study.h5")).with_threads(2).run::<talkative>(talks(1_000_000));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child: Command = children::test(name, folder.path());
    let mut child = child.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let log = folder.path().join("study.logs/talkative.log");
    while fs::metadata(&log).map_or(0, |log| log.len()) < 100_000 {
        std::thread::sleep(std::time::Duration::from_millis(1));
        assert!(child.try_wait().unwrap().is_none(), "it has too much to do to end by itself");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.ends_with('\n'));
    let stored = AnyTrajectory::open(folder.path().join("study.h5")).unwrap();
    assert_eq!(stored.log(None).unwrap().len() + 1, text.lines().count());
}
