//! What to simulate: how many clips, from when, whose, how fast, and how strictly.

mod behaviour;
mod drift;
mod faults;

use std::io;
use std::time::Duration;

pub use behaviour::{
    Behaviour, DateForm, EndToken, FilteredDate, NoDates, Order, OutOfRange, OwnAccount, Paging,
    ScopeNames, TagShape, TokenRefusal, TotalRecords,
};
pub use drift::{Change, Drift, ModifiedDates};
pub use faults::{
    Fault, FaultRule, Faults, MalformedRecord, MalformedRecords, Target, TooMany, Trigger,
};
use jiff::Timestamp;
use serde::Deserialize;

use crate::format::duration;

/// First second of the year 0, unix seconds.
const YEAR_0: i64 = -62_167_219_200;

/// Everything a [`crate::Sandbox`] is made from. Equal options make equal accounts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SandboxOptions {
    /// Clips in all accounts together, at most 4,294,967,295. Default 10,000.
    pub clips: u64,
    /// Everything random is derived from this. Default 1.
    pub seed: u64,
    /// How creation dates spread over the span. Default [`History::Even`].
    pub history: History,
    /// Users who own clips, in all accounts together; every account has at least one. Default 200.
    pub owners: u32,
    /// Sub-accounts beside the main account. Default 0.
    pub sub_accounts: u32,
    /// First second of the span of creation dates, unix seconds. Default 2023-01-01T00:00:00Z.
    pub since: i64,
    /// End of that span, exclusive, unix seconds; also what the account takes for the present when
    /// it starts. Default 2026-11-01T00:00:00Z: a caller who wants the real present says so.
    pub until: i64,
    /// So many of the main account's clips are created in one and the same second, a third of the
    /// way through the span. Default 0.
    pub same_second: u64,
    /// So many of the main account's clips, one after another in the middle of its history, have
    /// neither a `created_date` nor a `modified_date`. Default 0.
    pub undated: u64,
    /// Middle time from a request's arrival to its answer. Default 0.
    #[serde(deserialize_with = "duration")]
    pub latency: Duration,
    /// The latency is spread evenly by up to this much to both sides. Default 0.
    #[serde(deserialize_with = "duration")]
    pub jitter: Duration,
    /// Rate limits. Default: those of the Pro plan.
    pub limits: Limits,
    /// What the documentation leaves open.
    pub behaviour: Behaviour,
    /// What goes wrong. Default: nothing.
    pub faults: Faults,
    /// How the account changes while it is listed. Default: not at all.
    pub drift: Option<Drift>,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        SandboxOptions {
            clips: 10_000,
            seed: 1,
            history: History::Even,
            owners: 200,
            sub_accounts: 0,
            since: 1_672_531_200,
            until: 1_793_491_200,
            same_second: 0,
            undated: 0,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            limits: Limits::default(),
            behaviour: Behaviour::default(),
            faults: Faults::default(),
            drift: None,
        }
    }
}

impl SandboxOptions {
    /// Refuses options that contradict themselves.
    pub(crate) fn check(&self) -> io::Result<()> {
        let invalid = |text: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        if self.since >= self.until {
            return invalid("sandbox: the span of creation dates is empty; set since before until");
        }
        if self.since < YEAR_0 || Timestamp::from_second(self.until).is_err() {
            return invalid("sandbox: creation dates must lie in the years 0 to 9999");
        }
        if u32::try_from(self.clips).is_err() {
            return invalid("sandbox: more than 4294967295 clips; ask for fewer");
        }
        if !(0.0..1.0).contains(&self.limits.other_client_share) {
            return invalid("sandbox: the other client's share is not in 0..1");
        }
        let limits = [self.limits.light_per_second, self.limits.medium_per_second];
        if limits.iter().any(|&limit| limit.is_nan() || limit <= 0.0) {
            return invalid("sandbox: a rate limit is not above 0; use infinity for no limit");
        }
        Ok(())
    }
}

/// How creation dates spread over the span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum History {
    /// The same density everywhere.
    #[default]
    Even,
    /// Density grows with the third power of time: most clips are recent.
    RecentHeavy,
    /// 30 % of all clips in one hour, the rest even.
    Bursty,
}

/// Rate limits of the simulated account. A second is any second: the window slides.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Requests a second for clips lists and single users; infinity for no limit. Default 30.
    pub light_per_second: f64,
    /// Requests a second for lists of users and accounts; infinity for no limit. Default 20.
    pub medium_per_second: f64,
    /// LIGHT requests a day (days end at 00:00 UTC). Default: no limit.
    pub light_per_day: Option<u64>,
    /// The part of every second's quota that another client uses up, in `0.0..1.0`. Default 0.
    pub other_client_share: f64,
}

impl Limits {
    /// No limits at all.
    pub const NONE: Limits = Limits {
        light_per_second: f64::INFINITY,
        medium_per_second: f64::INFINITY,
        light_per_day: None,
        other_client_share: 0.0,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            light_per_second: 30.0,
            medium_per_second: 20.0,
            light_per_day: None,
            other_client_share: 0.0,
        }
    }
}

/// Made-up credentials of the simulated app. They open nothing but a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxCredentials {
    /// The main account's id.
    pub account_id: String,
    /// The app's client id.
    pub client_id: String,
    /// The app's client secret.
    pub client_secret: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_contradict_themselves_are_refused() {
        let good = SandboxOptions::default();
        assert!(good.check().is_ok());
        let empty = SandboxOptions {
            until: good.since,
            ..good.clone()
        };
        let endless = SandboxOptions {
            until: i64::MAX,
            ..good.clone()
        };
        let huge = SandboxOptions {
            clips: 1 << 33,
            ..good.clone()
        };
        let greedy = SandboxOptions {
            limits: Limits {
                other_client_share: 1.0,
                ..Limits::default()
            },
            ..good.clone()
        };
        let closed = SandboxOptions {
            limits: Limits {
                light_per_second: 0.0,
                ..Limits::default()
            },
            ..good
        };
        for options in [empty, endless, huge, greedy, closed] {
            assert!(options.check().is_err(), "{options:?}");
        }
    }
}
