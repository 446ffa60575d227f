//! `verify`: does a trajectory say what its runs yielded, and do they yield it again?

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::{Value, json};

use super::output::{Paint, Tone};
use super::{Done, Failure, environment, file_arguments, file_of, of_trajectory, open_file, output};
use crate::engine::processes::request;
use crate::registry::AnyExperiment;
use crate::run::drawn_seed;
use crate::telling::{tell_part, with_bar};
use crate::trajectory::{AnyTrajectory, one_line};
use crate::verify::{BuildDifference, Problem, Rerun, Verified, verify};

/// Problems that are printed; more are only counted.
const SHOWN: usize = 20;
/// Options of `run` that matter where nothing is stored.
const OF_RERUN: [&str; 6] = ["threads", "engine", "timeout", "retries", "memory-cap", "quiet"];

pub(super) fn command() -> Command {
    let of_rerun = |argument: Arg| {
        let is_hidden = !OF_RERUN.contains(&argument.get_id().as_str());
        argument.hide(is_hidden)
    };
    Command::new("verify")
        .about("Proves that a trajectory says what its runs yielded; exit code 0 if it does, 1 if not")
        .args(file_arguments())
        .arg(
            Arg::new("rerun").long("rerun").value_name("N").value_parser(value_parser!(usize)).help(
                "carries N runs out once more and compares them bit for bit; needs the program of the experiment",
            ),
        )
        .arg(
            Arg::new("rerun-seed")
                .long("rerun-seed")
                .value_name("SEED")
                .value_parser(value_parser!(u64))
                .requires("rerun")
                .help("what the choice of the N runs depends on; drawn by default"),
        )
        .arg(
            Arg::new("runs")
                .long("runs")
                .value_name("RUN,…")
                .value_parser(value_parser!(usize))
                .value_delimiter(',')
                .conflicts_with("rerun")
                .help("carries these runs out once more"),
        )
        .arg(
            Arg::new("all")
                .long("all")
                .action(ArgAction::SetTrue)
                .conflicts_with_all(["rerun", "runs"])
                .help("carries all runs out once more"),
        )
        .args(environment::arguments().into_iter().map(of_rerun))
        .after_help(
            "exit codes: 0 it does, 1 something differs or is damaged, 2 wrong usage, 3 the file or the environment",
        )
}

