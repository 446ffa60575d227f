//! The local web page of `view`: a trajectory file in the browser, while its study runs and afterwards.
//!
//! `server` listens on 127.0.0.1 and guards the door, `reading` has the one thread that reads the file, `api` answers
//! what the page asks, and `page/` is the page itself, part of the program. Nothing here writes, and nothing is loaded
//! from elsewhere. What a file says reaches the page as JSON and becomes text there, never markup.

mod api;
mod memo;
mod reading;
mod server;

pub use server::Server;

use std::io;
use std::net::SocketAddr;

use crate::error::Error;

/// Why a file cannot be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// The port belongs to somebody else.
    #[error("cannot listen on {address}: {source}; choose another port, or leave it out for one that is free")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The system refuses what every server needs.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The file.
    #[error(transparent)]
    Pypet(#[from] Error),
}
