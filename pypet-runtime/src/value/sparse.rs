//! Sparse matrices of `sprs`, as the arrays that scipy makes them of.

use sprs::{CompressedStorage, CsMat};

use super::{Element, ParamGroup, ResultValue, ValueError, ValueType};
use crate::result::{Members, ResultGroup, StoredMembers};

impl<N: Element> ResultGroup for CsMat<N> {
    fn put(&self, members: &mut Members) {
        // scipy counts with signed integers.
        let counts = |counts: &[usize]| {
            counts.iter().map(|&count| i64::try_from(count).expect("memory is smaller")).collect::<Vec<_>>()
        };
        let format = if self.storage() == CompressedStorage::CSR { "csr" } else { "csc" };
        members.put("data", &self.data().to_vec());
        members.put("indices", &counts(self.indices()));
        members.put("indptr", &counts(&self.proper_indptr()));
        members.put("shape", &counts(&[self.rows(), self.cols()]));
        members.put("format", &format.to_owned());
    }

    fn take(members: &StoredMembers) -> Result<Self, ValueError> {
        let malformed = |found: String| ValueError::Malformed { expected: "sparse matrix".into(), found };
        let counts = |name: &str| -> Result<Vec<usize>, ValueError> {
            let counts = members.get::<Vec<i64>>(name)?;
            let whole: Result<Vec<usize>, _> = counts.into_iter().map(usize::try_from).collect();
            whole.map_err(|_| malformed(format!("{name} with a negative number")))
        };
        let (shape, indptr, indices) = (counts("shape")?, counts("indptr")?, counts("indices")?);
        let data: Vec<N> = members.get("data")?;
        let [rows, columns] = shape[..] else { return Err(malformed(format!("shape {shape:?}"))) };
        let made = match members.get::<String>("format")?.as_str() {
            "csr" => Self::try_new((rows, columns), indptr, indices, data),
            "csc" => Self::try_new_csc((rows, columns), indptr, indices, data),
            other => return Err(malformed(format!("format `{other}`"))),
        };
        made.map_err(|(.., problem)| malformed(problem.to_string()))
    }
}

impl<N: Element> ParamGroup for CsMat<N> {
    fn members() -> Vec<(&'static str, ValueType)> {
        let counts = Vec::<i64>::value_type;
        let format = ("format", String::value_type());
        vec![("data", Vec::<N>::value_type()), ("indices", counts()), ("indptr", counts()), ("shape", counts()), format]
    }
}
