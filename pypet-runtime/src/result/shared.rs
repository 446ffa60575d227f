//! Arrays of the trajectory as a whole, of which runs write parts.

use crate::run::is_valid_name;
use crate::schema::Leaf;
use crate::value::{Element, ValueType};

/// An array that all runs write together, each its part, by [`Run::write_slice`](crate::run::Run::write_slice).
///
/// It stands in the file as `results/<name>` before the first run, filled with NaN, zero or empty text, and can be read
/// there as any array. It holds what runs that are done have written; where several have written the same element, the
/// run with the highest index counts, as if they had been carried out one after the other.
///
/// # Examples
/// ```
/// # use pypet_runtime::result::SharedArray;
/// let map = SharedArray::new::<f64>("map", [100, 200]).with_unit("mV").with_comment("potential at each place");
/// assert_eq!((map.name(), map.shape()), ("map", vec![100, 200]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a shared array is declared with an environment or an experiment"]
pub struct SharedArray {
    /// All lengths are known.
    leaf: Leaf,
}

impl SharedArray {
    /// An array of this shape, which no run has written yet.
    pub fn new<T: Element>(name: &str, shape: impl IntoIterator<Item = usize>) -> Self {
        let value_type = ValueType::scalar(T::TYPE).with_encoding(T::ENCODING).with_unit(&T::unit());
        Self { leaf: Leaf::new(name, value_type.with_shape(shape.into_iter().map(Some))) }
    }

    /// Says what it is for.
    pub fn with_comment(mut self, comment: &str) -> Self {
        self.leaf = self.leaf.with_comment(comment);
        self
    }

    /// The physical unit, unless the elements bring their own.
    pub fn with_unit(mut self, unit: &str) -> Self {
        self.leaf = self.leaf.with_unit(unit);
        self
    }

    /// How hard it is compressed, from 1 to 9; 0 for not at all, whatever the environment says.
    pub fn with_compression(mut self, level: u8) -> Self {
        self.leaf.compress = Some(level.min(9));
        self
    }

    /// The name below `results`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.leaf.name
    }

    /// The length of each dimension.
    #[must_use]
    pub fn shape(&self) -> Vec<usize> {
        self.leaf.value_type.shape.iter().copied().flatten().collect()
    }

    pub(crate) fn leaf(&self) -> &Leaf {
        &self.leaf
    }

    /// The path below the trajectory.
    pub(crate) fn path(&self) -> String {
        format!("results/{}", self.leaf.name.replace('.', "/"))
    }
}

/// Why arrays cannot be shared by the runs of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SharedArrayError {
    /// A name that would be no path.
    #[error("`{name}` is no name for a shared array; use letters, digits and `_`, with dots between groups")]
    Name {
        /// The name given.
        name: String,
    },
    /// Nothing that could be written.
    #[error("the shared array `{name}` has the shape {shape:?}; give it one to 32 dimensions, none of length 0")]
    Shape {
        /// Its name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// Two of one name, or one inside of another.
    #[error("the shared array `{name}` and the {other} would lie in one place; rename one of them")]
    Place {
        /// Its name.
        name: String,
        /// A result or another array.
        other: String,
    },
}

/// Checks arrays before the first run; `results` are those of each run.
pub(crate) fn check_shared_arrays(arrays: &[SharedArray], results: &[Leaf]) -> Result<(), SharedArrayError> {
    for (position, array) in arrays.iter().enumerate() {
        let (name, shape) = (array.name().to_owned(), array.shape());
        if !is_valid_name(&name) {
            return Err(SharedArrayError::Name { name });
        }
        if shape.is_empty() || shape.len() > 32 || shape.contains(&0) {
            return Err(SharedArrayError::Shape { name, shape });
        }
        let is_in = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
        let meets = |other: &str| other == name || is_in(other, &name) || is_in(&name, other);
        let earlier = arrays[..position].iter().map(|other| ("shared array", other.name()));
        let results = results.iter().map(|leaf| ("result", leaf.name.as_str()));
        if let Some((kind, other)) = earlier.chain(results).find(|(_, other)| meets(other)) {
            let other = format!("{kind} `{other}`");
            return Err(SharedArrayError::Place { name, other });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::ResultValue;

    #[test]
    fn arrays_that_have_no_place_are_told_before_the_first_run() {
        let results = [Leaf::new("rate", f64::value_type())];
        let check = |arrays: &[SharedArray]| check_shared_arrays(arrays, &results).map_err(|error| error.to_string());
        assert_eq!(check(&[SharedArray::new::<f64>("map", [2, 3])]), Ok(()));
        let problem = |arrays: &[SharedArray]| check(arrays).unwrap_err();
        assert!(problem(&[SharedArray::new::<f64>("../map", [2])]).contains("`../map` is no name"));
        assert!(problem(&[SharedArray::new::<u8>("map", [2, 0])]).contains("`map` has the shape [2, 0]"));
        assert!(problem(&[SharedArray::new::<u8>("map", [])]).contains("shape []"));
        assert!(problem(&[SharedArray::new::<u8>("rate", [2])]).contains("the result `rate`"));
        let twice = [SharedArray::new::<u8>("map", [2]), SharedArray::new::<u8>("map.inner", [2])];
        assert!(problem(&twice).contains("the shared array `map`"));
    }
}
