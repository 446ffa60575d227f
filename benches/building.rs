//! What the macros cost while a program is compiled.
//!
//! `cargo bench --bench building` writes two small crates into the target folder: a simulation with a hundred parameters, thirty
//! results and a run function as an experiment, and the same types and the same function as ordinary Rust. Each is checked after
//! edits of its source, in turn; printed are the medians, their ratio (the contract is 1.3), and the time that the
//! compiler spends on expanding all macros of each. The first check builds what they depend on, which takes some
//! minutes.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const N_EDITS: usize = 11;
const N_PARAMETERS: usize = 100;
const N_RESULTS: usize = 30;

/// One of the two crates.
struct Program {
    folder: PathBuf,
    source: fn(usize) -> String,
}

impl Program {
    fn new(folder: &Path, name: &str, source: fn(usize) -> String) -> Self {
        let folder = folder.join(name);
        fs::create_dir_all(folder.join("src")).expect("the target folder can be written");
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n[workspace]\n[dependencies]\npypet = {{ path = {:?} }}\n",
            env!("CARGO_MANIFEST_DIR")
        );
        fs::write(folder.join("Cargo.toml"), manifest).expect("the target folder can be written");
        Self { folder, source }
    }

    fn edit(&self, number: usize) {
        fs::write(self.folder.join("src/main.rs"), (self.source)(number)).expect("the target folder can be written");
    }

    /// Runs cargo in the crate; gives what the compiler says.
    fn cargo(&self, arguments: &[&str]) -> String {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(arguments).current_dir(&self.folder).env("CARGO_TARGET_DIR", self.folder.join("../target"));
        // Lets the stable compiler print what it spends its time on.
        let output = cargo.env("RUSTC_BOOTSTRAP", "1").output().expect("cargo starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        String::from_utf8_lossy(&output.stdout).into_owned() + &said
    }

    /// How long a check takes after an edit.
    fn check(&self, number: usize) -> Duration {
        self.edit(number);
        let begun = Instant::now();
        self.cargo(&["check", "--quiet"]);
        begun.elapsed()
    }

    /// Milliseconds that the compiler says to expand macros for.
    fn expansion(&self, number: usize) -> f64 {
        self.edit(number);
        let said = self.cargo(&["rustc", "--quiet", "--profile", "check", "--", "-Ztime-passes"]);
        let line =
            said.lines().find(|line| line.ends_with("\tmacro_expand_crate") || line.ends_with(" macro_expand_crate"));
        let seconds = line.and_then(|line| line.split_whitespace().nth(1)).expect("the compiler tells its passes");
        seconds.trim_end_matches(';').parse::<f64>().expect("seconds") * 1e3
    }
}

/// The lines of a struct: one field for each number.
fn fields(n: usize, field: impl Fn(usize) -> String) -> String {
    (0..n).fold(String::new(), |mut text, i| {
        let _ = writeln!(text, "{}", field(i));
        text
    })
}

/// The simulation itself, the same in both programs.
fn body(number: usize) -> String {
    let sum: Vec<String> = (0..N_PARAMETERS).map(|i| format!("p.p{i}")).collect();
    let results = fields(N_RESULTS, |i| format!("        r{i}: sum * {i}.0,"));
    format!("    let sum: f64 = {number} as f64 + {};\n    Yield {{\n{results}    }}\n", sum.join(" + "))
}

fn with(number: usize) -> String {
    let parameters = fields(N_PARAMETERS, |i| {
        format!("    /// Number {i}.\n    #[param(default = {i}.0, unit = \"ms\")]\n    pub p{i}: f64,")
    });
    let results = fields(N_RESULTS, |i| format!("    /// Number {i}.\n    pub r{i}: f64,"));
    format!(
        "use pypet::prelude::*;\n#[parameters]\npub struct Model {{\n{parameters}}}\n#[results]\npub struct Yield {{\n{results}}}\n\
         #[experiment(explore = points)]\nfn simulate(p: &Model) -> Yield {{\n{}}}\n\
         fn points() -> Exploration<Model> {{\n    Model::names().p0.over([1.0, 2.0])\n}}\npypet::main!();\n",
        body(number)
    )
}

fn without(number: usize) -> String {
    let parameters = fields(N_PARAMETERS, |i| format!("    /// Number {i}.\n    pub p{i}: f64,"));
    let defaults = fields(N_PARAMETERS, |i| format!("            p{i}: {i}.0,"));
    let results = fields(N_RESULTS, |i| format!("    /// Number {i}.\n    pub r{i}: f64,"));
    format!(
        "#[derive(Clone, Debug, PartialEq)]\npub struct Model {{\n{parameters}}}\n\
         impl Default for Model {{\n    fn default() -> Self {{\n        Self {{\n{defaults}        }}\n    }}\n}}\n\
         #[derive(Clone, Debug, PartialEq)]\npub struct Yield {{\n{results}}}\n\
         fn simulate(p: &Model) -> Yield {{\n{}}}\n\
         fn main() {{\n    for p0 in [1.0, 2.0] {{\n        println!(\"{{:?}}\", simulate(&Model {{ p0, ..Model::default() }}));\n    }}\n}}\n",
        body(number)
    )
}

fn median<T: Copy + PartialOrd>(mut values: Vec<T>) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).expect("times are numbers"));
    values[values.len() / 2]
}

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/building");
    let programs = [Program::new(&folder, "with_pypet", with), Program::new(&folder, "without_pypet", without)];
    let begun = Instant::now();
    for program in &programs {
        program.check(0);
    }
    println!("first checks, dependencies included: {:.0} s", begun.elapsed().as_secs_f64());
    let mut checks = [Vec::new(), Vec::new()];
    let mut expansions = [Vec::new(), Vec::new()];
    for number in 1..=N_EDITS {
        for (which, program) in programs.iter().enumerate() {
            checks[which].push(program.check(number).as_secs_f64() * 1e3);
            expansions[which].push(program.expansion(number + N_EDITS));
        }
    }
    let [with, without] = checks.map(median);
    println!(
        "`cargo check` after an edit, with {N_PARAMETERS} parameters and {N_RESULTS} results, median of {N_EDITS}:"
    );
    println!("  with pypet {with:.0} ms, the same types without {without:.0} ms, ratio {:.2}", with / without);
    let [with, without] = expansions.map(median);
    println!("expanding macros: with pypet {with:.1} ms, without {without:.1} ms");
}
