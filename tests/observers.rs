//! Observers hear how a study goes, and can neither block nor fail it.

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::examples::run_with;
use common::{children, with_trajectory_file};
use pypet::environment::{Committed, Hook, Observer, RunFailed, RunFinished, StudyFinished, StudyStarted};
use pypet::experiment::BoxError;
use pypet::prelude::*;
use pypet::run::RunStatus;

#[parameters]
struct Walk {
    #[param(default = 0)]
    k: u32,
}

fn walks(n_runs: u32) -> Exploration<Walk> {
    Walk::names().k.over(0..n_runs)
}

/// Fails at every seventh step.
#[experiment(result = "k")]
fn walk(p: &Walk) -> Result<u32, String> {
    if p.k % 7 == 6 { Err(format!("stumbled at {}", p.k)) } else { Ok(p.k) }
}

/// The same, with time to be stopped in.
#[experiment(result = "k")]
fn slow_walk(p: &Walk) -> Result<u32, String> {
    std::thread::sleep(Duration::from_millis(20));
    walk(p)
}

#[derive(Debug, Default)]
struct Heard {
    started: Vec<StudyStarted>,
    finished_runs: Vec<usize>,
    failed: Vec<(usize, RunStatus, String)>,
    committed: Vec<Committed>,
    ended: Vec<StudyFinished>,
}

/// Writes everything down.
#[derive(Clone, Default)]
struct Secretary(Arc<Mutex<Heard>>);

impl Observer for Secretary {
    fn started(&mut self, study: &StudyStarted) {
        self.0.lock().unwrap().started.push(study.clone());
    }

    fn run_finished(&mut self, run: &RunFinished) {
        assert!(run.started > 1.7e9 && run.runtime >= 0.0);
        self.0.lock().unwrap().finished_runs.push(run.run);
    }

    fn run_failed(&mut self, run: &RunFailed) {
        self.0.lock().unwrap().failed.push((run.run, run.status, run.message.clone()));
    }

    fn committed(&mut self, counts: &Committed) {
        self.0.lock().unwrap().committed.push(counts.clone());
    }

    fn finished(&mut self, study: &StudyFinished) {
        self.0.lock().unwrap().ended.push(study.clone());
    }
}

fn assert_heard_all(heard: &Heard, file: Option<&Path>) {
    let [started] = heard.started.as_slice() else { panic!("{heard:?}") };
    assert_eq!((started.trajectory.as_str(), started.n_runs, started.n_left), ("walk", 1000, 1000));
    assert_eq!(started.file.as_deref(), file);
    let mut runs = heard.finished_runs.clone();
    runs.sort_unstable();
    assert!(runs.into_iter().eq((0..1000).filter(|run| run % 7 != 6)));
    let mut failed: Vec<usize> = heard.failed.iter().map(|(run, ..)| *run).collect();
    failed.sort_unstable();
    assert!(failed.into_iter().eq((0..1000).filter(|run| run % 7 == 6)));
    assert!(
        heard
            .failed
            .iter()
            .all(|(run, status, why)| { *status == RunStatus::Failed && *why == format!("stumbled at {run}") })
    );
    let last = heard.committed.last().expect("there was a commit");
    assert_eq!((last.n_done, last.n_failed), (858, 142));
    let [ended] = heard.ended.as_slice() else { panic!("{heard:?}") };
    assert_eq!((ended.state, ended.n_done, ended.n_failed, ended.n_left), ("finished", 858, 142, 0));
}

#[test]
fn an_observer_hears_of_every_run() {
    let secretary = Secretary::default();
    let environment = Environment::in_memory().with_threads(3).with_observer(secretary.clone());
    environment.run::<walk>(walks(1000)).unwrap();
    assert_heard_all(&secretary.0.lock().unwrap(), None);
}

