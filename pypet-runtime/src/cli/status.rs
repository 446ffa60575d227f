//! `status`: how far the trajectories of a file have come.

use std::path::Path;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};

use super::output::{Paint, Tone, size, span};
use super::{Done, Failure, file_arguments, file_of, open_trajectory, output, typed};
use crate::error::Error;
use crate::progress::{FileStatus, Progress, seconds, time};
use crate::run::RunStatus;
use crate::storage::State;
use crate::storage::hdf5::trajectories;
use crate::telling::with_bar;
use crate::trajectory::one_line;

pub(super) fn command() -> Command {
    Command::new("status")
        .about("Shows how far a file's trajectories have come; exit code 0 if all runs are done, else 1")
        .args(file_arguments())
        .mut_arg("trajectory", |argument| argument.help("one trajectory of the file; all by default"))
        .arg(
            Arg::new("content")
                .long("content")
                .action(ArgAction::SetTrue)
                .help("adds the hash of points, states and results, for which all points are read"),
        )
}

pub(super) fn run(matches: &ArgMatches) -> Done {
    let file = file_of(matches);
    let names = match matches.get_one::<String>("trajectory") {
        Some(name) => vec![name.clone()],
        None => trajectories(file).map_err(Error::from)?,
    };
    let with_content = matches.get_flag("content");
    let progress = |name: &String| -> Result<Progress, Failure> {
        let any = open_trajectory(file, Some(name))?;
        let progress = Progress::of(&any)?;
        Ok(if with_content { progress.with_content(any.content_hash()?) } else { progress })
    };
    let progress: Vec<Progress> = with_bar("reading", || names.iter().map(progress).collect::<Result<_, _>>())?;
    let whole = FileStatus::of(file)?;
    if output::wants_json(matches) {
        let trajectories: Vec<Value> = progress.iter().map(|progress| progress.json(&whole)).collect();
        output::print_json(&json!({
            "file": file.display().to_string(),
            "bytes": whole.bytes,
            "changed": whole.changed.map(time),
            "writer": whole.writer,
            "trajectories": trajectories,
        }))?;
    } else {
        let paint = Paint::of(matches);
        let parts: Vec<String> = progress.iter().map(|progress| text(progress, &whole, file, paint)).collect();
        output::print_painted(&format!("{}{}", of_file(&whole, file), parts.concat()))?;
    }
    let all_done = progress.iter().all(|progress| progress.count(RunStatus::Done) == progress.statuses.len());
    Ok(ExitCode::from(u8::from(!all_done)))
}

fn of_file(whole: &FileStatus, file: &Path) -> String {
    let writer = whole.writer.as_deref().map_or("nobody is writing", |_| "being written");
    let who = whole.writer.as_deref().map(|who| format!(" by {}", one_line(who))).unwrap_or_default();
    let changed = whole.changed.map(|at| format!(", last commit {}", time(at))).unwrap_or_default();
    format!("{}: {}, {writer}{who}{changed}\n", file.display(), size(whole.bytes))
}

/// What people read about one trajectory.
fn text(progress: &Progress, whole: &FileStatus, file: &Path, paint: Paint) -> String {
    let state = progress.state(whole);
    let all_done = progress.count(RunStatus::Done) == progress.statuses.len();
    let tone = if all_done { Tone::Good } else { Tone::Open };
    let counts: Vec<String> = RunStatus::ALL
        .into_iter()
        .map(|status| (status, progress.count(status)))
        .filter(|(status, count)| *count > 0 || *status == RunStatus::Done)
        .map(|(status, count)| paint.tone(tone_of(status), &format!("{count} {status}")))
        .collect();
    let mut rows = vec![
        ["experiment".into(), one_line(&progress.experiment)],
        ["state".into(), paint.tone(tone, state)],
        ["runs".into(), format!("{} of {}", counts.join(", "), progress.statuses.len())],
    ];
    if let (Some(first), Some(last)) = (progress.first.and_then(seconds), progress.last.and_then(seconds)) {
        rows.push(["from".into(), format!("{} to {}", time(first), time(last))]);
    }
    if let Some(rate) = progress.rate {
        rows.push(["speed".into(), speed(rate)]);
    }
    if let Some(remaining) = progress.remaining(whole) {
        rows.push(["remaining".into(), span(remaining)]);
    }
    if let Some(content) = progress.content {
        rows.push(["content".into(), content.to_string()]);
    }
    if state != State::Running.word() && progress.count(RunStatus::Pending) > 0 {
        rows.push(["next".into(), format!("carry on with `resume {}`", typed(file, &progress.name))]);
    }
    let rows: Vec<Vec<String>> = rows.into_iter().map(|row: [String; 2]| row.to_vec()).collect();
    format!("\n{}\n{}", paint.tone(Tone::Heading, &one_line(&progress.name)), output::table(2, &rows))
}

fn tone_of(status: RunStatus) -> Tone {
    match status {
        RunStatus::Done => Tone::Good,
        RunStatus::Failed | RunStatus::TimedOut => Tone::Bad,
        RunStatus::Pending | RunStatus::Cancelled => Tone::Open,
    }
}

fn speed(per_second: f64) -> String {
    if per_second >= 1.0 {
        return format!("{per_second:.1} runs per second");
    }
    format!("{:.1} runs per hour", per_second * 3600.0)
}
