//! Carrying runs out in worker processes: what `engine::processes` leaves open.
//!
//! A worker is this program once more. It comes to the same study as the program that has started it (`visit` tells
//! which one that is), computes the same points, and then serves: it carries out the runs it is told to and sends back
//! what each yields before it begins the next (`serve`). In the program one thread `supervise`s each worker. So when
//! a worker dies, the run that killed it is the first that was not received. `message` is what they say to each other.

mod message;
mod serve;
mod supervise;
mod visit;

pub(super) use serve::{refuse, serve};
pub(super) use supervise::{Supervision, Supervisor};
pub(super) use visit::{Kept, Role, Visit};
