//! A result set holds numbers, truth values, text, enums and arrays.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs)]

use pypet::prelude::*;

/// What a cell does.
#[derive(Debug, Clone, Copy, PartialEq, ParamValue)]
pub enum State {
    /// It rests.
    Silent,
    /// It fires.
    Firing,
}

/// What comes out.
#[results]
pub struct Everything {
    /// A number.
    #[result(unit = "Hz")]
    pub rate: f64,
    /// A truth value.
    pub spiked: bool,
    /// Text.
    pub label: String,
    /// An enum.
    pub state: State,
    /// A list.
    pub times: Vec<f64>,
    /// A fixed array.
    pub histogram: [u32; 4],
    /// An array of two dimensions.
    #[result(dims = ["time", "cell"], compress = 4)]
    pub pattern: Array2<u8>,
    hidden: i8,
}

/// Nothing comes out.
#[results]
pub struct Nothing {}

fn main() {
    let r = Everything::names();
    let same = r;
    assert_eq!(r.rate.index(), 0);
    assert_eq!(same.hidden.index(), 7);
    assert_eq!(State::Firing, State::Firing);
    assert_ne!(State::Firing, State::Silent);
    let _ = Nothing::names();
}
