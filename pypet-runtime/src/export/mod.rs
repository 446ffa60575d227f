//! Trajectories for other programs: tables as CSV, JSON or Parquet, results as one plain netCDF-4 file.
//!
//! A table has one row for each run: index, explored parameters, scalar results, status. Arrays stand in the
//! JSON objects of their runs, and in files of their own beside a CSV or Parquet table. Names in a trajectory file are
//! anybody's, so names of files are made of letters and digits only, and nothing is replaced unasked.

mod csv;
mod json;
#[cfg(feature = "parquet")]
mod parquet;
mod target;

pub(crate) use json::json_value;
pub(crate) use target::Target;

use std::path::PathBuf;

use crate::error::Error;
use crate::storage::hdf5::write_netcdf;
use crate::table::{Column, RunTable};
use crate::trajectory::AnyTrajectory;

/// What a trajectory becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A table of comma-separated values; each array result in long form in a file of its own.
    Csv,
    /// One JSON object for each run, a line each.
    JsonLines,
    /// One JSON list of such objects.
    Json,
    /// Tables as those of CSV, with types, units and comments; needs the feature `parquet`.
    Parquet,
    /// A netCDF-4 file without groups: shaped by the axes of a Cartesian product, else by the run.
    NetCdf,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 5] = [Self::Csv, Self::JsonLines, Self::Json, Self::Parquet, Self::NetCdf];

    /// The word of the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Json => "json",
            Self::Parquet => "parquet",
            Self::NetCdf => "netcdf",
        }
    }

    /// How files of this format end.
    #[must_use]
    pub fn ending(self) -> &'static str {
        if self == Self::NetCdf { "nc" } else { self.word() }
    }

    /// The format of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }
}

/// What is written, and where.
#[derive(Debug, Clone)]
pub struct Request {
    /// What it becomes.
    pub format: Format,
    /// The file; those of array results get their names from it.
    pub target: PathBuf,
    /// The results that are wanted; all if there are none.
    pub results: Vec<String>,
    /// Whether files that exist are replaced.
    pub replace: bool,
}

/// Writes a trajectory for other programs and says into which files.
///
/// # Errors
/// A result is not there, a file exists already or cannot be written, or the trajectory cannot be read.
pub fn export(any: &AnyTrajectory, request: &Request) -> Result<Vec<PathBuf>, ExportError> {
    let table = RunTable::of(any)?;
    let chosen = chosen(&table, &request.results)?;
    table.will_read(table.explored.len() + chosen.len());
    match request.format {
        Format::Csv => export_tables(&table, &chosen, request, (csv::write_table, csv::write_long)),
        #[cfg(feature = "parquet")]
        Format::Parquet => export_tables(&table, &chosen, request, (parquet::write_table, parquet::write_long)),
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => Err(ExportError::NoParquet),
        Format::JsonLines | Format::Json => {
            let mut target = Target::begin(&request.target, request.replace)?;
            json::write(&table, &chosen, request.format == Format::JsonLines, &mut target)?;
            Ok(vec![target.finish()?])
        }
        Format::NetCdf => {
            let partial = Target::claim(&request.target, request.replace)?;
            let written = write_netcdf(&table, &chosen, &partial);
            if let Err(error) = written {
                // Half a file is of no use to anybody.
                let _ = std::fs::remove_file(&partial);
                return Err(error.into());
            }
            Target::publish(&partial, &request.target)?;
            Ok(vec![request.target.clone()])
        }
    }
}

fn chosen<'t>(table: &'t RunTable<'_>, names: &[String]) -> Result<Vec<&'t Column>, ExportError> {
    if names.is_empty() {
        return Ok(table.results.iter().collect());
    }
    names.iter().map(|name| table.result(name).map_err(ExportError::NoResult)).collect()
}

/// Writes the table of the runs with these of their results.
type WriteTable = fn(&RunTable<'_>, &[&Column], &mut Target) -> Result<(), ExportError>;
/// Writes one array result in long form: a row for each element.
type WriteLong = fn(&RunTable<'_>, &Column, &mut Target) -> Result<(), ExportError>;

fn export_tables(
    table: &RunTable<'_>,
    chosen: &[&Column],
    request: &Request,
    (write_table, write_long): (WriteTable, WriteLong),
) -> Result<Vec<PathBuf>, ExportError> {
    let (scalars, arrays): (Vec<&Column>, Vec<&Column>) =
        chosen.iter().partition(|column| column.leaf.value_type.is_scalar());
    let mut taken = vec![request.target.clone()];
    let mut targets = Vec::new();
    // All places are claimed before anything appears, so that a refusal leaves nothing behind.
    let mut main = Target::begin(&request.target, request.replace)?;
    for array in arrays {
        let place = place_of(array, request, &taken);
        taken.push(place.clone());
        targets.push((array, Target::begin(&place, request.replace)?));
    }
    write_table(table, &scalars, &mut main)?;
    for (array, target) in &mut targets {
        write_long(table, array, target)?;
    }
    let mut written = vec![main.finish()?];
    for (_, target) in targets {
        written.push(target.finish()?);
    }
    Ok(written)
}

/// Where an array result goes: `rates.csv` gives `rates.v.csv`.
fn place_of(array: &Column, request: &Request, taken: &[PathBuf]) -> PathBuf {
    let (target, ending) = (&request.target, request.format.ending());
    let stem = target.file_stem().unwrap_or_default().to_string_lossy();
    let name = harmless_name(&array.leaf.name);
    let numbered = (1..).map(|number| if number == 1 { String::new() } else { format!("_{number}") });
    let mut places = numbered.map(|number| target.with_file_name(format!("{stem}.{name}{number}.{ending}")));
    places.find(|place| !taken.contains(place)).expect("there is always a next number")
}

/// A part of a file's name, whatever the result is called.
fn harmless_name(name: &str) -> String {
    const MOST: usize = 80;
    let harmless = |c: char| if c.is_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' };
    let name: String = name.chars().map(harmless).take(MOST).collect();
    name.trim_matches('.').to_owned()
}

/// Why a trajectory cannot be written for others.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// Something is there already.
    #[error("`{}` exists already; choose another file with `-o`, or replace it with `--force`", file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// A target that is a folder or ends with `..`.
    #[error("`{}` is no name for a file", place.display())]
    NoFileName {
        /// What was asked for.
        place: PathBuf,
    },
    /// A result that is not there.
    #[error("{0}")]
    NoResult(String),
    /// The system refuses.
    #[error("cannot {action} `{}`", file.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A program without the feature.
    #[error("this program writes no Parquet; write `csv` or `jsonl`, or build it with pypet's feature `parquet`")]
    NoParquet,
    /// A table that Parquet does not take.
    #[error("cannot write Parquet")]
    Parquet(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The system refuses to take more.
    #[error("cannot write all of it")]
    Write(#[from] std::io::Error),
    /// The trajectory cannot be read.
    #[error(transparent)]
    Pypet(#[from] Error),
}

impl ExportError {
    /// Whether the user asked for something that cannot be, rather than the file or the machine refusing.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NoResult(_) | Self::NoFileName { .. } | Self::NoParquet)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn no_name_of_a_result_leads_out_of_the_folder() {
        for hostile in ["../../etc/passwd", "..", "/etc/passwd", "a\0b", "a/b\\c", &"x".repeat(65_536)] {
            let name = harmless_name(hostile);
            let place = Path::new("out/t.csv").with_file_name(format!("t.{name}.csv"));
            assert_eq!(place.parent(), Some(Path::new("out")), "{hostile:?}");
            assert!(place.file_name().unwrap().len() < 120, "{hostile:?}");
        }
    }
}
