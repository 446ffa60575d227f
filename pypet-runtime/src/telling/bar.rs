//! A bar for work that takes more than a second, on terminals only.

use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::heard;

/// Work that ends sooner needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);
/// Steps of the bar.
const STEPS: u64 = 1000;

/// Does some work below a bar that says what is done; it begins to move when the work first tells how far it is.
pub(crate) fn with_bar<T>(what: &'static str, work: impl FnOnce() -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return work();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()).with_message(what);
    bar.set_style(style("{spinner} {msg} · {elapsed}"));
    let (shown, told) = (bar.clone(), bar.clone());
    let done = thread::scope(|scope| {
        let (ends, ended) = channel::<()>();
        scope.spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                shown.set_draw_target(ProgressDrawTarget::stderr());
                shown.enable_steady_tick(Duration::from_millis(200));
            }
        });
        let listener = move |part: f64| {
            if told.length().is_none() {
                told.set_style(style("{msg} {bar:32} {percent} % · {eta} left").progress_chars("━╸─"));
                told.set_length(STEPS);
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of the steps")]
            told.set_position((STEPS as f64 * part) as u64);
        };
        let done = heard(listener, work);
        // The thread that waits to show the bar need not.
        drop(ends);
        done
    });
    bar.finish_and_clear();
    done
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("it is well-formed")
}
