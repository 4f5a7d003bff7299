//! What was asked of the simulated account, and what was wrong with it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::api::endpoint::{Endpoint, Label};

const SECOND: Duration = Duration::from_secs(1);
const EXAMPLES: usize = 5;

/// What was asked so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// All requests, the sandbox's own endpoints not counted.
    pub requests: u64,
    /// Requests by endpoint and outcome (`200`, `400 code 300`, `closed`, …).
    pub by_endpoint: BTreeMap<String, BTreeMap<String, u64>>,
    /// The most requests seen in any second, by rate-limit label, refused ones included.
    pub peak_per_second: BTreeMap<String, u64>,
    /// Answers with status 429.
    pub too_many_requests: u64,
    /// Requests that broke the specification, by reason.
    pub out_of_specification: BTreeMap<String, Misuses>,
    /// Faults by kind.
    pub faults: BTreeMap<String, u64>,
    /// Access tokens issued.
    pub access_tokens: u64,
    /// Records in all clips lists that were sent, repeats included.
    pub records_sent: u64,
}

/// How often a rule of the specification was broken, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Misuses {
    /// Requests that broke it.
    pub count: u64,
    /// What the first few of them had: a name or a value, never a credential.
    pub examples: Vec<String>,
}

/// A rule of the specification that a request broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misuse {
    UnknownParameter,
    RepeatedParameter,
    NotPlayed,
    PageSize,
    MissingDate,
    DateForm,
    DateOrder,
    RangeOverMonth,
    ChangedParameters,
    EnumValue,
    AuthHeader,
    TokenQueryString,
    TokenBody,
    PathEncoding,
    UnknownPath,
}

impl Misuse {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Misuse::UnknownParameter => "unknown query parameter",
            Misuse::RepeatedParameter => "parameter sent more than once",
            Misuse::NotPlayed => "parameter that the sandbox does not play",
            Misuse::PageSize => "page_size out of range",
            Misuse::MissingDate => "from or to missing",
            Misuse::DateForm => "from or to not yyyy-MM-dd'T'HH:mm:ss'Z'",
            Misuse::DateOrder => "from after to",
            Misuse::RangeOverMonth => "range over a month",
            Misuse::ChangedParameters => "changed parameters with a page token",
            Misuse::EnumValue => "value not in its enumeration",
            Misuse::AuthHeader => "authorization header missing or of the wrong form",
            Misuse::TokenQueryString => "token request with a query string",
            Misuse::TokenBody => "token request without a form body",
            Misuse::PathEncoding => "path not encoded exactly once",
            Misuse::UnknownPath => "unknown method or path",
        }
    }
}

/// Collects the report.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    report: Report,
    recent: BTreeMap<Label, VecDeque<Duration>>,
}

impl Recorder {
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn report(&self) -> Report {
        self.with(|state| state.report.clone())
    }

    /// A request arrived at this time since the start.
    pub(crate) fn arrived(&self, label: Option<Label>, now: Duration) {
        self.with(|state| {
            state.report.requests += 1;
            let Some(label) = label else { return };
            let recent = state.recent.entry(label).or_default();
            recent.push_back(now);
            while recent.front().is_some_and(|&at| at + SECOND <= now) {
                recent.pop_front();
            }
            let seen = recent.len() as u64;
            let name = label.name().to_owned();
            let peak = state.report.peak_per_second.entry(name).or_default();
            *peak = seen.max(*peak);
        });
    }

    pub(crate) fn misused(&self, misuse: Misuse, example: &str) {
        self.with(|state| {
            let name = misuse.name().to_owned();
            let misuses = state.report.out_of_specification.entry(name).or_default();
            misuses.count += 1;
            if misuses.examples.len() < EXAMPLES {
                misuses.examples.push(example.chars().take(80).collect());
            }
        });
    }

    pub(crate) fn fault(&self, name: &str) {
        self.with(|state| *state.report.faults.entry(name.to_owned()).or_default() += 1);
    }

    pub(crate) fn access_token(&self) {
        self.with(|state| state.report.access_tokens += 1);
    }

    pub(crate) fn answered(&self, endpoint: Endpoint, status: u16, outcome: String, records: u64) {
        self.with(|state| {
            let report = &mut state.report;
            report.too_many_requests += u64::from(status == 429);
            report.records_sent += records;
            let name = endpoint.name().to_owned();
            let outcomes = report.by_endpoint.entry(name).or_default();
            *outcomes.entry(outcome).or_default() += 1;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_that_of_the_fullest_second() {
        let recorder = Recorder::default();
        for at in [0, 500, 1400, 1450, 1499, 5000] {
            recorder.arrived(Some(Label::Light), Duration::from_millis(at));
        }
        assert_eq!(recorder.report().peak_per_second["Light"], 4);
        assert_eq!(recorder.report().requests, 6);
    }
}
