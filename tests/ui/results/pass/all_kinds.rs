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
    /// A set in the set.
    #[result(group)]
    pub layer: Layer,
    /// An array of any rank.
    #[result(group)]
    pub field: ndarray::ArrayD<f64>,
    /// Behind a pointer.
    pub boxed: Box<f64>,
    /// Text of the program.
    pub note: std::borrow::Cow<'static, str>,
}

/// What a layer does.
#[results]
pub struct Layer {
    /// A number.
    pub rate: f64,
    /// Nothing at all.
    #[result(group)]
    pub nothing: Nothing,
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
    assert_eq!((r.layer.rate.index(), r.boxed.index()), (8, 9));
    let _ = Nothing::names();
}
