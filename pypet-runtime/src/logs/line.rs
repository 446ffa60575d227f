//! One entry of a log, and how it stands in the file.

use std::fmt::{self, Write as _};

use jiff::Zoned;
use tracing::Level;

/// What later lines of an entry begin with.
const INDENT: &str = "    ";

/// One entry of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLine {
    /// When it was logged, RFC 3339 with offset.
    pub time: String,
    /// How grave it is.
    pub level: Level,
    /// The run, if its thread was at one.
    pub run: Option<usize>,
    /// How often this program had tried the run before.
    pub n_tries: usize,
    /// Who logged it: a module, or `stdout` and `stderr` of a worker process.
    pub target: String,
    /// Spans, message and fields.
    pub text: String,
}

impl LogLine {
    /// What is said now.
    pub(crate) fn now(level: Level, run: Option<(usize, usize)>, target: &str, text: &str) -> Self {
        let time = Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string();
        let (run, n_tries) = run.map_or((None, 0), |(run, n_tries)| (Some(run), n_tries));
        Self { time, level, run, n_tries, target: one_word(target), text: readable(text.trim_end()) }
    }

    /// An entry by its first line.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (time, rest) = line.split_once(' ')?;
        let (level, mut rest) = rest.trim_start().split_once(' ')?;
        let level = level.parse().ok().filter(|_| time.as_bytes().get(10) == Some(&b'T'))?;
        let mut tag = |name: &str| {
            let (number, others) = rest.strip_prefix(name)?.split_once(' ')?;
            let number = number.parse::<usize>().ok()?;
            rest = others;
            Some(number)
        };
        let (run, n_tries) = (tag("run="), tag("try=").map_or(0, |number| number.saturating_sub(1)));
        let (target, text) = rest.split_once(": ")?;
        Some(Self { time: time.into(), level, run, n_tries, target: target.into(), text: text.into() })
    }

    /// Joins a further line to the entry.
    pub(super) fn go_on(&mut self, line: &str) {
        self.text.push('\n');
        self.text.push_str(line.strip_prefix(INDENT).unwrap_or(line));
    }

    /// All of a text that [`LogLine`] has displayed.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut entry = Self::parse(lines.next()?)?;
        lines.for_each(|line| entry.go_on(line));
        Some(entry)
    }
}

/// As in the file, without the end of the last line.
impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:>5} ", self.time, self.level.as_str())?;
        if let Some(run) = self.run {
            write!(f, "run={run} ")?;
        }
        if self.n_tries > 0 {
            write!(f, "try={} ", self.n_tries + 1)?;
        }
        write!(f, "{}: ", self.target)?;
        for (number, line) in self.text.split('\n').enumerate() {
            let begin = if number == 0 { "" } else { "\n    " };
            write!(f, "{begin}{line}")?;
        }
        Ok(())
    }
}

/// A target cannot look like anything else in a line.
fn one_word(target: &str) -> String {
    let is_odd = |c: char| c.is_whitespace() || c.is_control();
    let word = target.trim_end_matches(':').replace(is_odd, "_");
    if word.is_empty() { "_".into() } else { word }
}

/// Text that drives no terminal.
fn readable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => clean.push(c),
            c if c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                // Writing to a `String` cannot fail.
                let _ = write!(clean, "{}", c.escape_default());
            }
            c => clean.push(c),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let texts =
            ["plain", "", "two\nlines\n\n    and more", "ends: with: colons", "run=3 try=2 x: y", "\x1b[31mred\r"];
        for text in texts {
            for run in [None, Some((0, 0)), Some((12, 1))] {
                for target in ["a::b", "strange target: no", "", "run=7"] {
                    let line = LogLine::now(Level::WARN, run, target, text);
                    let spelled = line.to_string();
                    assert_eq!(LogLine::read(&spelled), Some(line), "{spelled}");
                    assert!(!spelled.contains(['\x1b', '\r']), "{spelled}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_entry_is_none() {
        for text in ["", "hello", "2026-03-01T12:00:00Z LOUD a: b", "=== a b c", "    2026-03-01T12:00:00Z INFO a: b"] {
            assert_eq!(LogLine::parse(text), None, "{text}");
        }
    }
}
