//! Counts attempts by their outcome, for the manifest.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::event::{Event, Listener};

/// The count so far.
#[derive(Debug, Default)]
pub(crate) struct RequestCounts(Mutex<BTreeMap<String, u64>>);

impl RequestCounts {
    /// Attempts by the name of their outcome.
    #[must_use]
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// All attempts.
    #[must_use]
    pub(crate) fn requests(&self) -> u64 {
        self.counts().values().sum()
    }
}

impl Listener for RequestCounts {
    fn on(&self, event: &Event) {
        if let Event::Attempt { outcome, .. } = event {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *counts.entry(outcome.name().to_owned()).or_default() += 1;
        }
    }
}
