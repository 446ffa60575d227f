//! `export`: a trajectory for other programs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::json;

use super::{Done, file_arguments, file_of, open_file, output};
use crate::export::{Format, Request, export};
use crate::telling::with_bar;

pub(super) fn command() -> Command {
    Command::new("export")
        .about("Writes a trajectory for other programs")
        .args(file_arguments())
        .arg(
            Arg::new("to")
                .long("to")
                .value_name("FORMAT")
                .required(true)
                .value_parser(PossibleValuesParser::new(Format::ALL.map(Format::word)))
                .help("what it becomes"),
        )
        .arg(
            Arg::new("output")
                .long("output")
                .short('o')
                .value_name("OUT")
                .value_parser(value_parser!(PathBuf))
                .help("the new file; beside FILE by default"),
        )
        .arg(
            Arg::new("results")
                .long("results")
                .value_name("NAMES")
                .value_delimiter(',')
                .help("the results that are wanted, with commas between them; all by default"),
        )
        .arg(Arg::new("force").long("force").action(ArgAction::SetTrue).help("replaces files that exist"))
        .after_help(
            "csv: a row for each run with explored parameters, scalar results and status; each array result in a file \
             of its own, one row for each element\n\
             jsonl, json: an object for each run, arrays included\n\
             parquet: tables as those of csv, with types, units and comments\n\
             netcdf: a netCDF-4 file, shaped by the axes of a Cartesian product, else by the run",
        )
}

pub(super) fn run(matches: &ArgMatches) -> Done {
    let (file, any) = (file_of(matches), open_file(matches)?);
    let word = matches.get_one::<String>("to").expect("clap requires it");
    let format = Format::from_word(word).expect("clap allows no other");
    let target = matches.get_one::<PathBuf>("output").cloned();
    let request = Request {
        format,
        target: target.unwrap_or_else(|| file.with_extension(format.ending())),
        results: matches.get_many::<String>("results").into_iter().flatten().cloned().collect(),
        replace: matches.get_flag("force"),
    };
    let written = with_bar("exporting", || export(&any, &request))?;
    let names: Vec<String> = written.iter().map(|file| file.display().to_string()).collect();
    if output::wants_json(matches) {
        output::print_json(&json!({ "files": names }))?;
    } else {
        output::print(&format!("wrote {}\n", names.join("\nwrote ")))?;
    }
    Ok(ExitCode::SUCCESS)
}
