//! `run --config FILE`: parameters, exploration and flags from a TOML file.
//!
//! What the command line says comes after what the file says, and both after the declarations. Each mistake is told
//! with the line it is in.

use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::{Failure, names};
use crate::error::{Error, with_causes};
use crate::explore::ExploreError;
use crate::parameter::{self, ParameterInfo};
use crate::registry::{AnyExperiment, Request, SampleRequest};
use crate::value::ElementType;
use crate::value::text::suggestion;

/// The tables and keys that a file may have.
const TABLES: [&str; 6] = ["experiment", "parameters", "explore", "zip", "sample", "environment"];

/// Flags of `run` that a file cannot stand for.
const NOT_IN_FILES: [&str; 10] =
    ["config", "set", "explore", "zip", "sample", "dry-run", "json", "color", "help", "experiment"];

/// What a file asks for, names and values not yet checked.
#[derive(Debug, Default)]
pub(super) struct Config {
    file: PathBuf,
    experiment: Option<Entry>,
    set: Vec<Entry>,
    explore: Vec<Entry>,
    zip: Vec<Vec<Entry>>,
    /// Methods, and what they sample.
    sample: Vec<(Entry, Vec<Entry>)>,
    environment: Vec<Entry>,
}

/// One name and its value, as the command line would have them.
#[derive(Debug, Clone)]
struct Entry {
    name: String,
    text: String,
    line: usize,
    /// Whether the value is a text of its own and not a number, a list or a truth value.
    is_text: bool,
}

impl Config {
    /// Reads a file.
    pub(super) fn read(file: &Path) -> Result<Self, Failure> {
        let source = std::fs::read_to_string(file)
            .map_err(|error| Failure::Config(format!("cannot read `{}`: {error}", file.display())))?;
        Self::parse(file, &source)
    }

