//! How the compiler was called for the crate, as it says itself: profiles and `cargo rustc` have flags for single crates,
//! of which build scripts of other crates never hear.

/// Flags of which cargo gives each crate its own, or that change no instruction of a program.
const OF_NO_INTEREST: [&str; 11] = [
    "metadata",
    "extra-filename",
    "incremental",
    "opt-level",
    "debug-assertions",
    "debuginfo",
    "split-debuginfo",
    "strip",
    "embed-bitcode",
    "linker",
    "linker-plugin-lto",
];

/// What is known of the call; empty if this is no compiler.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Compiler {
    pub(super) opt_level: String,
    /// Further flags of code generation, and conditions that are no features.
    pub(super) flags: String,
    /// Features of the crate, the optional dependencies among them.
    pub(super) features: Vec<String>,
}

impl Compiler {
    pub(super) fn of(arguments: &[String]) -> Self {
        if !arguments.iter().any(|argument| argument == "--crate-name") {
            // A language server; or all arguments are in a file, as there are too many.
            return Self::default();
        }
        let mut compiler = Self { opt_level: "0".into(), ..Self::default() };
        let mut flags = Vec::new();
        let mut arguments = arguments.iter().map(String::as_str);
        while let Some(argument) = arguments.next() {
            let (kind, value) = match argument {
                "-C" | "--codegen" => ("-C", arguments.next()),
                "-Z" => ("-Z", arguments.next()),
                "--cfg" => ("--cfg", arguments.next()),
                "-O" => ("-C", Some("opt-level=3")),
                _ => match (argument.split_at_checked(2), argument.split_once('=')) {
                    (Some((kind @ ("-C" | "-Z"), value)), _) => (kind, Some(value)),
                    (_, Some(("--codegen", value))) => ("-C", Some(value)),
                    (_, Some(("--cfg", value))) => ("--cfg", Some(value)),
                    _ => continue,
                },
            };
            let Some(value) = value else { break };
            let (name, setting) = value.split_once('=').unwrap_or((value, ""));
            match (kind, name) {
                ("-C", "opt-level") => compiler.opt_level = setting.into(),
                ("--cfg", "feature") if setting == "\"default\"" => {}
                ("--cfg", "feature") => compiler.features.push(setting.trim_matches('"').into()),
                ("-C", name) if OF_NO_INTEREST.contains(&name.replace('_', "-").as_str()) => {}
                _ => flags.push(format!("{kind} {value}")),
            }
        }
        compiler.flags = flags.join(" ");
        compiler
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called_with(arguments: &str) -> Compiler {
        Compiler::of(&arguments.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn what_changes_the_program_is_taken_from_the_call() {
        let compiler = called_with(
            "rustc --crate-name model --edition=2024 src/main.rs --emit=dep-info,link -C opt-level=3 -C lto=fat \
             -C embed-bitcode=no -C debuginfo=2 --cfg feature=\"default\" --cfg feature=\"spikes\" --check-cfg cfg(x) \
             -C metadata=1f -Cextra-filename=-1f --cfg fast -Ctarget-cpu=native --codegen=opt-level=s -L /usr/lib",
        );
        assert_eq!(compiler.opt_level, "s", "the last one counts");
        assert_eq!(compiler.flags, "-C lto=fat --cfg fast -C target-cpu=native");
        assert_eq!(compiler.features, ["spikes"]);
    }

    #[test]
    fn a_call_without_flags_does_not_optimize_and_a_language_server_tells_nothing() {
        assert_eq!(called_with("rustc --crate-name model src/main.rs").opt_level, "0");
        assert_eq!(called_with("rustc --crate-name model -O").opt_level, "3");
        assert_eq!(called_with("rust-analyzer-proc-macro-srv"), Compiler::default());
    }
}
