//! How a process ended, in words.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// `died of signal 6 (SIGABRT)`, `ended with exit code 7`.
pub(super) fn in_words(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(libc::SIGKILL), _) => "was killed by signal 9 (SIGKILL), perhaps for want of memory".into(),
        (Some(signal), _) => match name(signal) {
            Some(name) => format!("died of signal {signal} ({name})"),
            None => format!("died of signal {signal}"),
        },
        (None, Some(code)) => format!("ended with exit code {code}"),
        (None, None) => "ended for an unknown reason".into(),
    }
}

fn name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        libc::SIGHUP => "SIGHUP",
        libc::SIGINT => "SIGINT",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGILL => "SIGILL",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGALRM => "SIGALRM",
        libc::SIGTERM => "SIGTERM",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGXFSZ => "SIGXFSZ",
        libc::SIGSYS => "SIGSYS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_called_by_their_names() {
        assert_eq!(in_words(ExitStatus::from_raw(libc::SIGSEGV)), "died of signal 11 (SIGSEGV)");
        assert_eq!(in_words(ExitStatus::from_raw(7 << 8)), "ended with exit code 7");
        assert!(in_words(ExitStatus::from_raw(libc::SIGKILL)).contains("want of memory"));
    }
}
