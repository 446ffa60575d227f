//! `completions`: what a shell needs to finish words, names of parameters included.
//!
//! The script asks the program itself, which knows its parameters: the shell calls it with the variable `COMPLETE`.

use std::ffi::OsStr;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};
use serde_json::json;

use super::{Done, output};
use crate::registry::experiments;
use crate::value::ElementType;

/// The variable by which a script asks.
const VARIABLE: &str = "COMPLETE";

pub(super) fn command() -> Command {
    Command::new("completions")
        .about("Prints a script that lets a shell finish words")
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .required(true)
                .value_parser(PossibleValuesParser::new(["bash", "zsh", "fish"])),
        )
        .after_help(
            "bash: source <(PROGRAM completions bash)\n\
             zsh:  source <(PROGRAM completions zsh)\n\
             fish: PROGRAM completions fish | source",
        )
}

pub(super) fn run(matches: &ArgMatches) -> Done {
    let program = std::env::current_exe()?;
    let name = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let shell: &dyn EnvCompleter = match matches.get_one::<String>("shell").map(String::as_str) {
        Some("zsh") => &Zsh,
        Some("fish") => &Fish,
        _ => &Bash,
    };
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, &name, &name, &program.to_string_lossy(), &mut script)?;
    let script = String::from_utf8_lossy(&script);
    if output::wants_json(matches) {
        output::print_json(&json!({ "program": name, "script": script }))?;
    } else {
        output::print(&script)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Answers a shell that asks, and ends the program then.
pub(super) fn answer_shell() {
    CompleteEnv::with_factory(|| super::command(&experiments())).var(VARIABLE).complete();
}

/// Finishes `name=value`: names of parameters, and values where there are only a few.
pub(super) fn parameter_completer() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| candidates(&typed.to_string_lossy()))
}

fn candidates(typed: &str) -> Vec<CompletionCandidate> {
    let mut found = Vec::new();
    for info in experiments().iter().flat_map(|experiment| experiment.parameters()).filter(|info| !info.derived) {
        let mut values = info.value_type.choices.clone();
        if info.value_type.element == ElementType::Bool {
            values = vec!["true".into(), "false".into()];
        }
        let words = match typed.split_once('=') {
            Some((name, _)) if name == info.name => values.iter().map(|value| format!("{name}={value}")).collect(),
            Some(_) => Vec::new(),
            None => vec![format!("{}=", info.name)],
        };
        let help = info.comment.lines().next().unwrap_or_default().to_owned();
        let matching = words.into_iter().filter(|word: &String| word.starts_with(typed));
        found.extend(matching.map(|word| CompletionCandidate::new(word).help(Some(help.clone().into()))));
    }
    found
}
