//! Whether the service can be had at all: what is told once for an outage, and not with each attempt.

use std::sync::{Mutex, PoisonError};

use crate::zoom::attempt::{AttemptError, AttemptErrorKind, RetryClass};
use crate::zoom::transport::TransportError;

/// Attempts of one call after which a service that answers with errors is taken to be down.
const TELLING: u32 = 3;

/// The outage that there may be.
#[derive(Debug, Default)]
pub(super) struct Outage(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Attempts of any call that failed since one went through.
    in_a_row: u32,
    is_told: bool,
}

impl Outage {
    /// Something went through.
    pub(super) fn went_through(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// An attempt of a call failed, its so many-th. Returns whether that is to be told: it is the
    /// first connection that cannot be made, or a call fails again and again and no other one goes
    /// through.
    pub(super) fn failed(&self, error: &AttemptError, attempts: u32) -> bool {
        if error.class() != RetryClass::Passing {
            self.went_through();
            return false;
        }
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.in_a_row += 1;
        let is_telling = attempts >= TELLING && state.in_a_row >= TELLING;
        let is_first = !state.is_told && (is_telling || has_no_connection(error));
        state.is_told |= is_first;
        is_first
    }
}

fn has_no_connection(error: &AttemptError) -> bool {
    matches!(
        error.kind,
        AttemptErrorKind::NoAnswer(
            TransportError::Connect { .. } | TransportError::ProxyRefused { .. }
        )
    )
}
