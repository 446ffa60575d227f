//! A worker process, as the program sees it that has started it.

use std::io::{self, PipeReader};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::frames::{FrameReader, FrameWriter};
use super::output::Output;
use super::{Listener, Processes, death, link};
use crate::logs::Stream;

/// How long a worker may take to end after it was told to, or after it has closed its socket.
const ENDING: Duration = Duration::from_secs(2);

/// A process of this program that does what it is told.
#[derive(Debug)]
pub(crate) struct WorkerProcess {
    child: Child,
    writer: FrameWriter<UnixStream>,
    reader: FrameReader<UnixStream>,
    /// The time that the socket waits at present.
    wait: Duration,
    stdout: Output,
    stderr: Output,
}

/// What came from a worker.
#[derive(Debug)]
pub(crate) enum Received {
    /// A message, for [`WorkerProcess::bytes`].
    Frame(Range<usize>),
    /// Nothing in the time that was given.
    Nothing,
    /// The worker is dead, or talks nonsense.
    Gone,
}

impl WorkerProcess {
    pub(super) fn start(engine: &Processes, request: &str, listener: &Listener) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let (stdout, stdout_of_worker) = io::pipe()?;
        let (stderr, stderr_of_worker) = io::pipe()?;
        let mut command = Command::new(program()?);
        if let Some(name) = std::env::args_os().next() {
            command.arg0(name);
        }
        command.args(&engine.arguments).process_group(0);
        command.env(link::VARIABLE, format!("{}:{request}", std::process::id()));
        if std::env::var_os("RAYON_NUM_THREADS").is_none() {
            // All workers together have as many threads as one program would have.
            let n_cores = thread::available_parallelism().map_or(1, usize::from);
            command.env("RAYON_NUM_THREADS", (n_cores / engine.n_workers).max(1).to_string());
        }
        command.stdin(OwnedFd::from(theirs)).stdout(stdout_of_worker).stderr(stderr_of_worker);
        let child = command.spawn()?;
        // Our copies of the worker's ends must close, or we would never see it go.
        drop(command);
        let read = |pipe: PipeReader, stream| {
            let listener = listener.clone();
            Output::read(pipe, move |run, line| listener(stream, run, line))
        };
        Ok(Self {
            child,
            writer: FrameWriter::new(ours.try_clone()?),
            reader: FrameReader::new(ours),
            wait: Duration::ZERO,
            stdout: read(stdout, Stream::Stdout),
            stderr: read(stderr, Stream::Stderr),
        })
    }

    /// Sends what `fill` appends.
    ///
    /// # Errors
    /// The worker is gone.
    pub(crate) fn send(&mut self, fill: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.writer.send(fill)
    }

    /// The next message, for which it waits about so long.
    pub(crate) fn receive(&mut self, wait: Duration) -> Received {
        if wait != self.wait && self.reader.stream.set_read_timeout(Some(wait)).is_ok() {
            self.wait = wait;
        }
        match self.reader.next() {
            Ok(Some(frame)) => Received::Frame(frame),
            // Something that the worker has started may keep the socket open.
            Ok(None) if self.is_alive() => Received::Nothing,
            Ok(None) | Err(_) => Received::Gone,
        }
    }

    /// The bytes of a message; good until the next one is asked for.
    pub(crate) fn bytes(&self, frame: Range<usize>) -> &[u8] {
        self.reader.bytes(frame)
    }

    /// Whether the process has not ended; leaves it to be waited for.
    pub(crate) fn is_alive(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        matches!(waitid(WaitId::Pid(self.pid()), options), Ok(None))
    }

    /// What the worker writes from now on appears on the program's own outputs.
    pub(crate) fn pass_output_on(&self) {
        self.stdout.pass_on();
        self.stderr.pass_on();
    }

    /// Waits for a worker that was told to end.
    pub(crate) fn end(self) {
        self.wait_for_end();
    }

    /// Ends the worker, whatever it does.
    pub(crate) fn kill(self) {
        self.kill_group();
    }

    /// How the worker died, and what it has said since a moment.
    pub(crate) fn death(mut self, since: SystemTime) -> String {
        self.wait_for_end();
        self.kill_group();
        let how = match self.child.wait() {
            Ok(status) => death::in_words(status),
            Err(error) => format!("cannot be waited for ({error})"),
        };
        let said = self.stderr.last_words(since);
        if said.is_empty() { how } else { format!("{how}: {said}") }
    }

    fn wait_for_end(&self) {
        let begun = Instant::now();
        let mut pause = Duration::from_micros(100);
        while self.is_alive() && begun.elapsed() < ENDING {
            thread::sleep(pause);
            pause = (2 * pause).min(Duration::from_millis(10));
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Kills the worker, should it live, and all that it has started. A worker that nobody has waited for keeps
    /// its number, so this meets no stranger.
    fn kill_group(&self) {
        let _ = kill_process_group(self.pid(), Signal::KILL);
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        // After `death` the process was waited for, and its number may be another's.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.kill_group();
            let _ = self.child.wait();
        }
    }
}

/// This program; on Linux the very one that runs, even if its file was replaced meanwhile.
fn program() -> io::Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") && running.exists() { Ok(running) } else { std::env::current_exe() }
}
