//! Which study and which run a thread is at.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::{Book, LogError, LogLevels, layer};

/// No run.
const NONE: usize = usize::MAX;

/// The logs that are kept at present.
static BOOKS: RwLock<Vec<Arc<Book>>> = RwLock::new(Vec::new());

thread_local! {
    static BOOK: RefCell<Option<Arc<Book>>> = const { RefCell::new(None) };
    static RUN: Cell<usize> = const { Cell::new(NONE) };
    static N_TRIES: Cell<usize> = const { Cell::new(0) };
}

/// Keeps a log for what this thread carries out, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Keeping {
    book: Option<Arc<Book>>,
    before: Option<Arc<Book>>,
}

impl Keeping {
    /// Keeps no log, which is for those who only pass a study.
    pub(crate) fn none() -> Self {
        Self { book: None, before: BOOK.take() }
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
        Ok(Self { before: BOOK.replace(Some(book.clone())), book: Some(book) })
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        BOOK.set(self.before.take());
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

/// The log of the study that this thread works for.
pub(crate) fn book_of_this_thread() -> Option<Arc<Book>> {
    BOOK.try_with(|book| book.try_borrow().ok()?.clone()).ok().flatten()
}

/// Works for a study on this thread.
pub(crate) fn within<T>(book: Option<&Arc<Book>>, work: impl FnOnce() -> T) -> T {
    let before = BOOK.replace(book.cloned());
    let value = work();
    BOOK.set(before);
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
