//! Support for generated code, not public API.

mod doors;

pub use std::clone::Clone;
pub use std::cmp::PartialEq;
pub use std::convert::{From, TryFrom};
pub use std::default::Default;
pub use std::fmt::{Debug, Formatter, Result as FmtResult};
pub use std::marker::{Copy, PhantomData};
pub use std::option::Option::{self, None, Some};
pub use std::primitive::{bool, str, usize};
pub use std::result::Result::{self, Err, Ok};
pub use std::string::{String, ToString};
pub use std::vec::Vec;
pub use std::{cfg, column, concat, file, line, module_path, panic};

pub use doors::{
    GroupLeaf, GroupedParameter, ParameterGroup, ParameterLeaf, ResultLeaf, SerdeParameter, SerdeResult, missing,
    nested_names,
};
pub use inventory;
pub use ndarray::Array1;

pub use crate::error::BoxError;
pub use crate::experiment::{Experiment, Outcome, Prepare, explore_with, finish_with, shared_arrays_of};
pub use crate::explore::Exploration;
pub use crate::parameter::{AnyParameter, Declaration, GroupNames, Name, ParameterSet};
pub use crate::provenance::Build;
pub use crate::registry::Registration;
pub use crate::result::{DeclaredMembers, Numbers, ResultDeclaration, ResultName, ResultSet, Row, SharedArray};
pub use crate::run::Run;
pub use crate::trajectory::Trajectory;
#[cfg(feature = "cbor")]
pub use crate::value::Cbor;
pub use crate::value::{
    Cell, Cells, Choice, Element, Grouped, Json, ParamValue, ParseValueError, ResultValue, StoredAs, ValueError,
    ValueType, parse_stored, read_scalar, read_scalars, read_stored, read_stored_column, scalar_type, stored_type,
    write_scalar, write_stored,
};

/// The `main` of a program that was built so.
pub fn main(build: Build) -> std::process::ExitCode {
    crate::provenance::set_program(build);
    crate::cli::main()
}
