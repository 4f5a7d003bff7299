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
            let mut name = kind_of(call, why.as_deref().unwrap_or("no reason given"));
            let errors = &mut counts.client_errors;
            if !errors.contains_key(&name) && errors.len() >= TOLD_APART {
                OTHERS.clone_into(&mut name);
            }
            *errors.entry(name).or_default() += 1;
        }
    }
}

/// Letters from which on an id is taken out of a reason too: a shorter one could be part of a code.
const SHORTEST_ID: usize = 8;

/// What kind of error it is: the call and the reason, with `ID` for the ids of the path, so that the
/// same refusal of many users is one kind.
fn kind_of(call: &str, why: &str) -> String {
    let is_word = |part: &str| part.chars().all(|it| it.is_ascii_lowercase() || it == '_');
    let (method, path) = call.split_once(' ').unwrap_or(("", call));
    let mut why = why.to_owned();
    let path = path.split('/').map(|part| {
        if is_word(part) {
            return part;
        }
        if part.len() >= SHORTEST_ID {
            why = why.replace(part, "ID");
        }
        "ID"
    });
    let path: Vec<&str> = path.collect();
    format!("{method} {}: {why}", path.join("/"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn refused(counts: &RequestCounts, call: &str, why: &str) {
        counts.on(&Event::Attempt {
            call: call.to_owned(),
            outcome: Outcome::ClientError,
            elapsed: Duration::ZERO,
            why: Some(why.to_owned()),
            tracking_id: None,
        });
    }

    #[test]
    fn client_errors_are_told_by_their_kind_as_long_as_there_are_few() {
        let counts = RequestCounts::default();
        for id in ["u-1234567", "U234567890", "999999999"] {
            let why = format!("404 \"User does not exist: {id}.\" (code 1001)");
            refused(&counts, &format!("GET /users/{id}"), &why);
        }
        for number in 0..100 {
            refused(&counts, "GET /clips", &format!("400 {number}"));
        }
        assert_eq!(counts.counts()["client_error"], 103);
        let errors = counts.client_errors();
        let first = "GET /users/ID: 404 \"User does not exist: ID.\" (code 1001)";
        assert_eq!(errors[first], 3);
        assert_eq!(errors.len(), TOLD_APART + 1);
        assert_eq!(errors.values().sum::<u64>(), 103);
    }
}
