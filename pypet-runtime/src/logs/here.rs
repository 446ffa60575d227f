//! Which study and which run a thread is at.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::{Book, LogError, LogLevels, layer};

/// No run.
const NONE: usize = usize::MAX;

/// The logs that are kept at present.
static BOOKS: RwLock<Vec<Arc<Book>>> = RwLock::new(Vec::new());

/// What a thread works for.
#[derive(Debug, Clone, Default)]
pub(super) enum Study {
    /// Nobody knows: it is the user's own.
    #[default]
    Unknown,
    /// A study that keeps no log.
    Silent,
    /// A study with a log.
    Kept(Arc<Book>),
}

impl From<Option<&Arc<Book>>> for Study {
    fn from(book: Option<&Arc<Book>>) -> Self {
        book.map_or(Self::Silent, |book| Self::Kept(book.clone()))
    }
}

thread_local! {
    static STUDY: RefCell<Study> = const { RefCell::new(Study::Unknown) };
    static RUN: Cell<usize> = const { Cell::new(NONE) };
    static N_TRIES: Cell<usize> = const { Cell::new(0) };
}

/// Keeps a log for what this thread carries out, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Keeping {
    book: Option<Arc<Book>>,
    before: Study,
}

impl Keeping {
    /// Keeps no log, which is for those who only pass a study.
    pub(crate) fn none() -> Self {
        Self { book: None, before: STUDY.replace(Study::Silent) }
    }

    /// Begins a log, whose place is known later.
    ///
    /// # Errors
    /// The levels are none.
    pub(crate) fn begin(
        levels: &str,
        folder: Option<&Path>,
        file: Option<&Path>,
        echo: bool,
    ) -> Result<Self, LogError> {
        let levels: LogLevels = levels.parse()?;
        if levels.is_off() || (folder.is_none() && file.is_none()) {
            return Ok(Self::none());
        }
        let book = Arc::new(Book::new(levels, folder, echo));
        BOOKS.write().unwrap_or_else(PoisonError::into_inner).push(book.clone());
        layer::install();
        layer::refresh();
        Ok(Self { before: STUDY.replace(Study::Kept(book.clone())), book: Some(book) })
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        STUDY.set(std::mem::take(&mut self.before));
        if let Some(book) = &self.book {
            book.close();
            BOOKS.write().unwrap_or_else(PoisonError::into_inner).retain(|other| !Arc::ptr_eq(other, book));
            layer::refresh();
        }
    }
}

pub(super) fn books() -> RwLockReadGuard<'static, Vec<Arc<Book>>> {
    BOOKS.read().unwrap_or_else(PoisonError::into_inner)
}

/// The study that this thread works for.
pub(super) fn study_of_this_thread() -> Study {
    STUDY.try_with(|study| study.try_borrow().ok().map(|study| study.clone())).ok().flatten().unwrap_or_default()
}

/// The log of the study that this thread works for.
pub(crate) fn book_of_this_thread() -> Option<Arc<Book>> {
    match study_of_this_thread() {
        Study::Kept(book) => Some(book),
        Study::Silent | Study::Unknown => None,
    }
}

/// Works for a study on this thread.
pub(crate) fn within<T>(book: Option<&Arc<Book>>, work: impl FnOnce() -> T) -> T {
    // A run may carry a study out itself.
    let before = (STUDY.replace(book.into()), RUN.get(), N_TRIES.get());
    let value = work();
    STUDY.set(before.0);
    at_run(before.1, before.2);
    value
}

/// This thread begins a run.
#[inline]
pub(crate) fn at_run(run: usize, n_tries: usize) {
    RUN.set(run);
    N_TRIES.set(n_tries);
}

/// This thread has ended its run.
#[inline]
pub(crate) fn between_runs() {
    RUN.set(NONE);
}

/// The run that this thread is at, and how often it was tried before.
pub(super) fn run_of_this_thread() -> Option<(usize, usize)> {
    let run = RUN.try_with(Cell::get).ok().filter(|run| *run != NONE)?;
    Some((run, N_TRIES.get()))
}
