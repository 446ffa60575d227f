//! What all macros need: items, options, comments, names, and a place for mistakes.

pub(crate) mod comments;
pub(crate) mod errors;
pub(crate) mod items;
pub(crate) mod names;
pub(crate) mod options;
pub(crate) mod serde;
pub(crate) mod spans;
