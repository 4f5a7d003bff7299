//! How fast: the plan's limits, the share of them, and how long to wait.

use std::time::Duration;

use crate::settings::args::{ExportArgs, Plan};
use crate::settings::error::SettingsError;
use crate::zoom::Limits;

/// Requests under way at a time: enough for 64 a second that take half a second each. Every one of
/// them may hold a page and the network's buffers for it, most of a megabyte together.
const MOST_IN_FLIGHT: usize = 32;

/// Requests under way at a time where the rate is low: as many as are sent in so many seconds.
const LONGEST_LATENCY: f64 = 4.0;

/// Requests a second of a plan, by the API's rate limit labels: light and medium.
const fn plan_limits(plan: Plan) -> (f64, f64) {
    match plan {
        Plan::Free => (4.0, 2.0),
        Plan::Pro => (30.0, 20.0),
        Plan::Business => (80.0, 60.0),
    }
}

/// As it is typed.
const fn plan_name(plan: Plan) -> &'static str {
    match plan {
        Plan::Free => "free",
        Plan::Pro => "pro",
        Plan::Business => "business",
    }
}

/// How much may be asked of the service.
pub(super) fn limits(args: &ExportArgs) -> Result<Limits, SettingsError> {
    let plan = args.plan.unwrap_or(Plan::Pro);
    let (light, medium) = plan_limits(plan);
    let share = in_range(
        "rate-share",
        args.rate_share,
        0.8,
        "above 0, to 1",
        |share| *share > 0.0 && *share <= 1.0,
    )?;
    let rate = in_range("rate", args.rate, light * share, "0.01 to 10000", |rate| {
        (0.01..=10_000.0).contains(rate)
    })?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least 4"
    )]
    let in_flight = (rate * LONGEST_LATENCY).ceil().max(4.0) as usize;
    let concurrency = in_range(
        "concurrency",
        args.concurrency,
        in_flight.min(MOST_IN_FLIGHT),
        "1 to 1024",
        |requests| (1..=1024).contains(requests),
    )?;
    Ok(Limits {
        light: rate,
        // A rate that is set is of light requests: medium ones keep their proportion to it.
        medium: rate * medium / light,
        concurrency,
        plan: args.rate.is_none().then(|| plan_name(plan)),
    })
}

pub(super) fn duration(setting: &'static str, text: &str) -> Result<Duration, SettingsError> {
    humantime::parse_duration(text).map_err(|_| SettingsError::Duration {
        setting,
        text: text.to_owned(),
    })
}

/// A number that must be in a range, or its default.
pub(super) fn in_range<T: std::fmt::Display + Copy>(
    setting: &'static str,
    value: Option<T>,
    default: T,
    range: &'static str,
    is_in: impl Fn(&T) -> bool,
) -> Result<T, SettingsError> {
    match value {
        None => Ok(default),
        Some(value) if is_in(&value) => Ok(value),
        Some(value) => Err(SettingsError::OutOfRange {
            setting,
            value: value.to_string(),
            range,
        }),
    }
}
