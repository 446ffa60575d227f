//! Where there are no unix sockets and process groups, there are no worker processes.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Engine, EngineError};
use crate::logs::Stream;

pub(crate) type Listener = Arc<dyn Fn(Stream, Option<(usize, usize)>, &[u8]) + Send + Sync>;

/// Carries out runs in processes of the same program; only on unix.
#[derive(Debug, Clone)]
pub struct Processes(Infallible);

impl Processes {
    /// Worker processes.
    ///
    /// # Errors
    /// Always on this system.
    pub fn new(_: usize, _: Option<&[OsString]>) -> Result<Self, EngineError> {
        Err(EngineError::OnlyUnix)
    }

    pub(crate) fn start_worker(&self, _: &str, _: &Listener) -> Result<WorkerProcess, EngineError> {
        match self.0 {}
    }
}

impl Engine for Processes {
    fn name(&self) -> &'static str {
        match self.0 {}
    }

    fn n_workers(&self) -> usize {
        match self.0 {}
    }

    fn execute(&self, _: &(dyn Fn(usize) + Sync)) {
        match self.0 {}
    }
}

pub(crate) struct WorkerProcess(Infallible);

#[expect(dead_code, reason = "nothing is ever received")]
pub(crate) enum Received {
    Frame(Range<usize>),
    Nothing,
    Gone,
}

impl WorkerProcess {
    pub(crate) fn send(&mut self, _: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        match self.0 {}
    }

    pub(crate) fn receive(&mut self, _: Duration) -> Received {
        match self.0 {}
    }

    pub(crate) fn bytes(&self, _: Range<usize>) -> &[u8] {
        match self.0 {}
    }

    pub(crate) fn is_alive(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn pass_output_on(&self) {
        match self.0 {}
    }

    pub(crate) fn end(self) {
        match self.0 {}
    }

    pub(crate) fn kill(self) {
        match self.0 {}
    }

    pub(crate) fn death(self, _: SystemTime) -> String {
        match self.0 {}
    }
}

/// No process of this system is a worker.
pub(crate) fn request() -> Option<&'static str> {
    None
}

pub(crate) fn mark_outputs(_: usize, _: usize) {
    unreachable!("there is no worker")
}

pub(crate) struct Link(Infallible);

impl Link {
    pub(crate) fn open() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn listen(&mut self, _: impl FnMut(&[u8]) + Send + 'static) {
        match self.0 {}
    }

    pub(crate) fn send(&mut self, _: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        match self.0 {}
    }

    pub(crate) fn end_at_once() -> ! {
        unreachable!("there is no worker")
    }
}
