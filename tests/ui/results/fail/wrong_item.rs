//! `#[results]` goes on a struct with named fields.

use pypet::prelude::*;

#[results]
struct Rate(f64);

#[results]
fn rate() {}

fn main() {}
