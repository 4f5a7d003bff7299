//! What an export has done so far, counted from its events.

use std::sync::{Mutex, PoisonError};

use crate::event::{Event, Listener};
use crate::export::request_counts::RequestCounts;

/// Windows and records of one run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sums {
    /// Windows that a former, interrupted run had finished.
    pub(super) resumed: u64,
    /// Windows finished with a proven count.
    pub(super) settled: u64,
    /// Windows finished without.
    pub(super) unproven: u64,
    /// Records received, repeats included.
    pub(super) records: u64,
    /// Their pages' bytes after decompression.
    pub(super) bytes: u64,
}

/// The count so far.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Attempts by outcome.
    pub(super) requests: RequestCounts,
    sums: Mutex<Sums>,
}

impl Counts {
    pub(super) fn sums(&self) -> Sums {
        *self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Counts {
    fn on(&self, event: &Event) {
        self.requests.on(event);
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Planned { resumed, .. } => sums.resumed = *resumed,
            Event::WindowDone { settled: true, .. } => sums.settled += 1,
            Event::WindowDone { settled: false, .. } => sums.unproven += 1,
            Event::Page { records, bytes } => {
                sums.records += records;
                sums.bytes += bytes;
            }
            _ => {}
        }
    }
}
