//! How far a run has come.

use std::fmt;

/// The state of a run, as it stands in `runs/status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum RunStatus {
    /// Not carried out yet.
    Pending = 0,
    /// Finished, with its results in the file.
    Done = 1,
    /// Ended with an error or a panic; `runs/errors` says why.
    Failed = 2,
    /// Stopped because it took too long.
    TimedOut = 3,
    /// Given up because the study was stopped.
    Cancelled = 4,
}

impl RunStatus {
    /// All states, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Done, Self::Failed, Self::TimedOut, Self::Cancelled];

    /// The number in the file.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The state with this number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// One word, as in the attribute `flag_meanings`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word().replace('_', " "))
    }
}