#[cfg(unix)]
#[test]
fn an_observer_hears_of_the_runs_of_worker_processes() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("observers-processes.h5");
    let secretary = Secretary::default();
    let environment = Environment::new(&file).overwrite().with_processes(2).with_observer(secretary.clone());
    let name = "an_observer_hears_of_the_runs_of_worker_processes";
    environment.with_worker_arguments([name, "--exact"]).with_log_level("off").run::<walk>(walks(1000)).unwrap();
    assert_heard_all(&secretary.0.lock().unwrap(), Some(&file));
    fs::remove_file(file).unwrap();
}

#[test]
fn a_stopped_study_and_its_resumption_are_two_studies() {
    with_trajectory_file(|file| {
        let secretary = Secretary::default();
        let environment = || Environment::new(file).serial().with_retries(1).with_observer(secretary.clone());
        environment().on_failure(OnFailure::Stop).run::<slow_walk>(walks(10)).unwrap();
        environment().resume::<slow_walk>().unwrap();
        let heard = secretary.0.lock().unwrap();
        let [stopped, finished] = heard.ended.as_slice() else { panic!("{heard:?}") };
        assert_eq!((stopped.state, stopped.n_failed, finished.state), ("stopped", 1, "finished"));
        // The study may have been at the next run when it was stopped.
        assert!(stopped.n_left >= 1 && stopped.n_done + stopped.n_left == 9, "{heard:?}");
        assert_eq!((finished.n_done, finished.n_left), (stopped.n_left, 0));
        assert_eq!((heard.started[1].n_runs, heard.started[1].n_left), (10, stopped.n_left));
        let tries: Vec<_> = heard.failed.iter().map(|(run, status, _)| (*run, *status)).collect();
        assert_eq!(tries, [(6, RunStatus::Pending), (6, RunStatus::Failed)]);
    });
}

/// Panics at the first run.
struct Fainting;

impl Observer for Fainting {
    fn run_finished(&mut self, _: &RunFinished) {
        panic!("too much for me");
    }
}

/// Hangs at the first run for longer than anybody waits.
struct Dreaming;

impl Observer for Dreaming {
    fn run_finished(&mut self, _: &RunFinished) {
        std::thread::sleep(Duration::from_hours(1));
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(200)
    }
}

#[test]
fn observers_that_panic_or_hang_disturb_nobody() {
    let name = "observers_that_panic_or_hang_disturb_nobody";
    let Some(folder) = children::folder() else {
        let folder = tempfile::tempdir().unwrap();
        let output = children::test(name, folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert_eq!(said.matches("too much for me").count(), 1, "{said}");
        assert!(said.contains("warning: an observer panicked (tests/observers.rs:"), "{said}");
        assert!(said.contains("still has not heard all after 0.2 s, and is left behind"), "{said}");
        return;
    };
    let secretary = Secretary::default();
    let environment =
        Environment::new(folder.join("study.h5")).with_threads(2).with_commit_every(Duration::from_millis(1));
    let environment = environment.with_observer(Fainting).with_observer(Dreaming).with_observer(secretary.clone());
    let begun = Instant::now();
    let traj = environment.run::<steady>(walks(2000)).unwrap();
    assert!(begun.elapsed() < Duration::from_mins(30), "it has waited for the dreaming one");
    assert_eq!(traj.len(), 2000);
    assert_eq!(secretary.0.lock().unwrap().finished_runs.len(), 2000, "others hear all");
}

/// Never fails.
#[experiment(result = "k")]
fn steady(p: &Walk) -> u32 {
    p.k
}

/// Cannot begin.
struct Unready;

impl Observer for Unready {
    fn ready(&mut self) -> Result<(), BoxError> {
        Err("the telephone is out of order".into())
    }
}

#[test]
fn an_observer_that_is_not_ready_stops_the_study_before_it_begins() {
    with_trajectory_file(|file| {
        let error = Environment::new(file).with_observer(Unready).run::<walk>(walks(3)).unwrap_err();
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the telephone is out of order");
        assert!(!file.exists());
        let error = Environment::new(file).with_webhook("ftp://example.org").run::<walk>(walks(3)).unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("is no URL"));
    });
}