    /// Reads what a file says.
    pub(super) fn parse(file: &Path, source: &str) -> Result<Self, Failure> {
        let lines = Lines { file, source };
        let document = DeTable::parse(source).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            lines.mistake(&span, error.message())
        })?;
        let mut config = Self { file: file.into(), ..Self::default() };
        for (key, value) in document.get_ref() {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("experiment", DeValue::String(_)) => {
                    config.experiment = Some(lines.entry("experiment".into(), value)?);
                }
                ("parameters", DeValue::Table(table)) => config.set = lines.entries(table)?,
                ("explore", DeValue::Table(table)) => config.explore = lines.entries(table)?,
                ("zip", DeValue::Table(table)) => config.zip = vec![lines.entries(table)?],
                ("zip", DeValue::Array(tables)) => config.zip = lines.zips(tables)?,
                ("sample", DeValue::Table(tables)) => config.sample = lines.samples(tables)?,
                ("environment", DeValue::Table(table)) => config.environment = lines.entries(table)?,
                (name, _) if TABLES.contains(&name) => {
                    let wanted = if name == "experiment" { "a text" } else { "a table" };
                    return Err(lines.mistake(&key.span(), &format!("`{name}` has to be {wanted}")));
                }
                (name, _) => {
                    let message = format!("there is no table `{name}`{}", suggestion(name, &TABLES));
                    return Err(lines.mistake(&key.span(), &message));
                }
            }
        }
        Ok(config)
    }

    /// The arguments of the program with those that the file stands for; what a user typed is left as it is.
    pub(super) fn complete(
        &self,
        arguments: &[OsString],
        command: &Command,
        matches: &ArgMatches,
    ) -> Result<Vec<OsString>, Failure> {
        let verb = arguments.iter().position(|argument| argument == "run").map_or(arguments.len(), |place| place + 1);
        let run = command.find_subcommand("run").expect("there is a verb `run`");
        let mut completed = arguments[..verb].to_vec();
        for entry in &self.environment {
            let flag = entry.name.replace('_', "-");
            let known: Vec<&str> = run.get_arguments().filter_map(clap::Arg::get_long).collect();
            let known: Vec<&str> = known.into_iter().filter(|flag| !NOT_IN_FILES.contains(flag)).collect();
            let argument = run.get_arguments().find(|argument| argument.get_long() == Some(&flag));
            let Some(argument) = argument.filter(|_| known.contains(&flag.as_str())) else {
                let keys: Vec<String> = known.iter().map(|flag| flag.replace('-', "_")).collect();
                let message = format!("there is no option `{}`{}", entry.name, suggestion(&entry.name, &keys));
                return Err(self.mistake(entry, &message));
            };
            if matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine) {
                continue;
            }
            let takes_value = argument.get_action().takes_values();
            let words = match entry.text.as_str() {
                "true" if !takes_value => vec![format!("--{flag}")],
                "false" if !takes_value => continue,
                _ if !takes_value => {
                    return Err(self.mistake(entry, &format!("`{}` is either true or false", entry.name)));
                }
                value => vec![format!("--{flag}={value}")],
            };
            // Alone, so that a wrong value is told with its line.
            let alone = Command::new("environment").arg(argument.clone()).no_binary_name(true);
            if let Err(error) = alone.try_get_matches_from(&words) {
                let message = error.to_string();
                let message = message.lines().next().unwrap_or_default();
                return Err(self.mistake(entry, message.trim_start_matches("error: ")));
            }
            completed.extend(words.into_iter().map(OsString::from));
        }
        if let Some(experiment) = self.experiment.as_ref().filter(|_| !matches.contains_id("experiment")) {
            completed.push(experiment.text.clone().into());
        }
        completed.extend_from_slice(&arguments[verb..]);
        Ok(completed)
    }

    /// Puts what the file says before what the command line says.
    pub(super) fn merge(&self, experiment: &dyn AnyExperiment, typed: Request) -> Result<Request, Failure> {
        let infos = experiment.parameters();
        let full_name = |name: &str| parameter::find(&infos, name).ok().map(|leaf| infos[leaf].name.clone());
        self.check(experiment, &infos)?;
        let pair = |entry: &Entry| (entry.name.clone(), entry.text.clone());
        let mut request = Request { set: self.set.iter().map(pair).collect(), ..Request::default() };
        if typed.explores_nothing() {
            // A value that was typed counts more than an axis of the file.
            let typed_names: Vec<Option<String>> = typed.set.iter().map(|(name, _)| full_name(name)).collect();
            let is_open = |entry: &&Entry| !typed_names.contains(&full_name(&entry.name));
            request.explore = self.explore.iter().filter(is_open).map(pair).collect();
            let zips = self.zip.iter().map(|zip| zip.iter().filter(is_open).map(pair).collect());
            request.zip = zips.filter(|zip: &Vec<_>| !zip.is_empty()).collect();
            let samples = self.sample.iter().map(|(method, dimensions)| SampleRequest {
                method: method.name.clone(),
                dimensions: dimensions.iter().filter(is_open).map(pair).collect(),
            });
            request.sample = samples.filter(|sample| !sample.dimensions.is_empty()).collect();
            let had_axes = !self.explore.is_empty() || !self.zip.is_empty() || !self.sample.is_empty();
            if had_axes && request.explores_nothing() {
                // Else the declared exploration would be carried out, which nobody asked for.
                request.explore.clone_from(&typed.set);
            }
        } else {
            request.explore = typed.explore;
            request.zip = typed.zip;
            request.sample = typed.sample;
        }
        request.set.extend(typed.set);
        // The file's own is a flag as any other, and has become an argument.
        request.repeat = typed.repeat;
        Ok(request)
    }

    /// How often each point is visited, if the file says so.
    pub(super) fn repeat(&self) -> Result<Option<(String, usize)>, Failure> {
        let entry = self.environment.iter().find(|entry| entry.name == "repeat");
        entry.map(|entry| super::request::repeat(&entry.text)).transpose()
    }

    /// Checks each entry by itself, so that a mistake is told with its line.
    fn check(&self, experiment: &dyn AnyExperiment, infos: &[ParameterInfo]) -> Result<(), Failure> {
        for (method, dimensions) in &self.sample {
            for entry in dimensions {
                let dimensions = vec![(entry.name.clone(), entry.text.clone())];
                let sample = SampleRequest { method: method.name.clone(), dimensions };
                let alone = Request { sample: vec![sample], ..Request::default() };
                if let Err(error @ (Error::Parameter(_) | Error::Explore(_))) = experiment.check(&alone) {
                    let is_method = matches!(error, Error::Explore(ExploreError::Sample { .. }));
                    return Err(self.mistake(if is_method { method } else { entry }, &with_causes(&error)));
                }
            }
        }
        for entry in self.set.iter().chain(&self.explore).chain(self.zip.iter().flatten()) {
            let told = |error: Error| self.mistake(entry, &with_causes(&error));
            let leaf = parameter::find(infos, &entry.name).map_err(|error| told(error.into()))?;
            let is_preset = self.set.iter().any(|preset| std::ptr::eq(preset, entry));
            let element = infos[leaf].value_type.element;
            let may_be_text = matches!(element, ElementType::Text | ElementType::C32 | ElementType::C64);
            if is_preset && entry.is_text && !may_be_text {
                let message = format!("`{}` is `{}`, not a text", infos[leaf].name, infos[leaf].value_type);
                return Err(self.mistake(entry, &message));
            }
            let pair = (entry.name.clone(), entry.text.clone());
            let alone = if is_preset {
                Request { set: vec![pair], ..Request::default() }
            } else {
                Request { explore: vec![pair], ..Request::default() }
            };
            match experiment.check(&alone) {
                // The declared exploration need not fit one preset alone.
                Err(error @ Error::Parameter(_)) => return Err(told(error)),
                Err(error @ Error::Explore(_)) if !is_preset => return Err(told(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Checks that the file's experiment is one of the program.
    pub(super) fn check_experiment(&self, experiments: &[&'static dyn AnyExperiment]) -> Result<(), Failure> {
        let known = names(experiments);
        match &self.experiment {
            Some(entry) if !known.contains(&entry.text.as_str()) => {
                let message = format!("there is no experiment `{}`{}", entry.text, suggestion(&entry.text, &known));
                Err(self.mistake(entry, &message))
            }
            _ => Ok(()),
        }
    }

    fn mistake(&self, entry: &Entry, message: &str) -> Failure {
        Failure::Usage(format!("{}:{}: {message}", self.file.display(), entry.line))
    }
}

/// A text whose places have line numbers.
struct Lines<'s> {
    file: &'s Path,
    source: &'s str,
}

impl Lines<'_> {
    /// All values of a table and its groups, in the order of the file.
    fn entries(&self, table: &DeTable<'_>) -> Result<Vec<Entry>, Failure> {
        let mut entries = Vec::new();
        self.collect("", table, &mut entries)?;
        // Dotted keys of one group are together in the table, wherever they stand.
        entries.sort_by_key(|(place, _)| *place);
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }

    fn collect(&self, prefix: &str, table: &DeTable<'_>, entries: &mut Vec<(usize, Entry)>) -> Result<(), Failure> {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            if let DeValue::Table(group) = value.get_ref() {
                self.collect(&format!("{name}."), group, entries)?;
            } else {
                entries.push((key.span().start, self.entry(name, value)?));
            }
        }
        Ok(())
    }

    fn zips(&self, tables: &DeArray<'_>) -> Result<Vec<Vec<Entry>>, Failure> {
        let zip = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
            DeValue::Table(table) => self.entries(table),
            _ => Err(self.mistake(&value.span(), "`zip` is a table, or several as `[[zip]]`")),
        };
        tables.iter().map(zip).collect()
    }

    /// Tables by the methods of their samples.
    fn samples(&self, tables: &DeTable<'_>) -> Result<Vec<(Entry, Vec<Entry>)>, Failure> {
        let mut samples = Vec::new();
        for (method, dimensions) in tables {
            let DeValue::Table(table) = dimensions.get_ref() else {
                return Err(self.mistake(&method.span(), "samples are tables, as `[sample.\"sobol:128\"]`"));
            };
            let (name, line) = (method.get_ref().to_string(), self.line(&method.span()));
            let method_entry = Entry { text: name.clone(), name, line, is_text: true };
            samples.push((method.span().start, (method_entry, self.entries(table)?)));
        }
        samples.sort_by_key(|(place, _)| *place);
        Ok(samples.into_iter().map(|(_, sample)| sample).collect())
    }

    fn entry(&self, name: String, value: &Spanned<DeValue<'_>>) -> Result<Entry, Failure> {
        let is_text = matches!(value.get_ref(), DeValue::String(_));
        Ok(Entry { name, text: self.text(value, false)?, line: self.line(&value.span()), is_text })
    }

    /// A value as the command line has it.
    fn text(&self, value: &Spanned<DeValue<'_>>, in_list: bool) -> Result<String, Failure> {
        Ok(match value.get_ref() {
            DeValue::String(text) if in_list && text.contains('"') => {
                return Err(self.mistake(&value.span(), "a text in a list cannot hold quotes"));
            }
            DeValue::String(text) if in_list => format!("\"{text}\""),
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => {
                let digits = number.as_str().replace('_', "");
                let whole = i128::from_str_radix(&digits, number.radix());
                let whole = whole.map_err(|error| self.mistake(&value.span(), &format!("`{digits}`: {error}")))?;
                whole.to_string()
            }
            DeValue::Float(number) => number.as_str().replace('_', "").trim_start_matches('+').to_owned(),
            DeValue::Boolean(truth) => truth.to_string(),
            DeValue::Datetime(time) => time.to_string(),
            DeValue::Array(items) => {
                let items: Result<Vec<String>, Failure> = items.iter().map(|item| self.text(item, true)).collect();
                format!("[{}]", items?.join(", "))
            }
            DeValue::Table(_) => return Err(self.mistake(&value.span(), "a table is no value")),
        })
    }

    fn mistake(&self, span: &Range<usize>, message: &str) -> Failure {
        Failure::Usage(format!("{}:{}: {message}", self.file.display(), self.line(span)))
    }

    fn line(&self, span: &Range<usize>) -> usize {
        self.source.get(..span.start).map_or(1, |before| before.split('\n').count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        Config::read(file.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn axes_are_in_the_order_of_the_file() {
        let config = read("[explore]\nb.y = \"0:1:3\"\na = [1, 2]\nb.x = [0x10, 1_000]\n").unwrap();
        let pairs: Vec<(&str, &str)> = config.explore.iter().map(|entry| (&*entry.name, &*entry.text)).collect();
        assert_eq!(pairs, [("b.y", "0:1:3"), ("a", "[1, 2]"), ("b.x", "[16, 1000]")]);
        assert_eq!(config.explore[2].line, 4);
    }

    #[test]
    fn one_table_is_one_zip_and_several_are_several() {
        assert_eq!(read("[zip]\na = [1]\nb = [2]\n").unwrap().zip.len(), 1);
        assert_eq!(read("[[zip]]\na = [1]\n[[zip]]\nb = [2]\n").unwrap().zip.len(), 2);
    }

    #[test]
    fn mistakes_have_their_line() {
        assert!(
            read("[parameters]\n\n[paramters.x]\n")
                .unwrap_err()
                .contains(":3: there is no table `paramters`; did you mean `parameters`?")
        );
        assert!(read("\nexplore = 3\n").unwrap_err().contains(":2: `explore` has to be a table"));
        assert!(read("[parameters]\na = = 1\n").unwrap_err().contains(":2: "));
    }
}
