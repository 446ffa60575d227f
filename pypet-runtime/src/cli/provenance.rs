//! `provenance`: how a trajectory came about, for other tools.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command, value_parser};

use super::{Done, output};
use crate::provenance::{ro_crate, sumatra};
use crate::trajectory::AnyTrajectory;

pub(super) fn command() -> Command {
    Command::new("provenance")
        .about("Tells how a trajectory came about, for other tools; `show FILE config` is for people")
        .arg(Arg::new("file").value_name("FILE").required(true).value_parser(value_parser!(PathBuf)))
        .arg(
            Arg::new("as")
                .long("as")
                .value_name("FORM")
                .value_parser(PossibleValuesParser::new(["ro-crate", "sumatra"]))
                .default_value("ro-crate")
                .help("JSON-LD for `ro-crate-metadata.json`, or records as Sumatra exports them"),
        )
        .arg(
            Arg::new("trajectory")
                .long("trajectory")
                .value_name("NAME")
                .help("which trajectory of the file; the newest by default"),
        )
}

pub(super) fn run(matches: &ArgMatches) -> Done {
    let file = matches.get_one::<PathBuf>("file").expect("clap requires it");
    let any = match matches.get_one::<String>("trajectory") {
        Some(name) => AnyTrajectory::open_named(file, name)?,
        None => AnyTrajectory::open(file)?,
    };
    let record = match matches.get_one::<String>("as").map(String::as_str) {
        Some("sumatra") => sumatra(&any)?,
        _ => ro_crate(&any)?,
    };
    // Both forms are JSON, with and without `--json`.
    output::print_json(&record)?;
    Ok(ExitCode::SUCCESS)
}
