//! Counts attempts by their outcome, for the manifest.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::event::{Event, Listener, Outcome};

/// How many client errors are told apart: what they say is up to the service.
const TOLD_APART: usize = 20;

/// What those stand under that are not told apart.
const OTHERS: &str = "others";

/// The count so far.
#[derive(Debug, Default)]
pub(crate) struct RequestCounts(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    by_outcome: BTreeMap<String, u64>,
    client_errors: BTreeMap<String, u64>,
}

impl RequestCounts {
    /// Attempts by the name of their outcome.
    #[must_use]
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.counted().by_outcome.clone()
    }

    /// What the client errors were, with the call that they are of.
    #[must_use]
    pub(crate) fn client_errors(&self) -> BTreeMap<String, u64> {
        self.counted().client_errors.clone()
    }

    /// All attempts.
    #[must_use]
    pub(crate) fn requests(&self) -> u64 {
        self.counted().by_outcome.values().sum()
    }

    fn counted(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for RequestCounts {
    fn on(&self, event: &Event) {
        let Event::Attempt {
            call, outcome, why, ..
        } = event
        else {
            return;
        };
        let mut counts = self.counted();
        let of_outcome = counts.by_outcome.entry(outcome.name().to_owned());
        *of_outcome.or_default() += 1;
        if *outcome == Outcome::ClientError {
            let why = why.as_deref().unwrap_or("no reason given");
            let mut name = format!("{call}: {why}");
            let errors = &mut counts.client_errors;
            if !errors.contains_key(&name) && errors.len() >= TOLD_APART {
                OTHERS.clone_into(&mut name);
            }
            *errors.entry(name).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn refused(counts: &RequestCounts, why: &str) {
        counts.on(&Event::Attempt {
            call: "users".to_owned(),
            outcome: Outcome::ClientError,
            elapsed: Duration::ZERO,
            why: Some(why.to_owned()),
            tracking_id: None,
        });
    }

    #[test]
    fn client_errors_are_told_by_what_they_were_as_long_as_there_are_few() {
        let counts = RequestCounts::default();
        refused(&counts, "404 \"User does not exist\" (code 1001)");
        refused(&counts, "404 \"User does not exist\" (code 1001)");
        for number in 0..100 {
            refused(&counts, &format!("404 {number}"));
        }
        assert_eq!(counts.counts()["client_error"], 102);
        let errors = counts.client_errors();
        let first = "users: 404 \"User does not exist\" (code 1001)";
        assert_eq!(errors[first], 2);
        assert_eq!(errors.len(), TOLD_APART + 1);
        assert_eq!(errors.values().sum::<u64>(), 102);
    }
}
