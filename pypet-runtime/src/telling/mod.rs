//! How far long work has come, told to whoever listens: terminals show a bar.
//!
//! Work tells its own thread, so nothing has to be handed down to where it is done.

mod bar;

pub(crate) use bar::with_bar;

use std::cell::RefCell;

/// Hears parts of the whole, from 0 to 1.
type Listener = Box<dyn FnMut(f64)>;

thread_local! {
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// Does some work, and lets a listener hear how far it has come.
pub(crate) fn heard<T>(listener: impl FnMut(f64) + 'static, work: impl FnOnce() -> T) -> T {
    /// Puts back who listened before, also when the work panics.
    struct Before(Option<Listener>);
    impl Drop for Before {
        fn drop(&mut self) {
            LISTENER.set(self.0.take());
        }
    }
    let _before = Before(LISTENER.replace(Some(Box::new(listener))));
    work()
}

/// Tells how many of so many steps are done.
pub(crate) fn tell(n_done: usize, n_wanted: usize) {
    if n_wanted > 0 {
        tell_part(n_done as f64 / n_wanted as f64);
    }
}

/// Tells what part is done; costs nothing where nobody listens.
pub(crate) fn tell_part(part: f64) {
    LISTENER.with_borrow_mut(|listener| {
        if let Some(listener) = listener {
            listener(part.min(1.0));
        }
    });
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn parts_are_heard_as_long_as_somebody_listens() {
        let parts = Rc::new(RefCell::new(Vec::new()));
        let kept = parts.clone();
        heard(
            move |part| kept.borrow_mut().push(part),
            || {
                tell(1, 4);
                tell(0, 0);
                tell(9, 4);
            },
        );
        tell(2, 4);
        assert_eq!(*parts.borrow(), [0.25, 1.0]);
    }
}
