//! `plot`: a picture of results.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::json;

use super::{Done, Failure, file_arguments, file_of, open_file, output};
use crate::export::{ExportError, Target};
use crate::plot::{Picture, Request, plot};
use crate::telling::with_bar;

pub(super) fn command() -> Command {
    Command::new("plot")
        .about("Draws results over the explored parameters, or an array of one run")
        .args(file_arguments())
        .arg(
            Arg::new("results")
                .value_name("RESULT")
                .num_args(0..)
                .help("what is drawn; the first few results by default"),
        )
        .arg(
            Arg::new("output")
                .long("output")
                .short('o')
                .value_name("OUT")
                .value_parser(value_parser!(PathBuf))
                .help("the picture, as OUT.svg, OUT.html or OUT.png; beside FILE as SVG by default"),
        )
        .arg(
            Arg::new("run")
                .long("run")
                .value_name("N")
                .value_parser(value_parser!(usize))
                .help("arrays of this run; of the first that is done by default"),
        )
        .arg(Arg::new("lines").long("lines").action(ArgAction::SetTrue).help("lines instead of maps of two parameters"))
        .arg(Arg::new("force").long("force").action(ArgAction::SetTrue).help("replaces a picture that exists"))
}

pub(super) fn run(matches: &ArgMatches) -> Done {
    let (file, any) = (file_of(matches), open_file(matches)?);
    let target = matches.get_one::<PathBuf>("output").cloned().unwrap_or_else(|| file.with_extension("svg"));
    let write = writer(&target)?;
    let request = Request {
        results: matches.get_many::<String>("results").into_iter().flatten().cloned().collect(),
        run: matches.get_one::<usize>("run").copied(),
        lines: matches.get_flag("lines"),
        ..Request::default()
    };
    let mut out = Target::begin(&target, matches.get_flag("force"))?;
    out.write_all(&with_bar("drawing", || plot(&any, &request).map(|picture| write(&picture)))?)
        .map_err(ExportError::from)?;
    let written = out.finish()?.display().to_string();
    if output::wants_json(matches) {
        output::print_json(&json!({ "files": [written] }))?;
    } else {
        output::print(&format!("wrote {written}\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What makes a file of this ending.
fn writer(target: &Path) -> Result<fn(&Picture) -> Vec<u8>, Failure> {
    match target.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => Ok(|picture| picture.svg().into_bytes()),
        Some("html" | "htm") => Ok(|picture| picture.html().into_bytes()),
        #[cfg(feature = "png")]
        Some("png") => Ok(Picture::png),
        #[cfg(not(feature = "png"))]
        Some("png") => Err(Failure::Usage(
            "this program draws no PNG; write `.svg` or `.html`, or build it with pypet's feature `png`".into(),
        )),
        _ => {
            let target = target.display();
            Err(Failure::Usage(format!("`{target}` is no kind of picture; end it with `.svg`, `.html` or `.png`")))
        }
    }
}
