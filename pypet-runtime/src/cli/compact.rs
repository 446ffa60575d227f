//! `compact`: give back the space of what was deleted or replaced in a file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::json;

use super::{Done, output};
use crate::telling::with_bar;
use crate::trajectory::compact;

pub(super) fn command() -> Command {
    Command::new("compact")
        .about("Writes a file anew without the space of what was deleted or replaced in it")
        .arg(Arg::new("file").value_name("FILE").required(true).value_parser(value_parser!(PathBuf)))
}

pub(super) fn run(matches: &ArgMatches) -> Done {
    let file = matches.get_one::<PathBuf>("file").expect("clap requires it");
    let compacted = with_bar("compacting", || compact(file))?;
    let (name, before, after) = (file.display().to_string(), compacted.before, compacted.after);
    if output::wants_json(matches) {
        output::print_json(&json!({ "file": name, "bytes_before": before, "bytes_after": after }))?;
    } else {
        output::print(&format!("{name}: {before} → {after} bytes\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}
