//! The circumstances in which an environment begins.

use std::env;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{ErrorKind, Read};

use jiff::Zoned;
use sha2::{Digest, Sha256};

use super::build::COMPILER;

/// The variables that are kept: they change what programs compute with, or name the job of a cluster.
const VARIABLES: [&str; 22] = [
    "RUST_LOG",
    "RUST_BACKTRACE",
    "RAYON_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "CUDA_VISIBLE_DEVICES",
    "SLURM_CLUSTER_NAME",
    "SLURM_JOB_ID",
    "SLURM_JOB_NAME",
    "SLURM_JOB_PARTITION",
    "SLURM_JOB_NODELIST",
    "SLURM_NTASKS",
    "SLURM_CPUS_PER_TASK",
    "SLURM_PROCID",
    "SLURM_ARRAY_JOB_ID",
    "SLURM_ARRAY_TASK_ID",
    "PBS_JOBID",
    "PBS_ARRAY_INDEX",
    "SGE_TASK_ID",
    "LSB_JOBID",
    "LSB_JOBINDEX",
];

/// RFC 3339 with offset.
pub(super) fn now() -> String {
    Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string()
}

/// Options whose values may be secrets: addresses with tokens, commands with passwords.
const SECRET: [&str; 2] = ["--webhook", "--hook"];
/// What stands for a secret.
const HIDDEN: &str = "…";

/// The program and its arguments, without secrets.
pub(super) fn command() -> Vec<String> {
    without_secrets(env::args_os().map(|argument| argument.to_string_lossy().into_owned()))
}

fn without_secrets(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut is_secret = false;
    let shown = arguments.map(|argument| match argument.split_once('=') {
        _ if std::mem::replace(&mut is_secret, SECRET.contains(&argument.as_str())) => HIDDEN.into(),
        Some((name, _)) if SECRET.contains(&name) => format!("{name}={HIDDEN}"),
        _ => argument,
    });
    shown.collect()
}

pub(super) fn working_directory() -> String {
    env::current_dir().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The variables of the list that are set.
pub(super) fn variables() -> impl Iterator<Item = (&'static str, String)> {
    VARIABLES.into_iter().filter_map(|name| Some((name, env::var(name).ok()?)))
}

/// The program's file; none for unoptimized programs, whose files are large and short-lived.
pub(super) fn program() -> Option<File> {
    if COMPILER.opt_level == "0" { None } else { File::open(env::current_exe().ok()?).ok() }
}

/// SHA-256 of a file; empty if it cannot be read.
pub(super) fn hash_of(mut file: File) -> String {
    let mut hasher = Sha256::new();
    let mut bytes = vec![0; 1 << 18];
    loop {
        match file.read(&mut bytes) {
            Ok(0) => return hexadecimal(&hasher.finalize()),
            Ok(n_bytes) => hasher.update(&bytes[..n_bytes]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return String::new(),
        }
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_kept_without_its_secrets() {
        let given = "program run --webhook https://a.example/token --set x=1 --hook=curl --webhook token -q";
        let kept = without_secrets(given.split(' ').map(String::from)).join(" ");
        assert_eq!(kept, "program run --webhook … --set x=1 --hook=… --webhook … -q");
    }
}
