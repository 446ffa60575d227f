//! What all verbs share when they speak: tables, JSON and colours on standard output.
//!
//! Names and comments come from files that anybody may have written. [`print`] is the last defence: whatever a verb
//! forgot, no control character of a file reaches the terminal.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches};
use serde::Serialize;

use crate::value::text::aligned;

/// Writes all of it, without control characters; a reader that has gone away is no error.
pub(super) fn print(text: &str) -> io::Result<()> {
    write(&harmless(text, Colours::Removed))
}

/// Writes text that has colours of [`Paint`]; what comes from files must have gone through `one_line`.
pub(super) fn print_painted(text: &str) -> io::Result<()> {
    write(&harmless(text, Colours::Kept))
}

/// As [`print`], for trees and tables: on a terminal, lines end at its edge, since nobody reads columns that are wrapped.
pub(super) fn print_aligned(text: &str) -> io::Result<()> {
    let terminal = terminal_size::terminal_size_of(io::stdout());
    terminal.map_or_else(|| print(text), |(width, _)| print(&cut(text, usize::from(width.0))))
}

/// Lines of at most so many characters; those that are longer say so at their end.
fn cut(text: &str, most: usize) -> String {
    let line = |line: &str| match line.char_indices().nth(most) {
        Some(_) => line.chars().take(most.saturating_sub(1)).collect::<String>() + "…",
        None => line.to_owned(),
    };
    text.lines().map(|whole| line(whole) + "\n").collect()
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// The flags that all verbs share.
pub(super) fn arguments() -> [Arg; 2] {
    [
        Arg::new("json").long("json").global(true).action(ArgAction::SetTrue).help("answers in JSON, for programs"),
        Arg::new("color")
            .long("color")
            .value_name("WHEN")
            .global(true)
            .value_parser(PossibleValuesParser::new(["auto", "always", "never"]))
            .help("colours; on terminals by default, and never where NO_COLOR is set"),
    ]
}

/// Whether the arguments ask for an answer to programs.
pub(super) fn wants_json(matches: &ArgMatches) -> bool {
    matches.get_flag("json")
}

/// Writes a value as indented JSON.
pub(super) fn print_json(value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    // JSON may hold these characters as they are, but a terminal must not see them.
    let mut escaped = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if c != '\n' && is_harmful(c) {
            // Writing to a `String` cannot fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped.push('\n');
    print(&escaped)
}

/// Does what may carry out code of the program's own, and keeps standard output for the answer: where that is for
/// programs, what runs print goes to standard error.
pub(super) fn apart<T>(is_json: bool, work: impl FnOnce() -> T) -> io::Result<T> {
    // The outputs of workers are told apart by who has started them.
    #[cfg(unix)]
    if is_json && crate::engine::processes::request().is_none() {
        use std::os::fd::AsFd as _;

        let stdout = io::stdout().as_fd().try_clone_to_owned()?;
        rustix::stdio::dup2_stdout(io::stderr())?;
        let done = work();
        // What has no end of the line yet is of the work as well.
        io::stdout().flush()?;
        rustix::stdio::dup2_stdout(stdout)?;
        return Ok(done);
    }
    let _ = is_json;
    Ok(work())
}

/// Writes to standard error why something was not done.
pub(super) fn complain(failure: &str) {
    eprintln!("error: {}", harmless(failure, Colours::Removed));
}

/// What becomes of colours that look like ours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Colours {
    Kept,
    Removed,
}

/// Text without the characters that drive a terminal.
fn harmless(text: &str, colours: Colours) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(sequence) = leading_colour(rest).filter(|_| colours == Colours::Kept) {
            clean.push_str(sequence);
            rest = &rest[sequence.len()..];
            continue;
        }
        clean.push(if is_harmful(c) && !matches!(c, '\n' | '\t') { ' ' } else { c });
        rest = &rest[c.len_utf8()..];
    }
    clean
}

/// Control characters, and those that turn the direction of what follows.
fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One of the few colour sequences that we write, if the text begins with it.
fn leading_colour(text: &str) -> Option<&'static str> {
    [RESET].into_iter().chain(Tone::ALL.map(Tone::sequence)).find(|sequence| text.starts_with(sequence))
}

const RESET: &str = "\x1b[0m";

/// What a piece of text says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// A heading.
    Heading,
    /// Of lesser weight.
    Aside,
    /// All is well.
    Good,
    /// Not done yet.
    Open,
    /// Something failed.
    Bad,
}

