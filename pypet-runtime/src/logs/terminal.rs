//! The terminal, where a progress bar may be.

use std::io::{self, IsTerminal, Write};
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;

/// The bars that are shown, by number.
static BARS: Mutex<Vec<(usize, ProgressBar)>> = Mutex::new(Vec::new());

/// A bar that gives way to what is printed, for as long as this lives.
#[derive(Debug)]
pub(crate) struct OnTerminal {
    number: usize,
    bar: ProgressBar,
}

impl OnTerminal {
    pub(crate) fn new(bar: ProgressBar) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        bars().push((number, bar.clone()));
        Self { number, bar }
    }
}

impl Deref for OnTerminal {
    type Target = ProgressBar;

    fn deref(&self) -> &ProgressBar {
        &self.bar
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        bars().retain(|(number, _)| *number != self.number);
    }
}

fn bars() -> MutexGuard<'static, Vec<(usize, ProgressBar)>> {
    BARS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One of the two outputs of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    /// Who is named in the log.
    pub(super) fn target(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Writes to an output of the program, above the bar; a reader that has gone away is no error.
pub(crate) fn write(stream: Stream, bytes: &[u8]) {
    let is_terminal = match stream {
        Stream::Stdout => io::stdout().is_terminal(),
        Stream::Stderr => io::stderr().is_terminal(),
    };
    let write = || match stream {
        Stream::Stdout => {
            let mut out = io::stdout().lock();
            let _ = out.write_all(bytes).and_then(|()| out.flush());
        }
        Stream::Stderr => {
            let _ = io::stderr().lock().write_all(bytes);
        }
    };
    match bars().last().filter(|_| is_terminal) {
        Some((_, bar)) => bar.suspend(write),
        None => write(),
    }
}

/// Prints a line to standard output, above the progress bar where there is one, which `println!` would tear.
///
/// # Examples
/// ```
/// pypet_runtime::logs::print("halfway through");
/// ```
pub fn print(line: &str) {
    write(Stream::Stdout, format!("{line}\n").as_bytes());
}

/// Says something on standard error that asks for attention.
pub(crate) fn say(line: &str) {
    write(Stream::Stderr, format!("{line}\n").as_bytes());
}
