//! Changing what is stored, and making new trajectories of stored ones.
//!
//! | file | what |
//! | --- | --- |
//! | `editor` | a list of changes that is carried out with one commit |
//! | `typed` | what a program adds to its own trajectory, as in `finish = …` |
//! | `copy` | copies, compacted files, backups, deletion; how a new trajectory is written |
//! | `merge` | which runs a joined trajectory has, and in which order |
//! | `arrays` | arrays that runs of several sources have written together |
//! | `join` | what several trajectories say beside their runs, put together |
//! | `repair` | what a killed writer left, and what can be read of a damaged file |
//! | `sources` | stored trajectories read block by block, so that memory stays flat |

mod arrays;
mod copy;
mod editor;
mod join;
mod merge;
mod repair;
mod sources;
mod typed;

pub use copy::{Compacted, backup, compact, copy, delete};
pub use editor::{EditError, TrajectoryEditor};
pub use merge::{Agreement, KeptApart, MergeError, MergeOptions, Merged, merge};
pub use repair::{RepairOptions, Repaired, RepairedTrajectory, repair};
