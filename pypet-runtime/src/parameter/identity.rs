//! The identity of a point: a hash of its parameter values that any program can compute again.

use std::fmt;

use sha2::{Digest, Sha256};

use super::{ParameterInfo, ParameterSet, declared_parameters};
use crate::value::{Cell, Cells, ElementType};

/// What a hash of this kind begins with, so that it equals no hash of anything else.
const KIND: &str = "pypet point 1";

/// The identity of a point: equal for equal parameter values, on every machine and in every version.
///
/// It is the SHA-256 of names, types and values of all parameters that are not derived, so their order in the
/// struct, comments and units do not matter. Values are compared by their bits: `0.0` and `-0.0` are two points.
///
/// # Source
/// `docs/reproducibility.md` has the encoding byte by byte.
///
/// # Examples
/// ```text
/// let one = Identity::of(&Cell { tau: 5.0, ..default() });
/// assert_eq!(one, Identity::of(&Cell { tau: 5.0, input: 0.0, ..default() }));
/// assert_ne!(one, Identity::of(&Cell::default()));
/// assert_eq!(one.to_string().len(), 32);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity([u8; 32]);

impl Identity {
    /// The identity of these parameters.
    #[must_use]
    pub fn of<P: ParameterSet>(parameters: &P) -> Self {
        Leaves::of::<P>().identity(parameters)
    }

    /// The identity of a point of which full names and values are known, in the order of the names.
    pub(crate) fn of_values<'a>(values: impl Iterator<Item = (&'a str, Cell<'a>)>) -> Self {
        let mut encoding = Encoding::new(KIND);
        for (name, value) in values {
            encoding.text(name);
            encoding.value(&value);
        }
        Self(encoding.hash())
    }

    /// All 32 bytes of the hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The first 16 bytes, in hexadecimal digits.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..16].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({self})")
    }
}

/// The leaves that make up the identity, in the order in which they are hashed.
#[derive(Debug, Clone)]
pub(crate) struct Leaves(Vec<(ParameterInfo, usize)>);

impl Leaves {
    pub(crate) fn of<P: ParameterSet>() -> Self {
        let infos = declared_parameters::<P>().into_iter().enumerate();
        let mut leaves: Vec<_> = infos.filter(|(_, info)| !info.derived).map(|(leaf, info)| (info, leaf)).collect();
        leaves.sort_unstable_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        Self(leaves)
    }

    pub(crate) fn identity<P: ParameterSet>(&self, parameters: &P) -> Identity {
        let mut encoding = Encoding::new(KIND);
        for (info, leaf) in &self.0 {
            let leaf = parameters.leaf(*leaf);
            let mut cells = Cells::of(&leaf.stored_type());
            leaf.write_cell(&mut cells);
            if info.members.is_empty() {
                encoding.text(&info.name);
                encoding.value(&cells.cell(0));
                continue;
            }
            let mut members: Vec<(String, Cells)> =
                info.stored().into_iter().map(|member| member.leaf.name).zip(info.split(cells)).collect();
            members.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            for (name, cells) in members {
                encoding.text(&name);
                encoding.value(&cells.cell(0));
            }
        }
        Identity(encoding.hash())
    }
}

/// Bytes for hashing, such that different things never give equal bytes: whole numbers as `u64`, everything of
/// variable length after its length, all little-endian.
pub(crate) struct Encoding(Vec<u8>);

impl Encoding {
    pub(crate) fn new(kind: &str) -> Self {
        let mut encoding = Self(Vec::with_capacity(256));
        encoding.text(kind);
        encoding
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes(text.as_bytes());
    }

    fn value(&mut self, value: &Cell<'_>) {
        self.text(value.element().name());
        self.number(value.shape().len() as u64);
        value.shape().iter().for_each(|&length| self.number(length as u64));
        if value.element() == ElementType::Text {
            value.strings().for_each(|text| self.text(text));
            return;
        }
        self.bytes(&value.little_endian());
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}
