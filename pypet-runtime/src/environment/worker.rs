//! What each worker of an engine in this process does: draw runs, carry them out, hand over what they yield.

use std::time::Instant;

use super::Options;
use super::carrier::Carrier;
use super::outbox::{Outbox, WriterGone};
use super::queue::{Draw, Pace, Queue};
use super::study::Study;
use super::timeout::Overtime;
use crate::logs;
use crate::parameter::ParameterSet;
use crate::result::ResultSet;
use crate::storage::Finished;

/// Results that wait in a worker before they are handed over.
pub(super) const BLOCK_BYTES: usize = 1 << 20;

/// One worker with its own parameters and its own block of results.
pub(super) struct Worker<'a, P, R> {
    queue: &'a Queue,
    number: usize,
    retries: usize,
    runs_per_draw: Option<usize>,
    overtime: Option<&'a Overtime>,
    outbox: Outbox<'a>,
    carrier: Carrier<'a, P, R>,
}

impl<'a, P: ParameterSet, R: ResultSet> Worker<'a, P, R> {
    pub(super) fn new(
        study: &'a Study<'a, P, R>,
        options: &Options,
        queue: &'a Queue,
        number: usize,
        overtime: Option<&'a Overtime>,
        outbox: Outbox<'a>,
    ) -> Self {
        let carrier = Carrier::new(study, options.timeout, narrow(number), queue.stop_flag(), study.depot());
        let &Options { retries, runs_per_draw, .. } = options;
        Self { queue, number, retries, runs_per_draw, overtime, outbox, carrier }
    }

    /// Carries out runs until there are none left.
    pub(super) fn work(mut self) {
        let mut pace = Pace::new();
        while let Some(draw) = self.queue.draw(self.runs_per_draw.unwrap_or(pace.wanted)) {
            let drawn = Instant::now();
            let carried_out = self.carry_out(&draw).and_then(|()| self.hand_over());
            logs::between_runs();
            if carried_out.is_err() {
                return;
            }
            pace.learn(draw.runs.len(), drawn.elapsed());
        }
    }

    fn carry_out(&mut self, draw: &Draw) -> Result<(), WriterGone> {
        self.carrier.start_clock();
        for index in draw.runs.clone() {
            logs::at_run(index, draw.n_tries);
            self.overtime.inspect(|overtime| overtime.begin(self.number, index));
            let ended = self.carrier.carry_out(index);
            self.overtime.inspect(|overtime| overtime.end(self.number));
            if let Err(failed) = ended {
                self.hand_over()?;
                self.outbox.send_failed(failed, self.queue, draw.n_tries, self.retries)?;
                self.carrier.start_clock();
            } else if self.carrier.n_bytes() >= BLOCK_BYTES {
                self.hand_over()?;
                self.carrier.start_clock();
            }
        }
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), WriterGone> {
        self.carrier.take_block().map_or(Ok(()), |block| self.outbox.send(Finished::Done(block)))
    }
}

/// The number of a worker as it stands in a file.
pub(super) fn narrow(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