#[cfg(unix)]
#[test]
fn a_hook_is_told_of_the_first_failure_and_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().display();
    let hook =
        format!("cat > {here}/$PYPET_EVENT.json; echo \"$PYPET_TRAJECTORY $PYPET_RUN $PYPET_STATE\" >> {here}/said");
    let file = folder.path().join("study.h5");
    Environment::new(&file).serial().with_hook(hook).run::<walk>(walks(20)).unwrap();

    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("said"), "walk 6 \nwalk  finished\n");
    let json = |name: &str| serde_json::from_str::<serde_json::Value>(&read(name)).unwrap();
    let failed = json("run_failed.json");
    assert_eq!((failed["run"].as_u64(), failed["message"].as_str()), (Some(6), Some("stumbled at 6")));
    let finished = json("finished.json");
    assert_eq!((finished["n_done"].as_u64(), finished["n_failed"].as_u64()), (Some(18), Some(2)));
    assert_eq!(finished["file"].as_str(), file.to_str());
}

#[cfg(unix)]
#[test]
fn a_hook_that_fails_or_hangs_is_a_warning() {
    let name = "a_hook_that_fails_or_hangs_is_a_warning";
    let Some(folder) = children::folder() else {
        let folder = tempfile::tempdir().unwrap();
        let output = children::test(name, folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("the hook `echo …` failed (exit status: 3) no mailbox"), "{said}");
        assert!(said.contains("took longer than 0.2 s and was killed"), "{said}");
        let stored = AnyTrajectory::open(folder.path().join("study.h5")).unwrap();
        assert!(stored.log(None).unwrap().iter().any(|line| line.text.contains("no mailbox")));
        return;
    };
    let hanging = Hook::new("sleep 3600 | cat").with_timeout(Duration::from_millis(200));
    let environment = Environment::new(folder.join("study.h5")).with_hook("echo no mailbox >&2; exit 3");
    let begun = Instant::now();
    environment.with_observer(hanging).run::<steady>(walks(20)).unwrap();
    assert!(begun.elapsed() < Duration::from_mins(30), "it has waited for the hook");
}

/// Takes one request and gives its body.
fn serve_once(server: &TcpListener, answer: &str) -> (String, serde_json::Value) {
    let (stream, _) = server.accept().unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let (mut request, mut length) = (String::new(), 0);
    lines.read_line(&mut request).unwrap();
    loop {
        let mut header = String::new();
        lines.read_line(&mut header).unwrap();
        if header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).unwrap();
    (&stream)
        .write_all(format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").as_bytes())
        .unwrap();
    (request, serde_json::from_slice(&body).unwrap())
}

#[test]
fn a_webhook_gets_json_and_its_refusal_is_a_warning() {
    if std::process::Command::new("curl").arg("--version").output().is_err() {
        println!("skipped: there is no `curl` here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/study?token=hunter2", server.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let moved = serve_once(&server, "301 Moved\r\nLocation: /study/new");
        let followed = serve_once(&server, "200 OK");
        assert_eq!((followed.0.as_str(), &followed.1), ("POST /study/new HTTP/1.1\r\n", &moved.1));
        (moved, serve_once(&server, "500 No"))
    });
    let output = run_with("logging", folder.path(), ["run", "-q", "-o", "study.h5", "--webhook", &url]);
    assert_eq!(output.status.code(), Some(1), "one run fails, and the webhook changes nothing");
    let ((request, failed), (_, finished)) = heard.join().unwrap();
    assert!(request.starts_with("POST /study?token=hunter2 HTTP/1.1"), "{request}");
    assert_eq!((failed["event"].as_str(), failed["run"].as_u64()), (Some("run_failed"), Some(3)));
    assert_eq!((finished["event"].as_str(), finished["n_done"].as_u64()), (Some("finished"), Some(5)));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("warning: the webhook at `127.0.0.1:") && said.contains("500"), "{said}");
    let log = std::fs::read_to_string(folder.path().join("study.logs/logging.log")).unwrap();
    assert!(log.contains("the webhook at `127.0.0.1:") && !log.contains("hunter2"), "{log}");
}
