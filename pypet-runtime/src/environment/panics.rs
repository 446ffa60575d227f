//! Catching panics with the place where they happened.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

/// What is known of a panic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Panic {
    pub(crate) message: String,
    /// File, line and column; empty if the panic happened on another thread.
    pub(crate) place: String,
    /// Empty unless `RUST_BACKTRACE` asks for it.
    pub(crate) backtrace: String,
}

thread_local! {
    /// What the hook saw while this thread was inside [`catch`]; `None` outside of it.
    static SEEN: RefCell<Option<Panic>> = const { RefCell::new(None) };
    static CATCHING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Calls a function and catches its panic, silently.
pub(crate) fn catch<T>(function: impl FnOnce() -> T) -> Result<T, Panic> {
    install_hook();
    let was_catching = CATCHING.replace(true);
    // What a run has half-changed when it panics is its own; parameters and shared data it only reads.
    let outcome = catch_unwind(AssertUnwindSafe(function));
    CATCHING.set(was_catching);
    outcome.map_err(|payload| {
        let seen = SEEN.take();
        let message = message_of(&*payload);
        // A payload may panic when it is dropped; it has said what it had to say.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        match seen {
            Some(seen) => Panic { message, ..seen },
            None => Panic { message, place: String::new(), backtrace: String::new() },
        }
    })
}

/// Puts a hook before the program's own that keeps quiet inside [`catch`].
fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if CATCHING.get() {
                SEEN.set(Some(describe(info)));
            } else {
                others(info);
            }
        }));
    });
}

fn describe(info: &PanicHookInfo<'_>) -> Panic {
    let backtrace = Backtrace::capture();
    let shown = backtrace.status() == BacktraceStatus::Captured;
    Panic {
        message: message_of(info.payload()),
        place: info.location().map(ToString::to_string).unwrap_or_default(),
        backtrace: if shown { backtrace.to_string() } else { String::new() },
    }
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panicked with a payload that is no text".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_tells_its_message_and_place() {
        let panic = catch(|| panic!("the {} broke", "solver")).unwrap_err();
        assert_eq!(panic.message, "the solver broke");
        assert!(panic.place.contains("panics.rs"), "{}", panic.place);
        assert_eq!(catch(|| 3), Ok(3));
    }

    #[test]
    fn a_payload_of_any_kind_is_caught() {
        let panic = catch(|| std::panic::panic_any(7_u8)).unwrap_err();
        assert!(panic.message.contains("no text"));
    }
}
