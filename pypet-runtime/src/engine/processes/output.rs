//! What a worker process writes: passed on line by line with the run that it is of, and the last of it kept.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

/// What is kept of what a worker writes.
const KEPT_BYTES: usize = 64 << 10;
/// What is told of it when the worker died, half from its beginning and half from its end: the reason comes first and
/// may be followed by a long stack.
const TOLD_BYTES: usize = 4 << 10;
/// A longer line is passed on in pieces.
const LONGEST_LINE: u64 = 64 << 10;

/// How long the end of a dead worker's output is waited for: something that it has started may keep it open.
const PATIENCE: Duration = Duration::from_secs(5);

/// Stands in the outputs of a worker before what a run writes.
const MARK: &str = "\x1d\x1epypet run ";

/// One of the two outputs of a worker.
#[derive(Debug, Clone)]
pub(super) struct Output(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The last lines, and when they came.
    lines: VecDeque<(SystemTime, Vec<u8>)>,
    n_bytes: usize,
    is_passed_on: bool,
    has_ended: bool,
}

impl Output {
    /// Reads until the worker closes its end; writes nothing to `target` before [`Output::pass_on`].
    pub(super) fn read(
        from: impl Read + Send + 'static,
        target: impl FnMut(Option<(usize, usize)>, &[u8]) + Send + 'static,
    ) -> Self {
        let output = Self(Arc::default());
        let shared = output.clone();
        // A thread that the system refuses takes the output with it, and nothing else.
        let _ = thread::Builder::new().name("pypet-output".into()).spawn(move || shared.pump(from, target));
        output
    }

    fn pump(&self, from: impl Read, mut target: impl FnMut(Option<(usize, usize)>, &[u8])) {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        let mut run = None;
        while matches!(from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line), Ok(1..)) {
            let mark = mark_of(&line);
            if let Some((start, _)) = mark {
                line.truncate(start);
            }
            let mut state = self.lock();
            state.keep(&line);
            let is_passed_on = state.is_passed_on;
            drop(state);
            if is_passed_on && !line.is_empty() {
                target(run, &line);
            }
            run = mark.map(|(_, next)| next).or(run);
            line.clear();
        }
        self.lock().has_ended = true;
        self.0.changed.notify_all();
    }

    /// From now on every line is passed on; those before were of a program that only gets ready.
    pub(super) fn pass_on(&self) {
        self.lock().is_passed_on = true;
    }

    /// What came since a moment, once the worker is dead; shortened in the middle.
    pub(super) fn last_words(&self, since: SystemTime) -> String {
        let waited = self.0.changed.wait_timeout_while(self.lock(), PATIENCE, |state| !state.has_ended);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let told: Vec<u8> =
            state.lines.iter().filter(|(at, _)| *at >= since).flat_map(|(_, line)| line.clone()).collect();
        let said = String::from_utf8_lossy(&told);
        let said = said.trim();
        if said.len() <= TOLD_BYTES {
            return said.into();
        }
        let first = &said[..said.floor_char_boundary(TOLD_BYTES / 2)];
        let last = &said[said.ceil_char_boundary(said.len() - TOLD_BYTES / 2)..];
        format!("{first}\n…\n{last}")
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, line: &[u8]) {
        self.lines.push_back((SystemTime::now(), line.to_vec()));
        self.n_bytes += line.len();
        while self.n_bytes > KEPT_BYTES {
            self.n_bytes -= self.lines.pop_front().map_or(self.n_bytes, |(_, line)| line.len());
        }
    }
}

/// In a worker: what is written from now on is of another run.
pub(crate) fn mark_outputs(run: usize, n_tries: usize) {
    let mark = format!("{MARK}{run} {n_tries}\n");
    let mut out = std::io::stdout().lock();
    // The program is gone, or it has other things to say.
    let _ = out.write_all(mark.as_bytes()).and_then(|()| out.flush());
    let _ = std::io::stderr().lock().write_all(mark.as_bytes());
}

/// The run that a mark at the end of a line tells, and where the mark begins.
fn mark_of(line: &[u8]) -> Option<(usize, (usize, usize))> {
    let start = line.windows(MARK.len()).rposition(|part| part == MARK.as_bytes())?;
    let numbers = str::from_utf8(&line[start + MARK.len()..]).ok()?;
    let (run, n_tries) = numbers.strip_suffix('\n')?.split_once(' ')?;
    Some((start, (run.parse().ok()?, n_tries.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn both_ends_of_what_came_since_a_moment_are_told_and_all_is_passed_on() {
        let (mut pipe, end) = std::os::unix::net::UnixStream::pair().unwrap();
        let (sender, receiver) = mpsc::channel();
        let output = Output::read(end, move |run, line| sender.send((run, line.to_vec())).unwrap());
        pipe.write_all(b"getting ready\n").unwrap();
        while output.lock().lines.is_empty() {
            thread::yield_now();
        }
        output.pass_on();
        let since = SystemTime::now();
        write!(pipe, "no end of a line{MARK}7 1\n{MARK}8 0\n").unwrap();
        for number in 0..1000 {
            writeln!(pipe, "line {number}").unwrap();
        }
        pipe.write_all(b"the end").unwrap();
        drop(pipe);
        let lines = output.last_words(since);
        assert!(
            lines.starts_with("no end of a lineline 0\nline 1\n") && lines.ends_with("line 999\nthe end"),
            "{lines}"
        );
        assert!(lines.len() < TOLD_BYTES + 10, "{lines}");
        assert_eq!(receiver.iter().next().unwrap(), (None, b"no end of a line".to_vec()));
        assert_eq!(receiver.iter().next().unwrap(), (Some((8, 0)), b"line 0\n".to_vec()));
        assert_eq!(receiver.iter().count(), 1000);
    }
}
