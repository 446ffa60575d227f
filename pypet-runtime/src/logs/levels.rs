//! What is logged: a level for all targets and others for some.

use std::fmt;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::Targets;

use super::LogError;

/// Levels for targets, as `warn,my_crate::solver=debug`; what has none of its own is at `info`.
#[derive(Debug, Clone)]
pub struct LogLevels {
    text: String,
    targets: Targets,
    most: LevelFilter,
}

impl Default for LogLevels {
    fn default() -> Self {
        "info".parse().expect("`info` is a level")
    }
}

impl LogLevels {
    /// The most that any target is logged.
    pub(crate) fn most(&self) -> LevelFilter {
        self.most
    }

    /// Whether nothing at all is logged.
    pub(crate) fn is_off(&self) -> bool {
        self.most == LevelFilter::OFF
    }

    pub(crate) fn enable(&self, target: &str, level: Level) -> bool {
        self.targets.would_enable(target, &level)
    }

    pub(super) fn enable_all_of(&self, metadata: &Metadata<'_>) -> bool {
        self.enable(metadata.target(), *metadata.level())
    }
}

impl FromStr for LogLevels {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        let (mut targets, mut most, mut rest) = (Targets::new(), LevelFilter::OFF, LevelFilter::INFO);
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (target, word) = part.split_once('=').map_or(("", part), |(target, word)| (target.trim(), word.trim()));
            let level = word.parse::<LevelFilter>().ok().filter(|_| word.chars().all(char::is_alphabetic));
            let Some(level) = level.filter(|_| !word.is_empty()) else {
                let problem = format!("`{word}` is not one of `error`, `warn`, `info`, `debug`, `trace` and `off`");
                return Err(LogError::Level { text: text.into(), problem });
            };
            if target.is_empty() {
                rest = level;
            } else {
                targets = targets.with_target(target, level);
                most = most.max(level);
            }
        }
        Ok(Self { text: text.into(), targets: targets.with_default(rest), most: most.max(rest) })
    }
}

impl fmt::Display for LogLevels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_have_levels_of_their_own_and_the_rest_is_at_info() {
        let levels: LogLevels = "solver=debug, noisy=off".parse().unwrap();
        assert!(levels.enable("solver::newton", Level::DEBUG) && !levels.enable("solver", Level::TRACE));
        assert!(levels.enable("other", Level::INFO) && !levels.enable("other", Level::DEBUG));
        assert!(!levels.enable("noisy", Level::ERROR));
        assert_eq!(levels.most(), LevelFilter::DEBUG);
        assert!("OFF".parse::<LogLevels>().unwrap().is_off());
    }

    #[test]
    fn what_is_no_level_is_named() {
        for wrong in ["inof", "solver=loud", "solver=", "3"] {
            let message = wrong.parse::<LogLevels>().unwrap_err().to_string();
            assert!(message.contains(&format!("`{wrong}` is no log level")), "{message}");
        }
    }
}
