//! The worker's end: what it was started for, and the socket to the program that has started it.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::sync::LazyLock;
use std::thread;

use rustix::process::{Signal, kill_current_process_group};
use rustix::stdio::dup2_stdin;

use super::frames::{FrameReader, FrameWriter};

/// Tells a process that it is a worker: the process that has started it, a colon, and what for.
pub(super) const VARIABLE: &str = "PYPET_WORKER";

/// What this process was started for, if it is a worker.
pub(crate) fn request() -> Option<&'static str> {
    static REQUEST: LazyLock<Option<String>> = LazyLock::new(|| {
        let variable = std::env::var(VARIABLE).ok()?;
        let (parent, request) = variable.split_once(':')?;
        if parent.parse() == Ok(std::os::unix::process::parent_id()) {
            return Some(request.to_owned());
        }
        // A program that a worker has started has inherited the variable and is no worker. But with a socket as its
        // input it is one that has lost its parent, and must not take the study upon itself.
        if is_socket() {
            Link::end_at_once();
        }
        None
    });
    REQUEST.as_deref()
}

fn is_socket() -> bool {
    let stdin = io::stdin().as_fd().try_clone_to_owned().map(File::from);
    stdin.and_then(|stdin| stdin.metadata()).is_ok_and(|metadata| metadata.file_type().is_socket())
}

/// The way to the program that has started this worker.
#[derive(Debug)]
pub(crate) struct Link {
    writer: FrameWriter<UnixStream>,
    reader: Option<FrameReader<UnixStream>>,
}

impl Link {
    /// Takes the socket from standard input, which is empty from then on.
    ///
    /// # Errors
    /// The process has no such input.
    pub(crate) fn open() -> io::Result<Self> {
        // The copy is closed in whatever the runs start, so nothing but this process keeps the socket open.
        let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        dup2_stdin(File::open("/dev/null")?)?;
        let reader = FrameReader::new(stream.try_clone()?);
        Ok(Self { writer: FrameWriter::new(stream), reader: Some(reader) })
    }

    /// Hands every message to `take`, on a thread of its own; when the program is gone, this process ends.
    ///
    /// # Panics
    /// If it is called twice.
    pub(crate) fn listen(&mut self, mut take: impl FnMut(&[u8]) + Send + 'static) {
        let mut reader = self.reader.take().expect("one listens once");
        let listening = thread::Builder::new().name("pypet-link".into()).spawn(move || {
            while let Ok(message) = reader.next() {
                if let Some(message) = message {
                    take(reader.bytes(message));
                }
            }
            Self::end_at_once();
        });
        if listening.is_err() {
            Self::end_at_once();
        }
    }

    /// Sends what `fill` appends.
    ///
    /// # Errors
    /// The program is gone, or the message is too long, of which nothing is sent then.
    pub(crate) fn send(&mut self, fill: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.writer.send(fill)
    }

    /// Ends this worker and all that it has started, whatever they are at.
    pub(crate) fn end_at_once() -> ! {
        let _ = kill_current_process_group(Signal::KILL);
        unreachable!("a process is in its own group")
    }
}
