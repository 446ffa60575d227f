//! Ctrl-C and termination: the first ends a study in order, the second at once.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, Weak};

use crate::termination::on_termination;

/// The studies that a signal ends.
static STUDIES: Mutex<Vec<Watched>> = Mutex::new(Vec::new());

/// A study that a signal ends, and the file that it can be carried on with.
#[derive(Debug)]
struct Watched {
    stop: Weak<AtomicBool>,
    file: Option<PathBuf>,
}

/// What a shell reports for a program that an interrupt ended.
const INTERRUPTED: i32 = 130;

/// Lets signals end a study for as long as this lives.
#[derive(Debug)]
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
}

impl Watch {
    /// Watches for signals; the first sets the flag.
    pub(super) fn over(stop: Arc<AtomicBool>, file: Option<&Path>) -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // Without it the study goes on to its end, or ends at once.
            let _ = on_termination(handle);
        });
        studies().push(Watched { stop: Arc::downgrade(&stop), file: file.map(Into::into) });
        Self { stop }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        studies().retain(|study| study.stop.upgrade().is_some_and(|stop| !Arc::ptr_eq(&stop, &self.stop)));
    }
}

fn studies() -> MutexGuard<'static, Vec<Watched>> {
    STUDIES.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "the user wants to end at once; what is committed is safe on the disk")]
fn handle() {
    let studies = studies();
    let running: Vec<Arc<AtomicBool>> = studies.iter().filter_map(|study| study.stop.upgrade()).collect();
    let already = running.iter().all(|stop| stop.swap(true, Ordering::Relaxed));
    if running.is_empty() || already {
        std::process::exit(INTERRUPTED);
    }
    let mut message = "\nfinishing and storing the runs that have begun; press Ctrl-C again to stop at once".to_owned();
    for file in studies.iter().filter_map(|study| study.file.as_ref()) {
        let _ = write!(message, "\ncarry on later with `resume {}`", file.display());
    }
    eprintln!("{message}");
}