pub(super) fn run(experiments: &[&'static dyn AnyExperiment], matches: &ArgMatches) -> Done {
    let (verified, chosen) = match rerun(matches) {
        None => (looked_through(matches)?, None),
        Some(rerun) => (carried_out_again(experiments, matches, &rerun)?, Some(rerun)),
    };
    if output::wants_json(matches) {
        output::print_json(&answer(matches, &verified, chosen.as_ref()))?;
    } else {
        output::print_painted(&text(matches, &verified, chosen.as_ref(), Paint::of(matches)))?;
    }
    Ok(ExitCode::from(u8::from(!verified.is_sound())))
}

fn rerun(matches: &ArgMatches) -> Option<Rerun> {
    if matches.get_flag("all") {
        return Some(Rerun::All);
    }
    if let Some(runs) = matches.get_many::<usize>("runs") {
        return Some(Rerun::These(runs.copied().collect()));
    }
    let n_runs = *matches.get_one::<usize>("rerun")?;
    let seed = matches.get_one::<u64>("rerun-seed").copied();
    // Short enough to be typed again.
    Some(Rerun::Drawn { n_runs, seed: seed.unwrap_or_else(|| drawn_seed() >> 32) })
}

fn looked_through(matches: &ArgMatches) -> Result<Verified, Failure> {
    let trajectory = matches.get_one::<String>("trajectory").map(String::as_str);
    let check = || verify(file_of(matches), trajectory, &mut tell_part);
    Ok(if matches.get_flag("quiet") { check()? } else { with_bar("verifying", check)? })
}

fn carried_out_again(
    experiments: &[&'static dyn AnyExperiment],
    matches: &ArgMatches,
    rerun: &Rerun,
) -> Result<Verified, Failure> {
    let stored = open_file(matches)?;
    if experiments.is_empty() {
        return Err(Failure::Usage(format!(
            "only the program with the experiment `{}` can carry runs out once more; ask it: `{} verify FILE --rerun N`, \
             or leave `--rerun`, `--runs` and `--all` out",
            one_line(&stored.header().experiment),
            one_line(&program_of(&stored)),
        )));
    }
    let experiment = of_trajectory(experiments, &stored)?;
    // Before anything is compared, which may take hours; workers come here as well.
    if !output::wants_json(matches) && request().is_none() {
        output::print(&differences(&experiment.builds(&stored)?))?;
    }
    let mut options = environment::options(matches)?;
    options.name = Some(stored.header().name.clone());
    drop(stored);
    let verify = || experiment.verify(file_of(matches), options, rerun);
    Ok(output::apart(output::wants_json(matches), verify)??)
}

/// The program that began a trajectory, as it was called.
fn program_of(stored: &AnyTrajectory) -> String {
    let command = stored.get::<Vec<String>>("config.environment.command").unwrap_or_default();
    command.into_iter().next().unwrap_or_else(|| "PROGRAM".into())
}

/// In what this program differs from those that carried the runs out.
fn differences(builds: &[BuildDifference]) -> String {
    if builds.is_empty() {
        return String::new();
    }
    let spell = |text: &str| if text.is_empty() { "unknown".to_owned() } else { one_line(text) };
    let row = |build: &BuildDifference| {
        vec![one_line(&build.name), format!("{} → {}", spell(&build.stored), spell(&build.here))]
    };
    let rows: Vec<Vec<String>> = builds.iter().map(row).collect();
    format!("this program is not the one that carried the runs out:\n{}", output::table(2, &rows))
}

fn answer(matches: &ArgMatches, verified: &Verified, rerun: Option<&Rerun>) -> Value {
    let problem = |problem: &Problem| json!({ "kind": problem.kind.word(), "runs": problem.runs, "nodes": problem.nodes, "what": problem.what });
    let builds = verified.builds.iter();
    let builds = builds.map(|build| json!({ "name": build.name, "stored": build.stored, "here": build.here }));
    json!({
        "file": file_of(matches).display().to_string(),
        "trajectory": verified.trajectory,
        "sound": verified.is_sound(),
        "n_runs": verified.n_runs,
        "n_done": verified.n_done,
        "n_checked": verified.n_checked,
        "n_without_checksum": verified.n_without_checksum,
        "n_rerun": verified.n_rerun,
        "rerun_seed": match rerun { Some(Rerun::Drawn { seed, .. }) => Some(seed), _ => None },
        "content": verified.content.map(|content| content.to_string()),
        "builds": builds.collect::<Vec<_>>(),
        "problems": verified.problems.iter().map(problem).collect::<Vec<_>>(),
        "notes": verified.notes,
    })
}

fn text(matches: &ArgMatches, verified: &Verified, rerun: Option<&Rerun>, paint: Paint) -> String {
    let mut text = String::new();
    // Writing to a `String` cannot fail.
    for problem in verified.problems.iter().take(SHOWN) {
        let _ = writeln!(text, "{}", paint.tone(Tone::Bad, &one_line(&problem.to_string())));
    }
    if let Some(more) = output::more(verified.problems.len(), SHOWN, "problems") {
        let _ = writeln!(text, "{more}");
    }
    for note in &verified.notes {
        let _ = writeln!(text, "{}", paint.tone(Tone::Aside, &one_line(note)));
    }
    let again = match rerun {
        None => String::new(),
        Some(Rerun::Drawn { seed, .. }) => format!(", {} carried out once more (seed {seed})", verified.n_rerun),
        Some(_) => format!(", {} carried out once more", verified.n_rerun),
    };
    let word = if verified.is_sound() { paint.tone(Tone::Good, "sound") } else { paint.tone(Tone::Bad, "not sound") };
    let _ = writeln!(
        text,
        "{}, trajectory `{}`: {word}; {} of {} runs done, {} with the checksum that they were stored with{again}",
        file_of(matches).display(),
        one_line(&verified.trajectory),
        verified.n_done,
        verified.n_runs,
        verified.n_checked,
    );
    if let Some(content) = verified.content {
        let _ = writeln!(text, "content {content}");
    }
    text
}
