//! # Lesson 5: tree
//!
//! A trajectory without its types: what a colleague does who got the file and not the program, and what a program
//! does that looks into files of any kind. It makes a small study first, then finds everything by name at run
//! time: parts of names, wildcards, one run by itself, conditions as text, and the whole tree as a map.
//!
//! ```text
//! cargo run --example tree                                # makes hdf5/tree.h5 and walks through it
//! ```
//!
//! The command line knows the same names and conditions, for any trajectory file:
//!
//! ```text
//! cargo run --example multiply -- show hdf5/tree.h5 exc.rate
//! cargo run --example multiply -- show hdf5/tree.h5 --run 5
//! cargo run --example multiply -- find hdf5/tree.h5 'inh.weight > 2 mV && exc.rate > 10'
//! ```

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use pypet::prelude::*;
use pypet::trajectory::Value;

/// A population of cells.
#[parameters]
pub struct Population {
    /// Number of cells.
    #[param(default = 80)]
    pub n_cells: u32,
    /// How strongly it acts on the others.
    #[param(default = 1.0, unit = "mV")]
    pub weight: f64,
}

/// Two populations that drive and quieten each other.
#[parameters]
pub struct Network {
    /// The one that drives.
    pub exc: Population,
    /// The one that quietens.
    pub inh: Population,
}

/// Rates of both populations; where inhibition is too weak, the network explodes and the run fails.
#[experiment(explore = weights, result = "balance")]
fn balanced(p: &Network, run: &mut Run) -> Result<f64, String> {
    let balance = f64::from(p.exc.n_cells) * p.exc.weight - f64::from(p.inh.n_cells) * p.inh.weight;
    if balance > 60.0 {
        return Err(format!("the network explodes at a balance of {balance} mV"));
    }
    // What no result set declares gets a name at run time; dots make groups.
    run.add_result("exc.rate", 20.0 + balance / 4.0);
    run.add_result("inh.rate", 20.0 - balance / 4.0);
    Ok(balance)
}

/// Five strengths of the inhibition by two sizes of the population that exerts it.
fn weights() -> Exploration<Network> {
    let p = Network::names();
    p.inh.weight.over(linspace(0.0, 4.0, 5)) * p.inh.n_cells.over([20, 40])
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    if std::env::args_os().len() > 2 {
        // A command, such as `verify hdf5/tree.h5 --all`.
        return Ok(pypet::cli::answer(std::env::args_os()));
    }
    let file = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "hdf5/tree.h5".into()));
    Environment::new(&file).with_name("tree").overwrite().run::<balanced>(weights())?;

    // From here on nothing knows the types above.
    let any = AnyTrajectory::open(&file)?;
    println!("{any}");

    println!("# Natural naming: groups may be left out, the shallowest match wins");
    let weight: f64 = any.get("exc.weight")?;
    println!("exc.weight = {weight} {}", any.node("exc.weight")?.unit());
    // The rate is in two groups of one depth: the error lists both.
    println!("rate: {}", any.node("rate").expect_err("it is ambiguous"));

    println!("\n# Wildcards: `*` within one part of a name, `**` for any number of parts");
    for node in any.find_all("**.rate") {
        println!("{} has shape {:?}", node.full_name(), node.shape());
    }

    println!("\n# One run: explored parameters and results are its own");
    let run = any.run(5)?;
    println!("inh.weight = {}, balance = {}", run.value("inh.weight")?, run.value("balance")?);
    println!("the same by name: {}", any.value("results.r_5.balance")?);
    for failure in any.failures()? {
        println!("{failure}");
    }

    println!("\n# Conditions as text, on parameters and results");
    for run in any.find("inh.weight > 2 mV && exc.rate < inh.rate")? {
        println!("run {}: balance {}", run.index(), run.value("balance")?);
    }

    println!("\n# The whole tree as a map, to match on or to serialize");
    for (name, value) in any.to_map()? {
        match value {
            Value::Float(number) => println!("{name} is the number {number}"),
            Value::UInt(number) => println!("{name} is the count {number}"),
            Value::Floats(array) if name.starts_with("results") => println!("{name} holds {} numbers", array.len()),
            _ => {}
        }
    }
    Ok(ExitCode::SUCCESS)
}
