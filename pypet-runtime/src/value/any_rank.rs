//! Arrays whose number of dimensions only their values know.
//!
//! A column has one number of dimensions, so these are groups: their elements in one row, and their lengths.

use ndarray::{ArrayD, IxDyn};

use super::{Element, ParamGroup, ResultValue, ValueError, ValueType};
use crate::result::{Members, ResultGroup, StoredMembers};

impl<T: Element> ResultGroup for ArrayD<T> {
    fn put(&self, members: &mut Members) {
        members.put("values", &self.iter().cloned().collect::<Vec<T>>());
        members.put("shape", &self.shape().to_vec());
    }

    fn take(members: &StoredMembers) -> Result<Self, ValueError> {
        let (shape, values) = (members.get::<Vec<usize>>("shape")?, members.get::<Vec<T>>("values")?);
        let found = || format!("{} values of shape {shape:?}", values.len());
        let malformed = ValueError::Malformed { expected: "array of any rank".into(), found: found() };
        Self::from_shape_vec(IxDyn(&shape), values).map_err(|_| malformed)
    }
}

impl<T: Element> ParamGroup for ArrayD<T> {
    fn members() -> Vec<(&'static str, ValueType)> {
        vec![("values", Vec::<T>::value_type()), ("shape", Vec::<usize>::value_type())]
    }
}
