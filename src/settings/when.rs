//! Points in time and durations as people type them.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::settings::error::SettingsError;

/// A point in time, and how it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct When {
    /// As typed: an age stays the same from run to run.
    pub text: String,
    point: Point,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Point {
    Instant(Timestamp),
    /// So long before the present, whichever clock tells it.
    Age(Duration),
}

impl When {
    /// The instant, cut to the second, if it is `now`.
    pub(crate) fn at(&self, now: Timestamp) -> Timestamp {
        let instant = match self.point {
            Point::Instant(instant) => instant,
            Point::Age(age) => now.checked_sub(age).unwrap_or(Timestamp::MIN),
        };
        cut_to_second(instant)
    }
}

/// Reads a date (its start, UTC), an RFC 3339 instant, or an age such as `36h`.
///
/// # Errors
/// [`SettingsError::When`] with the setting's name where the text is none of the three, or an age
/// that begins before the years that can be written.
pub(super) fn when(
    setting: &'static str,
    text: &str,
    now: Timestamp,
) -> Result<When, SettingsError> {
    let wrong = || SettingsError::When {
        setting,
        text: text.to_owned(),
    };
    let point = if let Ok(age) = humantime::parse_duration(text) {
        now.checked_sub(age).map_err(|_| wrong())?;
        Point::Age(age)
    } else if let Ok(instant) = text.parse::<Timestamp>() {
        Point::Instant(instant)
    } else {
        let is_date = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
        let date: Date = text.parse().ok().filter(|_| is_date).ok_or_else(wrong)?;
        let start = TimeZone::UTC.to_timestamp(date.to_datetime(Time::midnight()));
        Point::Instant(start.map_err(|_| wrong())?)
    };
    Ok(When {
        text: text.to_owned(),
        point,
    })
}

/// The last whole second at or before an instant.
#[must_use]
pub(super) fn cut_to_second(instant: Timestamp) -> Timestamp {
    let seconds = instant.as_nanosecond().div_euclid(1_000_000_000);
    let second = i64::try_from(seconds).ok();
    // Only the very first instant that can be written has no whole second before it.
    second
        .and_then(|second| Timestamp::from_second(second).ok())
        .unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> String {
        let now = "2026-11-23T12:00:00.75Z".parse().unwrap();
        when("since", text, now)
            .map_or_else(|error| error.to_string(), |when| when.at(now).to_string())
    }

    #[test]
    fn a_date_is_its_start_in_utc() {
        assert_eq!(at("2024-02-29"), "2024-02-29T00:00:00Z");
    }

    #[test]
    fn an_instant_is_taken_at_its_offset_and_cut_to_the_second() {
        assert_eq!(at("2024-02-29T01:00:00.9+02:00"), "2024-02-28T23:00:00Z");
    }

    #[test]
    fn an_age_counts_back_from_now() {
        assert_eq!(at("36h"), "2026-11-22T00:00:00Z");
        assert_eq!(at("30d"), "2026-10-24T12:00:00Z");
    }

    #[test]
    fn anything_else_is_refused_with_its_name_and_the_forms_that_work() {
        for text in ["yesterday", "2024-13-01", "2024-02-29T01:00:00", "", "-5d"] {
            let error = at(text);
            assert!(
                error.contains("since") && error.contains("36h"),
                "{text}: {error}"
            );
        }
    }
}
