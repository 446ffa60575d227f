//! The page of `view` in a browser without a window, driven by `tests/python/browser.py`.
//!
//! Chromium and its driver are the system's (on Debian `apt install chromium chromium-driver`). Without them the tests say
//! that they are skipped, unless `PYPET_BROWSER=required`. Screenshots are left in `target/browser/`.

#![cfg(feature = "view")]

mod common;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use common::served::Served;
use common::{examples, python};
use pypet::prelude::*;

/// Takes its time.
#[parameters]
struct Input {
    /// What goes in.
    #[param(default = 1.0, unit = "mV")]
    x: f64,
}

/// Waits, and gives back what it was given.
///
/// Every thirty runs it waits until the script has seen those before, however slow the machine is.
#[experiment(result = "z")]
fn slow(p: &Input) -> f64 {
    let sign = folder().join(format!("live-{}", (p.x / 30.0).floor()));
    let begun = Instant::now();
    while p.x >= 30.0 && !sign.exists() && begun.elapsed() < Duration::from_mins(3) {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(50));
    p.x
}

/// Where screenshots are left.
fn folder() -> PathBuf {
    common::target_folder().join("browser")
}

/// The browser and its driver; `None` if the machine has none.
fn browser() -> Option<[PathBuf; 2]> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let find = |names: &[&str]| {
        let places = std::env::split_paths(&path).flat_map(|folder| names.iter().map(move |name| folder.join(name)));
        places.into_iter().find(|program| program.is_file())
    };
    let found = find(&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])
        .and_then(|browser| Some([browser, find(&["chromedriver"])?]));
    if found.is_none() {
        let is_required = std::env::var_os("PYPET_BROWSER").is_some_and(|value| value == "required");
        assert!(!is_required, "PYPET_BROWSER=required, but there is no chromium with chromedriver on PATH");
        println!("skipped: there is no chromium with chromedriver on PATH");
    }
    found
}

/// The right to use the browser: two at once would only wait for each other.
struct Turn {
    programs: [PathBuf; 2],
    _right: MutexGuard<'static, ()>,
}

impl Turn {
    /// Waits for the browser; `None` if the machine has none.
    fn take() -> Option<Self> {
        static ONE: Mutex<()> = Mutex::new(());
        let programs = browser()?;
        let right = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        python::prepare_driver();
        Some(Self { programs, _right: right })
    }

    /// Plays one story of the script with the page of a file.
    fn play(self, story: &str, file: &Path) {
        let [browser, driver] = self.programs;
        fs::create_dir_all(folder()).expect("the target folder can be written");
        let served = Served::start(file);
        let arguments: [OsString; 5] =
            [story.into(), served.url().into(), browser.into(), driver.into(), folder().into_os_string()];
        print!("{}", python::drive("browser.py", arguments));
    }
}

#[test]
fn a_study_of_303_runs_is_filtered_drawn_and_read() {
    let Some(turn) = Turn::take() else { return };
    examples::with_file_of("firing_rate", |file| turn.play("explore", file));
}

#[test]
fn a_million_runs_are_scrolled_sorted_and_filtered_without_stalling() {
    let Some(turn) = Turn::take() else { return };
    common::with_trajectory_file(|file| {
        let folder = file.parent().expect("in a folder");
        let arguments = ["run", "-q", "--explore", "x=0:1:1000000", "-o"].map(OsStr::new);
        let output = examples::run_with("overhead", folder, arguments.into_iter().chain([file.as_os_str()]));
        assert!(output.status.success(), "{}", python::report(&output));
        turn.play("million", file);
    });
}

#[test]
fn a_study_is_followed_without_reloading() {
    let Some(turn) = Turn::take() else { return };
    for sign in 1..=4 {
        let _ = fs::remove_file(folder().join(format!("live-{sign}")));
    }
    common::with_trajectory_file(|file| {
        let points = Input::names().x.over((0..150).map(f64::from));
        let environment = Environment::new(file).serial().with_commit_every(Duration::from_millis(200));
        let study = std::thread::spawn(move || environment.run::<slow>(points).map(|_| ()));
        while !file.exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        turn.play("live", file);
        study.join().expect("no panic").expect("a page does not disturb a study");
    });
}

#[test]
fn what_means_no_good_is_shown_as_text() {
    let Some(turn) = Turn::take() else { return };
    examples::with_file_of("multiply", |file| {
        python::run("hostile.py", [file]);
        turn.play("hostile", file);
    });
}
