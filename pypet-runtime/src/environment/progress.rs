//! How far a study is: a bar on a terminal, a line now and then elsewhere.

use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

use crate::logs::OnTerminal;
use crate::storage::FailedRun;

/// Time between two lines where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(10);
/// Failed runs that are shown one by one; more are only counted.
const SHOWN_FAILURES: usize = 5;

/// Shows how many runs are done.
#[derive(Debug)]
pub(super) enum Progress {
    Off,
    Bar(OnTerminal, Mutex<usize>),
    Lines(Mutex<Counts>),
}

#[derive(Debug)]
pub(super) struct Counts {
    n_runs: usize,
    n_done: usize,
    n_failed: usize,
    started: Instant,
    last_line: Instant,
}

impl Progress {
    /// Begins to show; by default only on a terminal.
    pub(super) fn start(wanted: Option<bool>, n_runs: usize) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        if !wanted.unwrap_or(on_terminal) {
            return Self::Off;
        }
        if !on_terminal {
            let now = Instant::now();
            return Self::Lines(Mutex::new(Counts { n_runs, n_done: 0, n_failed: 0, started: now, last_line: now }));
        }
        let bar = ProgressBar::new(n_runs as u64);
        let template = "{bar:32} {human_pos}/{human_len} runs{msg}{pace}";
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        let pace =
            |state: &ProgressState, text: &mut dyn Write| _ = text.write_str(&pace(state.per_sec(), state.eta()));
        bar.set_style(style.with_key("pace", pace).progress_chars("━╸─"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self::Bar(OnTerminal::new(bar), Mutex::new(0))
    }

    pub(super) fn done(&self, n_runs: usize) {
        match self {
            Self::Off => {}
            Self::Bar(bar, ..) => bar.inc(n_runs as u64),
            Self::Lines(counts) => counts.lock().expect("counting does not panic").add(n_runs, 0),
        }
    }

    pub(super) fn failed(&self, run: &FailedRun) {
        match self {
            Self::Off => {}
            Self::Bar(bar, n_failed) => {
                let mut n_failed = n_failed.lock().expect("counting does not panic");
                *n_failed += 1;
                if *n_failed <= SHOWN_FAILURES {
                    bar.println(line(run));
                }
                bar.set_message(format!(", {n_failed} failed"));
                bar.inc(1);
            }
            Self::Lines(counts) => {
                let mut counts = counts.lock().expect("counting does not panic");
                if counts.n_failed < SHOWN_FAILURES {
                    eprintln!("{}", line(run));
                }
                counts.add(0, 1);
            }
        }
    }

    /// Says something that is not about how far the study is; in any case, since it asks for attention.
    pub(super) fn say(&self, line: &str) {
        match self {
            Self::Bar(bar, ..) => bar.println(line),
            Self::Off | Self::Lines(_) => eprintln!("{line}"),
        }
    }

    pub(super) fn end(&self) {
        if let Self::Bar(bar, ..) = self {
            bar.finish_and_clear();
        }
    }
}

impl Counts {
    fn add(&mut self, n_done: usize, n_failed: usize) {
        self.n_done += n_done;
        self.n_failed += n_failed;
        let tried = self.n_done + self.n_failed;
        if self.last_line.elapsed() < LINE_INTERVAL || tried == self.n_runs {
            return;
        }
        self.last_line = Instant::now();
        let left = self.started.elapsed().div_f64(tried as f64).mul_f64((self.n_runs - tried) as f64);
        let failed = if self.n_failed > 0 { format!(", {} failed", self.n_failed) } else { String::new() };
        eprintln!("{tried}/{} runs{failed}, {} left", self.n_runs, HumanDuration(left));
    }
}

/// Speed and remaining time; nothing before the first run is done.
fn pace(per_second: f64, left: Duration) -> String {
    if per_second <= 0.0 {
        return String::new();
    }
    let (unit, rate) = match per_second {
        1.0.. => ("s", per_second),
        rate if rate * 60.0 >= 1.0 => ("min", rate * 60.0),
        rate => ("h", rate * 3600.0),
    };
    let rate = if rate < 100.0 { format!("{rate:.1}") } else { format!("{rate:.0}") };
    format!(" · {rate}/{unit} · {left:#} left", left = HumanDuration(left))
}

fn line(run: &FailedRun) -> String {
    let place = if run.place.is_empty() { String::new() } else { format!(" ({})", run.place) };
    let first_line = run.message.lines().next().unwrap_or_default();
    format!("run {} {}: {first_line}{place}", run.index, run.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_short_and_known_only_after_the_first_run() {
        let pace = |rate| pace(rate, Duration::from_secs(90));
        assert_eq!(pace(0.0), "");
        assert_eq!(pace(1485.2762), " · 1485/s · 2m left");
        assert_eq!(pace(2.25), " · 2.2/s · 2m left");
        assert_eq!(pace(0.05), " · 3.0/min · 2m left");
        assert_eq!(pace(0.002), " · 7.2/h · 2m left");
    }
}
