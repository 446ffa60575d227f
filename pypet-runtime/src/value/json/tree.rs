//! A value taken apart.

/// Everything that JSON can say, with the numbers of Rust.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::value) enum Tree {
    Null,
    Bool(bool),
    /// Zero and all positive integers.
    Whole(u128),
    Negative(i128),
    Float(f64),
    /// Kept apart, since its shortest spelling is shorter.
    Single(f32),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}
