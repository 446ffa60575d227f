//! Generated code finds its names, whatever the user calls things.
#![deny(warnings)]

use pypet::{ParamValue, experiment, parameters, results};

#[derive(Debug, Clone, Copy, PartialEq, ParamValue)]
enum Option {
    None,
    Some,
}

#[parameters]
struct Default {
    #[param(default = Option::None)]
    some: Option,
    #[param(default = 1.0, range = low()..)]
    declaration: f64,
    #[param(default = 2)]
    index: usize,
    #[param(derived = self.index * declaration())]
    place: usize,
    #[param(default = "a", choices = ["a", "b"])]
    r#type: String,
}

#[parameters]
struct Clone {
    first: Default,
    value: Default,
}

#[results]
struct Result {
    row: f64,
    r#type: String,
}

struct Vec;
struct String2;
type Array1 = Vec;

#[allow(non_upper_case_globals, dead_code)]
const Some: Array1 = Vec;
#[allow(non_upper_case_globals, dead_code)]
const Ok: String2 = String2;

fn declaration() -> usize {
    3
}

fn low() -> f64 {
    0.0
}

#[experiment(prepare = presets, explore = exploration)]
fn run(parameters: &Clone, shared: &Vec, run: &mut pypet::run::Run) -> Result {
    let _ = (shared, run.index());
    Result { row: parameters.first.declaration, r#type: parameters.value.r#type.clone() }
}

#[experiment]
fn shared(parameters: &Clone) -> f64 {
    parameters.first.declaration
}

fn presets(_: &Clone) -> Vec {
    Vec
}

fn exploration() -> pypet::explore::Exploration<Clone> {
    Clone::names().first.some.over([Option::None, Option::Some])
}

fn main() {
    let parameters = <Clone as std::default::Default>::default();
    assert_eq!(parameters.first.place, 6);
    assert_eq!(parameters.first.r#type, "a");
    assert_eq!(Clone::names().value.r#type.full_name(), "parameters.value.type");
    assert_eq!(Result::names().r#type.index(), 1);
    assert!(shared(&parameters) > 0.0);
}
