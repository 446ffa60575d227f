//! `diff`: do two trajectories say the same?

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::{Value, json};

use super::output::{Paint, Tone};
use super::{Done, Failure, open_trajectory, output};
use crate::compare::{Comparison, Finding, ProvenanceDifference, Tolerance, compare};
use crate::telling::with_bar;
use crate::trajectory::one_line;

/// Characters of a value that are printed; texts and changed sources are long.
const LONGEST: usize = 80;

pub(super) fn command() -> Command {
    let file = |id: &'static str| Arg::new(id).value_name(id).required(true).value_parser(value_parser!(PathBuf));
    let tolerance = |id: &'static str, help| {
        Arg::new(id).long(id).value_name("NUMBER").value_parser(tolerance_from).default_value("0").help(help)
    };
    Command::new("diff")
        .about("Compares two trajectories; exit code 0 if they say the same, 1 if not")
        .arg(file("A"))
        .arg(file("B"))
        .arg(
            Arg::new("trajectory")
                .long("trajectory")
                .value_name("NAME")
                .num_args(1..=2)
                .help("which trajectory of both files, or one for each; the newest by default"),
        )
        .arg(tolerance("abs", "how far numbers may be apart"))
        .arg(tolerance("rel", "how far numbers may be apart, as a part of the larger one; added to `--abs`"))
        .arg(
            Arg::new("most")
                .long("most")
                .value_name("N")
                .value_parser(value_parser!(usize))
                .default_value("20")
                .help("differences that are shown; the others are counted"),
        )
        .after_help(
            "Points are matched by what is explored, whatever their order. NaN equals NaN. Runs are compared result by \
             result where both are done. In what program, machine and environment differ is told, and no difference.",
        )
}

fn tolerance_from(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok(number),
        _ => Err("a tolerance is a number from 0 on".into()),
    }
}

pub(super) fn run(matches: &ArgMatches) -> Done {
    let names: Vec<&String> = matches.get_many("trajectory").into_iter().flatten().collect();
    let open = |id: &str, name: Option<&&String>| {
        let file = matches.get_one::<PathBuf>(id).expect("clap requires it");
        open_trajectory(file, name.map(|name| name.as_str()))
    };
    let (a, b) = (open("A", names.first())?, open("B", names.last())?);
    let number = |id: &str| *matches.get_one::<f64>(id).expect("it has a default");
    let tolerance = Tolerance { absolute: number("abs"), relative: number("rel") };
    let most = *matches.get_one::<usize>("most").expect("it has a default");
    let found = with_bar("comparing", || compare(&a, &b, tolerance, most)).map_err(Failure::from)?;
    if output::wants_json(matches) {
        output::print_json(&json(&found))?;
    } else {
        let paint = Paint::of(matches);
        let (of_a, of_b) = (&a.header().experiment, &b.header().experiment);
        let apart = if of_a == of_b {
            String::new()
        } else {
            let [of_a, of_b] = [of_a, of_b].map(|name| one_line(name));
            format!("A is of the experiment `{of_a}`, B of `{of_b}`; `--trajectory A B` chooses others of the files\n")
        };
        output::print_painted(&format!("{apart}{}{}", text(&found, paint), provenance(&found, most)))?;
    }
    Ok(ExitCode::from(u8::from(!found.is_same())))
}

fn json(found: &Comparison) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "kind": finding.kind.word(),
            "name": finding.name,
            "runs": finding.runs,
            "position": finding.position,
            "values": finding.values,
        })
    };
    let of_provenance = |found: &ProvenanceDifference| json!({ "name": found.name, "values": found.values });
    json!({
        "same": found.is_same(),
        "n_matched": found.n_matched,
        "n_different": found.n_different,
        "differences": found.findings.iter().map(finding).collect::<Vec<_>>(),
        "provenance": found.provenance.iter().map(of_provenance).collect::<Vec<_>>(),
    })
}

fn text(found: &Comparison, paint: Paint) -> String {
    if found.is_same() {
        let same = paint.tone(Tone::Good, "the same");
        return format!("{same}: {} points agree in all results\n", found.n_matched);
    }
    let rows: Vec<Vec<String>> = found.findings.iter().map(|finding| row(finding, paint)).collect();
    let mut text = output::table(0, &rows);
    if let Some(more) = output::more(found.n_different, found.findings.len(), "differences") {
        let _ = writeln!(text, "{more}");
    }
    let count =
        if found.n_different == 1 { "1 difference".into() } else { format!("{} differences", found.n_different) };
    let _ = writeln!(text, "{}, {} points in both", paint.tone(Tone::Bad, &count), found.n_matched);
    text
}

/// Long values without most of what both begin with, and cut at the end.
fn from_where_they_differ(values: [String; 2]) -> [String; 2] {
    const BEFORE: usize = 20;
    let is_long = values.iter().any(|value| value.chars().count() > LONGEST);
    let n_shared = values[0].chars().zip(values[1].chars()).take_while(|(a, b)| a == b).count();
    let n_left_out = if is_long { n_shared.saturating_sub(BEFORE) } else { 0 };
    values.map(|value| {
        let mut rest = value.chars().skip(n_left_out);
        let start = if n_left_out > 0 { "…" } else { "" };
        let shown: String = rest.by_ref().take(LONGEST).collect();
        format!("{start}{shown}{}", if rest.next().is_some() { "…" } else { "" })
    })
}

/// Text of a file without the control characters that would drive a terminal.
fn clean(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// How the two came about differently, below what they say.
fn provenance(found: &Comparison, most: usize) -> String {
    if found.provenance.is_empty() {
        return String::new();
    }
    let row = |difference: &ProvenanceDifference| {
        let [a, b] = from_where_they_differ(difference.values.each_ref().map(|value| clean(value)));
        let [a, b] = [a, b].map(|value| if value.is_empty() { "unknown".into() } else { value });
        vec![one_line(&difference.name), format!("{a} → {b}")]
    };
    let rows: Vec<Vec<String>> = found.provenance.iter().take(most).map(row).collect();
    let more = output::more(found.provenance.len(), most, "differences").map(|more| format!("  {more}\n"));
    format!("made differently:\n{}{}", output::table(2, &rows), more.unwrap_or_default())
}

fn row(finding: &Finding, paint: Paint) -> Vec<String> {
    let place = match finding.runs {
        [Some(a), Some(b)] if a == b => format!("run {a}"),
        [Some(a), Some(b)] => format!("runs {a} and {b}"),
        [Some(a), None] => format!("run {a} of A"),
        [None, Some(b)] => format!("run {b} of B"),
        [None, None] => String::new(),
    };
    let position = finding.position.as_ref().map(|position| format!("{position:?}")).unwrap_or_default();
    let [a, b] = from_where_they_differ(finding.values.each_ref().map(|value| clean(value)));
    let name = format!("{}{position}", one_line(&finding.name));
    vec![paint.tone(Tone::Aside, finding.kind.word()), name, place, format!("{a} → {b}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_shown_from_where_they_differ() {
        let shown = |a: &str, b: &str| from_where_they_differ([a.into(), b.into()]);
        assert_eq!(shown("a", ""), ["a", ""]);
        let long = "x".repeat(100);
        let [a, b] = shown(&format!("{long}1"), &format!("{long}2{long}"));
        assert_eq!(a, format!("…{}1", "x".repeat(20)));
        assert_eq!(b, format!("…{}2{}…", "x".repeat(20), "x".repeat(59)));
    }
}
