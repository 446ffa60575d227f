//! Catching panics with the place where they happened.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Panics of a process whose stack is recorded: to name its functions takes milliseconds, so that a study of many
/// failing runs would do little else.
const MOST_BACKTRACES: usize = 100;

/// Panics that a thread remembers.
const MOST_SEEN: usize = 16;

/// What is known of a panic.
#[derive(Debug)]
pub(crate) struct Panic {
    pub(crate) message: String,
    /// File, line and column; empty if the panic happened on another thread.
    pub(crate) place: String,
    /// Absent after the first hundred panics.
    backtrace: Option<Backtrace>,
}

impl Panic {
    /// The stack from the innermost function of the user's to the outermost. To name them takes a while, which is
    /// no part of the run's time.
    pub(crate) fn stack(&self) -> String {
        self.backtrace.as_ref().map_or_else(String::new, |backtrace| users_part(&backtrace.to_string()))
    }
}

thread_local! {
    /// What the hook saw while this thread was inside [`catch`], the latest last.
    static SEEN: RefCell<Vec<Panic>> = const { RefCell::new(Vec::new()) };
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Calls a function and catches its panic, silently.
pub(crate) fn catch<T>(function: impl FnOnce() -> T) -> Result<T, Panic> {
    install_hook();
    let was_catching = CATCHING.replace(true);
    // What a run has half-changed when it panics is its own; parameters and shared data it only reads.
    let outcome = catch_unwind(AssertUnwindSafe(|| caught_from_here(function)));
    let outcome = outcome.map_err(|payload| {
        let message = message_of(&*payload);
        // With rayon inside of a run this thread may have seen others that it was only helping with.
        let seen = SEEN.with_borrow_mut(|seen| std::mem::take(seen).into_iter().rfind(|seen| seen.message == message));
        // A payload may panic when it is dropped; it has said what it had to say.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        match seen {
            Some(seen) => Panic { message, ..seen },
            None => Panic { message, place: String::new(), backtrace: None },
        }
    });
    CATCHING.set(was_catching);
    outcome
}

/// Where recorded stacks end, so that they show the user's functions and not ours.
#[inline(never)]
fn caught_from_here<T>(function: impl FnOnce() -> T) -> T {
    let value = function();
    // Something is left to do here, so that the function stays on the stack.
    std::hint::black_box(());
    value
}

/// Puts a hook before the program's own that keeps quiet inside [`catch`].
fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !CATCHING.get() {
                others(info);
            } else if ends_the_process(info) {
                // The last chance to say what led to it.
                SEEN.with_borrow(|seen| seen.iter().for_each(|panic| eprintln!("{} ({})", panic.message, panic.place)));
                others(info);
            } else {
                let panic = describe(info);
                SEEN.with_borrow_mut(|seen| {
                    // Those that the run itself has caught are never asked for.
                    if seen.len() == MOST_SEEN {
                        seen.remove(0);
                    }
                    seen.push(panic);
                });
            }
        }));
    });
}

/// Whether a panic cannot be caught: one in a `Drop` while another unwinds, or below foreign code.
fn ends_the_process(info: &PanicHookInfo<'_>) -> bool {
    // The standard library knows, but does not tell stable programs.
    let message = info.payload_as_str().unwrap_or_default();
    message.starts_with("panic in a destructor during cleanup")
        || message.starts_with("panic in a function that cannot unwind")
}

fn describe(info: &PanicHookInfo<'_>) -> Panic {
    static N_BACKTRACES: AtomicUsize = AtomicUsize::new(0);
    let is_recorded = N_BACKTRACES.fetch_add(1, Ordering::Relaxed) < MOST_BACKTRACES;
    Panic {
        message: message_of(info.payload()),
        place: info.location().map(ToString::to_string).unwrap_or_default(),
        backtrace: is_recorded.then(Backtrace::force_capture),
    }
}

/// The frames between the panic machinery and [`caught_from_here`]; the whole stack where they cannot be told,
/// as in a program without symbols.
fn users_part(backtrace: &str) -> String {
    const MACHINERY: [&str; 6] =
        ["rust_begin_unwind", "__rustc::", "core::panicking::", "std::panicking::", "std::panic::", "std::rt::"];
    // A frame is a line with its number and function, and perhaps one with its place.
    let mut frames: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in backtrace.lines() {
        let numbered = line.trim_start().split_once(": ").filter(|(number, _)| number.parse::<usize>().is_ok());
        match (numbered, frames.last_mut()) {
            (Some((_, function)), _) => frames.push((function, vec![line])),
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    let hook = frames.iter().rposition(|(function, _)| function.contains("__rust_end_short_backtrace"));
    let end = frames.iter().position(|(function, _)| function.contains("panics::caught_from_here"));
    let (Some(hook), Some(end)) = (hook, end) else { return backtrace.into() };
    let is_machinery = |(function, _): &&(&str, Vec<&str>)| MACHINERY.iter().any(|name| function.starts_with(name));
    let start = hook + 1 + frames.iter().skip(hook + 1).take_while(is_machinery).count();
    if start >= end {
        return backtrace.into();
    }
    frames[start..end].iter().flat_map(|(_, lines)| lines).fold(String::new(), |text, line| text + line + "\n")
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
        assert_eq!(catch(|| 3).unwrap(), 3);
    }

    #[test]
    fn a_panic_of_others_that_this_thread_helped_with_is_not_its_own() {
        let helped = || {
            // As rayon does: what another thread waits for is caught here, and what this one waits for comes from there.
            let _ = catch_unwind(|| panic!("the solver of another run broke"));
            std::panic::resume_unwind(Box::new("our solver broke"));
        };
        let panic = catch(helped).unwrap_err();
        assert_eq!((panic.message.as_str(), panic.place.as_str()), ("our solver broke", ""));
    }

    #[test]
    fn a_payload_of_any_kind_is_caught() {
        let panic = catch(|| std::panic::panic_any(7_u8)).unwrap_err();
        assert!(panic.message.contains("no text"));
    }

    #[test]
    fn a_stack_shows_the_functions_of_the_run_and_no_others() {
        #[inline(never)]
        fn deep_in_the_solver(step: Option<u8>) -> u8 {
            std::hint::black_box(step).expect("a step")
        }
        let panic = catch(|| deep_in_the_solver(None)).unwrap_err();
        let stack = panic.stack();
        let frames: Vec<&str> = stack.lines().filter(|line| line.contains(": ")).collect();
        assert!(frames.iter().any(|frame| frame.contains("deep_in_the_solver")), "{stack}");
        assert!(frames.len() < 8, "{stack}");
        assert!(!stack.contains("caught_from_here"), "{stack}");
    }

    #[test]
    fn a_stack_without_symbols_is_kept_whole() {
        let unknown = "   0: <unknown>\n   1: <unknown>\n";
        assert_eq!(users_part(unknown), unknown);
    }
}
