//! `compact`: give back the space of what was deleted or replaced in a file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};

use super::{Done, output};
use crate::trajectory::compact;

pub(super) fn command() -> Command {
    Command::new("compact")
        .about("Writes a file anew without the space of what was deleted or replaced in it")
        .arg(Arg::new("file").value_name("FILE").required(true).value_parser(value_parser!(PathBuf)))
}

pub(super) fn run(matches: &ArgMatches) -> Done {
    let file = matches.get_one::<PathBuf>("file").expect("clap requires it");
    let compacted = compact(file)?;
    output::print(&format!("{}: {} → {} bytes\n", file.display(), compacted.before, compacted.after))?;
    Ok(ExitCode::SUCCESS)
}
