//! The page of `view` in a browser without a window, driven by `tests/python/browser.py`.
//!
//! Chromium and its driver are the system's (on Debian `apt install chromium chromium-driver`), and so is Firefox, whose driver is
//! a crate (`cargo install geckodriver --locked`). Each that is there is driven. Without any the tests say that they are
//! skipped, unless `PYPET_BROWSER=required`. Screenshots are left in `target/browser/`.

#![cfg(feature = "view")]

mod common;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use common::served::Served;
use common::{children, examples, python};
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
    children::wait_until(|| p.x < 30.0 || sign.exists());
    std::thread::sleep(Duration::from_millis(50));
    p.x
}

/// Where screenshots are left.
fn folder() -> PathBuf {
    common::target_folder().join("browser")
}

/// A browser and what drives it.
struct Browser {
    name: &'static str,
    program: PathBuf,
    driver: PathBuf,
}

impl Browser {
    /// Those of the machine.
    fn all() -> Vec<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let find = |names: &[&str]| {
            let places =
                std::env::split_paths(&path).flat_map(|folder| names.iter().map(move |name| folder.join(name)));
            places.into_iter().find(|program| program.is_file())
        };
        let known: [(&str, &[&str], &str); 2] = [
            ("chromium", &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"], "chromedriver"),
            ("firefox", &["firefox", "firefox-esr"], "geckodriver"),
        ];
        let there = |(name, programs, driver)| Some(Self { name, program: find(programs)?, driver: find(&[driver])? });
        known.into_iter().filter_map(there).collect()
    }

    /// Plays one story of the script with the page of a file.
    fn play(&self, story: &str, file: &Path) {
        fs::create_dir_all(folder()).expect("the target folder can be written");
        let served = Served::start(file);
        let arguments: [OsString; 6] = [
            story.into(),
            served.url().into(),
            self.name.into(),
            self.program.clone().into(),
            self.driver.clone().into(),
            folder().into(),
        ];
        print!("{}", python::drive("browser.py", arguments));
    }
}

/// Does something with each browser of the machine, one at a time: two at once would only wait for each other.
fn with_each_browser(test: impl Fn(&Browser)) {
    static TURN: Mutex<()> = Mutex::new(());
    let browsers = Browser::all();
    if browsers.is_empty() {
        let is_required = std::env::var_os("PYPET_BROWSER").is_some_and(|value| value == "required");
        let what = "neither chromium with chromedriver nor firefox with geckodriver is on PATH";
        assert!(!is_required, "PYPET_BROWSER=required, but {what}");
        println!("skipped: {what}");
        return;
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    python::prepare_driver();
    browsers.iter().for_each(test);
}

#[test]
fn a_study_of_303_runs_is_filtered_drawn_and_read() {
    with_each_browser(|browser| examples::with_file_of("firing_rate", |file| browser.play("explore", file)));
}

#[test]
fn a_million_runs_are_scrolled_sorted_and_filtered_without_stalling() {
    common::with_trajectory_file(|file| {
        let folder = file.parent().expect("in a folder");
        let arguments = ["run", "-q", "--explore", "x=0:1:1000000", "-o"].map(OsStr::new);
        let output = examples::run_with("overhead", folder, arguments.into_iter().chain([file.as_os_str()]));
        assert!(output.status.success(), "{}", python::report(&output));
        with_each_browser(|browser| browser.play("million", file));
    });
}

#[test]
fn a_study_is_followed_without_reloading() {
    with_each_browser(|browser| {
        for sign in 1..=4 {
            let _ = fs::remove_file(folder().join(format!("live-{sign}")));
        }
        common::with_trajectory_file(|file| {
            let points = Input::names().x.over((0..150).map(f64::from));
            let environment = Environment::new(file).serial().with_commit_every(Duration::from_millis(200));
            let study = std::thread::spawn(move || environment.run::<slow>(points).map(|_| ()));
            children::wait_until(|| file.exists());
            browser.play("live", file);
            study.join().expect("no panic").expect("a page does not disturb a study");
        });
    });
}

#[test]
fn one_of_several_trajectories_is_chosen() {
    common::with_trajectory_file(|file| {
        let points = |n: u32| Input::names().x.over((0..n).map(f64::from));
        for (name, n_runs) in [("many", 12), ("few", 2)] {
            let environment = Environment::new(file).serial().with_name(name);
            environment.run_with("study", points(n_runs), |p: &Input, _: &mut Run| 2.0 * p.x).unwrap();
        }
        with_each_browser(|browser| browser.play("several", file));
    });
}

#[test]
fn what_means_no_good_is_shown_as_text() {
    with_each_browser(|browser| {
        examples::with_file_of("multiply", |file| {
            python::run("hostile.py", [file]);
            browser.play("hostile", file);
        });
    });
}
