//! What a worker process does once it has come to its study.

use std::io;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use super::message::{Fingerprint, Order, Report, Yield, decode, encode};
use crate::engine::processes::{Link, mark_outputs};
use crate::environment::Options;
use crate::environment::carrier::Carrier;
use crate::environment::study::Study;
use crate::logs;
use crate::parameter::ParameterSet;
use crate::result::ResultSet;
use crate::run::{Depot, Part};
use crate::termination::on_termination;
use crate::value::Cells;

/// What a worker ends with that cannot do its work.
const REFUSED: i32 = 3;

/// Carries out runs until there are none left, and ends the process: the user's program goes on elsewhere.
pub(in crate::environment) fn serve<P: ParameterSet, R: ResultSet>(study: &Study<'_, P, R>, options: &Options) -> ! {
    let mut link = open();
    // Batch systems send signals to every process; the one that has started this worker decides what follows.
    let _ = on_termination(|| {});
    let cancelled: Arc<AtomicBool> = Arc::default();
    let (sender, orders) = mpsc::channel();
    let cancel = cancelled.clone();
    link.listen(move |bytes| match decode(bytes) {
        Some(Order::Cancel) => cancel.store(true, Ordering::Relaxed),
        Some(order) => sender.send(order).unwrap_or_else(|_| Link::end_at_once()),
        None => Link::end_at_once(),
    });
    let link = Arc::new(Mutex::new(link));
    let book = logs::book_of_this_thread();
    if let Some(book) = &book {
        let link = link.clone();
        book.relay(move |line| report(&link, &Report::Logged(line.to_string())));
    }
    report(&link, &Report::Ready(Fingerprint::of(study)));
    let depot = Box::new(Program { link: link.clone(), n_sent: 0 });
    let mut carrier = Carrier::new(study, options.timeout, 0, cancelled, Some(depot));
    while let Ok(Order::CarryOut { first, n_runs, n_tries }) = orders.recv() {
        for index in first..first + n_runs {
            logs::at_run(index, n_tries);
            if book.is_some() {
                mark_outputs(index, n_tries);
            }
            // What it takes to send the last run's results is no part of this one.
            carrier.start_clock();
            let ended = match carrier.carry_out(index) {
                Ok(()) => Report::Done(Yield::from_block(carrier.take_block().expect("a run is in the block"))),
                Err(failed) => Report::Failed(failed.into()),
            };
            report(&link, &ended);
        }
        logs::between_runs();
    }
    end(0)
}

/// Puts values aside with the program that has started this worker.
#[derive(Debug)]
struct Program {
    link: Arc<Mutex<Link>>,
    n_sent: usize,
}

impl Depot for Program {
    fn put(&mut self, cells: Cells) -> io::Result<Part> {
        locked(&self.link).send(encode(&Report::Part(cells)))?;
        self.n_sent += 1;
        Ok(Part::Sent(self.n_sent - 1))
    }

    fn begin(&mut self) {
        self.n_sent = 0;
    }
}

fn locked(link: &Mutex<Link>) -> MutexGuard<'_, Link> {
    link.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells why this worker is of no use, and ends it.
pub(in crate::environment) fn refuse(reason: String) -> ! {
    report(&Mutex::new(open()), &Report::Refused(reason));
    end(REFUSED)
}

fn open() -> Link {
    Link::open().unwrap_or_else(|_| Link::end_at_once())
}

fn report(link: &Mutex<Link>, report: &Report) {
    // Threads of the user's may log while a run ends.
    if locked(link).send(encode(report)).is_err() {
        Link::end_at_once();
    }
}

#[expect(clippy::disallowed_methods, reason = "a worker has no file open, and must not go on with the user's program")]
fn end(code: i32) -> ! {
    process::exit(code)
}
