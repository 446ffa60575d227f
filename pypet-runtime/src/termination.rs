//! Hearing of signals that ask a program to end: Ctrl-C, and on Unix also what `kill` and a closed terminal send.
//!
//! What a program was told to ignore stays ignored, as by `nohup` or for jobs of a script in the background; the
//! other signals are heard all the same. A signal that a program handles by itself is its own business.

use std::io;

/// Calls a function, on a thread of its own, each time the program is asked to end.
///
/// # Errors
///
/// The system does not let us listen.
#[cfg(unix)]
pub(crate) fn on_termination(handler: impl Fn() + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let taken = taken();
    let is_free = |signal: &i32| taken & (1 << (signal - 1)) == 0;
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP].into_iter().filter(is_free))?;
    let listen = move || signals.forever().for_each(|_| handler());
    std::thread::Builder::new().name("pypet-signals".into()).spawn(listen).map(drop)
}

/// Calls a function, on a thread of its own, each time the program is asked to end.
///
/// # Errors
///
/// The system does not let us listen, or the program listens already.
#[cfg(not(unix))]
pub(crate) fn on_termination(handler: impl Fn() + Send + 'static) -> io::Result<()> {
    ctrlc::try_set_handler(handler).map_err(io::Error::other)
}

/// The signals that are ignored or handled, the first in the lowest bit.
#[cfg(target_os = "linux")]
fn taken() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let masks = status.lines().filter_map(|line| line.strip_prefix("SigIgn:").or(line.strip_prefix("SigCgt:")));
    masks.filter_map(|mask| u64::from_str_radix(mask.trim(), 16).ok()).fold(0, |all, mask| all | mask)
}

/// Only Linux tells without `unsafe`; elsewhere `nohup` keeps its meaning.
#[cfg(all(unix, not(target_os = "linux")))]
fn taken() -> u64 {
    1 << (signal_hook::consts::SIGHUP - 1)
}
