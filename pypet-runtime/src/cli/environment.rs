//! The options that `run` and `resume` share.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, value_parser};

use super::Failure;
use crate::environment::{Durability, EngineChoice, Hook, OnFailure, Options, Order};
use crate::logs::LogLevels;
use crate::provenance::GitPolicy;

pub(super) fn arguments() -> Vec<Arg> {
    let value = |id: &'static str, name, help| Arg::new(id).long(id).value_name(name).help(help);
    vec![
        value("threads", "N", "threads or processes that carry out runs; all cores for 0")
            .value_parser(value_parser!(usize)),
        value("engine", "ENGINE", "who carries out runs; `processes` survives runs that crash")
            .value_parser(PossibleValuesParser::new(["threads", "serial", "processes"])),
        value("order", "ORDER", "which runs come first; the results do not depend on it")
            .value_parser(PossibleValuesParser::new(Order::ALL.map(Order::word))),
        value("git", "POLICY", "what is done about uncommitted changes before the first run")
            .value_parser(PossibleValuesParser::new(GitPolicy::ALL.map(GitPolicy::word))),
        value("on-failure", "WHAT", "what happens when a run fails")
            .value_parser(PossibleValuesParser::new(["continue", "stop"]))
            .conflicts_with("max-failures"),
        value("max-failures", "N", "begins no further run after N failures").value_parser(value_parser!(usize)),
        value("commit-every", "SECONDS", "longest time that finished runs wait to be stored")
            .value_parser(value_parser!(f64)),
        value("retries", "N", "tries a failed run up to N more times").value_parser(value_parser!(usize)),
        value("timeout", "SECONDS", "longest time that a run may take").value_parser(value_parser!(f64)),
        value("memory-cap", "MB", "lets workers wait while so many megabytes of results wait to be written")
            .value_parser(value_parser!(usize)),
        value(
            "durability",
            "LEVEL",
            "`commit` outlasts power cuts, `run` commits every finished run at once, `none` leaves the disk to the system",
        )
        .value_parser(PossibleValuesParser::new(["commit", "run", "none"])),
        value("compression", "LEVEL", "compresses results, from 1 (fast) to 9 (small)")
            .value_parser(value_parser!(u8).range(0..=9)),
        value("log-dir", "FOLDER", "keeps the log there instead of beside the file; may hold $traj, $env, $file, $host, $proc")
            .value_parser(value_parser!(PathBuf)),
        value("log-level", "LEVELS", "what is logged, as `debug` or `warn,my_crate::solver=trace`; `off` for no log")
            .value_parser(|text: &str| text.parse::<LogLevels>().map(|_| text.to_owned())),
        value("hook", "COMMAND", "starts a command when the first run fails and at the end; it gets PYPET_EVENT and others")
            .action(ArgAction::Append),
        value("webhook", "URL", "posts JSON to a URL when the first run fails and at the end, by `curl`")
            .action(ArgAction::Append),
        Arg::new("quiet").long("quiet").short('q').action(ArgAction::SetTrue).help("shows no progress"),
    ]
}

/// What these arguments say; everything else by default.
pub(super) fn options(matches: &ArgMatches) -> Result<Options, Failure> {
    let mut options = Options { progress: Some(!matches.get_flag("quiet")), signals: true, ..Options::default() };
    let n_threads = matches.get_one::<usize>("threads").copied();
    options.engine = match (matches.get_one::<String>("engine").map(String::as_str), n_threads) {
        (Some("serial"), Some(n_threads)) if n_threads != 1 => {
            return Err(Failure::Usage(format!("the engine `serial` has one thread, not {n_threads}")));
        }
        (Some("serial"), _) => EngineChoice::Serial,
        (Some("processes"), n_processes) => EngineChoice::Processes(n_processes.unwrap_or(0)),
        (_, n_threads) => EngineChoice::Threads(n_threads.unwrap_or(0)),
    };
    if let Some(order) = matches.get_one::<String>("order").and_then(|word| Order::from_word(word)) {
        options.order = order;
    }
    if let Some(policy) = matches.get_one::<String>("git").and_then(|word| GitPolicy::from_word(word)) {
        options.git = policy;
    }
    if matches.get_one::<String>("on-failure").is_some_and(|what| what == "stop") {
        options.on_failure = OnFailure::Stop;
    }
    if let Some(&most) = matches.get_one::<usize>("max-failures") {
        options.on_failure = OnFailure::MaxFailures(most);
    }
    if let Some(commit_every) = seconds(matches, "commit-every")? {
        options.commit_every = commit_every;
    }
    options.timeout = seconds(matches, "timeout")?;
    if options.timeout == Some(Duration::ZERO) {
        return Err(Failure::Usage("`--timeout 0` leaves no time for any run".into()));
    }
    options.retries = matches.get_one::<usize>("retries").copied().unwrap_or(0);
    if let Some(&megabytes) = matches.get_one::<usize>("memory-cap") {
        options.memory_cap = megabytes.saturating_mul(1_000_000);
    }
    options.durability = match matches.get_one::<String>("durability").map(String::as_str) {
        Some("run") => Durability::Run,
        Some("none") => Durability::None,
        _ => Durability::Commit,
    };
    options.compression = matches.get_one::<u8>("compression").copied().unwrap_or_default();
    options.log_dir = matches.get_one::<PathBuf>("log-dir").cloned();
    if let Some(levels) = matches.get_one::<String>("log-level") {
        options.log_level.clone_from(levels);
    }
    for command in matches.get_many::<String>("hook").into_iter().flatten() {
        options.observers.add(Hook::new(command));
    }
    for url in matches.get_many::<String>("webhook").into_iter().flatten() {
        options.observers.add(Hook::webhook(url));
    }
    Ok(options)
}

fn seconds(matches: &ArgMatches, id: &str) -> Result<Option<Duration>, Failure> {
    let Some(&seconds) = matches.get_one::<f64>(id) else { return Ok(None) };
    let duration = Duration::try_from_secs_f64(seconds);
    duration.map(Some).map_err(|error| Failure::Usage(format!("`--{id} {seconds}`: {error}")))
}
