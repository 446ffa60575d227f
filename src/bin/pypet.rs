//! The tool for files alone: `pypet show FILE`.

use std::process::ExitCode;

fn main() -> ExitCode {
    pypet::cli::main()
}
