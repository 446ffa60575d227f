//! What a run hands over before its end, so that it may drop it.
//!
//! Such values are put aside until the run is done, in a file without a name beside the trajectory's, which the system
//! removes with the process. Only then do they go to the store, with all else that the run yields. So the store never
//! holds anything of a run that failed or was killed, and runs may go on at the same time without a gap in their rows.
//! Worker processes send such values to the program, which puts them aside.

use std::borrow::Cow;
use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::schema::Leaf;
use crate::value::{Cells, ElementType};

/// Bytes of such values that a run may keep in memory.
pub(crate) const KEPT_BYTES: usize = 1 << 20;

/// A value, or some rows of one: a single cell, wherever it is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Part {
    /// In memory.
    Kept(Cells),
    /// With the program, as which of those that its worker has sent.
    Sent(usize),
    /// In a file. The last, since what is skipped would shift the numbers of those behind it.
    #[serde(skip)]
    Aside(Aside),
}

/// A cell that is put aside.
#[derive(Debug)]
pub(crate) struct Aside {
    /// All but the bytes.
    head: Cells,
    file: Arc<File>,
    bytes: Range<u64>,
}

/// A place where values are put aside, those of one run at a time.
pub(crate) trait Depot: Debug + Send + Sync {
    /// Puts one cell aside.
    ///
    /// # Errors
    /// There is no room for it.
    fn put(&mut self, cells: Cells) -> io::Result<Part>;

    /// Begins with another run.
    fn begin(&mut self);
}

/// Files without names in a folder, one for each run that needs it.
#[derive(Debug)]
pub(crate) struct Beside {
    folder: PathBuf,
    file: Option<Arc<File>>,
    n_bytes: u64,
}

impl Beside {
    /// The folder of a trajectory's file.
    pub(crate) fn file(file: &Path) -> Self {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { folder: folder.into(), file: None, n_bytes: 0 }
    }
}

impl Depot for Beside {
    fn put(&mut self, mut cells: Cells) -> io::Result<Part> {
        let file = match &self.file {
            Some(file) => file.clone(),
            None => self.file.insert(Arc::new(tempfile::tempfile_in(&self.folder)?)).clone(),
        };
        let bytes = cells.take_bytes();
        let start = self.n_bytes;
        (&*file).seek(SeekFrom::Start(start))?;
        (&*file).write_all(&bytes)?;
        self.n_bytes += bytes.len() as u64;
        Ok(Part::Aside(Aside { head: cells, file, bytes: start..self.n_bytes }))
    }

    fn begin(&mut self) {
        // What the run before has put aside goes with the last of its parts.
        self.file = None;
        self.n_bytes = 0;
    }
}

impl Part {
    fn head(&self) -> Option<&Cells> {
        match self {
            Self::Kept(cells) => Some(cells),
            Self::Aside(aside) => Some(&aside.head),
            Self::Sent(_) => None,
        }
    }

    /// What it is made of, and its shape, unless it is elsewhere.
    pub(crate) fn array(&self) -> Option<(ElementType, &[usize])> {
        self.head().and_then(|head| Some((head.element(), head.common_shape()?)))
    }

    /// Bytes in memory and in the file.
    pub(crate) fn n_bytes(&self) -> usize {
        let aside = match self {
            Self::Aside(aside) => usize::try_from(aside.bytes.end - aside.bytes.start).unwrap_or(usize::MAX),
            _ => 0,
        };
        self.head().map_or(0, Cells::n_bytes).saturating_add(aside)
    }

    /// The cell itself.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn cells(&self) -> io::Result<Cow<'_, Cells>> {
        match self {
            Self::Kept(cells) => Ok(Cow::Borrowed(cells)),
            Self::Aside(Aside { head, file, bytes }) => {
                let n_bytes = usize::try_from(bytes.end - bytes.start).map_err(io::Error::other)?;
                let mut read = vec![0; n_bytes];
                (&**file).seek(SeekFrom::Start(bytes.start))?;
                (&**file).read_exact(&mut read)?;
                Ok(Cow::Owned(head.with_bytes(read)))
            }
            Self::Sent(_) => Err(io::Error::other("a worker process has not sent it")),
        }
    }

    /// The same where it is, if a worker process has sent it: one of these, each of which is taken once.
    pub(crate) fn received(self, sent: &mut [Option<Self>]) -> Option<Self> {
        match self {
            Self::Kept(cells) => (cells.is_whole() && cells.len() == 1).then_some(Self::Kept(cells)),
            Self::Sent(number) => sent.get_mut(number)?.take(),
            Self::Aside(_) => None,
        }
    }
}

/// A result that a run has handed over before its end.
#[derive(Debug)]
pub(crate) struct EarlyResult {
    pub(crate) run: usize,
    pub(crate) leaf: Leaf,
    /// The whole value, or its rows in several parts that are alike but for their lengths.
    pub(crate) parts: Vec<Part>,
}

impl EarlyResult {
    /// The shape of the whole value.
    pub(crate) fn shape(&self) -> Vec<usize> {
        let mut shapes = self.parts.iter().filter_map(Part::array).map(|(_, shape)| shape);
        let mut whole = shapes.next().unwrap_or_default().to_vec();
        shapes.for_each(|shape| whole[0] += shape[0]);
        whole
    }

    /// The value in one piece.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn cells(&self) -> io::Result<Cells> {
        let [first, others @ ..] = self.parts.as_slice() else { return Err(io::ErrorKind::NotFound.into()) };
        let mut whole = first.cells()?.into_owned();
        for part in others {
            whole.extend_rows(&*part.cells()?);
        }
        Ok(whole)
    }

    /// Whether a store can take it, as everything that was not damaged on its way.
    pub(crate) fn is_whole(&self) -> bool {
        let mut arrays = self.parts.iter().map(Part::array);
        let value_type = &self.leaf.value_type;
        let Some(Some((_, first))) = arrays.next() else { return false };
        let is_alike = |array| {
            let Some((_, shape)): Option<(ElementType, &[usize])> = array else { return false };
            !shape.is_empty() && shape[1..] == first[1..]
        };
        let fits = |part: &Part| part.head().is_some_and(|head| head.expect(value_type).is_ok());
        self.parts.iter().all(fits) && arrays.all(is_alike)
    }
}

/// A part of a shared array that a run has written.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SliceWrite {
    pub(crate) run: usize,
    /// The number of the array.
    pub(crate) array: usize,
    /// From where to where, for each dimension.
    pub(crate) place: Vec<Range<usize>>,
    /// The elements.
    pub(crate) part: Part,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::ResultValue;

    fn cells<V: ResultValue>(value: &V) -> Cells {
        let mut cells = Cells::of(&V::value_type());
        value.write(&mut cells);
        cells
    }

    #[test]
    fn what_is_put_aside_comes_back_and_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut depot = Beside::file(&folder.path().join("x.h5"));
        let numbers = depot.put(cells(&vec![1.5, f64::NAN])).unwrap();
        let words = depot.put(cells(&vec!["τ".to_owned(), String::new()])).unwrap();
        depot.begin();
        let other = depot.put(cells(&vec![7_u8])).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(other.cells().unwrap().bytes(), [7]);
        assert_eq!(*words.cells().unwrap(), cells(&vec!["τ".to_owned(), String::new()]));
        assert_eq!(*numbers.cells().unwrap(), cells(&vec![1.5, f64::NAN]));
        assert_eq!(numbers.n_bytes(), 16);
    }
}