impl Tone {
    const ALL: [Self; 5] = [Self::Heading, Self::Aside, Self::Good, Self::Open, Self::Bad];

    fn sequence(self) -> &'static str {
        match self {
            Self::Heading => "\x1b[1m",
            Self::Aside => "\x1b[2m",
            Self::Good => "\x1b[32m",
            Self::Open => "\x1b[33m",
            Self::Bad => "\x1b[31m",
        }
    }
}

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    is_on: bool,
}

impl Paint {
    /// As `--color` says; else on terminals, unless `NO_COLOR` is set.
    pub(super) fn of(matches: &ArgMatches) -> Self {
        let is_on = match matches.get_one::<String>("color").map(String::as_str) {
            Some("always") => true,
            Some("never") => false,
            _ => {
                let says = |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty());
                let is_dumb = says("TERM").is_some_and(|terminal| terminal == "dumb");
                io::stdout().is_terminal() && says("NO_COLOR").is_none() && !is_dumb
            }
        };
        Self { is_on }
    }

    /// The text in a tone.
    pub(super) fn tone(self, tone: Tone, text: &str) -> String {
        if self.is_on && !text.is_empty() { format!("{}{text}{RESET}", tone.sequence()) } else { text.into() }
    }
}

/// Rows in columns as wide as their widest entry; trailing empty entries take no room.
pub(super) fn table(indent: usize, rows: &[Vec<String>]) -> String {
    aligned(indent, rows, width)
}

/// Characters that take room on a terminal.
fn width(text: &str) -> usize {
    let mut count = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = leading_colour(rest).map(str::len);
        count += usize::from(length.is_none());
        rest = &rest[length.unwrap_or(c.len_utf8())..];
    }
    count
}

/// What stands below a listing of which only some entries are shown.
pub(super) fn more(total: usize, shown: usize, what: &str) -> Option<String> {
    (total > shown).then(|| format!("… {} more {what}", total - shown))
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-./+=@%:,".contains(c);
    let needs_none = !word.is_empty() && !word.starts_with('-') && word.chars().all(is_plain);
    if needs_none { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// Bytes, for people.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut size = bytes as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    if bytes < 1024 { format!("{bytes} bytes") } else { format!("{size:.1} {}", UNITS[unit]) }
}

/// Seconds, for people.
pub(super) fn span(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, and never negative")]
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_their_colours() {
        let row = |entries: [&str; 2]| entries.map(ToOwned::to_owned).to_vec();
        assert_eq!(table(2, &[row(["a", "1"]), row(["long", ""])]), "  a     1\n  long\n");
        let red = Paint { is_on: true }.tone(Tone::Bad, "a");
        assert_eq!(table(0, &[row([&red, "1"]), row(["bc", "2"])]), format!("{red}   1\nbc  2\n"));
    }

    #[test]
    fn a_file_cannot_drive_the_terminal() {
        assert_eq!(harmless("a\x1b]0;title\x07b\u{9b}c\u{202e}d\n", Colours::Kept), "a ]0;title b c d\n");
        let green = Paint { is_on: true }.tone(Tone::Good, "fine");
        assert_eq!(harmless(&green, Colours::Kept), green);
        assert!(!harmless(&green, Colours::Removed).contains('\x1b'));
    }

    #[test]
    fn long_lines_end_at_the_edge_of_the_terminal() {
        assert_eq!(cut("├─ tau  10.0 ms\nab\n", 9), "├─ tau  …\nab\n");
        assert_eq!(cut("123456789\n", 9), "123456789\n");
    }

    #[test]
    fn commands_that_are_proposed_can_be_pasted() {
        assert_eq!(quoted("hdf5/study-1.h5"), "hdf5/study-1.h5");
        assert_eq!(["my study.h5", "it's.h5", "-x", ""].map(quoted), ["'my study.h5'", r"'it'\''s.h5'", "'-x'", "''"]);
    }

    #[test]
    fn sizes_and_spans_are_told_in_fitting_units() {
        assert_eq!([size(12), size(2048), size(5 << 30)], ["12 bytes", "2.0 KiB", "5.0 GiB"]);
        assert_eq!([span(9.6), span(61.0), span(7260.0)], ["10 s", "1 min 1 s", "2 h 1 min"]);
    }
}
