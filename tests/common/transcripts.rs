//! Commands in a page of the documentation, with what they print.
//!
//! A fenced block `console` holds commands and their output, standard error behind standard output:
//!
//! ```text
//! $ multiply run --dry-run
//! multiply would carry out 12 runs
//! ```
//!
//! The first word of a command is an example, the tool `pypet`, or `cat`. `> file` at its end keeps the output. In what
//! is expected, `[..]` stands for any text within a line, `...` alone for any number of lines, and `? 1` at the end for
//! the exit code.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::examples::run_with;

/// Runs all commands of a page in a folder and says how many there are.
///
/// # Panics
/// If one of them prints something else.
pub(crate) fn check(page: &str, folder: &Path) -> usize {
    let blocks = page.split("\n```console\n").skip(1).map(|rest| rest.split("\n```").next().unwrap_or(rest));
    let mut n_commands = 0;
    for block in blocks {
        for transcript in format!("\n{block}").split("\n$ ").skip(1) {
            let (command, expected) = transcript.split_once('\n').unwrap_or((transcript, ""));
            check_command(command, expected, folder);
            n_commands += 1;
        }
    }
    n_commands
}

fn check_command(command: &str, expected: &str, folder: &Path) {
    let redirected = command.rsplit_once(" > ").filter(|(_, file)| !file.contains('\''));
    let (words, file) = match redirected {
        Some((command, file)) => (split(command), Some(file)),
        None => (split(command), None),
    };
    let (printed, code) = if words[0] == "cat" {
        (fs::read_to_string(folder.join(&words[1])).expect("a transcript shows files that were written"), 0)
    } else {
        let output = match words[0].as_str() {
            "pypet" => Command::new(env!("CARGO_BIN_EXE_pypet"))
                .args(&words[1..])
                .current_dir(folder)
                .output()
                .expect("the tool can be started"),
            example => run_with(example, folder, &words[1..]),
        };
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (format!("{stdout}{stderr}"), output.status.code().expect("the command ends by itself"))
    };
    let printed = if let Some(file) = file {
        fs::write(folder.join(file), printed).expect("the folder can be written");
        String::new()
    } else {
        printed
    };
    let mut lines: Vec<&str> = expected.lines().collect();
    while lines.last() == Some(&"") {
        lines.pop();
    }
    let expected_code = lines.last().and_then(|line| line.strip_prefix("? ")).map(str::parse::<i32>);
    if expected_code.is_some() {
        lines.pop();
    }
    let expected_code = expected_code.map_or(0, |code| code.expect("an exit code is a number"));
    let printed_lines: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
    assert!(fits(&lines, &printed_lines), "$ {command}\nprints\n{printed}\nand not\n{expected}");
    assert_eq!(code, expected_code, "$ {command}\n{printed}");
}

/// Words at blanks; single quotes keep them together.
fn split(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in command.trim().chars() {
        match c {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().expect("begins with one word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn fits(expected: &[&str], printed: &[&str]) -> bool {
    match (expected, printed) {
        ([], printed) => printed.is_empty(),
        (["...", rest @ ..], printed) => (0..=printed.len()).any(|skipped| fits(rest, &printed[skipped..])),
        ([line, rest @ ..], [other, printed @ ..]) => line_fits(line, other) && fits(rest, printed),
        (_, []) => false,
    }
}

fn line_fits(expected: &str, printed: &str) -> bool {
    let mut parts = expected.trim_end().split("[..]");
    let Some(mut rest) = printed.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(place) = rest.find(part) else { return false };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(last)
}
