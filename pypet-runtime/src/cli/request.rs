//! Which points a command line asks for: `--set`, `--explore`, `--zip`, `--repeat` and `--sample`.

use clap::{Arg, ArgAction, ArgMatches};

use super::Failure;
use super::completions::parameter_completer;
use crate::registry::{Request, SampleRequest};
use crate::run::is_valid_name;

pub(super) fn arguments() -> [Arg; 5] {
    let pairs = |id: &'static str, name, help| {
        let argument = Arg::new(id).long(id).value_name(name).num_args(1..).action(ArgAction::Append).help(help);
        argument.add(parameter_completer())
    };
    [
        pairs("set", "NAME=VALUE", "sets parameters, as `neuron.tau_v=20`"),
        pairs(
            "explore",
            "NAME=VALUES",
            "explores parameters instead of the declared exploration; `a=0:1:101` is start:stop:count, both ends \
             included, `b=[5,7.5,10]` a list; several give a product, the last varies fastest",
        ),
        pairs(
            "zip",
            "NAME=VALUES",
            "explores parameters in lock step: one axis, which varies faster than those of `--explore`",
        ),
        Arg::new("repeat")
            .long("repeat")
            .value_name("NAME=N")
            .help("visits each point N times, each with random numbers of its own; NAME is the coordinate"),
        pairs(
            "sample",
            "METHOD:N NAME=LOW:HIGH",
            "scatters N points: `latin_hypercube:N`, `sobol:N` or `random:N`, with `:SEED` behind it if wanted, then \
             parameters with `low:high`, `low:high:log` or a list; varies faster than those of `--explore` and `--zip`",
        )
        .num_args(2..),
    ]
}

/// What the arguments ask for.
pub(super) fn request(matches: &ArgMatches) -> Result<Request, Failure> {
    // Each `--zip` is an axis of its own.
    let zips = matches.get_occurrences::<String>("zip").into_iter().flatten();
    let zip = zips.map(|zip| split("zip", zip)).collect::<Result<_, _>>()?;
    let samples = matches.get_occurrences::<String>("sample").into_iter().flatten();
    let sample = samples.map(sample).collect::<Result<_, _>>()?;
    let (set, explore) = (pairs(matches, "set")?, pairs(matches, "explore")?);
    let repeat = matches.get_one::<String>("repeat").map(|text| repeat(text)).transpose()?;
    Ok(Request { set, explore, zip, sample, repeat, ..Request::default() })
}

/// `--sample METHOD:N NAME=VALUES …`
fn sample<'a>(mut words: impl Iterator<Item = &'a String>) -> Result<SampleRequest, Failure> {
    let method = words.next().cloned().unwrap_or_default();
    Ok(SampleRequest { method, dimensions: split("sample", words)? })
}

/// A name and a number, as `trial=10`.
pub(super) fn repeat(text: &str) -> Result<(String, usize), Failure> {
    let split = text.split_once('=').and_then(|(name, count)| Some((name.trim(), count.trim().parse().ok()?)));
    match split.filter(|(name, count)| is_valid_name(name) && !name.contains('.') && *count > 0) {
        Some((name, count)) => Ok((name.to_owned(), count)),
        None => Err(Failure::Usage(format!("`--repeat {text}` is no name and number; write `--repeat trial=10`"))),
    }
}

fn pairs(matches: &ArgMatches, id: &str) -> Result<Vec<(String, String)>, Failure> {
    split(id, matches.get_many::<String>(id).into_iter().flatten())
}

fn split<'a>(id: &str, pairs: impl Iterator<Item = &'a String>) -> Result<Vec<(String, String)>, Failure> {
    let split = |pair: &String| {
        let (name, value) = pair
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| Failure::Usage(format!("`--{id} {pair}` has no value; write `--{id} name=value`")))?;
        Ok((name.trim().to_owned(), value.to_owned()))
    };
    pairs.map(split).collect()
}
