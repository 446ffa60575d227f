//! What a killed writer leaves in and beside a file.

use std::fmt;
use std::path::PathBuf;
use std::time::SystemTime;

/// Something that a killed writer left, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOver {
    /// A commit that waited in the journal; it is in the file now.
    Commit {
        /// Size of the journal.
        bytes: u64,
    },
    /// A commit that waits in the journal until those who read the file are gone.
    Waiting,
    /// The mark of a commit that was being applied; the file has its own signature again.
    Signature,
    /// A journal that the file did not need any more, or that was never finished; removed.
    Journal {
        /// Its size.
        bytes: u64,
    },
    /// What was written behind the last commit; cut off.
    Tail {
        /// How much.
        bytes: u64,
    },
    /// A new file that never had a commit; removed.
    Unfinished {
        /// The file.
        file: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// A lock that nobody holds; removed.
    Lock,
    /// A journal that does not fit the file, since another program changed one of them; put aside.
    Conflict {
        /// Where it is now.
        journal: PathBuf,
        /// Its size.
        bytes: u64,
        /// When its commit was made.
        written: Option<SystemTime>,
    },
}

impl LeftOver {
    /// Whether data of a commit may be missing.
    #[must_use]
    pub fn is_loss(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}

/// What was found and what was done, in one line.
impl fmt::Display for LeftOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit { bytes } => {
                write!(f, "a commit waited in the journal ({bytes} bytes); it is in the file now")
            }
            Self::Waiting => {
                f.write_str("a commit waits in the journal until the programs that read the file are gone")
            }
            Self::Signature => f.write_str("the mark of a commit that was being applied; taken away"),
            Self::Journal { bytes } => write!(f, "a journal without use ({bytes} bytes); removed"),
            Self::Tail { bytes } => write!(f, "{bytes} bytes that were written behind the last commit; cut off"),
            Self::Unfinished { file, bytes } => {
                write!(f, "`{}` ({bytes} bytes) without a commit; removed", file.display())
            }
            Self::Lock => f.write_str("a lock that nobody holds; removed"),
            Self::Conflict { journal, bytes, written } => {
                let when = written.and_then(|written| jiff::Timestamp::try_from(written).ok());
                let when = when.map(|when| format!(" of {when:.0}")).unwrap_or_default();
                write!(
                    f,
                    "a journal ({bytes} bytes) that does not fit the file; put aside as `{}`: \
                     what the commit{when} stored may be missing",
                    journal.display()
                )
            }
        }
    }
}
